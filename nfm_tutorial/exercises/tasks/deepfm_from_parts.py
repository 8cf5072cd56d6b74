"""DeepFM from its parts."""

from __future__ import annotations

import torch
from torch import nn

from ..exercise import Exercise
from ..oracles import apply, pairs_of_slots, set_weights

exercise = Exercise(
    title="DeepFM from its parts",
    spec=r"""Write `deepfm_forward(first_order, xv, mlp, out)`: the raw scores (logits) of DeepFM, put together
from given parts.

- `first_order`, shape `(B,)`: $w_0 + \sum_i w_i x_i$ of each row, already computed;
- `xv`, shape `(B, m, k)`: the vectors $x_i v_i$, one per field, $m$ fields;
- `mlp`: a module from `(B, m*k)` to `(B, units)`; it reads the vectors of a row side by side: first all of field 0,
  then all of field 1;
- `out`: a module from `(B, units)` to `(B, 1)`.

Both branches read the same `xv`, and their logits are added. All parts are float32 or all float64; $B \ge 1$,
$m \ge 1$. Return a tensor of shape `(B,)`; gradients must flow back through it, so that the model can be trained.
Leave the inputs unchanged.

Example: with one row, `first_order = [1]`, `xv = [[[2], [3]]]`, an `mlp` that passes its input through and an
`out` that adds its inputs, the score is $1 + 2 \cdot 3 + (2 + 3) = 12$.""",
    stub='''def deepfm_forward(first_order: Tensor, xv: Tensor, mlp: nn.Module, out: nn.Module):
    """(B,), (B, m, k), two modules -> (B,)"""
    return TODO''',
    hints=(
        "Three terms of shape (B,): the first-order part, the pair term summed over k, and out(mlp(...)) without its "
        "last axis.",
        "pairs = 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)).sum(1); deep = out(mlp(xv.flatten(1))).squeeze(1).",
    ),
    gradient=True,
)


@exercise.inputs
def inputs(draw):
    # Not every mlp ends in a ReLU, so that one ReLU too many shows.
    for rows, fields, k, hidden, last in (
        (1, 2, 1, 2, nn.ReLU),
        (1, 1, 2, 2, nn.ReLU),
        (1, 2, 2, 3, nn.Tanh),
        (2, 2, 1, 2, nn.ReLU),
        (2, 3, 2, 3, nn.Tanh),
        (3, 2, 3, 4, nn.ReLU),
        (3, 3, 3, 2, nn.Tanh),
        (5, 4, 2, 6, nn.ReLU),
        (8, 5, 4, 5, nn.Tanh),
        (7, 4, 3, 2, nn.Identity),
    ):
        mlp = set_weights(nn.Sequential(nn.Linear(fields * k, hidden), last()), draw)
        out = set_weights(nn.Linear(hidden, 1, bias=False), draw)
        numbers = draw.rough if last is nn.Identity else draw.nonzero
        yield numbers(rows), numbers(rows, fields, k), mlp.eval(), out.eval()


@exercise.oracle
def by_pairs(first_order, xv, mlp, out):
    side_by_side = xv.reshape(len(xv), -1)
    return first_order + pairs_of_slots(xv).sum(1) + apply(out, apply(mlp, side_by_side))[:, 0]


@exercise.example
def example():
    adds = nn.Linear(2, 1, bias=False).double()
    nn.init.ones_(adds.weight)
    return ([1.0], [[[2.0], [3.0]]], nn.Identity(), adds), 12


@exercise.right
def deepfm_forward(first_order, xv, mlp, out):
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, m, k) -> (B, k)
    deep = out(mlp(xv.flatten(1)))  # (B, m*k) -> (B, units) -> (B, 1)
    return first_order + pairs.sum(1) + deep.squeeze(1)  # (B,)


@exercise.right
def deepfm_by_dot_products(first_order, xv, mlp, out):
    dots = xv @ xv.transpose(1, 2)  # (B, m, m)
    pairs = torch.triu(dots, diagonal=1).sum((1, 2))  # (B,): i < j
    return first_order + pairs + out(mlp(xv.flatten(1)))[:, 0]


