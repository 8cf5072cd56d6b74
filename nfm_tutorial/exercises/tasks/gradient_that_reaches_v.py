"""The gradient that reaches V."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="The gradient that reaches V",
    spec=r"""In DeepFM both branches read one table $V$, and their logits are added. Which gradient does
back-propagation put on a row $v_i$?""",
    choices=(
        (
            "The mean of the two gradients, one from each branch.",
            "Nothing divides by two: y is the sum of the branches, and the derivative of a sum is the sum of the "
            "derivatives.",
        ),
        (
            "The sum of the two gradients, one from each branch.",
            "",
        ),
        (
            "The FM branch's alone: the DNN reads a concatenation, which is a copy.",
            "A concatenation copies numbers, but gradients flow back through it to the entries they came from.",
        ),
        (
            "None of the two as such: V keeps one gradient per branch, and the optimiser takes turns.",
            "A parameter has one gradient; what arrives from several uses is added up there.",
        ),
    ),
    hints=(
        "y is a sum of two functions of v_i. What is the derivative of a sum?",
        "In PyTorch, what does backward() do with a tensor that was used twice: replace .grad, or add to it?",
    ),
)
