"""The bug clinic: an unknown id that reads a row of the next field."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import Exercise, Found
from ..values import is_whole, to_array

exercise = Exercise(
    title="A new user who looks like a movie",
    spec=r"""Repair `rows(local, sizes)`: `local` is `(B, F)` int64, ids within each field; field $f$ owns
`sizes[f]` rows of $V$, right behind those of the field before (field 0 starts at row 0). In each field the
local id 0 is "unknown". A local id outside 0 to `sizes[f] - 1`, too large or negative, must read its own
field's unknown row. Return integers of shape `(B, F)`; `B` may be 0. Leave the inputs unchanged. Example:
`rows([[3, 0], [2, 9]], [3, 4])` is `[[0, 3], [2, 3]]`.""",
    stub='''def rows(local: Tensor, sizes: list[int]):
    """(B, F) int64 and F sizes -> (B, F) rows of V"""
    return TODO''',
    hints=(
        "Check the local id against its own field's size before the offset is added. Ids can be negative as well.",
        "known = (local >= 0) & (local < torch.tensor(sizes)); torch.where(known, local, 0) + starts.",
    ),
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([[2, 0]]), [2, 2]
    yield torch.tensor([[3]]), [2]
    yield torch.tensor([[0, 2]]), [2, 2]
    yield torch.tensor([[-1, 1]]), [3, 2]
    yield torch.tensor([[1, -1], [5, 1]]), [2, 3]
    yield torch.tensor([[2, 1, 7], [4, 3, 0], [0, 9, 1]]), [4, 3, 2]
    for rows, sizes in ((5, [3, 1, 4]), (12, [5, 2, 6, 3])):
        yield torch.stack([draw.whole(-2, size + 3, rows) for size in sizes], dim=1), sizes
    yield torch.tensor([[5], [1]]), [3]
    yield torch.zeros(0, 2, dtype=torch.int64), [3, 4]


@exercise.oracle
def by_loops(local, sizes):
    out = np.zeros(local.shape, dtype=np.int64)
    for b in range(local.shape[0]):
        for f in range(local.shape[1]):
            known = 0 <= local[b, f] < sizes[f]
            out[b, f] = sum(sizes[:f]) + (local[b, f] if known else 0)
    return out


@exercise.example
def example():
    return ([[3, 0], [2, 9]], [3, 4]), [[0, 3], [2, 3]]


@exercise.observe
def whole_rows(answer, local, sizes):
    result = answer(local, sizes)
    return result if is_whole(result) or not to_array(result).size else Found(no_integers)


@exercise.right
def rows(local, sizes):
    sizes = torch.tensor(sizes)
    starts = sizes.cumsum(0) - sizes  # (F,)
    known = (local >= 0) & (local < sizes)  # (B, F)
    return torch.where(known, local, 0) + starts


@exercise.right
def rows_by_field(local, sizes):
    out, start = local.clone(), 0
    for field, size in enumerate(sizes):
        unknown = (local[:, field] < 0) | (local[:, field] >= size)
        out[unknown, field] = 0
        out[:, field] += start
        start += size
    return out


@exercise.wrong(shown=True)
def not_checked(local, sizes):
    """An id past its field's range still reads a row of the next field."""
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return local + starts


@exercise.tested
def test_rows(rows):
    found = np.asarray(rows(torch.tensor([[3, 0]]), [3, 4]))
    np.testing.assert_equal(found, [[0, 3]], "an unknown id stays in its field")


