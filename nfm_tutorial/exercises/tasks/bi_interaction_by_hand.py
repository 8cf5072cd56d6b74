"""Bi-Interaction by hand."""

from __future__ import annotations

import numpy as np

from ..exercise import Number
from ..oracles import pairs_of_slots

exercise = Number(
    title="Bi-Interaction by hand",
    kind="pencil and paper",
    spec=r"""Work out $f_{BI}$ for $x = (1, 2, -1)$ and $v_1 = (1, 3)$, $v_2 = (1, -1)$, $v_3 = (0, 2)$ with
pencil and paper, once pair by pair and once by the identity. Answer with the two entries, such as `(0, 1)`.""",
    hints=(
        "Write down the three vectors x_i v_i first. Then each entry on its own: the sum of the products over the "
        "three pairs.",
        "The vectors x_i v_i are (1, 3), (2, -2) and (0, -2). Their sum is (3, -1); their squares add up to (5, 17).",
    ),
    wrong=(
        (-6.0, "This is the sum of the two entries: FM's pair term. Bi-Interaction keeps the entries apart."),
        ((4.0, -16.0), "Each pair counts twice: the 1/2 of the identity is missing."),
        ((1.0, 1.0), "You left x out: the vectors that are multiplied are x_i v_i."),
        ((2.0, -4.0), "x_3 is -1, and its sign is lost: x_3 v_3 is (0, -2)."),
        ((4.5, 0.5), "You took half the square of the sum; the sum of the squares must be subtracted first."),
        ((9.0, 1.0), "This is the square of the sum; subtract the sum of the squares, then halve."),
        ((7.0, 9.0), "You added the sum of the squares; it must be subtracted."),
        ((-2.0, 8.0), "You subtracted the wrong way round: square of the sum minus sum of the squares."),
        ((-8.0, 2.0), "The two entries are exchanged."),
        ((3.0, -1.0), "This is the sum of the vectors; nothing is crossed yet."),
        ((3.0, -3.0), "Check the squares: x_i is squared as well, (x_i v_i)^2."),
        ((5.0, 17.0), "These are the sums of the squares; they are subtracted from the square of the sum."),
        ((3.5, -6.5), "x is missing in the sum of the squares: it is the sum of (x_i v_i)^2."),
        ((-0.5, -16.5), "Only the square of the sum is halved; the 1/2 stands before the whole difference."),
        ((2.0, -6.0), "This is the pair of v_1 and v_2 alone; there are three pairs."),
        ((2.0, -12.0), "The pair of v_2 and v_3 is missing."),
        ((2.0, -2.0), "The pair of v_1 and v_3 is missing."),
        ((0.0, -2.0), "The pair of v_1 and v_2 is missing."),
        ((2 / 3, -8 / 3), "You took the mean over the three pairs; they are added up."),
        ((0.0, 12.0), "You multiplied all three vectors; they are multiplied in pairs, and the pairs are added."),
    ),
    stub="answer = TODO  # two numbers, as in (0, 1)",
    fallback="This is not f_BI; compare pair by pair with the identity.",
)


@exercise.oracle
def by_pairs():
    x, v = np.array([1, 2, -1]), np.array([[1, 3], [1, -1], [0, 2]])
    return pairs_of_slots((x[:, None] * v)[None])[0]
