"""Odd parity needs a constant feature."""

from __future__ import annotations

import itertools

import numpy as np
import torch

from ..exercise import Exercise, Found
from ..language import say
from ..oracles import pairs_of_slots
from ..values import array_text, close, to_array
from ..verdict import Fault

exercise = Exercise(
    title="Odd parity needs a constant feature",
    spec=r"""$f_{BI}(-x) = f_{BI}(x)$: every term has two factors, so the sign cancels. A network that reads
$f_{BI}$ of real-valued $x$ alone can't tell $x$ from $-x$ and can't learn the product $x_1 x_2 x_3$ of three
signs. A constant feature, which is 1 in every row, repairs this: its pair with feature $i$ holds $x_i$ itself.

Choose the vectors so that Bi-Interaction hands $x$ itself to the network. Write `slots_with_constant(x)`: `x`
is `(B, m)`, float32 or float64, $m \ge 1$; return the vectors $x_i v_i$, shape `(B, m + 1, m)` (so $k = m$),
such that

- slot $i < m$ is $x_i$ times a fixed vector $v_i$ of your choice, for a given $m$ the same in every row and call;
- slot $m$ is the constant feature: for a given $m$ the same vector in every row and call;
- Bi-Interaction over the $m + 1$ slots gives exactly `x`, shape `(B, m)`.

`B` may be 0. Leave `x` unchanged. Example for $m = 1$: `x = [[1], [-1]]` may give `[[[1], [1]], [[-1], [1]]]`,
because $1 \cdot 1 = 1$ and $-1 \cdot 1 = -1$.""",
    stub='''def slots_with_constant(x: Tensor):
    """(B, m) -> (B, m + 1, m), the vectors x_i v_i and the constant feature's"""
    return TODO''',
    hints=(
        "Entry d of the pooled vector should be x_d. Which two slots should have an entry d that is not zero?",
        "v_i is the unit vector with a 1 at place i (torch.diag_embed(x) gives all x_i v_i); the constant's vector "
        "is all ones.",
    ),
)


@exercise.inputs
def inputs(draw):
    for m in (1, 2, 3):
        signs = torch.tensor(list(itertools.product((1.0, -1.0), repeat=m)))
        yield (signs,)
        yield (signs.flip(0),)
    yield (torch.tensor([[1.0, -1.0, 1.0]]),)
    yield (torch.tensor([[0.5, -2.0], [1.0, 1.0], [-1.5, 0.0]]),)
    yield (torch.tensor([[0.25, -1.5, 3.0], [2.0, 1.0, 0.5]]),)
    yield (torch.zeros(0, 2),)
    yield (draw.real(6, 4),)
    yield (draw.rough(5, 4),)


def same(a, b):
    """Whether a has the entries of b, which may lack a first axis."""
    return close(a, np.broadcast_to(b, a.shape), exercise.tolerance)


@exercise.observe
def in_two_calls(answer, x):
    """The slots of x, after a look at those of another, longer batch: the constant must be the same one."""
    xv = to_array(answer(x))
    rows, m = x.shape
    if rows and xv.shape == (rows, m + 1, m):
        longer = torch.cat([3 * x, torch.full((2, m), -0.5, dtype=x.dtype)])
        other = to_array(answer(longer))
        if other.shape == (rows + 2, m + 1, m) and same(xv[:, m], xv[0, m]) and same(other[:, m], other[0, m]):
            return xv if same(other[0, m], xv[0, m]) else Found(another_call)
    return xv


@exercise.judge
def pooled_vector_is_x(xv, x):
    rows, m = x.shape
    if xv.shape == (rows, m, m) and rows:
        shapes = [say("shape {shape}", shape=shape) for shape in ((rows, m + 1, m), xv.shape)]
        return Found(no_constant_slot, *shapes)
    if xv.shape != (rows, m + 1, m) and (rows or xv.size):
        hints = {
            (rows, m, m + 1): say("The slots are axis 1, the entries of their vectors axis 2."),
            (rows, m + 1, m + 1): say(
                "The vectors have m entries, the constant's as well: it needs no entry of its own."
            ),
        }
        told = {"got": xv.shape, "wanted": (rows, m + 1, m)}
        message = say("The result has shape {got}; it must have shape {wanted}: m features and the constant.", **told)
        return Fault(message, hints.get(xv.shape, ""), key="shape")
    if rows == 0:
        return None
    if not np.isfinite(xv).all():
        return Fault(say("The result holds NaN or infinity."), key="nan")
    features, constant = xv[:, :m], xv[:, m]
    if not constant.any():
        return Found(constant_is_zero)
    if not same(constant, constant[0]):
        first = np.ptp(x[:, 0]) > 0 and xv[0, 0].any() and same(xv[:, 0], xv[0, 0])
        return Found(constant_first if first else constant_not_constant, got=slot(m, constant))
    for i in range(m):
        row = np.abs(x[:, i]).argmax()
        vector = features[row, i] / x[row, i] if x[row, i] else np.zeros(m)
        if not same(features[:, i], x[:, i, None] * vector):
            return Found(slot_not_its_own, got=slot(i, features[:, i]), slot=i)
    pooled = pairs_of_slots(xv)
    return None if same(pooled, x) else why_not_x(pooled, x, features, constant[0])


def slot(i, numbers):
    return say("slot {i}: {numbers}", i=i, numbers=array_text(numbers))


