"""Exercises of chapter 2: FM on MovieLens."""

from __future__ import annotations

import numpy as np

from .declare import Case, Code, Fail, Mistake, by_key
from .todo import unfinished
from .values import to_array
from .verdict import Fault

# --- 2.3 ------------------------------------------------------------------------------------------------------


NEGATIVE_MISTAKES = (
    Mistake(
        "positives",
        "Your negatives hold movie {movie}, which the user has seen: nothing is left out.",
        hint="Note that np.isin(ids, seen) with a set is always False; it needs a list.",
    ),
    Mistake(
        "positives only",
        "You return movies that the user has seen; negatives are the others.",
        hint="Is there a not missing?",
    ),
    Mistake(
        "positions",
        "You return positions in the list of the unseen movies; look up the movies there.",
        hint="unseen[i] is the movie at position i of the list.",
    ),
    Mistake(
        "positives left",
        "Your negatives still hold movie {movie}, which the user has seen.",
        hint="Drawing once more is not enough: the second draw can be a seen movie again.",
    ),
    Mistake(
        "out of range",
        "Movie {movie} does not exist: the movies are 0 to {last}.",
        hint="rng.integers(0, n_movies) leaves out n_movies.",
    ),
    Mistake(
        "too few",
        "You return {got_n} of {n} movies: draw again what you threw away.",
        hint="Negatives may repeat, so there are always enough as long as one movie is unseen.",
    ),
    Mistake("set", "A set drops movies drawn twice; return a list, array or tensor."),
    Mistake(
        "seen changed",
        "Your code changes the set seen, which belongs to the caller.",
        hint="Work on a copy: set(seen). The next call would find other movies there.",
    ),
    Mistake(
        "own generator",
        "Two calls with equal generators give different movies: draw with rng only.",
        hint="Call rng.integers or rng.choice; np.random and random have a state of their own.",
    ),
    Mistake(
        "rng not used",
        "Two calls with different generators give the same movies: your code does not use rng.",
        hint="Draw with rng.integers or rng.choice.",
    ),
    Mistake(
        "fixed place",
        "Draw number {place} of a call is always the same movie, whatever the generator: every draw must be random.",
    ),
    Mistake(
        "not uniform",
        "Not every unseen movie is equally likely: movie {movie} comes too often.",
        hint="Going on to the next unseen movie favours the movies behind a seen one. Draw again instead.",
    ),
    Mistake("never drawn", "Movie {movie} is unseen but never drawn."),
    Mistake(
        "one draw for all",
        "You draw one movie and return it {n} times; each of the {n} is drawn anew.",
        hint="Give rng.choice or rng.integers the size n, or call it in the loop.",
    ),
    Mistake(
        "without replacement",
        "You draw without replacement: movies may repeat, and each draw is independent of the ones before it.",
        hint="rng.choice(..., replace=False), rng.permutation and rng.shuffle give every movie one turn only.",
    ),
    Mistake(
        "sorted",
        "Your movies come back sorted; give them back in the order in which they were drawn.",
        hint="Take out sorted, or np.unique, which sorts as well.",
    ),
    Mistake(
        "not independent",
        "Your draws depend on the ones before: the same movie twice in a row is far too {how}.",
        hint="A shuffled list gives every movie its turn before one may repeat. Draw from all unseen movies each time.",
    ),
    Mistake(
        "no error",
        "When the user has seen every movie there is no negative: raise ValueError instead of searching.",
    ),
)
_negative = by_key(NEGATIVE_MISTAKES)


def _negative_cases():
    generator = np.random.default_rng(0)
    yield Case({0}, 3, 4, generator)
    yield Case({0, 2}, 4, 5, generator)
    yield Case({5, 6, 7, 8, 9}, 10, 60, generator)
    yield Case({3}, 41, 40, generator)
    yield Case(set(), 5, 2000, generator)
    yield Case({2, 3}, 8, 6000, generator)
    yield Case(set(range(1, 60)), 61, 300, generator)
    yield Case(set(), 1, 2, generator)
    yield Case({0, 3}, 6, 1, generator)
    none = _negative["no error"]
    yield Case({0, 1, 2}, 3, 2, generator, raises=(ValueError, none.key, none.message), slow=none.message)


_SEEDS = (1, 1, *range(2, 41))  # two equal ones first


def _draw_often(candidate, seen, n_movies, n, _):
    """Draws with two equal generators and with others, as rows; fewer rows where there are many draws in each."""
    draws = []
    for seed in _SEEDS[: 3 if n >= 1000 else 6 if n > 5 else None]:
        given = set(seen)
        try:
            draw = candidate(given, n_movies, n, np.random.default_rng(seed))
        except Exception as error:
            fault = _exception_fault(error, given != seen, len(seen) == n_movies)
            if fault is None:
                raise
            raise Fail(fault) from None
        draws.append(_drawn_ids(draw, n))
        if given != seen:
            raise Fail(_negative["seen changed"].fault())
    return draws if any(unfinished(draw) for draw in draws) else np.stack(draws)


