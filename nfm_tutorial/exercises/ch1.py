"""Exercises of chapter 1: Factorization Machines."""

from __future__ import annotations

import numpy as np
import torch

from .declare import Case, Code, Mistake
from .draw import F32, F64, Draw

# --- 1.2, 1.3: the pair term ----------------------------------------------------------------------------------


def _pairs(V, x) -> float:
    n, k = V.shape
    return sum(
        float(V[i, f]) * float(V[j, f]) * float(x[i]) * float(x[j])
        for i in range(n)
        for j in range(i + 1, n)
        for f in range(k)
    )


def _gram(V, x):
    """(n, n) of <v_i, v_j> x_i x_j, and its diagonal."""
    products = (V @ V.T) * np.outer(x, x)
    return products, np.diag(products)


def _cosine_pairs(V, x) -> float:
    length = np.sqrt((V**2).sum(1, keepdims=True))
    return _pairs(np.divide(V, length, out=np.zeros_like(V), where=length > 0), x)


def _scaled(V, x):
    """(n, k): row i is x_i v_i."""
    return V * x[:, None]


def _crosswise(V, x):
    """What V * x makes of x: its entries meet the k columns."""
    xv = V * x
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


PAIR_MISTAKES = (
    Mistake(
        "each pair twice",
        "You counted each pair twice, once as (i, j) and once as (j, i); or the 1/2 of the identity is missing.",
        lambda V, x: 2 * _pairs(V, x),
    ),
    Mistake(
        "self pairs",
        "You counted each feature with itself: i = j does not belong to i < j. (In the identity the sum of squares is "
        "subtracted, not added.)",
        lambda V, x: _pairs(V, x) + _gram(V, x)[1].sum(),
    ),
    Mistake(
        "square of sum",
        "You took every i with every j, i = j included: this is the square of the sum, with nothing subtracted.",
        lambda V, x: _gram(V, x)[0].sum(),
    ),
    Mistake(
        "nothing subtracted",
        "You took half the square of the sum; the squares of the single x_i v_i must be subtracted before halving.",
        lambda V, x: 0.5 * _gram(V, x)[0].sum(),
    ),
    Mistake(
        "half of the first part",
        "The 1/2 belongs to the whole difference, not to one of its two parts.",
        lambda V, x: 0.5 * _gram(V, x)[0].sum() - _gram(V, x)[1].sum(),
    ),
    Mistake(
        "half of the second part",
        "The 1/2 belongs to the whole difference, not to the sum of the squares alone.",
        lambda V, x: _gram(V, x)[0].sum() - 0.5 * _gram(V, x)[1].sum(),
    ),
    Mistake(
        "difference the wrong way round",
        "You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.",
        lambda V, x: -_pairs(V, x),
    ),
    Mistake(
        "no x",
        "You left x out: each inner product is multiplied by x_i x_j.",
        lambda V, x: _pairs(V, np.ones_like(x)),
    ),
    Mistake(
        "x as a switch",
        "You used x only to see which features are present; x is real-valued and scales v_i.",
        lambda V, x: _pairs(V, (x != 0).astype(float)),
        "Try x = (1, 2): is your result twice that of x = (1, 1)?",
    ),
    Mistake(
        "x of one feature",
        "You multiplied by only one of the two x: each pair has x_i x_j.",
        lambda V, x: sum(float(V[i] @ V[j]) * x[i] for i in range(len(x)) for j in range(i + 1, len(x))),
    ),
    Mistake(
        "x of the other feature",
        "You multiplied by only one of the two x: each pair has x_i x_j.",
        lambda V, x: sum(float(V[i] @ V[j]) * x[j] for i in range(len(x)) for j in range(i + 1, len(x))),
    ),
    Mistake(
        "x not squared",
        "In the second part x is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.",
        lambda V, x: 0.5 * (_gram(V, x)[0].sum() - (x * (V**2).sum(1)).sum()),
    ),
    Mistake(
        "no x in the second part",
        "In the second part x is missing: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.",
        lambda V, x: 0.5 * (_gram(V, x)[0].sum() - (V**2).sum()),
    ),
    Mistake(
        "no x in the first part",
        "In the first part x is missing: it is the square of the sum of the x_i v_i.",
        lambda V, x: 0.5 * ((V.sum(0) ** 2).sum() - _gram(V, x)[1].sum()),
    ),
    Mistake(
        "v not squared",
        "In the second part v is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.",
        lambda V, x: 0.5 * (_gram(V, x)[0].sum() - (x**2 @ V).sum()),
    ),
    Mistake(
        "sum not squared",
        "In the first part the sum is not squared: it is the square of the sum minus the sum of the squares.",
        lambda V, x: 0.5 * (_scaled(V, x).sum() - _gram(V, x)[1].sum()),
    ),
    Mistake(
        "second part summed over k",
        "In the second part you summed over the k entries before squaring: square each entry of x_i v_i, then add.",
        lambda V, x: 0.5 * (_gram(V, x)[0].sum() - (_scaled(V, x).sum(1) ** 2).sum()),
    ),
    Mistake(
        "wrong axis",
        "You summed over the k entries instead of over the features, so the entries of one vector meet each other: sum "
        "over axis 0 before squaring.",
        lambda V, x: 0.5 * (_scaled(V, x).sum(1) ** 2 - (_scaled(V, x) ** 2).sum(1)).sum(),
        "Which axis of xv, shape (n, k), counts the features?",
    ),
    Mistake(
        "x along the columns",
        "V * x lines up x with the k columns of V; row i must be multiplied by x_i: V * x[:, None].",
        _crosswise,
        "With n = 3 and k = 3 nothing stops you, and the result is wrong.",
    ),
    Mistake(
        "cosine",
        "You divided by the lengths of v_i and v_j: this is their cosine; FM takes the plain inner product.",
        _cosine_pairs,
        "Longer vectors give a larger pair weight. Is that so in your result?",
    ),
    Mistake(
        "sums multiplied",
        "You summed each vector before multiplying: an inner product multiplies entry by entry, then adds.",
        lambda V, x: _pairs(V.sum(1, keepdims=True), x),
    ),
    Mistake(
        "first entry only",
        "Only the first of the k entries counts in your result: is there a return inside the loop over the entries?",
        lambda V, x: _pairs(V[:, :1], x),
    ),
    Mistake(
        "last entry only",
        "Only the last of the k entries counts in your result: write += instead of =.",
        lambda V, x: _pairs(V[:, -1:], x),
    ),
    Mistake(
        "pairs with the first feature",
        "Only the pairs with the first feature count in your result: does the outer loop end too early, with a return "
        "inside it?",
        lambda V, x: float(V[0] @ _scaled(V, x)[1:].sum(0)) * x[0],
    ),
    Mistake(
        "first pair only",
        "Only the first pair counts in your result: is there a return inside the inner loop?",
        lambda V, x: float(V[0] @ V[1]) * x[0] * x[1],
    ),
    Mistake(
        "last pair only",
        "Only the last pair counts in your result: write += instead of =.",
        lambda V, x: float(V[-2] @ V[-1]) * x[-2] * x[-1],
    ),
    Mistake(
        "neighbours left out",
        "You left out the pairs of neighbours: j starts at i + 1.",
        lambda V, x: np.triu(_gram(V, x)[0], 2).sum(),
    ),
    Mistake(
        "rounded down",
        "You divided by 2 with //, which rounds down; write / 2 or 0.5 *.",
        lambda V, x: np.floor(_pairs(V, x)),
    ),
    Mistake(
        "mean over features",
        "You took means over the features; both are sums.",
        lambda V, x: 0.5 * (_scaled(V, x).mean(0) ** 2 - (_scaled(V, x) ** 2).mean(0)).sum(),
    ),
    Mistake(
        "x squared in both factors",
        "You multiplied by x_i^2 x_j^2: each pair has x_i x_j.",
        lambda V, x: _pairs(V, x**2),
    ),
    Mistake(
        "mean over k",
        "You took the mean over the k entries: an inner product is their sum, so the result is too small by 1/k.",
        lambda V, x: _pairs(V, x) / V.shape[1],
    ),
    Mistake(
        "mean over pairs",
        "You took the mean over the pairs: FM adds them up.",
        lambda V, x: _pairs(V, x) / (len(x) * (len(x) - 1) / 2),
    ),
    Mistake(
        "flattened",
        "You summed over features and over the k entries before squaring, so entry 1 of one vector meets entry 2 of "
        "another: square each of the k sums, then add.",
        lambda V, x: 0.5 * ((V * x[:, None]).sum() ** 2 - ((V * x[:, None]) ** 2).sum()),
    ),
    Mistake(
        "not summed over k",
        "You did not sum over k: the pair term of FM is one number, not a k-vector.",
        lambda V, x: 0.5 * ((V * x[:, None]).sum(0) ** 2 - ((V * x[:, None]) ** 2).sum(0)),
    ),
    Mistake(
        "table of pairs",
        "You returned the table of all pairs; add up those with i < j.",
        lambda V, x: _gram(V, x)[0],
    ),
    Mistake(
        "upper table of pairs",
        "You returned the table of the pairs; add them up to one number.",
        lambda V, x: np.triu(_gram(V, x)[0], 1),
    ),
    Mistake(
        "neighbours only",
        "You paired each feature with the next one only: every i meets every later j.",
        lambda V, x: sum(float(V[i] @ V[i + 1]) * x[i] * x[i + 1] for i in range(len(x) - 1)),
    ),
    Mistake(
        "last feature missing",
        "Your sum leaves out the last feature: range(a, n) already stops at n - 1.",
        lambda V, x: _pairs(V[:-1], x[:-1]),
    ),
    Mistake(
        "first feature missing",
        "Your sum leaves out the first feature: Python counts from 0.",
        lambda V, x: _pairs(V[1:], x[1:]),
    ),
    Mistake(
        "x added",
        "You added x_i + x_j; the two are multiplied.",
        lambda V, x: sum(float(V[i] @ V[j]) * (x[i] + x[j]) for i in range(len(x)) for j in range(i + 1, len(x))),
    ),
    Mistake(
        "diagonal only",
        "You summed the features with themselves (i = j); the pairs i < j are what is asked.",
        lambda V, x: _gram(V, x)[1].sum(),
    ),
)


