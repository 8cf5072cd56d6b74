"""The floor of every FM."""

from __future__ import annotations

import math

from ..exercise import Number

exercise = Number(
    title="The floor of every FM",
    kind="pencil and paper",
    spec=r"""The planted truth is $y = \pm 1$ with $E[y \mid x] = 0.3\, s_1 + 0.3\, s_2 s_3 + 0.4\, s_4 s_5
s_6$, the $s_i$ being independent random signs. The three terms are orthonormal, so the best mean squared error
of a model with terms up to order $q$ is 1 minus the squared weights of the terms it can have. Which test RMSE
can no FM get below, whatever its $k$? Three decimals.""",
    hints=(
        "Which of the three terms can an FM on one-hot fields express? Its order is 2.",
        "It can have the first two terms: the mean squared error is 1 - 0.09 - 0.09. RMSE is its root.",
    ),
    wrong=(
        (math.sqrt(0.91), "This is the floor of LR, which has order 1; FM can have the pair term as well."),
        (math.sqrt(0.66), "This is the floor of any model at all (Bayes); FM has no term of order 3."),
        (0.82, "This is the mean squared error; RMSE is its root."),
        (math.sqrt(0.4), "You subtracted the weights; subtract their squares."),
        (0.4, "You subtracted the weights; subtract their squares, and take the root."),
        (math.sqrt(0.18), "This is the root of what FM explains; the error is the root of the rest."),
        (0.905, "This is cut; round to three decimals."),
        (0.91, "Rounded to two decimals; three are asked."),
        (0.66, "This is the mean squared error of a model that has all three terms; FM has no term of order 3."),
        (0.18, "This is what FM can explain; the mean squared error is the rest, and RMSE is its root."),
        (math.sqrt(0.84), "You took out the term of order 3 alone; FM has the other two."),
        (math.sqrt(0.34), "This is the root of what all three terms explain; the error is the root of the rest."),
        (math.sqrt(0.7), "You took out one term, with its weight; both terms of FM count, with their squares."),
        (-math.sqrt(0.82), "An RMSE is never negative."),
        (0.0, "y is a random sign: even who knows E[y | x] can't predict it exactly."),
    ),
    tolerance=5e-4,  # three decimals, rounded
    fallback="This is not the floor for order 2.",
)


@exercise.oracle
def by_order():
    terms = ((1, 0.3), (2, 0.3), (3, 0.4))  # order and weight
    return math.sqrt(1 - sum(weight**2 for order, weight in terms if order <= 2))
