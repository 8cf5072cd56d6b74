"""Exercises of chapter 6: FM versus NFM."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from .declare import Case, Code, Fail, Mistake, by_key
from .draw import F32, F64
from .todo import unfinished
from .values import array_text, to_array
from .verdict import Fault

# --- 6.1 ------------------------------------------------------------------------------------------------------

SLOT_MISTAKES = (
    Mistake(
        "no constant slot",
        "There is no slot for the constant feature: f_BI(-x) = f_BI(x), so the pooled vector of x and of -x is "
        "the same.",
    ),
    Mistake(
        "constant is zero",
        "Your last slot is zero, so the constant feature takes part in no pair: its vector must not be zero.",
    ),
    Mistake(
        "constant not constant",
        "Your last slot changes with x; the constant feature has x = 1 in every row, so the same vector in every row.",
    ),
    Mistake(
        "another call",
        "The constant feature's vector is another one for another batch: choose it once, whatever x is.",
    ),
    Mistake(
        "constant first",
        "Your last slot changes with x, and your first does not: the constant comes last, behind the m features.",
    ),
    Mistake(
        "slot not x_i v_i",
        "Slot {slot} is not x_{slot} times one fixed vector: a slot holds its own feature's x times that "
        "feature's vector, "
        "nothing else.",
    ),
    Mistake(
        "pairs left over",
        "The features cross each other as well, so the pooled vector is not x: the vectors of two features must "
        "have no entry "
        "in common that is not zero.",
    ),
    Mistake(
        "opposite sign",
        "The pooled vector is -x: the product of a feature's vector and the constant's must be 1, not -1.",
    ),
    Mistake(
        "zero in the constant",
        "Entry {entry} of the constant's vector is zero, so entry {entry} of the pooled vector is 0, not x_{entry}.",
    ),
    Mistake(
        "different factors",
        "Each entry of the pooled vector is x times a factor of its own: in each entry the product of the two vectors "
        "must be 1.",
    ),
    Mistake(
        "scaled", "The pooled vector is x times a factor: look at the lengths of a feature's vector and the constant's."
    ),
    Mistake(
        "no constant crossing",
        "The pooled vector is zero: the constant's vector must have an entry where each feature's has.",
    ),
)
_slot = by_key(SLOT_MISTAKES)


def _parity_cases():
    for m in (1, 2, 3, 4):
        for dtype in (F64, F32):
            rows = list(itertools.product((1.0, -1.0), repeat=m))
            yield Case(torch.tensor(rows, dtype=dtype))
    yield Case(torch.tensor([[1.0, -1.0, 1.0]]))
    yield Case(torch.tensor([[0.5, -2.0], [1.0, 1.0], [-1.5, 0.0]], dtype=F64))
    yield Case(torch.tensor([[0.25, -1.5, 3.0], [2.0, 1.0, 0.5]]))
    yield Case(torch.zeros(0, 2))


def _slots_of_two_batches(candidate, x):
    """The slots of x, after a look at those of another, longer batch: the fixed vectors must be the same ones."""
    m = x.shape[1]
    given = candidate(x)
    if unfinished(given) or not len(x):
        return given
    other = candidate(torch.cat([3 * x, torch.full((2, m), -0.5, dtype=x.dtype)]))
    here, there = to_array(given), to_array(other)
    if here.shape == (len(x), m + 1, m) and there.shape == (len(x) + 2, m + 1, m):
        constant = np.abs(here[:, m] - here[0, m]).max() <= 1e-4 and np.abs(there[:, m] - there[0, m]).max() <= 1e-4
        if constant and np.abs(here[0, m] - there[0, m]).max() > 1e-4:
            raise Fail(_slot["another call"].fault())
    return given


def _pooled(xv):
    out = np.zeros((xv.shape[0], xv.shape[2]))
    for i in range(xv.shape[1]):
        for j in range(i + 1, xv.shape[1]):
            out += xv[:, i] * xv[:, j]
    return out


def _judge_slots(args, xv):
    (x,) = args
    rows, m = x.shape
    if xv.shape == (rows, m, m):
        return _slot["no constant slot"].fault(f"shape {(rows, m + 1, m)}")
    if xv.shape != (rows, m + 1, m) and not (rows == 0 and xv.size == 0):
        return Fault(
            f"The result has shape {xv.shape}; it must have shape {(rows, m + 1, m)}: m features and the constant.",
            key="shape",
        )
    if rows == 0:
        return None
    if not np.isfinite(xv).all():
        return Fault("The result holds NaN or infinity.", key="nan")
    if not xv[:, m].any():
        return _slot["constant is zero"].fault()
    if np.abs(xv[:, m] - xv[0, m]).max() > 1e-4:
        if np.ptp(x[:, 0]) > 0 and np.abs(xv[:, 0] - xv[0, 0]).max() <= 1e-4 and xv[0, 0].any():
            return _slot["constant first"].fault()
        return _slot["constant not constant"].fault()
    for i in range(m):
        nonzero = np.flatnonzero(x[:, i])
        vector = xv[nonzero[0], i] / x[nonzero[0], i] if len(nonzero) else np.zeros(m)
        if np.abs(xv[:, i] - x[:, i, None] * vector).max() > 1e-4:
            return _slot["slot not x_i v_i"].fault(slot=i)
    pooled = _pooled(xv)
    if np.abs(pooled - x).max() <= 1e-4:
        return None
    shown = f"f_BI = {array_text(x)}", f"f_BI = {array_text(pooled)}"
    factor = float((pooled * x).sum() / (x * x).sum())
    if np.abs(pooled).max() <= 1e-4:
        return _slot["no constant crossing"].fault(*shown)
    if np.abs(pooled + x).max() <= 1e-4:
        return _slot["opposite sign"].fault(*shown)
    if np.abs(pooled - factor * x).max() <= 1e-4:
        return _slot["scaled"].fault(*shown)
    features_only = _pooled(xv[:, :m])
    if np.abs(features_only).max() > 1e-4:
        return _slot["pairs left over"].fault(*shown)
    holes = np.flatnonzero(np.abs(xv[0, m]) <= 1e-4)
    if len(holes):
        return _slot["zero in the constant"].fault(*shown, entry=holes[0])
    factors = (pooled * x).sum(0) / (x * x).sum(0)
    if np.abs(pooled - factors * x).max() <= 1e-4:
        return _slot["different factors"].fault(*shown)
    return Fault("The pooled vector is not x.", key="value", expected=shown[0], got=shown[1])


PARITY = Code(
    id="6.1",
    title="Odd parity needs a constant feature",
    spec=r"""$f_{BI}(-x) = f_{BI}(x)$: every term has two factors, so the sign cancels. A network that reads
