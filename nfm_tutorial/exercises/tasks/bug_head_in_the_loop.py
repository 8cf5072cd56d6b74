"""The bug clinic: a head that is trained, in a model that is called FM."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..draw import F32, Draw
from ..exercise import Case, Exercise, Found
from ..values import array_text, close, describe_kind, to_array
from ..verdict import Fault

exercise = Exercise(
    title="An FM that is none",
    spec=r"""Repair `fm_head(k)`: it returns what turns the pooled crossings `(B, k)` (float32) into FM's pair
term `(B,)`, the sum over $k$. A module without parameters to train, or a function; the gradient flows through
it back to its input. It must stay the sum however long one trains, and leave its input unchanged. Example:
`fm_head(2)` maps `[[1, 2], [3, 4]]` to `[3, 7]`.""",
    stub='''def fm_head(k: int):
    """-> a module or function (B, k) -> (B,)"""
    return TODO''',
    hints=(
        "What may the optimiser change? Everything that head.parameters() lists and that requires a gradient.",
        'register_buffer("h", torch.ones(k)) instead of nn.Parameter, or no h at all: z.sum(1).',
    ),
    factory=True,
    gradient=True,
    dtypes=(F32,),
    otherwise="Your head does not give the sum over k.",
)


@exercise.inputs
def inputs(draw):
    for k in (2, 3, 1, 5, int(draw.rng.integers(6, 20))):
        yield Case(k, beside=f"z = {array_text(crossings(k).numpy())} float32, given to the head")


def crossings(k):
    """(B, k): what the head gets; for k = 2 the spec's example."""
    if k == 2:
        return torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    draw = Draw(75)
    return draw.rough(3, k, dtype=F32) if k == 5 else draw.nonzero(4, k, dtype=F32)


@exercise.oracle
def by_loops(k):
    return [sum(row) for row in crossings(k).double().numpy()]


@exercise.example
def example():
    return (2,), [3, 7]


@exercise.observe
def scores(answer, k):
    """(B,): what the head makes of z. Found where it is not the same whatever happens to it."""
    z = crossings(k)
    head = answer(k)
    if isinstance(head, type) or not callable(head):
        return Fault(f"The result is {describe_kind(head)}; a module or function is expected.", key="kind")
    given = z.clone()
    result = head(given)
    if not torch.equal(given, z):
        return Found(input_changed)
    trained = isinstance(head, nn.Module) and any(p.requires_grad for p in head.parameters())
    if trained or isinstance(result, torch.Tensor) and result.requires_grad:  # also a tensor that a function keeps
        return Found(trained_h)
    if not close(to_array(result), np.array(by_loops(k)), exercise.tolerance):
        return result
    if not close(to_array(head(z.clone())), to_array(result), exercise.tolerance):
        return Found(changes_itself, "the same result twice", "another one the second time")
    single = to_array(head(z[:1].clone()))
    if single.shape != (1,) or not close(single, to_array(result)[:1], exercise.tolerance):
        return Found(one_row, f"{array_text(to_array(result)[:1])} for the first row", array_text(single))
    try:
        return head(z.requires_grad_())
    except RuntimeError:  # NumPy refuses a tensor with a gradient
        return result


@exercise.right
def fm_head(k):
    ones = torch.ones(k)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("h", ones)

        def forward(self, z):
            return z @ self.h  # (B, k) -> (B,)

    return Head()


@exercise.right
def fm_head_without_h(k):
    return lambda z: z.sum(dim=1)


@exercise.wrong(shown=True)
def trained_h(k):
    """Your head has numbers that are trained; FM's sum over k has none. After a few steps it is no longer a sum."""
    ones = torch.ones(k)

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = nn.Parameter(ones)

        def forward(self, z):  # (B, k) -> (B,)
            return z @ self.h

    return Head()


exercise.slips(
    """
z.sum(dim=1) -> z.mean(dim=1)
    Your head takes the mean over k; FM sums.
    hint: sum
z.sum(dim=1) -> z.sum(dim=0)
    Your head sums over the batch; it must sum over k, axis 1.
    hint: sum
z.sum(dim=1) -> 0.5 * z.sum(dim=1)
    Your head gives half of the sum; the 1/2 of the identity is in the pooled crossings already.
    hint: sum
z.sum(dim=1) -> z.relu().sum(dim=1)
    Your head cuts negative numbers off; crossings and pair term may be negative.
    hint: sum
z.sum(dim=1) -> z.norm(dim=1)
    Your head gives the length of the vector; FM sums the entries.
    hint: sum
z.sum(dim=1) -> 0.5 * (z.sum(dim=1) ** 2 - (z**2).sum(dim=1))
    Your head crosses the entries of z; z holds the crossings already, and only their sum is left to do.
    hint: sum
z.sum(dim=1) -> z
    Your head returns its input unchanged; it must sum over k.
    hint: sum
""",
    sum="A function that adds up the entries of each row is a head already.",
)


@exercise.wrong(hint="Compute new values.")
def input_changed(k):
    """Your head changes its input, which belongs to the caller."""
    return lambda z: z.mul_(2).sum(dim=1) / 2


@exercise.wrong(hint="squeeze() without an axis drops the batch as well when it holds one row.")
def one_row(k):
    """For a batch of one row your head does not give the shape (1,) with the row's sum."""
    return lambda z: z.sum(dim=1).squeeze()


@exercise.wrong(hint="Nothing may be assigned or added to self in forward.")
def changes_itself(k):
    """Your head does not stay the sum: called again with the same rows, it gives another result."""
    h = torch.ones(k)

    def head(z):
        scores = z @ h
        h.mul_(0.9)
        return scores

    return head


@exercise.tested
def test_fm_head(fm_head):
    head = fm_head(3)
    parameters = head.parameters() if isinstance(head, nn.Module) else []
    np.testing.assert_equal([p for p in parameters if p.requires_grad], [], "FM has no h to train")
