"""Negatives that are never positives."""

from __future__ import annotations

import numpy as np

from ..exercise import Case, Exercise, Found, message_of
from ..todo import Unfinished
from ..values import to_array
from ..verdict import Fault

exercise = Exercise(
    title="Negatives that are never positives",
    spec=r"""Write `sample_negatives(seen, n_movies, n, rng)`: draw `n` movies that the user has not seen.

Movies are the integers 0 to `n_movies - 1`. `seen` is a Python set of the movies that the user has rated. `rng`
is a NumPy generator (`np.random.default_rng(...)`): draw with it and with nothing else, so that an equal
generator gives equal movies. Every unseen movie is equally likely in every draw, whatever was drawn before, so
movies may repeat (`n` may be larger than the number of unseen movies). Return a list, array or tensor of `n`
whole numbers, in the order drawn. Raise `ValueError` if the user has seen everything. Leave `seen` unchanged.

Example: `sample_negatives({0, 2}, 4, 5, rng)` may return `[3, 1, 1, 3, 3]`.""",
    stub='''def sample_negatives(seen: set[int], n_movies: int, n: int, rng: np.random.Generator):
    """n unseen movies, each equally likely"""
    return TODO''',
    hints=(
        "Two ways: draw, and draw again whatever is in seen until nothing is; or list the unseen movies and choose "
        "among them.",
        "unseen = [m for m in range(n_movies) if m not in seen]; raise ValueError if it is empty; then "
        "rng.choice(unseen, n).",
    ),
)


@exercise.inputs
def inputs(draw):
    for seen, n_movies, n in (
        ({0}, 3, 4),
        ({0, 2}, 4, 5),
        ({5, 6, 7, 8, 9}, 10, 60),
        ({3}, 41, 40),
        (set(), 5, 2000),
        ({2, 3}, 8, 6000),
        (set(range(1, 60)), 61, 300),
        (set(), 1, 2),
        ({0, 3}, 6, 1),
    ):
        yield seen, n_movies, n, np.random.default_rng(0)
    n_movies = int(draw.rng.integers(12, 30))
    yield set(draw.rng.choice(n_movies, 5, replace=False).tolist()), n_movies, 50, np.random.default_rng(0)
    none_left = {"raises": (ValueError, no_error), "slow": message_of(no_error)}
    yield Case({0, 1, 2}, 3, 2, np.random.default_rng(0), **none_left)


@exercise.example
def example():
    return ({0, 2}, 4, 5, None), [[3, 1, 1, 3, 3]] * 2


SEEDS = (1, 1, *range(2, 41))  # two equal ones first


@exercise.observe
def drawn_often(answer, seen, n_movies, n, rng):
    """The draws with two equal generators and with others, as rows; fewer rows where each holds many draws."""
    rows = []
    for seed in SEEDS[: 3 if n >= 1000 else 6 if n > 5 else None]:
        given = set(seen)
        try:
            drawn = answer(given, n_movies, n, np.random.default_rng(seed))
        except Unfinished:
            raise
        except Exception as error:
            if given != seen:
                return Found(seen_changed)
            if "larger sample than population" in str(error) and len(seen) < n_movies:
                return Found(without_replacement)
            if len(seen) == n_movies and not isinstance(error, ValueError):
                return Found(no_error)
            raise
        if isinstance(drawn, (set, frozenset)):
            return Found(returned_set)
        rows.append(to_array(drawn))
        if rows[-1].ndim == 1 and len(rows[-1]) < n:
            return Found(too_few, got_n=len(rows[-1]), n=n)
        if rows[-1].shape != (n,):
            return Fault(f"The result has shape {rows[-1].shape}; {n} movies, shape ({n},), are asked.", key="shape")
        if given != seen:
            return Found(seen_changed)
    return np.stack(rows)


