"""From LR to FM by k alone."""

from __future__ import annotations

import torch

from ..exercise import Exercise
from ..oracles import pairs_of_slots

exercise = Exercise(
    title="From LR to FM by k alone",
    spec=r"""Write `fm_scores(w0, w, V, ids, values)`: the raw scores of an FM for a batch of encoded rows. With
$k = 0$ the result must be LR (logistic regression without its sigmoid); the formula needs no special case for it.

`w0` is a tensor with one entry (shape `()`), `w` is `(n,)`, `V` is `(n, k)` with $k \ge 0$, `ids` is `(B, S)`
int64, `values` is `(B, S)`. Float tensors are all float32 or all float64. Within one row of `ids`
only the padding id 0, whose value is 0, may stand more than once. $S \ge 1$; `B` may be 0. Return shape `(B,)`.
Leave the inputs unchanged.

Example: `w0 = 1`, `w = [0, 2, -1]`, `V = [[5], [3], [2]]`, `ids = [[1, 2], [2, 0]]`, `values = [[1, 0.5], [1,
0]]` give $1 + 2 - 0.5 + 3 \cdot 2 \cdot 0.5 = 5.5$ and $1 - 1 = 0$: `[5.5, 0]`. With `V` of shape `(3, 0)` they
give `[2.5, 0]`.""",
    stub='''def fm_scores(w0: Tensor, w: Tensor, V: Tensor, ids: Tensor, values: Tensor):
    """(), (n,), (n, k), (B, S), (B, S) -> (B,)"""
    return TODO''',
    hints=(
        "x_i v_i for all slots at once: V[ids] * values[..., None], shape (B, S, k). An empty sum over k = 0 is 0.",
        "w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)).sum(1), with xv = "
        "V[ids] * values[..., None].",
    ),
)


@exercise.inputs
def inputs(draw):
    for n, k, rows, slots, padding in (
        (4, 1, 1, 2, 0),
        (3, 0, 1, 1, 0),
        (3, 1, 1, 1, 0),
        (4, 0, 2, 2, 0),
        (4, 2, 1, 2, 0),
        (5, 2, 2, 3, 1),
        (5, 1, 3, 3, 1),
        (6, 0, 3, 4, 2),
        (6, 3, 4, 3, 0),
        (9, 4, 5, 6, 3),
        (9, 4, 3, 3, 0),
        (5, 2, 0, 3, 0),
        (5, 2, 3, 1, 0),
    ):
        yield draw.nonzero(), draw.nonzero(n), draw.nonzero(n, k), *draw.slots(n, rows, slots, padding)
    ids, values = draw.slots(10, 6, 7, 3)
    yield draw.nonzero(), draw.nonzero(10), draw.nonzero(10, 5), ids, values.abs()
    ids, values = torch.tensor([[0, 2, 1], [3, 0, 1], [0, 0, 0]]), torch.tensor([[0, 1.5, -2], [1, 0, 0.5], [0, 0, 0]])
    yield draw.nonzero(), draw.nonzero(4), draw.nonzero(4, 2), ids, values  # padding in any place, and padding only
    ids, values = draw.slots(8, 3, 4, 1)
    for k in (0, 3):
        yield draw.rough(), draw.rough(8), draw.rough(8, k), ids, values * draw.rough(3, 4)


@exercise.oracle
def in_three_terms(w0, w, V, ids, values):
    linear = (w[ids] * values).sum(1)
    return w0 + linear + pairs_of_slots(V[ids] * values[..., None]).sum(1)


@exercise.example
def example():
    return (1, [0, 2, -1], [[5], [3], [2]], [[1, 2], [2, 0]], [[1, 0.5], [1, 0]]), [5.5, 0]


@exercise.right
def fm_scores(w0, w, V, ids, values):
    linear = (w[ids] * values).sum(1)  # (B, S) -> (B,)
    xv = V[ids] * values[..., None]  # (B, S, k)
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)
    return w0 + linear + pairs.sum(1)  # (B,)


@exercise.right
def fm_scores_dense(w0, w, V, ids, values):
    X = torch.zeros(len(ids), len(w), dtype=values.dtype).scatter_add_(1, ids, values)  # (B, n)
    pairs = 0.5 * ((X @ V) ** 2 - X**2 @ V**2)  # (B, k)
    return w0 + X @ w + pairs.sum(1)


