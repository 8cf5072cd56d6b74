# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to offsets_of_fields, as readers write them.
# %% imports
import itertools

import numpy as np
import torch


# %% right: columns in a loop
def global_ids(local, sizes):
    out, start = local.clone(), 0
    for f, size in enumerate(sizes):
        out[:, f] += start
        start += size
    return out


# %% right: list of lists
def global_ids(local: torch.Tensor, sizes):
    return [[int(i) + sum(sizes[:f]) for f, i in enumerate(row)] for row in local]


# %% right: accumulate, int32, NumPy
def global_ids(local, sizes):
    starts = list(itertools.accumulate(sizes, initial=0))[:-1]
    return local.numpy().astype(np.int32) + np.array(starts, dtype=np.int32)


# %% wrong: Your offsets pass through float32
def global_ids(local, sizes):
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.float32)
    return local + torch.from_numpy(starts.astype(np.int64))


# %% wrong: in place
def global_ids(local, sizes):
    start = 0
    for f, size in enumerate(sizes):
        local[:, f] += start
        start += size
    return local


# %% wrong: in place
def global_ids(local, sizes):
    sizes.insert(0, 0)
    return local + torch.tensor(sizes[:-1]).cumsum(0)


# %% wrong: The result is transposed
def global_ids(local, sizes):
    return torch.stack([local[:, f] + sum(sizes[:f]) for f in range(local.shape[1])])


# %% wrong: All numbers stand in one row
def global_ids(local, sizes):
    return [int(i) + sum(sizes[:f]) for row in local for f, i in enumerate(row)]


# %% wrong: exception
def global_ids(local, sizes):
    offsets = torch.tensor([0, *sizes[:-1]]).cumsum(0)
    return torch.stack([row + offsets for row in local])
