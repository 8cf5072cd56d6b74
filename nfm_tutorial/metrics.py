"""Metrics over a whole set at once, thin over scikit-learn. An average of per-batch metrics would be another number.
This module knows no model and no training.

scikit-learn and SciPy are imported where they are used: that takes more than a second, which a notebook that does not
evaluate need not wait for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import checks


class Metric(NamedTuple):
    """function(target, score) -> float, and which direction is better."""

    function: Callable[[np.ndarray, np.ndarray], float]
    higher_is_better: bool


def auc(target, score) -> float:
    """Area under the ROC curve: the chance that a random positive scores above a random negative.

    target: (N,) of 0 and 1; score: (N,) real, logits or probabilities alike. Raises ValueError for a single class.
    """
    from sklearn.metrics import roc_auc_score

    target, score = _checked(target, score, binary=True)
    if len(np.unique(target)) < 2:
        raise ValueError(f"AUC compares positives with negatives, but all {len(target)} labels are {target[0]:g}")
    return float(roc_auc_score(target, score))


def log_loss(target, logit) -> float:
    """Mean negative log-likelihood in nats. target: (N,) of 0 and 1; logit: (N,) raw scores before the sigmoid."""
    target, logit = _checked(target, logit, binary=True)
    # scikit-learn's log_loss of the sigmoid, computed from the logit: 1 - sigmoid(40) is 0 in float64, its log is not.
    return float(np.logaddexp(0, np.where(target == 1, -logit, logit)).mean())


def rmse(target, prediction) -> float:
    """Root mean squared error in the target's units. target, prediction: (N,)."""
    from sklearn.metrics import root_mean_squared_error

    return float(root_mean_squared_error(*_checked(target, prediction)))


METRICS = {"auc": Metric(auc, True), "logloss": Metric(log_loss, False), "rmse": Metric(rmse, False)}
TASKS = {"binary": ("auc", "logloss"), "regression": ("rmse",)}


def evaluate(target, score, task: str) -> dict[str, float]:
    """All metrics of a task, by name: auc and logloss for "binary" (score = logit), rmse for "regression".

    Raises ValueError for an unknown task, empty or misshapen input, NaN or infinite scores, or a single class.
    """
    return {name: METRICS[name].function(target, score) for name in TASKS[checks.one_of("task", task, TASKS)]}


def paired_interval(differences, level: float = 0.95) -> tuple[float, float, float]:
    """(mean, low, high): Student's t interval for the mean of paired differences, such as one per seed.

    Raises ValueError for fewer than two differences, NaN or infinite ones, or a level outside (0, 1).
    """
    from scipy import stats

    d = checks.numbers("differences", differences).ravel()
    if len(d) < 2:
        raise ValueError(f"an interval needs at least two differences, got {len(d)}")
    if not np.isfinite(d).all():
        raise ValueError(f"difference {int((~np.isfinite(d)).argmax())} is not a finite number")
    if not 0 < checks.number("level", level, why="a probability") < 1:
        raise ValueError(f"level is a probability between 0 and 1, got {level}")
    half = stats.t.ppf(0.5 + level / 2, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return float(d.mean()), float(d.mean() - half), float(d.mean() + half)


def _checked(target, score, binary: bool = False) -> tuple[np.ndarray, np.ndarray]:
    target, score = checks.numbers("target", target), checks.numbers("score", score)
    if target.ndim != 1 or target.shape != score.shape:
        raise ValueError(f"target and score must both have shape (N,), got {target.shape} and {score.shape}")
    if len(target) == 0:
        raise ValueError("there are no examples to evaluate")
    for name, array in (("target", target), ("score", score)):
        if not np.isfinite(array).all():
            row = int((~np.isfinite(array)).argmax())
            raise ValueError(f"row {row}: the {name} is {array[row]}, not a finite number")
    if binary and not np.isin(target, (0, 1)).all():
        row = int((~np.isin(target, (0, 1))).argmax())
        raise ValueError(f"row {row}: label {target[row]:g} is not 0 or 1, which a binary metric needs")
    return target, score
