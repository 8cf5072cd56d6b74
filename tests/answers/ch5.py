# ruff: noqa: B007, B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 5 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import math

import numpy as np
import torch


# %% 5.1 right: official
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 right: a counter
def epoch_to_keep(losses, patience):
    best = 0
    counter = 0
    for i in range(1, len(losses)):
        if losses[i] < losses[best]:
            best = i
            counter = 0
        else:
            counter += 1
            if counter == patience:
                return best + 1
    return best + 1


# %% 5.1 right: position of the minimum of every prefix, as float
def epoch_to_keep(losses, patience):
    x = np.asarray(losses)
    for stop in range(1, len(x) + 1):
        best = int(np.argmin(x[:stop]))
        if stop - 1 - best >= patience:
            break
    return float(best + 1)


# %% 5.1 right: recursion
def epoch_to_keep(losses, patience, best=1, epoch=2):
    if epoch > len(losses) or epoch - best > patience:
        return best
    return epoch_to_keep(losses, patience, epoch if losses[epoch - 1] < losses[best - 1] else best, epoch + 1)


# %% 5.1 right: while and a tensor
def epoch_to_keep(losses, patience):
    losses = torch.tensor(losses, dtype=torch.float64)
    epoch, best = 0, 0
    while epoch < len(losses) and epoch - best < patience:
        epoch += 1
        if epoch < len(losses) and losses[epoch] < losses[best]:
            best = epoch
    return torch.tensor([best + 1])


# %% 5.1 wrong: higher is better
def epoch_to_keep(losses, patience):
    best, best_epoch = -math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss > best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: highest of all
def epoch_to_keep(losses, patience):
    return losses.index(max(losses)) + 1


# %% 5.1 wrong: counted from 0
def epoch_to_keep(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            break
    return best


# %% 5.1 wrong: counted from 0, patience ignored
def epoch_to_keep(losses, patience):
    return np.argmin(losses)


# %% 5.1 wrong: patience ignored
def epoch_to_keep(losses, patience):
    return min(range(len(losses)), key=losses.__getitem__) + 1


# %% 5.1 wrong: epoch of the stop
def epoch_to_keep(losses, patience):
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            return epoch
    return len(losses)


# %% 5.1 wrong: stop minus patience
def epoch_to_keep(losses, patience):
    best, waited = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            break
    return max(epoch - patience, 1)


# %% 5.1 wrong: compared with the epoch before
def epoch_to_keep(losses, patience):
    waited, seen = 0, [losses[0]]
    for previous, loss in zip(losses, losses[1:]):
        seen.append(loss)
        waited = waited + 1 if loss >= previous else 0
        if waited >= patience:
            break
    return seen.index(min(seen)) + 1


# %% 5.1 wrong: in total
def epoch_to_keep(losses, patience):
    best, best_epoch, bad = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        else:
            bad += 1
            if bad >= patience:
                break
    return best_epoch


# %% 5.1 wrong: one epoch too patient
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch > patience:
            break
    return best_epoch


# %% 5.1 wrong: one epoch too early
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        if epoch - best_epoch >= patience - 1:
            break
    return best_epoch


# %% 5.1 wrong: equal counts as better
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss <= best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: value instead of epoch
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best


# %% 5.1 wrong: in place
def epoch_to_keep(losses, patience):
    best, best_epoch, epoch = math.inf, 0, 0
    while losses:
        epoch, loss = epoch + 1, losses.pop(0)
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: exception
def epoch_to_keep(losses, patience):
    best = 0
    for i in range(len(losses)):
        if losses[i + 1] < losses[best]:
            best = i + 1
        elif i + 1 - best >= patience:
            break
    return best + 1


# %% 5.1 wrong: equal restarts the count
def epoch_to_keep(losses, patience):
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        waited += 1
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        elif loss == best:
            waited = 0
        elif waited >= patience:
            break
    return best_epoch


# %% 5.1 wrong: smallest improvement
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - 1e-4:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: smallest improvement
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - 1e-3:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: best starts at 1
def epoch_to_keep(losses, patience):
    best, best_epoch = 1.0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: best starts at 0
def epoch_to_keep(losses, patience):
    best, best_epoch = 0.0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% 5.1 wrong: nothing without a stop
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            return best_epoch
    return 0


# %% 5.1 wrong: last epoch
def epoch_to_keep(losses, patience):
    return len(losses)


# %% 5.1 wrong: first epochs only
def epoch_to_keep(losses, patience):
    seen = losses[: patience + 1]
    return seen.index(min(seen)) + 1


# %% 5.1 wrong: one epoch too early, patience 1 never stops
def epoch_to_keep(losses, patience):
    best, waited = 0, 0
    for i in range(1, len(losses)):
        if losses[i] < losses[best]:
            best, waited = i, 0
        else:
            waited += 1
        if waited == patience - 1 and waited:
            break
    return best + 1


# %% 5.2 right: official
def bn_eps(init_std, n_fields):
    variance = init_std**4 * n_fields * (n_fields - 1) / 2
    return 0.001 * variance


# %% 5.2 right: a tenth exactly
def bn_eps(init_std, n_fields):
    return 0.1 * init_std**4 * math.comb(n_fields, 2)


# %% 5.2 right: measured by drawing
def bn_eps(init_std, n_fields):
    v = np.random.normal(0, init_std, (4000, n_fields))
    f = 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))
    return np.var(f) / 1000


