"""The bug clinic: a column minus a row, which broadcasts to a matrix."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from ..exercise import Exercise

exercise = Exercise(
    title="A model that only learns the mean",
    spec=r"""Repair `mse(prediction, target)`: the mean squared error over the rows. `prediction` is `(B, 1)`,
as a last layer `Linear(..., 1)` gives it, `target` is `(B,)`; float32 or float64, $B \ge 1$. Return one number.
Leave the inputs unchanged. Example: `mse([[1], [2]], [1, 4])` is 2.""",
    stub='''def mse(prediction: Tensor, target: Tensor):
    """(B, 1), (B,) -> one number"""
    return TODO''',
    hints=(
        "Print the shape of prediction - target for B = 3.",
        "Give both the same shape first: prediction.squeeze(1), or target[:, None].",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 4.0])
    yield torch.tensor([[1.0]]), torch.tensor([3.0])
    yield torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 2.0])  # no error
    for rows in (2, 3, 5, 12):
        yield draw.nonzero(rows, 1), draw.real(rows)
    yield draw.rough(7, 1), draw.rough(7)
    yield draw.rough(3, 1, scale=1), draw.rough(3, scale=1)


@exercise.oracle
def by_loops(prediction, target):
    return sum((prediction[i, 0] - target[i]) ** 2 for i in range(len(target))) / len(target)


@exercise.example
def example():
    return ([[1], [2]], [1, 4]), 2


@exercise.right
def mse(prediction, target):
    return ((prediction.squeeze(1) - target) ** 2).mean()


@exercise.right
def mse_of_columns(prediction, target):
    return F.mse_loss(prediction, target[:, None])


@exercise.wrong(shown=True)
def broadcast(prediction, target):
    """Shapes (B, 1) and (B,) still broadcast to (B, B): every prediction is compared with every target."""
    return ((prediction - target) ** 2).mean()


exercise.slips(
    """
((prediction.squeeze(1) - target) ** 2).mean() -> ((prediction - target) ** 2).sum() / len(target)
    Shapes (B, 1) and (B,) still broadcast to (B, B); dividing by B does not help.
((prediction.squeeze(1) - target) ** 2).mean() -> ((prediction - target) ** 2).sum()
    Shapes (B, 1) and (B,) still broadcast to (B, B): you summed the squared differences of all pairs.
((prediction.squeeze(1) - target) ** 2).mean() -> (prediction - target) ** 2
    Shapes (B, 1) and (B,) still broadcast to (B, B): you return the errors of all pairs, without their mean.
((prediction.squeeze(1) - target) ** 2).mean() -> ((prediction - target) ** 2).mean(1)
    Shapes (B, 1) and (B,) still broadcast to (B, B): you return one mean per prediction.
((prediction.squeeze(1) - target) ** 2).mean() -> ((prediction - target) ** 2).mean(0)
    Shapes (B, 1) and (B,) still broadcast to (B, B): you return one mean per target.
((prediction.squeeze(1) - target) ** 2).mean() -> (prediction - target).abs().mean()
    Shapes (B, 1) and (B,) still broadcast to (B, B), and you took absolute errors; the squared ones are asked.
.mean() -> .sum()
    You summed over the rows; the mean is asked.
    hint: rows
).mean() -> )
    You return one error per row; their mean is asked.
    hint: rows
.mean() -> .sum() / max(1, len(target) - 1)
    You divided by B - 1; a mean divides by B.
    hint: rows
.mean() -> .mean() / len(target)
    You divided by B twice; a mean divides once.
    hint: rows
((prediction.squeeze(1) - target) ** 2) -> (prediction.squeeze(1) - target).abs()
    You took absolute errors; the squared ones are asked.
    hint: errors
((prediction.squeeze(1) - target) ** 2) -> (prediction.squeeze(1) - target)
    You took the mean of the errors; they must be squared first.
    hint: errors
((prediction.squeeze(1) - target) ** 2).mean() -> (prediction.squeeze(1) - target).mean() ** 2
    You squared the difference of the means; take the difference row by row, square, then average.
    hint: errors
((prediction.squeeze(1) - target) ** 2) -> (prediction.squeeze(1) ** 2 - target**2)
    You subtracted the squares; subtract first, then square.
    hint: errors
((prediction.squeeze(1) - target) ** 2).mean() -> (prediction.squeeze(1) - target).var(correction=0)
    This is the variance of the errors: their mean was subtracted first.
    hint: errors
((prediction.squeeze(1) - target) ** 2).mean() -> (prediction.squeeze(1) - target).var()
    This is the variance of the errors: their mean was subtracted first.
    hint: errors
- target) -> - target.mean())
    You compared with the mean of the targets; each row has its own.
    hint: errors
prediction.squeeze(1) -> prediction.mean()
    You compared with the mean of the predictions; each row has its own.
    hint: errors
prediction.squeeze(1) -> prediction[0]
    prediction[0] is the first row; the column is prediction[:, 0].
prediction.squeeze(1) - target -> prediction.squeeze(1).sort().values - target.sort().values
    You sorted both; then a prediction no longer meets its own target.
    hint: errors
""",
    errors="Row by row, with the numbers of the example: what is the error, what is its square?",
    rows="Over how many numbers do you sum, and by what do you divide?",
)


@exercise.tested
def test_mse(mse):
    prediction, target = torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 2.0])
    np.testing.assert_allclose(mse(prediction, target), 0, err_msg="perfect predictions have no error")
