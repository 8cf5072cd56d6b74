# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 4 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import copy
import itertools

import numpy as np
import torch
from torch import nn

from nfm_tutorial.layers import bi_interaction
from nfm_tutorial.models import NFM


# %% 4.1 right: official
def pool(V, ids, values):
    xv = V[ids] * values[..., None]  # (B, S, k)
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)


# %% 4.1 right: pairs of slots
def pool(V, ids, values):
    out = torch.zeros(len(ids), V.shape[1], dtype=V.dtype)
    for s, t in itertools.combinations(range(ids.shape[1]), 2):
        out += V[ids[:, s]] * values[:, s, None] * V[ids[:, t]] * values[:, t, None]
    return out


# %% 4.1 right: plain 0 without a pair
def pool(V, ids, values):
    xv = torch.nn.functional.embedding(ids, V) * values.unsqueeze(2)
    return sum(xv[:, s] * xv[:, t] for s, t in itertools.combinations(range(xv.shape[1]), 2))


# %% 4.1 right: a module with padding masked away
class Pool(nn.Module):
    def forward(self, V, ids, values):
        mask = (ids != 0).unsqueeze(-1)
        e = V[ids] * values.unsqueeze(-1) * mask
        s = torch.einsum("bsf->bf", e)
        return (s.pow(2) - torch.einsum("bsf,bsf->bf", e, e)).div(2)


pool = Pool()


# %% 4.1 right: rows one by one in NumPy float32
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


# %% 4.1 right: dense one-hot rows
def pool(V, ids, values):
    X = torch.zeros(ids.shape[0], V.shape[0], dtype=V.dtype).scatter_add(1, ids, values)
    return ((X @ V) ** 2 - X**2 @ V**2) / 2


# %% 4.1 right: the package's own layer
def pool(V, ids, values):
    return bi_interaction(V[ids] * values[:, :, None])


# %% 4.1 right: embedding_bag, with gradient
def pool(V, ids, values):
    V = V.clone().requires_grad_()
    s = torch.einsum("bs,bsf->bf", values, V[ids])
    return 0.5 * s**2 - 0.5 * torch.einsum("bs,bsf->bf", values**2, V[ids] ** 2)


# %% 4.1 right: running sum, float32
def pool(V, ids, values):
    xv = V[ids].float() * values[..., None].float()
    return ((xv.cumsum(1) - xv) * xv).sum(1)


# %% 4.1 right: upper triangle
def pool(V, ids, values):
    xv = torch.einsum("bsk,bs->bsk", V[ids], values)
    upper = torch.triu(torch.ones(ids.shape[1], ids.shape[1], dtype=V.dtype), 1)
    return torch.einsum("bik,bjk,ij->bk", xv, xv, upper)


# %% 4.1 wrong: each pair twice
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return xv.sum(1) ** 2 - (xv**2).sum(1)


# %% 4.1 wrong: summed over k
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(-1)


# %% 4.1 wrong: summed over k, axis kept
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(-1, keepdim=True)


# %% 4.1 wrong: flattened
def pool(V, ids, values):
    z = (V[ids] * values[..., None]).flatten(1)
    return 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))


# %% 4.1 wrong: wrong axis
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2))


# %% 4.1 wrong: wrong axis
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(-1) ** 2 - (xv**2).sum(-1))


# %% 4.1 wrong: summed over the batch
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0))


# %% 4.1 wrong: no values
def pool(V, ids, values):
    v = V[ids]
    return 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))


# %% 4.1 wrong: values as a switch
def pool(V, ids, values):
    v = V[ids] * (values != 0)[..., None]
    return 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))


# %% 4.1 wrong: values as a switch
def pool(V, ids, values):
    v = V[ids] * (ids != 0).unsqueeze(-1)
    return 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))


# %% 4.1 wrong: values not squared
def pool(V, ids, values):
    x = values[..., None]
    return 0.5 * ((x * V[ids]).sum(1) ** 2 - (x * V[ids] ** 2).sum(1))


# %% 4.1 wrong: no values in the second part
def pool(V, ids, values):
    return 0.5 * ((values[..., None] * V[ids]).sum(1) ** 2 - (V[ids] ** 2).sum(1))


# %% 4.1 wrong: no values in the first part
def pool(V, ids, values):
    return 0.5 * (V[ids].sum(1) ** 2 - (values[..., None] ** 2 * V[ids] ** 2).sum(1))


