"""Bi-Interaction with several values per field and padding."""

from __future__ import annotations

import itertools

import numpy as np
import torch
import torch.nn.functional as F

from ..exercise import Exercise

exercise = Exercise(
    title="Bi-Interaction with several values per field and padding",
    spec=r"""Write `pool(V, ids, values)`: Bi-Interaction pooling, straight from encoded rows

$$f_{BI} = \sum_{i<j} x_i v_i \odot x_j v_j ,$$

summed over the pairs of slots of a row. A movie with fewer genres than slots has padding: id 0 with value 0.
Row 0 of `V` is a row like any other and **not** zero; only the value 0 keeps padding out. Slots of one field
(two genres) form a pair as well. Apart from padding, each id occurs once in a row at most.

`V` is `(n, k)`, `ids` is `(B, S)` int64, `values` is `(B, S)`; floats are float32 or float64. `B` and `S` may
be 0 or 1; without a pair the result is 0. Return shape `(B, k)` (or a plain 0 where there is no pair). A
function or a module will do. Leave the inputs unchanged.

Example: `V = [[9, 9], [1, 2], [3, -1]]`, `ids = [[1, 2, 0]]`, `values = [[1, 0.5, 0]]` give `[[1.5, -1]]`.""",
    stub='''def pool(V: Tensor, ids: Tensor, values: Tensor):
    """(n, k), (B, S), (B, S) -> (B, k)"""
    return TODO''',
    hints=(
        "xv = V[ids] * values[..., None] has shape (B, S, k), zero where there is padding. Sum over the slots, axis 1.",
        "0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)), of shape (B, k): the sum over k does not belong here.",
    ),
    zero=True,
)


@exercise.inputs
def inputs(draw):
    yield draw.nonzero(3, 2), torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, 0)
    yield draw.nonzero(3, 2), torch.tensor([[1]]), torch.tensor([[2.0]])
    yield torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([[1, 2]]), torch.tensor([[1.0, -0.5]])
    yield torch.tensor([[5.0, 7.0], [1.0, 2.0], [3.0, -1.0]]), torch.tensor([[1, 2]]), torch.tensor([[0.5, 3.0]])
    yield draw.nonzero(3, 2), torch.tensor([[1, 0]]), torch.tensor([[2.0, 0.0]])
    yield draw.nonzero(4, 2), torch.tensor([[1, 2, 0]]), torch.tensor([[1.0, -0.5, 0.0]])
    yield draw.nonzero(4, 2), torch.tensor([[1, 2, 3]]), torch.tensor([[2.0, 0.0, -1.5]])
    yield draw.nonzero(4, 2), torch.tensor([[1, 0, 2]]), torch.tensor([[1.5, 0.0, -1.0]])  # padding in the middle
    yield draw.nonzero(3, 2), torch.tensor([[0, 0], [1, 2]]), torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    for n, k, rows, slots, padding in (
        (4, 1, 2, 2, 0),
        (4, 2, 2, 3, 1),
        (5, 3, 3, 3, 2),
        (4, 2, 0, 3, 0),
        (6, 3, 1, 4, 1),
        (5, 4, 4, 4, 2),
        (12, 5, 7, 8, 5),
    ):
        yield draw.nonzero(n, k), *draw.slots(n, rows, slots, padding)
    ids, values = draw.slots(9, 4, 5, 2)
    yield draw.rough(9, 3), ids, values * draw.rough(4, 5)


@exercise.oracle
def by_loops(V, ids, values):
    out = np.zeros((len(ids), V.shape[1]))
    for b in range(len(ids)):
        for s, t in itertools.combinations(range(ids.shape[1]), 2):
            out[b] += values[b, s] * V[ids[b, s]] * values[b, t] * V[ids[b, t]]
    return out


@exercise.example
def example():
    return ([[9, 9], [1, 2], [3, -1]], [[1, 2, 0]], [[1, 0.5, 0]]), [[1.5, -1]]


@exercise.right
def pool(V, ids, values):
    xv = V[ids] * values[..., None]  # (B, S, k)
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)


@exercise.right
def pool_in_two_lookups(V, ids, values):
    if ids.shape[1] == 0:  # embedding_bag needs a slot
        return torch.zeros(len(ids), V.shape[1])
    total = F.embedding_bag(ids, V, per_sample_weights=values, mode="sum")  # (B, k)
    squares = F.embedding_bag(ids, V**2, per_sample_weights=values**2, mode="sum")  # (B, k)
    return 0.5 * (total**2 - squares)


