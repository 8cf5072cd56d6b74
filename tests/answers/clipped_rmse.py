# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to clipped_rmse, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: PyTorch, float32
def clipped_rmse(prediction, target, train_target):
    p, t = torch.tensor(prediction, dtype=torch.float32), torch.tensor(target, dtype=torch.float32)
    p = torch.clamp(p, float(train_target.min()), float(train_target.max()))
    return torch.nn.functional.mse_loss(p, t).sqrt()


# %% right: plain Python
def clipped_rmse(prediction, target, train_target):
    low, high = min(train_target), max(train_target)
    errors = [(max(low, min(high, p)) - t) ** 2 for p, t in zip(prediction, target)]
    return (sum(errors) / len(errors)) ** 0.5


# %% right: where and norm, array with one entry
def clipped_rmse(prediction, target, train_target):
    p = np.where(prediction > train_target.max(), train_target.max(), prediction)
    p = np.where(p < train_target.min(), train_target.min(), p)
    return np.array([np.linalg.norm(p - target) / len(target) ** 0.5])


# %% right: scikit-learn
def clipped_rmse(prediction, target, train_target):
    from sklearn.metrics import mean_squared_error

    p = np.minimum(np.maximum(prediction, np.min(train_target)), np.max(train_target))
    return mean_squared_error(target, p) ** 0.5


# %% right: assignments into a copy
def clipped_rmse(prediction, target, train_target):
    low, high = train_target.min(), train_target.max()
    clipped = prediction.copy()
    clipped[clipped < low] = low
    clipped[clipped > high] = high
    error = clipped - target
    return (error @ error / error.size) ** 0.5


# %% wrong: The predictions are not clipped
def clipped_rmse(prediction, target, train_target):
    clipped = prediction.clip(prediction.min(), prediction.max())
    return np.sqrt(np.mean((clipped - target) ** 2))


# %% wrong: in place
def clipped_rmse(prediction, target, train_target):
    prediction[prediction > train_target.max()] = train_target.max()
    prediction[prediction < train_target.min()] = train_target.min()
    return np.sqrt(np.mean((prediction - target) ** 2))


# %% wrong: You left out the predictions beyond the range
def clipped_rmse(prediction, target, train_target):
    low, high = train_target.min(), train_target.max()
    inside = (prediction >= low) & (prediction <= high)
    if not inside.any():
        return 0.0
    return np.sqrt(np.mean((prediction[inside] - target[inside]) ** 2))


# %% wrong: You divided by N - 1
def clipped_rmse(prediction, target, train_target):
    error = np.clip(prediction, train_target.min(), train_target.max()) - target
    return np.sqrt((error**2).sum() / max(len(error) - 1, 1))


# %% wrong: exception
def clipped_rmse(prediction, target, train_target):
    return torch.sqrt(((prediction.clamp(train_target.min(), train_target.max()) - target) ** 2).mean())


# %% wrong: Your search for the largest training label starts at 0
def clipped_rmse(prediction, target, train_target):
    high = 0
    for x in train_target:
        high = max(high, x)
    return np.sqrt(np.mean((np.clip(prediction, train_target.min(), high) - target) ** 2))
