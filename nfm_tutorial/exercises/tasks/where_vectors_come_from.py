"""Where the hidden vectors come from."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="Where the hidden vectors come from",
    spec=r"""How do the hidden vectors $v_i$ of FM and those of NFM come about?""",
    choices=(
        (
            "FM's are found by factorising the table of ratings beforehand; NFM's are found by a neural network.",
            "Neither is found beforehand: both models start from random vectors and train them together with "
            "everything else.",
        ),
        (
            "FM's are trained by gradient descent; NFM's are computed: they are what its hidden layers put out.",
            "NFM's hidden layers read the pooled crossings of the v_i; they do not produce the v_i.",
        ),
        (
            "They are the same vectors: train an FM to its end, and its table V is the one that NFM would learn.",
            "The gradient of v_i passes through the MLP in NFM, so its vectors become other ones; starting from "
            "FM's is possible but not the same as ending there.",
        ),
        (
            "Both are rows of a table that gradient descent trains end to end; what reads their crossings differs.",
            "",
        ),
    ),
    hints=(
        "Compare the two models' code: where is V made, and which line differs?",
        "In both models V is an nn.Parameter that starts at random. Look at what happens after f_BI.",
    ),
)
