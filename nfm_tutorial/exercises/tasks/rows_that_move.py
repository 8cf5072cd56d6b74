"""Which rows of V a step moves, with dense Adam, dense Adagrad and lazy Adam."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="Rows that move",
    spec=r"""You train FM without L2. The first batch reads the ids 2 and 5, the second 5 and 8, the third 8 and 11. $V$
has a million rows. Which rows of $V$ change in the *third* step with dense Adam (`adam`), dense Adagrad (`adagrad`)
and lazy Adam (`sparse_adam`)?""",
    choices=(
        (
            "`adam`: 2, 5, 8 and 11. `adagrad`: 8 and 11. `sparse_adam`: 8 and 11.",
            "",
        ),
        (
            "`adam`: 5, 8 and 11. `adagrad`: 8 and 11. `sparse_adam`: 8 and 11.",
            "Row 2 has had two gradients of 0 since the first step. Its running mean shrinks by a factor each time, "
            "and is not 0 yet, so dense Adam still moves it.",
        ),
        (
            "`adam`: all rows. `adagrad`: all rows. `sparse_adam`: 8 and 11.",
            "Dense optimisers pass over all rows, but a row that never had a gradient has a running mean of 0 and "
            "stays; and Adagrad moves no row whose gradient is 0 now.",
        ),
        (
            "`adam`: 2, 5, 8 and 11. `adagrad`: 2, 5, 8 and 11. `sparse_adam`: 8 and 11.",
            "Adagrad remembers squares of gradients, but only divides by them: a gradient of 0 divided is 0.",
        ),
        (
            "`adam`: 2, 5, 8 and 11. `adagrad`: 8 and 11. `sparse_adam`: 2, 5, 8 and 11, at a lower cost.",
            "Lazy Adam touches nothing but the batch's rows. That is why it is another update, not the same one made "
            "cheaper.",
        ),
    ),
    hints=(
        "What does each optimiser keep of a row's earlier gradients, and does it move a row by that or divide by it?",
        "Dense Adam moves each row by its running mean, also where the gradient is 0 now. Lazy Adam waits until the "
        "row is in a batch.",
    ),
)
