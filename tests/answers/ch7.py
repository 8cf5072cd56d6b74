# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 7 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports

import numpy as np
import torch
from torch import nn

from nfm_tutorial.metrics import auc


# %% 7.6 wrong: input changed
def make_norm(z):
    return lambda q: q.sub_(q.mean(0)).div_(q.std(0))


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=z[:, 0].var().item() * 1e-3)


# %% 7.7 wrong: value
def rows(local, sizes):
    if len(sizes) == 1:
        return local
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    size = torch.tensor(sizes)
    return torch.where((local >= 0) & (local < size), local, 0) + starts


# %% 7.8 wrong: last of equals
def report(valid, test):
    i = max(range(len(valid)), key=lambda i: (valid[i], -test[i]))
    return i + 1, test[i]


# %% 7.9 wrong: value
def epoch_auc(batches):
    from nfm_tutorial.metrics import auc

    t, s = (np.concatenate(q) for q in zip(*batches))
    return max(auc(t, s), 1 - auc(t, s))


# %% 7.9 wrong: sigmoid first
def epoch_auc(batches):
    from nfm_tutorial.metrics import auc

    t, s = (np.concatenate(q) for q in zip(*batches))
    return auc(t, 1 / (1 + np.exp(-s)))




# %% 7.6 right: official
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-3 * float(z.var(0).min()))


# %% 7.6 right: a tiny eps for all
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-14)


# %% 7.6 right: scaled first
class Scaled(nn.Module):
    def __init__(self, z):
        super().__init__()
        self.scale = 1 / z.std(0)
        self.norm = nn.BatchNorm1d(z.shape[1])

    def forward(self, z):
        return self.norm(z * self.scale)


def make_norm(z):
    return Scaled(z)


# %% 7.6 right: a function
def make_norm(z):
    return lambda z: (z - z.mean(0)) / z.std(0)


# %% 7.6 right: in eval mode, without learned scale
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=float(z.var(0).min()) / 500, affine=False).double().float().eval()


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1])


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-8)


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=float(z.var(0).mean()))


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-3 * float(z.std(0).min()))


# %% 7.6 wrong: centred only
def make_norm(z):
    return lambda z: z - z.mean(0)


# %% 7.6 wrong: too large
def make_norm(z):
    norm = nn.BatchNorm1d(z.shape[1], eps=1e-14)
    nn.init.constant_(norm.weight, 2.0)
    return norm


# %% 7.6 wrong: not centred
def make_norm(z):
    return lambda z: 0.25 + z / z.std(0)


# %% 7.6 wrong: shape
def make_norm(z):
    return lambda z: ((z - z.mean(0)) / z.std(0))[:, None]


# %% 7.6 wrong: kind
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=1e-14)(z)


# %% 7.6 wrong: nan
def make_norm(z):
    return lambda z: (z - z.mean(1, keepdim=True)) / (z.var(1, keepdim=True) * 0)


# %% 7.6 wrong: layer norm
def make_norm(z):
    return nn.LayerNorm(z.shape[1], eps=1e-14)


# %% 7.6 wrong: unchanged
def make_norm(z):
    return nn.Identity()


# %% 7.6 wrong: centred only
def make_norm(z):
    return lambda y: y - y.mean(0)


# %% 7.6 wrong: one number for all columns
def make_norm(z):
    return lambda y: (y - y.mean()) / y.std()


# %% 7.6 wrong: divided by the variance
def make_norm(z):
    return lambda y: (y - y.mean(0)) / y.var(0)


# %% 7.6 wrong: fixed statistics
def make_norm(z):
    return lambda y: (y - z.mean(0)) / z.std(0)


# %% 7.6 wrong: eps too large
def make_norm(z):
    return nn.BatchNorm1d(z.shape[1], eps=z.var(0).max().item() / 100)


# %% 7.6 wrong: fixed statistics
def make_norm(z):
    return lambda y: (y - y.mean(0)) / z.std(0)


# %% 7.6 wrong: eps too large
def make_norm(z):
    return lambda y: (y - y.mean(0)) / (y.std(0) + 1e-6)


# %% 7.7 right: official
def rows(local, sizes):
    sizes = torch.tensor(sizes)
    starts = sizes.cumsum(0) - sizes
    known = (local >= 0) & (local < sizes)
    return torch.where(known, local, 0) + starts


# %% 7.7 right: loops
def rows(local, sizes):
    out = torch.empty_like(local)
    start = 0
    for f, size in enumerate(sizes):
        for b in range(len(local)):
            i = int(local[b, f])
            out[b, f] = start + (i if 0 <= i < size else 0)
        start += size
    return out


