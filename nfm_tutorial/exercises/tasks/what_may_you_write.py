"""What may you write?"""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="What may you write?",
    spec=r"""Suppose five paired seeds on one data set give: NFM's AUC is higher than FM's in all five, by a
little; NFM's RMSE is higher (worse) than FM's in all five. Both models were tuned with the same effort. What
may you write?""",
    choices=(
        (
            "NFM is the better model: AUC is the measure that counts.",
            "Choosing the measure after seeing the results lets you prove anything; name both.",
        ),
        (
            "The two models are equally good: one win each.",
            "The differences are consistent over all seeds; they don't cancel, they answer different questions.",
        ),
        (
            "On this data set NFM ranks a little better and FM predicts values with a smaller error; which is "
            "better depends on what you need.",
            "",
        ),
        (
            "NFM is better on both: its numbers are higher.",
            "RMSE is an error: a higher value is worse.",
        ),
    ),
    hints=(
        "For each of the two measures: is higher better or worse?",
        "AUC only sees the order of the scores, RMSE their values. Can a model be better at one and worse at the "
        "other?",
    ),
)
