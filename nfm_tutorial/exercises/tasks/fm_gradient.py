"""FM's gradient with respect to v_i."""

from __future__ import annotations

import numpy as np

from ..exercise import Exercise

exercise = Exercise(
    title="FM's gradient with respect to v_i",
    spec=r"""Write `grad_v(V, x)`: the gradient of FM's score $\hat y$ with respect to every $v_i$, by a formula.
Row $i$ of the result is

$$\frac{\partial \hat y}{\partial v_i} = x_i \Big( \sum_j x_j v_j - x_i v_i \Big).$$

`V` is `(n, k)` and `x` is `(n,)`, float32 or float64, $n \ge 1$. Return an array or tensor of shape `(n, k)`.
Leave `V` and `x` unchanged.

Example: `V = [[1, 2], [3, -1]]` and `x = [1, 2]` give `[[6, -2], [2, 4]]`: row 1 is $1 \cdot 2 \cdot (3, -1)$.""",
    stub='''def grad_v(V: Tensor, x: Tensor):
    """(n, k) and (n,) -> (n, k)"""
    return TODO''',
    hints=(
        "The sum over j is the same k-vector for every i; compute it once, then take x_i v_i out of it row by row.",
        "xv = V * x[:, None]; the gradient is x[:, None] * (xv.sum(0) - xv).",
    ),
)


@exercise.inputs
def inputs(draw):
    for n, k in ((1, 2), (2, 1), (2, 2), (3, 1), (3, 2), (4, 4), (5, 3)):
        yield draw.nonzero(n, k), draw.nonzero(n)
    yield draw.real(4, 2), draw.nonzero(4)
    for n, k in ((5, 2), (9, 5)):
        yield draw.nonzero(n, k), draw.real(n)
    for n, k in ((6, 3), (7, 4), (3, 2)):
        yield draw.rough(n, k), draw.rough(n)


@exercise.oracle
def pair_by_pair(V, x):
    gradient = np.zeros(V.shape)
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                gradient[i] += x[i] * x[j] * V[j]
    return gradient


@exercise.example
def example():
    return ([[1, 2], [3, -1]], [1, 2]), [[6, -2], [2, 4]]


@exercise.right
def grad_v(V, x):
    xv = V * x[:, None]  # (n, k)
    others = xv.sum(0) - xv  # (n, k): row i is the sum over j != i
    return x[:, None] * others


exercise.slips(
    """
xv.sum(0) - xv -> xv.sum(0)
    You did not take v_i itself out of the sum: v_i meets the other features, not itself.
xv.sum(0) - xv -> xv.sum(0) - V
    You subtracted v_i without its x: x_i v_i is taken out in the bracket, and x_i stands before it as well.
xv.sum(0) - xv -> xv.sum(0) + xv
    You added x_i v_i to the sum; it must be subtracted.
xv.sum(0) - xv -> xv.sum(0) - 2 * xv
    You took x_i v_i out twice; once is enough. (In the identity the 1/2 belongs to both parts.)
xv.sum(0) - xv -> xv - xv.sum(0)
    The sign is the other way round: it is the sum minus x_i v_i.
xv.sum(0) - xv -> V.sum(0) - V
    In the sum each v_j must be multiplied by its x_j.
xv.sum(0) - xv -> V.sum(0) - xv
    In the sum each v_j must be multiplied by its x_j, as you did with the v_i that is taken out.
xv.sum(0) - xv -> xv.sum(1, keepdim=True) - xv
    You summed over the k entries; the sum over j runs over the features and is a k-vector.
    hint: Which axis of xv, shape (n, k), counts the features?
xv.sum(0) - xv -> xv.mean(0) - xv
    You took the mean over the features; the sum over j adds them up.
xv.sum(0) - xv -> xv.flip(0).cumsum(0).flip(0) - xv
    You took only the features after i; v_i also meets the ones before it.
xv.sum(0) - xv -> xv.cumsum(0) - xv
    You took only the features before i; v_i also meets the ones after it.
V * x[:, None] -> V * x
    V * x lines up x with the k columns of V; row i must be multiplied by x_i: V * x[:, None].
x[:, None] -> x
    x times a (n, k) tensor lines up x with the k columns; row i must be multiplied by x_i: x[:, None] * ....
return x[:, None] * others -> return others
    The factor x_i in front is missing: a feature with x_i = 0 gets no gradient at all.
V * x[:, None] -> V
return x[:, None] * others -> return others
    x is missing altogether: both x_i and x_j scale the gradient.
return x[:, None] * -> return x[:, None] ** 2 *
    The factor in front is x_i, not x_i squared.
return x[:, None] * -> return 2 * x[:, None] *
    The result is twice the gradient: each pair occurs once in FM, and the 2 from the square meets the 1/2.
return x[:, None] * -> return 0.5 * x[:, None] *
    The result is half the gradient: the 1/2 of the identity meets the 2 from the square, so it is gone.
x[:, None] * others -> (V * others).sum(1)
    This is the gradient with respect to x_i, one number per feature; asked is the one with respect to v_i, a k-vector
    per feature.
""",
)
