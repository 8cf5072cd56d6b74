# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to negative_sampling, as readers write them.
# %% imports
import random

import numpy as np
import torch


def unseen(seen, n_movies):
    pool = [m for m in range(n_movies) if m not in seen]
    if not pool:
        raise ValueError("nothing left")
    return pool


# %% right: redraw the bad ones at once
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


# %% right: setdiff1d and indices
def sample_negatives(seen, n_movies, n, rng):
    pool = np.setdiff1d(np.arange(n_movies), list(seen))
    if pool.size == 0:
        raise ValueError("nothing left")
    return pool[rng.integers(0, len(pool), n)].tolist()


# %% right: weights
def sample_negatives(seen, n_movies, n, rng):
    p = np.ones(n_movies)
    p[list(seen)] = 0
    if p.sum() == 0:
        raise ValueError("no movie left")
    return rng.choice(n_movies, size=n, replace=True, p=p / p.sum())


# %% right: random.Random fed by rng
def sample_negatives(seen, n_movies, n, rng):
    return random.Random(int(rng.integers(2**32))).choices(unseen(seen, n_movies), k=n)


# %% right: random numbers scaled
def sample_negatives(seen, n_movies, n, rng):
    pool = np.array(unseen(seen, n_movies))
    return pool[(rng.random(n) * len(pool)).astype(int)]


# %% right: the first of a new permutation, each time
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return [int(rng.permutation(pool)[0]) for _ in range(n)]


# %% right: ranks shifted past the seen movies
def sample_negatives(seen, n_movies, n, rng):
    if len(seen) >= n_movies:
        raise ValueError
    out = []
    for movie in rng.integers(0, n_movies - len(seen), n).tolist():
        for taken in sorted(seen):
            movie += movie >= taken
        out.append(movie)
    return out


# %% right: the largest of random scores
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return np.array(pool)[rng.random((n, len(pool))).argmax(1)]


# %% right: the error that choice raises itself
def sample_negatives(seen, n_movies, n, rng):
    return rng.choice([m for m in range(n_movies) if m not in seen], n)


# %% right: blocks of draws, thrown away where seen
def sample_negatives(seen, n_movies, n, rng):
    unseen(seen, n_movies)
    out = np.empty(0, dtype=int)
    while len(out) < n:
        draw = rng.integers(0, n_movies, 2 * n + 8)
        out = np.concatenate([out, draw[~np.isin(draw, list(seen))]])
    return out[:n]


# %% wrong: Your negatives hold movie
def sample_negatives(seen, n_movies, n, rng):
    unseen(seen, n_movies)
    draw = rng.integers(0, n_movies, n)
    while np.isin(draw, seen).any():
        draw = rng.integers(0, n_movies, n)
    return draw


# %% wrong: Movie 3 does not exist
def sample_negatives(seen, n_movies, n, rng):
    unseen(seen, n_movies)
    return rng.choice([m for m in range(1, n_movies + 1) if m not in seen], n)


# %% wrong: Your code changes the set seen
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


# %% wrong: Two calls with equal generators give different movies
def sample_negatives(seen, n_movies, n, rng):
    return np.random.default_rng().choice(unseen(seen, n_movies), n)


# %% wrong: Two calls with different generators give the same movies
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return [pool[i % len(pool)] for i in range(n)]


# %% wrong: You draw without replacement
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return rng.choice(pool, n, replace=n > len(pool))


# %% wrong: Your draws depend on the ones before
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    out = []
    while len(out) < n:
        out += rng.permutation(pool).tolist()
    return out[:n]


# %% wrong: Your draws depend on the ones before
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    start = int(rng.integers(len(pool)))
    return [pool[(start + i) % len(pool)] for i in range(n)]


# %% wrong: Not every unseen movie is equally likely
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    weights = np.arange(1, len(pool) + 1)
    return rng.choice(pool, n, p=weights / weights.sum())


# %% wrong: Not every unseen movie is equally likely
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return [pool[round(u)] for u in rng.uniform(0, len(pool) - 1, n)]


# %% wrong: Movie 4 is unseen but never drawn
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return [pool[i] for i in rng.integers(0, max(1, len(pool) - 1), n)]


# %% wrong: When the user has seen every movie
def sample_negatives(seen, n_movies, n, rng):
    pool = [m for m in range(n_movies) if m not in seen]
    return [pool[int(rng.random() * len(pool))] for _ in range(n)]


# %% wrong: endless
def sample_negatives(seen, n_movies, n, rng):
    out = []
    while len(out) < n:
        movie = int(rng.integers(0, n_movies))
        if movie not in seen:
            out.append(movie)
    return out


# %% wrong: exception
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    if n > len(pool):
        raise ValueError("too few movies")
    return rng.choice(pool, n)


# %% wrong: shape
def sample_negatives(seen, n_movies, n, rng):
    pool = unseen(seen, n_movies)
    return rng.choice(pool) if n == 1 else rng.choice(pool, n)
