"""Metrics over a whole set at once, thin over scikit-learn. An average of per-batch metrics would be another number.
This module knows no model and no training.

scikit-learn and SciPy are imported where they are used: that takes more than a second, and not every notebook needs it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import checks


class Metric(NamedTuple):
    """function(target, score, weight=None) -> float, and which direction is better."""

    function: Callable[..., float]
    higher_is_better: bool


def auc(target, score, weight=None) -> float:
    """Area under the ROC curve: the chance that a random positive scores above a random negative.

    target: (N,) of 0 and 1; score: (N,) real, logits or probabilities alike; weight: (N,) how much each row counts, as
    scikit-learn's sample_weight. Raises ValueError for a single class.
    """
    from sklearn.metrics import roc_auc_score

    target, score, weight = _checked(target, score, weight, binary=True)
    counted = target if weight is None else target[weight > 0]
    if len(np.unique(counted)) < 2:
        raise ValueError(f"AUC compares positives with negatives, but all {len(counted)} labels are {counted[0]:g}")
    return float(roc_auc_score(target, score, sample_weight=weight))


def log_loss(target, logit, weight=None) -> float:
    """Mean negative log-likelihood in nats. target: (N,) of 0 and 1; logit: (N,) raw scores before the sigmoid."""
    target, logit, weight = _checked(target, logit, weight, binary=True)
    # scikit-learn's log_loss of the sigmoid, computed from the logit: 1 - sigmoid(40) is 0 in float64, its log is not.
    return float(np.average(np.logaddexp(0, np.where(target == 1, -logit, logit)), weights=weight))


def rmse(target, prediction, weight=None) -> float:
    """Root mean squared error in the target's units. target, prediction: (N,)."""
    from sklearn.metrics import root_mean_squared_error

    target, prediction, weight = _checked(target, prediction, weight)
    return float(root_mean_squared_error(target, prediction, sample_weight=weight))


METRICS = {"auc": Metric(auc, True), "logloss": Metric(log_loss, False), "rmse": Metric(rmse, False)}
TASKS = {"binary": ("auc", "logloss"), "regression": ("rmse",)}


def evaluate(target, score, task: str, weight=None) -> dict[str, float]:
    """All metrics of a task, by name: auc and logloss for "binary" (score = logit), rmse for "regression".

    weight: (N,) how much each row counts in each of them; None: all the same. Raises ValueError for an unknown task,
    empty or misshapen input, NaN or infinite scores, weights below 0 or all 0, or a single class.
    """
    return {name: METRICS[name].function(target, score, weight) for name in TASKS[checks.one_of("task", task, TASKS)]}


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


def _checked(target, score, weight=None, binary: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    target, score = checks.numbers("target", target), checks.numbers("score", score)
    weight = None if weight is None else checks.numbers("weight", weight)
    if target.ndim != 1 or target.shape != score.shape:
        raise ValueError(f"target and score must both have shape (N,), got {target.shape} and {score.shape}")
    if len(target) == 0:
        raise ValueError("there are no examples to evaluate")
    if weight is not None and weight.shape != target.shape:
        raise ValueError(f"there must be one weight for each of the {len(target)} rows, got shape {weight.shape}")
    for name, array in (("target", target), ("score", score), ("weight", weight)):
        if array is not None and not np.isfinite(array).all():
            row = int((~np.isfinite(array)).argmax())
            raise ValueError(f"row {row}: the {name} is {array[row]}, not a finite number")
    if weight is not None and not (weight.min() >= 0 and weight.max() > 0):
        raise ValueError(f"weights must be 0 or more, and not all 0; they are {weight.min():g} to {weight.max():g}")
    if binary and not np.isin(target, (0, 1)).all():
        row = int((~np.isin(target, (0, 1))).argmax())
        raise ValueError(f"row {row}: label {target[row]:g} is not 0 or 1, which a binary metric needs")
    return target, score, weight
