# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 3 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn


# %% 3.1 right: official
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order + pairs + deep


# %% 3.1 right: columns throughout, squeezed at the end
def deepfm_forward(first_order, xv, mlp, out):
    B, F, k = xv.shape
    y = first_order.view(-1, 1)
    for i in range(F):
        for j in range(i + 1, F):
            y = y + (xv[:, i] * xv[:, j]).sum(-1, keepdim=True)
    return (y + out(mlp(xv.reshape(B, F * k)))).view(-1)


# %% 3.1 right: row by row
def deepfm_forward(first_order, xv, mlp, out):
    scores = []
    for a, row in zip(first_order, xv):
        second = sum((row[i] @ row[j] for i, j in itertools.combinations(range(len(row)), 2)), torch.tensor(0.0))
        scores.append((a + second + out(mlp(row.reshape(1, -1)))[0, 0]).item())
    return scores


# %% 3.1 right: a module with einsum
class DeepFMForward(nn.Module):
    def forward(self, first_order, xv, mlp, out):
        gram = torch.einsum("bik,bjk->bij", xv, xv)
        pairs = (gram.sum((1, 2)) - torch.einsum("bii->b", gram)) / 2
        with torch.no_grad():
            return first_order + pairs + out(mlp(torch.cat(list(xv.unbind(1)), dim=1)))[:, 0]


deepfm_forward = DeepFMForward()


# %% 3.1 right: NumPy for the sums
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.view(xv.size(0), -1))).detach().numpy().ravel()
    x = xv.numpy()
    return first_order.numpy() + np.triu(x @ x.transpose(0, 2, 1), 1).sum(axis=(1, 2)) + deep


# %% 3.1 wrong: sigmoid
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return torch.sigmoid(first_order + pairs + out(mlp(xv.flatten(1))).squeeze(1))


# %% 3.1 wrong: sum of sigmoids
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return torch.sigmoid(first_order + pairs) + torch.sigmoid(out(mlp(xv.flatten(1))).squeeze(1))


# %% 3.1 wrong: no pair term
def deepfm_forward(first_order, xv, mlp, out):
    return first_order + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: no linear part
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return pairs + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: no DNN
def deepfm_forward(first_order, xv, mlp, out):
    return first_order + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 3.1 wrong: DNN alone
def deepfm_forward(first_order, xv, mlp, out):
    return out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: linear part twice
def deepfm_forward(first_order, xv, mlp, out):
    fm = first_order + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return first_order + fm + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: each pair twice
def deepfm_forward(first_order, xv, mlp, out):
    pairs = (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return first_order + pairs + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: nothing subtracted
def deepfm_forward(first_order, xv, mlp, out):
    return first_order + 0.5 * (xv.sum(1) ** 2).sum(1) + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: mean over k
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).mean(1)
    return first_order + pairs + out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: flattened pair term
def deepfm_forward(first_order, xv, mlp, out):
    z = xv.flatten(1)
    return first_order + 0.5 * (z.sum(1) ** 2 - (z**2).sum(1)) + out(mlp(z)).squeeze(1)


# %% 3.1 wrong: averaged
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return torch.stack([first_order + pairs, out(mlp(xv.flatten(1))).squeeze(1)]).mean(0)


# %% 3.1 wrong: multiplied
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (first_order + pairs) * out(mlp(xv.flatten(1))).squeeze(1)


# %% 3.1 wrong: order of the columns
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return first_order + pairs + out(mlp(xv.transpose(1, 2).flatten(1))).squeeze(1)


# %% 3.1 wrong: column
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1, keepdim=True)
    return first_order[:, None] + pairs + out(mlp(xv.flatten(1)))


# %% 3.1 wrong: broadcast
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return first_order + pairs + out(mlp(xv.flatten(1)))


# %% 3.1 wrong: not summed over k
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return first_order[:, None] + pairs + out(mlp(xv.flatten(1)))


