"""The bug clinic: attention whose softmax runs over an axis of size 1."""

from __future__ import annotations

import numpy as np
import torch

from ..exercise import Exercise

exercise = Exercise(
    title="Attention that pays the same attention to all",
    spec=r"""Repair `attention_pool(pairs, score)`: `pairs` is `(B, P, k)`, the products of the $P$ feature
pairs of a row; `score` is `(B, P, 1)`, one attention score per pair. Return the weighted sum of a row's pairs,
shape `(B, k)`, whose weights are the softmax of the row's $P$ scores; a gradient must flow back through it. All
float32 or all float64, $B \ge 1$, $P \ge 1$, scores between -10 and 10. Leave the inputs unchanged. Example: two
pairs with equal scores get the weights 1/2 and 1/2, so `pairs = [[[2, 4], [6, 0]]]` gives `[[4, 2]]`.""",
    stub='''def attention_pool(pairs: Tensor, score: Tensor):
    """(B, P, k), (B, P, 1) -> (B, k)"""
    return TODO''',
    hints=(
        "Print the shape of score. Over which of its axes must the weights add up to 1?",
        "torch.softmax(score, dim=1): axis 1 holds the pairs of a row.",
    ),
    gradient=True,
)


@exercise.inputs
def inputs(draw):
    for rows, pairs, k in (
        (1, 2, 2),
        (1, 1, 2),
        (1, 2, 1),
        (2, 2, 2),
        (2, 3, 2),
        (3, 3, 3),
        (3, 6, 2),
        (5, 10, 4),
        (3, 1, 2),
        (2, 1, 3),
    ):
        yield draw.nonzero(rows, pairs, k), draw.nonzero(rows, pairs, 1)
    yield draw.nonzero(2, 3, 2), 5 * draw.nonzero(2, 3, 1)
    yield draw.rough(4, 5, 3), draw.rough(4, 5, 1, scale=1)
    yield draw.nonzero(1, 3, 2), torch.tensor([[[9.0], [7.0], [5.5]]])


@exercise.oracle
def by_loops(pairs, score):
    out = np.zeros((pairs.shape[0], pairs.shape[2]))
    for b in range(len(pairs)):
        e = [np.exp(score[b, p, 0]) for p in range(pairs.shape[1])]
        for p in range(pairs.shape[1]):
            out[b] += e[p] / sum(e) * pairs[b, p]
    return out


@exercise.example
def example():
    return ([[[2, 4], [6, 0]]], [[[1], [1]]]), [[4, 2]]


@exercise.right
def attention_pool(pairs, score):
    weight = torch.softmax(score, dim=1)  # (B, P, 1), adds up to 1 over the pairs of a row
    return (weight * pairs).sum(dim=1)  # (B, k)


@exercise.right
def attention_pool_by_product(pairs, score):
    weight = score.squeeze(2).softmax(dim=1)  # (B, P)
    return torch.einsum("bp,bpk->bk", weight, pairs)


@exercise.wrong(shown=True)
def softmax_over_one_element(pairs, score):
    """The softmax still runs over an axis of size 1, so every weight is 1: it must run over the pairs of a row."""
    weight = torch.softmax(score, dim=-1)  # score: (B, P, 1)
    return (weight * pairs).sum(1)  # (B, k)


@exercise.tested
def test_attention_pool(attention_pool):
    pairs, score = torch.ones(1, 4, 2), torch.randn(1, 4, 1)
    pooled = np.stack(list(attention_pool(pairs, score)))
    np.testing.assert_allclose(pooled, 1, rtol=1e-5, err_msg="the weights of a row's pairs add up to 1")


