"""What DeepFM's network reads when a movie has several genres."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import one_hot

from ..exercise import Exercise

exercise = Exercise(
    title="What DeepFM's network reads when a movie has several genres",
    spec=r"""DeepFM's DNN has one place of width $k$ per *field*, but a row has one vector per *slot*, and
several slots can belong to one field (three genres). Write `concat_fields(xv, field_of_slot, n_fields)`: add up
the vectors of the slots that belong to one field, then put the fields side by side, field 0 first.

`xv` is `(B, S, k)`, float32 or float64, the vectors $x_i v_i$ (zero for padding); `field_of_slot` is `(S,)`
int64, from 0 to `n_fields - 1`, in any order. A field without a slot is zero. $B \ge 1$, $S \ge 1$. Return
shape `(B, n_fields * k)`. Leave the inputs unchanged.

Example: `xv = [[[1, 2], [3, 4], [5, 6]]]`, `field_of_slot = [0, 1, 1]`, `n_fields = 2` give `[[1, 2, 8, 10]]`.""",
    stub='''def concat_fields(xv: Tensor, field_of_slot: Tensor, n_fields: int):
    """(B, S, k), (S,) int64 -> (B, n_fields * k)"""
    return TODO''',
    hints=(
        "Start from zeros of shape (B, n_fields, k) and add every slot to its field; flatten at the end.",
        "xv.new_zeros(B, n_fields, k).index_add(1, field_of_slot, xv).flatten(1); a loop over the slots does as well.",
    ),
)


@exercise.inputs
def inputs(draw):
    for rows, k, field_of_slot, n_fields in (
        (1, 1, [0], 1),
        (1, 2, [0, 1], 2),
        (1, 2, [0, 0], 1),
        (1, 2, [0, 1, 1], 2),
        (2, 2, [0, 1, 1, 1, 2], 3),
        (2, 3, [0, 0, 1], 2),
        (3, 1, [0, 1, 1, 2, 2], 3),
        (1, 2, [1, 0], 2),
        (3, 3, [1, 0, 2, 0], 3),
        (2, 2, [0, 2], 5),
        (6, 4, [0, 1, 2, 2, 2, 3, 4], 5),
        (1, 2, [1], 3),
    ):
        yield draw.nonzero(rows, len(field_of_slot), k), torch.tensor(field_of_slot), n_fields
    xv = draw.nonzero(3, 4, 2)
    xv[0, 3], xv[1, 2:], xv[2] = 0, 0, 0  # padding
    yield xv, torch.tensor([0, 1, 1, 1]), 2
    yield draw.rough(4, 6, 3), torch.tensor([2, 0, 2, 3, 0, 2]), 5


@exercise.oracle
def slot_by_slot(xv, field_of_slot, n_fields):
    rows, slots, k = xv.shape
    out = np.zeros((rows, n_fields * k))
    for s in range(slots):
        start = field_of_slot[s] * k
        out[:, start : start + k] += xv[:, s]
    return out


@exercise.example
def example():
    return ([[[1, 2], [3, 4], [5, 6]]], [0, 1, 1], 2), [[1, 2, 8, 10]]


@exercise.right
def concat_fields(xv, field_of_slot, n_fields):
    B, _, k = xv.shape
    fields = xv.new_zeros(B, n_fields, k)
    fields = fields.index_add(1, field_of_slot, xv)  # (B, n_fields, k)
    return fields.flatten(1)  # (B, n_fields * k)


@exercise.right
def concat_by_product(xv, field_of_slot, n_fields):
    slot_is_in_field = one_hot(field_of_slot, n_fields).to(xv.dtype)  # (S, n_fields)
    return (slot_is_in_field.T @ xv).flatten(1)  # (n_fields, S) @ (B, S, k), then side by side


@exercise.right
def concat_field_by_field(xv, field_of_slot, n_fields):
    return torch.cat([xv[:, field_of_slot == f].sum(1) for f in range(n_fields)], dim=1)


exercise.slips(
    """
== f].sum(1) -> == f].mean(1)
    You took the mean over the slots of a field; add them up (the 1/sqrt(number) is in x already).
== f].sum(1) -> == f].sum(1) / (field_of_slot == f).sum().sqrt()
    You divided by the square root of the number of slots; that factor is in x already, so just add.
== f].sum(1) -> == f].prod(1)
    You multiplied the slots of a field; add them up.
== f].sum(1) -> == f].prod(1) * (field_of_slot == f).any()
    You multiplied the slots of a field; add them up.
== f].sum(1) -> == f].amax(1)
    You took the maximum over the slots of a field; add them up.
== f].sum(1) -> == f][:, -1]
    Only the last slot of each field is left: assigning overwrites the earlier ones; add instead.
    hint: Note that out[:, field_of_slot] += xv adds only once per field, too; use index_add or a loop.
== f].sum(1) -> == f][:, 0]
    Only the first slot of each field is used: add all slots of a field.
range(n_fields) -> field_of_slot.unique()
    A field without a slot keeps its place: k zeros.
    hint: The number of places is n_fields, whatever field_of_slot holds.
range(n_fields) -> sorted(range(n_fields), key=lambda f: f not in field_of_slot)
    The zeros of a field without a slot stand at its own place, not at the end.
range(n_fields) -> range(int(field_of_slot.max()) + 1)
    You took the number of fields from field_of_slot; there are n_fields places, also where the last ones are empty.
range(n_fields) -> range(len(field_of_slot.unique()))
    You took as many fields as occur in field_of_slot; there are n_fields places, also where some are empty.
range(n_fields) -> dict.fromkeys([*field_of_slot.tolist(), *range(n_fields)])
    You put the fields in the order in which they occur in field_of_slot; field 0 comes first.
range(n_fields) -> range(1, n_fields + 1)
    You counted the fields from 1: they are 0 to n_fields - 1.
index_add(1, field_of_slot, xv) -> index_add(1, field_of_slot.sort().values, xv)
    You took the slots as sorted by field; field_of_slot may come in any order.
fields.flatten(1) -> xv[:, :n_fields].flatten(1)
    You took the first n_fields slots; field_of_slot says which slots belong to a field.
fields.flatten(1) -> xv.sum(1).repeat(1, n_fields)
    You put the sum of all slots at every place; each field gets its own slots only.
fields.flatten(1) -> fields.sum(2)
    You summed over k: each field keeps a place of width k.
fields.flatten(1) -> fields.sum(1)
    You added all slots to one vector: fields keep places of their own.
fields.flatten(1) -> xv.flatten(1)
    You put every slot side by side, S * k wide; slots of one field are added first.
fields.flatten(1) -> fields
    You return shape (B, n_fields, k); put the fields side by side, shape (B, n_fields * k).
fields.flatten(1) -> fields.transpose(1, 2).flatten(1)
    The columns are in another order: first all k entries of field 0, then all of field 1.
""",
)


@exercise.wrong
def mean_over_filled_slots(xv, field_of_slot, n_fields):
    """You took the mean over the filled slots of a field; add them up (the 1/sqrt(number) is in x already)."""
    filled = (xv != 0).to(xv.dtype)
    return concat_fields(xv, field_of_slot, n_fields) / concat_fields(filled, field_of_slot, n_fields).clamp(min=1)