exercise.slips(
    """
return first_order + pairs.sum(1) + deep.squeeze(1) -> return torch.sigmoid(first_order + pairs.sum(1) + deep[:, 0])
    You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.
first_order + pairs.sum(1) + -> torch.sigmoid(first_order + pairs.sum(1)) +
out(mlp(xv.flatten(1))) -> torch.sigmoid(out(mlp(xv.flatten(1))))
    You applied a sigmoid to each branch; the logits of the two branches are added as they are.
out(mlp(xv.flatten(1))) -> torch.sigmoid(out(mlp(xv.flatten(1))))
    You applied the sigmoid to the DNN branch; the logits of the two branches are added as they are.
first_order + pairs.sum(1) + -> torch.sigmoid(first_order + pairs.sum(1)) +
    You applied the sigmoid to the FM branch; the logits of the two branches are added as they are.
first_order + pairs.sum(1) + -> 0.5 * torch.sigmoid(first_order + pairs.sum(1)) +
out(mlp(xv.flatten(1))) -> 0.5 * torch.sigmoid(out(mlp(xv.flatten(1))))
    You averaged two probabilities; DeepFM adds the logits of the two branches.
out(mlp(xv.flatten(1))) -> torch.relu(out(mlp(xv.flatten(1))))
    You applied a ReLU to the DNN's logit; a logit may be negative.
out(mlp(xv.flatten(1))) -> torch.tanh(out(mlp(xv.flatten(1))))
    You applied tanh to the DNN's logit; the logits of the two branches are added as they are.
out(mlp(xv.flatten(1))) -> out(torch.relu(mlp(xv.flatten(1))))
    You put a ReLU between mlp and out; mlp has its activations in it.
    hint: An mlp that ends in tanh hands on negative numbers as well.
out(mlp(xv.flatten(1))) -> mlp(xv.flatten(1)).sum(1, keepdim=True)
    You added up what mlp gives; out makes the logit of it, with weights of its own.
deep.squeeze(1) -> deep.sum()
    You summed the DNN's logits over the batch: each row has one of its own.
+ deep.squeeze(1) -> - deep.squeeze(1)
    You subtracted the DNN's logit; the logits of the two branches are added.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(2) ** 2 - (xv**2).sum(2)
    In the FM branch you summed over k before squaring; sum over the fields, axis 1 of (B, m, k).
    hint: axis
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum(keepdim=True, dim=(0, 1))
    In the FM branch you summed over the rows of the batch; sum over the fields, axis 1 of (B, m, k).
    hint: axis
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.mean(1) ** 2 - (xv**2).mean(1)
    In the FM branch you took the mean over the fields: FM adds up the pairs.
first_order + pairs.sum(1) -> first_order - pairs.sum(1)
    The pair term has the wrong sign: it is half of (the square of the sum minus the sum of the squares).
0.5 * (xv.sum(1) ** 2 - -> (0.5 * xv.sum(1) ** 2 -
    In the FM branch the 1/2 belongs to the whole difference, not to one of its two parts.
0.5 * (xv.sum(1) ** 2 - -> (xv.sum(1) ** 2 - 0.5 *
    In the FM branch the 1/2 belongs to the whole difference, not to one of its two parts.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(1) ** 2 + (xv**2).sum(1)
    In the FM branch you added the sum of the squares; it is subtracted.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.sum(1)
    In the FM branch you added up the entries of the vectors; the pair term multiplies two fields.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> xv.prod(1)
    In the FM branch you multiplied all fields; the pair term takes two at a time.
0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)) -> (xv[:, :-1] * xv[:, 1:]).sum(1)
    In the FM branch you paired each field with the next one only: every field meets every later one.
first_order + pairs.sum(1) + -> first_order +
    The pair term of the FM branch is missing.
first_order + pairs.sum(1) -> pairs.sum(1)
    The first-order part is missing; it belongs to the FM branch.
pairs.sum(1) + deep.squeeze(1) -> pairs.sum(1)
    This is FM alone: the DNN branch is missing.
return first_order + pairs.sum(1) + -> return
    This is the DNN branch alone.
return first_order -> return first_order + first_order
    You added the first-order part twice.
return first_order -> return first_order.sum()
    You summed the first-order parts of all rows; each row has its own.
0.5 * (xv.sum(1) -> (xv.sum(1)
    In the FM branch each pair counts twice: the 1/2 of the identity is missing.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum(1) ** 2
    In the FM branch the sum of the squares is not subtracted.
pairs.sum(1) -> pairs.mean(1)
    In the FM branch you took the mean over k: FM sums the k entries.
xv.sum(1) ** 2 - (xv**2).sum(1) -> xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))
pairs.sum(1) -> pairs
    In the FM branch you flattened before summing, so entry 1 of one field meets entry 2 of another.
return first_order + pairs.sum(1) + deep.squeeze(1) -> return (first_order + pairs.sum(1) + deep.squeeze(1)) / 2
    You averaged the two branches; DeepFM adds their logits.
first_order + pairs.sum(1) + -> (first_order + pairs.sum(1)) *
    You multiplied the two branches; DeepFM adds their logits.
xv.flatten(1) -> xv.transpose(1, 2).flatten(1)
    The DNN reads the columns in another order: first all k entries of field 0, then all of field 1.
first_order + pairs.sum(1) + deep.squeeze(1) -> (first_order + pairs.sum(1))[:, None] + deep
    You return one column, shape (B, 1); the scores have shape (B,). Compared with labels of shape (B,) a column
    would broadcast to (B, B).
    hint: out(...) has shape (B, 1): drop that axis with squeeze(1).
deep.squeeze(1) -> deep
    You added shapes (B,) and (B, 1), which broadcasts to (B, B): every row's FM part meets every row's DNN part.
    hint: out(...) has shape (B, 1): drop that axis with squeeze(1) before adding.
first_order + pairs.sum(1) + deep.squeeze(1) -> (first_order + pairs.sum(1) + deep.squeeze(1)).squeeze()
    A squeeze() without an axis drops the batch as well when it holds one row; name the axis: squeeze(1).
first_order + pairs.sum(1) + deep.squeeze(1) -> first_order[:, None] + pairs + deep
    In the FM branch you did not sum over k: FM's pair term is one number per row.
""",
    axis="Which axis of xv counts the fields?",
)