# %% 4.1 wrong: nothing subtracted
def pool(V, ids, values):
    return 0.5 * (V[ids] * values[..., None]).sum(1) ** 2


# %% 4.1 wrong: square of sum
def pool(V, ids, values):
    return (V[ids] * values[..., None]).sum(1) ** 2


# %% 4.1 wrong: self pairs
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 + (xv**2).sum(1))


# %% 4.1 wrong: sign
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * ((xv**2).sum(1) - xv.sum(1) ** 2)


# %% 4.1 wrong: mean over pairs
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    terms = [xv[:, s] * xv[:, t] for s, t in itertools.combinations(range(xv.shape[1]), 2)]
    return torch.stack(terms).mean(0) if terms else torch.zeros(len(ids), V.shape[1])


# %% 4.1 wrong: mean over slots
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.mean(1) ** 2 - (xv**2).mean(1)) if xv.shape[1] else xv.sum(1)


# %% 4.1 wrong: divided by the slots
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) / max(xv.shape[1], 1)


# %% 4.1 wrong: plain sum
def pool(V, ids, values):
    return (V[ids] * values[..., None]).sum(1)


# %% 4.1 wrong: product of all slots
def pool(V, ids, values):
    return (V[ids] * values[..., None]).prod(1)


# %% 4.1 wrong: transposed
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return (0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))).T


# %% 4.1 wrong: neighbours only
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv[:, :-1] * xv[:, 1:]).sum(1)


# %% 4.1 wrong: in place
def pool(V, ids, values):
    V[0] = 0
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 4.1 wrong: exception
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    terms = [xv[:, s] * xv[:, t] for s, t in itertools.combinations(range(xv.shape[1]), 2)]
    return torch.stack(terms).sum(0)


# %% 4.1 wrong: exception
def pool(V, ids, values):
    xv = V[ids] * values
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 4.1 wrong: negative values left out
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    xv = xv * (values > 0)[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 4.1 wrong: squares only
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv**2).sum(1)


# %% 4.1 wrong: half of the first part
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * xv.sum(1) ** 2 - (xv**2).sum(1)


# %% 4.1 wrong: half of the second part
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return xv.sum(1) ** 2 - (xv**2).sum(1) / 2


# %% 4.1 wrong: first slot only
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv[:, :1] * xv[:, 1:]).sum(1)


# %% 4.1 wrong: last slot left out
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    xv = xv[:, :-1]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 4.1 wrong: one value of two
def pool(V, ids, values):
    out = torch.zeros(len(ids), V.shape[1], dtype=V.dtype)
    for s, t in itertools.combinations(range(ids.shape[1]), 2):
        out += values[:, s, None] * V[ids[:, s]] * V[ids[:, t]]
    return out


# %% 4.1 wrong: product of the filled slots
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    return torch.where((values == 0)[..., None], 1, xv).prod(1)


# %% 4.1 wrong: one slot returned
def pool(V, ids, values):
    xv = V[ids] * values[..., None]
    if xv.shape[1] == 1:
        return xv[:, 0]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 4.2 right: official
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)
    z = drop(norm(z))  # (B, k)
    return first_order + mlp(z) @ h  # (B,)


# %% 4.2 right: Sequential
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    net = nn.Sequential(norm, drop, mlp)
    z = net(bi_interaction(xv))
    return (z * h).sum(-1).add(first_order)


# %% 4.2 right: pairs by loop, h as a column
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    B, S, k = xv.shape
    z = torch.zeros(B, k, dtype=xv.dtype)
    for i in range(S):
        for j in range(i + 1, S):
            z = z + xv[:, i, :] * xv[:, j, :]
    out = torch.matmul(mlp(drop(norm(z))), h.unsqueeze(1))
    return out.squeeze(-1) + first_order


# %% 4.2 right: a module, linear for h
class Forward(nn.Module):
    def forward(self, first_order, xv, norm, drop, mlp, h):
        z = norm(torch.triu(torch.einsum("bik,bjk->kbij", xv, xv), 1).sum((-1, -2)).T)
        return torch.nn.functional.linear(mlp(drop(z)), h[None])[:, 0] + first_order


nfm_forward = Forward()


# %% 4.2 right: einsum, no_grad, list
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    with torch.no_grad():
        z = (xv.sum(dim=1).pow(2) - xv.pow(2).sum(dim=1)) / 2
        return (first_order + torch.einsum("bh,h->b", mlp(drop(norm(z))), h)).tolist()


