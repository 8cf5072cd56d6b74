# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to pool_by_identity, as readers write them.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn


# %% right: plain 0 without a pair
def pool(V, ids, values):
    xv = torch.nn.functional.embedding(ids, V) * values.unsqueeze(2)
    return sum(xv[:, s] * xv[:, t] for s, t in itertools.combinations(range(xv.shape[1]), 2))


# %% right: a module with padding masked away
class Pool(nn.Module):
    def forward(self, V, ids, values):
        mask = (ids != 0).unsqueeze(-1)
        e = V[ids] * values.unsqueeze(-1) * mask
        s = torch.einsum("bsf->bf", e)
        return (s.pow(2) - torch.einsum("bsf,bsf->bf", e, e)).div(2)


pool = Pool()


# %% right: rows one by one in NumPy float32
def pool(V, ids, values):
    V, ids, values = V.numpy().astype("float32"), ids.numpy(), values.numpy().astype("float32")
    out = np.zeros((ids.shape[0], V.shape[1]), dtype=np.float32)
    for b in range(ids.shape[0]):
        seen = np.zeros(V.shape[1])
        for i, x in zip(ids[b], values[b]):
            if x == 0:
                continue
            out[b] += seen * x * V[i]
            seen += x * V[i]
    return out


# %% right: dense one-hot rows
def pool(V, ids, values):
    X = torch.zeros(ids.shape[0], V.shape[0], dtype=V.dtype).scatter_add(1, ids, values)
    return ((X @ V) ** 2 - X**2 @ V**2) / 2


# %% right: embedding_bag, with gradient
def pool(V, ids, values):
    V = V.clone().requires_grad_()
    s = torch.einsum("bs,bsf->bf", values, V[ids])
    return 0.5 * s**2 - 0.5 * torch.einsum("bs,bsf->bf", values**2, V[ids] ** 2)


# %% wrong: You used the ids to see which
def pool(V, ids, values):
    v = V[ids] * (ids != 0).unsqueeze(-1)
    return 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))


# %% wrong: in place
def pool(V, ids, values):
    V[0] = 0
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% wrong: exception
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    terms = [xv[:, s] * xv[:, t] for s, t in itertools.combinations(range(xv.shape[1]), 2)]
    return torch.stack(terms).sum(0)


# %% wrong: V[ids] has shape (B, S, k) and values (B, S)
def pool(V, ids, values):
    xv = V[ids] * values
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