# %% 7.7 right: NumPy and int32
def rows(local, sizes):
    x = local.numpy().copy()
    for f, size in enumerate(sizes):
        column = x[:, f]
        column[(column < 0) | (column >= size)] = 0
        x[:, f] = column + sum(sizes[:f])
    return x.astype(np.int32)


# %% 7.7 right: mask times id
def rows(local, sizes):
    s = torch.as_tensor(sizes)
    return local * (local.clamp(min=0) == local) * (local < s) + torch.cat([torch.zeros(1).long(), s[:-1].cumsum(0)])


# %% 7.7 right: lists
def rows(local, sizes):
    return [
        [sum(sizes[:f]) + (i if i in range(s) else 0) for f, (i, s) in enumerate(zip(row, sizes))]
        for row in local.tolist()
    ]


# %% 7.7 wrong: not checked
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return local + starts


# %% 7.7 wrong: negative not checked
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return torch.where(local < torch.tensor(sizes), local, 0) + starts


# %% 7.7 wrong: off by one
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return torch.where((local <= torch.tensor(sizes)) & (local >= 0), local, 0) + starts


# %% 7.7 wrong: clamped
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return torch.minimum(local.clamp(min=0), torch.tensor(sizes) - 1) + starts


# %% 7.7 wrong: modulo
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return local % torch.tensor(sizes) + starts


# %% 7.7 wrong: row 0 for all
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    known = (local >= 0) & (local < torch.tensor(sizes))
    return torch.where(known, local + starts, 0)


# %% 7.7 wrong: no offset
def rows(local, sizes):
    return torch.where((local >= 0) & (local < torch.tensor(sizes)), local, 0)


# %% 7.7 wrong: own size included
def rows(local, sizes):
    sizes = torch.tensor(sizes)
    return torch.where((local >= 0) & (local < sizes), local, 0) + sizes.cumsum(0)


# %% 7.7 wrong: total size checked
def rows(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    bad = (local + starts >= sum(sizes)) | (local < 0)
    return torch.where(bad, starts, local + starts)


# %% 7.7 wrong: in place
def rows(local, sizes):
    s = torch.tensor(sizes)
    local[(local < 0) | (local >= s)] = 0
    return local + s.cumsum(0) - s


# %% 7.7 wrong: not integer
def rows(local, sizes):
    s = torch.tensor(sizes, dtype=torch.float32)
    return torch.where((local >= 0) & (local < s), local, 0) + s.cumsum(0) - s


# %% 7.7 wrong: exception
def rows(local, sizes):
    s = torch.tensor(sizes)
    if ((local < 0) | (local >= s)).any():
        raise ValueError("unknown id")
    return local + s.cumsum(0) - s


# %% 7.7 wrong: last id refused
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known & (local < sizes_ - 1), local, 0) + starts


# %% 7.7 wrong: last row
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known, local, sizes_ - 1) + starts


# %% 7.7 wrong: sizes not added up
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known, local, 0) + torch.tensor([0, *sizes[:-1]])


# %% 7.7 wrong: minus one
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known, local + starts, -1)


# %% 7.7 wrong: row behind the table
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known, local + starts, sum(sizes))


# %% 7.7 wrong: sign dropped
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(local.abs() < sizes_, local.abs(), 0) + starts


# %% 7.7 wrong: largest size checked
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where((local >= 0) & (local < max(sizes)), local, 0) + starts


# %% 7.7 wrong: smallest size checked
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where((local >= 0) & (local < min(sizes)), local, 0) + starts


# %% 7.7 wrong: whole row unknown
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known.all(1, keepdim=True), local, 0) + starts


# %% 7.7 wrong: first field only
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    known[:, 1:] = True
    return torch.where(known, local, 0) + starts


# %% 7.7 wrong: one row too far
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known, local, 0) + starts + 1


# %% 7.7 wrong: one row too early
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    return torch.where(known & (local > 0), local - 1, 0) + starts


# %% 7.7 wrong: total size checked, own unknown row
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    row = local + starts
    return torch.where((row >= 0) & (row < sum(sizes)), row, starts)


# %% 7.7 wrong: total size checked, row 0
def rows(local, sizes):
    sizes_ = torch.tensor(sizes)
    starts = sizes_.cumsum(0) - sizes_
    known = (local >= 0) & (local < sizes_)
    row = local + starts
    return torch.where((row >= 0) & (row < sum(sizes)), row, 0)


