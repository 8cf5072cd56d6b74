"""What doubling one x_i does."""

from __future__ import annotations

import torch

from ..exercise import Exercise

exercise = Exercise(
    title="What doubling one x_i does",
    spec=r"""An FM has $\hat y(x) = w_0 + \sum_i w_i x_i + \sum_{i<j} \langle v_i, v_j\rangle x_i x_j$. Somebody
doubles one entry, $x_i$, and leaves the others as they are. Write `change_when_doubled(w, V, x, i)`: by how
much $\hat y$ changes (new minus old).

`w` is `(n,)`, `V` is `(n, k)`, `x` is `(n,)`, all float32 or float64, $n \ge 1$; `i` is a Python index (from
0). You need not know $w_0$. Return one number: a float or a tensor with one entry. Leave the inputs unchanged.

Example: `w = [1, -2]`, `V = [[1], [3]]`, `x = [2, 1]`: $\hat y - w_0 = 0 + 6$. With $x_1$ doubled it is $2 + 12$, so
`change_when_doubled(w, V, x, 0)` is 8.""",
    stub='''def change_when_doubled(w: Tensor, V: Tensor, x: Tensor, i: int):
    """(n,), (n, k), (n,), index -> one number"""
    return TODO''',
    hints=(
        "Which terms of y contain x_i at all? All the others cancel in new minus old. Check i = 1 in the example: 4.",
        "Every term with x_i is linear in it, so doubling x_i adds each of them once more: "
        "w_i x_i + x_i <v_i, sum over j != i of x_j v_j>.",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([3.0]), torch.tensor([[2.0]]), torch.tensor([1.5]), 0
    for i in (0, 1):
        yield torch.tensor([1.0, -2.0]), torch.tensor([[1.0], [3.0]]), torch.tensor([2.0, 1.0]), i
    for n, k, i in ((2, 2, 1), (3, 2, 0), (3, 1, 2), (5, 3, 2), (8, 4, 7)):
        yield draw.nonzero(n), draw.nonzero(n, k), draw.nonzero(n), i
    yield draw.real(4), draw.real(4, 3), torch.tensor([1.5, -1.0, 0.5, 0.0]), 3
    for n, k, i in ((6, 4, 1), (5, 3, 4), (7, 2, 3)):
        yield draw.rough(n), draw.rough(n, k), draw.rough(n), i


@exercise.oracle
def term_by_term(w, V, x, i):
    change = w[i] * x[i]
    for j in range(len(x)):
        if j != i:
            change += (V[i] @ V[j]) * x[i] * x[j]
    return change


@exercise.example
def example():
    return ([1, -2], [[1], [3]], [2, 1], 0), 8


@exercise.right
def change_when_doubled(w, V, x, i):
    others = x @ V - x[i] * V[i]  # (k,): sum over j != i of x_j v_j
    return x[i] * (w[i] + V[i] @ others)


@exercise.right
def new_minus_old(w, V, x, i):
    def y(x):
        xv = V * x[:, None]  # (n, k)
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    doubled = x.clone()
    doubled[i] *= 2
    return y(doubled) - y(x)


# Term by term.
exercise.slips(
    """
w[i] + V[i] @ others -> V[i] @ others
    You left out the linear part: doubling x_i adds w_i x_i as well.
w[i] + V[i] @ others -> w[i]
    You left out the pairs: every pair that contains x_i doubles, too.
x[i] * (w[i] + V[i] @ others) -> w[i] + x[i] * (V[i] @ others)
    In the linear part x_i is missing: it changes by w_i x_i.
x[i] * (w[i] + V[i] @ others) -> w @ x + x[i] * (V[i] @ others)
    You took the whole linear part; only w_i x_i changes.
x @ V - x[i] * V[i] -> x @ V
    You let feature i meet itself: the pairs are those with j different from i.
x @ V - x[i] * V[i] -> x @ V - V[i]
    You subtracted v_i without its x_i: the sum over all j holds x_i v_i.
x @ V - x[i] * V[i] -> V.sum(0) - V[i]
    In the pairs x_j is missing: each is <v_i, v_j> x_i x_j.
x @ V - x[i] * V[i] -> x[i + 1 :] @ V[i + 1 :]
    You took only the pairs (i, j) with j after i; x_i also meets the features before it.
x @ V - x[i] * V[i] -> x[:i] @ V[:i]
    You took only the pairs (j, i) with j before i; x_i also meets the features after it.
return x[i] * ( -> return (
    The factor x_i is missing: the change is x_i times the slope of y in x_i, as x_i grows by x_i, not by 1.
return x[i] * ( -> return 2 * x[i] * (
    This is what the terms with x_i are worth after doubling; the change is the new value minus the old one.
+ V[i] @ others -> + 2 * V[i] @ others
    You took the pairs twice: new minus old leaves each pair with x_i once. (Or the 1/2 of the identity is missing in
    y.)
+ V[i] @ others -> + 0.5 * V[i] @ others
    You took half of the pairs: each pair with x_i stands once in y, and doubling adds it once more.
+ V[i] @ others -> + 3 * V[i] @ others
    You let the pairs with x_i grow fourfold; x_i stands once in each of them, so they double.
+ V[i] @ others -> + 4 * V[i] @ others
    You took the pairs with x_i four times; x_i stands once in each of them, so they double, and the change is their old
    value.
+ V[i] @ others -> - V[i] @ others
    You subtracted the pairs; they are added, as the linear part is.
others = -> i = i - 1; others =
    You counted from 1: in Python, i = 0 is the first feature.
others = -> i = 0; others =
    You doubled the first entry whatever i is.
""",
)

# Computing y twice.
exercise.slips(
    """
return y(doubled) - y(x) -> return y(doubled)
    This is the new y; asked is the change, new minus old.
return y(doubled) - y(x) -> return y(x)
    This is the old y; asked is the change.
y(doubled) - y(x) -> y(x) - y(doubled)
    The sign is the other way round: the change is new minus old.
y(doubled) - y(x) -> y(doubled) / y(x)
    This is the new y divided by the old one; asked is new minus old.
doubled[i] *= 2 -> doubled *= 2
    You doubled every entry of x; only x_i is doubled.
doubled[i] *= 2 -> doubled[i] **= 2
    You squared x_i; it is doubled.
doubled[i] *= 2 -> doubled[i] += 2
    You added 2 to x_i; it is doubled.
- (xv**2).sum(0) -> + (xv**2).sum(0)
    You let feature i meet itself: FM has no x_i squared, so the change is linear in x_i.
(xv.sum(0) ** 2 - (xv**2).sum(0)) -> (xv.sum(0) ** 2)
    In your y the pair term is half the square of the sum; the sum of the squares must be subtracted first.
x.clone() -> x
    The change comes out as 0: `a = x` makes no copy, so old and new y were computed from the same x.
""",
)
