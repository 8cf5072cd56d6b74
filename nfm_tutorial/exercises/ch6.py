"""Exercises of chapter 6: FM versus NFM."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from .ch1 import _grad_cases, _grad_v, _total
from .declare import Case, Choice, Code, Fail, Mistake, Value, by_key
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

# --- 6.2 ------------------------------------------------------------------------------------------------------


def _grad_nfm(V, x, J):
    return _grad_v(V, x) * J


NFM_GRADIENT = Code(
    id="6.2",
    title="NFM's gradient with respect to v_i",
    spec=r"""In NFM the pooled vector $f_{BI}$ goes through a network before it becomes part of the score. Let
$J \in \mathbb{R}^k$ be the derivative of the score with respect to the $k$ entries of $f_{BI}$ (for FM it is a
vector of ones). Write `grad_v_nfm(V, x, J)`: row $i$ of the result is

$$\frac{\partial y}{\partial v_i} = J \odot x_i \Big( \sum_j x_j v_j - x_i v_i \Big).$$

`V` is `(n, k)`, `x` is `(n,)`, `J` is `(k,)`, all float32 or float64, $n \ge 1$. Return shape `(n, k)`. Leave
the inputs unchanged.

Example: `V = [[1, 2], [3, -1]]`, `x = [1, 2]`, `J = [1, -2]` give `[[6, 4], [2, -8]]`.""",
    stub='''def grad_v_nfm(V: Tensor, x: Tensor, J: Tensor):
    """(n, k), (n,), (k,) -> (n, k)"""
    return TODO''',
    cases=lambda: _grad_cases(with_head=True),
    answer=_grad_nfm,
    mistakes=(
        Mistake("J missing", "J is missing: this is FM's gradient, where J is ones.", lambda V, x, J: _grad_v(V, x)),
        Mistake(
            "J summed",
            "You multiplied by the sum of J; each entry f of the gradient has its own J_f.",
            lambda V, x, J: _grad_v(V, x) * J.sum(),
        ),
        Mistake(
            "J averaged",
            "You multiplied by the mean of J; each entry f of the gradient has its own J_f.",
            lambda V, x, J: _grad_v(V, x) * J.mean(),
        ),
        Mistake(
            "inner product with J",
            "You took the inner product with J: the result must keep its k entries, multiplied one by one.",
            lambda V, x, J: _grad_v(V, x) @ J,
        ),
        Mistake(
            "itself not subtracted",
            "You did not take v_i itself out of the sum: v_i meets the other features, not itself.",
            lambda V, x, J: x[:, None] * _total(V, x) * J,
        ),
        Mistake(
            "x_i missing",
            "The factor x_i in front is missing.",
            lambda V, x, J: (_total(V, x) - x[:, None] * V) * J,
        ),
        Mistake(
            "x_j missing",
            "In the sum each v_j must be multiplied by its x_j.",
            lambda V, x, J: x[:, None] * (V.sum(0) - V) * J,
        ),
        Mistake(
            "subtracted without x",
            "You subtracted v_i; what must be taken out of the sum is x_i v_i.",
            lambda V, x, J: x[:, None] * (_total(V, x) - V) * J,
        ),
        Mistake(
            "J on the sum only",
            "You multiplied only the sum by J; J belongs to the whole bracket.",
            lambda V, x, J: x[:, None] * (J * _total(V, x) - x[:, None] * V),
        ),
        Mistake("twice", "The result is twice the gradient.", lambda V, x, J: 2 * _grad_nfm(V, x, J)),
        Mistake("sign", "The sign is the other way round.", lambda V, x, J: -_grad_nfm(V, x, J)),
        Mistake(
            "transposed", "Rows and columns are exchanged: row i belongs to v_i.", lambda V, x, J: _grad_nfm(V, x, J).T
        ),
        Mistake(
            "J squared",
            "J is there twice; the chain rule brings it in once.",
            lambda V, x, J: _grad_nfm(V, x, J) * J,
        ),
        Mistake(
            "summed over features",
            "You summed over the features: each v_i has a gradient of its own.",
            lambda V, x, J: _grad_nfm(V, x, J).sum(0),
        ),
        Mistake(
            "half",
            "There is a factor 1/2 too many: it is in f_BI, and its derivative has none.",
            lambda V, x, J: 0.5 * _grad_nfm(V, x, J),
        ),
        Mistake(
            "x_i twice in the bracket",
            "You took x_i^2 v_i out of the sum; it is x_i v_i, the other x_i stands in front.",
            lambda V, x, J: x[:, None] * (_total(V, x) - x[:, None] ** 2 * V) * J,
        ),
        Mistake(
            "x_i twice in front",
            "x_i stands twice in front of the bracket; once is enough.",
            lambda V, x, J: x[:, None] * _grad_nfm(V, x, J),
        ),
        Mistake(
            "x_j missing in the sum",
            "In the sum over j the x_j is missing: it is the sum of x_j v_j.",
            lambda V, x, J: x[:, None] * (V.sum(0) - x[:, None] * V) * J,
        ),
        Mistake(
            "added",
            "You added x_i v_i to the sum; it must be subtracted, v_i does not meet itself.",
            lambda V, x, J: x[:, None] * (_total(V, x) + x[:, None] * V) * J,
        ),
        Mistake(
            "wrong axis",
            "You summed over the k entries; the sum runs over the features j, axis 0.",
            lambda V, x, J: x[:, None] * ((V * x[:, None]).sum(1, keepdims=True) - V * x[:, None]) * J,
        ),
        Mistake(
            "mean in the bracket",
            "You took the mean over the features in the bracket; it is a sum.",
            lambda V, x, J: x[:, None] * ((V * x[:, None]).mean(0) - V * x[:, None]) * J,
        ),
        Mistake(
            "divided by n",
            "You divided by the number of features; nothing is averaged here.",
            lambda V, x, J: _grad_nfm(V, x, J) / len(x),
        ),
        Mistake(
            "inner product with J, column",
            "You took the inner product with J: the result must keep its k entries, multiplied one by one.",
            lambda V, x, J: (_grad_v(V, x) @ J)[:, None],
        ),
        Mistake(
            "inner product with J, spread",
            "You took the inner product with J and spread it over the k entries; multiply entry by entry.",
            lambda V, x, J: np.repeat((_grad_v(V, x) @ J)[:, None], len(J), 1),
        ),
        Mistake(
            "J along the rows",
            "You multiplied row i by J_i; J has one entry per column.",
            lambda V, x, J: J[:, None] * x[:, None] * (_total(V, x) - x[:, None] * V),
        ),
        Mistake(
            "x along the columns",
            "You multiplied column f of V by x_f; x_i belongs to row i, so it needs a second axis: x[:, None].",
            lambda V, x, J: J * x * ((V * x).sum(0) - V * x),
        ),
        Mistake(
            "J on v_i only",
            "You multiplied only x_i v_i by J; J belongs to the whole bracket.",
            lambda V, x, J: x[:, None] * (_total(V, x) - J * x[:, None] * V),
        ),
        Mistake("divided by J", "You divided by J; the chain rule multiplies.", lambda V, x, J: _grad_v(V, x) / J),
        Mistake(
            "x as a switch",
            "You used x only to see which features are there; x_i and x_j scale the gradient.",
            lambda V, x, J: _grad_nfm(V, (x != 0).astype(float), J),
        ),
        Mistake(
            "absolute x_i",
            "You dropped the sign of x_i.",
            lambda V, x, J: np.abs(x)[:, None] * (_total(V, x) - x[:, None] * V) * J,
        ),
        Mistake("absolute J", "You dropped the sign of J.", lambda V, x, J: _grad_v(V, x) * np.abs(J)),
        Mistake(
            "later features only",
            "You summed over the later features only; v_i meets all others, before and behind it.",
            lambda V, x, J: x[:, None] * ((V * x[:, None])[::-1].cumsum(0)[::-1] - V * x[:, None]) * J,
        ),
        Mistake(
            "a feature alone",
            "A feature alone meets no other: its gradient is 0.",
            lambda V, x, J: J * x[:, None] ** 2 * V if len(x) == 1 else _grad_nfm(V, x, J),
        ),
        Mistake(
            "f_BI",
            "This is J times f_BI itself; its derivative by each v_i is asked.",
            lambda V, x, J: J * 0.5 * (_total(V, x) ** 2 - ((V * x[:, None]) ** 2).sum(0)),
        ),
    ),
    hints=(
        "Take FM's gradient from exercise 1.4. J has one entry per column.",
        "xv = V * x[:, None]; the gradient is J * x[:, None] * (xv.sum(0) - xv).",
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

# --- 6.4, 6.5 -------------------------------------------------------------------------------------------------


def _planted_floor(order: int) -> float:
    return math.sqrt(1 - sum(a**2 for a, degree in ((0.3, 1), (0.3, 2), (0.4, 3)) if degree <= order))


ORDER_TWO_FLOOR = Value(
    id="6.4",
    title="The floor of every FM",
    kind="pencil and paper",
    spec=r"""The planted truth is $y = \pm 1$ with $E[y \mid x] = 0.3\, s_1 + 0.3\, s_2 s_3 + 0.4\, s_4 s_5