def why_not_x(pooled, x, features, constant):
    """Of slots that hold their own feature alone."""
    shown = f"f_BI = {array_text(x)}", f"f_BI = {array_text(pooled)}"
    if same(pooled, 0):
        return Found(nothing_meets_the_constant, *shown)
    if same(pooled, -x):
        return Found(opposite_sign, *shown)
    if same(np.sort(pooled), np.sort(x)):
        return Found(entries_in_another_order, *shown)
    if same(pooled, (pooled * x).sum() / (x * x).sum() * x):
        return Found(scaled, *shown)
    if not same(pairs_of_slots(features), 0):
        return Found(features_meet, *shown)
    holes = np.flatnonzero(np.abs(constant) <= exercise.tolerance)
    if len(holes):
        return Found(zero_in_the_constant, *shown, entry=holes[0])
    if same(pooled, (pooled * x).sum(0) / (x * x).sum(0) * x):
        return Found(different_factors, *shown)
    return Found(say("The pooled vector is not x."), *shown)


@exercise.example
def example():
    return ([[1.0], [-1.0]],), [[[1.0], [1.0]], [[-1.0], [1.0]]]


@exercise.right
def slots_with_constant(x):
    features = torch.diag_embed(x)  # (B, m, m): slot i is x_i times unit vector i
    constant = torch.ones_like(x)[:, None]  # (B, 1, m)
    return torch.cat([features, constant], dim=1)  # (B, m + 1, m)


@exercise.right
def slots_with_other_vectors(x):
    m = x.shape[1]
    c = torch.tensor([(-2.0) ** f for f in range(m)], dtype=x.dtype)  # (m,)
    return torch.cat([x[:, :, None] * torch.diag(1 / c), c.expand(len(x), 1, m)], dim=1)


@exercise.wrong(hint="Entry d needs a factor that does not turn with x: a slot more, behind the m features.")
def no_constant_slot(x):
    """There is no slot for the constant feature: f_BI(-x) = f_BI(x), so the pooled vector of x and of -x is the
    same."""
    return torch.diag_embed(x)


@exercise.wrong
def constant_is_zero(x):
    """Your last slot is zero, so the constant feature takes part in no pair: its vector must not be zero."""
    return torch.cat([torch.diag_embed(x), torch.zeros_like(x)[:, None]], 1)


@exercise.wrong(hint="Its x is 1, so its slot is its vector: write down numbers that do not come from x.")
def constant_not_constant(x):
    """Your last slot changes with x; the constant feature has x = 1 in every row, so the same vector in every row."""
    return torch.cat([torch.diag_embed(x), x.sum(1)[:, None, None] * torch.ones_like(x)[:, None]], 1)


@exercise.wrong(hint="Leave out what comes from chance, from the number of rows, or from the entries of x.")
def another_call(x):
    """The constant feature's vector is another one for another batch: choose it once, whatever x is."""
    constant = torch.rand(x.shape[1], dtype=x.dtype) + 0.5
    return torch.cat([torch.diag_embed(x / constant), constant.expand(len(x), 1, -1)], 1)


@exercise.wrong(hint="torch.cat puts its parts one behind the other, in the order of its list.")
def constant_first(x):
    """Your last slot changes with x, and your first does not: the constant comes last, behind the m features."""
    return torch.cat([torch.ones_like(x)[:, None], torch.diag_embed(x)], 1)


@exercise.wrong(hint="Look at one column of x: where in your result do its numbers go, and nowhere else?")
def slot_not_its_own(x):
    """Slot {slot} is not x_{slot} times one fixed vector: a slot holds its own feature's x times that feature's vector,
    nothing else."""
    slots = torch.zeros(len(x), x.shape[1] + 1, x.shape[1], dtype=x.dtype)
    slots[:, 0] = x
    slots[:, -1] = 1
    return slots


@exercise.wrong
def features_meet(x):
    """The features cross each other as well, so the pooled vector is not x: the vectors of two features must have no
    entry in common that is not zero."""
    m = x.shape[1]
    return torch.cat([x[..., None].expand(-1, m, m), torch.ones_like(x)[:, None]], 1)


@exercise.wrong
def opposite_sign(x):
    """The pooled vector is -x: the product of a feature's vector and the constant's must be 1, not -1."""
    return torch.cat([torch.diag_embed(x), -torch.ones_like(x)[:, None]], 1)


@exercise.wrong(hint="torch.diag_embed(x) has x_i at place i of slot i.")
def entries_in_another_order(x):
    """The pooled vector holds the entries of x in another order: what v_i has in common with the constant's vector must
    stand at place i."""
    return torch.cat([torch.diag_embed(x).flip(2), torch.ones_like(x)[:, None]], 1)


@exercise.wrong
def zero_in_the_constant(x):
    """Entry {entry} of the constant's vector is zero, so entry {entry} of the pooled vector is 0, not x_{entry}."""
    constant = torch.zeros_like(x)
    constant[:, 0] = 1
    return torch.cat([torch.diag_embed(x), constant[:, None]], 1)


@exercise.wrong(hint="Entry d of the pooled vector is x_d times entry d of v_d times entry d of the constant's vector.")
def different_factors(x):
    """Each entry of the pooled vector is x times a factor of its own: in each entry the product of the two vectors must
    be 1."""
    lengths = torch.arange(1, x.shape[1] + 1).to(x)
    return torch.cat([torch.diag_embed(x * lengths), torch.ones_like(x)[:, None]], 1)


@exercise.wrong(hint="Entry d of the pooled vector is x_d times entry d of v_d times entry d of the constant's vector.")
def scaled(x):
    """The pooled vector is x times a factor: look at the lengths of a feature's vector and the constant's."""
    return torch.cat([torch.diag_embed(x), 2 * torch.ones_like(x)[:, None]], 1)


@exercise.wrong
def nothing_meets_the_constant(x):
    """The pooled vector is zero: the constant's vector must have an entry where each feature's has."""
    return torch.cat([torch.zeros_like(torch.diag_embed(x)), torch.ones_like(x)[:, None]], 1)