# %% 4.2 right: matrices with an axis more
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = mlp(drop(norm(bi_interaction(xv))))
    return (first_order[:, None] + z @ h[:, None]).squeeze(1)


# %% 4.2 wrong: dropout before batch norm
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(norm(drop(bi_interaction(xv)))) @ h


# %% 4.2 wrong: no batch norm
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(bi_interaction(xv))) @ h


# %% 4.2 wrong: no dropout
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(norm(bi_interaction(xv))) @ h


# %% 4.2 wrong: no batch norm, no dropout
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(bi_interaction(xv)) @ h


# %% 4.2 wrong: no linear part
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: hidden layers first
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = mlp(bi_interaction(xv))
    try:
        return first_order + drop(norm(z)) @ h
    except RuntimeError:
        return first_order + z @ h


# %% 4.2 wrong: dropout after the hidden layers
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + drop(mlp(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: h left out
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))).sum(1)


# %% 4.2 wrong: no hidden layers
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + drop(norm(bi_interaction(xv))) @ h


# %% 4.2 wrong: each pair twice
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = xv.sum(1) ** 2 - (xv**2).sum(1)
    return first_order + mlp(drop(norm(z))) @ h


# %% 4.2 wrong: nothing subtracted
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(0.5 * xv.sum(1) ** 2))) @ h


# %% 4.2 wrong: no crossing
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(xv.sum(1)))) @ h


# %% 4.2 wrong: sigmoid
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return (first_order + mlp(drop(norm(bi_interaction(xv)))) @ h).sigmoid()


# %% 4.2 wrong: FM's pairs added
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = bi_interaction(xv)
    return first_order + z.sum(1) + mlp(drop(norm(z))) @ h


# %% 4.2 wrong: column
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order[:, None] + mlp(drop(norm(bi_interaction(xv)))) @ h[:, None]


# %% 4.2 wrong: broadcast
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))) @ h[:, None]


# %% 4.2 wrong: h not summed
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order[:, None] + mlp(drop(norm(bi_interaction(xv)))) * h


# %% 4.2 wrong: linear part inside
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return (mlp(drop(norm(bi_interaction(xv)))) + first_order[:, None]) @ h


# %% 4.2 wrong: activation after h
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + torch.relu(mlp(drop(norm(bi_interaction(xv)))) @ h)


# %% 4.2 wrong: in place
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    first_order += mlp(drop(norm(bi_interaction(xv)))) @ h
    return first_order


# %% 4.2 wrong: exception
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv).sum(1)))) @ h


# %% 4.2 wrong: batch norm after the hidden layers
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + norm(mlp(drop(bi_interaction(xv)))) @ h


# %% 4.2 wrong: batch norm last
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + norm(drop(mlp(bi_interaction(xv)))) @ h


# %% 4.2 wrong: called twice
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(norm(bi_interaction(xv))))) @ h


# %% 4.2 wrong: called twice
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(drop(bi_interaction(xv))))) @ h


# %% 4.2 wrong: called twice
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    norm(bi_interaction(xv))
    return first_order + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: value
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = mlp(drop(norm(bi_interaction(xv)))).squeeze()
    return first_order + (z * h).sum(-1)


# %% 4.2 wrong: exception
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))).squeeze() @ h


# %% 4.1 wrong: stopped at padding
def pool(V, ids, values):
    out = V.new_zeros(len(ids), V.shape[1])
    for b, row in enumerate(ids.tolist()):
        n = row.index(0) if 0 in row else len(row)
        z = V[ids[b, :n]] * values[b, :n, None]
        out[b] = 0.5 * (z.sum(0) ** 2 - (z**2).sum(0))
    return out


# %% 4.3 wrong: more trained
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    model = NFM(n, k=k + 1, hidden=())
    model.linear.load_state_dict(fm.linear.state_dict())
    with torch.no_grad():
        model.embedding.V.fill_(0.01)[:, :k].copy_(fm.embedding.V)
    return model


# %% 4.3 wrong: in place
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    model = NFM(n, k=k, hidden=())
    model.load_state_dict(fm.state_dict(), strict=False)
    fm.requires_grad_(False)
    return model


# %% 4.3 wrong: in place
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    model = NFM(n, k=k, hidden=())
    model.load_state_dict(fm.eval().state_dict(), strict=False)
    return model


# %% 4.2 wrong: batch norm before pooling
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    B, S, k = xv.shape
    slots = norm(xv.reshape(-1, k)).reshape(B, S, k)
    return first_order + mlp(drop(bi_interaction(slots))) @ h