# %% 5.2 right: a tensor, from the standard deviation
def bn_eps(init_std, n_fields):
    std = init_std**2 * math.sqrt(n_fields * (n_fields - 1) / 2)
    return torch.tensor(std, dtype=torch.float64) ** 2 * 1e-5


# %% 5.2 right: without the number of fields
def bn_eps(init_std, n_fields):
    return init_std**4 / 100


# %% 5.2 right: float32
def bn_eps(init_std, n_fields):
    sigma = torch.tensor(init_std)
    return sigma**4 * math.comb(n_fields, 2) * 1e-3


# %% 5.2 wrong: too small
def bn_eps(init_std, n_fields):
    return init_std**4 / 1000


# %% 5.3 wrong: stopped at padding
def l2_penalty(V, ids, values):
    kept = values * (ids != 0).cumprod(1)
    return ((V[ids] * kept[..., None]) ** 2).sum() / len(ids)


# %% 5.1 wrong: best starts at 1
def epoch_to_keep(losses, patience):
    best, keep, waited = 2.0, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, keep, waited = loss, epoch, 0
        else:
            waited += 1
            if waited >= patience:
                break
    return keep


# %% 5.2 wrong: PyTorch's default
def bn_eps(init_std, n_fields):
    return 1e-5


# %% 5.2 wrong: too small
def bn_eps(init_std, n_fields):
    return 1e-9


# %% 5.2 wrong: second power
def bn_eps(init_std, n_fields):
    return 0.001 * init_std**2 * n_fields * (n_fields - 1) / 2


# %% 5.2 wrong: whole variance
def bn_eps(init_std, n_fields):
    return init_std**4 * n_fields * (n_fields - 1) / 2


# %% 5.2 wrong: too small
def bn_eps(init_std, n_fields):
    return 1e-12


# %% 5.2 wrong: too small
def bn_eps(init_std, n_fields):
    return 1e-30


# %% 5.2 wrong: too small
def bn_eps(init_std, n_fields):
    return 0.001 * (init_std**4 * n_fields * (n_fields - 1) / 2) ** 2


# %% 5.2 wrong: not positive
def bn_eps(init_std, n_fields):
    return 0.0


# %% 5.2 wrong: not positive
def bn_eps(init_std, n_fields):
    return -0.001 * init_std**4


# %% 5.2 wrong: number
def bn_eps(init_std, n_fields):
    return [0.001 * init_std**4, 0.01 * init_std**4]


# %% 5.2 wrong: second power
def bn_eps(init_std, n_fields):
    return init_std**2 / 10


# %% 5.2 wrong: second power
def bn_eps(init_std, n_fields):
    return init_std**2


# %% 5.2 wrong: second power
def bn_eps(init_std, n_fields):
    return init_std**2 * n_fields / 100


# %% 5.2 wrong: standard deviation
def bn_eps(init_std, n_fields):
    return 0.1 * init_std**2 * math.sqrt(n_fields * (n_fields - 1) / 2)


# %% 5.2 wrong: too large
def bn_eps(init_std, n_fields):
    return init_std**3 * n_fields * (n_fields - 1) / 20


# %% 5.2 wrong: too large
def bn_eps(init_std, n_fields):
    return max(1e-12, init_std**4 * n_fields * (n_fields - 1) / 20)


# %% 5.2 wrong: too large
def bn_eps(init_std, n_fields):
    return init_std**4 * n_fields * (n_fields - 1) / 10


# %% 5.2 wrong: PyTorch's default
def bn_eps(init_std, n_fields):
    return max(1e-5, init_std**4 / 100)


# %% 5.3 right: official
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv**2).sum((1, 2)).mean()


# %% 5.3 right: counts
def l2_penalty(V, ids, values):
    c = torch.zeros(len(V), dtype=V.dtype).index_add_(0, ids.flatten(), values.flatten() ** 2) / len(ids)
    return c @ V.square().sum(1)


# %% 5.3 right: loops
def l2_penalty(V, ids, values):
    total = 0.0
    for b in range(len(ids)):
        for s in range(ids.shape[1]):
            total += torch.norm(V[ids[b, s]] * values[b, s]).item() ** 2
    return total / len(ids)


# %% 5.3 right: norm squared
def l2_penalty(V, ids, values):
    norms = torch.linalg.vector_norm(V[ids] * values.unsqueeze(-1), dim=-1)
    return norms.pow(2).sum(dim=1).mean(dim=0, keepdim=True)


