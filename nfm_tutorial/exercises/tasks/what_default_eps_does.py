"""What the default eps does to f_BI."""

from __future__ import annotations

import math

from ..exercise import Number

exercise = Number(
    title="What the default eps does to f_BI",
    kind="predict",
    spec=r"""At the start an entry of $f_{BI}$ has mean 0 and variance $2.4 \cdot 10^{-6}$ ($\mathrm{sd} = 0.02$, six
fields). Batch norm with PyTorch's default $\epsilon = 10^{-5}$ normalises it. What is the standard deviation of
its output? Guess first: 1? Then compute; two decimals will do.""",
    hints=(
        "Batch norm divides by sqrt(variance + eps). Which of the two is larger here?",
        "The output's variance is variance / (variance + eps); the standard deviation is its root.",
    ),
    wrong=(
        (1.0, "That would be so if eps were small beside the variance; here it is four times as large."),
        (0.4, "You rounded too far, or cut: two decimals are asked, rounded."),
        (0.43, "Rounded to two decimals it is another number; keep more decimals on the way."),
        (
            math.sqrt(2.4e-6 / 1e-5),
            "You divided by the root of eps alone; batch norm divides by sqrt(variance + eps).",
        ),
        (
            math.sqrt(2.4e-6) / (math.sqrt(2.4e-6) + math.sqrt(1e-5)),
            "You added the two roots; batch norm adds variance and eps first and takes one root.",
        ),
        (
            math.sqrt(2.4e-6) / (math.sqrt(2.4e-6) + 1e-5),
            "You added eps to the standard deviation; it is added to the variance, under the root.",
        ),
        (-0.44, "A standard deviation is never negative."),
        (44.0, "This is in percent; a plain number is asked."),
        (0.19355, "This is the variance of the output; the standard deviation is its root."),
        (
            0.00155,
            "This is as small as f_BI before the batch norm, which divides by sqrt(variance + eps), far below 1.",
        ),
        (2.273, "This is the other way round: the variance stands above, variance plus eps below."),
        (0.21, "This is the number for sd = 0.01 and ten fields, which the chapter prints; compute the one asked."),
    ),
    stub="answer = TODO  # a number",
    tolerance=0.005,  # 0.44 and its like are in, 0.43 (cut too early) and 0.45 are out
    fallback="This is not the standard deviation of the output.",
)


@exercise.oracle
def after_batch_norm():
    variance = 0.02**4 * 6 * 5 / 2  # of the 15 products of two entries
    return math.sqrt(variance / (variance + 1e-5))
