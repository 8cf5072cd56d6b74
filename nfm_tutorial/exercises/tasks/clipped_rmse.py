"""RMSE with predictions clipped to the training range."""

from __future__ import annotations

import numpy as np

from ..exercise import Exercise

exercise = Exercise(
    title="RMSE with predictions clipped to the training range",
    spec=r"""The NFM paper clips predictions before it computes the RMSE. Write `clipped_rmse(prediction,
target, train_target)`: clip the predictions to the range of the *training* labels, then take the root of the
mean squared error against `target`.

`prediction` and `target` are NumPy arrays of shape `(N,)` with $N \ge 1$, the test set's; `train_target` is an
array of training labels of any length of at least 1. Return one number. Leave the inputs unchanged.

Example: `prediction = [2, -0.5]`, `target = [1, 1]`, `train_target = [-1, 1, 1]`: the clipped predictions are
`[1, -0.5]`, the squared errors 0 and 2.25, the result $\sqrt{1.125} = 1.0607$.""",
    stub='''def clipped_rmse(prediction: np.ndarray, target: np.ndarray, train_target: np.ndarray):
    """(N,), (N,), (M,) -> one number"""
    return TODO''',
    hints=(
        "Three steps: the range from train_target; clip; root of the mean of the squared differences.",
        "clipped = np.clip(prediction, train_target.min(), train_target.max()); "
        "np.sqrt(np.mean((clipped - target) ** 2)).",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    array = np.array
    yield array([2.0, -0.5]), array([1.0, 1.0]), array([-1.0, 1.0, 1.0])
    yield array([3.0]), array([1.5]), array([1.0, -1.0])
    yield array([6.0, 0.0]), array([5.0, 0.5]), array([1.0, 4.0, 3.5])
    yield array([-3.0, 0.5, 9.0]), array([-2.0, 1.0, 8.0]), array([0.0, 5.0])
    yield array([2.0, 5.0]), array([2.0, 4.0]), array([3.0])
    yield array([3.0]), array([-2.5]), array([-5.0, -2.0])  # every training label is negative
    yield array([2.0, -0.5]), array([1, 1]), array([-1, 1, 1])  # whole numbers
    for n in (2, 5, 9, 30):
        labels = np.round(draw.nonzero(6).numpy()) + array([0, 0, 0, 0, 1.25, -1.5])
        yield 3 * draw.real(n).numpy(), 1.5 * draw.real(n).numpy(), labels
    yield 4 * draw.real(6).float().numpy(), draw.nonzero(6).sign().float().numpy(), array([1, -1, 1])
    for n in (1, 3, 5):
        prediction = draw.rough(n).numpy()
        yield prediction, prediction + draw.rough(n, scale=0.5).numpy(), array([-6.5123, 0.4, 7.0817])


@exercise.oracle
def by_loops(prediction, target, train_target):
    low, high = min(train_target), max(train_target)
    total = 0.0
    for p, t in zip(prediction, target):
        total += (min(max(p, low), high) - t) ** 2
    return (total / len(target)) ** 0.5


@exercise.example
def example():
    return ([2, -0.5], [1, 1], [-1, 1, 1]), 1.0607


@exercise.right
def clipped_rmse(prediction, target, train_target):
    low, high = train_target.min(), train_target.max()
    clipped = np.clip(prediction, low, high)  # (N,)
    return np.sqrt(np.mean((clipped - target) ** 2))


exercise.slips(
    """
np.clip(prediction, low, high) -> prediction
    The predictions are not clipped. (Clipping them to their own range changes nothing.)
low, high = train_target.min(), train_target.max() -> low, high = target.min(), target.max()
    You clipped to the range of the test labels, which nobody knows when predicting; the training labels set the
    range.
clip(prediction, low, high) -> clip(prediction, min(low, target.min()), max(high, target.max()))
    You took the test labels into the range, which nobody knows when predicting; the training labels set it.
low, high = train_target.min(), train_target.max() -> low, high = 0, 1
    You clipped to [0, 1]; the training labels set the range.
low, high = train_target.min(), train_target.max() -> low, high = -1, 1
    You clipped to [-1, 1] whatever the labels; the training labels set the range.
low, high = train_target.min(), train_target.max() -> low, high = 1, 5
    You clipped to [1, 5] whatever the labels; the training labels set the range.
low, high = train_target.min(), train_target.max() -> mean, std = train_target.mean(), train_target.std()
clip(prediction, low, high) -> clip(prediction, mean - std, mean + std)
    You clipped to the mean plus or minus a standard deviation; the range goes from the smallest to the largest
    training label.
clip(prediction, low, high) -> clip(prediction, -max(-low, high), max(-low, high))
    You clipped at the largest absolute training label on both sides; the range goes from the smallest to the largest
    label.
train_target.min(), train_target.max() -> sorted([train_target[0], train_target[-1]])
    You took the first and the last training label as the range; the labels are in no order.
clip(prediction, low, high) -> clip(prediction, low, max(0, high))
    Your search for the largest training label starts at 0, so it misses a range below 0. hint: search
clip(prediction, low, high) -> clip(prediction, min(0, low), max(0, high))
    Your search for the smallest and the largest training label starts at 0, so 0 is always in the range. hint: search
clip(prediction, low, high) -> clip(prediction, high, low)
    You exchanged the bounds: np.clip takes the smaller one first.
clip(prediction, low, high) -> clip(prediction, None, high)
    You clipped above only; predictions below the smallest training label are cut as well.
clip(prediction, low, high) -> clip(prediction, low, None)
    You clipped below only; predictions above the largest training label are cut as well.
np.clip(prediction, low, high) -> prediction
(clipped - target) -> (clipped - np.clip(target, low, high))
    You clipped the test labels instead of the predictions.
(clipped - target) -> (clipped - np.clip(target, low, high))
    You clipped the test labels, too: only predictions are clipped, the truth stays as it is.
(clipped - target) -> np.clip(prediction - target, low, high)
    You clipped the errors; clip the predictions, then subtract.
np.clip(prediction, low, high) -> prediction
np.sqrt(np.mean((clipped - target) ** 2)) -> np.clip(np.sqrt(np.mean((clipped - target) ** 2)), low, high)
    You clipped the RMSE; clip the predictions, then compute it.
np.clip(prediction, low, high) -> low + (prediction - prediction.min()) / np.ptp(prediction) * (high - low)
    You rescaled the predictions to the range; clipping leaves the ones inside it as they are.
np.mean((clipped - target) ** 2) -> np.mean((clipped - target)[clipped == prediction] ** 2)
    You left out the predictions beyond the range; clipping moves them to its border, and they stay in the mean.
np.clip(prediction, low, high) -> np.round(np.clip(prediction, low, high))
    You rounded the predictions; clipping leaves the ones inside the range as they are.
clip(prediction, low, high) -> clip(prediction.astype(train_target.dtype), low, high)
    You gave the predictions the dtype of the training labels; where these are whole numbers, it cuts off decimals.
np.sqrt(np.mean((clipped - target) ** 2)) -> np.std(clipped - target)
    You took the standard deviation of the errors, which takes their mean off first; RMSE does not.
np.sqrt(np.mean((clipped - target) ** 2)) -> np.abs(clipped - target)
    You return one error per prediction; take the root of the mean of the squared errors.
np.sqrt(np.mean((clipped - target) ** 2)) -> np.mean((clipped - target) ** 2)
    This is the mean squared error; the root is missing.
np.sqrt(np.mean((clipped - target) ** 2)) -> np.mean(np.abs(clipped - target))
    This is the mean absolute error; RMSE squares the errors, takes their mean, then the root.
np.mean((clipped - target) ** 2) -> np.sum((clipped - target) ** 2)
    You took the root of the sum; divide by N first.
np.sqrt(np.mean((clipped - target) ** 2)) -> np.sqrt(np.sum((clipped - target) ** 2)) / len(target)
    You divided by N after the root; the mean belongs under the root.
np.mean((clipped - target) ** 2) -> np.mean(clipped - target) ** 2
    You took the mean before squaring, so errors of opposite sign cancel; square each error first.
np.mean((clipped - target) ** 2) -> np.sum((clipped - target) ** 2) / len(train_target)
    You divided by the number of training labels; the mean is over the N predictions.
np.mean((clipped - target) ** 2) -> np.sum((clipped - target) ** 2) / np.float64(len(target) - 1)
    You divided by N - 1; RMSE is a plain mean, over N.
""",
    search="Start with a training label, or use min and max.",
)
for percent in (1, 2.5, 5, 10, 25):
    exercise.slips(f"""
train_target.min(), train_target.max() -> np.percentile(train_target, [{percent}, {100 - percent}])
    You clipped to percentiles of the training labels; their range goes from the smallest to the largest.
""")
