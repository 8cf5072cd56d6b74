"""The floor of a double sigmoid."""

from __future__ import annotations

import math

from ..exercise import Number

POSITIVE, NEGATIVE = math.log(1 + math.exp(-1)), math.log(2)  # the floors of one row

exercise = Number(
    title="The floor of a double sigmoid",
    kind="pencil and paper",
    spec=r"""A model applies a sigmoid to its score, and the loss (binary cross-entropy "with logits") applies
another one. There are three negatives per positive, so one label in four is 1. However well the model learns, its
mean loss stays above a floor. Which? The loss of a logit $z$ is $\ln(1 + e^{-z})$ for $y = 1$ and $\ln(1 + e^z)$ for
$y = 0$. Three decimals.""",
    hints=(
        "Which values can the first sigmoid hand to the loss? Which is best for a positive, which for a negative?",
        "The best logit of a positive is 1, that of a negative 0: put them in, and weight the losses by 1/4 and 3/4.",
    ),
    wrong=(
        (0.0, "0 is the floor without the first sigmoid; here the loss sees logits between 0 and 1."),
        (POSITIVE, "This is the floor of a positive; three rows in four are negatives, whose floor is higher."),
        (NEGATIVE, "This is the floor of a negative; one row in four is a positive, whose floor is lower."),
        ((POSITIVE + NEGATIVE) / 2, "You weighted both labels alike; one label in four is 1."),
        (0.75 * POSITIVE + 0.25 * NEGATIVE, "You exchanged the weights: a quarter of the labels are 1."),
        (POSITIVE / 3 + 2 * NEGATIVE / 3, "You weighted by 1/3 and 2/3; three negatives per positive are 3/4."),
        (POSITIVE + 3 * NEGATIVE, "This is the sum over four rows; their mean is asked."),
        (POSITIVE + NEGATIVE, "You added the two floors; weight them by the shares of the labels."),
        (0.25 * POSITIVE, "You left out the negatives: their loss is not 0 at the best logit, 0, but ln 2."),
        (0.75 * NEGATIVE, "You left out the positives: their loss is not 0 at the best logit, 1."),
        (
            POSITIVE / 4 + 3 * math.log(1 + math.e) / 4,
            "You put z = 1 into the loss of a negative; for it the best logit that the first sigmoid can give is 0.",
        ),
        (
            math.log(1 + math.exp(-0.25)),
            "You took the share of positives for a logit; take each label's best loss, and mix the losses.",
        ),
        (
            -0.25 * math.log(0.25) - 0.75 * math.log(0.75),
            "This is the loss of the constant 1/4 with one sigmoid; with two, each label has a floor of its own.",
        ),
        (0.6, "You rounded too far: three decimals are asked."),
        ((POSITIVE + 3 * NEGATIVE) / 4 / math.log(2), "You took logarithms to base 2; ln is the natural one."),
        ((POSITIVE + 3 * NEGATIVE) / 4 / math.log(10), "You took logarithms to base 10; ln is the natural one."),
        (-(POSITIVE + 3 * NEGATIVE) / 4, "The sign: a log loss is never negative."),
    ),
    stub="answer = TODO  # a number",
    tolerance=5e-4,  # three decimals, rounded
    fallback="Find the best logit that the first sigmoid can hand on for each label, and mix the two losses.",
)


@exercise.oracle
def mean_of_the_best_losses():
    logits = [i / 1000 for i in range(1001)]  # what a sigmoid can hand on, at best
    best = [min(math.log(1 + math.exp(-sign * z)) for z in logits) for sign in (1, -1, -1, -1)]
    return sum(best) / len(best)
