"""The pair term by the identity."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Exercise
from ..language import mark
from ..oracles import rows_of_features

exercise = Exercise(
    title="The pair term by the identity",
    spec=r"""Write `pair_sum_fast(V, x)`: the same number as `pair_sum(V, x)`, by the identity

$$\sum_{i<j} \langle v_i, v_j\rangle\, x_i x_j = \frac12 \sum_{f=1}^{k}
\left[ \Big(\sum_i x_i v_{if}\Big)^2 - \sum_i (x_i v_{if})^2 \right].$$

`V` is `(n, k)` and `x` is `(n,)`, both float32 or float64; `n` may be 0 or 1. Return one number: a float or a
tensor with one entry. Leave `V` and `x` unchanged. With `n = 4000` and `k = 8` it must not take longer than two
seconds, so a loop over pairs won't do. (One matrix of all pairs may be fast enough to pass, but it costs $O(n^2 k)$;
the identity costs $O(n k)$.)

Example: for $v_1 = (1, 2)$, $v_2 = (3, -1)$, $v_3 = (0, 2)$ and $x = (1, 2, -1)$ the sum of the vectors $x_i
v_i$ is $(7, -2)$ and the sum of their squares is $(37, 12)$, so the result is $\frac12 (49 + 4 - 37 - 12) = 2$.""",
    stub='''def pair_sum_fast(V: Tensor, x: Tensor):
    """(n, k) and (n,) -> one number, in O(n k)"""
    return TODO''',
    hints=(
        "First the vectors x_i v_i, shape (n, k). Then two sums over the features, each of shape (k,).",
        "xv = V * x[:, None]; then 0.5 * (xv.sum(0) ** 2 - (xv ** 2).sum(0)).sum().",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield from rows_of_features(draw)
    slow = mark(
        "With 4,000 features your code does not end within a few seconds: it still visits the eight million pairs."
    )
    yield Case(draw.real(4000, 8), draw.real(4000), big=True, slow=slow)


@exercise.oracle
def feature_by_feature(V, x):
    total, before = 0.0, np.zeros(V.shape[1])
    for i in range(len(x)):  # feature i meets the sum of those before it
        total += before @ (x[i] * V[i])
        before += x[i] * V[i]
    return total


@exercise.example
def example():
    return ([[1, 2], [3, -1], [0, 2]], [1, 2, -1]), 2


@exercise.right
def pair_sum_fast(V, x):
    xv = V * x[:, None]  # (n, k)
    square_of_sum = xv.sum(0) ** 2  # (k,)
    sum_of_squares = (xv**2).sum(0)  # (k,)
    return 0.5 * (square_of_sum - sum_of_squares).sum()


@exercise.right
def pair_sum_running(V, x):
    xv = V * x[:, None]  # (n, k)
    before = xv.cumsum(0) - xv  # (n, k): row i holds the sum of the rows above it
    return (before * xv).sum()


exercise.slips(
    """
return 0.5 * -> return
    You counted each pair twice, once as (i, j) and once as (j, i); or the 1/2 of the identity is missing.
square_of_sum - sum_of_squares -> square_of_sum + sum_of_squares
    You counted each feature with itself: i = j does not belong to i < j. (In the identity the sum of squares is
    subtracted, not added.)
    hint: sums
return 0.5 * (square_of_sum - sum_of_squares).sum() -> return square_of_sum.sum()
    You took every i with every j, i = j included: this is the square of the sum, with nothing subtracted.
    hint: sums
square_of_sum - sum_of_squares -> square_of_sum
    You took half the square of the sum; the squares of the single x_i v_i must be subtracted before halving.
    hint: sums
0.5 * (square_of_sum - sum_of_squares) -> (0.5 * square_of_sum - sum_of_squares)
    The 1/2 belongs to the whole difference, not to one of its two parts.
    hint: sums
0.5 * (square_of_sum - sum_of_squares) -> (square_of_sum - 0.5 * sum_of_squares)
    The 1/2 belongs to the whole difference, not to the sum of the squares alone.
    hint: sums
return 0.5 * (square_of_sum - sum_of_squares).sum() -> return sum_of_squares.sum()
    You summed the features with themselves (i = j); the pairs i < j are what is asked.
    hint: sums
square_of_sum - sum_of_squares -> sum_of_squares - square_of_sum
    You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.
    hint: sums
return 0.5 * (square_of_sum - sum_of_squares).sum() -> return (square_of_sum - sum_of_squares).sum() // 2
    You divided by 2 with //, which rounds down; write / 2 or 0.5 *.
(square_of_sum - sum_of_squares).sum() -> (square_of_sum - sum_of_squares)
    You did not sum over k: the pair term of FM is one number, not a k-vector.
(square_of_sum - sum_of_squares).sum() -> (square_of_sum - sum_of_squares).mean()
    You took the mean over the k entries: an inner product is their sum, so the result is too small by 1/k.
(square_of_sum - sum_of_squares).sum() -> (square_of_sum - sum_of_squares)[0]
    Only the first of the k entries counts in your result: is there a return inside the loop over the entries?
