"""What a model says about a user it never saw."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="Two users the model never saw",
    spec=r"""You trained FM and NFM with `fit` on a log with the fields user, item, tags and decade. Two users come
who are not in the training rows. You let each model rank the same 100 items for both of them. What do you know
before you look?""",
    choices=(
        (
            "Each model gives both users the same list with the same scores. The items still differ from each other.",
            "",
        ),
        (
            "The two lists differ: the unknown user's vector was drawn at random and never trained.",
            "Both users read the same id, the field's unknown one, so the same row of V. And `fit` sets the rows of "
            "ids that do not occur in training to zero.",
        ),
        (
            "Each model gives all 100 items the same score, since it knows nothing about the user.",
            "It still knows the items: their weights w_i, and the crossings of item, tags and decade, do not need the "
            "user.",
        ),
        (
            "Both models raise an error: there is no row of V for these users.",
            "An encoder gives each field an id of its own for what it did not see; that id has a row.",
        ),
        (
            "FM gives both the same list; NFM does not, because its network reads every vector separately.",
            "NFM's network reads only f_BI, the sum over pairs, and that is the same vector for both users.",
        ),
    ),
    hints=(
        "Which id do the two users get, and what stands in its rows of w and V after `fit`?",
        "x is the same for both users. Which terms of the score do not contain the user?",
    ),
)