exercise.slips(
    """
w0 + linear + pairs.sum(1) -> torch.sigmoid(w0 + linear + pairs.sum(1))
    You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.
linear + pairs.sum(1) -> linear
    The pair term is missing: this is LR for every k.
pairs.sum(1) -> pairs.mean(1)
    You took the mean over k: FM sums the k entries. (With k = 0 a mean is 0/0.)
pairs = 0.5 * -> pairs =
    Each pair counts twice: the 1/2 of the identity is missing, or the sum takes (i, j) and (j, i).
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1) ** 2
    This is the square of the sum: every slot with every slot, itself included.
xv.sum(1) ** 2 - -> xv.sum(1) ** 2 +
    You counted each slot with itself: the sum runs over pairs of different slots. (In the identity the sum of squares
    is subtracted, not added.)
(xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1) ** 2
    You took half the square of the sum; the sum of the squares must be subtracted first.
w0 + linear -> linear
    The bias w0 is missing.
linear + pairs -> pairs
    The linear part is missing: the sum of w_i x_i over the slots.
w0 + linear + pairs -> pairs
    This is the pair term alone: w0 and the linear part are missing.
(w[ids] * values) -> w[ids]
    The linear part ignores the values: it is the sum of w_i x_i, and padding has x = 0. hint: values
V[ids] * values[..., None] -> V[ids]
    The pair term ignores the values: each v_i is multiplied by its x_i.
(w[ids] * values) -> w[ids]
V[ids] * values[..., None] -> V[ids]
    The values are ignored: x_i scales both w_i and v_i, and padding has x = 0. hint: values
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> ((xv.cumsum(1) - xv) * V[ids]).sum(1)
    Only one value of each pair is multiplied in; both vectors carry theirs: x_i v_i and x_j v_j.
(w[ids] * values).sum(1) -> w[ids].sum(1) * values.sum(1)
    In the linear part you multiplied two sums; multiply slot by slot, then add up. hint: linear
w0 + linear -> w0 + linear + linear
    The linear part is added twice. hint: linear
(w[ids] * values) -> (w[ids] * (values != 0))
values[..., None] -> (values != 0)[..., None]
    The values are used as a switch only: x is real-valued and scales v_i and w_i. hint: values
(w[ids] * values) -> (w0 + w[ids] * values)
w0 + linear -> linear
    You added w0 once per slot; the bias is added once per row. hint: linear
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))
pairs.sum(1) -> pairs
    You summed over slots and over k before squaring, so entry 1 of one vector meets entry 2 of another.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(2) ** 2 - (xv**2).sum(2)
    In the pair term you summed over k before squaring; sum over the slots, axis 1 of (B, S, k).
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(0) ** 2 - (xv**2).sum(0)
pairs.sum(1) -> pairs.sum()
    In the pair term you summed over the rows of the batch; sum over the slots, axis 1 of (B, S, k).
(xv**2).sum(1) -> (xv * V[ids]).sum(1)
    In the sum of the squares the values are not squared: it is the sum of (x_i v_i)^2.
0.5 * (xv.sum(1) ** 2 - -> (0.5 * xv.sum(1) ** 2 -
    In the pair term the 1/2 belongs to the whole difference, not to one of its two parts.
0.5 * (xv.sum(1) ** 2 - -> (xv.sum(1) ** 2 - 0.5 *
    In the pair term the 1/2 belongs to the whole difference; it does not halve the sum of the squares alone.
w0 + linear + pairs -> 0.5 * (w0 + linear) + pairs
    The 1/2 belongs to the pair term alone, not to w0 and the linear part.
w0 + linear + pairs -> w0 + 0.5 * linear + pairs
    The 1/2 belongs to the pair term alone, not to the linear part.
linear + pairs -> linear - pairs
    The pair term has the wrong sign: it is half of (the square of the sum minus the sum of the squares).
(w[ids] * values).sum(1) -> (w[ids] * values).mean(1)
    In the linear part you took the mean over the slots; it is the sum of w_i x_i. hint: linear
w[ids] * values -> w[ids] * values**2
    The linear part has x_i, not x_i squared. hint: linear
linear = (w[ids] -> ids, values = ids[:, :-1], values[:, :-1]; linear = (w[ids]
    Your sums leave out the last slot: range(a, n) already stops at n - 1.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> (xv[:, :-1] * xv[:, 1:]).sum(1)
    You paired each slot with the next one only: every slot meets every later one.
linear = (w[ids] -> ids = ids - 1; linear = (w[ids]
    You looked up row i - 1 for id i: ids are rows of w and V as they are, and row 0 is padding's.
linear = (w[ids] -> values = values * (ids != 0).cumprod(1); linear = (w[ids]
    You stop at the first padding id; padding may stand anywhere in a row, and its value 0 leaves it out.
w[ids] * values -> w[: ids.shape[1]] * values
    You took the first S rows of w; the ids say which rows belong to the slots: w[ids].
(w[ids] * values).sum(1) -> w.sum()
    You added up all of w; only the features of the row count: w[ids], each times its value.
w0 + linear + pairs.sum(1) -> w0 + linear + pairs.sum(1) if V.shape[1] else w0.expand(len(ids))
    With k = 0 you return w0 alone; the linear part does not depend on k. hint: empty
w0 + linear + pairs.sum(1) -> w0 + linear + pairs.sum(1) if V.shape[1] else 0 * linear
    With k = 0 you return 0; the pair term is 0 then, and w0 and the linear part stay. hint: empty
linear + pairs.sum(1) -> linear[:, None] + pairs
    You did not sum the pair term over k: a score is one number per row.
w0 + linear + pairs.sum(1) -> (w0 + linear + pairs.sum(1))[:1]
    You return the score of the first row only; every row of the batch has one.
    hint: Is there a return inside the loop over the rows?
w0 + linear + pairs.sum(1) -> (w0 + linear + pairs.sum(1))[:, None]
    You return one column, shape (B, 1); the scores have shape (B,). Compared with labels of shape (B,) a column would
    broadcast to (B, B). hint: Sum over the last axis without keepdim, or squeeze it with squeeze(1).
linear + pairs -> linear[:, None] + pairs
    You added shapes (B, 1) and (B,), which broadcasts to (B, B): every row's linear part meets every row's pair term.
    hint: shapes
linear + pairs.sum(1) -> linear + pairs.sum(1, keepdim=True)
    You added shapes (B,) and (B, 1), which broadcasts to (B, B): every row's linear part meets every row's pair term.
    hint: shapes
""",
    values="Multiply each w_i and each v_i by the value that stands in its slot, before you add anything up.",
    linear="Write down the linear part of one row with two slots. How often does each letter occur in it?",
    empty="An empty sum over k is 0, so no special case is needed.",
    shapes="Both parts must have shape (B,): sum over the last axis without keepdim.",
)
