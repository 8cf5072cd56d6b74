# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to pairs_by_loops, as readers write them.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn


# %% right: three Python loops with floats
def pair_sum(V: torch.Tensor, x: torch.Tensor) -> float:
    V, x = V.tolist(), x.tolist()
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            dot = 0.0
            for a, b in zip(V[i], V[j]):
                dot += a * b
            total = total + dot * x[i] * x[j]
    return total


# %% right: NumPy einsum, all ordered pairs halved
def pair_sum(V, x):
    V, x = np.asarray(V), np.asarray(x)
    full = np.einsum("if,jf,i,j->", V, V, x, x)
    own = np.einsum("if,if,i,i->", V, V, x, x)
    return 0.5 * (full - own)


# %% right: identity in float32, result of shape (1,)
def pair_sum(V, x, half=0.5):
    xv = (V * x[:, None]).float()
    return (half * (xv.sum(0) ** 2 - (xv**2).sum(0))).sum(0, keepdim=True)


# %% right: a module
class PairSum(nn.Module):
    def forward(self, V, x):
        s = x @ V
        return 0.5 * (s @ s - (x**2) @ (V**2).sum(-1))


pair_sum = PairSum()


# %% right: requires grad, prints a lot
def pair_sum(*args):
    V, x = args
    V = V.clone().requires_grad_()
    y = torch.zeros((), dtype=V.dtype)
    for i in range(len(x) - 1):
        print("feature", i)
        y = y + (V[i + 1 :] @ V[i] * x[i + 1 :]).sum() * x[i]
    return y


# %% wrong: You took half the square of the sum
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(len(x))) / 2


# %% wrong: exception
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(1, len(x) + 1))


# %% wrong: exception
def pair_sum(V, x):
    return torch.stack([V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2)]).sum()


# %% wrong: Your code mixes float32 and float64
def pair_sum(V, x):
    total = torch.zeros(V.shape[1])
    for i, j in itertools.combinations(range(len(x)), 2):
        total += V[i] * V[j] * x[i] * x[j]
    return total @ torch.ones(V.shape[1], dtype=torch.float64)


# %% wrong: in place
def pair_sum(V, x):
    V *= x[:, None]
    return sum(V[i] @ V[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% wrong: value
def pair_sum(V, x):
    return sum(int(V[i] @ V[j] * x[i] * x[j]) for i, j in itertools.combinations(range(len(x)), 2))


# %% wrong: kind
def pair_sum(V, x):
    return (V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% wrong: kind
def pair_sum(V, x):
    if len(x) > 1:
        return torch.triu(V @ V.T * torch.outer(x, x), 1).sum()