exercise.slips(
    """
torch.softmax(score, dim=1) -> torch.softmax(score, dim=0)
    The softmax runs over the batch, axis 0: the rows of a batch have nothing to do with each other.
torch.softmax(score, dim=1) -> torch.softmax(score.flatten(), 0).view_as(score)
    The softmax runs over all pairs of all rows: the weights must add up to 1 in each row.
torch.softmax(score, dim=1) -> torch.softmax(pairs, dim=2)
    The softmax runs over the entries of the pairs; it must run over the scores of a row's pairs.
torch.softmax(score, dim=1) -> torch.softmax(score.expand_as(pairs), dim=2)
    You spread the scores over k and took the softmax there; it must run over the pairs of a row.
torch.softmax(score, dim=1) -> torch.softmax(score * pairs, dim=1)
    You sent score times pairs through the softmax; the scores alone make the weights.
    hint: weights
torch.softmax(score, dim=1) -> torch.softmax(score, dim=1).softmax(dim=1)
    The softmax is applied twice; once is enough.
    hint: weights
torch.softmax(score, dim=1) -> torch.softmax(-score, dim=1)
    The sign of the scores is turned: a higher score must give a larger weight.
    hint: weights
torch.softmax(score, dim=1) -> torch.softmax(score.relu(), dim=1)
    You cut negative scores off before the softmax; it takes them as they are.
    hint: weights
torch.softmax(score, dim=1) -> torch.softmax(score / pairs.shape[2] ** 0.5, dim=1)
    You divided the scores by the root of k, as in a transformer; here they go into the softmax as they are.
    hint: weights
torch.softmax(score, dim=1) -> torch.log_softmax(score, dim=1)
    You used the logarithm of the softmax as weights; use the softmax itself.
    hint: weights
torch.softmax(score, dim=1) -> score
    You used the scores as weights; they go through a softmax first.
    hint: weights
torch.softmax(score, dim=1) -> score.exp()
    You used exp(score) without dividing by the sum over the pairs.
    hint: weights
torch.softmax(score, dim=1) -> torch.sigmoid(score)
    You used a sigmoid per pair; the softmax makes the weights of a row add up to 1.
    hint: weights
torch.softmax(score, dim=1) -> score / score.sum(dim=1, keepdim=True)
    You divided the scores by their sum; a softmax takes exp(score) first, so that no weight is negative.
    hint: weights
torch.softmax(score, dim=1) -> score.abs() / score.abs().sum(dim=1, keepdim=True)
    You divided the absolute scores by their sum; a softmax takes exp(score).
    hint: weights
(weight * pairs).sum(dim=1) -> pairs.mean(dim=1) + 0 * score.sum()
    You took the plain mean of the pairs: the scores have no effect.
    hint: weights
(weight * pairs).sum(dim=1) -> (weight * pairs).mean(dim=1)
    You averaged the weighted pairs; the weights add up to 1 already, so sum.
    hint: sum
(weight * pairs).sum(dim=1) -> weight * pairs
    You return the weighted pairs; add them up over axis 1.
    hint: sum
(weight * pairs).sum(dim=1) -> (weight * pairs).sum(dim=2)
    You summed the weighted pairs over k; add up over the pairs, axis 1.
    hint: sum
(weight * pairs).sum(dim=1) -> (weight * pairs).sum(dim=1, keepdim=True)
    You kept the axis of the pairs: the result has shape (B, k), without keepdim.
    hint: sum
(weight * pairs).sum(dim=1) -> (weight * pairs + pairs).sum(dim=1)
    You added the plain pairs to the weighted ones; the weighted sum alone is asked.
    hint: sum
(weight * pairs) -> (score * torch.softmax(pairs, dim=1))
    You took the softmax of the pairs; it is taken of the scores.
    hint: weights
(weight * pairs).sum(dim=1) -> pairs[torch.arange(len(pairs)), score[..., 0].argmax(dim=1)]
    You took the pair with the highest score alone; the softmax gives every pair a weight.
    hint: weights
""",
    weights="Print the weights of one row: P numbers from 0 to 1, larger where the score is higher, with the sum 1.",
    sum="Write the shape behind each step: weight is (B, P, 1), weight times pairs (B, P, k), the result (B, k).",
)


@exercise.wrong(hint="squeeze(2) drops the last axis alone.")
def squeezed_without_an_axis(pairs, score):
    """squeeze() without an axis drops the axis of the pairs as well where a row has one pair, so the softmax runs over
    the batch."""
    weight = torch.softmax(score.squeeze(), dim=-1)
    return (weight.reshape(score.shape) * pairs).sum(1)
