# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to odd_parity, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: loops, float32
def slots_with_constant(x):
    B, m = x.shape
    out = torch.zeros(B, m + 1, m)
    for b in range(B):
        for i in range(m):
            out[b, i, i] = x[b, i]
        out[b, m] = 1
    return out


# %% right: an embedding table and values
def slots_with_constant(x):
    m = x.shape[1]
    V = torch.cat([torch.eye(m), torch.ones(1, m)]).to(x)
    values = torch.cat([x, torch.ones(len(x), 1).to(x)], dim=1)
    return V[None] * values[..., None]


# %% right: NumPy
def slots_with_constant(x):
    x = x.numpy()
    out = np.ones((x.shape[0], x.shape[1] + 1, x.shape[1]))
    out[:, :-1] = np.eye(x.shape[1]) * x[:, :, None]
    return out


# %% right: long and short vectors, float32
def slots_with_constant(x):
    m = x.shape[1]
    return torch.cat([3e5 * torch.diag_embed(x.float()), torch.full((len(x), 1, m), 1 / 3e5)], 1)


# %% wrong: Your last slot changes with x, and your first
def slots_with_constant(x):
    m = x.shape[1]
    return torch.cat([torch.eye(m, dtype=x.dtype).expand(len(x), m, m), x[:, None]], 1)


# %% wrong: The constant feature's vector is another one
def slots_with_constant(x):
    scale = max(1, len(x))
    return torch.cat([torch.diag_embed(x) * scale, x.new_ones(len(x), 1, x.shape[1]) / scale], 1)


# %% wrong: Slot 0 is not x_0
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x.abs()), torch.ones_like(x)[:, None]], 1)


# %% wrong: nan
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x), (x / x)[:, None]], 1)


# %% wrong: exception
def slots_with_constant(x):
    return torch.stack([torch.cat([torch.diag(row), torch.ones(1, len(row)).to(x)]) for row in x])


# %% wrong: in place
def slots_with_constant(x):
    slots = torch.cat([torch.diag_embed(x), torch.ones_like(x)[:, None]], 1)
    x[:] = 1
    return slots


# %% wrong: shape
def slots_with_constant(x):
    return torch.diag_embed(torch.cat([x, torch.ones_like(x[:, :1])], 1))


# %% wrong: Slot 0 is not x_0
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x.round()), torch.ones_like(x)[:, None]], 1)