def _pair_cases():
    d = Draw(12)
    yield Case(torch.zeros(0, 3, dtype=F64), torch.zeros(0, dtype=F64), trivial=True)
    yield Case(d.nonzero(1, 2), d.nonzero(1), trivial=True)
    yield Case(torch.tensor([[2.0], [3.0]], dtype=F64), torch.tensor([1.0, -2.0], dtype=F64))
    yield Case(torch.tensor([[1.0, 2.0], [3.0, -1.0]]), torch.tensor([0.5, 3.0]))
    yield Case(
        torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 2.0]], dtype=F64), torch.tensor([1.0, 2.0, -1.0], dtype=F64)
    )
    yield Case(d.nonzero(3, 1, dtype=F32), d.nonzero(3, dtype=F32))
    yield Case(torch.tensor([[1.5], [-2.0], [0.5]], dtype=F64), torch.tensor([2.0, 1.0, -1.0], dtype=F64))
    yield Case(d.nonzero(2, 4), d.nonzero(2))
    yield Case(d.real(4, 3), torch.tensor([0.0, -1.5, 0.0, 2.0], dtype=F64))
    yield Case(d.nonzero(4, 3, dtype=F32)[[0, 1, 1, 0]], d.nonzero(4, dtype=F32))
    yield Case(d.real(5, 2), torch.zeros(5, dtype=F64), trivial=True)
    yield Case(d.real(6, 4), d.real(6))
    yield Case(d.real(9, 6, dtype=F32), d.real(9, dtype=F32))
    yield Case(d.real(14, 5), d.real(14))


