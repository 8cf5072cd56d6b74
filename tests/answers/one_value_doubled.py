# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to one_value_doubled, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: the slope of y by autograd times x_i
def change_when_doubled(w, V, x, i):
    x = x.clone().requires_grad_(True)
    xv = V * x.unsqueeze(-1)
    y = (w * x).sum() + 0.5 * ((xv.sum(0)) ** 2 - (xv**2).sum(0)).sum()
    (slope,) = torch.autograd.grad(y, x)
    return slope[i] * x[i]


# %% right: NumPy with a mask
def change_when_doubled(w, V, x, i):
    w, V, x = np.array(w), np.array(V), np.array(x)
    mask = np.arange(x.size) != i
    return np.float64(x[i] * (w[i] + V[i] @ (V[mask] * x[mask, None]).sum(axis=0)))


# %% right: one-hot step in float32, some w0
def change_when_doubled(w, V, x, i):
    w, V, x = w.float(), V.float(), x.float()
    onehot = torch.zeros_like(x)
    onehot[i] = 1.0

    def y(x):
        G = (V @ V.T) * torch.outer(x, x)
        return 0.3 + (w * x).sum() + (G.sum() - G.trace()) / 2

    return (y(x + onehot * x) - y(x)).item()


# %% wrong: You took the pairs twice: new minus old
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] *= 2
    return y(new) - y(x)


# %% wrong: You let the pairs with x_i grow fourfold;
def change_when_doubled(w, V, x, i):
    def y(x, V):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new_x, new_V = x.clone(), V.clone()
    new_x[i] *= 2
    new_V[i] *= 2
    return y(new_x, new_V) - y(x, V)


# %% wrong: The factor x_i is missing: the change is
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] += 1
    return y(new) - y(x)


# %% wrong: absolute
def change_when_doubled(w, V, x, i):
    return abs(x[i] * (w[i] + V[i] @ (x @ V - x[i] * V[i])))


# %% wrong: in place
def change_when_doubled(w, V, x, i):
    def y():
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    old = y()
    x[i] *= 2
    return y() - old


# %% wrong: Every result is the expected one times 0.5
def change_when_doubled(w, V, x, i):
    return 0.5 * x[i] * (w[i] + V[i] @ (x @ V - x[i] * V[i]))