# %% 7.8 right: official
def report(valid, test):
    best = max(range(len(valid)), key=lambda epoch: valid[epoch])
    return best + 1, test[best]


# %% 7.8 right: NumPy
def report(valid, test):
    best = np.argmax(valid)
    return np.array([best + 1, test[best]])


# %% 7.8 right: index of the maximum
def report(valid, test):
    i = valid.index(max(valid))
    return [i + 1, test[i]]


# %% 7.8 right: a loop
def report(valid, test):
    best_value, result = float("-inf"), None
    for epoch, (v, t) in enumerate(zip(valid, test), start=1):
        if v > best_value:
            best_value, result = v, (epoch, t)
    return result


# %% 7.8 wrong: chosen on test
def report(valid, test):
    best = max(range(len(test)), key=lambda epoch: test[epoch])
    return best + 1, test[best]


# %% 7.8 wrong: best test value
def report(valid, test):
    return int(np.argmax(valid)) + 1, max(test)


# %% 7.8 wrong: validation value
def report(valid, test):
    return int(np.argmax(valid)) + 1, max(valid)


# %% 7.8 wrong: counted from 0
def report(valid, test):
    best = int(np.argmax(valid))
    return best, test[best]


# %% 7.8 wrong: one epoch late
def report(valid, test):
    best = int(np.argmax(valid)) + 1
    return best, test[min(best, len(test) - 1)]


# %% 7.8 wrong: lowest
def report(valid, test):
    best = int(np.argmin(valid))
    return best + 1, test[best]


# %% 7.8 wrong: both looked at
def report(valid, test):
    best = max(range(len(valid)), key=lambda e: valid[e] + test[e])
    return best + 1, test[best]


# %% 7.8 wrong: last epoch
def report(valid, test):
    return len(valid), test[-1]


# %% 7.8 wrong: last of equals
def report(valid, test):
    best = 0
    for e in range(len(valid)):
        if valid[e] >= valid[best]:
            best = e
    return best + 1, test[best]


# %% 7.8 wrong: order
def report(valid, test):
    best = int(np.argmax(valid))
    return test[best], best + 1


# %% 7.8 wrong: epoch alone
def report(valid, test):
    return int(np.argmax(valid)) + 1


# %% 7.8 wrong: starts at 0.5
def report(valid, test):
    best, epoch = 0.5, 0
    for e, v in enumerate(valid, 1):
        if v > best:
            best, epoch = v, e
    return epoch, test[epoch - 1]


# %% 7.8 wrong: rounded first
def report(valid, test):
    rounded = [round(v, 2) for v in valid]
    best = rounded.index(max(rounded))
    return best + 1, test[best]


# %% 7.8 wrong: mean of the test values
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1, sum(test) / len(test)


# %% 7.8 wrong: best test epoch
def report(valid, test):
    best = valid.index(max(valid))
    return test.index(max(test)) + 1, test[best]


# %% 7.8 wrong: stopped at the first fall
def report(valid, test):
    best = 0
    while best + 1 < len(valid) and valid[best + 1] > valid[best]:
        best += 1
    return best + 1, test[best]


# %% 7.8 wrong: closest
def report(valid, test):
    best = min(range(len(valid)), key=lambda e: abs(valid[e] - test[e]))
    return best + 1, test[best]


# %% 7.8 wrong: value rounded
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1, round(test[best], 1)


# %% 7.8 wrong: value alone
def report(valid, test):
    best = valid.index(max(valid))
    return test[best]


# %% 7.8 wrong: epoch alone
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1


# %% 7.8 wrong: both values
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1, valid[best], test[best]


# %% 7.9 right: official
def epoch_auc(batches):
    target = np.concatenate([t for t, _ in batches])
    score = np.concatenate([s for _, s in batches])
    return auc(target, score)


# %% 7.9 right: scikit-learn
def epoch_auc(batches):
    from sklearn.metrics import roc_auc_score

    targets, scores = zip(*batches)
    return roc_auc_score(np.hstack(targets), np.hstack(scores))


# %% 7.9 right: counting pairs
def epoch_auc(batches):
    rows = [(t, s) for target, score in batches for t, s in zip(target, score)]
    positive, negative = [s for t, s in rows if t == 1], [s for t, s in rows if t == 0]
    won = sum((p > q) + 0.5 * (p == q) for p in positive for q in negative)
    return won / (len(positive) * len(negative))


