# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to nfm_from_parts, as readers write them.
# %% imports
import torch
from torch import nn

from nfm_tutorial.layers import bi_interaction


# %% right: Sequential
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    net = nn.Sequential(norm, drop, mlp)
    z = net(bi_interaction(xv))
    return (z * h).sum(-1).add(first_order)


# %% right: a module, linear for h
class Forward(nn.Module):
    def forward(self, first_order, xv, norm, drop, mlp, h):
        z = norm(torch.triu(torch.einsum("bik,bjk->kbij", xv, xv), 1).sum((-1, -2)).T)
        return torch.nn.functional.linear(mlp(drop(z)), h[None])[:, 0] + first_order


nfm_forward = Forward()


# %% right: einsum, no_grad, list
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    with torch.no_grad():
        z = (xv.sum(dim=1).pow(2) - xv.pow(2).sum(dim=1)) / 2
        return (first_order + torch.einsum("bh,h->b", mlp(drop(norm(z))), h)).tolist()


# %% wrong: You called
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(drop(bi_interaction(xv))))) @ h


# %% wrong: You called
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    norm(bi_interaction(xv))
    return first_order + mlp(drop(norm(bi_interaction(xv)))) @ h


# %% wrong: in place
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    first_order += mlp(drop(norm(bi_interaction(xv)))) @ h
    return first_order


# %% wrong: exception
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    return first_order + mlp(drop(norm(bi_interaction(xv)))).squeeze() @ h


# %% wrong: value
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    z = mlp(drop(norm(bi_interaction(xv)))).squeeze()
    return first_order + (z * h).sum(-1)