PAIR_SUM = Code(
    id="1.2",
    title="The pair term by loops",
    spec=r"""Write `pair_sum(V, x)`: the pair term of FM, straight from its definition

$$\sum_{i<j} \langle v_i, v_j\rangle\, x_i x_j .$$

`V` is a tensor of shape `(n, k)`, row $i$ is $v_i$; `x` is a tensor of shape `(n,)`. Both are float32 or
float64, and `n` may be 0 or 1 (then there is no pair and the result is 0). Return one number: a float or a
tensor with one entry. Leave `V` and `x` unchanged.

Example: with $v_1 = (1, 2)$, $v_2 = (3, -1)$, $v_3 = (0, 2)$ and $x = (1, 2, -1)$ the pairs give $1 \cdot 2 + 4
\cdot (-1) + (-2)(-2) = 2$.""",
    stub='''def pair_sum(V: Tensor, x: Tensor):
    """(n, k) and (n,) -> one number"""
    return TODO''',
    cases=_pair_cases,
    answer=_pairs,
    number=True,
    mistakes=PAIR_MISTAKES,
    hints=(
        "Two nested loops: the outer one over i, the inner one over j from i + 1 on.",
        "total = 0; for i in range(n): for j in range(i + 1, n): total += (V[i] * V[j]).sum() * x[i] * x[j].",
    ),
)


