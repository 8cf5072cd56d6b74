"""NFM from its parts, in the order of the authors' code."""

from __future__ import annotations

import torch
from torch import nn

from ...layers import bi_interaction
from ..exercise import Exercise, Found
from ..language import mark, say
from ..oracles import apply, pairs_of_slots, set_weights

exercise = Exercise(
    title="NFM from its parts, in the authors' order",
    spec=r"""Write `nfm_forward(first_order, xv, norm, drop, mlp, h)`: the raw scores of NFM, put together from
given parts in the order of the authors' code: Bi-Interaction, batch norm, dropout, hidden layers, $h$; the
linear part is added at the end.

- `first_order`, shape `(B,)`: $w_0 + \sum_i w_i x_i$ of each row, already computed;
- `xv`, shape `(B, S, k)`: the vectors $x_i v_i$;
- `norm`, `drop`: modules from `(B, k)` to `(B, k)`; `mlp`: a module from `(B, k)` to `(B, H)`; `h`, shape
  `(H,)`.

All parts are float32 or all float64, $B \ge 1$, $S \ge 1$. Call each module once; they are in the mode they
should be in. Return shape `(B,)`. Leave the inputs unchanged.

Example: one row, `first_order = [1]`, `xv = [[[2], [3]]]`, modules that pass their input through and `h = [10]`
give $1 + 10 \cdot (2 \cdot 3) = 61$.""",
    stub='''def nfm_forward(first_order: Tensor, xv: Tensor, norm, drop, mlp, h: Tensor):
    """(B,), (B, S, k), three modules, (H,) -> (B,)"""
    return TODO''',
    hints=(
        "Five steps in the order of the text; write the shape after each: (B, k), (B, k), (B, k), (B, H), (B,).",
        "z = 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)); z = drop(norm(z)); return first_order + mlp(z) @ h.",
    ),
)


class Norm(nn.BatchNorm1d):
    """A batch norm as it stands after training, in eval mode."""

    def __init__(self, k, draw):
        super().__init__(k)
        self.double().eval().told = say("a batch norm over {k} columns, in eval mode", k=k)
        with torch.no_grad():
            for name in ("weight", "bias", "running_mean", "running_var"):
                getattr(self, name).copy_(draw.nonzero(k).abs() if name == "running_var" else draw.nonzero(k))


class BatchStatistics(nn.Module):
    """A batch norm in training mode that keeps no count, so that a call does not change it."""

    def __init__(self, k, draw):
        super().__init__()
        self.register_buffer("mean", draw.nonzero(k))
        self.register_buffer("std", draw.nonzero(k).abs())
        self.told = say("a batch norm over {k} columns, in training mode", k=k)

    def forward(self, z):
        if not self.training:
            return (z - self.mean) / self.std
        return (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()


class FixedDropout(nn.Module):
    """A dropout that drops the same columns in every call, so that its place in the order can be seen."""

    def __init__(self, k):
        super().__init__()
        self.register_buffer("scale", torch.tensor([2.0 * (i % 2 == 0) for i in range(k)]))
        dropped = ", ".join(str(i) for i in range(1, k, 2))
        told = mark("a dropout (0.5) over {k} columns that drops column {dropped} and doubles the others")
        self.told = say(told, k=k, dropped=dropped) if dropped else say("a dropout (0.5) that doubles its one column")

    def forward(self, z):
        return z * self.scale if self.training else z


@exercise.inputs
def inputs(draw):
    for rows, slots, k, hidden, norm, last in (
        (1, 2, 2, 2, Norm, nn.ReLU),
        (2, 2, 2, 2, Norm, nn.ReLU),
        (1, 3, 2, 3, Norm, nn.ReLU),
        (2, 3, 3, 3, Norm, nn.ReLU),
        (3, 3, 1, 2, Norm, nn.ReLU),
        (3, 1, 3, 3, Norm, nn.ReLU),
        (4, 4, 3, 4, Norm, nn.ReLU),
        (6, 5, 4, 4, Norm, nn.ReLU),
        (3, 3, 2, 1, Norm, nn.ReLU),
        (2, 2, 2, 3, Norm, nn.Tanh),
        (3, 3, 2, 2, Norm, nn.Identity),
        (4, 3, 2, 2, BatchStatistics, nn.ReLU),
        (5, 3, 3, 3, BatchStatistics, nn.Tanh),
        (4, 3, 3, 2, BatchStatistics, nn.Identity),
        (7, 4, 3, 2, Norm, nn.Identity),
    ):
        mlp = set_weights(nn.Sequential(nn.Linear(k, hidden), last()), draw)
        if norm is Norm:
            mlp[0].bias.data += 0.25
            mlp.eval()
        numbers = draw.rough if rows == 7 else draw.nonzero
        yield numbers(rows), numbers(rows, slots, k), norm(k, draw), FixedDropout(k), mlp, numbers(hidden)


@exercise.oracle
def step_by_step(first_order, xv, norm, drop, mlp, h):
    return first_order + apply(mlp, apply(drop, apply(norm, pairs_of_slots(xv)))) @ h


@exercise.example
def example():
    return ([1.0], [[[2.0], [3.0]]], nn.Identity(), nn.Identity(), nn.Identity(), [10.0]), 61


@exercise.observe
def called_once(answer, first_order, xv, norm, drop, mlp, h):
    calls = dict.fromkeys(("norm", "drop", "mlp"), 0)
    for name, part in zip(calls, (norm, drop, mlp)):
        part.register_forward_hook(lambda *_, name=name: calls.update({name: calls[name] + 1}))
    result = answer(first_order, xv, norm, drop, mlp, h)
    twice = next((name for name, times in calls.items() if times > 1), None)
    return Found(called_twice, name=twice, times=calls[twice]) if twice else result


@exercise.right
def nfm_forward(first_order, xv, norm, drop, mlp, h):
    f_bi = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)
    z = mlp(drop(norm(f_bi)))  # (B, H)
    return first_order + z @ h  # (B,)


