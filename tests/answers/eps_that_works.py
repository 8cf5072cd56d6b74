# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to eps_that_works, as readers write them.
# %% imports
import math

import numpy as np
import torch


# %% right: a tenth exactly
def bn_eps(init_std, n_fields):
    return 0.1 * init_std**4 * math.comb(n_fields, 2)


# %% right: measured by drawing
def bn_eps(init_std, n_fields):
    v = np.random.normal(0, init_std, (4000, n_fields))
    f = 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))
    return np.var(f) / 1000


# %% right: a tensor, from the standard deviation
def bn_eps(init_std, n_fields):
    std = init_std**2 * math.sqrt(n_fields * (n_fields - 1) / 2)
    return torch.tensor(std, dtype=torch.float64) ** 2 * 1e-5


# %% right: without the number of fields
def bn_eps(init_std, n_fields):
    return init_std**4 / 100


# %% right: float32
def bn_eps(init_std, n_fields):
    sigma = torch.tensor(init_std)
    return sigma**4 * math.comb(n_fields, 2) * 1e-3


# %% wrong: Your eps is -
def bn_eps(init_std, n_fields):
    return -0.001 * init_std**4


# %% wrong: You return PyTorch's default 1e-5, but f_BI has variance 5.62e-06 here: the batch norm would give out a standard deviation of 0.60
def bn_eps(init_std, n_fields):
    return max(1e-5, init_std**4 / 100)


# %% wrong: Your eps is 1e-07 for init_std = 0.01 and for 0.005 alike
def bn_eps(init_std, n_fields):
    return 1e-7


# %% wrong: Your eps is 1e-09 for init_std = 0.001 and for 0.0005 alike
def bn_eps(init_std, n_fields):
    return max(1e-9, init_std**4 * n_fields * (n_fields - 1) / 2000)


# %% wrong: Your eps is 1e-09 for init_std = 0.5 and for 1 alike
def bn_eps(init_std, n_fields):
    return min(1e-9, init_std**4 * n_fields * (n_fields - 1) / 2000)


# %% wrong: Your eps is 1e-05 for init_std = 2 and for 4 alike
def bn_eps(init_std, n_fields):
    return min(1e-5, init_std**4 * n_fields * (n_fields - 1) / 2000)


# %% wrong: Your eps is 1e-12 for
def bn_eps(init_std, n_fields):
    return 1e-12


# %% wrong: Your eps goes with the power 6 of init_std
def bn_eps(init_std, n_fields):
    return init_std**6 * n_fields**2


# %% wrong: Your eps goes with the power 8 of init_std
def bn_eps(init_std, n_fields):
    return 0.001 * (init_std**4 * n_fields * (n_fields - 1) / 2) ** 2


# %% wrong: Your eps goes with the square of init_std
def bn_eps(init_std, n_fields):
    return init_std**2 / 10


# %% wrong: Your eps goes with the square of init_std
def bn_eps(init_std, n_fields):
    return init_std**2 * n_fields / 100


# %% wrong: Your eps is the variance of f_BI itself
def bn_eps(init_std, n_fields):
    sigma = torch.tensor(init_std)
    return sigma**4 * math.comb(n_fields, 2)


# %% wrong: Your eps is 1e-12 for init_std = 0.00013 and for 6.5e-05 alike
def bn_eps(init_std, n_fields):
    return max(1e-12, init_std**4 * n_fields * (n_fields - 1) / 20)


# %% wrong: Your eps is more than a tenth of the variance
def bn_eps(init_std, n_fields):
    return math.inf


# %% wrong: One number is expected
def bn_eps(init_std, n_fields):
    return [0.001 * init_std**4, 0.01 * init_std**4]


# %% wrong: One number is expected
def bn_eps(init_std, n_fields):
    return math.nan
