"""The floor of a double sigmoid."""

from __future__ import annotations

import math

from ..exercise import Number

exercise = Number(
    title="The floor of a double sigmoid",
    kind="pencil and paper",
    spec=r"""A model applies a sigmoid to its score, and the loss (binary cross-entropy "with logits") applies
another one. However well the model learns a positive example ($y = 1$), its loss stays above a floor. Which?
The loss of a logit $z$ for $y = 1$ is $\ln(1 + e^{-z})$. Three decimals.""",
    hints=(
        "Which values can the first sigmoid hand to the loss, at best?",
        "The best logit that the loss can see is 1. Put z = 1 into the formula.",
    ),
    wrong=(
        (0.0, "0 is the floor without the first sigmoid; here the loss sees a logit of at most 1."),
        (math.log(2), "This is the loss at z = 0; it is the floor for a negative example, where the best logit is 0."),
        (math.log(1 + math.e), "This is the loss of a negative example at z = 1; for y = 1 it is ln(1 + e^-z)."),
        (0.31, "You rounded too far: three decimals are asked."),
        (math.log(1 + math.exp(-0.5)), "You put in z = 1/2, the sigmoid of 0; the sigmoid of a large score is higher."),
        (math.log(1 + math.exp(-2)), "You put in z = 2; the first sigmoid hands on at most 1."),
        (
            1 / (1 + math.e),
            "This is the probability that is left for y = 0; the negative logarithm of the other is the loss.",
        ),
        (math.log2(1 + math.exp(-1)), "You took the logarithm to base 2; ln is the natural one."),
        (math.log10(1 + math.exp(-1)), "You took the logarithm to base 10; ln is the natural one."),
        (math.exp(-1), "This is e^-1; the logarithm of 1 plus it is asked."),
        (
            1 / (1 + math.exp(-1)),
            "This is the probability that the second sigmoid gives out at best; its negative logarithm is the loss.",
        ),
        (-math.log(1 + math.exp(-1)), "The sign: a log loss is never negative."),
        (1.0, "1 is the best logit that the loss can see; the loss there is asked."),
    ),
    stub="answer = TODO  # a number",
    tolerance=5e-4,  # three decimals, rounded
    fallback="Find the largest logit that the first sigmoid can hand on, and put it into the formula.",
)


@exercise.oracle
def loss_of_the_best_logit():
    return math.log(1 + math.exp(-1))