@exercise.judge
def judge(draws, seen, n_movies, n, rng):
    if not np.isfinite(draws).all() or (draws != np.round(draws)).any():
        return Fault("The result holds something else than whole numbers.", key="value")
    outside = draws[(draws < 0) | (draws >= n_movies)]
    if len(outside):
        return Found(out_of_range, movie=int(outside[0]), last=n_movies - 1)
    unseen = sorted(set(range(n_movies)) - seen)
    hit = np.isin(draws, sorted(seen))
    if hit.all():
        return Found(positives_only)
    if hit.any() and (draws < len(unseen)).all():
        return Found(positions)
    if hit.any():
        # Without any exclusion, seen movies come as often as others; after one more draw, much less often.
        nothing_left_out = hit.mean() > 0.7 * len(seen) / n_movies
        return Found(positives if nothing_left_out else positives_left, movie=int(draws[hit][0]))
    if (draws[0] != draws[1]).any():
        return Found(own_generator)
    draws = draws[1:]
    fixed = (draws == draws[0]).all(0)
    if len(draws) > 5 and len(unseen) > 1 and fixed.any() and not fixed.all():
        return Found(fixed_place, place=int(fixed.argmax()) + 1)
    found = dependence(draws, n, len(unseen)) if n >= 30 and len(unseen) > 1 else None
    return found or (bias(draws[0], unseen) if n >= 1000 else None)


def dependence(draws, n, n_unseen):
    """draws: rows from different generators. The limits are beyond what chance does to right code."""
    if (draws == draws[0]).all():
        return Found(rng_not_used)
    if (draws == draws[:, :1]).all():
        return Found(one_draw_for_all, n=n)
    if (np.diff(draws, axis=1) >= 0).all():
        return Found(in_order)
    if n <= n_unseen and all(len(set(row)) == n for row in draws):
        return Found(without_replacement, f"some movies twice in {n} draws from {n_unseen}", "none twice")
    # How often each movie comes is judged elsewhere, so that a bias is not taken for dependence.
    shares = np.unique(draws, return_counts=True)[1] / draws.size
    mean = len(draws) * (n - 1) * float((shares**2).sum())
    twice = int((np.diff(draws, axis=1) == 0).sum())
    if abs(twice - mean) <= 6 * np.sqrt(mean):
        return None
    wanted, got = (f"about {number / len(draws):.0f} times in {n} draws" for number in (mean, twice))
    return Found(not_independent, wanted, got, how="rare" if twice < mean else "frequent")


def bias(draws, unseen):
    counts = np.array([(draws == movie).sum() for movie in unseen])
    mean = len(draws) / len(unseen)
    wanted = f"each about {mean:.0f} times in {len(draws)} draws"
    if counts.min() == 0:
        return Found(never_drawn, wanted, movie=unseen[int(counts.argmin())])
    if np.abs(counts - mean).max() > 6 * np.sqrt(mean):
        return Found(not_uniform, wanted, f"{counts.max()} times", movie=unseen[int(counts.argmax())])
    return None


@exercise.right
def sample_negatives(seen, n_movies, n, rng):
    unseen = [movie for movie in range(n_movies) if movie not in seen]
    if not unseen:
        raise ValueError("this user has seen every movie, so there is no negative to draw")
    return rng.choice(unseen, size=n)


@exercise.right
def sample_by_redrawing(seen, n_movies, n, rng):
    if len(seen) >= n_movies:
        raise ValueError("this user has seen every movie, so there is no negative to draw")
    drawn = []
    while len(drawn) < n:
        movie = int(rng.integers(n_movies))
        if movie not in seen:
            drawn.append(movie)
    return drawn


def unseen_movies(seen, n_movies):
    unseen = [movie for movie in range(n_movies) if movie not in seen]
    if not unseen:
        raise ValueError("this user has seen every movie")
    return unseen


@exercise.wrong(hint="Note that np.isin(ids, seen) with a set is always False; it needs a list.")
def positives(seen, n_movies, n, rng):
    """Your negatives hold movie {movie}, which the user has seen: nothing is left out."""
    return rng.integers(0, n_movies, n)


@exercise.wrong(hint="Is there a not missing?")
def positives_only(seen, n_movies, n, rng):
    """You return movies that the user has seen; negatives are the others."""
    return rng.choice(sorted(seen), n)


@exercise.wrong(hint="unseen[i] is the movie at position i of the list.")
def positions(seen, n_movies, n, rng):
    """You return positions in the list of the unseen movies; look up the movies there."""
    return rng.integers(0, len(unseen_movies(seen, n_movies)), n)


@exercise.wrong(hint="Drawing once more is not enough: the second draw can be a seen movie again.")
def positives_left(seen, n_movies, n, rng):
    """Your negatives still hold movie {movie}, which the user has seen."""
    first, second = rng.integers(0, n_movies, (2, n))
    return np.where(np.isin(first, list(seen)), second, first)


