# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to l2_of_a_batch, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: loops
def l2_penalty(V, ids, values):
    total = 0.0
    for b in range(len(ids)):
        for s in range(ids.shape[1]):
            total += torch.norm(V[ids[b, s]] * values[b, s]).item() ** 2
    return total / len(ids)


# %% right: norm squared
def l2_penalty(V, ids, values):
    norms = torch.linalg.vector_norm(V[ids] * values.unsqueeze(-1), dim=-1)
    return norms.pow(2).sum(dim=1).mean(dim=0, keepdim=True)


# %% right: NumPy einsum in float32
def l2_penalty(V, ids, values):
    xv = V.numpy()[ids.numpy()].astype(np.float32) * values.numpy().astype(np.float32)[..., None]
    return np.einsum("bsf,bsf->", xv, xv) / ids.shape[0]


# %% wrong: You divided by the number of rows that are not padding
def l2_penalty(V, ids, values):
    per_row = ((V[ids] * values[..., None]) ** 2).sum((1, 2))
    return per_row.sum() / (values != 0).any(1).sum()


# %% wrong: You divided by the number of rows that are not padding
def l2_penalty(V, ids, values):
    per_row = [float(((V[i] * x[:, None]) ** 2).sum()) for i, x in zip(ids, values)]
    per_row = [p for p in per_row if p]
    return sum(per_row) / len(per_row) if per_row else 0.0


# %% wrong: The ids tell you where padding stands
def l2_penalty(V, ids, values):
    return ((V[ids] * (ids > 0)[..., None]) ** 2).sum((1, 2)).mean()


# %% wrong: factor 1/2
def l2_penalty(V, ids, values):
    return 0.5 * ((V[ids] * values[..., None]) ** 2).sum((1, 2)).mean()


# %% wrong: sign
def l2_penalty(V, ids, values):
    return -((V[ids] * values[..., None]) ** 2).sum((1, 2)).mean()


# %% wrong: shape
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).sum((1, 2))


# %% wrong: in place
def l2_penalty(V, ids, values):
    return V.square_()[ids].mul(values.square()[..., None]).sum((1, 2)).mean()


# %% wrong: You count equal rows of the batch once
def l2_penalty(V, ids, values):
    rows = torch.unique(torch.cat([ids.to(V.dtype), values], 1), dim=0)
    ids, values = rows[:, : ids.shape[1]].long(), rows[:, ids.shape[1] :]
    return ((V[ids] * values[..., None]) ** 2).sum((1, 2)).mean()
