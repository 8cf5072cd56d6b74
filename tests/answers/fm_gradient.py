# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to fm_gradient, as readers write them.
# %% imports
import itertools

import numpy as np
import torch


# %% right: autograd
def grad_v(V, x):
    V = V.clone().requires_grad_()
    xv = V * x[:, None]
    y = 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()
    return torch.autograd.grad(y, V)[0]


# %% right: loops into a list of lists
def grad_v(V, x):
    n, k = V.shape
    rows = []
    for i in range(n):
        row = []
        for f in range(k):
            row.append(sum(float(x[i] * x[j] * V[j, f]) for j in range(n) if j != i))
        rows.append(row)
    return rows


# %% right: a matrix with a zero diagonal
def grad_v(V, x):
    pairs = torch.outer(x, x)
    pairs.fill_diagonal_(0)
    return pairs @ V


# %% right: NumPy in float32
def grad_v(V, x):
    V, x = V.numpy().astype(np.float32), x.numpy().astype(np.float32)[:, np.newaxis]
    return x * ((x * V).sum(axis=0, keepdims=True) - x * V)


# %% right: functional autograd
def grad_v(V, x):
    def y(V):
        return torch.triu((V @ V.T) * torch.outer(x, x), 1).sum()

    return torch.func.grad(y)(V)


# %% right: list of tensors
def grad_v(V, x):
    total = x @ V
    return [x[i] * (total - x[i] * V[i]) for i in range(len(x))]


# %% right: central differences
def grad_v(V, x):
    V, x, h = V.double(), x.double(), 1e-4
    grad = torch.zeros_like(V)

    def y(V):
        xv = V * x[:, None]
        return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    for i, f in itertools.product(range(V.shape[0]), range(V.shape[1])):
        step = torch.zeros_like(V)
        step[i, f] = h
        grad[i, f] = (y(V + step) - y(V - step)) / (2 * h)
    return grad


# %% wrong: The result is twice the gradient
def grad_v(V, x):
    V = V.clone().requires_grad_()
    xv = V * x[:, None]
    (xv.sum(0) ** 2 - (xv**2).sum(0)).sum().backward()
    return V.grad


# %% wrong: You summed over k, axis 1 of the result
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv)).sum(1)


# %% wrong: row
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv))[None]


# %% wrong: in place
def grad_v(V, x):
    V *= x[:, None]
    return x[:, None] * (V.sum(0) - V)


# %% wrong: nan
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] ** 2 * (xv.sum(0) - xv) / x[:, None]
