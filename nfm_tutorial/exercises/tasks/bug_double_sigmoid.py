"""The bug clinic: a sigmoid before a loss that applies the sigmoid itself."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..exercise import Exercise

exercise = Exercise(
    title="A loss that stays high",
    spec=r"""Repair `train_loss(scores, labels)`: the mean log loss (in nats) of raw scores (logits) $z$ and
labels 0 or 1. `scores` and `labels` are `(N,)` float tensors of one dtype, float32 or float64, $N \ge 1$,
scores between -8 and 8 in the check. Return one number. Leave the inputs unchanged. Example: `train_loss([2],
[1])` is $\ln(1 + e^{-2}) = 0.1269$.""",
    stub='''def train_loss(scores: Tensor, labels: Tensor):
    """(N,), (N,) -> one number"""
    return TODO''',
    hints=(
        "What does 'with logits' in the loss's name say about its input?",
        "Hand the scores to F.binary_cross_entropy_with_logits as they are.",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([2.0]), torch.tensor([1.0])
    yield torch.tensor([-3.0]), torch.tensor([0.0])
    yield torch.tensor([0.0, 4.0]), torch.tensor([0.0, 1.0])
    for n in (3, 5, 20, 50):
        yield 2 * draw.real(n), draw.whole(0, 2, n).double()
    for n in (4, 7):
        yield draw.rough(n), draw.whole(0, 2, n).double()


@exercise.oracle
def by_loops(scores, labels):
    losses = [np.log(1 + np.exp(-z)) if y else np.log(1 + np.exp(z)) for z, y in zip(scores, labels)]
    return sum(losses) / len(losses)


@exercise.example
def example():
    return ([2.0], [1.0]), 0.12693


@exercise.right
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(scores, labels)


@exercise.right
def train_loss_by_hand(scores, labels):
    return (F.softplus(scores) - labels * scores).mean()


@exercise.wrong(shown=True)
def two_sigmoids(scores, labels):
    """The sigmoid is still applied twice: once here, once in the loss 'with logits'."""
    probability = torch.sigmoid(scores)
    return F.binary_cross_entropy_with_logits(probability, labels)


exercise.slips(
    """
logits(scores, labels) -> logits(scores.sigmoid().sigmoid(), labels)
    The sigmoid is applied even more often than before; once is enough.
logits(scores, labels) -> logits(scores.tanh(), labels)
    You sent the scores through tanh first; the loss with logits takes them as they are.
logits(scores, labels) -> logits(scores.clamp(-1, 1), labels)
    You cut the scores to the range -1 to 1; the loss takes them as they are.
logits(scores, labels) -> logits(scores.relu(), labels)
    You cut the negative scores off; the loss takes them as they are.
logits(scores, labels) -> logits(scores, labels, reduction="sum")
    You summed over the examples; the mean is asked.
    hint: mean
logits(scores, labels) -> logits(scores, labels, reduction="none")
    You return one loss per example; the mean is asked.
    hint: mean
logits(scores, labels) -> logits(scores, 1 - labels)
    The labels are the other way round.
    hint: labels
logits(scores, labels) -> logits(labels, scores)
    The arguments of the loss are exchanged: first the scores, then the labels.
    hint: order
(F.softplus(scores) - labels * scores) -> (labels * scores - F.softplus(scores))
    The sign is the other way round: a log loss is never negative.
    hint: labels
(F.softplus(scores) - labels * scores) -> (labels * F.softplus(-scores))
    You left out the part of the negatives, (1 - y) ln(1 - p).
    hint: labels
(F.softplus(scores) - labels * scores) -> ((1 - labels) * F.softplus(scores))
    You left out the part of the positives, y ln(p).
    hint: labels
(F.softplus(scores) - labels * scores) -> F.softplus(-scores)
    You treat every label as 1: a row with label 0 costs -ln(1 - p).
    hint: labels
(F.softplus(scores) - labels * scores) -> F.softplus(scores)
    You treat every label as 0: a row with label 1 costs -ln(p).
    hint: labels
logits(scores, labels) -> logits(scores, 2 * labels - 1)
    You turned the labels into -1 and 1; this loss wants them as they are, 0 and 1.
    hint: labels
(F.softplus(scores) - labels * scores) -> F.softplus(-labels * scores)
    ln(1 + exp(-y z)) is for labels -1 and 1; here they are 0 and 1.
    hint: labels
.mean() -> .mean() / np.log(2)
    You took the logarithm to base 2; natural logarithms (nats) are asked.
    hint: nats
.mean() -> .mean() / np.log(10)
    You took the logarithm to base 10; natural logarithms (nats) are asked.
    hint: nats
(F.softplus(scores) - labels * scores) -> -(labels * scores.log() + (1 - labels) * (1 - scores).log())
    You took the logarithm of the scores themselves; they need a sigmoid, or a loss with logits.
F.binary_cross_entropy_with_logits(scores, labels) -> F.binary_cross_entropy(scores.clamp(0, 1), labels)
    You took the scores for probabilities and cut them to 0 to 1; they need a sigmoid, or a loss with logits.
F.binary_cross_entropy_with_logits(scores, labels) -> F.binary_cross_entropy(scores.clamp(1e-7, 1 - 1e-7), labels)
    You took the scores for probabilities and cut them to 0 to 1; they need a sigmoid, or a loss with logits.
F.binary_cross_entropy_with_logits(scores, labels) -> F.binary_cross_entropy(scores.softmax(0), labels)
    You took a softmax over the rows; each row has its own probability, the sigmoid of its score.
F.binary_cross_entropy_with_logits(scores, labels) -> F.cross_entropy(scores[None], labels[None])
    You used the cross entropy over classes; here each row has one score and a label 0 or 1.
F.binary_cross_entropy_with_logits(scores, labels) -> F.mse_loss(scores.sigmoid(), labels)
    This is the squared error of the probability, not the log loss.
    hint: order
F.binary_cross_entropy_with_logits(scores, labels) -> F.mse_loss(scores, labels)
    This is the squared error of the scores, not the log loss.
    hint: order
F.binary_cross_entropy_with_logits(scores, labels) -> torch.relu(1 - (2 * labels - 1) * scores).mean()
    This is the hinge loss of a support vector machine; the log loss is asked.
    hint: order
F.binary_cross_entropy_with_logits(scores, labels) -> F.binary_cross_entropy((scores > 0).to(labels), labels)
    You cut the scores to a decision of 0 or 1 first; the loss needs the scores themselves.
F.binary_cross_entropy_with_logits(scores, labels) -> ((scores > 0) != (labels == 1)).double().mean()
    This is the share of wrong decisions, not the log loss.
    hint: order
""",
    labels="A sure and right row costs almost 0, a sure and wrong one much: try one row of each label.",
    mean="What does the loss's argument reduction do, and what is it if you say nothing?",
    nats="np.log and torch.log are natural logarithms.",
    order="The log loss of PyTorch that takes logits is F.binary_cross_entropy_with_logits(input, target).",
)


@exercise.wrong
def classes_weighted_alike(scores, labels):
    """You averaged each class by itself; the mean runs over all rows."""
    return torch.stack([train_loss(scores[labels == y], labels[labels == y]) for y in labels.unique()]).mean()


@exercise.tested
def test_train_loss(train_loss):
    scores, labels = torch.tensor([12.0, -12.0]), torch.tensor([1.0, 0.0])
    np.testing.assert_array_less(train_loss(scores, labels), 0.01, "sure and right must cost almost nothing")