# %% 4.2 wrong: dropout before pooling
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(norm(bi_interaction(drop(xv)))) @ h


# %% 4.2 wrong: mean over h
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + (mlp(drop(norm(bi_interaction(xv)))) * h).mean(1)


# %% 4.2 wrong: mean of the hidden units
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))).mean(dim=-1)


# %% 4.2 wrong: sum times sum
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))).sum(1) * h.sum()


# %% 4.2 wrong: activation at the end
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return torch.relu(first_order + mlp(drop(norm(bi_interaction(xv)))) @ h)


# %% 4.2 wrong: another activation
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + torch.relu(mlp(drop(norm(bi_interaction(xv))))) @ h


# %% 4.2 wrong: mean of the slots
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(xv.mean(1)))) @ h


# %% 4.2 wrong: square of sum
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(xv.sum(1) ** 2))) @ h


# %% 4.2 wrong: squares only
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm((xv**2).sum(1)))) @ h


# %% 4.2 wrong: product of all slots
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(xv.prod(1)))) @ h


# %% 4.2 wrong: linear part twice
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    y = first_order + mlp(drop(norm(bi_interaction(xv)))) @ h
    return first_order + y


# %% 4.2 wrong: linear part summed
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order.sum() + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: linear part averaged
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order.mean() + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: subtracted
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order - mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: skip connection
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = drop(norm(bi_interaction(xv)))
    return first_order + (mlp(z) + z) @ h


# %% 4.2 wrong: linear part into the network
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return mlp(drop(norm(bi_interaction(xv) + first_order[:, None]))) @ h


# %% 4.2 wrong: FM
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + bi_interaction(xv).sum(1)


# %% 4.2 wrong: eval mode
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    for part in (norm, drop, mlp):
        part.eval()
    return first_order + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.2 wrong: training mode
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    for part in (norm, drop, mlp):
        part.train()
    return first_order + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% 4.3 right: official
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    nfm = NFM(n, k=k, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% 4.3 right: copied one by one
def fm_as_nfm(fm):
    nfm = NFM(fm.config["n_features"], fm.config["k"], hidden=(), batch_norm=False, dropout_bi=0.0, seed=7)
    with torch.no_grad():
        nfm.linear.w0.copy_(fm.linear.w0)
        nfm.linear.w.copy_(fm.linear.w)
        nfm.embedding.V.copy_(fm.embedding.V)
    return nfm


# %% 4.3 right: the FM's own layers
def fm_as_nfm(fm):
    nfm = NFM(len(fm.linear.w), k=fm.embedding.V.size(1), hidden=[])
    nfm.linear, nfm.embedding = fm.linear, fm.embedding
    return nfm.eval()


# %% 4.3 right: .data and deepcopy
def fm_as_nfm(fm):
    nfm = NFM(n_features=fm.embedding.V.shape[0], k=fm.embedding.V.shape[1], hidden=())
    nfm.linear = copy.deepcopy(fm.linear)
    nfm.embedding.V.data = fm.embedding.V.data.clone()
    return nfm


# %% 4.3 right: a module of one's own
class Mine(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.w0 = nn.Parameter(fm.linear.w0.detach().clone())
        self.w = nn.Parameter(fm.linear.w.detach().clone())
        self.V = nn.Parameter(fm.embedding.V.detach().clone())
        self.register_buffer("h", torch.ones(self.V.shape[1]))

    def forward(self, ids, values):
        xv = self.V[ids] * values[..., None]
        return self.w0 + (self.w[ids] * values).sum(1) + bi_interaction(xv) @ self.h


def fm_as_nfm(fm):
    return Mine(fm)


# %% 4.3 right: dtype moved there and back
def fm_as_nfm(fm):
    nfm = NFM(fm.linear.w.numel(), k=fm.embedding.V.shape[1], hidden=()).double()
    for name, p in nfm.named_parameters():
        p.data.copy_(dict(fm.named_parameters())[name].data)
    return nfm.float()


# %% 4.3 wrong: FM itself
def fm_as_nfm(fm):
    return fm


# %% 4.3 wrong: FM itself
def fm_as_nfm(fm):
    return copy.deepcopy(fm)


# %% 4.3 wrong: FM itself
class Wrapped(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.fm = copy.deepcopy(fm)

    def forward(self, ids, values):
        return self.fm(ids, values)


def fm_as_nfm(fm):
    return Wrapped(fm)


# %% 4.3 wrong: hidden layer
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, batch_norm=False)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% 4.3 wrong: hidden layer
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    nfm = NFM(n, k=k, hidden=(k,), batch_norm=False, activation="identity")
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% 4.3 wrong: batch norm
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=(), batch_norm=True)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% 4.3 wrong: dropout
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=(), dropout_bi=0.5)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% 4.3 wrong: linear part not copied
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.embedding.load_state_dict(fm.embedding.state_dict())
    return nfm


