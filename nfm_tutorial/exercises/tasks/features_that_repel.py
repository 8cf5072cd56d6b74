"""Three features that repel each other."""

from __future__ import annotations

import itertools

from ..exercise import Number

exercise = Number(
    title="Three features that repel each other",
    kind="predict",
    spec=r"""You want an FM in which all three pairs among three features have a negative weight: $\langle v_1,
v_2\rangle < 0$, $\langle v_1, v_3\rangle < 0$ and $\langle v_2, v_3\rangle < 0$. What is the smallest embedding
size $k$ for which this is possible? Guess first; then draw arrows.""",
    hints=(
        "With k = 1 each v_i is one number. What is the sign of the product of the three pair weights?",
        "Draw arrows from one point in a plane. Can any two of three arrows be more than 90 degrees apart?",
    ),
    wrong=(
        (0, "With k = 0 there are no vectors, and every pair weight is 0."),
        (
            1,
            "With k = 1 the product of the three weights is (v_1 v_2 v_3)^2, which is never negative; three negative "
            "weights would have a negative product.",
        ),
        (3, "It works with k = 3, but fewer entries are enough: try to draw three such arrows in a plane."),
    ),
    stub="answer = TODO  # a whole number",
    fallback="Try small values one after the other, from 1 on.",
)


@exercise.oracle
def by_trying():
    for k in (1, 2, 3):
        grid = itertools.product(range(-2, 3), repeat=k)
        for three in itertools.combinations(grid, 3):
            if all(sum(a * b for a, b in zip(v, u)) < 0 for v, u in itertools.combinations(three, 2)):
                return k
