# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to deepfm_from_parts, as readers write them.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn


# %% right: columns throughout, squeezed at the end
def deepfm_forward(first_order, xv, mlp, out):
    B, F, k = xv.shape
    y = first_order.view(-1, 1)
    for i in range(F):
        for j in range(i + 1, F):
            y = y + (xv[:, i] * xv[:, j]).sum(-1, keepdim=True)
    return (y + out(mlp(xv.reshape(B, F * k)))).view(-1)


# %% right: row by row
def deepfm_forward(first_order, xv, mlp, out):
    scores = []
    for a, row in zip(first_order, xv):
        second = sum(row[i] @ row[j] for i, j in itertools.combinations(range(len(row)), 2))
        scores.append(a + second + out(mlp(row.reshape(1, -1)))[0, 0])
    return torch.stack(scores)


# %% right: a module with einsum
class DeepFMForward(nn.Module):
    def forward(self, first_order, xv, mlp, out):
        gram = torch.einsum("bik,bjk->bij", xv, xv)
        pairs = (gram.sum((1, 2)) - torch.einsum("bii->b", gram)) / 2
        return first_order + pairs + out(mlp(torch.cat(list(xv.unbind(1)), dim=1)))[:, 0]


deepfm_forward = DeepFMForward()


# %% wrong: no gradient
def deepfm_forward(first_order, xv, mlp, out):
    with torch.no_grad():
        y = first_order.clone()
        y += 0.5 * (xv.sum(1).square() - xv.square().sum(1)).sum(-1)
        y += out(mlp(xv.reshape(len(xv), -1))).view(-1)
        return y


# %% wrong: no gradient
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.view(xv.size(0), -1))).detach().numpy().ravel()
    x = xv.numpy()
    return first_order.numpy() + np.triu(x @ x.transpose(0, 2, 1), 1).sum(axis=(1, 2)) + deep


# %% wrong: no gradient
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (first_order + pairs + out(mlp(xv.flatten(1))).squeeze(1)).tolist()


# %% wrong: You averaged the two branches
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return torch.stack([first_order + pairs, out(mlp(xv.flatten(1))).squeeze(1)]).mean(0)


# %% wrong: In the FM branch you flattened before summing
def deepfm_forward(first_order, xv, mlp, out):
    z = xv.flatten(1)
    return first_order + 0.5 * (z.sum(1) ** 2 - (z**2).sum(1)) + out(mlp(z)).squeeze(1)


# %% wrong: In the FM branch you summed over the rows of the batch
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    pairs = 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()
    return first_order + pairs + deep


# %% wrong: In the FM branch each pair counts twice
def deepfm_forward(first_order, xv, mlp, out):
    dots = xv @ xv.mT
    pairs = dots.sum((1, 2)) - dots.diagonal(dim1=1, dim2=2).sum(1)
    return first_order + pairs + out(mlp(xv.flatten(1))).squeeze(1)


# %% wrong: exception
def deepfm_forward(first_order, xv, mlp, out):
    z = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return first_order + z.sum(1) + out(mlp(z)).squeeze(1)


# %% wrong: in place
def deepfm_forward(first_order, xv, mlp, out):
    deep = out(mlp(xv.flatten(1))).squeeze(1)
    squares = xv.sum(1) ** 2
    xv.pow_(2)
    return first_order + 0.5 * (squares - xv.sum(1)).sum(1) + deep
