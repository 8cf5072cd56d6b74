"""NDCG@3 of one user by hand."""

from __future__ import annotations

from math import log2

from ..exercise import Number

exercise = Number(
    title="NDCG@3 of one user",
    kind="pencil and paper",
    spec=r"""A model gives four candidates of a user the scores A 0.2, B 0.9, C 0.5 and D 0.7. The user clicked A
and D. Work out NDCG@3 with pencil and paper ($\log_2 3 = 1.585$). Answer to two decimals.""",
    hints=(
        "Sort by score first. A click adds 1 / log2(rank + 1), and only the first three ranks count. Then "
        "divide by the same sum for the best possible order.",
        "The order is B, D, C, A. The best possible order has its two clicks at the ranks 1 and 2.",
    ),
    wrong=(
        (1 / log2(3), "This is DCG@3; divide it by that of the best possible order, which has two clicks."),
        (
            (1 / log2(3) + 1 / log2(5)) / (1 + 1 / log2(3)),
            "You counted the click at rank 4; K = 3 ends the list at rank 3.",
        ),
        ((1 / log2(3)) / (1 + 1 / log2(3) + 0.5), "The best order has two clicks, because there are only two."),
        (
            1 / 3,
            "This is precision, the share of clicks among the first three; or you discounted by 1 / rank. A click "
            "counts 1 / log2(rank + 1).",
        ),
        (0.5, "This is the share of the user's clicks that are among the first three: recall, without ranks."),
        (1.0, "This is the hit rate: is any click among the first three. NDCG asks at which rank."),
        (1 / (1 + 1 / log2(3)), "You took the candidates in the order of the alphabet; sort them by score first."),
        ((1 + 0.5) / (1 + 1 / log2(3)), "You sorted from the lowest score; the highest score comes first."),
        (
            (1 / log2(4)) / (1 / log2(3) + 1 / log2(4)),
            "Your ranks are one too large: the first place has rank 1 and the discount 1 / log2(2) = 1.",
        ),
        (0.38, "Rounded to two decimals it is another number; keep more decimals on the way."),
        (38.7, "NDCG is a number between 0 and 1, not a percentage."),
    ),
    stub="answer = TODO  # a number",
    tolerance=0.005,
    fallback="Write the four candidates in the order of their scores, mark the clicks, and add their discounts.",
)


@exercise.oracle
def by_ranks():
    order, clicks = "BDCA", "AD"
    gained = sum(1 / log2(rank + 1) for rank, item in enumerate(order[:3], 1) if item in clicks)
    return gained / sum(1 / log2(rank + 1) for rank in range(1, 1 + len(clicks)))