exercise.slips(
    """
(local >= 0) & (local < sizes) -> local < sizes
    A negative id still reads a row of the field before.
local < sizes) -> local <= sizes)
    The id equal to the size is still let through: the last known id is size - 1.
    hint: range
local < sizes) -> local < sizes - 1)
    The last id of a field, size - 1, is known; you send it to "unknown".
    hint: range
local < sizes) -> local < sizes.max())
    You compared with the largest of the sizes; each field has its own.
    hint: range
local < sizes) -> local < sizes.min())
    You compared with the smallest of the sizes; each field has its own.
    hint: range
local < sizes) -> local < sizes[0])
    You compared every field with the size of field 0; each field has its own.
    hint: range
local < sizes) -> local + starts < sizes)
    You compared rows of V with the size of one field; it is the local id that must be below it.
    hint: range
local < sizes) -> local + starts < sizes.sum())
    You compared with the size of the whole table; each field has a range of its own.
    hint: range
(local >= 0) & (local < sizes) -> (local + starts >= 0) & (local + starts < sizes.sum())
    You compared rows with the size of the whole table; each field has a range of its own.
    hint: range
(local >= 0) & (local < sizes) -> (local + starts >= 0) & (local + starts < sizes.sum())
torch.where(known, local, 0) + starts -> torch.where(known, local + starts, 0)
    You compared with the size of the whole table; each field has a range and an unknown row of its own.
    hint: range
return torch.where(known, local, 0) -> known[:, 1:] = True; return torch.where(known, local, 0)
    You checked the first field only; every field has unknown ids.
    hint: range
torch.where(known, -> torch.where(known.all(1, keepdim=True),
    One unknown id makes your whole row unknown; each field is checked by itself.
    hint: range
known = (local >= 0) & (local < sizes) -> local = local.abs(); known = local < sizes
    You dropped the sign of negative ids, so they read known rows; they must read "unknown", id 0.
torch.where(known, local, 0) -> torch.minimum(local.clamp(min=0), sizes - 1)
    You cut ids to the last one of the field, so a new value gets the embedding of a known one; it must read row
    "unknown", local id 0.
    hint: unknown
torch.where(known, local, 0) -> local % sizes
    You took the remainder, so a new value gets the embedding of a known one; it must read "unknown", id 0.
    hint: unknown
torch.where(known, local, 0) -> torch.where(known, local, sizes - 1)
    Unknown ids read the last row of their field, which belongs to a known value; local id 0 is "unknown".
    hint: unknown
torch.where(known, local, 0) + starts -> torch.where(known, local + starts, 0)
    Unknown ids of every field read row 0 of V, which belongs to field 0: each field has its own unknown row.
    hint: unknown
torch.where(known, local, 0) + starts -> torch.where(known, local + starts, -1)
    Unknown ids give -1, which is no row of V: it reads the last one. Each field has its own unknown row.
    hint: unknown
torch.where(known, local, 0) + starts -> torch.where(known, local + starts, sizes.sum())
    Unknown ids read a row behind the table; each field has its own unknown row, local id 0.
    hint: unknown
torch.where(known, local, 0) + starts -> torch.where(known, local + starts, local)
    You return unknown ids as they are; they must read the unknown row of their own field.
    hint: unknown
torch.where(known, local, 0) -> torch.where(known, local, 1)
    Your unknown ids read local id 1, which belongs to a known value; local id 0 is "unknown".
    hint: unknown
torch.where(known, local, 0) + starts -> torch.where(known, local, starts)
    Only unknown ids get the start of their field; known ones need it as well.
    hint: starts
torch.where(known, local, 0) + starts -> torch.where(known, local, 0)
    The offsets are missing: field f starts behind the fields before it.
    hint: starts
sizes.cumsum(0) - sizes -> sizes.cumsum(0)
    Your offset includes the field's own size: field 0 starts at row 0.
    hint: starts
sizes.cumsum(0) - sizes -> torch.cat([torch.zeros(1).long(), sizes[:-1]])
    Your offset is the size of the field before alone; add up the sizes of all fields before.
    hint: starts
sizes.cumsum(0) - sizes -> (sizes + 1).cumsum(0) - (sizes + 1)
    Your offset has one row too many for each field before: its unknown row is one of its sizes[f] rows.
    hint: starts
torch.where(known, local, 0) + starts -> torch.where(known, local, 0) + starts + 1
    Your rows are one too far: field 0 starts at row 0, and local id 0 is its first row.
    hint: starts
torch.where(known, local, 0) -> torch.where(known, local - 1, 0).clamp(min=0)
    Your ids are one too low: local id 1 is the second row of its field.
    hint: starts
""",
    range="Write down the ids of one field of size 3 that are known: 0, 1, 2. Which comparison says just that?",
    unknown='For sizes [3, 4], which row of V is the "unknown" of field 0, and which that of field 1?',
    starts="For sizes [3, 4, 2] the fields start at rows 0, 3 and 7. What does your code say?",
)


@exercise.wrong(hint="Keep every step in integers: an int64 tensor plus a float tensor is a float tensor.")
def no_integers(local, sizes):
    """Your rows are not integers; an embedding lookup refuses them."""
    return rows(local, sizes).double()
