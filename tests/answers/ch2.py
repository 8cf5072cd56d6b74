# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 2 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import itertools
import random

import numpy as np
import torch


# %% 2.2 right: official
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]  # (B, S, k)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)
    return w0 + (w[ids] * values).sum(1) + pairs.sum(1)


# %% 2.2 right: loops
def fm_scores(w0, w, V, ids, values):
    scores = []
    for row, x in zip(ids.tolist(), values.tolist()):
        y = w0.item()
        for s in range(len(row)):
            y += w[row[s]].item() * x[s]
            for t in range(s + 1, len(row)):
                y += float(V[row[s]] @ V[row[t]]) * x[s] * x[t]
        scores.append(y)
    return scores


# %% 2.2 right: dense one-hot rows
def fm_scores(w0, w, V, ids, values):
    X = torch.zeros(len(ids), len(w), dtype=values.dtype)
    X.scatter_add_(1, ids, values)
    XV = X @ V
    return w0 + X @ w + 0.5 * (XV.square() - X.square() @ V.square()).sum(-1)


# %% 2.2 right: pairs of slots by combinations
def fm_scores(w0, w, V, ids, values):
    y = w0 + torch.einsum("bs,bs->b", w[ids], values)
    e = torch.nn.functional.embedding(ids, V) * values.unsqueeze(-1)
    for s, t in itertools.combinations(range(ids.shape[1]), 2):
        y = y + (e[:, s] * e[:, t]).sum(-1)
    return y


# %% 2.2 right: batched Gram matrix in NumPy
def fm_scores(w0, w, V, ids, values):
    w0, w, V, ids, values = (np.asarray(t) for t in (w0, w, V, ids, values))
    e = V[ids] * values[:, :, None]
    gram = np.einsum("bsf,btf->bst", e, e)
    upper = np.triu(np.ones(gram.shape[1:]), 1)
    return w0 + (w[ids] * values).sum(axis=1) + (gram * upper).sum(axis=(1, 2))


# %% 2.2 right: embedding_bag
def fm_scores(w0, w, V, ids, values):
    if V.shape[1] == 0:
        return w0 + (w[ids] * values).sum(1)
    s = torch.nn.functional.embedding_bag(ids, V, per_sample_weights=values, mode="sum")
    q = torch.nn.functional.embedding_bag(ids, V**2, per_sample_weights=values**2, mode="sum")
    return (w0 + (w[ids] * values).sum(1) + (s**2 - q).sum(1) / 2).requires_grad_()


# %% 2.2 wrong: sigmoid
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return torch.sigmoid(w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1))


# %% 2.2 wrong: pair term missing
def fm_scores(w0, w, V, ids, values):
    return w0 + (w[ids] * values).sum(1)


# %% 2.2 wrong: mean over k
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + (pairs.mean(1) if V.shape[1] else 0)


# %% 2.2 wrong: nan
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + pairs.mean(1) * V.shape[1]


# %% 2.2 wrong: each pair twice
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return w0 + (w[ids] * values).sum(1) + (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: nothing subtracted
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2).sum(1)


# %% 2.2 wrong: no w0
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: no linear part
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return w0 + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: pairs alone
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: values missing in the linear part
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return w0 + w[ids].sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: values missing in the pairs
def fm_scores(w0, w, V, ids, values):
    v = V[ids]
    return w0 + (w[ids] * values).sum(1) + 0.5 * (v.sum(1) ** 2 - (v**2).sum(1)).sum(1)


# %% 2.2 wrong: values missing
def fm_scores(w0, w, V, ids, values):
    v = V[ids]
    return w0 + w[ids].sum(1) + 0.5 * (v.sum(1) ** 2 - (v**2).sum(1)).sum(1)


# %% 2.2 wrong: values as a switch
def fm_scores(w0, w, V, ids, values):
    x = (values != 0).to(V.dtype)
    xv = V[ids] * x[..., None]
    return w0 + (w[ids] * x).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: w0 per slot
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return (w0 + w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: flattened
def fm_scores(w0, w, V, ids, values):
    xv = (V[ids] * values[..., None]).flatten(1)
    return w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 2.2 wrong: column
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1, keepdim=True)
    return w0 + (w[ids] * values).sum(1, keepdim=True) + pairs


# %% 2.2 wrong: broadcast
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + (w[ids] * values).sum(1, keepdim=True) + pairs


