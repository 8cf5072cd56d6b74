"""Exercises of chapter 2: FM on MovieLens."""

from __future__ import annotations

import numpy as np
import torch

from .declare import Case, Code, Fail, Mistake, by_key
from .draw import F32, F64, Draw
from .todo import unfinished
from .values import is_whole, to_array
from .verdict import Fault

# --- 2.1 ------------------------------------------------------------------------------------------------------


def _global_ids(local, sizes):
    out = np.zeros(local.shape, dtype=np.int64)
    for f in range(len(sizes)):
        for row in range(len(local)):
            out[row, f] = local[row, f] + sum(sizes[:f])
    return out


def _offset_cases():
    d = Draw(21)
    yield Case(torch.zeros(0, 2, dtype=torch.int64), [3, 4], trivial=True)
    yield Case(torch.tensor([[1]]), [3], trivial=True)
    yield Case(torch.tensor([[1, 0]]), [2, 3])
    yield Case(torch.tensor([[0, 1, 1], [2, 3, 0]]), [3, 4, 2])
    for rows, sizes in (
        (1, [5, 1, 2]),
        (2, [1, 1, 1]),
        (4, [2, 7, 3, 4]),
        (7, [10, 3, 6, 2, 5]),
        (3, [300, 5, 70_000, 4]),
    ):
        yield Case(torch.stack([d.whole(0, size, rows) for size in sizes], dim=1), sizes)


def _whole_ids(raw, *_):
    array = to_array(raw)
    if array.size and not is_whole(raw):
        hint = "Use torch.int64 (or .long()) for the offsets; an embedding lookup refuses float ids."
        raise Fail(Fault("Your ids are not integers; an id is a name, not a magnitude.", hint, key="not integer"))
    return array


def _shifted(offsets):
    return lambda local, sizes: local + np.asarray(offsets(sizes), dtype=np.int64)


OFFSETS = Code(
    id="2.1",
    title="Offsets of fields in one table",
    spec=r"""All fields share one table $V$; each field owns a contiguous range of its rows. Field 0 starts at
row 0, the next field where the one before ended. (The series' `Encoder` also keeps row 0 for padding; leave
that out here.) Write `global_ids(local, sizes)`.

`local` is an int64 tensor of shape `(B, F)`: entry $(b, f)$ is an id from 0 to `sizes[f] - 1` within its own
field. `sizes` is a list of `F` integers. Return the rows of $V$: integers of shape `(B, F)`. `B` may be 0.
Leave the inputs unchanged.

Example: `sizes = [3, 4, 2]` and `local = [[0, 1, 1], [2, 3, 0]]` give `[[0, 4, 8], [2, 6, 7]]`.""",
    stub='''def global_ids(local: Tensor, sizes: list[int]):
    """(B, F) int64 and F sizes -> (B, F) integers"""
    return TODO''',
    cases=_offset_cases,
    answer=_global_ids,
    observe=_whole_ids,
    mistakes=(
        Mistake(
            "no offset",
            "Your ids have no offset: id 1 of the first field and id 1 of the second would share one row of V.",
            lambda local, sizes: local,
        ),
        Mistake(
            "own size included",
            "Your offset includes the field's own size: field f starts after the fields before it, so field 0 at 0.",
            _shifted(np.cumsum),
        ),
        Mistake(
            "size before only",
            "Your offset is the size of the one field before; it must be the sum of all sizes before.",
            _shifted(lambda sizes: [0, *sizes[:-1]]),
        ),
        Mistake(
            "own size",
            "You added the field's own size; the offset is the sum of the sizes of the fields before it.",
            _shifted(lambda sizes: sizes),
        ),
        Mistake(
            "one too far",
            "Every id is one too large: field 0 starts at row 0, and no row is kept for padding here.",
            _shifted(lambda sizes: np.cumsum([0, *sizes[:-1]]) + 1),
        ),
        Mistake(
            "one too far per field",
            "You left a gap between the fields: each starts exactly where the one before ended.",
            _shifted(lambda sizes: np.cumsum([0, *sizes[:-1]]) + np.arange(len(sizes))),
        ),
        Mistake(
            "overlapping by one",
            "Neighbouring fields share a row: ids run from 0 to size - 1, so a field of size 3 takes 3 rows.",
            _shifted(lambda sizes: np.cumsum([0, *sizes[:-1]]) - np.arange(len(sizes))),
        ),
        Mistake(
            "equal ranges",
            "You gave every field the room of the largest one; the next field starts where the one before ended.",
            _shifted(lambda sizes: np.arange(len(sizes)) * max(sizes)),
        ),
        Mistake(
            "first size everywhere",
            "You gave every field the room of the first one; the next field starts where the one before ended.",
            _shifted(lambda sizes: np.arange(len(sizes)) * sizes[0]),
        ),
        Mistake(
            "position times size",
            "You multiplied each size by the field's position; the offset is the sum of the sizes before it.",
            _shifted(lambda sizes: np.arange(len(sizes)) * sizes),
        ),
        Mistake(
            "sizes from the data",
            "You took the sizes from the largest ids in local; ids that do not occur in this batch have rows as well.",
            lambda local, sizes: local + np.cumsum([0, *(local.max(0) + 1)[:-1]]),
        ),
        Mistake(
            "all sizes",
            "You added the sum of all sizes to every field; count only the fields before it.",
            _shifted(lambda sizes: [sum(sizes)] * len(sizes)),
        ),
        Mistake(
            "flattened",
            "You return all ids in one row; they keep the shape of local, (B, F).",
            lambda local, sizes: _global_ids(local, sizes).ravel(),
            "Take out the flatten or ravel at the end.",
        ),
        Mistake(
            "transposed",
            "Rows and columns are exchanged: there is one row per row of local.",
            lambda local, sizes: _global_ids(local, sizes).T,
            "If you stack columns, stack them with dim=1.",
        ),
        Mistake(
            "backwards",
            "Your offsets count the fields after a field; count the fields before it.",
            _shifted(lambda sizes: np.cumsum([0, *sizes[:0:-1]])[::-1]),
        ),
        Mistake(
            "multiplied",
            "You multiplied by the offset; it must be added.",
            lambda local, sizes: local * np.cumsum([0, *sizes[:-1]]),
        ),
    ),
    hints=(
        "Field f starts at the sum of the sizes before it. What is that for field 0?",
        "The running sum of the sizes, moved one place to the right, with 0 in front; add it to every row of local.",
    ),
)

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