# %% 5.3 right: NumPy einsum in float32
def l2_penalty(V, ids, values):
    xv = V.numpy()[ids.numpy()].astype(np.float32) * values.numpy().astype(np.float32)[..., None]
    return np.einsum("bsf,bsf->", xv, xv) / ids.shape[0]


# %% 5.3 wrong: norm, not squared
def l2_penalty(V, ids, values):
    return (V[ids] * values[..., None]).norm(dim=2).sum(1).mean()


# %% 5.3 wrong: root of the total
def l2_penalty(V, ids, values):
    return (V[ids] * values[..., None]).norm()


# %% 5.3 wrong: root of the mean
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).sum((1, 2)).mean().sqrt()


# %% 5.3 wrong: root per row
def l2_penalty(V, ids, values):
    return (V[ids] * values[..., None]).flatten(1).norm(dim=1).mean()


# %% 5.3 wrong: whole table
def l2_penalty(V, ids, values):
    return V.norm() ** 2


# %% 5.3 wrong: summed over the batch
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).sum()


# %% 5.3 wrong: mean over slots
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).sum(2).mean()


# %% 5.3 wrong: mean over everything
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).mean()


# %% 5.3 wrong: mean over k
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).mean(2).sum(1).mean()


# %% 5.3 wrong: x missing
def l2_penalty(V, ids, values):
    return (V[ids] ** 2).sum((1, 2)).mean()


# %% 5.3 wrong: x as a switch
def l2_penalty(V, ids, values):
    return ((V[ids] * (ids > 0)[..., None]) ** 2).sum((1, 2)).mean()


# %% 5.3 wrong: x not squared
def l2_penalty(V, ids, values):
    return (V[ids] ** 2 * values[..., None]).sum((1, 2)).mean()


# %% 5.3 wrong: each feature once
def l2_penalty(V, ids, values):
    active = ids[values != 0].unique()
    return V[active].square().sum()


# %% 5.3 wrong: half
def l2_penalty(V, ids, values):
    return 0.5 * ((V[ids] * values[..., None]) ** 2).sum((1, 2)).mean()


# %% 5.3 wrong: sum before square
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]).sum(1) ** 2).sum(1).mean()


# %% 5.3 wrong: shape
def l2_penalty(V, ids, values):
    return ((V[ids] * values[..., None]) ** 2).sum((1, 2))


# %% 5.3 wrong: in place
def l2_penalty(V, ids, values):
    return V.square_()[ids].mul(values.square()[..., None]).sum((1, 2)).mean()


# %% 5.3 wrong: each row once
def l2_penalty(V, ids, values):
    rows = torch.unique(torch.cat([ids.to(V.dtype), values], 1), dim=0)
    ids, values = rows[:, : ids.shape[1]].long(), rows[:, ids.shape[1] :]
    xv = V[ids] * values[..., None]
    return (xv**2).sum((1, 2)).mean()


# %% 5.3 wrong: each feature once, over the rows
def l2_penalty(V, ids, values):
    active = ids[values != 0].unique()
    return V[active].square().sum() / len(ids)


# %% 5.3 wrong: each feature and the padding once
def l2_penalty(V, ids, values):
    return (V[torch.unique(ids)] ** 2).sum()


# %% 5.3 wrong: each feature and the padding once, over the rows
def l2_penalty(V, ids, values):
    return (V[torch.unique(ids)] ** 2).sum() / len(ids)


# %% 5.3 wrong: each feature once, with its last value
def l2_penalty(V, ids, values):
    x = dict(zip(ids.flatten().tolist(), values.flatten().tolist()))
    return sum(((V[i] * x[i]) ** 2).sum() for i in x)


# %% 5.3 wrong: each feature once, with its last value, over the rows
def l2_penalty(V, ids, values):
    x = dict(zip(ids.flatten().tolist(), values.flatten().tolist()))
    return sum(((V[i] * x[i]) ** 2).sum() for i in x) / len(ids)


# %% 5.3 wrong: whole table over the rows
def l2_penalty(V, ids, values):
    return V.square().sum() / len(ids)


# %% 5.3 wrong: absolute x
def l2_penalty(V, ids, values):
    return (V[ids] ** 2 * values.abs()[..., None]).sum((1, 2)).mean()


# %% 5.3 wrong: absolute values
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return xv.abs().sum((1, 2)).mean()


# %% 5.3 wrong: not squared
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return xv.sum((1, 2)).mean()


# %% 5.3 wrong: entries added before square
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv.sum(2) ** 2).sum(1).mean()


# %% 5.3 wrong: over the features
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv**2).sum() / len(V)


# %% 5.3 wrong: over the filled slots
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv**2).sum() / (values != 0).sum()


# %% 5.3 wrong: first row only
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return (xv[0] ** 2).sum()


# %% 5.3 wrong: crossings
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1).mean()


# %% 5.3 wrong: sign
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]
    return -(xv**2).sum((1, 2)).mean()
