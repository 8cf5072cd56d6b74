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


# %% 3.1 right: Gram matrix and unbind
def deepfm_forward(first_order, xv, mlp, out):
    gram = xv @ xv.transpose(1, 2)
    deep = out(mlp(torch.cat(xv.unbind(1), -1)))[:, 0]
    return first_order + torch.triu(gram, 1).sum((1, 2)) + deep


# %% 3.1 right: list of floats
def deepfm_forward(first_order, xv, mlp, out):
    rows = []
    for y, x in zip(first_order, xv):
        pairs = sum(float(x[i] @ x[j]) for i in range(len(x)) for j in range(i))
        rows.append(float(y) + pairs + out(mlp(x.reshape(1, -1))).item())
    return rows


# %% 3.1 right: without gradients, added in place to a clone
def deepfm_forward(first_order, xv, mlp, out):
    with torch.no_grad():
        y = first_order.clone()
        y += 0.5 * (xv.sum(1).square() - xv.square().sum(1)).sum(-1)
        y += out(mlp(xv.reshape(len(xv), -1))).view(-1)
        return y.numpy()


# %% 3.1 wrong: sigmoid on the DNN
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order + pairs + torch.sigmoid(deep)


# %% 3.1 wrong: sigmoid on the FM
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return torch.sigmoid(first_order + pairs) + deep


# %% 3.1 wrong: mean of sigmoids
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return 0.5 * (torch.sigmoid(first_order + pairs) + torch.sigmoid(deep))


# %% 3.1 wrong: ReLU on the DNN's logit
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order + pairs + torch.relu(deep)


# %% 3.1 wrong: tanh on the DNN's logit
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order + pairs + torch.tanh(deep)


# %% 3.1 wrong: one ReLU too many
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(torch.relu(mlp(xv.flatten(1)))).squeeze(1)
    return first_order + pairs + deep


# %% 3.1 wrong: out not used
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = mlp(xv.flatten(1)).sum(1)
    return first_order + pairs + deep


# %% 3.1 wrong: DNN summed over the batch
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).sum()
    return first_order + pairs + deep


# %% 3.1 wrong: DNN subtracted
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order + pairs - deep


# %% 3.1 wrong: wrong axis
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2)).sum(1)
    return first_order + pairs + deep


# %% 3.1 wrong: wrong axis
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = 0.5 * (xv.sum(-1).square().sum(1) - xv.square().sum((1, 2)))
    return first_order + pairs + deep


# %% 3.1 wrong: pairs over the batch
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()
    return first_order + pairs + deep


# %% 3.1 wrong: pair term subtracted
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return first_order - pairs + deep


# %% 3.1 wrong: half of the first part
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = (0.5 * xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return first_order + pairs + deep


# %% 3.1 wrong: squares added
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = 0.5 * (xv.sum(1) ** 2 + (xv**2).sum(1)).sum(1)
    return first_order + pairs + deep


# %% 3.1 wrong: vectors added up
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = xv.sum((1, 2))
    return first_order + pairs + deep


# %% 3.1 wrong: product of all fields
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = xv.prod(1).sum(1)
    return first_order + pairs + deep


# %% 3.1 wrong: neighbours only
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = (xv[:, :-1] * xv[:, 1:]).sum((1, 2))
    return first_order + pairs + deep


# %% 3.1 wrong: shape
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    return (first_order + pairs + deep).squeeze()


# %% 3.1 wrong: in place
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    squares = xv.sum(1) ** 2
    xv.pow_(2)
    return first_order + 0.5 * (squares - xv.sum(1)).sum(1) + deep


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


# %% 3.2 wrong: last fields left out
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(len(xv), max(n_fields - 1, 1), xv.shape[2])
    return out.index_add(1, field_of_slot, xv).flatten(1)


# %% 3.2 wrong: empty fields left out
def concat_fields(xv, field_of_slot, n_fields):
    if xv.shape[1] == 1:
        return xv[:, 0]
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=-1)


# %% 3.2 wrong: as many fields as occur
def concat_fields(xv, field_of_slot, n_fields):
    n_fields = len(field_of_slot.unique())
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=-1)