exercise.slips(
    """
return 0.5 * -> return
    Each pair counts twice: the 1/2 of the identity is missing, or the sum takes (i, j) and (j, i).
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(-1)
    You summed over k: the result must keep its k entries, one vector per row. Summing them is what FM does.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))
    You flattened slots and k before summing, so entry 1 of one vector meets entry 2 of another.
    hint: Square entry by entry: which axis counts the slots, and which the k entries?
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(2) ** 2 - (xv**2).sum(2)
    You summed over the k entries instead of over the slots: the slots are axis 1.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(0) ** 2 - (xv**2).sum(0)
    You summed over the batch, axis 0: rows have nothing to do with each other.
* values[..., None] -> * 1
    You left out the values: every slot then counts in full, and padding (if there is any) as well.
    hint: values
* values[..., None] -> * values
    V[ids] has shape (B, S, k) and values (B, S): multiplied as they are, the slots of values meet the k entries.
    hint: axis
* values[..., None] -> * (values != 0)[..., None]
    You used the values only to see which slots are filled; x is real-valued and scales v_i.
    hint: values
* values[..., None] -> * (ids != 0)[..., None]
    You used the ids to see which slots are filled, and left the values out; x is real-valued and scales v_i.
    hint: values
* values[..., None] -> * values.clamp(min=0)[..., None]
    You left out slots with a negative value: only the value 0 marks padding.
(xv**2).sum(1) -> (xv * V[ids]).sum(1)
    In the second part the values are not squared: it is the sum of (x_i v_i)^2.
    hint: values
(xv**2).sum(1) -> (V[ids] ** 2).sum(1)
    In the second part the values are missing, so padding is subtracted: it is the sum of (x_i v_i)^2.
    hint: values
xv.sum(1) ** 2 -> V[ids].sum(1) ** 2
    In the first part the values are missing: it is the square of the sum of x_i v_i.
    hint: values
(xv.sum(1) ** 2 - (xv**2).sum(1)) -> (xv.sum(1) ** 2)
    You took half the square of the sum; the sum of the squares must be subtracted first.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1) ** 2
    This is the square of the sum: every slot with every slot, itself included.
xv.sum(1) ** 2 - -> xv.sum(1) ** 2 +
    You counted each slot with itself: the sum runs over i < j. (In the identity the sum of squares is subtracted,
    not added.)
xv.sum(1) ** 2 - (xv**2).sum(1) -> (xv**2).sum(1) - xv.sum(1) ** 2
    You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.mean(1) ** 2 - (xv**2).mean(1)
    You took the mean over the slots: Bi-Interaction adds up.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return xv.sum(1)
    You added the vectors up; nothing is crossed yet: multiply them pair by pair, entry by entry.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return xv.prod(1)
    You multiplied all slots together; the slots are multiplied in pairs, and the pairs are added up.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return torch.where((values == 0)[..., None], 1, xv).prod(1)
    You multiplied all filled slots together; the slots are multiplied in pairs, and the pairs are added up.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return (xv[:, :-1] * xv[:, 1:]).sum(1)
    You paired each slot with the next one only: every i meets every later j.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return (xv[:, :1] * xv[:, 1:]).sum(1)
    You paired the first slot with the others and stopped: every i meets every later j.
return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> return (xv**2).sum(1)
    You added up the squares, each slot with itself; the pairs i < j are asked.
0.5 * (xv.sum(1) ** 2 - -> (0.5 * xv.sum(1) ** 2 -
    Only the square of the sum is halved; the 1/2 stands before the whole difference.
0.5 * (xv.sum(1) ** 2 - -> (xv.sum(1) ** 2 - 0.5 *
    Only the sum of the squares is halved; the 1/2 stands before the whole difference.
* values[..., None] -> * values[..., None]; xv = xv[:, :-1]
    You left out the last slot; it is not always padding.
""",
    axis="values[..., None] has shape (B, S, 1): one number per slot, for all k entries of its vector.",
    values="Write down x_i v_i for every slot of the row first: where do the values enter your code, and how often?",
)


@exercise.wrong
def stopped_at_padding(V, ids, values):
    """You stop at the first padding; slots behind it count, too (a field after the genres)."""
    return pool(V, ids, values * (ids != 0).cumprod(1))


@exercise.wrong
def mean_over_pairs(V, ids, values):
    """You took the mean over the pairs: Bi-Interaction adds them up."""
    return pool(V, ids, values) / (ids.shape[1] * (ids.shape[1] - 1) / 2)


@exercise.wrong
def one_value_of_two(V, ids, values):
    """Only x_i of a pair is multiplied in; both vectors carry their value: x_i v_i and x_j v_j."""
    out = torch.zeros(len(ids), V.shape[1], dtype=V.dtype)
    for s, t in itertools.combinations(range(ids.shape[1]), 2):
        out += values[:, s, None] * V[ids[:, s]] * V[ids[:, t]]
    return out


@exercise.wrong
def one_slot_returned(V, ids, values):
    """A slot alone has no pair: the result is 0, not x_i v_i."""
    return (V[ids] * values[..., None])[:, 0] if ids.shape[1] == 1 else pool(V, ids, values)