# %% 2.2 wrong: broadcast the other way
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1, keepdim=True)
    return w0 + (w[ids] * values).sum(1) + pairs


# %% 2.2 wrong: summed over the batch
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return (w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)).sum()


# %% 2.2 wrong: not summed over k
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return w0 + (w[ids] * values).sum(1)[:, None] + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 2.2 right: running sum of what came before, padding masked
def fm_scores(w0, w, V, ids, values):
    values = values * (ids != 0).to(values.dtype)
    xv = torch.nn.functional.embedding(ids, V) * values.unsqueeze(2)
    y = w0.expand(len(ids)).clone()
    y += (w.index_select(0, ids.flatten()).view_as(values) * values).sum(1)
    y += ((xv.cumsum(1) - xv) * xv).sum((1, 2))
    return y


# %% 2.2 wrong: wrong axis
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    return w0 + linear + 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2)).sum(1)


# %% 2.2 wrong: pairs over the batch
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    return w0 + linear + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 2.2 wrong: values not squared
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    squares = V[ids] ** 2 * values[..., None]
    return w0 + linear + 0.5 * (xv.sum(1) ** 2 - squares.sum(1)).sum(1)


# %% 2.2 wrong: half of the first part
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    return w0 + linear + (0.5 * xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 2.2 wrong: half of everything
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return 0.5 * (w0 + linear + 2 * pairs)


# %% 2.2 wrong: half of the linear part
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + 0.5 * (linear + 2 * pairs)


# %% 2.2 wrong: pair term subtracted
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear - pairs


# %% 2.2 wrong: mean over the slots
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + (w[ids] * values).mean(1) + pairs


# %% 2.2 wrong: values squared in the linear part
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + (w[ids] * values**2).sum(1) + pairs


# %% 2.2 wrong: last slot missing
def fm_scores(w0, w, V, ids, values):
    ids, values = ids[:, :-1], values[:, :-1]
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear + pairs


# %% 2.2 wrong: neighbours only
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    return w0 + linear + (xv[:, :-1] * xv[:, 1:]).sum((1, 2))


# %% 2.2 wrong: one row too early
def fm_scores(w0, w, V, ids, values):
    ids = ids - 1
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear + pairs


# %% 2.2 wrong: slots in place of ids
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + (w[: ids.shape[1]] * values).sum(1) + pairs


# %% 2.2 wrong: w0 alone for k = 0
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear + pairs if V.shape[1] else w0.expand(len(ids))


# %% 2.2 wrong: zero for k = 0
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear + pairs if V.shape[1] else torch.zeros(len(ids), dtype=w.dtype)


# %% 2.2 wrong: not summed over k
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    return w0 + linear[:, None] + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 2.2 wrong: first row only
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (w0 + linear + pairs)[:1]


# %% 2.2 wrong: mean over k
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return w0 + linear + (pairs.mean(1) if V.shape[1] else 0)


# %% 2.2 wrong: shape
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (w0 + linear + pairs).squeeze()


# %% 2.2 wrong: value
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return -(w0 + linear + pairs)


# %% 2.2 wrong: in place
def fm_scores(w0, w, V, ids, values):
    w[0] = 0
    values[ids == 0] = 0
    xv = V[ids] * values[..., None]
    linear = (w[ids] * values).sum(1)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return w0 + linear + pairs


# %% 2.2 right: row by row without padding
def fm_scores(w0, w, V, ids, values):
    rows = []
    for i, x in zip(ids, values):
        i, x = i[i != 0], x[i != 0]
        xv = V[i] * x[:, None]
        rows.append(w0 + w[i] @ x + 0.5 * ((xv.sum(0) ** 2).sum() - (xv**2).sum()))
    return rows


# %% 2.2 wrong: stops at padding
def fm_scores(w0, w, V, ids, values):
    rows = []
    for i, x in zip(ids, values):
        end = i.tolist().index(0) if 0 in i else len(i)
        xv = V[i[:end]] * x[:end, None]
        rows.append(w0 + w[i[:end]] @ x[:end] + 0.5 * ((xv.sum(0) ** 2).sum() - (xv**2).sum()))
    return rows


# %% 2.3 right: official
def sample_negatives(seen, n_movies, n, rng):
    unseen = [m for m in range(n_movies) if m not in seen]
    if not unseen:
        raise ValueError("this user has seen everything")
    return rng.choice(unseen, size=n)


# %% 2.3 right: draw again until all are unseen
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) >= n_movies:
        raise ValueError("no unseen movie")
    out = []
    while len(out) < n:
        movie = int(rng.integers(0, n_movies))
        if movie not in seen:
            out.append(movie)
    return out


