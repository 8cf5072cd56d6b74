"""Planted truth: data whose structure is known, so that the best possible loss of each order is known exactly.

Six fields of eight levels, all levels equally likely and independent. Every level hides a sign s = +1 or -1, four
of each in a field. The truth is a sum of one crossing of order 1, one of order 2 and one of order 3:

    squared loss:  E[y | x]  = .3 s1 + .3 s2 s3 +  .4 s4 s5 s6,  y = +1 or -1
    log loss:      logit(x)  = .8 s1 + .8 s2 s3 + 1.2 s4 s5 s6,  y = 1 or 0

A function has order q when it is a sum of terms that each read at most q fields. LR has order 1; FM has order 2
for every k, because on one-hot fields each of its terms reads at most two fields. So the best loss of order q is a
floor under LR (q = 1) or FM (q = 2) that no training can break. This module knows no model class.
"""

from itertools import combinations, product

import numpy as np
import pandas as pd

from ..checks import one_of, seed_number, whole_number
from ..encoding import Encoder, Examples, Field
from .splits import Splits

N_FIELDS, N_LEVELS = 6, 8
LEVELS = np.array(list("abcdefgh"))
# Fields (counted from 0) of each planted crossing, and its coefficient.
TERMS = {
    "regression": {(0,): 0.3, (1, 2): 0.3, (3, 4, 5): 0.4},
    "binary": {(0,): 0.8, (1, 2): 0.8, (3, 4, 5): 1.2},
}
CODINGS = ("categorical", "signed")