s_6$, the $s_i$ being independent random signs. The three terms are orthonormal, so the best mean squared error
of a model with terms up to order $q$ is 1 minus the squared weights of the terms it can have. Which test RMSE
can no FM get below, whatever its $k$? Three decimals.""",
    stub="answer = TODO  # a number",
    answer=lambda: _planted_floor(2),
    tolerance=5e-4,  # three decimals, rounded
    hints=(
        "Which of the three terms can an FM on one-hot fields express? Its order is 2.",
        "It can have the first two terms: the mean squared error is 1 - 0.09 - 0.09. RMSE is its root.",
    ),
    wrong=(
        (_planted_floor(1), "This is the floor of LR, which has order 1; FM can have the pair term as well."),
        (_planted_floor(3), "This is the floor of any model at all (Bayes); FM has no term of order 3."),
        (_planted_floor(2) ** 2, "This is the mean squared error; RMSE is its root."),
        (math.sqrt(0.4), "You subtracted the weights; subtract their squares."),
        (0.4, "You subtracted the weights; subtract their squares, and take the root."),
        (math.sqrt(0.18), "This is the root of what FM explains; the error is the root of the rest."),
        (0.905, "This is cut; round to three decimals."),
        (0.91, "Rounded to two decimals; three are asked."),
        (0.66, "This is the mean squared error of a model that has all three terms; FM has no term of order 3."),
        (0.18, "This is what FM can explain; the mean squared error is the rest, and RMSE is its root."),
        (math.sqrt(0.84), "You took out the term of order 3 alone; FM has the other two."),
        (math.sqrt(0.34), "This is the root of what all three terms explain; the error is the root of the rest."),
        (math.sqrt(0.7), "You took out one term, with its weight; both terms of FM count, with their squares."),
        (-_planted_floor(2), "An RMSE is never negative."),
        (0.0, "y is a random sign: even who knows E[y | x] can't predict it exactly."),
    ),
    fallback="This is not the floor for order 2.",
)

PAIRED_WORDS = Choice(
    id="6.5",
    title="What may you write?",
    spec=r"""Suppose five paired seeds on one data set give: NFM's AUC is higher than FM's in all five, by a
little; NFM's RMSE is higher (worse) than FM's in all five. Both models were tuned with the same effort. What
may you write?""",
    choices=(
        (
            "NFM is the better model: AUC is the measure that counts.",
            "Choosing the measure after seeing the results lets you prove anything; name both.",
        ),
        (
            "The two models are equally good: one win each.",
            "The differences are consistent over all seeds; they don't cancel, they answer different questions.",
        ),
        (
            "On this data set NFM ranks a little better and FM predicts values with a smaller error; which is "
            "better depends "
            "on what you need.",
            "",
        ),
        (
            "NFM is better on both: its numbers are higher.",
            "RMSE is an error: a higher value is worse.",
        ),
    ),
    hints=(
        "For each of the two measures: is higher better or worse?",
        "AUC only sees the order of the scores, RMSE their values. Can a model be better at one and worse at the "
        "other?",
    ),
)

EXERCISES = (PARITY, NFM_GRADIENT, PAIRED, ORDER_TWO_FLOOR, PAIRED_WORDS)
