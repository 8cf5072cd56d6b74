"""The bug clinic: an epoch that is chosen on the test set."""

from __future__ import annotations

import numpy as np

from ..exercise import Exercise

exercise = Exercise(
    title="Better than reality",
    spec=r"""Repair `report(valid, test)`: two lists with the AUC (higher is better) on validation and test rows
after each epoch, of the same length of at least 1. Return `(epoch, value)`: the epoch (from 1) that may be
chosen without looking at the test set, and the test AUC to report for it. Of equal epochs take the first. Leave
the lists unchanged. Example: `report([0.7, 0.8], [0.75, 0.70])` is `(2, 0.70)`.""",
    stub='''def report(valid: list[float], test: list[float]):
    """validation and test AUC per epoch -> (epoch from 1, test AUC)"""
    return TODO''',
    hints=(
        "Which of the two lists may decide, and which one may only be read off?",
        "best = the position of the highest validation AUC; return best + 1, test[best].",
    ),
    tolerance=1e-6,
)


@exercise.inputs
def inputs(draw):
    yield [0.7, 0.8], [0.75, 0.7]
    yield [0.7], [0.6]
    yield [0.8, 0.7, 0.6], [0.6, 0.7, 0.8]
    yield [0.6, 0.8, 0.8, 0.7], [0.5, 0.7, 0.9, 0.6]
    yield [0.8, 0.8], [0.9, 0.6]
    yield [0.75, 0.5, 0.75, 0.75], [0.7, 0.4, 0.8, 0.6]
    yield [0.40, 0.45, 0.35], [0.5, 0.42, 0.55]
    yield [0.7, 0.80125, 0.80375, 0.75], [0.6, 0.65, 0.62, 0.7]
    yield [0.71, 0.812342, 0.812349, 0.76], [0.612345, 0.654321, 0.623457, 0.7]
    for n in (4, 6, 10):
        yield draw.rng.uniform(0.6, 0.95, n).round(2).tolist(), draw.rng.uniform(0.6, 0.95, n).round(4).tolist()


@exercise.oracle
def by_comparison(valid, test):
    best = 0
    for epoch in range(1, len(valid)):
        if valid[epoch] > valid[best]:
            best = epoch
    return best + 1, test[best]


@exercise.example
def example():
    return ([0.7, 0.8], [0.75, 0.70]), (2, 0.70)


@exercise.right
def report(valid, test):
    best = max(range(len(valid)), key=lambda epoch: valid[epoch])  # the first of equals
    return best + 1, test[best]


@exercise.right
def report_by_index(valid, test):
    best = valid.index(max(valid))
    return best + 1, test[best]


@exercise.wrong(shown=True)
def chosen_on_test(valid, test):
    """The epoch is still chosen by the test AUC, which makes the reported value too good."""
    best = max(range(len(test)), key=lambda epoch: test[epoch])
    return best + 1, test[best]


@exercise.tested
def test_report(report):
    epoch, value = report([0.7, 0.8], [0.75, 0.70])
    np.testing.assert_allclose((epoch, value), (2, 0.70), err_msg="the choice must not look at the test set")


exercise.slips(
    """
valid[epoch]) -> valid[epoch] + test[epoch])
    You chose by validation and test together; the choice must not look at the test set.
valid[epoch]) -> (valid[epoch], test[epoch]))
    Of equal validation values you took the one with the higher test AUC, which looks at the test set; take the first.
valid[epoch]) -> (valid[epoch], -test[epoch]))
    Of equal validation values you took the one with the lower test AUC, which looks at the test set; take the first.
max(range(len(valid)), key=lambda epoch: valid[epoch]) -> np.argmin(np.abs(np.subtract(valid, test)))
    You took the epoch where both lists are closest, which looks at the test set; choose by validation.
max(range(len(valid)) -> max(reversed(range(len(valid)))
    Of equal validation values the first epoch is asked.
    hint: first
valid[epoch]) -> round(valid[epoch], 2))
    You rounded the validation AUC before comparing; a small difference decides as well.
    hint: Compare the numbers of the list as they are.
max(range(len(valid)), key=lambda epoch: valid[epoch]) -> test.index(min(test))
    You took the epoch with the lowest test AUC, which looks at the test set as well; choose by validation.
max(range -> min(range
    You chose the lowest validation AUC; higher is better.
test[best] -> max(test)
    The epoch is chosen by validation, but the value reported is the best of all epochs on test.
test[best] -> valid[best]
    You report the validation AUC, which was used for choosing and is too good; report the test AUC of that epoch.
test[best] -> sum(test) / len(test)
    The value is the mean over all epochs; report the test AUC of the chosen epoch.
test[best] -> test[min(best + 1, len(test) - 1)]
    You report the test AUC of the epoch after the chosen one: the lists count from 0.
    hint: first
test[best] -> test[best - 1]
    You report the test AUC of the epoch before the chosen one: the lists count from 0.
    hint: first
best + 1 -> best
    Your epochs count from 0; the first epoch is number 1.
    hint: first
best + 1 -> test.index(max(test)) + 1
    The value belongs to the epoch that validation chose, but the epoch is the best one on test.
best + 1 -> valid[best]
    You return the validation AUC in place of the epoch.
    hint: form
return best + 1, test[best] -> return 1, test[0]
    You report the first epoch; validation chooses a later one.
return best + 1, test[best] -> return len(test), test[-1]
    You report the last epoch; validation chooses an earlier one.
return best + 1, test[best] -> return test[best], best + 1
    The order is (epoch, value).
    hint: form
return best + 1, test[best] -> return test[best]
    You return one number; the chosen epoch and its test AUC are asked.
    hint: form
return best + 1, test[best] -> return best + 1
    You return the epoch alone; its test AUC is asked, too.
    hint: form
return best + 1, test[best] -> return best + 1, valid[best], test[best]
    You return three numbers; (epoch, test AUC) is asked.
    hint: form
""",
    first="The position in a list counts from 0, the epoch from 1; max(range(n), key=...) takes the first of equals.",
    form="report([0.7, 0.8], [0.75, 0.70]) is (2, 0.70): two numbers, the epoch first.",
)


@exercise.wrong(hint="Start with the first epoch, or with float('-inf').")
def starts_at_half(valid, test):
    """Your best value starts at 0.5, and an AUC can be lower; start with the first epoch."""
    best, epoch = 0.5, 0
    for i, value in enumerate(valid, start=1):
        if value > best:
            best, epoch = value, i
    return epoch, test[epoch - 1]


@exercise.wrong
def first_peak(valid, test):
    """You stopped at the first epoch that is no better than the one before; the best of all epochs is asked."""
    best = 0
    while best + 1 < len(valid) and valid[best + 1] > valid[best]:
        best += 1
    return best + 1, test[best]