# --- 2.4 ------------------------------------------------------------------------------------------------------


def _clipped_rmse(prediction, target, train_target):
    low, high = min(train_target), max(train_target)
    total = 0.0
    for p, t in zip(prediction, target):
        total += (min(max(p, low), high) - t) ** 2
    return (total / len(target)) ** 0.5


def _rmse(prediction, target):
    return float(np.sqrt(np.mean((prediction - target) ** 2)))


def _clip_cases():
    d = Draw(24)
    array = np.array
    yield Case(array([3.0]), array([1.0]), array([1.0, -1.0]))
    yield Case(array([2.0, -0.5]), array([1.0, 1.0]), array([-1.0, 1.0, 1.0]))
    yield Case(array([6.0, 0.0]), array([5.0, 0.5]), array([1.0, 4.0, 3.5]))
    yield Case(array([-3.0, 0.5, 9.0]), array([-2.0, 1.0, 8.0]), array([0.0, 5.0]))
    yield Case(array([2.0, 5.0]), array([2.0, 4.0]), array([3.0]))
    yield Case(array([3.0]), array([-2.0]), array([-5.0, -2.0]))
    yield Case(array([2.0, -0.5]), array([1, 1]), array([-1, 1, 1]))
    for n in (2, 5, 9, 30):
        prediction, target = 3 * d.real(n).numpy(), 1.5 * d.real(n).numpy()
        yield Case(prediction, target, np.round(d.nonzero(6).numpy()) + array([0, 0, 0, 0, 1.25, -1.5]))
    yield Case(d.real(6, dtype=F32).numpy() * 4, np.sign(d.nonzero(6).numpy()).astype(np.float32), array([1, -1, 1]))


def _percentile_mistake(low: float) -> Mistake:
    return Mistake(
        f"clipped to percentiles {low}",
        "You clipped to percentiles of the training labels; their range goes from the smallest to the largest.",
        lambda p, t, train: _rmse(p.clip(np.percentile(train, low), np.percentile(train, 100 - low)), t),
    )


