"""The pair term by loops."""

from __future__ import annotations

import itertools

import torch

from ..exercise import Exercise
from ..oracles import rows_of_features

exercise = Exercise(
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
    hints=(
        "Two nested loops: the outer one over i, the inner one over j from i + 1 on.",
        "total = 0; for i in range(n): for j in range(i + 1, n): total += (V[i] * V[j]).sum() * x[i] * x[j].",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield from rows_of_features(draw)


@exercise.oracle
def pair_by_pair(V, x):
    return sum(x[i] * x[j] * (V[i] @ V[j]) for i, j in itertools.combinations(range(len(x)), 2))


@exercise.example
def example():
    return ([[1, 2], [3, -1], [0, 2]], [1, 2, -1]), 2


@exercise.right
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += (V[i] * V[j]).sum() * x[i] * x[j]
    return total


@exercise.right
def pair_sum_by_matrix(V, x):
    xv = V * x[:, None]  # (n, k)
    return torch.triu(xv @ xv.T, diagonal=1).sum()  # (n, n) -> ()


@exercise.right
def pair_sum_by_identity(V, x):
    xv = V * x[:, None]  # (n, k)
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()  # (k,) -> ()


# The loops.
exercise.slips(
    """
range(i + 1, len(x)) -> [j for j in range(len(x)) if j != i]
    You counted each pair twice, once as (i, j) and once as (j, i); or the 1/2 of the identity is missing.
range(i + 1, -> range(i,
    You counted each feature with itself: i = j does not belong to i < j. (In the identity the sum of squares is
    subtracted, not added.)
range(i + 1, len(x)) -> range(len(x))
    You took every i with every j, i = j included: this is the square of the sum, with nothing subtracted.
range(i + 1, len(x)) -> [i]
    You summed the features with themselves (i = j); the pairs i < j are what is asked.
range(i + 1, len(x)) -> range(i + 1, len(x))[:1]
    You paired each feature with the next one only: every i meets every later j.
range(i + 1, -> range(i + 2,
    You left out the pairs of neighbours: j starts at i + 1.
range(i + 1, len(x)) -> range(i + 1, len(x) - 1)
    Your sum leaves out the last feature: range(a, n) already stops at n - 1.
for i in range(len(x)) -> for i in range(1, len(x))
    Your sum leaves out the first feature: Python counts from 0.
for i in range(len(x)) -> for i in range(len(x))[:1]
    Only the pairs with the first feature count in your result: does the outer loop end too early, with a return inside
    it?
total += -> return
    Only the first pair counts in your result: is there a return inside the inner loop?
total += -> total =
    Only the last pair counts in your result: write += instead of =.
(V[i] * V[j]).sum() -> torch.cosine_similarity(V[i], V[j], dim=0)
    You divided by the lengths of v_i and v_j: this is their cosine; FM takes the plain inner product.
    hint: Longer vectors give a larger pair weight. Is that so in your result?
(V[i] * V[j]).sum() -> V[i].sum() * V[j].sum()
    You summed each vector before multiplying: an inner product multiplies entry by entry, then adds.
    hint: entries
(V[i] * V[j]).sum() -> (V[i] * V[j])[0]
    Only the first of the k entries counts in your result: is there a return inside the loop over the entries?
    hint: entries
(V[i] * V[j]).sum() -> (V[i] * V[j])[-1]
    Only the last of the k entries counts in your result: write += instead of =.
    hint: entries
(V[i] * V[j]).sum() -> (V[i] * V[j]).mean()
    You took the mean over the k entries: an inner product is their sum, so the result is too small by 1/k.
    hint: entries
(V[i] * V[j]).sum() -> (V[i] * V[j])
    You did not sum over k: the pair term of FM is one number, not a k-vector.
    hint: entries
(V[i] * V[j]).sum() * x[i] * x[j] -> ((V[i] * V[j]).sum() * x[i] * x[j]).abs()
    You added up absolute values: a pair may count against the score.
return total -> return total / max(len(x) * (len(x) - 1) / 2, 1)
    You took the mean over the pairs: FM adds them up.
""",
    entries="In the example (1, 2) and (3, -1) have the inner product 3 - 2 = 1. What does your code make of them?",
)

# x.
exercise.slips(
    """
* x[i] * x[j] -> * 1
    You left x out: each inner product is multiplied by x_i x_j.
    hint: x
* x[i] * x[j] -> * (x[i] != 0) * (x[j] != 0)
    You used x only to see which features are present; x is real-valued and scales v_i.
    hint: Try x = (1, 2): is your result twice that of x = (1, 1)?
* x[i] * x[j] -> * x[i]
    You multiplied by x_i alone: each pair has x_i x_j.
    hint: x
* x[i] * x[j] -> * x[j]
    You multiplied by x_j alone: each pair has x_i x_j.
    hint: x
* x[i] * x[j] -> * (x[i] + x[j])
    You added x_i + x_j; the two are multiplied.
    hint: x
* x[i] * x[j] -> * x[i] ** 2 * x[j] ** 2
    You multiplied by x_i^2 x_j^2: each pair has x_i x_j.
    hint: x
V * x[:, None] -> V * x
    V * x lines up x with the k columns of V; row i must be multiplied by x_i: V * x[:, None].
    hint: With n = 3 and k = 3 nothing stops you, and the result is wrong.
""",
    x="The pair (1, 2) of the example has the inner product 1, x_1 = 1 and x_2 = 2: it counts 2. And in your code?",
)

# The matrix of all pairs, and the identity.
exercise.slips(
    """
torch.triu(xv @ xv.T, diagonal=1).sum() -> xv @ xv.T
    You returned the table of all pairs; add up those with i < j.
diagonal=1).sum() -> diagonal=1)
    You returned the table of the pairs; add them up to one number.
xv.sum(0) ** 2 - (xv**2).sum(0) -> xv.sum(1) ** 2 - (xv**2).sum(1)
    You summed over the k entries instead of over the features, so the entries of one vector meet each other: sum over
    axis 0 before squaring.
    hint: Which axis of xv, shape (n, k), counts the features?
(xv**2).sum(0)).sum() -> (xv**2).sum(0))
    You did not sum over k: the pair term of FM is one number, not a k-vector.
    hint: entries
xv.sum(0) ** 2 - (xv**2).sum(0) -> xv.sum() ** 2 - (xv**2).sum()
    You summed over features and over the k entries before squaring, so entry 1 of one vector meets entry 2 of another:
    square each of the k sums, then add.
    hint: identity
xv.sum(0) ** 2 - (xv**2).sum(0) -> (xv**2).sum(0) - xv.sum(0) ** 2
    You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.
    hint: identity
(xv.sum(0) ** 2 - (xv**2).sum(0)) -> (xv.sum(0) ** 2)
    You took half the square of the sum; the squares of the single x_i v_i must be subtracted before halving.
    hint: identity
0.5 * (xv.sum(0) ** 2 - -> (0.5 * xv.sum(0) ** 2 -
    The 1/2 belongs to the whole difference, not to one of its two parts.
    hint: identity
0.5 * (xv.sum(0) ** 2 - -> (xv.sum(0) ** 2 - 0.5 *
    The 1/2 belongs to the whole difference, not to the sum of the squares alone.
    hint: identity
(xv**2).sum(0)) -> (xv * V).sum(0))
    In the second part x is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: identity
(xv**2).sum(0)) -> (V**2).sum(0))
    In the second part x is missing: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: identity
xv.sum(0) ** 2 - -> V.sum(0) ** 2 -
    In the first part x is missing: it is the square of the sum of the x_i v_i.
    hint: identity
(xv**2).sum(0)) -> x**2 @ V)
    In the second part v is not squared: it is the sum of (x_i v_i)^2, so x_i^2 times v_i^2.
    hint: identity
xv.sum(0) ** 2 - -> xv.sum(0) -
    In the first part the sum is not squared: it is the square of the sum minus the sum of the squares.
    hint: identity
(xv.sum(0) ** 2 - (xv**2).sum(0)).sum() -> ((xv.sum(0) ** 2).sum() - (xv.sum(1) ** 2).sum())
    In the second part you summed over the k entries before squaring: square each entry of x_i v_i, then add.
    hint: identity
xv.sum(0) ** 2 - (xv**2).sum(0) -> xv.mean(0) ** 2 - (xv**2).mean(0)
    You took means over the features; both are sums.
    hint: identity
0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum() -> (xv.sum(0) ** 2 - (xv**2).sum(0)).sum() // 2
    You divided by 2 with //, which rounds down; write / 2 or 0.5 *.
""",
    identity="Take k = 1 and two features a, b: (a + b)^2 - (a^2 + b^2) = 2 a b. Which part does your code change?",
    entries="The result is one number: the sum over f comes last.",
)
