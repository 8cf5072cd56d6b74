"""Which rows of V a step moves, with dense and with lazy Adam."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="Rows that move",
    spec=r"""You train FM without L2. The first batch reads the ids 3 and 7, the second the ids 7 and 9. $V$ has a
million rows. Which rows of $V$ change in the *second* step with dense Adam (`adam`), and which with lazy Adam
(`sparse_adam`)?""",
    choices=(
        (
            "`adam`: 7 and 9. `sparse_adam`: 7 and 9. Row 3 has gradient 0 in the second step.",
            "A gradient of 0 does not stop Adam: it moves a row by the running mean of its gradients, and that of row "
            "3 still holds the first step.",
        ),
        (
            "`adam`: all rows. `sparse_adam`: 7 and 9.",
            "Dense Adam passes over all rows, but a row that never had a gradient has a running mean of 0 and stays.",
        ),
        (
            "`adam`: 3, 7 and 9. `sparse_adam`: 7 and 9.",
            "",
        ),
        (
            "`adam`: 3, 7 and 9. `sparse_adam`: 3, 7 and 9, at a lower cost.",
            "Lazy Adam touches nothing but the batch's rows. That is why it is another update, not the same one made "
            "cheaper.",
        ),
    ),
    hints=(
        "What does Adam keep of a row's earlier gradients?",
        "Dense Adam moves each row by its running mean, also where the gradient is 0 now. Lazy Adam waits until the "
        "row is in a batch.",
    ),
)