def _exception_fault(error: Exception, changed: bool, all_seen: bool) -> Fault | None:
    """What an exception of the candidate means here; None if it speaks for itself."""
    if isinstance(error, NotImplementedError):
        return None
    if changed:
        return _negative["seen changed"].fault()
    if "larger sample than population" in str(error) and not all_seen:
        return _negative["without replacement"].fault()
    if all_seen and not isinstance(error, ValueError):
        return _negative["no error"].fault(got=type(error).__name__)
    return None


def _drawn_ids(raw, n):
    if unfinished(raw):
        return raw
    if isinstance(raw, (set, frozenset)):
        raise Fail(_negative["set"].fault())
    if hasattr(raw, "__next__") or isinstance(raw, range):
        raw = list(raw)
    array = to_array(raw)
    if array.shape != (n,):
        if array.ndim == 1 and len(array) < n:
            raise Fail(_negative["too few"].fault(got_n=len(array), n=n))
        raise Fail(Fault(f"The result has shape {array.shape}; {n} movies, shape ({n},), are asked.", key="shape"))
    return array


def _independence_fault(n_unseen, n, draws):
    """draws: rows from different generators. The limits are beyond what chance does to right code."""
    if (draws == draws[:, :1]).all():
        one = "rng not used" if (draws == draws[0]).all() else "one draw for all"
        return _negative[one].fault(n=n)
    if (draws == draws[0]).all():
        return _negative["rng not used"].fault()
    if (np.diff(draws, axis=1) >= 0).all():
        return _negative["sorted"].fault()
    if 30 <= n <= n_unseen and all(len(set(row)) == n for row in draws):
        return _negative["without replacement"].fault(f"some movies twice in {n} draws from {n_unseen}", "none twice")
    # How often each movie comes is judged elsewhere, so that a bias is not taken for dependence.
    shares = np.unique(draws, return_counts=True)[1] / draws.size
    mean = draws.shape[0] * (n - 1) * float((shares**2).sum())
    twice = int((np.diff(draws, axis=1) == 0).sum())
    if abs(twice - mean) > 6 * np.sqrt(mean):
        wanted, got = (f"about {number / len(draws):.0f} times in {n} draws" for number in (mean, twice))
        return _negative["not independent"].fault(wanted, got, how="rare" if twice < mean else "frequent")
    return None


def _judge_negatives(args, draws):
    seen, n_movies, n, _ = args
    if not np.isfinite(draws).all() or (draws != np.round(draws)).any():
        return Fault("The result holds something else than whole numbers.", key="value")
    outside = draws[(draws < 0) | (draws >= n_movies)]
    if len(outside):
        return _negative["out of range"].fault(movie=int(outside[0]), last=n_movies - 1)
    hit = np.isin(draws, sorted(seen))
    if hit.all():
        return _negative["positives only"].fault()
    if hit.any() and (draws < n_movies - len(seen)).all():
        return _negative["positions"].fault()
    if hit.any():
        # Without any exclusion, seen movies come as often as others; after one more draw, much less often.
        key = "positives" if hit.mean() > 0.7 * len(seen) / n_movies else "positives left"
        return _negative[key].fault(movie=int(draws[hit][0]))
    if not np.array_equal(draws[0], draws[1]):
        return _negative["own generator"].fault()
    fixed = (draws[1:] == draws[1]).all(0)
    if len(draws) > 6 and n_movies - len(seen) > 1 and fixed.any() and not fixed.all():
        return _negative["fixed place"].fault(place=int(fixed.argmax()) + 1)
    if n >= 30 and n_movies - len(seen) > 1:
        fault = _independence_fault(n_movies - len(seen), n, draws[1:])
        if fault:
            return fault
    if n >= 1000:
        unseen = sorted(set(range(n_movies)) - seen)
        counts = np.bincount(draws[0].astype(int), minlength=n_movies)[unseen]
        mean = n / len(unseen)
        wanted = f"each about {mean:.0f} times in {n} draws"
        if (counts == 0).any():
            return _negative["never drawn"].fault(wanted, movie=unseen[int(counts.argmin())])
        if np.abs(counts - mean).max() > 6 * np.sqrt(mean):
            most = int(counts.argmax())
            return _negative["not uniform"].fault(wanted, f"{counts[most]} times", movie=unseen[most])
    return None


NEGATIVES = Code(
    id="2.3",
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
    cases=_negative_cases,
    answer=lambda *_: None,
    mistakes=NEGATIVE_MISTAKES,
    call=_draw_often,
    judge=_judge_negatives,
    hints=(
        "Two ways: draw, and draw again whatever is in seen until nothing is; or list the unseen movies and choose "
        "among them.",
        "unseen = [m for m in range(n_movies) if m not in seen]; raise ValueError if it is empty; then "
        "rng.choice(unseen, n).",
    ),
)

EXERCISES = (NEGATIVES,)
