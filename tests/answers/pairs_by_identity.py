# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to pairs_by_identity, as readers write them.
# %% imports
import numpy as np
import torch
from torch import nn


# %% right: one loop over features
def pair_sum_fast(V, x):
    s = q = 0
    for i in range(V.size(0)):
        s = s + x[i] * V[i]
        q = q + (x[i] * V[i]) ** 2
    return float(torch.as_tensor(0.5 * (s * s - q)).sum())


# %% right: einsum in float32
def pair_sum_fast(V, x):
    V, x = V.float(), x.float()
    s = torch.einsum("i,if->f", x, V)
    return 0.5 * (torch.einsum("f,f->", s, s) - torch.einsum("i,if,i,if->", x, V, x, V))


# %% right: NumPy, one of the k columns after the other
def pair_sum_fast(V, x):
    V, x = V.numpy(), x.numpy()
    total = 0.0
    for f in range(V.shape[1]):
        column = V[:, f] * x
        total += column.sum() ** 2 - np.dot(column, column)
    return total * 0.5


# %% right: the triangle in one matrix product
def pair_sum_fast(V, x):
    xv = V * x.reshape(-1, 1)
    gram = xv @ xv.t()
    return 0.5 * (gram.sum() - gram.diagonal().sum())


# %% right: a parameter that requires grad, result of shape (1, 1)
def pair_sum_fast(V, x):
    xv = nn.Parameter(V.clone()) * x.unsqueeze(1)
    return 0.5 * (xv.sum(0).pow(2).sum() - xv.pow(2).sum()).reshape(1, 1)


# %% wrong: The results are close, but off by
def pair_sum_fast(V, x):
    xv = V.half().float() * x.half().float()[:, None]
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% wrong: Your code stopped with RuntimeError
def pair_sum_fast(V, x):
    s = x.half() @ V
    return 0.5 * (s @ s - (x**2) @ (V**2).sum(1))


# %% wrong: You counted each pair twice
def pair_sum_fast(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(len(x)) if i != j)


# %% wrong: endless
def pair_sum_fast(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(i + 1, len(x)))


# %% wrong: in place
def pair_sum_fast(V, x):
    V *= x[:, None]
    return 0.5 * (V.sum(0) ** 2 - (V**2).sum(0)).sum()
