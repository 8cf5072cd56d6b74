# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 2 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import random

import numpy as np
import torch


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


