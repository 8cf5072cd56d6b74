"""What the two kinds of negatives tell."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="What the two kinds of negatives tell",
    spec=r"""In this chapter LR has a high test AUC with uniform negatives and an AUC near 0.5 with
popularity-matched negatives, while FM stays well above 0.5 with both. What follows?""",
    choices=(
        (
            "FM overfits on the popularity-matched task: its AUC is lower there.",
            "A lower AUC on a harder question is no sign of overfitting; that would show as a gap between training "
            "and validation.",
        ),
        (
            "The labels of the popularity-matched task are noisier, so no model can do well on it.",
            "FM does well above 0.5 there, and the positives are the same rows; only the negatives are drawn in "
            "another way.",
        ),
        (
            "With uniform negatives much of the AUC is popularity, which single features know; matching popularity "
            "leaves mostly what only crossings can tell.",
            "",
        ),
        (
            "LR near 0.5 was not trained for long enough.",
            "More training does not help: with popularity matched, the weights of single features have hardly "
            "anything left to tell apart.",
        ),
    ),
    hints=(
        "Which information does LR have about a movie, apart from how often it occurs among the positives?",
        "Matching popularity takes away exactly what a weight per movie can learn. What is left for FM to use?",
    ),
)