@exercise.right
def nfm_forward_by_pairs(first_order, xv, norm, drop, mlp, h):
    i, j = torch.triu_indices(xv.shape[1], xv.shape[1], offset=1)  # (P,), (P,)
    f_bi = (xv[:, i] * xv[:, j]).sum(1)  # (B, P, k) -> (B, k)
    network = nn.Sequential(norm, drop, mlp)
    return first_order + (network(f_bi) * h).sum(1)


exercise.slips(
    """
mlp(drop(norm(f_bi))) -> mlp(norm(drop(f_bi)))
    You dropped before the batch norm: the order is Bi-Interaction, batch norm, dropout, hidden layers.
mlp(drop(norm(f_bi))) -> mlp(drop(f_bi))
    The batch norm after Bi-Interaction is missing.
mlp(drop(norm(f_bi))) -> mlp(norm(f_bi))
    The dropout after Bi-Interaction is missing.
mlp(drop(norm(f_bi))) -> mlp(f_bi)
    The batch norm and the dropout after Bi-Interaction are missing.
mlp(drop(norm(f_bi))) -> drop(norm(mlp(f_bi)))
    You sent Bi-Interaction through the hidden layers before batch norm and dropout.
mlp(drop(norm(f_bi))) -> drop(mlp(norm(f_bi)))
    You dropped after the hidden layers; this dropout belongs between batch norm and hidden layers.
mlp(drop(norm(f_bi))) -> drop(norm(f_bi))
    The hidden layers are missing.
mlp(drop(norm(f_bi))) -> norm(mlp(drop(f_bi)))
    You sent the hidden layers' output through the batch norm; it belongs right behind Bi-Interaction.
mlp(drop(norm(f_bi))) -> norm(drop(mlp(f_bi)))
    Batch norm comes first, then dropout, then the hidden layers; you turned the order round.
return first_order + z @ h -> return z @ h
    The linear part is missing: NFM keeps it beside the network.
z @ h -> z.sum(1)
    You added up the hidden units; NFM takes their inner product with h.
z @ h -> z.mean(1)
    You took the mean of the hidden units; NFM takes their inner product with h.
z @ h -> (z * h).mean(1)
    You took the mean over the hidden units; the inner product with h is a sum.
z @ h -> z.sum(1) * h.sum()
    You multiplied the sum of the hidden units by the sum of h; multiply entry by entry, then add up.
first_order + z @ h -> first_order[:, None] + z * h
    You multiplied by h without adding up: the inner product with h is one number per row.
z @ h -> torch.relu(z @ h)
    You applied an activation after h; the score is linear in the last hidden layer.
z @ h -> torch.relu(z) @ h
    You applied another activation to the hidden layers' output; mlp holds its activations already.
first_order + z @ h -> torch.relu(first_order + z @ h)
    You applied an activation to the score; the raw score may be negative.
first_order + z @ h -> torch.sigmoid(first_order + z @ h)
    You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.
first_order + z @ h -> first_order[:, None] + z @ h[:, None]
    You return one column, shape (B, 1); the scores have shape (B,).
    hint: z @ h has shape (B,) already; z @ h[:, None] has one axis more.
z @ h -> z @ h[:, None]
    You added shapes (B,) and (B, 1), which broadcasts to (B, B).
    hint: z @ h has shape (B,) already; z @ h[:, None] has one axis more.
first_order + z @ h -> (first_order[:, None] + z) @ h
    You added the linear part before h; it is added to the score at the end.
first_order + z -> first_order + first_order + z
    The linear part is added twice.
first_order + z -> first_order.sum() + z
    You summed the linear parts of all rows; each row has its own.
first_order + z -> first_order.mean() + z
    You averaged the linear parts of all rows; each row has its own.
first_order + z -> first_order - z
    You subtracted the network's part; it is added to the linear part.
norm(f_bi) -> norm(f_bi + first_order[:, None])
first_order + z -> z
    You sent the linear part through the network; it is added to the score at the end.
first_order + z -> first_order + f_bi.sum(1) + z
    You added FM's pair term as well; NFM has the crossings in its network alone. (With both it would be a parallel
    model.)
first_order + z @ h -> first_order + f_bi.sum(1)
    This is FM: the crossings are summed, and batch norm, dropout, hidden layers and h are missing.
f_bi = 0.5 * -> f_bi =
    In Bi-Interaction each pair counts twice: the 1/2 of the identity is missing.
(xv.sum(1) ** 2 - (xv**2).sum(1)) -> (xv.sum(1) ** 2)
    In Bi-Interaction the sum of the squares is not subtracted.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1)
    You pooled the vectors by adding them up: nothing is crossed. Bi-Interaction multiplies them in pairs.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.mean(1)
    You pooled by the mean of the vectors: nothing is crossed. Bi-Interaction multiplies them in pairs.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1) ** 2
    You pooled by the square of the sum; subtract the sum of the squares, then halve.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> (xv**2).sum(1)
    You pooled by the sum of the squares, each vector with itself; Bi-Interaction takes the pairs i < j.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.prod(1)
    You multiplied all vectors together; Bi-Interaction multiplies them in pairs and adds the pairs up.
f_bi = -> norm.eval(), drop.eval(), mlp.eval(); f_bi =
    You switched the parts to eval mode; they are in the mode they should be in.
f_bi = -> norm.train(), drop.train(), mlp.train(); f_bi =
    You switched the parts to training mode; they are in the mode they should be in.
""",
)


@exercise.wrong
def called_twice(first_order, xv, norm, drop, mlp, h):
    """You called {name} {times} times; call each module once. In training a second call draws another mask, or counts
    a batch twice."""
    return first_order + mlp(drop(norm(norm(bi_interaction(xv))))) @ h


@exercise.wrong
def batch_norm_before_pooling(first_order, xv, norm, drop, mlp, h):
    """You normalised the vectors x_i v_i; the batch norm comes behind Bi-Interaction."""
    slots = norm(xv.reshape(-1, xv.shape[2])).reshape(xv.shape)
    return first_order + mlp(drop(bi_interaction(slots))) @ h


@exercise.wrong
def dropout_before_pooling(first_order, xv, norm, drop, mlp, h):
    """You dropped entries of the vectors x_i v_i; the dropout comes behind Bi-Interaction and batch norm."""
    return first_order + mlp(norm(bi_interaction(drop(xv)))) @ h


@exercise.wrong
def skip_connection(first_order, xv, norm, drop, mlp, h):
    """You added the input of the hidden layers to their output; NFM has no such shortcut."""
    z = drop(norm(bi_interaction(xv)))
    return first_order + (mlp(z) + z) @ h
