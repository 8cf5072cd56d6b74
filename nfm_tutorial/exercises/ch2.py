"""Exercises of chapter 2: FM on MovieLens."""

from __future__ import annotations

import numpy as np
import torch

from .declare import Case, Code, Fail, Mistake, by_key
from .draw import F32, F64, Draw
from .todo import unfinished
from .values import to_array
from .verdict import Fault

# --- 2.2 ------------------------------------------------------------------------------------------------------


def _fm(w0, w, V, ids, values, per_pair=None):
    """Scores by loops over rows and pairs of slots."""
    out = np.zeros(len(ids))
    for b in range(len(ids)):
        y = float(w0)
        for s, i in enumerate(ids[b]):
            y += w[i] * values[b, s]
            for t in range(s + 1, ids.shape[1]):
                y += float(V[i] @ V[ids[b, t]]) * values[b, s] * values[b, t]
        out[b] = y
    return out


def _linear(w0, w, ids, values):
    return float(w0) + (w[ids] * values).sum(1)


def _xv(V, ids, values):
    return V[ids] * values[..., None]  # (B, S, k)


def _pairs_of(V, ids, values):
    xv = _xv(V, ids, values)
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)


def _up_to_padding(w0, w, V, ids, values):
    """Scores of what stands before the first padding id of each row."""
    return _fm(w0, w, V, ids, values * np.cumprod(ids != 0, axis=1))


def _fm_score_cases():
    d = Draw(22)
    for n, k, rows, slots, padding, dtype in (
        (3, 0, 1, 1, 0, F64),
        (3, 1, 1, 1, 0, F64),
        (4, 0, 2, 2, 0, F32),
        (4, 1, 1, 2, 0, F64),
        (4, 2, 1, 2, 0, F64),
        (5, 2, 2, 3, 1, F32),
        (5, 1, 3, 3, 1, F64),
        (6, 0, 3, 4, 2, F64),
        (6, 3, 4, 3, 0, F64),
        (9, 4, 5, 6, 3, F32),
        (9, 4, 3, 3, 0, F64),
        (5, 2, 0, 3, 0, F64),
        (5, 2, 3, 1, 0, F64),
    ):
        w0 = torch.tensor(0.75 if rows % 2 else -1.5, dtype=dtype)
        yield Case(
            w0,
            d.nonzero(n, dtype=dtype),
            d.nonzero(n, k, dtype=dtype),
            *d.slots(n, rows, slots, padding, dtype),
            trivial=rows == 0,
        )
    ids = torch.tensor([[0, 2, 1], [3, 0, 1]])
    values = torch.tensor([[0.0, 1.5, -2.0], [1.0, 0.0, 0.5]], dtype=F64)
    yield Case(torch.tensor(0.5, dtype=F64), d.nonzero(4), d.nonzero(4, 2), ids, values)