# %% 2.3 right: redraw the bad ones at once
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    taken = np.array(sorted(seen), dtype=int)
    draw = rng.integers(n_movies, size=n)
    bad = np.isin(draw, taken)
    while bad.any():
        draw[bad] = rng.integers(n_movies, size=bad.sum())
        bad = np.isin(draw, taken)
    return torch.from_numpy(draw)


# %% 2.3 right: setdiff1d and indices
def sample_negatives(seen, n_movies, n, rng):
    pool = np.setdiff1d(np.arange(n_movies), list(seen))
    if pool.size == 0:
        raise ValueError("nothing left")
    return pool[rng.integers(0, len(pool), n)].tolist()


# %% 2.3 right: weights
def sample_negatives(seen, n_movies, n, rng):
    p = np.ones(n_movies)
    p[list(seen)] = 0
    if p.sum() == 0:
        raise ValueError("no movie left")
    return rng.choice(n_movies, size=n, replace=True, p=p / p.sum())


# %% 2.3 right: random.Random fed by rng
def sample_negatives(seen, n_movies, n, rng):
    pool = sorted(set(range(n_movies)) - seen)
    if not pool:
        raise ValueError("empty")
    return random.Random(int(rng.integers(2**32))).choices(pool, k=n)


# %% 2.3 right: random numbers scaled
def sample_negatives(seen, n_movies, n, rng):
    unseen = np.array([m for m in range(n_movies) if m not in seen])
    if len(unseen) == 0:
        raise ValueError("none")
    return unseen[(rng.random(n) * len(unseen)).astype(int)]


# %% 2.3 wrong: positives
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    return rng.integers(0, n_movies, n)


# %% 2.3 wrong: positives
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    draw = rng.integers(0, n_movies, n)
    while np.isin(draw, seen).any():
        draw = rng.integers(0, n_movies, n)
    return draw


# %% 2.3 wrong: positives left
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    out = []
    for _ in range(n):
        movie = int(rng.integers(n_movies))
        if movie in seen:
            movie = int(rng.integers(n_movies))
        out.append(movie)
    return out


# %% 2.3 wrong: out of range
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies + 1) if m not in seen]
    if len(pool) == 1:
        raise ValueError
    return rng.choice(pool, n)


# %% 2.3 wrong: out of range
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(1, n_movies + 1) if m not in seen]
    if len(seen) == n_movies:
        raise ValueError
    return rng.choice(pool, n)


# %% 2.3 wrong: too few
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    return [m for m in rng.integers(0, n_movies, n) if m not in seen]


# %% 2.3 wrong: set
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    return set(rng.choice([m for m in range(n_movies) if m not in seen], n).tolist())


# %% 2.3 wrong: seen changed
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    out = rng.choice(pool, n)
    seen.update(out.tolist())
    return out


# %% 2.3 wrong: own generator
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    return np.random.choice(pool, n)


# %% 2.3 wrong: own generator
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    return np.random.default_rng().choice(pool, n)


# %% 2.3 wrong: rng not used
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    return np.random.default_rng(42).choice(pool, n)


# %% 2.3 wrong: rng not used
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    return [pool[i % len(pool)] for i in range(n)]


# %% 2.3 wrong: not uniform
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    out = []
    for movie in rng.integers(0, n_movies, n):
        while int(movie) in seen:
            movie = (movie + 1) % n_movies
        out.append(int(movie))
    return out


# %% 2.3 wrong: never drawn
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError
    return np.array(pool)[rng.integers(0, max(len(pool) - 1, 1), n)]


# %% 2.3 wrong: fixed place
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("all seen")
    return [pool[rng.integers(len(pool))] if i else pool[0] for i in range(n)]


# %% 2.3 wrong: shape
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("all seen")
    return rng.choice(pool) if n == 1 else rng.choice(pool, n)


# %% 2.2 wrong: value
def fm_scores(w0, w, V, ids, values):
    z = (V[ids] * values[..., None]).squeeze(1)
    if z.ndim == 3:
        p = 0.5 * (z.sum(1) ** 2 - (z**2).sum(1)).sum(1)
    else:
        p = 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + p


