# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to paired_interval, as readers write them.
# %% imports
import statistics

import numpy as np
import torch


# %% right: PyTorch, float32
def interval_of_pairs(a, b, t):
    d = torch.tensor(a) - torch.tensor(b)
    half = t * d.std() / len(d) ** 0.5
    return torch.stack([d.mean(), d.mean() - half, d.mean() + half])


# %% right: standard error from SciPy
def interval_of_pairs(a, b, t):
    from scipy import stats

    d = np.array(a) - np.array(b)
    return tuple(d.mean() + s * t * stats.sem(d) for s in (0, -1, 1))


# %% right: variance by hand
def interval_of_pairs(a, b, t):
    n = len(a)
    mean = sum(a) / n - sum(b) / n
    variance = sum((x - y - mean) ** 2 for x, y in zip(a, b)) / (n - 1)
    half = t * (variance / n) ** 0.5
    return (torch.tensor(mean), mean - half, np.float32(mean + half))


# %% wrong: kind
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return {"mean": d.mean(), "low": d.mean() - half, "high": d.mean() + half}


# %% wrong: in place
def interval_of_pairs(a, b, t):
    for s in range(len(a)):
        a[s] -= b[s]
    half = t * statistics.stdev(a) / len(a) ** 0.5
    return statistics.mean(a), statistics.mean(a) - half, statistics.mean(a) + half


# %% wrong: exception
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    if d.std(ddof=1) == 0:
        raise ValueError("no spread")
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% wrong: You rounded to 3 decimals.
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return tuple(round(float(v), 3) for v in (d.mean(), d.mean() - half, d.mean() + half))


# %% wrong: value
def interval_of_pairs(a, b, t):  # in half precision
    d = np.subtract(np.float16(a), np.float16(b)).astype(float)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% wrong: value
def interval_of_pairs(a, b, t):
    d = np.clip(np.subtract(a, b), -5, 5)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half
