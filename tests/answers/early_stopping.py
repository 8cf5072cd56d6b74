# ruff: noqa: B007, B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to early_stopping, as readers write them.
# %% imports
import math

import numpy as np
import torch


# %% right: position of the minimum of every prefix, as float
def epoch_to_keep(losses, patience):
    x = np.asarray(losses)
    for stop in range(1, len(x) + 1):
        best = int(np.argmin(x[:stop]))
        if stop - 1 - best >= patience:
            break
    return float(best + 1)


# %% right: recursion
def epoch_to_keep(losses, patience, best=1, epoch=2):
    if epoch > len(losses) or epoch - best > patience:
        return best
    return epoch_to_keep(losses, patience, epoch if losses[epoch - 1] < losses[best - 1] else best, epoch + 1)


# %% right: while and a tensor
def epoch_to_keep(losses, patience):
    losses = torch.tensor(losses, dtype=torch.float64)
    epoch, best = 0, 0
    while epoch < len(losses) and epoch - best < patience:
        epoch += 1
        if epoch < len(losses) and losses[epoch] < losses[best]:
            best = epoch
    return torch.tensor([best + 1])


# %% wrong: You take the best of all epochs, counted from 0
def epoch_to_keep(losses, patience):
    return np.argmin(losses)


# %% wrong: You stop after 2 epochs in a row
def epoch_to_keep(losses, patience):
    best, best_epoch, waited, patience = math.inf, 0, 0, 2
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        else:
            waited += 1
        if waited >= patience:
            break
    return best_epoch


# %% wrong: An epoch that equals the best value leaves your count
def epoch_to_keep(losses, patience):
    best, best_epoch, waited = math.inf, 0, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best:
            best, best_epoch, waited = loss, epoch, 0
        elif loss > best:
            waited += 1
        if waited == patience:
            break
    return best_epoch


# %% wrong: You ask for a smallest improvement
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, 1):
        if loss < best - 1e-2:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% wrong: You stop one epoch too early: `patience` epochs
def epoch_to_keep(losses, patience):
    best, waited = 0, 0
    for i in range(1, len(losses)):
        if losses[i] < losses[best]:
            best, waited = i, 0
        else:
            waited += 1
        if waited >= patience - 1:
            break
    return best + 1


# %% wrong: in place
def epoch_to_keep(losses, patience):
    best, best_epoch, epoch = math.inf, 0, 0
    while losses:
        epoch, loss = epoch + 1, losses.pop(0)
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break
    return best_epoch


# %% wrong: exception
def epoch_to_keep(losses, patience):
    best = 0
    for i in range(len(losses)):
        if losses[i + 1] < losses[best]:
            best = i + 1
        elif i + 1 - best >= patience:
            break
    return best + 1
