# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 6 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import math
import statistics

import numpy as np
import torch


# %% 6.1 right: official
def slots_with_constant(x):
    features = torch.diag_embed(x)  # (B, m, m): slot i is x_i times the unit vector i
    constant = torch.ones_like(x)[:, None]  # (B, 1, m)
    return torch.cat([features, constant], dim=1)


# %% 6.1 right: loops
def slots_with_constant(x):
    B, m = x.shape
    out = torch.zeros(B, m + 1, m)
    for b in range(B):
        for i in range(m):
            out[b, i, i] = x[b, i]
        out[b, m] = 1
    return out


# %% 6.1 right: other lengths and signs
def slots_with_constant(x):
    m = x.shape[1]
    c = torch.tensor([(-1.0) ** f * (f + 1) for f in range(m)], dtype=x.dtype)
    return torch.cat([x[:, :, None] * torch.diag(1 / c), c.expand(len(x), 1, m)], 1)


# %% 6.1 right: an embedding table and values
def slots_with_constant(x):
    m = x.shape[1]
    V = torch.cat([torch.eye(m), torch.ones(1, m)]).to(x)
    values = torch.cat([x, torch.ones(len(x), 1).to(x)], dim=1)
    return V[None] * values[..., None]


# %% 6.1 right: NumPy
def slots_with_constant(x):
    x = x.numpy()
    out = np.ones((x.shape[0], x.shape[1] + 1, x.shape[1]))
    out[:, :-1] = np.eye(x.shape[1]) * x[:, :, None]
    return out


# %% 6.1 right: lists
def slots_with_constant(x):
    m = x.shape[1]
    return [[[float(v) * (i == f) for f in range(m)] for i, v in enumerate(row)] + [[1.0] * m] for row in x]


# %% 6.1 wrong: no constant slot
def slots_with_constant(x):
    return torch.diag_embed(x)


# %% 6.1 wrong: constant is zero
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x), torch.zeros_like(x)[:, None]], 1)


# %% 6.1 wrong: constant first
def slots_with_constant(x):
    m = x.shape[1]
    return torch.cat([torch.eye(m, dtype=x.dtype).expand(len(x), m, m), x[:, None]], 1)


# %% 6.1 wrong: constant not constant
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x), x.sum(1)[:, None, None] * torch.ones_like(x)[:, None]], 1)


# %% 6.1 wrong: another call
def slots_with_constant(x):
    constant = torch.rand(x.shape[1], dtype=x.dtype) + 0.5
    return torch.cat([torch.diag_embed(x / constant), constant.expand(len(x), 1, -1)], 1)


# %% 6.1 wrong: another call
def slots_with_constant(x):
    scale = max(1, len(x))
    return torch.cat([torch.diag_embed(x) * scale, x.new_ones(len(x), 1, x.shape[1]) / scale], 1)


# %% 6.1 wrong: another call
def slots_with_constant(x):
    size = x.abs().mean() if len(x) else 1
    return torch.cat([torch.diag_embed(x), size * x.new_ones(len(x), 1, x.shape[1])], 1)


# %% 6.3 wrong: value
def interval_of_pairs(a, b, t):
    from scipy import stats

    d = np.subtract(a, b)
    half = stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: exception
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    if d.std(ddof=1) == 0:
        raise ValueError("no spread")
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.1 wrong: slot not x_i v_i
def slots_with_constant(x):
    out = torch.zeros(len(x), x.shape[1] + 1, x.shape[1], dtype=x.dtype)
    out[:, 0] = x
    out[:, -1] = 1
    return out


# %% 6.1 wrong: pairs left over
def slots_with_constant(x):
    m = x.shape[1]
    return torch.cat([x[..., None].expand(-1, m, m), torch.ones_like(x)[:, None]], 1)


# %% 6.1 wrong: scaled
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x), 2 * torch.ones_like(x)[:, None]], 1)


# %% 6.1 wrong: no constant crossing
def slots_with_constant(x):
    out = torch.cat([torch.diag_embed(x), torch.ones_like(x)[:, None]], 1)
    out[:, :-1] = 0
    return out


# %% 6.1 wrong: shape
def slots_with_constant(x):
    return torch.cat([x, torch.ones_like(x[:, :1])], 1)


# %% 6.1 wrong: constant first
def slots_with_constant(x):
    return torch.cat([torch.ones_like(x)[:, None], torch.diag_embed(x)], 1)


# %% 6.1 wrong: opposite sign
def slots_with_constant(x):
    return torch.cat([torch.diag_embed(x), -torch.ones_like(x)[:, None]], 1)


# %% 6.1 wrong: zero in the constant
def slots_with_constant(x):
    constant = torch.zeros_like(x)
    constant[:, 0] = 1
    return torch.cat([torch.diag_embed(x), constant[:, None]], 1)


# %% 6.1 wrong: different factors
def slots_with_constant(x):
    m = x.shape[1]
    lengths = torch.arange(1, m + 1).to(x)
    return torch.cat([torch.diag_embed(x * lengths), torch.ones_like(x)[:, None]], 1)


