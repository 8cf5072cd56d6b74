"""NFM's gradient with respect to v_i."""

from __future__ import annotations

import numpy as np
import torch

from ...layers import bi_interaction
from ..exercise import Exercise

exercise = Exercise(
    title="NFM's gradient with respect to v_i",
    spec=r"""In NFM the pooled vector $f_{BI}$ goes through a network before it becomes part of the score. Let
$J \in \mathbb{R}^k$ be the derivative of the score with respect to the $k$ entries of $f_{BI}$ (for FM it is a
vector of ones). Write `grad_v_nfm(V, x, J)`: row $i$ of the result is

$$\frac{\partial \hat y}{\partial v_i} = J \odot x_i \Big( \sum_j x_j v_j - x_i v_i \Big).$$

`V` is `(n, k)`, `x` is `(n,)`, `J` is `(k,)`, all float32 or float64, $n \ge 1$. Return shape `(n, k)`. Leave
the inputs unchanged.

Example: `V = [[1, 2], [3, -1]]`, `x = [1, 2]`, `J = [1, -2]` give `[[6, 4], [2, -8]]`.""",
    stub='''def grad_v_nfm(V: Tensor, x: Tensor, J: Tensor):
    """(n, k), (n,), (k,) -> (n, k)"""
    return TODO''',
    hints=(
        "Start with FM's gradient, as in chapter 1. Then J: it has one entry per column.",
        "xv = V * x[:, None]; the gradient is J * x[:, None] * (xv.sum(0) - xv).",
    ),
)


@exercise.inputs
def inputs(draw):
    for n, k in ((2, 2), (1, 2), (2, 1), (2, 3), (3, 1), (3, 3), (3, 2), (4, 4), (5, 3)):
        yield draw.nonzero(n, k), draw.nonzero(n), draw.nonzero(k)
    for n, k in ((4, 2), (6, 3), (9, 5)):
        yield draw.real(n, k), draw.real(n), draw.real(k)  # some entries are 0
    yield draw.rough(5, 4), draw.rough(5), draw.rough(4)


@exercise.oracle
def by_loops(V, x, J):
    gradient = np.zeros(V.shape)
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                gradient[i] += J * x[i] * x[j] * V[j]
    return gradient


@exercise.example
def example():
    return ([[1, 2], [3, -1]], [1, 2], [1, -2]), [[6, 4], [2, -8]]


@exercise.right
def grad_v_nfm(V, x, J):
    xv = V * x[:, None]  # (n, k)
    return J * x[:, None] * (xv.sum(0) - xv)  # (n, k)


@exercise.right
def grad_by_autograd(V, x, J):
    V = V.clone().requires_grad_()
    f_bi = bi_interaction((V * x[:, None])[None])[0]  # (k,)
    return torch.autograd.grad(f_bi @ J, V)[0]


