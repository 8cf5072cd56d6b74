"""The L2 penalty on the embeddings of a batch."""

from __future__ import annotations

import torch

from ..exercise import Exercise

exercise = Exercise(
    title="The L2 penalty on the embeddings of a batch",
    spec=r"""Write `l2_penalty(V, ids, values)`: the penalty this series uses, the mean over the rows of a batch
of

$$\sum_{i} \lVert x_i v_i \rVert^2 ,$$

summed over the slots of the row. A feature that occurs in several rows counts in each of them; within one row
it occurs once at most. Padding (id 0, value 0) counts nothing, wherever it stands; there is no factor 1/2.

`V` is `(n, k)`, `ids` is `(B, S)` int64, `values` is `(B, S)`; floats are float32 or float64; $B \ge 1$, $S \ge
1$. Return one number: a float or a tensor with one entry. Leave the inputs unchanged.

Example: `V = [[9, 9], [3, 4]]`, `ids = [[1], [1]]`, `values = [[1], [0.5]]`: $(25 + 6.25) / 2 = 15.625$.""",
    stub='''def l2_penalty(V: Tensor, ids: Tensor, values: Tensor):
    """(n, k), (B, S), (B, S) -> one number"""
    return TODO''',
    hints=(
        "xv = V[ids] * values[..., None], shape (B, S, k). Which axes are summed, which one is averaged?",
        "(xv ** 2).sum((1, 2)).mean().",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([[0.0], [2.0]]), torch.tensor([[1]]), torch.tensor([[1.0]])
    yield torch.tensor([[9.0, 9.0], [3.0, 4.0]]), torch.tensor([[1], [1]]), torch.tensor([[1.0], [0.5]])
    V = torch.tensor([[9.0, 9.0], [3.0, 4.0], [1.0, 0.0], [5.0, 5.0]])
    yield V, torch.tensor([[1, 2], [1, 2], [2, 0]]), torch.tensor([[1.0, 0.5], [1.0, 0.5], [-2.0, 0.0]])
    yield V, torch.tensor([[3, 1], [0, 0]]), torch.tensor([[0.5, -1.0], [0.0, 0.0]])  # a row of padding only
    yield V, torch.tensor([[0, 0, 0]]), torch.zeros(1, 3)
    yield V, torch.tensor([[1, 2]]), torch.tensor([[0.0, 2.0]])  # a value 0 that is no padding
    yield draw.nonzero(4, 2), torch.tensor([[1, 0, 2]]), torch.tensor([[1.5, 0.0, -1.0]])  # padding in the middle
    yield draw.nonzero(4, 1), torch.tensor([[1], [3]]), torch.tensor([[1.5], [-1.0]])
    for n, k, rows, slots, padding in (
        (4, 1, 1, 2, 0),
        (4, 2, 2, 2, 1),
        (6, 3, 3, 3, 1),
        (5, 2, 4, 4, 2),
        (15, 4, 6, 5, 2),
        (9, 5, 8, 3, 1),
    ):
        yield draw.nonzero(n, k), *draw.slots(n, rows, slots, padding)
    ids, values = draw.slots(8, 5, 4, 2)
    yield draw.rough(8, 3), ids, values * draw.rough(5, 4)


@exercise.oracle
def by_loops(V, ids, values):
    total = 0.0
    for row, x in zip(ids, values):
        for i, x_i in zip(row, x):
            total += sum((x_i * v) ** 2 for v in V[i])
    return total / len(ids)


@exercise.example
def example():
    return ([[9, 9], [3, 4]], [[1], [1]], [[1], [0.5]]), 15.625


@exercise.right
def l2_penalty(V, ids, values):
    xv = V[ids] * values[..., None]  # (B, S, k)
    return (xv**2).sum(dim=(1, 2)).mean()  # (B, S, k) -> (B,) -> ()


@exercise.right
def l2_penalty_by_feature(V, ids, values):
    c = torch.zeros(len(V), dtype=V.dtype).index_add(0, ids.flatten(), values.flatten() ** 2) / len(ids)  # (n,)
    return c @ (V**2).sum(dim=1)


exercise.slips(
    """
* values[..., None] -> * (values * (ids != 0).cumprod(1))[..., None]
    You stop at the first padding; slots behind it count, too.
(xv**2).sum(dim=(1, 2)).mean() -> xv.norm(dim=2).sum(1).mean()
    You summed the norms; the penalty sums the squared norms. Their gradients differ: a norm pulls as hard on a short
    vector as on a long one. hint: root
(xv**2).sum(dim=(1, 2)).mean() -> xv.norm()
    You took a root of the whole: the penalty is the sum of squares itself.
    hint: root
.mean() -> .mean().sqrt()
    You took a root at the end: the penalty is the mean of the sums of squares itself.
    hint: root
.mean() -> .sqrt().mean()
    You took a root per row: the penalty is the sum of squares itself.
    hint: root
(xv**2).sum(dim=(1, 2)).mean() -> (V**2).sum()
    You penalise the whole table V; only the features that occur in the batch count.
(xv**2).sum(dim=(1, 2)).mean() -> (V**2).sum() / len(ids)
    You penalise the whole table V; only the features that occur in the batch count.
(xv**2).sum(dim=(1, 2)).mean() -> (V[1:] ** 2).sum()
    You penalise the whole table V; only the features that occur in the batch count.
.mean() -> .sum()
    You summed over the rows; the mean makes the penalty independent of the batch size.
.sum(dim=(1, 2)).mean() -> .sum(2).mean()
    You took the mean over slots, too; within a row the slots are summed.
.sum(dim=(1, 2)).mean() -> .mean()
    You took the mean over slots and entries, too; within a row everything is summed, only rows are averaged.
.sum(dim=(1, 2)).mean() -> .mean(2).sum(1).mean()
    You took the mean over the k entries; a squared norm is their sum.
.mean() -> .sum() / len(V)
    You divided by the number of features, the rows of V; the mean is over the rows of the batch.
.mean() -> .sum() / (values != 0).sum()
    You divided by the number of filled slots; the mean is over the rows.
.mean() -> .sum() / (values != 0).any(1).sum()
    You divided by the number of rows that are not padding alone; the mean is over all rows of the batch.
* values[..., None] -> * 1
    x is missing: the vectors are x_i v_i, and padding has x = 0.
    hint: values
* values[..., None] -> * (values != 0)[..., None]
    x only switches features on and off; it also scales v_i: the vectors are x_i v_i.
    hint: values
* values[..., None] -> * (ids != 0)[..., None]
    The ids tell you where padding stands, but x is missing; it also scales v_i: the vectors are x_i v_i.
    hint: values
(xv**2) -> (V[ids] ** 2 * values[..., None])
    x is not squared: the squared norm of x_i v_i is x_i^2 times that of v_i.
    hint: values
(xv**2) -> (V[ids] ** 2 * values.abs()[..., None])
    x is not squared, only its sign is dropped: the squared norm of x_i v_i is x_i^2 times that of v_i.
    hint: values
(xv**2).sum(dim=(1, 2)).mean() -> (V[ids[values != 0].unique()] ** 2).sum()
    You count a feature once however often it occurs in the batch; it counts in every row that has it.
(xv**2).sum(dim=(1, 2)).mean() -> (V[ids[values != 0].unique()] ** 2).sum() / len(ids)
    You count a feature once however often it occurs in the batch; it counts in every row that has it.
(xv**2).sum(dim=(1, 2)).mean() -> (V[ids.unique()] ** 2).sum()
    You count a feature and the padding once; a feature counts in every row that has it, padding never.
(xv**2).sum(dim=(1, 2)).mean() -> (V[ids.unique()] ** 2).sum() / len(ids)
    You count a feature and the padding once; a feature counts in every row that has it, padding never.
(xv**2).sum(dim=(1, 2)) -> (xv.sum(1) ** 2).sum(1)
    You added the vectors of a row before squaring; each x_i v_i is squared on its own.
    hint: own
(xv**2).sum(dim=(1, 2)) -> (xv.sum(2) ** 2).sum(1)
    You added the k entries of a vector before squaring; a squared norm squares each entry.
    hint: own
(xv**2) -> xv.abs()
    You summed absolute values (L1); the penalty sums squares.
(xv**2) -> xv
    Nothing is squared: positive and negative entries cancel.
.mean() -> [0]
    You return the penalty of the first row alone; the mean over the rows is asked.
(xv**2).sum(dim=(1, 2)).mean() -> (0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))).sum(1).mean()
    You added up the crossings of the vectors; the penalty squares each vector on its own.
    hint: own
""",
    root="The squared norm of (3, 4) is 9 + 16 = 25, without a root. Which step of your code takes one?",
    values="The second row of the spec's example has x = 0.5 and gives 6.25. What does your code give for it alone?",
    own="Which comes first in your code, the square or the sum? In the penalty each single entry is squared first.",
)


@exercise.wrong
def each_row_once(V, ids, values):
    """You count equal rows of the batch once; every row counts."""
    rows = {(tuple(i.tolist()), tuple(x.tolist())): b for b, (i, x) in enumerate(zip(ids, values))}
    kept = list(rows.values())
    return l2_penalty(V, ids[kept], values[kept])


@exercise.wrong
def each_feature_once_with_its_last_value(V, ids, values):
    """You count a feature once however often it occurs in the batch; it counts in every row that has it."""
    x = dict(zip(ids.flatten().tolist(), values.flatten().tolist()))
    return sum(((V[i] * x[i]) ** 2).sum() for i in x)


@exercise.wrong
def the_same_over_the_rows(V, ids, values):
    """You count a feature once however often it occurs in the batch; it counts in every row that has it."""
    return each_feature_once_with_its_last_value(V, ids, values) / len(ids)