def _prefix_pairs(V, x) -> float:
    """The pair term with one running sum: what came before, times what comes now."""
    xv = V * x[:, None]
    before = np.cumsum(xv, axis=0) - xv
    return float((before * xv).sum())


def _fast_pair_cases():
    yield from _pair_cases()
    d = Draw(13)
    yield Case(
        d.real(4000, 8),
        d.real(4000),
        big=True,
        slow="With 4,000 features your code does not end within a few seconds: it still visits the eight million "
        "pairs.",
    )


PAIR_SUM_FAST = Code(
    id="1.3",
    title="The pair term by the identity",
    spec=r"""Write `pair_sum_fast(V, x)`: the same number as `pair_sum(V, x)`, by the identity

$$\sum_{i<j} \langle v_i, v_j\rangle\, x_i x_j = \frac12 \sum_{f=1}^{k}
\left[ \Big(\sum_i x_i v_{if}\Big)^2 - \sum_i (x_i v_{if})^2 \right].$$

`V` is `(n, k)` and `x` is `(n,)`, both float32 or float64; `n` may be 0 or 1. Return one number: a float or a
tensor with one entry. Leave `V` and `x` unchanged. With `n = 4000` and `k = 8` it must not take longer than two
seconds, so a loop over pairs won't do.

Example: for $v_1 = (1, 2)$, $v_2 = (3, -1)$, $v_3 = (0, 2)$ and $x = (1, 2, -1)$ the sum of the vectors $x_i
v_i$ is $(7, -2)$ and the sum of their squares is $(37, 12)$, so the result is $\frac12 (49 + 4 - 37 - 12) = 2$.""",
    stub='''def pair_sum_fast(V: Tensor, x: Tensor):
    """(n, k) and (n,) -> one number, in O(n k)"""
    return TODO''',
    cases=_fast_pair_cases,
    answer=lambda V, x: _prefix_pairs(V, x) if len(x) > 100 else _pairs(V, x),
    number=True,
    mistakes=PAIR_MISTAKES,
    hints=(
        "First the vectors x_i v_i, shape (n, k). Then two sums over the features, each of shape (k,).",
        "xv = V * x[:, None]; then 0.5 * (xv.sum(0) ** 2 - (xv ** 2).sum(0)).sum().",
    ),
)


# --- 1.4 ------------------------------------------------------------------------------------------------------


