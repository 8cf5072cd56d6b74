"""The floor of every FM."""

from __future__ import annotations

import math

from ..exercise import Number

exercise = Number(
    title="The floor of every FM",
    kind="pencil and paper",
    spec=r"""Plant another truth: $y = \pm 1$ with $E[y \mid x] = 0.2\, s_1 + 0.5\, s_2 s_3 + 0.3\, s_1 s_4 s_5$,
the $s_i$ being independent random signs, hidden in one-hot fields as in section 5.1. Which RMSE can no FM get below,
whatever its $k$? Three decimals.""",
    hints=(
        "Which of the three terms can an FM on one-hot fields express? Its order is 2; s_1 s_4 s_5 reads three fields.",
        "It can have the first two terms: the mean squared error is 1 - 0.04 - 0.25. RMSE is its root.",
    ),
    wrong=(
        (math.sqrt(0.96), "This is the floor of LR, which has order 1; FM can have the pair term as well."),
        (math.sqrt(0.62), "This is the floor of any model at all (Bayes); FM has no term of order 3."),
        (0.71, "This is the mean squared error; RMSE is its root."),
        (math.sqrt(0.3), "You subtracted the weights; subtract their squares."),
        (0.3, "This is 1 minus FM's weights, or the weight that it misses; subtract squares, and take the root."),
        (math.sqrt(0.29), "This is the root of what FM explains; the error is the root of the rest."),
        (0.842, "This is cut; round to three decimals."),
        (0.84, "Rounded to two decimals; three are asked."),
        (0.62, "This is the mean squared error of a model that has all three terms; FM has no term of order 3."),
        (0.29, "This is what FM can explain; the mean squared error is the rest, and RMSE is its root."),
        (math.sqrt(0.75), "You took out the pair term alone; FM has the term of order 1 as well."),
        (math.sqrt(0.66), "You took out the pair and the triple; FM has order 1 and 2, and no term of order 3."),
        (math.sqrt(0.91), "You took out the term of order 3 alone; FM has the other two."),
        (math.sqrt(0.38), "This is the root of what all three terms explain; the error is the root of the rest."),
        (math.sqrt(0.8), "You took out one term, with its weight; both terms of FM count, with their squares."),
        (math.sqrt(0.82), "This is FM's floor for the truth of section 5.1; the weights are others here."),
        (-math.sqrt(0.71), "An RMSE is never negative."),
        (0.0, "y is a random sign: even who knows E[y | x] can't predict it exactly."),
    ),
    tolerance=5e-4,  # three decimals, rounded
    fallback="This is not the floor for order 2.",
)


@exercise.oracle
def by_order():
    terms = ((1, 0.2), (2, 0.5), (3, 0.3))  # order and weight
    return math.sqrt(1 - sum(weight**2 for order, weight in terms if order <= 2))