# %% 3.1 wrong: shape
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (first_order + pairs + out(mlp(xv.flatten(1))).squeeze()).squeeze()


# %% 3.1 wrong: exception
def deepfm_forward(first_order, xv, mlp, out):
    z = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return first_order + z.sum(1) + out(mlp(z)).squeeze(1)


# %% 3.2 right: official
def concat_fields(xv, field_of_slot, n_fields):
    B, S, k = xv.shape
    fields = xv.new_zeros(B, n_fields, k)
    return fields.index_add(1, field_of_slot, xv).flatten(1)


# %% 3.2 right: loop over slots
def concat_fields(xv, field_of_slot, n_fields):
    out = torch.zeros(xv.shape[0], n_fields, xv.shape[2], dtype=xv.dtype)
    for s in range(xv.shape[1]):
        out[:, field_of_slot[s]] += xv[:, s]
    return out.reshape(len(xv), -1)


# %% 3.2 right: matrix product with a one-hot matrix
def concat_fields(xv, field_of_slot, n_fields):
    M = torch.nn.functional.one_hot(field_of_slot, n_fields).to(xv.dtype)
    return torch.einsum("bsk,sf->bfk", xv, M).reshape(xv.shape[0], n_fields * xv.shape[2])


# %% 3.2 right: mask and cat
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=-1)


# %% 3.2 right: NumPy add.at
def concat_fields(xv, field_of_slot, n_fields):
    out = np.zeros((n_fields, xv.shape[0], xv.shape[2]), dtype=np.float32)
    np.add.at(out, field_of_slot.numpy(), xv.numpy().transpose(1, 0, 2))
    return out.transpose(1, 0, 2).reshape(xv.shape[0], -1)


# %% 3.2 right: Python lists
def concat_fields(xv, field_of_slot, n_fields):
    result = []
    for row in xv.tolist():
        fields = [[0.0] * len(row[0]) for _ in range(n_fields)]
        for vector, f in zip(row, field_of_slot.tolist()):
            fields[f] = [a + b for a, b in zip(fields[f], vector)]
        result.append(sum(fields, []))
    return result


# %% 3.2 wrong: mean
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.mean(1) if p.shape[1] else xv[:, 0] * 0 for p in parts], dim=1)


# %% 3.2 wrong: last slot only
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    for s, f in enumerate(field_of_slot):
        out[:, f] = xv[:, s]
    return out.flatten(1)


# %% 3.2 wrong: last slot only
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    out[:, field_of_slot] += xv
    return out.flatten(1)


# %% 3.2 wrong: first slot only
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    for s in reversed(range(len(field_of_slot))):
        out[:, field_of_slot[s]] = xv[:, s]
    return out.flatten(1)


# %% 3.2 wrong: every slot side by side
def concat_fields(xv, field_of_slot, n_fields):
    return xv.flatten(1)


# %% 3.2 wrong: not flattened
def concat_fields(xv, field_of_slot, n_fields):
    return xv.new_zeros(len(xv), n_fields, xv.shape[2]).index_add(1, field_of_slot, xv)


# %% 3.2 wrong: order of the columns
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(len(xv), n_fields, xv.shape[2]).index_add(1, field_of_slot, xv)
    return out.transpose(1, 2).flatten(1)


# %% 3.2 wrong: summed over fields
def concat_fields(xv, field_of_slot, n_fields):
    return xv.sum(1)


# %% 3.2 wrong: maximum
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.amax(1) if p.shape[1] else 0 * xv[:, 0] for p in parts], dim=1)


# %% 3.2 wrong: exception
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(len(xv), max(n_fields - 1, 1), xv.shape[2])
    return out.index_add(1, field_of_slot, xv).flatten(1)


# %% 3.2 wrong: shape
def concat_fields(xv, field_of_slot, n_fields):
    n_fields = len(field_of_slot.unique())
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=-1)
