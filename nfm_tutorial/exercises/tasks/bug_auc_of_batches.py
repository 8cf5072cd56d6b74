"""The bug clinic: an AUC that is averaged over batches."""

from __future__ import annotations

import numpy as np

from ...metrics import auc
from ..exercise import Exercise

exercise = Exercise(
    title="An AUC that depends on the batch size",
    spec=r"""Repair `epoch_auc(batches)`: `batches` is a list of pairs `(target, score)` of NumPy arrays of
equal length, the labels (0 or 1) and scores of one batch. Return the AUC over all rows of all batches (a tie
counts one half). A single batch may hold labels of one class only; all together hold both. Leave the inputs
unchanged. You may use `nfm_tutorial.metrics.auc(target, score)` or scikit-learn. Example: the batches `([1, 0],
[2, 1])` and `([0, 1], [-1, 0])` give 0.75, while each batch alone gives 1.""",
    stub='''def epoch_auc(batches: list[tuple[np.ndarray, np.ndarray]]):
    """pairs (target, score) -> one number"""
    return TODO''',
    hints=(
        "Which pairs of rows does the AUC of a whole set compare that no batch ever sees?",
        "Join all targets and all scores with np.concatenate, then compute one AUC.",
    ),
    number=True,
)


def batch(target, score):
    return np.array(target, dtype=np.float64), np.array(score, dtype=np.float64)


@exercise.inputs
def inputs(draw):
    yield ([batch([1, 0], [2.0, 1.0]), batch([0, 1], [-1.0, 0.25])],)
    yield ([batch([1, 0], [0.75, 0.25])],)
    yield ([batch([1, 0], [0.75, 0.25]), batch([0, 1], [0.875, 1.0])],)
    yield ([batch([1, 1], [0.625, 0.75]), batch([0], [0.625])],)
    yield ([batch([0, 1, 1], [0.1, 0.4, 0.9]), batch([0, 0], [0.45, 0.6]), batch([1], [0.55])],)
    yield ([batch([1, 0, 0], [0.125, 0.625, 0.875])],)  # worse than chance
    yield ([batch([1, 0], [50.0, 40.0]), batch([0, 1], [45.0, 60.0])],)  # a sigmoid makes ties of these
    for sizes in ((4, 3, 2), (5, 6, 5, 1), (16, 12, 3), (9, 3, 8, 2)):
        batches = []
        for size in sizes:
            target = draw.rng.integers(0, 2, size) if size > 3 else np.full(size, size % 2)
            batches.append(batch(target, draw.rng.integers(-6, 6, size) / 4 + 0.125 + 0.75 * target + len(batches) / 2))
        yield (batches,)
    target = draw.rng.integers(0, 2, (2, 12))  # differences that show in the fourth digit, beyond 5
    yield ([batch(t, 8 + draw.rng.permutation(12) / 1000 + 0.0035 * t) for t in target],)


@exercise.oracle
def by_pairs_of_rows(batches):
    positive, negative = [], []
    for target, score in batches:
        for t, s in zip(target, score):
            (positive if t == 1 else negative).append(s)
    won = sum(1 if p > q else 0.5 if p == q else 0 for p in positive for q in negative)
    return won / (len(positive) * len(negative))


@exercise.example
def example():
    return ([(np.array([1, 0]), np.array([2, 1])), (np.array([0, 1]), np.array([-1, 0]))],), 0.75


@exercise.right
def epoch_auc(batches):
    target = np.concatenate([target for target, _ in batches])
    score = np.concatenate([score for _, score in batches])
    return auc(target, score)


@exercise.right
def epoch_auc_by_pairs(batches):
    target, score = (np.concatenate(parts) for parts in zip(*batches))
    difference = score[target == 1][:, None] - score[target == 0]  # (positives, negatives)
    return ((difference > 0) + 0.5 * (difference == 0)).mean()


@exercise.wrong(shown=True)
def mean_over_batches(batches):
    """You still average over batches: pairs of a positive and a negative from two batches are never compared."""
    return np.mean([auc(target, score) for target, score in batches])


@exercise.tested
def test_epoch_auc(epoch_auc):
    one = [(np.array([1, 0, 0, 1]), np.array([2.0, 1.0, -1.0, 0.0]))]
    two = [(t[:2], s[:2]) for t, s in one] + [(t[2:], s[2:]) for t, s in one]
    np.testing.assert_allclose(epoch_auc(two), epoch_auc(one), err_msg="the metric must not depend on the batches")


def of_both_classes(batches):
    return [(target, score) for target, score in batches if 0 < target.sum() < len(target)]


@exercise.wrong
def mean_over_batches_of_both_classes(batches):
    """You still average over batches, those of one class left out: pairs from two batches are never compared."""
    return np.mean([auc(target, score) for target, score in of_both_classes(batches)])