$f_{BI}$ of real-valued $x$ alone can't tell $x$ from $-x$ and can't learn the product $x_1 x_2 x_3$ of three
signs. A constant feature, which is 1 in every row, repairs this: its pair with feature $i$ holds $x_i$ itself.

Choose the vectors so that Bi-Interaction hands $x$ itself to the network. Write `slots_with_constant(x)`: `x`
is `(B, m)`, float32 or float64, $m \ge 1$; return the vectors $x_i v_i$, shape `(B, m + 1, m)` (so $k = m$),
such that

- slot $i < m$ is $x_i$ times a fixed vector $v_i$ of your choice, for a given $m$ the same in every row and call;
- slot $m$ is the constant feature: for a given $m$ the same vector in every row and call;
- Bi-Interaction over the $m + 1$ slots gives exactly `x`, shape `(B, m)`.

`B` may be 0. Leave `x` unchanged. Example for $m = 1$: `x = [[1], [-1]]` may give `[[[1], [1]], [[-1], [1]]]`,
because $1 \cdot 1 = 1$ and $-1 \cdot 1 = -1$.""",
    stub='''def slots_with_constant(x: Tensor):
    """(B, m) -> (B, m + 1, m), the vectors x_i v_i and the constant feature's"""
    return TODO''',
    cases=_parity_cases,
    answer=lambda x: None,
    call=_slots_of_two_batches,
    judge=_judge_slots,
    mistakes=SLOT_MISTAKES,
    hints=(
        "Entry d of the pooled vector should be x_d. Which two slots should have an entry d that is not zero?",
        "v_i is the unit vector with a 1 at place i (torch.diag_embed(x) gives all x_i v_i); the constant's "
        "vector is all "
        "ones.",
    ),
)


# --- 6.3 ------------------------------------------------------------------------------------------------------


def _paired(a, b, t):
    d = [p - q for p, q in zip(a, b)]
    mean = math.fsum(d) / len(d)
    half = t * math.sqrt(math.fsum((x - mean) ** 2 for x in d) / (len(d) - 1)) / math.sqrt(len(d))
    return mean, mean - half, mean + half


def _interval(mean, half):
    return mean, mean - half, mean + half


def _around(a, b, half):
    """The interval of the mean difference with another half width, made from the differences."""
    d = np.subtract(a, b)
    return _interval(d.mean(), half(d))


def _by_median(a, b, t):
    """(median, low, high) around the median, with the spread around the mean."""
    return _interval(np.median(np.subtract(a, b)), _half(a, b, t))


def _spread(a, b, middle):
    """The standard deviation of the differences around another middle than their mean."""
    d = np.subtract(a, b)
    return math.sqrt(((d - middle(d)) ** 2).sum() / (len(d) - 1))


def _half(a, b, t):
    mean, low, _ = _paired(a, b, t)
    return mean - low


def _paired_cases():
    yield Case([3.0, 1.0], [1.0, 1.0], 12.706)
    yield Case([1.0, 2.0, 3.0], [0.0, 0.0, 1.0], 4.303)
    yield Case([2.0, 5.0, 11.0, 20.0], [1.0, 4.0, 9.0, 18.0], 3.182)
    yield Case([2.0, 3.0], [1.0, 2.0], 12.706)
    yield Case([1.0, 2.0, 4.0], [0.0, 1.0, 1.0], 2.0)
    rng = np.random.default_rng(63)
    for n, t in ((3, 4.303), (5, 2.776), (10, 2.262)):
        level = rng.integers(0, 40, n) / 4
        yield Case([float(v) for v in level + rng.integers(-6, 9, n) / 4], [float(v) for v in level], t)


def _three(raw, *_):
    if isinstance(raw, dict):
        raise Fail(Fault("Return the three numbers (mean, low, high) in this order, not a dict.", key="kind"))
    return raw


PAIRED = Code(
    id="6.3",
    title="The interval of a paired difference",
    spec=r"""Two models were trained with the same $n$ seeds, and seed by seed they saw the same split. Write
`interval_of_pairs(a, b, t)`: mean and 95 % interval of the differences `a[s] - b[s]`,

$$\bar d \pm t \, \frac{s_d}{\sqrt n}, \qquad s_d^2 = \frac{1}{n - 1} \sum_s (d_s - \bar d)^2 .$$

`a` and `b` are lists of $n \ge 2$ numbers, `t` is the quantile of Student's distribution (given, e.g. 2.776 for
$n = 5$; another $t$ gives another level). Return three numbers: `(mean, low, high)`. Leave the inputs unchanged.

Example: `a = [1, 2, 3]`, `b = [0, 0, 1]`, `t = 4.303`: the differences are 1, 2, 2 with mean 1.667 and $s_d =
0.577$; the result is `(1.667, 0.232, 3.101)`.""",
    stub='''def interval_of_pairs(a: list[float], b: list[float], t: float):
    """n and n numbers, the t quantile -> (mean, low, high)"""
    return TODO''',
    cases=_paired_cases,
    answer=_paired,
    observe=_three,
    mistakes=(
        Mistake(
            "unpaired",
            "You added the variances of the two lists; the pairs share their seed, so take the variance of the "
            "differences.",
            lambda a, b, t: _interval(
                np.mean(a) - np.mean(b), t * math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / len(a))
            ),
        ),
        Mistake(
            "divided by n",
            "You divided by n in the variance; an estimate from n differences divides by n - 1 (ddof=1).",
            lambda a, b, t: _interval(np.mean(a) - np.mean(b), t * np.std(np.subtract(a, b)) / math.sqrt(len(a))),
        ),
        Mistake(
            "no root of n",
            "The 1/sqrt(n) is missing: this is the spread of single differences, not of their mean.",
            lambda a, b, t: _interval(np.mean(a) - np.mean(b), t * np.std(np.subtract(a, b), ddof=1)),
        ),
        Mistake(
            "n instead of its root",
            "You divided by n; the standard deviation of a mean shrinks with the root of n.",
            lambda a, b, t: _interval(np.mean(a) - np.mean(b), t * np.std(np.subtract(a, b), ddof=1) / len(a)),
        ),
        Mistake(
            "variance instead of its root",
            "You used the variance; its root, the standard deviation, is asked.",
            lambda a, b, t: _interval(
                np.mean(a) - np.mean(b), t * np.var(np.subtract(a, b), ddof=1) / math.sqrt(len(a))
            ),
        ),
        Mistake(
            "t missing",
            "The factor t is missing.",
            lambda a, b, t: _interval(np.mean(a) - np.mean(b), np.std(np.subtract(a, b), ddof=1) / math.sqrt(len(a))),
        ),
        Mistake(
            "1.96",
            "You used 1.96 of the normal distribution; with few seeds Student's t is larger.",
            lambda a, b, t: _interval(
                np.mean(a) - np.mean(b), 1.96 * np.std(np.subtract(a, b), ddof=1) / math.sqrt(len(a))
            ),
        ),
        Mistake(
            "the other way round",
            "You subtracted a from b; the difference is a - b.",
            lambda a, b, t: _paired(b, a, t),
        ),
        Mistake(
            "mean and half width",
            "You return the half width of the interval; its two ends are asked: mean - half and mean + half.",
            lambda a, b, t: (_paired(a, b, t)[0], _paired(a, b, t)[2] - _paired(a, b, t)[0]),
        ),
        Mistake(
            "ends only", "You return the two ends only; the mean comes first.", lambda a, b, t: _paired(a, b, t)[1:]
        ),
        Mistake(
            "order",
            "The order is (mean, low, high).",
            lambda a, b, t: (_paired(a, b, t)[1], _paired(a, b, t)[0], _paired(a, b, t)[2]),
        ),
        Mistake(
            "ends exchanged",
            "Low and high are exchanged: the order is (mean, low, high).",
            lambda a, b, t: (_paired(a, b, t)[0], _paired(a, b, t)[2], _paired(a, b, t)[1]),
        ),
        Mistake(
            "absolute differences",
            "You took absolute differences; the sign says which model is ahead.",
            lambda a, b, t: _paired([abs(p - q) for p, q in zip(a, b)], [0] * len(a), t),
        ),
        Mistake("median", "You took the median of the differences; the mean is asked.", _by_median),
        Mistake(
            "median returned",
            "You took the median of the differences; the mean is asked.",
            lambda a, b, t: (np.median(np.subtract(a, b)), *_paired(a, b, t)[1:]),
        ),
        Mistake(
            "median everywhere",
            "You took the median of the differences; the mean is asked.",
            lambda a, b, t: _interval(np.median(np.subtract(a, b)), t * _spread(a, b, np.median) / math.sqrt(len(a))),
        ),
        Mistake(
            "root of n - 1",
            "You divided by the root of n - 1; n - 1 stands in the variance, behind it comes the root of n.",
            lambda a, b, t: _around(a, b, lambda d: t * d.std(ddof=1) / np.sqrt(len(d) - 1)),
        ),
        Mistake(
            "fixed t",
            "You used a fixed t of 2.776, which is right for n = 5; t is given.",
            lambda a, b, t: _around(a, b, lambda d: 2.776 * d.std(ddof=1) / np.sqrt(len(d))),
        ),
        Mistake(
            "variance over n",
            "You took no root: the half width is t times the root of variance / n.",
            lambda a, b, t: _around(a, b, lambda d: t * d.var(ddof=1) / len(d)),
        ),
        Mistake(
            "half of t",
            "You halved the width: the interval reaches from mean - half to mean + half with half = t s_d / sqrt(n).",
            lambda a, b, t: _around(a, b, lambda d: t * d.std(ddof=1) / np.sqrt(len(d)) / 2),
        ),
        Mistake(
            "mean absolute deviation",
            "You took the mean absolute deviation; the standard deviation is asked.",
            lambda a, b, t: _around(a, b, lambda d: t * np.abs(d - d.mean()).mean() / np.sqrt(len(d))),
        ),
        Mistake(
            "not centred",
            "You did not subtract the mean before squaring: s_d is the spread around the mean difference.",
            lambda a, b, t: _around(a, b, lambda d: t * np.sqrt((d**2).sum() / (len(d) - 1)) / np.sqrt(len(d))),
        ),
        Mistake(
            "difference of the spreads",
            "You subtracted the standard deviations of the two lists; take that of the differences.",
            lambda a, b, t: _around(a, b, lambda d: t * abs(np.std(a, ddof=1) - np.std(b, ddof=1)) / np.sqrt(len(d))),
        ),
        Mistake(
            "sum of the spreads",
            "You added the standard deviations of the two lists; take that of the differences.",
            lambda a, b, t: _around(a, b, lambda d: t * (np.std(a, ddof=1) + np.std(b, ddof=1)) / np.sqrt(len(d))),
        ),
        Mistake(
            "spread of a",
            "You took the standard deviation of a; that of the differences is asked.",
            lambda a, b, t: _around(a, b, lambda d: t * np.std(a, ddof=1) / np.sqrt(len(d))),
        ),
        Mistake(
            "unpaired, divided by n",
            "You added the variances of the two lists (with n below); take the variance of the differences (n - 1).",
            lambda a, b, t: _around(a, b, lambda d: t * np.sqrt((np.var(a) + np.var(b)) / len(d))),
        ),
        Mistake(
            "half width twice",
            "You return the half width; the two ends are asked: mean - half and mean + half.",
            lambda a, b, t: (_paired(a, b, t)[0], _half(a, b, t), _half(a, b, t)),
        ),
        Mistake(
            "offsets",
            "You return -half and half; the two ends are asked: mean - half and mean + half.",
            lambda a, b, t: (_paired(a, b, t)[0], -_half(a, b, t), _half(a, b, t)),
        ),
        Mistake(
            "mean last",
            "The order is (mean, low, high); the mean comes first.",
            lambda a, b, t: (*_paired(a, b, t)[1:], _paired(a, b, t)[0]),
        ),
        Mistake(
            "a alone",
            "You took the list a alone; the differences a - b are asked.",
            lambda a, b, t: _paired(a, [0] * len(a), t),
        ),
        Mistake(
            "sums",
            "You added a and b; the differences a - b are asked.",
            lambda a, b, t: _paired(a, [-y for y in b], t),
        ),
        Mistake(
            "sum of the differences",
            "You took the sum of the differences; their mean is asked.",
            lambda a, b, t: _interval(sum(a) - sum(b), _half(a, b, t)),
        ),
        Mistake(
            "sorted",
            "You sorted the lists first; then a[s] and b[s] no longer belong to the same seed.",
            lambda a, b, t: _paired(sorted(a), sorted(b), t),
        ),
        Mistake(
            "rounded", "You rounded the results; return them in full.", lambda a, b, t: np.round(_paired(a, b, t), 3)
        ),
        Mistake(
            "rounded to two decimals",
            "You rounded the results; return them in full.",
            lambda a, b, t: np.round(_paired(a, b, t), 2),
        ),
        Mistake(
            "smallest and largest",
            "You return the smallest and the largest difference; the interval is mean - half to mean + half.",
            lambda a, b, t: (_paired(a, b, t)[0], np.subtract(a, b).min(), np.subtract(a, b).max()),
        ),
        Mistake(
            "percentiles",
            "You return percentiles of the differences; the interval of their mean is asked.",
            lambda a, b, t: (_paired(a, b, t)[0], *np.percentile(np.subtract(a, b), [2.5, 97.5])),
        ),
        Mistake(
            "cut at zero",
            "You cut the lower end at 0; differences may be negative.",
            lambda a, b, t: (_paired(a, b, t)[0], max(0, _paired(a, b, t)[1]), _paired(a, b, t)[2]),
        ),
        Mistake(
            "whole-number differences",
            "You cut the differences to whole numbers.",
            lambda a, b, t: _paired([int(x - y) for x, y in zip(a, b)], [0] * len(a), t),
        ),
    ),
    hints=(
        "Form the list of differences first, and forget a and b: everything else is about that one list.",
        "d = np.subtract(a, b); half = t * d.std(ddof=1) / np.sqrt(len(d)).",
    ),
)


EXERCISES = (PARITY, PAIRED)
