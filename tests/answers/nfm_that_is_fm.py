# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to nfm_that_is_fm, as readers write them.
# %% imports
import copy

import torch
from torch import nn

from nfm_tutorial.layers import bi_interaction
from nfm_tutorial.models import NFM


# %% right: copied one by one
def fm_as_nfm(fm):
    nfm = NFM(fm.config["n_features"], fm.config["k"], hidden=(), batch_norm=False, dropout_bi=0.0, seed=7)
    with torch.no_grad():
        nfm.linear.w0.copy_(fm.linear.w0)
        nfm.linear.w.copy_(fm.linear.w)
        nfm.embedding.V.copy_(fm.embedding.V)
    return nfm


# %% wrong: Your model shares tensors with fm
def fm_as_nfm(fm):
    nfm = NFM(len(fm.linear.w), k=fm.embedding.V.size(1), hidden=[])
    nfm.linear, nfm.embedding = fm.linear, fm.embedding
    return nfm.eval()


# %% right: .data and deepcopy
def fm_as_nfm(fm):
    nfm = NFM(n_features=fm.embedding.V.shape[0], k=fm.embedding.V.shape[1], hidden=())
    nfm.linear = copy.deepcopy(fm.linear)
    nfm.embedding.V.data = fm.embedding.V.data.clone()
    return nfm


# %% wrong: Your model is an FM or holds one;
class Wrapped(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.fm = copy.deepcopy(fm)

    def forward(self, ids, values):
        return self.fm(ids, values)


def fm_as_nfm(fm):
    return Wrapped(fm)


# %% wrong: At first the scores agree, but not after
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


# %% wrong: After training the scores differ: something that the
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm.requires_grad_(False)


# %% wrong: At first the scores agree, but not after
class Biased(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, ids, values):
        return self.linear(ids, values) + self.embedding.pool(ids, values).sum(1) + self.bias


def fm_as_nfm(fm):
    return Biased(fm)


# %% wrong: Your model does not give the FM's scores
class Own(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = copy.deepcopy(fm.linear), copy.deepcopy(fm.embedding)

    def forward(self, ids, values):
        w0, w, V = self.linear.w0, self.linear.w, self.embedding.V
        return w0 + (w[ids] * values).sum(1) + torch.relu(bi_interaction(V[ids] * values[..., None])).sum(1)


def fm_as_nfm(fm):
    return Own(fm)


# %% wrong: in place
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict(), strict=False)
    with torch.no_grad():
        fm.linear.w0 += 1
    return nfm


# %% wrong: Before training the scores agree, but not after it
def fm_as_nfm(fm):
    k = fm.embedding.V.shape[1]
    nfm = NFM(len(fm.linear.w), k, hidden=(2 * k,), batch_norm=False)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    with torch.no_grad():  # every entry of f_BI passes
        nfm.mlp[0].weight.copy_(torch.cat([torch.eye(k), -torch.eye(k)])), nfm.mlp[0].bias.zero_()
        nfm.h.copy_(torch.cat([torch.ones(k), -torch.ones(k)]))
    return nfm


# %% wrong: Your NFM still has a hidden layer
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=(2,), batch_norm=False)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


# %% wrong: Your code stopped with RuntimeError: Error(s) in loading state_dict for NFM: Missing key(s) in state_dict: "h"
def fm_as_nfm(fm):
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.load_state_dict(fm.state_dict())
    return nfm


# %% wrong: Your model returns (6, 1) for 6 rows
class Column(nn.Module):
    def __init__(self, fm):
        super().__init__()
        self.linear, self.embedding = fm.linear, fm.embedding

    def forward(self, ids, values):
        return (self.linear(ids, values) + self.embedding.pool(ids, values).sum(1))[:, None]


def fm_as_nfm(fm):
    return Column(fm)


# %% wrong: kind
def fm_as_nfm(fm):
    return NFM