@exercise.wrong
def mean_with_half_for_one_class(batches):
    """You count a batch of one class as 0.5 and average over batches; pairs from two batches never meet."""
    return np.mean([auc(t, s) if 0 < t.sum() < len(t) else 0.5 for t, s in batches])


@exercise.wrong
def mean_with_0_for_one_class(batches):
    """You count a batch of one class as 0 and average over batches; pairs from two batches never meet."""
    return np.mean([auc(t, s) if 0 < t.sum() < len(t) else 0 for t, s in batches])


@exercise.wrong
def weighted_by_size(batches):
    """Weighting the batches by size does not help: pairs from two batches are never compared."""
    kept = of_both_classes(batches)
    return np.average([auc(t, s) for t, s in kept], weights=[len(t) for t, _ in kept])


@exercise.wrong
def weighted_by_pairs(batches):
    """Weighting the batches by their pairs does not help: pairs from two batches are never compared."""
    kept = of_both_classes(batches)
    return np.average([auc(t, s) for t, s in kept], weights=[t.sum() * (1 - t).sum() for t, _ in kept])


@exercise.wrong
def median_over_batches(batches):
    """You took the median over batches: pairs from two batches are never compared."""
    return np.median([auc(t, s) for t, s in of_both_classes(batches)])


@exercise.wrong
def summed_over_batches(batches):
    """You summed over batches; join all rows, then compute one AUC."""
    return sum(auc(t, s) for t, s in of_both_classes(batches))


@exercise.wrong
def best_batch(batches):
    """This is the AUC of the best batch alone."""
    return max(auc(t, s) for t, s in of_both_classes(batches))


@exercise.wrong
def first_batch(batches):
    """This is the AUC of the first batch alone."""
    return auc(*of_both_classes(batches)[0])


@exercise.wrong
def last_batch(batches):
    """This is the AUC of the last batch alone."""
    return auc(*of_both_classes(batches)[-1])


exercise.slips(
    """
for target, _ in batches]) -> for target, _ in of_both_classes(batches)])
for _, score in batches]) -> for _, score in of_both_classes(batches)])
    You left out the batches of one class; their rows meet the rows of the other batches.
for target, _ in batches]) -> for target, _ in batches[: max(1, len(batches) - 1)]])
for _, score in batches]) -> for _, score in batches[: max(1, len(batches) - 1)]])
    You left out the last batch, which may be shorter; its rows count as well.
[score for _, score in batches] -> [score - score.mean() for _, score in batches]
    You shift or rank the scores within each batch; scores of two batches are compared as they are.
[score for _, score in batches] -> [np.sign(score[:, None] - score).sum(1) for _, score in batches]
    You rank the scores within each batch; scores of two batches are compared as they are.
[score for _, score in batches] -> [(score - score.mean()) / (score.std() + 1e-9) for _, score in batches]
    You standardise the scores within each batch; scores of two batches are compared as they are.
return auc(target, score) -> return auc(target, score.round())
    You rounded the scores; the AUC needs their order.
    hint: order
return auc(target, score) -> return auc(target, 1 / (1 + np.exp(-score)))
    You sent the scores through a sigmoid first: large scores become equal there, and ties count one half.
return auc(target, score) -> return auc(target, score > 0)
    You cut the scores to 0 or 1 first, at 0; the AUC needs their order.
    hint: order
return auc(target, score) -> return auc(target, score > 0.5)
    You cut the scores to 0 or 1 first, at 0.5; the AUC needs their order.
    hint: order
return auc(target, score) -> return ((score > 0.5) == target).mean()
    This is the accuracy at a threshold of 0.5, not the AUC.
    hint: order
return auc(target, score) -> return ((score > 0) == target).mean()
    This is the accuracy at a threshold of 0, not the AUC.
    hint: order
return auc(target, score) -> return auc(1 - target, score)
    The result is 1 minus the AUC: positives must score above negatives.
    hint: order
return auc(target, score) -> return max(auc(target, score), auc(1 - target, score))
    You took the larger of AUC and 1 - AUC; an AUC below 0.5 is a result, too: the order is worse than chance.
    hint: order
return auc(target, score) -> return 2 * auc(target, score) - 1
    This is 2 AUC - 1, the Gini coefficient.
    hint: order
return auc(target, score) -> return auc(score > 0, target)
    Targets and scores are exchanged: auc(target, score).
return auc(target, score) -> return auc(target, score.argsort(kind="stable").argsort())
    Rows of equal score are ranked by their position; a tie counts one half.
+ 0.5 * (difference == 0) -> + 0.0 * (difference == 0)
    A tie counts one half, not nothing.
+ 0.5 * (difference == 0) -> + 1.0 * (difference == 0)
    A tie counts one half, not one.
""",
    order="The AUC counts the pairs of a positive and a negative in which the positive has the higher score.",
)