CLIPPED_RMSE = Code(
    id="2.4",
    title="RMSE with predictions clipped to the training range",
    spec=r"""The NFM paper clips predictions before it computes the RMSE. Write `clipped_rmse(prediction,
target, train_target)`: clip the predictions to the range of the *training* labels, then take the root of the
mean squared error against `target`.

`prediction` and `target` are NumPy arrays of shape `(N,)` with $N \ge 1$, the test set's; `train_target` is an
array of training labels of any length of at least 1. Return one number. Leave the inputs unchanged.

Example: `prediction = [2, -0.5]`, `target = [1, 1]`, `train_target = [-1, 1, 1]`: the clipped predictions are
`[1, -0.5]`, the squared errors 0 and 2.25, the result $\sqrt{1.125} = 1.0607$.""",
    stub='''def clipped_rmse(prediction: np.ndarray, target: np.ndarray, train_target: np.ndarray):
    """(N,), (N,), (M,) -> one number"""
    return TODO''',
    cases=_clip_cases,
    answer=_clipped_rmse,
    number=True,
    mistakes=(
        Mistake(
            "not clipped",
            "The predictions are not clipped. (Clipping them to their own range changes nothing.)",
            lambda p, t, train: _rmse(p, t),
        ),
        *(_percentile_mistake(low) for low in (1, 2.5, 5, 10, 25)),
        Mistake(
            "clipped to the test labels",
            "You clipped to the range of the test labels, which nobody knows when predicting; the training labels set "
            "the range.",
            lambda p, t, train: _rmse(p.clip(t.min(), t.max()), t),
        ),
        Mistake(
            "clipped to 0 and 1",
            "You clipped to [0, 1]; the training labels set the range.",
            lambda p, t, train: _rmse(p.clip(0, 1), t),
        ),
        Mistake(
            "clipped to -1 and 1",
            "You clipped to [-1, 1] whatever the labels; the training labels set the range.",
            lambda p, t, train: _rmse(p.clip(-1, 1), t),
        ),
        Mistake(
            "clipped to 1 and 5",
            "You clipped to [1, 5] whatever the labels; the training labels set the range.",
            lambda p, t, train: _rmse(p.clip(1, 5), t),
        ),
        Mistake(
            "clipped to mean and standard deviation",
            "You clipped to the mean plus or minus a standard deviation; the range goes from the smallest to the "
            "largest training label.",
            lambda p, t, train: _rmse(p.clip(train.mean() - train.std(), train.mean() + train.std()), t),
        ),
        Mistake(
            "symmetric range",
            "You clipped at the largest absolute training label on both sides; the range goes from the smallest to the "
            "largest label.",
            lambda p, t, train: _rmse(p.clip(-np.abs(train).max(), np.abs(train).max()), t),
        ),
        Mistake(
            "bounds exchanged",
            "You exchanged the bounds: np.clip takes the smaller one first.",
            lambda p, t, train: _rmse(p.clip(train.max(), train.min()), t),
        ),
        Mistake(
            "clipped to training and test labels",
            "You took the test labels into the range, which nobody knows when predicting; the training labels set it.",
            lambda p, t, train: _rmse(p.clip(min(t.min(), train.min()), max(t.max(), train.max())), t),
        ),
        Mistake(
            "only the target clipped",
            "You clipped the test labels instead of the predictions.",
            lambda p, t, train: _rmse(p, t.clip(train.min(), train.max())),
        ),
        Mistake(
            "dropped",
            "You left out the predictions beyond the range; clipping moves them to its border, and they stay in "
            "the mean.",
            lambda p, t, train: _rmse(
                p[(p >= train.min()) & (p <= train.max())], t[(p >= train.min()) & (p <= train.max())]
            ),
        ),
        Mistake(
            "standard deviation",
            "You took the standard deviation of the errors, which takes their mean off first; RMSE does not.",
            lambda p, t, train: float(np.std(p.clip(train.min(), train.max()) - t)),
        ),
        Mistake(
            "rounded",
            "You rounded the predictions; clipping leaves the ones inside the range as they are.",
            lambda p, t, train: _rmse(np.round(p.clip(train.min(), train.max())), t),
        ),
        Mistake(
            "not averaged",
            "You return one error per prediction; take the root of the mean of the squared errors.",
            lambda p, t, train: np.abs(p.clip(train.min(), train.max()) - t),
        ),
        Mistake(
            "first and last label",
            "You took the first and the last training label as the range; the labels are in no order.",
            lambda p, t, train: _rmse(p.clip(min(train[0], train[-1]), max(train[0], train[-1])), t),
        ),
        Mistake(
            "clipped above only",
            "You clipped above only; predictions below the smallest training label are cut as well.",
            lambda p, t, train: _rmse(np.minimum(p, train.max()), t),
        ),
        Mistake(
            "clipped below only",
            "You clipped below only; predictions above the largest training label are cut as well.",
            lambda p, t, train: _rmse(np.maximum(p, train.min()), t),
        ),
        Mistake(
            "target clipped",
            "You clipped the test labels, too: only predictions are clipped, the truth stays as it is.",
            lambda p, t, train: _rmse(p.clip(train.min(), train.max()), t.clip(train.min(), train.max())),
        ),
        Mistake(
            "errors clipped",
            "You clipped the errors; clip the predictions, then subtract.",
            lambda p, t, train: float(np.sqrt(np.mean((p - t).clip(train.min(), train.max()) ** 2))),
        ),
        Mistake(
            "no root",
            "This is the mean squared error; the root is missing.",
            lambda p, t, train: _rmse(p.clip(train.min(), train.max()), t) ** 2,
        ),
        Mistake(
            "mean absolute error",
            "This is the mean absolute error; RMSE squares the errors, takes their mean, then the root.",
            lambda p, t, train: float(np.mean(np.abs(p.clip(train.min(), train.max()) - t))),
        ),
        Mistake(
            "sum",
            "You took the root of the sum; divide by N first.",
            lambda p, t, train: _rmse(p.clip(train.min(), train.max()), t) * len(t) ** 0.5,
        ),
        Mistake(
            "divided outside the root",
            "You divided by N after the root; the mean belongs under the root.",
            lambda p, t, train: _rmse(p.clip(train.min(), train.max()), t) / len(t) ** 0.5,
        ),
        Mistake(
            "N - 1",
            "You divided by N - 1; RMSE is a plain mean, over N.",
            lambda p, t, train: _rmse(p.clip(train.min(), train.max()), t) * (len(t) / (len(t) - 1)) ** 0.5,
        ),
    ),
    hints=(
        "Three steps: the range from train_target; clip; root of the mean of the squared differences.",
        "np.clip(prediction, train_target.min(), train_target.max()), then np.sqrt(np.mean((clipped - target) ** 2)).",
    ),
)

EXERCISES = (OFFSETS, FM_SCORES, NEGATIVES, CLIPPED_RMSE)