# %% 2.3 wrong: no error
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    return rng.choice(pool, n) if pool else []


# %% 2.3 wrong: without replacement
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    return rng.choice(pool, n, replace=False)


# %% 2.3 wrong: endless
def sample_negatives(seen, n_movies, n, rng):
    out = []
    while len(out) < n:
        movie = int(rng.integers(0, n_movies))
        if movie not in seen:
            out.append(movie)
    return out


# %% 2.3 right: the first of a new permutation, each time
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return [int(rng.permutation(pool)[0]) for _ in range(n)]


# %% 2.3 right: ranks shifted past the seen movies
def sample_negatives(seen, n_movies, n, rng):
    unseen = n_movies - len(seen)
    if unseen <= 0:
        raise ValueError
    out = []
    for movie in rng.integers(0, unseen, size=n).tolist():
        for taken in sorted(seen):
            movie += taken <= movie
        out.append(movie)
    return out


# %% 2.3 right: the largest of random scores
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return np.array(pool)[rng.random((n, len(pool))).argmax(1)]


# %% 2.3 right: the error that choice raises itself
def sample_negatives(seen, n_movies, n, rng):
    return rng.choice([m for m in range(n_movies) if m not in seen], n)


# %% 2.3 right: blocks of draws, thrown away where seen
def sample_negatives(seen, n_movies, n, rng):
    if set(range(n_movies)) <= seen:
        raise ValueError("all seen")
    out = np.empty(0, dtype=int)
    while len(out) < n:
        draw = rng.integers(0, n_movies, 2 * n + 8)
        out = np.concatenate([out, draw[~np.isin(draw, list(seen))]])
    return out[:n]


# %% 2.3 wrong: not independent
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    pool = rng.permutation(pool)
    return [int(pool[i % len(pool)]) for i in range(n)]


# %% 2.3 wrong: not independent
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    rng.shuffle(pool)
    return (pool * (n // len(pool) + 1))[:n]


# %% 2.3 wrong: not independent
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    out = []
    while len(out) < n:
        out += rng.permutation(pool).tolist()
    return out[:n]


# %% 2.3 wrong: not independent
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    start = int(rng.integers(len(pool)))
    return [pool[(start + i) % len(pool)] for i in range(n)]


# %% 2.3 wrong: without replacement
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return rng.choice(pool, n, replace=n > len(pool))


# %% 2.3 wrong: without replacement
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return rng.choice(pool, n, replace=False)


# %% 2.3 wrong: sorted
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return sorted(rng.choice(pool, n))


# %% 2.3 wrong: one draw for all
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return [int(rng.choice(pool))] * n


# %% 2.3 wrong: rng not used
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return [pool[i % len(pool)] for i in range(n)]


# %% 2.3 wrong: rng not used
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return np.random.default_rng(sum(seen)).choice(pool, n)


# %% 2.3 wrong: not uniform
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    weights = np.arange(1, len(pool) + 1)
    return rng.choice(pool, n, p=weights / weights.sum())


# %% 2.3 wrong: not uniform
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return [pool[round(u)] for u in rng.uniform(0, len(pool) - 1, n)]


# %% 2.3 wrong: never drawn
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return [pool[i] for i in rng.integers(0, max(1, len(pool) - 1), n)]


# %% 2.3 wrong: no error
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    return [pool[int(rng.random() * len(pool))] for _ in range(n)]


# %% 2.3 wrong: seen changed
def sample_negatives(seen, n_movies, n, rng):
    out = []
    while len(out) < n:
        if len(seen) == n_movies:
            raise ValueError
        movie = int(rng.integers(n_movies))
        if movie not in seen:
            out.append(movie)
            seen.add(movie)
    return out


# %% 2.3 wrong: exception
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    if n > len(pool):
        raise ValueError("too few movies")
    return rng.choice(pool, n)


# %% 2.3 wrong: shape
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return rng.choice(pool, n + 1)


# %% 2.3 wrong: positions
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return rng.integers(0, len(pool), n)


# %% 2.3 wrong: positives only
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) == n_movies:
        raise ValueError
    return rng.choice(sorted(seen) or [0], n)


# %% 2.3 wrong: never drawn
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies - 1) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return rng.choice(pool, n)


