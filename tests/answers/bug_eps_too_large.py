# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to bug_eps_too_large, as readers write them.
# %% imports
from torch import nn


# %% right: a tiny eps for all
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-14)


# %% right: a function
def make_norm(z):
    return lambda z: (z - z.mean(0)) / z.std(0)


# %% right: in eval mode, without learned scale
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=float(z.var(0).min()) / 500, affine=False).double().float().eval()


# %% wrong: The output's standard deviation is
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-8)


# %% wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=z.var(0).median().item() / 1000)


# %% wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-3 * float(z.std(0).min()))


# %% wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=z.var(0).max().item() / 100)


# %% wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=z[:, 0].var().item() * 1e-3)


# %% wrong: eps too large
def make_norm(z):
    return lambda y: (y - y.mean(0)) / (y.std(0) + 1e-6)


# %% wrong: You scale each column to 0 to 1
def make_norm(z):
    low, high = z.min(0).values, z.max(0).values
    return lambda y: (y - low) / (high - low)


# %% wrong: fixed statistics
def make_norm(z):
    return lambda y: (y - y.mean(0)) / z.std(0)


# %% wrong: another spread
def make_norm(z):
    norm = nn.BatchNorm1d(z.shape[1], eps=1e-14)
    nn.init.constant_(norm.weight, 2.0)
    return norm


# %% wrong: not centred
def make_norm(z):
    return lambda z: 0.25 + z / z.std(0)


# %% wrong: layer norm
def make_norm(z):
    return nn.LayerNorm(z.shape[1], eps=1e-14)


# %% wrong: shape
def make_norm(z):
    return lambda z: ((z - z.mean(0)) / z.std(0))[:, None]


# %% wrong: kind
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-14)(z)


# %% wrong: nan
def make_norm(z):
    return lambda z: (z - z.mean(1, keepdim=True)) / (z.var(1, keepdim=True) * 0)
