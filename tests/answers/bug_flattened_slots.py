# ruff: noqa: E501, F811
# Other answers to bug_flattened_slots, as readers write them.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn

from nfm_tutorial.layers import bi_interaction


# %% right: pairs of slots
def pair_term(xv):
    out = torch.zeros(xv.shape[0], dtype=xv.dtype)
    for i, j in itertools.combinations(range(xv.shape[1]), 2):
        out = out + (xv[:, i] * xv[:, j]).sum(1)
    return out


# %% right: Gram matrix in NumPy
def pair_term(xv):
    gram = np.einsum("bik,bjk->bij", xv, xv)
    return (gram.sum((1, 2)) - np.trace(gram, axis1=1, axis2=2)) / 2


# %% right: a module in float32
class PairTerm(nn.Module):
    def forward(self, xv):
        return bi_interaction(xv.float()).sum(-1)


pair_term = PairTerm()


# %% wrong: The slots and the k entries are still
def pair_term(xv):
    total = torch.einsum("bsk->b", xv)
    return (total**2 - torch.einsum("bsk,bsk->b", xv, xv)) / 2


# %% wrong: You summed over B, axis 0 of the result
def pair_term(xv):
    return bi_interaction(xv).sum()


# %% wrong: You return a column
def pair_term(xv):
    return bi_interaction(xv).sum(1, keepdim=True)


# %% wrong: Where there is no pair you return a single 0
def pair_term(xv):
    total = 0
    for i, j in itertools.combinations(range(xv.shape[1]), 2):
        total = total + (xv[:, i] * xv[:, j]).sum(1)
    return total