def _grad_v(V, x):
    n, k = V.shape
    grad = np.zeros((n, k))
    for i in range(n):
        for j in range(n):
            if i != j:
                grad[i] += x[i] * x[j] * V[j]
    return grad


def _total(V, x):
    return (V * x[:, None]).sum(0)


def _grad_cases(with_head: bool = False):
    d = Draw(14)
    for n, k, dtype in ((1, 2, F64), (2, 1, F64), (2, 2, F32), (3, 1, F64), (3, 2, F64), (4, 4, F64), (5, 3, F32)):
        args = (d.nonzero(n, k, dtype=dtype), d.nonzero(n, dtype=dtype))
        yield Case(*args, *((d.nonzero(k, dtype=dtype),) if with_head else ()), trivial=n == 1)
    for n, k, dtype in ((4, 2, F64), (6, 3, F32), (9, 5, F64)):
        args = (d.real(n, k, dtype=dtype), d.real(n, dtype=dtype))
        yield Case(*args, *((d.real(k, dtype=dtype),) if with_head else ()))


GRADIENT = Code(
    id="1.4",
    title="FM's gradient with respect to v_i",
    spec=r"""Write `grad_v(V, x)`: the gradient of FM's output $y$ with respect to every $v_i$, by a formula.
Row $i$ of the result is

$$\frac{\partial y}{\partial v_i} = x_i \Big( \sum_j x_j v_j - x_i v_i \Big).$$

`V` is `(n, k)` and `x` is `(n,)`, float32 or float64, $n \ge 1$. Return an array or tensor of shape `(n, k)`.
Leave `V` and `x` unchanged.

Example: `V = [[1, 2], [3, -1]]` and `x = [1, 2]` give `[[6, -2], [2, 4]]`: row 1 is $1 \cdot 2 \cdot (3, -1)$.""",
    stub='''def grad_v(V: Tensor, x: Tensor):
    """(n, k) and (n,) -> (n, k)"""
    return TODO''',
    cases=_grad_cases,
    answer=_grad_v,
    mistakes=(
        Mistake(
            "itself not subtracted",
            "You did not take v_i itself out of the sum: v_i meets the other features, not itself.",
            lambda V, x: x[:, None] * _total(V, x),
        ),
        Mistake(
            "x_i missing",
            "The factor x_i in front is missing: a feature with x_i = 0 gets no gradient at all.",
            lambda V, x: _total(V, x) - x[:, None] * V,
        ),
        Mistake(
            "x_j missing",
            "In the sum each v_j must be multiplied by its x_j.",
            lambda V, x: x[:, None] * (V.sum(0) - V),
        ),
        Mistake(
            "x_j missing in the sum",
            "In the sum each v_j must be multiplied by its x_j, as you did with the v_i that is taken out.",
            lambda V, x: x[:, None] * (V.sum(0) - x[:, None] * V),
        ),
        Mistake(
            "x missing",
            "x is missing altogether: both x_i and x_j scale the gradient.",
            lambda V, x: V.sum(0) - V,
        ),
        Mistake(
            "subtracted without x",
            "You subtracted v_i without its x: x_i v_i is taken out in the bracket, and x_i stands before it as well.",
            lambda V, x: x[:, None] * (_total(V, x) - V),
        ),
        Mistake(
            "added",
            "You added x_i v_i to the sum; it must be subtracted.",
            lambda V, x: x[:, None] * (_total(V, x) + x[:, None] * V),
        ),
        Mistake(
            "twice",
            "The result is twice the gradient: each pair occurs once in FM, and the 2 from the square meets the 1/2.",
            lambda V, x: 2 * _grad_v(V, x),
        ),
        Mistake(
            "halved",
            "The result is half the gradient: the 1/2 of the identity meets the 2 from the square, so it is gone.",
            lambda V, x: 0.5 * _grad_v(V, x),
        ),
        Mistake(
            "subtracted twice",
            "You took x_i v_i out twice; once is enough. (In the identity the 1/2 belongs to both parts.)",
            lambda V, x: x[:, None] * (_total(V, x) - 2 * x[:, None] * V),
        ),
        Mistake(
            "wrong axis",
            "You summed over the k entries; the sum over j runs over the features and is a k-vector.",
            lambda V, x: x[:, None] * (_scaled(V, x).sum(1, keepdims=True) - _scaled(V, x)),
            "Which axis of xv, shape (n, k), counts the features?",
        ),
        Mistake(
            "x along the columns",
            "V * x lines up x with the k columns of V; row i must be multiplied by x_i: V * x[:, None].",
            lambda V, x: x[:, None] * ((V * x).sum(0) - V * x),
        ),
        Mistake(
            "x along the columns throughout",
            "x times a (n, k) tensor lines up x with the k columns; row i must be multiplied by x_i: x[:, None] * ....",
            lambda V, x: x * (_total(V, x) - x * V),
        ),
        Mistake(
            "later features only",
            "You took only the features after i; v_i also meets the ones before it.",
            lambda V, x: np.triu(np.outer(x, x), 1) @ V,
        ),
        Mistake(
            "earlier features only",
            "You took only the features before i; v_i also meets the ones after it.",
            lambda V, x: np.tril(np.outer(x, x), -1) @ V,
        ),
        Mistake(
            "sign",
            "The sign is the other way round: it is the sum minus x_i v_i.",
            lambda V, x: -_grad_v(V, x),
        ),
        Mistake("transposed", "Rows and columns are exchanged: row i belongs to v_i.", lambda V, x: _grad_v(V, x).T),
        Mistake(
            "gradient of x",
            "This is the gradient with respect to x_i, one number per feature; asked is the one with respect to v_i, "
            "a k-vector per feature.",
            lambda V, x: (V * (_total(V, x) - x[:, None] * V)).sum(1),
        ),
        Mistake(
            "summed over features",
            "You summed over the features: each v_i has a gradient of its own.",
            lambda V, x: _grad_v(V, x).sum(0),
        ),
        Mistake(
            "summed over k",
            "You summed over k: the gradient with respect to a k-vector is a k-vector.",
            lambda V, x: _grad_v(V, x).sum(1),
        ),
        Mistake(
            "x_i squared",
            "The factor in front is x_i, not x_i squared.",
            lambda V, x: x[:, None] ** 2 * (_total(V, x) - x[:, None] * V),
        ),
    ),
    hints=(
        "The sum over j is the same k-vector for every i; compute it once, then take x_i v_i out of it row by row.",
        "xv = V * x[:, None]; the gradient is x[:, None] * (xv.sum(0) - xv).",
    ),
)