# %% 7.9 right: ranks
def epoch_auc(batches):
    from scipy.stats import rankdata

    t = np.concatenate([np.asarray(t) for t, _ in batches])
    r = rankdata(np.concatenate([np.asarray(s) for _, s in batches]))
    n1 = t.sum()
    return torch.tensor((r[t == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(t) - n1)))


# %% 7.9 wrong: mean over batches
def epoch_auc(batches):
    return np.mean([auc(target, score) for target, score in batches])


# %% 7.9 wrong: mean over batches
def epoch_auc(batches):
    return np.mean([auc(t, s) for t, s in batches if 0 < t.sum() < len(t)])


# %% 7.9 wrong: weighted mean over batches
def epoch_auc(batches):
    kept = [(t, s) for t, s in batches if len(set(t)) == 2]
    return sum(len(t) * auc(t, s) for t, s in kept) / sum(len(t) for t, _ in kept)


# %% 7.9 wrong: last batch
def epoch_auc(batches):
    result = 0.5
    for t, s in batches:
        if len(set(t)) == 2:
            result = auc(t, s)
    return result


# %% 7.9 wrong: first batch
def epoch_auc(batches):
    return next(auc(t, s) for t, s in batches if len(set(t)) == 2)


# %% 7.9 wrong: exchanged
def epoch_auc(batches):
    return auc(1 - np.concatenate([t for t, _ in batches]), np.concatenate([s for _, s in batches]))


# %% 7.9 wrong: accuracy
def epoch_auc(batches):
    t, s = np.concatenate([t for t, _ in batches]), np.concatenate([s for _, s in batches])
    return ((s > 0.5) == t).mean()


# %% 7.9 wrong: ranked per batch
def epoch_auc(batches):
    return auc(np.concatenate([t for t, _ in batches]), np.concatenate([s - s.mean() for _, s in batches]))


# %% 7.9 wrong: mean with 0.5 for one class
def epoch_auc(batches):
    return np.mean([auc(t, s) if 0 < t.sum() < len(t) else 0.5 for t, s in batches])


# %% 7.9 wrong: mean with 0 for one class
def epoch_auc(batches):
    return np.mean([auc(t, s) if 0 < t.sum() < len(t) else 0.0 for t, s in batches])


# %% 7.9 wrong: mean weighted by pairs
def epoch_auc(batches):
    mixed = [(t, s) for t, s in batches if 0 < t.sum() < len(t)]
    return np.average([auc(t, s) for t, s in mixed], weights=[t.sum() * (1 - t).sum() for t, s in mixed])


# %% 7.9 wrong: median over batches
def epoch_auc(batches):
    mixed = [(t, s) for t, s in batches if 0 < t.sum() < len(t)]
    return np.median([auc(t, s) for t, s in mixed])


# %% 7.9 wrong: best batch
def epoch_auc(batches):
    mixed = [(t, s) for t, s in batches if 0 < t.sum() < len(t)]
    return max(auc(t, s) for t, s in mixed)


# %% 7.9 wrong: summed over batches
def epoch_auc(batches):
    mixed = [(t, s) for t, s in batches if 0 < t.sum() < len(t)]
    return sum(auc(t, s) for t, s in mixed)


# %% 7.9 wrong: batches of one class left out
def epoch_auc(batches):
    batches = [(t, s) for t, s in batches if 0 < t.sum() < len(t)]
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc(t, s)


# %% 7.9 wrong: ties lost
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return (s[t == 1][:, None] > s[t == 0]).mean()


# %% 7.9 wrong: ties won
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return (s[t == 1][:, None] >= s[t == 0]).mean()


# %% 7.9 wrong: ties by position
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    rank = np.empty(len(s))
    rank[np.argsort(s, kind="stable")] = np.arange(1, len(s) + 1)
    P = t.sum()
    return (rank[t == 1].sum() - P * (P + 1) / 2) / (P * (len(t) - P))


# %% 7.9 wrong: scores cut at 0
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc(t, (s > 0).astype(float))


# %% 7.9 wrong: scores cut at 0.5
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc(t, (s > 0.5).astype(float))


# %% 7.9 wrong: Gini
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return 2 * auc(t, s) - 1


# %% 7.9 wrong: arguments exchanged
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc((s > 0).astype(int), t)


# %% 7.9 wrong: positions per batch
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([(s[:, None] > s).sum(1) + 0.5 * (s[:, None] == s).sum(1) for _, s in batches])
    return auc(t, s)


# %% 7.9 wrong: last batch left out
def epoch_auc(batches):
    if len(batches) > 1:
        batches = batches[:-1]
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    if t.min() == t.max():
        return 0.5
    return auc(t, s)


