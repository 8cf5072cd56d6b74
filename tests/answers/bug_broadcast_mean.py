# ruff: noqa: E501, F811
# Other answers to bug_broadcast_mean, as readers write them.
# %% imports
import numpy as np
import torch
import torch.nn.functional as F


# %% right: view_as
def mse(prediction, target):
    return torch.square(prediction - target.view_as(prediction)).mean().item()


# %% right: flatten and NumPy
def mse(prediction, target):
    return np.mean((prediction.numpy().ravel() - target.numpy()) ** 2, keepdims=True)


# %% right: a loop
def mse(prediction, target):
    return sum((p.item() - t.item()) ** 2 for p, t in zip(prediction, target)) / len(target)


# %% wrong: Shapes (B, 1) and (B,) still broadcast to
def mse(prediction, target):
    return F.mse_loss(prediction, target)


# %% wrong: You return the square root of the expected result.
def mse(prediction, target):
    return ((prediction[:, 0] - target) ** 2).mean() ** 0.5


# %% wrong: Every result is the expected one times 0.5.
def mse(prediction, target):
    return 0.5 * ((prediction[:, 0] - target) ** 2).mean()


# %% wrong: in place
def mse(prediction, target):
    target -= prediction[:, 0]
    return (target**2).mean()