# --- 1.5 ------------------------------------------------------------------------------------------------------


def _y(w, V, x) -> float:
    return float(w @ x) + _pairs(V, x)


def _doubling(w, V, x, i) -> float:
    return float(w[i] * x[i]) + sum(float(V[i] @ V[j]) * x[i] * x[j] for j in range(len(x)) if j != i)


def _doubling_cases():
    d = Draw(15)
    one = torch.tensor
    yield Case(one([3.0], dtype=F64), one([[2.0]], dtype=F64), one([1.5], dtype=F64), 0)
    yield Case(one([1.0, -2.0], dtype=F64), one([[1.0], [3.0]], dtype=F64), one([2.0, 1.0], dtype=F64), 0)
    yield Case(one([1.0, -2.0], dtype=F64), one([[1.0], [3.0]], dtype=F64), one([2.0, 1.0], dtype=F64), 1)
    for n, k, i, dtype in ((2, 2, 1, F32), (3, 2, 0, F64), (3, 1, 2, F32), (5, 3, 2, F64), (8, 4, 7, F32)):
        yield Case(d.nonzero(n, dtype=dtype), d.nonzero(n, k, dtype=dtype), d.nonzero(n, dtype=dtype), i)
    w, V, x = d.real(5), d.real(5, 3), d.nonzero(5)
    x[3] = 0
    yield Case(w, V, x, 3, trivial=True)
    yield Case(d.real(10), d.real(10, 4), d.nonzero(10), 6)