@exercise.wrong(hint="rng.integers(0, n_movies) leaves out n_movies.")
def out_of_range(seen, n_movies, n, rng):
    """Movie {movie} does not exist: the movies are 0 to {last}."""
    return rng.choice(unseen_movies(seen, n_movies + 1), n)


@exercise.wrong(hint="Negatives may repeat, so there are always enough as long as one movie is unseen.")
def too_few(seen, n_movies, n, rng):
    """You return {got_n} of {n} movies: draw again what you threw away."""
    return [movie for movie in rng.integers(0, n_movies, n) if movie not in seen]


@exercise.wrong
def returned_set(seen, n_movies, n, rng):
    """A set drops movies drawn twice; return a list, array or tensor."""
    return set(rng.choice(unseen_movies(seen, n_movies), n).tolist())


@exercise.wrong(hint="Work on a copy: set(seen). The next call would find other movies there.")
def seen_changed(seen, n_movies, n, rng):
    """Your code changes the set seen, which belongs to the caller."""
    drawn = rng.choice(unseen_movies(seen, n_movies), n)
    seen.update(drawn.tolist())
    return drawn


@exercise.wrong(hint="Call rng.integers or rng.choice; np.random and random have a state of their own.")
def own_generator(seen, n_movies, n, rng):
    """Two calls with equal generators give different movies: draw with rng only."""
    return np.random.choice(unseen_movies(seen, n_movies), n)


@exercise.wrong(hint="Draw with rng.integers or rng.choice.")
def rng_not_used(seen, n_movies, n, rng):
    """Two calls with different generators give the same movies: your code does not use rng."""
    return np.random.default_rng(42).choice(unseen_movies(seen, n_movies), n)


@exercise.wrong
def fixed_place(seen, n_movies, n, rng):
    """Draw number {place} of a call is always the same movie, whatever the generator: every draw must be random."""
    unseen = unseen_movies(seen, n_movies)
    return [unseen[0], *rng.choice(unseen, n - 1)]


@exercise.wrong(hint="Going on to the next unseen movie favours the movies behind a seen one. Draw again instead.")
def not_uniform(seen, n_movies, n, rng):
    """Not every unseen movie is equally likely: movie {movie} comes too often."""
    drawn, unseen = rng.integers(0, n_movies, n), unseen_movies(seen, n_movies)
    return [next((movie for movie in unseen if movie >= m), unseen[0]) for m in drawn]


@exercise.wrong
def never_drawn(seen, n_movies, n, rng):
    """Movie {movie} is unseen but never drawn."""
    unseen = unseen_movies(seen, n_movies)
    return rng.choice(unseen[:-1] or unseen, n)


@exercise.wrong(hint="Give rng.choice or rng.integers the size n, or call it in the loop.")
def one_draw_for_all(seen, n_movies, n, rng):
    """You draw one movie and return it {n} times; each of the {n} is drawn anew."""
    return [rng.choice(unseen_movies(seen, n_movies))] * n


@exercise.wrong(hint="rng.choice(..., replace=False), rng.permutation and rng.shuffle give every movie one turn only.")
def without_replacement(seen, n_movies, n, rng):
    """You draw without replacement: movies may repeat, and each draw is independent of the ones before it."""
    return rng.choice(unseen_movies(seen, n_movies), n, replace=False)


@exercise.wrong(hint="Take out sorted, or np.unique, which sorts as well.")
def in_order(seen, n_movies, n, rng):
    """Your movies come back sorted; give them back in the order in which they were drawn."""
    return sorted(rng.choice(unseen_movies(seen, n_movies), n))


@exercise.wrong(
    hint="A shuffled list gives every movie its turn before one may repeat. Draw from all unseen movies each time."
)
def not_independent(seen, n_movies, n, rng):
    """Your draws depend on the ones before: the same movie twice in a row is far too {how}."""
    return np.resize(rng.permutation(unseen_movies(seen, n_movies)), n)


@exercise.wrong
def no_error(seen, n_movies, n, rng):
    """When the user has seen every movie there is no negative: raise ValueError instead of searching."""
    return sample_negatives(seen, n_movies, n, rng) if len(seen) < n_movies else []
