"""What a model says about items it never saw."""

from __future__ import annotations

from ..exercise import Choice

exercise = Choice(
    title="Two items the model never saw",
    spec=r"""You trained FM and NFM with `fit` on a log with the fields user, item, tags and decade. Two new movies
arrive, both "Comedy" of the 2010s; no training row has either. You let each model score both movies for 100 users, all
of whom are in the training rows, as are comedies and the 2010s. What do you know before you look?""",
    choices=(
        (
            "A user's two scores differ: each new movie has a vector of its own, drawn at random and never trained.",
            "Both movies read the same id, the field's unknown one, so the same row of V. And `fit` sets the rows of "
            "ids that do not occur in training to zero.",
        ),
        (
            "All 200 scores of a model are equal: nothing is known about the movies, so no crossing is left.",
            "The crossings with the item are gone. Those of the user with the tag and with the decade stay, and they "
            "differ between users.",
        ),
        (
            "Each model gives the two movies of a user one score. It differs between users.",
            "",
        ),
        (
            "As in C for FM. NFM scores the two movies differently, because its network reads every vector separately.",
            "NFM's network reads only f_BI, the sum over pairs, and that is the same vector for both movies.",
        ),
        (
            "Each model gives the two movies of a user one score. In FM it differs between users only by w_user, "
            "since V plays no part.",
            "The item's row of V is zero, not the user's, the tag's and the decade's: their three pairs stay.",
        ),
    ),
    hints=(
        "Which id do the two movies get, and what stands in its rows of w and V after `fit`?",
        "List the six pairs of user, item, tag and decade. Which are zero, and which contain the user?",
    ),
)