def _changed_x(x, i, factor):
    x = x.copy()
    x[i] = x[i] * factor
    return x


DOUBLING = Code(
    id="1.5",
    title="What doubling one x_i does",
    spec=r"""An FM has $y(x) = w_0 + \sum_i w_i x_i + \sum_{i<j} \langle v_i, v_j\rangle x_i x_j$. Somebody
doubles one entry, $x_i$, and leaves the others as they are. Write `change_when_doubled(w, V, x, i)`: by how
much $y$ changes (new minus old).

`w` is `(n,)`, `V` is `(n, k)`, `x` is `(n,)`, all float32 or float64, $n \ge 1$; `i` is a Python index (from
0). You need not know $w_0$. Return one number: a float or a tensor with one entry. Leave the inputs unchanged.

Example: `w = [1, -2]`, `V = [[1], [3]]`, `x = [2, 1]`: $y - w_0 = 0 + 6$. With $x_1$ doubled it is $2 + 12$, so
`change_when_doubled(w, V, x, 0)` is 8.""",
    stub='''def change_when_doubled(w: Tensor, V: Tensor, x: Tensor, i: int):
    """(n,), (n, k), (n,), index -> one number"""
    return TODO''',
    cases=_doubling_cases,
    answer=_doubling,
    number=True,
    mistakes=(
        Mistake(
            "no linear part",
            "You left out the linear part: doubling x_i adds w_i x_i as well.",
            lambda w, V, x, i: _doubling(np.zeros_like(w), V, x, i),
        ),
        Mistake(
            "linear part only",
            "You left out the pairs: every pair that contains x_i doubles, too.",
            lambda w, V, x, i: float(w[i] * x[i]),
        ),
        Mistake(
            "pair with itself",
            "You let feature i meet itself: the pairs are those with j different from i.",
            lambda w, V, x, i: _doubling(w, V, x, i) + float(V[i] @ V[i]) * x[i] ** 2,
        ),
        Mistake(
            "pair with itself, three times",
            "You let feature i meet itself: FM has no x_i squared, so the change is linear in x_i.",
            lambda w, V, x, i: _doubling(w, V, x, i) + 3 * float(V[i] @ V[i]) * x[i] ** 2,
        ),
        Mistake(
            "all doubled",
            "You doubled every entry of x; only x_i is doubled.",
            lambda w, V, x, i: _y(w, V, 2 * x) - _y(w, V, x),
        ),
        Mistake(
            "twice the change",
            "This is what the terms with x_i are worth after doubling; the change is the new value minus the old one.",
            lambda w, V, x, i: 2 * _doubling(w, V, x, i),
        ),
        Mistake(
            "new value",
            "This is the new y; asked is the change, new minus old.",
            lambda w, V, x, i: _y(w, V, _changed_x(x, i, 2)),
        ),
        Mistake("old value", "This is the old y; asked is the change.", lambda w, V, x, i: _y(w, V, x)),
        Mistake(
            "sign",
            "The sign is the other way round: the change is new minus old.",
            lambda w, V, x, i: -_doubling(w, V, x, i),
        ),
        Mistake(
            "pairs twice",
            "You took the pairs twice: new minus old leaves each pair with x_i once. (Or the 1/2 of the identity is "
            "missing in y.)",
            lambda w, V, x, i: 2 * _doubling(w, V, x, i) - float(w[i] * x[i]),
        ),
        Mistake(
            "pairs fourfold",
            "You let the pairs with x_i grow fourfold; x_i stands once in each of them, so they double.",
            lambda w, V, x, i: 3 * _doubling(w, V, x, i) - 2 * float(w[i] * x[i]),
        ),
        Mistake(
            "pairs four times",
            "You took the pairs with x_i four times; x_i stands once in each of them, so they double, and the change "
            "is their old value.",
            lambda w, V, x, i: 4 * _doubling(w, V, x, i) - 3 * float(w[i] * x[i]),
        ),
        Mistake(
            "nothing subtracted in y",
            "In your y the pair term is half the square of the sum; the sum of the squares must be subtracted first.",
            lambda w, V, x, i: _doubling(w, V, x, i) + 1.5 * float(V[i] @ V[i]) * x[i] ** 2,
        ),
        Mistake(
            "absolute value",
            "You dropped the sign: the change can be negative.",
            lambda w, V, x, i: abs(_doubling(w, V, x, i)),
        ),
        Mistake(
            "squared",
            "You squared x_i; it is doubled.",
            lambda w, V, x, i: (x[i] - 1) * _doubling(w, V, x, i),
        ),
        Mistake(
            "two added",
            "You added 2 to x_i; it is doubled.",
            lambda w, V, x, i: 2 * _doubling(w, V, x, i) / x[i],
        ),
        Mistake(
            "ratio",
            "This is the new y divided by the old one; asked is new minus old.",
            lambda w, V, x, i: _y(w, V, _changed_x(x, i, 2)) / _y(w, V, x),
        ),
        Mistake(
            "w_i without x_i",
            "In the linear part x_i is missing: it changes by w_i x_i.",
            lambda w, V, x, i: _doubling(w, V, x, i) - float(w[i] * x[i]) + float(w[i]),
        ),
        Mistake(
            "whole linear part",
            "You took the whole linear part; only w_i x_i changes.",
            lambda w, V, x, i: _doubling(w, V, x, i) - float(w[i] * x[i]) + float(w @ x),
        ),
        Mistake(
            "no x_j",
            "In the pairs x_j is missing: each is <v_i, v_j> x_i x_j.",
            lambda w, V, x, i: float(w[i] * x[i]) + sum(float(V[i] @ V[j]) * x[i] for j in range(len(x)) if j != i),
        ),
        Mistake(
            "no x_i",
            "The factor x_i is missing: the change is x_i times the slope of y in x_i, as x_i grows by x_i, not by 1.",
            lambda w, V, x, i: float(w[i]) + sum(float(V[i] @ V[j]) * x[j] for j in range(len(x)) if j != i),
        ),
        Mistake(
            "later features only",
            "You took only the pairs (i, j) with j after i; x_i also meets the features before it.",
            lambda w, V, x, i: float(w[i] * x[i]) + sum(float(V[i] @ V[j]) * x[i] * x[j] for j in range(i + 1, len(x))),
        ),
        Mistake(
            "earlier features only",
            "You took only the pairs (j, i) with j before i; x_i also meets the features after it.",
            lambda w, V, x, i: float(w[i] * x[i]) + sum(float(V[i] @ V[j]) * x[i] * x[j] for j in range(i)),
        ),
        Mistake(
            "always the first",
            "You doubled the first entry whatever i is.",
            lambda w, V, x, i: _doubling(w, V, x, 0),
        ),
        Mistake(
            "counted from one",
            "You counted from 1: in Python, i = 0 is the first feature.",
            lambda w, V, x, i: _doubling(w, V, x, (i - 1) % len(x)),
        ),
        Mistake(
            "x unchanged",
            "The change comes out as 0: `a = x` makes no copy, so old and new y were computed from the same x.",
            lambda w, V, x, i: 0.0,
        ),
    ),
    hints=(
        "Which terms of y contain x_i at all? All the others cancel in new minus old. Check i = 1 in the example: 4.",
        "Every term with x_i is linear in it, so doubling x_i adds each of them once more: "
        "w_i x_i + x_i <v_i, sum over j != i of x_j v_j>.",
    ),
)


EXERCISES = (PAIR_SUM, PAIR_SUM_FAST, GRADIENT, DOUBLING)