FM_SCORES = Code(
    id="2.2",
    title="From LR to FM by k alone",
    spec=r"""Write `fm_scores(w0, w, V, ids, values)`: the raw scores of an FM for a batch of encoded rows. With
$k = 0$ the result must be LR (logistic regression without its sigmoid); the formula needs no special case for it.

`w0` is a tensor with one entry (shape `()`), `w` is `(n,)`, `V` is `(n, k)` with $k \ge 0$, `ids` is `(B, S)`
int64, `values` is `(B, S)`. Float tensors are all float32 or all float64. No id occurs twice in a row, except
the padding id 0, whose value is 0. $S \ge 1$; `B` may be 0. Return shape `(B,)`. Leave the inputs unchanged.

Example: `w0 = 1`, `w = [0, 2, -1]`, `V = [[5], [3], [2]]`, `ids = [[1, 2], [2, 0]]`, `values = [[1, 0.5], [1,
0]]` give $1 + 2 - 0.5 + 3 \cdot 2 \cdot 0.5 = 5.5$ and $1 - 1 = 0$: `[5.5, 0]`. With `V` of shape `(3, 0)` they
give `[2.5, 0]`.""",
    stub='''def fm_scores(w0: Tensor, w: Tensor, V: Tensor, ids: Tensor, values: Tensor):
    """(), (n,), (n, k), (B, S), (B, S) -> (B,)"""
    return TODO''',
    cases=_fm_score_cases,
    answer=_fm,
    mistakes=(
        Mistake(
            "sigmoid",
            "You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.",
            lambda w0, w, V, ids, x: 1 / (1 + np.exp(-_fm(w0, w, V, ids, x))),
        ),
        Mistake(
            "pair term missing",
            "The pair term is missing: this is LR for every k.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x),
        ),
        Mistake(
            "mean over k",
            "You took the mean over k: FM sums the k entries. (With k = 0 a mean is 0/0.)",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) + _pairs_of(V, ids, x).mean(1),
        ),
        Mistake(
            "each pair twice",
            "Each pair counts twice: the 1/2 of the identity is missing, or the sum takes (i, j) and (j, i).",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) + 2 * _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "nothing subtracted",
            "You took half the square of the sum; the sum of the squares must be subtracted first.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) + 0.5 * ((V[ids] * x[..., None]).sum(1) ** 2).sum(1),
        ),
        Mistake(
            "no w0",
            "The bias w0 is missing.",
            lambda w0, w, V, ids, x: _fm(0, w, V, ids, x),
        ),
        Mistake(
            "no linear part",
            "The linear part is missing: the sum of w_i x_i over the slots.",
            lambda w0, w, V, ids, x: _fm(w0, 0 * w, V, ids, x),
        ),
        Mistake(
            "pairs alone",
            "This is the pair term alone: w0 and the linear part are missing.",
            lambda w0, w, V, ids, x: _fm(0, 0 * w, V, ids, x),
        ),
        Mistake(
            "values missing in the linear part",
            "The linear part ignores the values: it is the sum of w_i x_i, and padding has x = 0.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, np.ones_like(x)) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "values missing in the pairs",
            "The pair term ignores the values: each v_i is multiplied by its x_i.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) + _pairs_of(V, ids, np.ones_like(x)).sum(1),
        ),
        Mistake(
            "values missing",
            "The values are ignored: x_i scales both w_i and v_i, and padding has x = 0.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, np.ones_like(x)),
        ),
        Mistake(
            "values as a switch",
            "The values are used as a switch only: x is real-valued and scales v_i and w_i.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, (x != 0).astype(float)),
        ),
        Mistake(
            "w0 per slot",
            "You added w0 once per slot; the bias is added once per row.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, x) + (ids.shape[1] - 1) * float(w0),
        ),
        Mistake(
            "flattened",
            "You summed over slots and over k before squaring, so entry 1 of one vector meets entry 2 of another.",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x)
                + 0.5 * ((V[ids] * x[..., None]).sum((1, 2)) ** 2 - ((V[ids] * x[..., None]) ** 2).sum((1, 2)))
            ),
        ),
        Mistake(
            "wrong axis",
            "In the pair term you summed over k before squaring; sum over the slots, axis 1 of (B, S, k).",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x) + 0.5 * (_xv(V, ids, x).sum(2) ** 2 - (_xv(V, ids, x) ** 2).sum(2)).sum(1)
            ),
        ),
        Mistake(
            "pairs over the batch",
            "In the pair term you summed over the rows of the batch; sum over the slots, axis 1 of (B, S, k).",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x) + 0.5 * (_xv(V, ids, x).sum(0) ** 2 - (_xv(V, ids, x) ** 2).sum(0)).sum()
            ),
        ),
        Mistake(
            "values not squared",
            "In the sum of the squares the values are not squared: it is the sum of (x_i v_i)^2.",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x) + 0.5 * (_xv(V, ids, x).sum(1) ** 2 - (V[ids] ** 2 * x[..., None]).sum(1)).sum(1)
            ),
        ),
        Mistake(
            "half of the first part",
            "In the pair term the 1/2 belongs to the whole difference, not to one of its two parts.",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x) + (0.5 * _xv(V, ids, x).sum(1) ** 2 - (_xv(V, ids, x) ** 2).sum(1)).sum(1)
            ),
        ),
        Mistake(
            "half of everything",
            "The 1/2 belongs to the pair term alone, not to w0 and the linear part.",
            lambda w0, w, V, ids, x: 0.5 * _linear(w0, w, ids, x) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "half of the linear part",
            "The 1/2 belongs to the pair term alone, not to the linear part.",
            lambda w0, w, V, ids, x: 0.5 * (_linear(w0, w, ids, x) + float(w0)) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "pair term subtracted",
            "The pair term has the wrong sign: it is half of (the square of the sum minus the sum of the squares).",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) - _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "mean over the slots",
            "In the linear part you took the mean over the slots; it is the sum of w_i x_i.",
            lambda w0, w, V, ids, x: float(w0) + (w[ids] * x).mean(1) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "values squared in the linear part",
            "The linear part has x_i, not x_i squared.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x**2) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "last slot missing",
            "Your sums leave out the last slot: range(a, n) already stops at n - 1.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids[:, :-1], x[:, :-1]),
        ),
        Mistake(
            "neighbours only",
            "You paired each slot with the next one only: every slot meets every later one.",
            lambda w0, w, V, ids, x: (
                _linear(w0, w, ids, x) + (_xv(V, ids, x)[:, :-1] * _xv(V, ids, x)[:, 1:]).sum((1, 2))
            ),
        ),
        Mistake(
            "one row too early",
            "You looked up row i - 1 for id i: ids are rows of w and V as they are, and row 0 is padding's.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids - 1, x),
        ),
        Mistake(
            "stops at padding",
            "You stop at the first padding id; padding may stand anywhere in a row, and its value 0 leaves it out.",
            _up_to_padding,
        ),
        Mistake(
            "slots in place of ids",
            "You took the first S rows of w; the ids say which rows belong to the slots: w[ids].",
            lambda w0, w, V, ids, x: float(w0) + (w[: ids.shape[1]] * x).sum(1) + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "w0 alone for k = 0",
            "With k = 0 you return w0 alone; the linear part does not depend on k.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, x) if V.shape[1] else np.full(len(ids), float(w0)),
            "An empty sum over k is 0, so no special case is needed.",
        ),
        Mistake(
            "zero for k = 0",
            "With k = 0 you return 0; the pair term is 0 then, and w0 and the linear part stay.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, x) if V.shape[1] else np.zeros(len(ids)),
            "An empty sum over k is 0, so no special case is needed.",
        ),
        Mistake(
            "not summed over k",
            "You did not sum the pair term over k: a score is one number per row.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x)[:, None] + _pairs_of(V, ids, x),
        ),
        Mistake(
            "first row only",
            "You return the score of the first row only; every row of the batch has one.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids[:1], x[:1]),
            "Is there a return inside the loop over the rows?",
        ),
        Mistake(
            "column",
            "You return one column, shape (B, 1); the scores have shape (B,). Compared with labels of shape (B,) a "
            "column would broadcast to (B, B).",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, x)[:, None],
            "Sum over the last axis without keepdim, or squeeze it with squeeze(1).",
        ),
        Mistake(
            "broadcast",
            "You added shapes (B, 1) and (B,), which broadcasts to (B, B): every row's linear part meets every row's "
            "pair term.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x)[:, None] + _pairs_of(V, ids, x).sum(1),
        ),
        Mistake(
            "broadcast the other way",
            "You added shapes (B,) and (B, 1), which broadcasts to (B, B): every row's linear part meets every row's "
            "pair term.",
            lambda w0, w, V, ids, x: _linear(w0, w, ids, x) + _pairs_of(V, ids, x).sum(1)[:, None],
        ),
        Mistake(
            "summed over the batch",
            "You summed over the batch: each row has a score of its own.",
            lambda w0, w, V, ids, x: _fm(w0, w, V, ids, x).sum(),
        ),
    ),
    hints=(
        "x_i v_i for all slots at once: V[ids] * values[..., None], shape (B, S, k). An empty sum over k = 0 is 0.",
        "w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)).sum(1), with xv = "
        "V[ids] * values[..., None].",
    ),
)

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

EXERCISES = (FM_SCORES, NEGATIVES)