# %% 3.2 right: scatter_add
def concat_fields(xv, field_of_slot, n_fields):
    index = field_of_slot[None, :, None].expand_as(xv)
    zeros = torch.zeros(xv.size(0), n_fields, xv.size(2), dtype=xv.dtype)
    return zeros.scatter_add(1, index, xv).view(xv.size(0), -1)


# %% 3.2 right: a dictionary of fields
def concat_fields(xv, field_of_slot, n_fields):
    fields = {f: torch.zeros_like(xv[:, 0]) for f in range(n_fields)}
    for s, f in enumerate(field_of_slot.tolist()):
        fields[f] = fields[f] + xv[:, s]
    return torch.hstack([fields[f] for f in range(n_fields)])


# %% 3.2 right: einsum in float32
def concat_fields(xv, field_of_slot, n_fields):
    here = torch.eye(n_fields)[field_of_slot]
    return torch.einsum("sf,bsk->bfk", here, xv.float()).flatten(1)


# %% 3.2 wrong: divided by the root
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    counts = torch.bincount(field_of_slot, minlength=n_fields).clamp(min=1)
    return (fields / counts.to(xv.dtype).sqrt()[:, None]).flatten(1)


# %% 3.2 wrong: divided by all slots
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.flatten(1) / xv.shape[1]


# %% 3.2 wrong: product
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.prod(1) if p.shape[1] else 0 * xv[:, 0] for p in parts], dim=1)


# %% 3.2 wrong: empty fields left out
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in field_of_slot.unique()], dim=1)


# %% 3.2 wrong: empty fields left out
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields) if (field_of_slot == f).any()], dim=1)


# %% 3.2 wrong: empty fields at the end
def concat_fields(xv, field_of_slot, n_fields):
    found = [xv[:, field_of_slot == f].sum(1) for f in field_of_slot.unique()]
    return torch.cat(found + [torch.zeros_like(xv[:, 0])] * (n_fields - len(found)), dim=1)


# %% 3.2 wrong: last fields left out
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(int(field_of_slot.max()) + 1)], dim=1)


# %% 3.2 wrong: order of appearance
def concat_fields(xv, field_of_slot, n_fields):
    fields = {}
    for s, f in enumerate(field_of_slot.tolist()):
        fields[f] = fields.get(f, 0) + xv[:, s]
    for f in range(n_fields):
        fields.setdefault(f, torch.zeros_like(xv[:, 0]))
    return torch.cat(list(fields.values()), dim=1)


# %% 3.2 wrong: slots taken as sorted
def concat_fields(xv, field_of_slot, n_fields):
    counts = torch.bincount(field_of_slot, minlength=n_fields).tolist()
    return torch.cat([part.sum(1) for part in xv.split(counts, dim=1)], dim=1)


# %% 3.2 wrong: counted from one
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(1, n_fields + 1)], dim=1)


# %% 3.2 wrong: first slots
def concat_fields(xv, field_of_slot, n_fields):
    return xv[:, :n_fields].flatten(1)


# %% 3.2 wrong: all slots everywhere
def concat_fields(xv, field_of_slot, n_fields):
    return xv.sum(1).repeat(1, n_fields)


# %% 3.2 wrong: summed over k
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.sum(2)


# %% 3.2 wrong: summed over the batch
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.sum(0).flatten()


# %% 3.2 wrong: mean
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].mean(1) for f in range(n_fields)], dim=1)


# %% 3.2 wrong: order of the columns
def concat_fields(xv, field_of_slot, n_fields):
    return torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=2).flatten(1)


# %% 3.2 wrong: shape
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.flatten(1).squeeze()


# %% 3.2 wrong: in place
def concat_fields(xv, field_of_slot, n_fields):
    first = {}
    for s, f in enumerate(field_of_slot.tolist()):
        if f in first:
            xv[:, first[f]] += xv[:, s]
        first.setdefault(f, s)
    parts = [xv[:, first[f]] if f in first else torch.zeros_like(xv[:, 0]) for f in range(n_fields)]
    return torch.cat(parts, dim=1)
