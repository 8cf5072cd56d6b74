"""The bug clinic: the FM layer that flattens the slots and the entries of the vectors into one axis."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import Exercise
from ..oracles import pairs_of_slots

exercise = Exercise(
    title="The pair term of a lonely feature",
    spec=r"""Repair `pair_term(xv)`: `xv` is `(B, S, k)`, the vectors $x_i v_i$, float32 or float64, $S \ge 1$;
`B` may be 0. Return FM's pair term $\sum_{i<j} \langle x_i v_i, x_j v_j\rangle$ of each row, shape `(B,)`.
Leave `xv` unchanged. Example: `xv = [[[1, 2], [3, -1]]]` gives `[1]`; one feature alone gives 0.""",
    stub='''def pair_term(xv: Tensor):
    """(B, S, k) -> (B,)"""
    return TODO''',
    hints=(
        "Which entries may be multiplied with each other? Entry f of one vector with entry f of another.",
        "Sum over the slots alone, xv.sum(1), square, subtract (xv ** 2).sum(1), halve; sum over k last.",
    ),
)


@exercise.inputs
def inputs(draw):
    yield (torch.tensor([[[1.0, 2.0], [3.0, -1.0]]]),)
    for rows, slots, k in (
        (1, 1, 2),
        (2, 1, 3),
        (1, 2, 1),
        (1, 2, 2),
        (2, 3, 2),
        (3, 2, 3),
        (3, 3, 3),
        (6, 5, 4),
        (0, 3, 2),
        (5, 4, 3),
    ):
        yield (draw.nonzero(rows, slots, k),)
    yield (draw.rough(4, 6, 3),)


@exercise.oracle
def by_loops(xv):
    return pairs_of_slots(xv).sum(1)


@exercise.example
def example():
    return ([[[1, 2], [3, -1]]],), [1]


@exercise.right
def pair_term(xv):
    z = 0.5 * (xv.sum(dim=1) ** 2 - (xv**2).sum(dim=1))  # (B, k), entry f meets entry f only
    return z.sum(dim=1)  # (B,)


@exercise.right
def pair_term_by_matrix(xv):
    gram = xv @ xv.transpose(1, 2)  # (B, S, S)
    return torch.triu(gram, diagonal=1).sum(dim=(1, 2))  # (B,)


@exercise.wrong(shown=True)
def flattened(xv):
    """The slots and the k entries are still flattened into one axis, so entry 1 of a vector meets entry 2 of the same
    vector: a feature alone gets a pair term."""
    z = xv.flatten(1)  # (B, S * k)
    return 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))  # (B,)


@exercise.wrong
def flattened_one_slot_apart(xv):
    """You treat a row with one feature apart, but the formula is still flattened: entry 1 meets entry 2."""
    return flattened(xv) if xv.shape[1] > 1 else torch.zeros(len(xv))


@exercise.wrong
def summed_over_k_first(xv):
    """You summed over the k entries first, so entry 1 of one vector meets entry 2 of another: sum over slots, square,
    then sum over k."""
    s = xv.sum(2)  # (B, S)
    return 0.5 * (s.sum(1) ** 2 - (s**2).sum(1))


exercise.slips(
    """
return z.sum(dim=1) -> return z
    You did not sum over k: this is Bi-Interaction's k-vector; FM's pair term is one number per row.
    hint: result
xv.sum(dim=1) ** 2 - (xv**2).sum(dim=1) -> xv.sum(dim=2) ** 2 - (xv**2).sum(dim=2)
    You summed over the k entries where the slots belong: the slots are axis 1.
0.5 * -> 1 *
    Each pair counts twice: the 1/2 is missing.
    hint: identity
return z.sum(dim=1) -> return z.mean(dim=1)
    You took the mean over k; FM sums.
    hint: result
xv.sum(dim=1) ** 2 - (xv**2).sum(dim=1) -> xv.sum(dim=1) ** 2
    The squares of the single vectors must be subtracted.
    hint: identity
xv.sum(dim=1) ** 2 - -> xv.sum(dim=1) ** 2 +
    You added the squares of the single vectors; they must be subtracted.
    hint: identity
0.5 * (xv.sum(dim=1) ** 2 - -> (0.5 * xv.sum(dim=1) ** 2 -
    Only the square of the sum is halved; the 1/2 stands before the whole difference.
    hint: identity
0.5 * (xv.sum(dim=1) ** 2 - (xv**2).sum(dim=1)) -> 0.5 * ((xv**2).sum(dim=1) - xv.sum(dim=1) ** 2)
    You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.
    hint: identity
return z.sum(dim=1) -> return 0 * z.sum(dim=1)
    You return 0 for every row; only a row with one feature has no pair.
return z.sum(dim=1) -> return z.sum(dim=0)
    The last sum runs over the batch; it belongs over k, axis 1 of the (B, k) tensor.
    hint: result
xv.sum(dim=1) ** 2 - (xv**2).sum(dim=1) -> xv.sum(dim=0) ** 2 - (xv**2).sum(dim=0)
    You summed over the batch, axis 0; the slots are axis 1.
return z.sum(dim=1) -> return z.sum(dim=1).squeeze()
    A batch of one row loses its axis: the result has shape (1,) there.
    hint: squeeze() without an axis drops the batch as well when it holds one row.
return z.sum(dim=1) -> return (xv[:, :-1] * xv[:, 1:]).sum((1, 2))
    You paired each slot with the next one only: every i meets every later j.
    hint: pairs
return z.sum(dim=1) -> return (xv[:, :1] * xv[:, 1:]).sum((1, 2))
    You paired the first slot with the others and stopped: every i meets every later j.
    hint: pairs
return z.sum(dim=1) -> return xv.prod(1).sum(1)
    You multiplied all slots together; they are multiplied in pairs, and the pairs are added up.
    hint: pairs
""",
    identity="Take one row of two numbers, S = 2 and k = 1: write down (a + b)^2 and see what has to go to leave a b.",
    pairs="Write down the pairs of a row with three slots: how many are there?",
    result="Write the shape of each step: (B, S, k), then (B, k), then (B,). Which axis goes last, and how?",
)


@exercise.wrong
def own_sum_of_a_lonely_feature(xv):
    """A feature alone has no pair: its pair term is 0, whatever its vector."""
    return xv[:, 0].sum(1) if xv.shape[1] == 1 else pair_term(xv)


@exercise.wrong(hint="Start the sum with zeros of shape (B,): xv.new_zeros(len(xv)).")
def one_zero_for_all_rows(xv):
    """Where there is no pair you return a single 0; each row has its own, so the shape is (B,)."""
    return 0 if xv.shape[1] == 1 else pair_term(xv)


@exercise.tested
def test_pair_term(pair_term):
    xv = torch.randn(5, 1, 4, dtype=torch.float64)
    np.testing.assert_allclose(pair_term(xv), 0, atol=1e-12, err_msg="one feature alone has no pair")