def planted_signs() -> pd.DataFrame:
    """The hidden signs, always the same: one row per level ("a" to "h"), one column per field ("f1" to "f6")."""
    rng = np.random.default_rng(2017)
    balanced = np.repeat([1, -1], N_LEVELS // 2)
    signs = np.column_stack([rng.permutation(balanced) for _ in range(N_FIELDS)])
    return pd.DataFrame(signs, index=pd.Index(LEVELS, name="level"), columns=_columns(N_FIELDS, "f"))


def planted(n: int, task: str = "regression", seed: int = 0, coding: str = "categorical") -> pd.DataFrame:
    """`n` rows of planted truth: columns f1 to f6, label, and truth, which a model must never read.

    task: "regression": label +1 or -1, truth = E[label | x]. "binary": label 1 or 0, truth = the logit of
        P(label = 1 | x).
    coding: "categorical": each field holds its level, "a" to "h". "signed": each field holds the hidden sign itself, a
        real-valued input of +1 or -1.
    seed: draws rows and labels. The truth does not depend on it, so tables of different seeds belong together.

    Raises ValueError for an argument that can't be used.
    """
    n, seed = whole_number("n", n, 1), seed_number(seed)
    one_of("task", task, tuple(TERMS))
    one_of("coding", coding, CODINGS)
    rng = np.random.default_rng(seed)
    level = rng.integers(N_LEVELS, size=(n, N_FIELDS))
    sign = np.take_along_axis(planted_signs().to_numpy(), level, axis=0)  # (n, 6)
    truth = _truth(sign, task)
    chance = (1 + truth) / 2 if task == "regression" else _sigmoid(truth)
    positive = rng.random(n) < chance
    cells = LEVELS[level] if coding == "categorical" else sign.astype(float)
    frame = pd.DataFrame(cells, columns=_columns(N_FIELDS, "f"))
    frame["label"] = np.where(positive, 1, -1 if task == "regression" else 0)
    frame["truth"] = truth
    return frame


def planted_splits(
    n_train: int = 24_000, n_valid: int = 6_000, n_test: int = 24_000, task: str = "regression", seed: int = 0,
    coding: str = "categorical",
) -> Splits:  # fmt: skip
    """Three independent tables of `planted`, with the same truth. Raises ValueError as `planted` does."""
    sizes = Splits(n_train, n_valid, n_test)
    sizes = [whole_number(f"n_{name}", n, 1) for name, n in sizes._asdict().items()]
    frame = planted(sum(sizes), task, seed, coding)
    ends = np.cumsum(sizes)
    return Splits(*(frame.iloc[end - n : end].reset_index(drop=True) for n, end in zip(sizes, ends, strict=True)))


def planted_fields(coding: str = "categorical") -> tuple[Field, ...]:
    """The six fields for an Encoder: categorical ones, or numbers taken as they are for coding="signed"."""
    return _fields(_columns(N_FIELDS, "f"), coding)


def planted_floors(task: str = "regression") -> dict[int, float]:
    """The smallest possible loss of each order 0 to 3: RMSE for "regression", log loss for "binary".

    Order 0 is a constant, 1 the floor of LR, 2 the floor of FM, 3 the Bayes loss: label noise alone.

    Levels with the same sign have the same truth. Averaging a function over them keeps its order and, both losses
    being convex, does not raise its loss. So it is enough to look at the 64 patterns of signs, where order q is
    spanned by the products of at most q signs. The products are orthonormal, hence for squared loss the best
    function keeps exactly the planted terms of order <= q. For log loss there is no such formula; the minimum of the
    convex problem is found to 1e-10.

    Raises ValueError for an unknown task.
    """
    one_of("task", task, tuple(TERMS))
    sign = np.array(list(product([1, -1], repeat=N_FIELDS)))  # (64, 6)
    truth = _truth(sign, task)
    floors = {}
    for order in range(4):
        groups = [fields for q in range(order + 1) for fields in combinations(range(N_FIELDS), q)]
        basis = np.column_stack([sign[:, fields].prod(axis=1) for fields in groups])  # (64, products of <= q signs)
        nearest = basis @ (basis.T @ truth) / len(basis)  # the projection on orthonormal columns
        best = nearest if task == "regression" else _log_loss_fit(basis, _sigmoid(truth))
        floors[order] = planted_loss(best, truth, task)
    return floors


def planted_loss(score, truth, task: str = "regression") -> float:
    """The loss of predictions with the label noise integrated out: the expectation over labels, given the inputs.

    score: (N,) predictions of E[y | x] for "regression", logits for "binary". truth: (N,) the column `truth`.
    Returns the RMSE or the log loss. It varies less than the loss on drawn labels and compares with `planted_floors`.

    Raises ValueError for different shapes, numbers that are not finite or an unknown task.
    """
    one_of("task", task, tuple(TERMS))
    score, truth = np.asarray(score, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if score.shape != truth.shape or score.ndim != 1 or not len(score):
        raise ValueError(f"score and truth must have the same shape (N,), N > 0; got {score.shape} and {truth.shape}")
    if not (np.isfinite(score).all() and np.isfinite(truth).all()):
        raise ValueError(f"row {int((~np.isfinite(score + truth)).argmax())}: score or truth is not a finite number")
    if task == "regression":
        return float(np.sqrt(np.mean((score - truth) ** 2 + 1 - truth**2)))  # y^2 = 1, so its variance is 1 - truth^2
    return _log_loss(score, _sigmoid(truth))


def parity(n: int, order: int, constant: bool = False, coding: str = "signed", seed: int = 0) -> Examples:
    """`n` examples whose target is the product of `order` inputs, each +1 or -1: XOR of any order, without noise.

    coding: "signed": x_i is the input itself, +1 or -1 (one slot and one embedding per input). "categorical": each
        input is a field with two one-hot levels.
    constant: adds a feature with x = 1 in every row.

    With signed inputs f_BI(-x) = f_BI(x), so all that NFM computes from f_BI is even in x. For odd orders the target is
    odd in x, and no even function comes nearer to it than 0 does. A constant feature or one-hot inputs repair that.

    Raises ValueError for an argument that can't be used.
    """
    n, order, seed = whole_number("n", n, 1), whole_number("order", order, 1), seed_number(seed)
    fields = _fields(_columns(order, "x"), coding)
    x = np.random.default_rng(seed).choice([-1, 1], size=(n, order))
    frame = pd.DataFrame(x, columns=_columns(order, "x")).assign(label=x.prod(axis=1))
    if constant:
        frame["constant"] = 1.0
        fields += (Field("constant", "numeric", standardize=False),)
    return Encoder(fields).fit_transform(frame)


def _fields(names: list[str], coding: str) -> tuple[Field, ...]:
    signed = one_of("coding", coding, CODINGS) == "signed"
    return tuple(Field(name, "numeric", standardize=False) if signed else Field(name) for name in names)


def _columns(n: int, letter: str) -> list[str]:
    return [f"{letter}{i}" for i in range(1, n + 1)]


def _truth(sign: np.ndarray, task: str) -> np.ndarray:
    """(N, 6) signs -> (N,) planted mean or logit."""
    return sum(a * sign[:, fields].prod(axis=1) for fields, a in TERMS[task].items())


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


def _log_loss(logit: np.ndarray, chance: np.ndarray) -> float:
    """Mean of the log loss over labels that are 1 with probability `chance`."""
    return float(np.mean(np.logaddexp(0, logit) - chance * logit))


def _log_loss_fit(basis: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """The logits `basis @ c` with the smallest log loss, a smooth and strictly convex problem."""
    from scipy.optimize import minimize  # takes a while to import, and few need it

    def loss_and_gradient(c):
        return _log_loss(basis @ c, chance), basis.T @ (_sigmoid(basis @ c) - chance) / len(basis)

    return basis @ minimize(loss_and_gradient, np.zeros(basis.shape[1]), jac=True, method="BFGS", tol=1e-9).x
