"""How many pairs does one row have?"""

from __future__ import annotations

import itertools

from ..exercise import Number

exercise = Number(
    title="How many pairs does one row have?",
    kind="predict",
    spec=r"""A MovieLens row has the fields user, movie, up to three genres, decade and year: seven slots, here
all with $x_i \neq 0$. One-hot encoding gives $n = 9{,}797$ features. In how many terms of $\sum_{i<j} \langle
v_i, v_j\rangle x_i x_j$ are both $x_i$ and $x_j$ different from 0?""",
    hints=(
        "Cost and pairs depend on N_x, the number of non-zero entries of this row. What is N_x here?",
        "Each of the 7 slots meets the 6 others, and each pair must be counted once.",
    ),
    wrong=(
        (9797 * 9796 // 2, "You counted all pairs of the vocabulary; a term with x_i = 0 is zero. N_x is not n."),
        (49, "You took every slot with every slot: the sum leaves out i = j and takes each pair once."),
        (42, "You counted each pair twice: (i, j) and (j, i) are the same pair."),
        (28, "You counted each slot with itself, too: the sum runs over i < j."),
        (7, "This is N_x, the number of non-zero entries; asked are the pairs among them."),
        (10, "You counted one slot per field; the three genres are three non-zero entries and form pairs as well."),
        (18, "The pairs among the three genres belong to the sum, too."),
        (15, "You counted six slots: user, movie, three genres, decade and year are seven."),
        (24.5, "Half of 7 times 7 still holds half of the pairs with i = j: leave those out before halving."),
        (35, "You counted triples; a term of FM has two features."),
        (9797 * 9796, "You counted the pairs of the whole vocabulary, and each twice; a term with x_i = 0 is zero."),
    ),
    stub="answer = TODO  # a whole number",
    fallback="Count the non-zero entries of the row first, then the pairs among them.",
)


@exercise.oracle
def by_counting():
    return len(list(itertools.combinations(range(7), 2)))