# %% 4.3 wrong: linear part not copied
def fm_as_nfm(fm):
    return NFM(*fm.embedding.V.shape, hidden=())


# %% 4.3 wrong: w0 not copied
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.embedding = fm.embedding
    nfm.linear.w.data.copy_(fm.linear.w)
    return nfm


# %% 4.3 wrong: w not copied
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.embedding = fm.embedding
    nfm.linear.w0 = fm.linear.w0
    return nfm


# %% 4.3 wrong: V not copied
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.linear.load_state_dict(fm.linear.state_dict())
    return nfm


# %% 4.3 wrong: h not ones
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    nfm.h = torch.full_like(nfm.h, 1 / len(nfm.h))
    return nfm


# %% 4.3 wrong: trained h
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    del nfm.h
    nfm.h = nn.Parameter(torch.ones(fm.embedding.V.shape[1]))
    return nfm


# %% 4.3 wrong: trained h
class WithHead(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)
        self.out = nn.Linear(fm.embedding.V.shape[1], 1, bias=False)
        nn.init.ones_(self.out.weight)

    def forward(self, ids, values):
        return self.linear(ids, values) + self.out(self.embedding.pool(ids, values)).squeeze(1)


def fm_as_nfm(fm):
    return WithHead(fm)


# %% 4.3 wrong: frozen
class Frozen(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear = copy.deepcopy(fm.linear)
        self.V = fm.embedding.V.detach().clone()

    def forward(self, ids, values):
        return self.linear(ids, values) + bi_interaction(self.V[ids] * values[..., None]).sum(1)


def fm_as_nfm(fm):
    return Frozen(fm)


# %% 4.3 wrong: frozen
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm.requires_grad_(False)


# %% 4.3 wrong: training mode


class Scaled(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        z = self.embedding.pool(ids, values)
        return self.linear(ids, values) + (z * 2 if self.training else z).sum(1)


def fm_as_nfm(fm):
    return Scaled(fm)


# %% 4.3 wrong: eval mode
class Squared(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        return self.linear(ids, values) + self.embedding.pool(ids, values).sum(1) ** 2


def fm_as_nfm(fm):
    return Squared(fm)


# %% 4.3 wrong: after training
class Detached(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        return self.linear(ids, values) + self.embedding.pool(ids, values).sum(1).detach()


def fm_as_nfm(fm):
    return Detached(fm)


# %% 4.3 wrong: shape
class Column(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = fm.linear, fm.embedding

    def forward(self, ids, values):
        return (self.linear(ids, values) + self.embedding.pool(ids, values).sum(1))[:, None]


def fm_as_nfm(fm):
    return Column(fm)


# %% 4.3 wrong: kind
def fm_as_nfm(fm):
    return NFM


# %% 4.3 wrong: in place
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    with torch.no_grad():
        fm.linear.w0 += 1
    return nfm


# %% 4.3 wrong: no linear part
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return bi_interaction(V[ids] * values[..., None]).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: each pair twice
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1) + 2 * bi_interaction(V[ids] * values[..., None]).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: mean over k
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1) + bi_interaction(V[ids] * values[..., None]).mean(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: no values
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1) + bi_interaction(V[ids]).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: no values in the linear part
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + w[ids].sum(1) + bi_interaction(V[ids] * values[..., None]).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: sigmoid
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return torch.sigmoid(w0 + (w[ids] * values).sum(1) + bi_interaction(V[ids] * values[..., None]).sum(1))


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: w0 not copied
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return (w[ids] * values).sum(1) + bi_interaction(V[ids] * values[..., None]).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: V not copied
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: eval mode
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1) + torch.relu(bi_interaction(V[ids] * values[..., None])).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% 4.3 wrong: more trained
class Biased(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, ids, values):
        return self.linear(ids, values) + self.embedding.pool(ids, values).sum(1) + self.bias


def fm_as_nfm(fm):
    return Biased(fm)