# %% 6.3 right: official
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 right: statistics
def interval_of_pairs(a, b, t):
    d = [x - y for x, y in zip(a, b)]
    mean, half = statistics.mean(d), t * statistics.stdev(d) / math.sqrt(len(d))
    return [mean, mean - half, mean + half]


# %% 6.3 right: PyTorch
def interval_of_pairs(a, b, t):
    d = torch.tensor(a) - torch.tensor(b)
    half = t * d.std() / len(d) ** 0.5
    return torch.stack([d.mean(), d.mean() - half, d.mean() + half])


# %% 6.3 right: standard error from SciPy
def interval_of_pairs(a, b, t):
    from scipy import stats

    d = np.array(a) - np.array(b)
    return tuple(d.mean() + s * t * stats.sem(d) for s in (0, -1, 1))


# %% 6.3 right: variance by hand
def interval_of_pairs(a, b, t):
    n = len(a)
    mean = sum(a) / n - sum(b) / n
    variance = sum((x - y - mean) ** 2 for x, y in zip(a, b)) / (n - 1)
    half = t * (variance / n) ** 0.5
    return (torch.tensor(mean), mean - half, np.float32(mean + half))


# %% 6.3 wrong: unpaired
def interval_of_pairs(a, b, t):
    mean = np.mean(a) - np.mean(b)
    half = t * math.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
    return mean, mean - half, mean + half


# %% 6.3 wrong: divided by n
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std() / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: no root of n
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1)
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: n instead of its root
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / len(d)
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: variance instead of its root
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.var(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: t missing
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: 1.96
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = 1.96 * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: the other way round
def interval_of_pairs(a, b, t):
    d = np.subtract(b, a)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: mean and half width
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    return d.mean(), t * d.std(ddof=1) / np.sqrt(len(d))


# %% 6.3 wrong: ends only
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean() - half, d.mean() + half


# %% 6.3 wrong: order
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean() - half, d.mean(), d.mean() + half


# %% 6.3 wrong: ends exchanged
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() + half, d.mean() - half


# %% 6.3 wrong: absolute differences
def interval_of_pairs(a, b, t):
    d = np.abs(np.subtract(a, b))
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: kind
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return {"mean": d.mean(), "low": d.mean() - half, "high": d.mean() + half}


# %% 6.3 wrong: in place
def interval_of_pairs(a, b, t):
    for s in range(len(a)):
        a[s] -= b[s]
    half = t * statistics.stdev(a) / len(a) ** 0.5
    return statistics.mean(a), statistics.mean(a) - half, statistics.mean(a) + half


# %% 6.3 wrong: median
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return np.median(d), np.median(d) - half, np.median(d) + half


# %% 6.3 wrong: median returned
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return np.median(d), d.mean() - half, d.mean() + half


# %% 6.3 wrong: median everywhere
def interval_of_pairs(a, b, t):
    d = [x - y for x, y in zip(a, b)]
    middle = statistics.median(d)
    half = t * math.sqrt(sum((x - middle) ** 2 for x in d) / (len(d) - 1) / len(d))
    return middle, middle - half, middle + half


# %% 6.3 wrong: root of n - 1
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d) - 1)
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: fixed t
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = 2.776 * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: variance over n
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.var(ddof=1) / len(d)
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: half of t
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d)) / 2
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: mean absolute deviation
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * np.abs(d - d.mean()).mean() / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: not centred
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * np.sqrt((d**2).sum() / (len(d) - 1)) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: difference of the spreads
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * abs(np.std(a, ddof=1) - np.std(b, ddof=1)) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: sum of the spreads
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * (np.std(a, ddof=1) + np.std(b, ddof=1)) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: spread of a
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * np.std(a, ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: unpaired, divided by n
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * np.sqrt((np.var(a) + np.var(b)) / len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: half width twice
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), half, half


# %% 6.3 wrong: offsets
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), -half, half


# %% 6.3 wrong: mean last
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean() - half, d.mean() + half, d.mean()


# %% 6.3 wrong: a alone
def interval_of_pairs(a, b, t):
    d = np.array(a)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: sums
def interval_of_pairs(a, b, t):
    d = np.add(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: sum of the differences
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.sum(), d.sum() - half, d.sum() + half


# %% 6.3 wrong: sorted
def interval_of_pairs(a, b, t):
    d = np.sort(a) - np.sort(b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


# %% 6.3 wrong: rounded
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return tuple(round(float(v), 3) for v in (d.mean(), d.mean() - half, d.mean() + half))


# %% 6.3 wrong: rounded to two decimals
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return tuple(round(float(v), 2) for v in (d.mean(), d.mean() - half, d.mean() + half))


# %% 6.3 wrong: smallest and largest
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    return d.mean(), d.min(), d.max()


# %% 6.3 wrong: percentiles
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    return d.mean(), *np.percentile(d, [2.5, 97.5])


# %% 6.3 wrong: cut at zero
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), max(0.0, d.mean() - half), d.mean() + half


# %% 6.3 wrong: whole-number differences
def interval_of_pairs(a, b, t):
    d = np.array([int(x - y) for x, y in zip(a, b)])
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half
