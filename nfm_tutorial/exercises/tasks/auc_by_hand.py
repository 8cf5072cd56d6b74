"""AUC by hand."""

from __future__ import annotations

from ..exercise import Number

exercise = Number(
    title="AUC by hand",
    kind="pencil and paper",
    spec=r"""The positives of a tiny test set have the scores 0.9 and 0.4, its negatives 0.4, 0.3 and 0.1. Work
out the AUC: the chance that a random positive scores above a random negative, where a tie counts one half.
Answer to three decimals, or as a fraction in quotes such as `"3/4"`.""",
    hints=(
        "There are 2 times 3 pairs of a positive and a negative. Count those in which the positive is above.",
        "0.9 wins three times. 0.4 wins twice and ties once.",
    ),
    wrong=(
        (5 / 6, "You counted the tie as lost; a tie counts one half."),
        (1.0, "You counted the tie as won; a tie counts one half."),
        (0.916, "You cut off the digits after the third; round it."),
        (0.92, "Rounded to two decimals; three are asked, or a fraction."),
        (91.7, "An AUC is a chance between 0 and 1, not a percentage."),
        (5.5, "This is the number of pairs won; divide it by the number of pairs."),
        (1 / 12, "This is the chance that the negative is above: the other way round."),
        (5.5 / 5, "Divide by the number of pairs (positive, negative), not by the number of examples."),
        (5.5 / 10, "Only pairs of a positive and a negative count, not all ten pairs of examples."),
    ),
    stub="answer = TODO  # a number",
    tolerance=5e-4,
    fallback="List all pairs (positive, negative), mark won, tied or lost, then divide by their number.",
)


@exercise.oracle
def by_pairs():
    pairs = [(p, q) for p in (0.9, 0.4) for q in (0.4, 0.3, 0.1)]
    return sum((p > q) + 0.5 * (p == q) for p, q in pairs) / len(pairs)
