"""What a trained h changes."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="What a trained h changes",
    spec=r"""You take an NFM without hidden layers, batch norm and dropout, and let $h$ be trained, starting
from ones. What has changed, compared with FM at the same $k$?""",
    choices=(
        (
            "The pair weights are now $V \\mathrm{diag}(h) V^T$, which may have negative eigenvalues: with $k < n - "
            "1$ the model can express more than FM.",
            "",
        ),
        (
            "Nothing: $h$ can always be absorbed into $V$ by rescaling its columns.",
            "That needs the square root of each h_f; where h_f is negative there is no real one. With k = 1 and h = "
            "-1 three pair weights can be negative; no V of FM with k = 1 does that.",
        ),
        (
            "Nothing, as $h$ starts at ones.",
            "Training moves h away from ones with its first step.",
        ),
        (
            "It can now express crossings of three features.",
            "h multiplies the entries of f_BI and adds them up: every term still has two features.",
        ),
    ),
    hints=(
        "Write the pair weight of features i and j as a sum over f with h_f in it.",
        "Take k = 1 and h = -1: can FM with k = 1 have three negative pair weights among three features?",
    ),
)