(square_of_sum - sum_of_squares).sum() -> (square_of_sum - sum_of_squares)[-1]
    Only the last of the k entries counts in your result: write += instead of =.
return 0.5 * (square_of_sum - sum_of_squares).sum() -> return (square_of_sum - sum_of_squares).sum() / len(x)
    You divided by n; the identity has 1/2 in front, whatever n is.
""",
    sums="Take k = 1 and two features a, b: (a + b)^2 - (a^2 + b^2) = 2 a b. Which part does your code change?",
)

# The two sums.
exercise.slips(
    """
xv.sum(0) ** 2 -> xv.sum(1) ** 2
(xv**2).sum(0) -> (xv**2).sum(1)
    You summed over the k entries instead of over the features, so the entries of one vector meet each other: sum over
    axis 0 before squaring.
    hint: Which axis of xv, shape (n, k), counts the features?
xv.sum(0) ** 2 -> xv.sum() ** 2
(xv**2).sum(0) -> (xv**2).sum()
    You summed over features and over the k entries before squaring, so entry 1 of one vector meets entry 2 of another:
    square each of the k sums, then add.
    hint: example
xv.sum(0) ** 2 -> xv.mean(0) ** 2
(xv**2).sum(0) -> (xv**2).mean(0)
    You took means over the features; both are sums.
    hint: example
xv.sum(0) ** 2 -> xv.sum(0)
    In the first part the sum is not squared: it is the square of the sum minus the sum of the squares.
    hint: example
(xv**2).sum(0) -> xv.sum(0)
    In the second part nothing is squared: it is the sum of (x_i v_i)^2.
    hint: example
(square_of_sum - sum_of_squares).sum() -> (square_of_sum.sum() - (xv.sum(1) ** 2).sum())
    In the second part you summed over the k entries before squaring: square each entry of x_i v_i, then add.
    hint: example
""",
    example="In the example the square of the sum is (49, 4) and the sum of squares is (37, 12). Print both of yours.",
)

# x and V.
exercise.slips(
    """
V * x[:, None] -> V
    You left x out: each inner product is multiplied by x_i x_j.
x[:, None] -> (x != 0)[:, None]
    You used x only to see which features are present; x is real-valued and scales v_i.
    hint: Try x = (1, 2): is your result twice that of x = (1, 1)?
x[:, None] -> x[:, None] ** 2
    You multiplied by x_i^2 x_j^2: each pair has x_i x_j.
x[:, None] -> x[:, None].abs()
    The signs of x are lost: x_i may be negative.
V * x[:, None] -> V * x
    V * x lines up x with the k columns of V; row i must be multiplied by x_i: V * x[:, None].
    hint: With n = 3 and k = 3 nothing stops you, and the result is wrong.
xv.sum(0) ** 2 -> V.sum(0) ** 2
    In the first part x is missing: it is the square of the sum of the x_i v_i.
    hint: parts
(xv**2).sum(0) -> (V**2).sum(0)
    In the second part x is missing: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: parts
(xv**2).sum(0) -> (xv * V).sum(0)
    In the second part x is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: parts
(xv**2).sum(0) -> x**2 @ V
    In the second part v is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: parts
V * x[:, None] -> V / V.norm(dim=1, keepdim=True).clamp(min=1e-9) * x[:, None]
    You divided by the lengths of v_i and v_j: this is their cosine; FM takes the plain inner product.
    hint: Longer vectors give a larger pair weight. Is that so in your result?
V * x[:, None] -> V.sum(1, keepdim=True) * x[:, None]
    You summed each vector before multiplying: an inner product multiplies entry by entry, then adds.
V * x[:, None] -> (V * x[:, None])[:-1]
    Your sum leaves out the last feature: a slice [:-1] or range(n - 1) stops before it.
V * x[:, None] -> (V * x[:, None])[1:]
    Your sum leaves out the first feature: Python counts from 0.
""",
    parts="In the example the vectors x_i v_i are (1, 2), (6, -2) and (0, -2). Does each part of your code use these?",
)

# Without the identity.
exercise.slips(
    """
(before * xv).sum() -> (xv[:-1] * xv[1:]).sum()
    You paired each feature with the next one only: every i meets every later j.
(before * xv).sum() -> (xv[:1] * xv[1:]).sum()
    Only the pairs with the first feature count in your result: every i meets every later j.
(before * xv).sum() -> (before * xv).sum() / max(len(x) * (len(x) - 1) / 2, 1)
    You took the mean over the pairs: FM adds them up.
before * xv -> before * V
    You multiplied by x_i alone: each pair has x_i x_j.
xv.cumsum(0) - xv -> V.cumsum(0) - V
    You multiplied by x_j alone: each pair has x_i x_j.
(before * xv).sum() -> xv @ xv.T
    You returned the table of all pairs; add up those with i < j.
(before * xv).sum() -> (xv @ xv.T).triu(1)
    You returned the table of the pairs; add them up to one number.
""",
)