exercise.slips(
    """
return J * -> return
    J is missing: this is FM's gradient, where J is ones.
return J * -> return J.sum() *
    You multiplied by the sum of J; each entry f of the gradient has its own J_f.
return J * -> return J.mean() *
    You multiplied by the mean of J; each entry f of the gradient has its own J_f.
return J * x[:, None] * (xv.sum(0) - xv) -> return (x[:, None] * (xv.sum(0) - xv)) @ J
    You took the inner product with J: the result must keep its k entries, multiplied one by one.
return J * x[:, None] * (xv.sum(0) - xv) -> return ((x[:, None] * (xv.sum(0) - xv)) @ J[:, None]).expand(V.shape)
    You took the inner product with J and spread it over the k entries; multiply entry by entry.
return J * -> return J[:, None] *
    You multiplied row i by J_i; J has one entry per column.
    hint: axes
return J * -> return J**2 *
    J is there twice; the chain rule brings it in once.
return J * -> return 1 / J *
    You divided by J; the chain rule multiplies.
return J * -> return J +
    You added J; the chain rule multiplies.
return J * -> return J.abs() *
    You dropped the sign of J.
return J * x[:, None] * (xv.sum(0) - xv) -> return x[:, None] * (J * xv.sum(0) - xv)
    You multiplied only the sum by J; J belongs to the whole bracket.
return J * x[:, None] * (xv.sum(0) - xv) -> return x[:, None] * (xv.sum(0) - J * xv)
    You multiplied only x_i v_i by J; J belongs to the whole bracket.
return J * -> return 0.5 * J *
    There is a factor 1/2 too many: it is in f_BI, and its derivative has none.
(xv.sum(0) - xv) -> xv.sum(0)
    You did not take v_i itself out of the sum: v_i meets the other features, not itself.
    hint: bracket
(xv.sum(0) - xv) -> (xv.sum(0) + xv)
    You added x_i v_i to the sum; it must be subtracted, v_i does not meet itself.
    hint: bracket
(xv.sum(0) - xv) -> (xv.sum(0) - V)
    You subtracted v_i; what must be taken out of the sum is x_i v_i.
    hint: bracket
(xv.sum(0) - xv) -> (xv.sum(0) - x[:, None] * xv)
    You took x_i^2 v_i out of the sum; it is x_i v_i, the other x_i stands in front.
    hint: bracket
(xv.sum(0) - xv) -> (V.sum(0) - xv)
    In the sum over j the x_j is missing: it is the sum of x_j v_j.
    hint: bracket
xv = V * x[:, None] -> xv = V
    In the sum each v_j must be multiplied by its x_j.
    hint: bracket
J * x[:, None] * -> J *
    The factor x_i in front is missing.
    hint: bracket
xv = V * x[:, None] -> xv = V
J * x[:, None] * -> J *
    x is missing altogether: both x_i and x_j scale the gradient.
    hint: bracket
J * x[:, None] * -> J * x[:, None] ** 2 *
    x_i stands twice in front of the bracket; once is enough.
    hint: bracket
J * x[:, None] * -> J * x[:, None].abs() *
    You dropped the sign of x_i.
    hint: bracket
xv = V * x[:, None] -> x = (x != 0).to(V.dtype); xv = V * x[:, None]
    You used x only to see which features are there; x_i and x_j scale the gradient.
    hint: bracket
xv = V * x[:, None] -> xv = V * x
J * x[:, None] * -> J * x *
    You multiplied column f of V by x_f; x_i belongs to row i, so it needs a second axis: x[:, None].
    hint: axes
(xv.sum(0) - xv) -> (xv.sum(1, keepdim=True) - xv)
    You summed over the k entries; the sum runs over the features j, axis 0.
    hint: axes
(xv.sum(0) - xv) -> (xv.sum() - xv)
    You summed over the k entries as well; the sum runs over the features j, axis 0, and is a vector.
    hint: axes
(xv.sum(0) - xv) -> (xv.mean(0) - xv)
    You took the mean over the features in the bracket; it is a sum.
(xv.sum(0) - xv) -> (xv.flip(0).cumsum(0).flip(0) - xv)
    You summed over the later features only; v_i meets all others, before and behind it.
(xv.sum(0) - xv) -> (xv.cumsum(0) - xv)
    You summed over the earlier features only; v_i meets all others, before and behind it.
J * x[:, None] * (xv.sum(0) - xv) -> J * 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0))
    This is J times f_BI itself; its derivative by each v_i is asked.
    hint: Keep the terms of f_BI that contain v_i: what does v_i meet in each of them? There is a row for every i.
""",
    axes="Axis 0 counts the n features, axis 1 the k entries: which axis does x belong to, which J, and which the sum?",
    bracket="Write down x_i v_i for every feature first. Then row i: all of them added up, without its own, times x_i.",
)


@exercise.wrong
def feature_alone(V, x, J):
    """A feature alone meets no other: its gradient is 0."""
    return J * x[:, None] ** 2 * V if len(x) == 1 else grad_v_nfm(V, x, J)
