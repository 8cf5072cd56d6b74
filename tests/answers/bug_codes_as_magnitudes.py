# ruff: noqa: E501, F811
# Other answers to bug_codes_as_magnitudes, as readers write them.
# %% imports
import numpy as np
import torch
import torch.nn.functional as F


# %% right: comparison
def design_matrix(codes, n_levels):
    return codes[:, None] == torch.arange(n_levels)


# %% right: scatter
def design_matrix(codes, n_levels):
    return torch.zeros(len(codes), n_levels, dtype=torch.float64).scatter(1, codes.unsqueeze(1), 1.0)


# %% right: NumPy loop
def design_matrix(codes, n_levels):
    X = np.zeros((len(codes), n_levels), dtype=int)
    X[np.arange(len(codes)), codes] = 1
    return X


# %% right: lists
def design_matrix(codes, n_levels):
    return [[1 if c == level else 0 for level in range(n_levels)] for c in codes]


# %% wrong: You counted the levels from 1
def design_matrix(codes, n_levels):
    X = torch.zeros(len(codes), n_levels)
    for row, code in enumerate(codes.tolist()):
        if code > 0:
            X[row, code - 1] = 1
    return X


# %% wrong: transposed
def design_matrix(codes, n_levels):
    return torch.eye(n_levels)[:, codes]


# %% wrong: You return 1 minus the expected result.
def design_matrix(codes, n_levels):
    return (codes[:, None] != torch.arange(n_levels)).float()


# %% wrong: The order along n_levels is reversed.
def design_matrix(codes, n_levels):
    return F.one_hot(n_levels - 1 - codes, n_levels)


# %% wrong: You summed over N, axis 0
def design_matrix(codes, n_levels):
    return torch.bincount(codes, minlength=n_levels)


# %% wrong: The columns are shifted by one
def design_matrix(codes, n_levels):
    return F.one_hot(codes - 1, n_levels)


# %% wrong: You wrote 1 into whole columns
def design_matrix(codes, n_levels):
    X = torch.zeros(len(codes), n_levels)
    X[:, codes] = 1
    return X
