# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to several_genres, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: loop over slots
def concat_fields(xv, field_of_slot, n_fields):
    out = torch.zeros(xv.shape[0], n_fields, xv.shape[2], dtype=xv.dtype)
    for s in range(xv.shape[1]):
        out[:, field_of_slot[s]] += xv[:, s]
    return out.reshape(len(xv), -1)


# %% right: NumPy add.at
def concat_fields(xv, field_of_slot, n_fields):
    out = np.zeros((n_fields, xv.shape[0], xv.shape[2]), dtype=np.float32)
    np.add.at(out, field_of_slot.numpy(), xv.numpy().transpose(1, 0, 2))
    return out.transpose(1, 0, 2).reshape(xv.shape[0], -1)


# %% right: Python lists
def concat_fields(xv, field_of_slot, n_fields):
    result = []
    for row in xv.tolist():
        fields = [[0.0] * len(row[0]) for _ in range(n_fields)]
        for vector, f in zip(row, field_of_slot.tolist()):
            fields[f] = [a + b for a, b in zip(fields[f], vector)]
        result.append(sum(fields, []))
    return result


# %% right: scatter_add
def concat_fields(xv, field_of_slot, n_fields):
    index = field_of_slot[None, :, None].expand_as(xv)
    zeros = torch.zeros(xv.size(0), n_fields, xv.size(2), dtype=xv.dtype)
    return zeros.scatter_add(1, index, xv).view(xv.size(0), -1)


# %% right: a dictionary of fields
def concat_fields(xv, field_of_slot, n_fields):
    fields = {f: torch.zeros_like(xv[:, 0]) for f in range(n_fields)}
    for s, f in enumerate(field_of_slot.tolist()):
        fields[f] = fields[f] + xv[:, s]
    return torch.hstack([fields[f] for f in range(n_fields)])


# %% right: einsum in float32
def concat_fields(xv, field_of_slot, n_fields):
    here = torch.eye(n_fields)[field_of_slot]
    return torch.einsum("sf,bsk->bfk", here, xv.float()).flatten(1)


# %% wrong: You took the mean over the slots
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.mean(1) if p.shape[1] else xv[:, 0] * 0 for p in parts], dim=1)


# %% wrong: You took the maximum over the slots
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.amax(1) if p.shape[1] else 0 * xv[:, 0] for p in parts], dim=1)


# %% wrong: Only the last slot
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    for s, f in enumerate(field_of_slot):
        out[:, f] = xv[:, s]
    return out.flatten(1)


# %% wrong: Only the last slot
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    out[:, field_of_slot] += xv
    return out.flatten(1)


# %% wrong: Only the first slot
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(xv.shape[0], n_fields, xv.shape[2])
    for s in reversed(range(len(field_of_slot))):
        out[:, field_of_slot[s]] = xv[:, s]
    return out.flatten(1)


# %% wrong: You divided by the square root
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    counts = torch.bincount(field_of_slot, minlength=n_fields).clamp(min=1)
    return (fields / counts.to(xv.dtype).sqrt()[:, None]).flatten(1)


# %% wrong: divided by S
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.flatten(1) / xv.shape[1]


# %% wrong: You multiplied the slots of a field
def concat_fields(xv, field_of_slot, n_fields):
    parts = [xv[:, field_of_slot == f] for f in range(n_fields)]
    return torch.cat([p.prod(1) if p.shape[1] else 0 * xv[:, 0] for p in parts], dim=1)


# %% wrong: A field without a slot
def concat_fields(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields) if (field_of_slot == f).any()], dim=1)


# %% wrong: The zeros of a field without a slot
def concat_fields(xv, field_of_slot, n_fields):
    found = [xv[:, field_of_slot == f].sum(1) for f in field_of_slot.unique()]
    return torch.cat(found + [torch.zeros_like(xv[:, 0])] * (n_fields - len(found)), dim=1)


# %% wrong: You took the slots as sorted
def concat_fields(xv, field_of_slot, n_fields):
    counts = torch.bincount(field_of_slot, minlength=n_fields).tolist()
    return torch.cat([part.sum(1) for part in xv.split(counts, dim=1)], dim=1)


# %% wrong: summed over B
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.sum(0).flatten()


# %% wrong: shape
def concat_fields(xv, field_of_slot, n_fields):
    fields = torch.stack([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], 1)
    return fields.flatten(1).squeeze()


# %% wrong: shape
def concat_fields(xv, field_of_slot, n_fields):
    if xv.shape[1] == 1:
        return xv[:, 0]
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=-1)


# %% wrong: exception
def concat_fields(xv, field_of_slot, n_fields):
    out = xv.new_zeros(len(xv), max(n_fields - 1, 1), xv.shape[2])
    return out.index_add(1, field_of_slot, xv).flatten(1)


# %% wrong: Your code stopped with RuntimeError
def concat_fields(xv, field_of_slot, n_fields):
    out = torch.zeros(len(xv), n_fields, xv.shape[2], dtype=torch.int64)
    for s, f in enumerate(field_of_slot):
        out[:, f] += xv[:, s]
    return out.flatten(1)


# %% wrong: in place
def concat_fields(xv, field_of_slot, n_fields):
    first = {}
    for s, f in enumerate(field_of_slot.tolist()):
        if f in first:
            xv[:, first[f]] += xv[:, s]
        first.setdefault(f, s)
    parts = [xv[:, first[f]] if f in first else torch.zeros_like(xv[:, 0]) for f in range(n_fields)]
    return torch.cat(parts, dim=1)
