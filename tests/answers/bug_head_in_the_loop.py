# ruff: noqa: E501, F811
# Other answers to bug_head_in_the_loop, as readers write them.
# %% imports
import numpy as np
import torch
from torch import nn


# %% right: a parameter that is not trained
class Frozen(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.h = nn.Parameter(torch.ones(k), requires_grad=False)

    def forward(self, z):
        return (z * self.h).sum(-1)


fm_head = Frozen


# %% right: a frozen linear layer
def fm_head(k):
    layer = nn.Linear(k, 1, bias=False).requires_grad_(False)
    layer.weight.fill_(1.0)
    return nn.Sequential(layer, nn.Flatten(0))


# %% wrong: Your head has numbers that are trained
class Trained(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.h = nn.Parameter(torch.ones(k))

    def forward(self, z):
        return z @ self.h


fm_head = Trained


# %% wrong: Your head has numbers that are trained
def fm_head(k):
    return nn.Linear(k, 1)


# %% wrong: Your head has numbers that are trained
def fm_head(k):
    h = torch.ones(k, requires_grad=True)
    return lambda z: z @ h


# %% wrong: Your head does not stay the sum
class Learns(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.register_buffer("h", torch.ones(k))

    def forward(self, z):
        scores = z @ self.h
        self.h += 0.01 * z.mean(0)
        return scores


fm_head = Learns


# %% wrong: no gradient
def fm_head(k):
    return lambda z: z.detach().sum(1)


# %% wrong: no gradient
def fm_head(k):
    return lambda z: np.sum(z.numpy(), axis=1)


# %% wrong: You summed over B, axis 0 of the result
def fm_head(k):
    return torch.sum


# %% wrong: You return a column
def fm_head(k):
    return lambda z: z.sum(1, keepdim=True)


# %% wrong: Negative results became 0
def fm_head(k):
    return lambda z: torch.relu(z.sum(1))


# %% wrong: You applied the sigmoid
def fm_head(k):
    return lambda z: torch.sigmoid(z.sum(1))


# %% wrong: Your head does not give the sum over k.
def fm_head(k):
    h = torch.ones(k)
    h[-1] = 0
    return lambda z: z @ h


# %% wrong: value
def fm_head(k):
    return lambda z: z.half().sum(1).float()


# %% wrong: exception
def fm_head(k):
    return lambda z: z.sum(2)


# %% wrong: kind
def fm_head(k):
    return torch.ones(k)
