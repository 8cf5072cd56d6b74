"""Offsets of fields in one table."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import Exercise, Found
from ..values import is_whole, to_array

exercise = Exercise(
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
    hints=(
        "Field f starts at the sum of the sizes before it. What is that for field 0?",
        "The running sum of the sizes, moved one place to the right, with 0 in front; add it to every row of local.",
    ),
    tolerance=1e-9,  # ids are exact, large ones as well
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([[1, 0]]), [2, 3]
    yield torch.tensor([[0, 1, 1], [2, 3, 0]]), [3, 4, 2]
    yield torch.zeros(0, 2, dtype=torch.int64), [3, 4]
    yield torch.tensor([[1]]), [3]
    for rows, sizes in (
        (1, [5, 1, 2]),
        (2, [1, 1, 1]),
        (4, [2, 7, 3, 4]),
        (7, [10, 3, 6, 2, 5]),
        (3, [300, 5, 70_000, 4]),
        (2, [20_000_001, 3, 2]),  # 2^24 = 16,777,216: float32 does not hold every whole number beyond
    ):
        yield torch.stack([draw.whole(0, size, rows) for size in sizes], dim=1), sizes


@exercise.oracle
def by_loops(local, sizes):
    out = np.zeros(local.shape, dtype=np.int64)
    for f in range(len(sizes)):
        for row in range(len(local)):
            out[row, f] = local[row, f] + sum(sizes[:f])
    return out


@exercise.example
def example():
    return ([[0, 1, 1], [2, 3, 0]], [3, 4, 2]), [[0, 4, 8], [2, 6, 7]]


@exercise.observe
def whole_numbers(answer, local, sizes):
    ids = answer(local, sizes)
    return ids if is_whole(ids) or to_array(ids).size == 0 else Found(not_integer)


@exercise.right
def global_ids(local, sizes):
    offsets = torch.tensor([0, *sizes[:-1]]).cumsum(0)  # (F,)
    return local + offsets  # (B, F)


@exercise.right
def global_ids_by_subtraction(local, sizes):
    sizes = torch.tensor(sizes)
    return local + (sizes.cumsum(0) - sizes)


@exercise.wrong(hint="Use torch.int64 (or .long()) for the offsets; an embedding lookup refuses float ids.")
def not_integer(local, sizes):
    """Your ids are not integers; an id is a name, not a magnitude."""
    return local + torch.tensor([0.0, *sizes[:-1]]).cumsum(0)


exercise.slips(
    """
[0, *sizes[:-1]]).cumsum(0) -> [0.0, *sizes[:-1]]).cumsum(0).long()
    Your offsets pass through float32, which does not hold every whole number beyond 2^24 = 16,777,216: large ids
    come out rounded. hint: Keep them integers all the way: torch.tensor of integers is int64.
return local + offsets -> return local
    Your ids have no offset: id 1 of the first field and id 1 of the second would share one row of V.
[0, *sizes[:-1]] -> sizes
    Your offset includes the field's own size: field f starts after the fields before it, so field 0 at 0.
[0, *sizes[:-1]]).cumsum(0) -> [0, *sizes[:-1]])
    Your offset is the size of the one field before; it must be the sum of all sizes before.
[0, *sizes[:-1]]).cumsum(0) -> sizes)
    You added the field's own size; the offset is the sum of the sizes of the fields before it.
local + offsets -> local + offsets + 1
    Every id is one too large: field 0 starts at row 0, and no row is kept for padding here.
local + offsets -> local + offsets + torch.arange(len(sizes))
    You left a gap between the fields: each starts exactly where the one before ended.
local + offsets -> local + offsets - torch.arange(len(sizes))
    Neighbouring fields share a row: ids run from 0 to size - 1, so a field of size 3 takes 3 rows.
local + offsets -> local + torch.arange(len(sizes)) * max(sizes)
    You gave every field the room of the largest one; the next field starts where the one before ended.
local + offsets -> local + torch.arange(len(sizes)) * sizes[0]
    You gave every field the room of the first one; the next field starts where the one before ended.
local + offsets -> local + torch.arange(len(sizes)) * torch.tensor(sizes)
    You multiplied each size by the field's position; the offset is the sum of the sizes before it.
local + offsets -> local + sum(sizes)
    You added the sum of all sizes to every field; count only the fields before it.
local + offsets -> local + torch.tensor([sum(sizes[f + 1 :]) for f in range(len(sizes))])
    Your offsets count the fields after a field; count the fields before it.
[0, *sizes[:-1]]).cumsum(0) -> [1, *sizes[:-1]]).cumprod(0)
    You multiplied the sizes of the fields before; they are added up.
local + offsets -> local * offsets
    You multiplied by the offset; it must be added.
"""
)


@exercise.wrong
def sizes_from_the_data(local, sizes):
    """You took the sizes from the largest ids in local; ids that do not occur in this batch have rows as well."""
    found = local.max(0).values + 1 if len(local) else torch.tensor(sizes)  # (F,)
    return local + found.cumsum(0) - found
