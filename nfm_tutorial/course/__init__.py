"""The course's own tools: a learner's working copy, and what to check when something fails.

    python -m nfm_tutorial work      the working copy, my/: made, and brought up to date
    python -m nfm_tutorial doctor    what of the installation is in order, with the remedy for what is not

Nothing here needs more than Python's standard library to be imported: it must work where a package is broken. It may
use the package's public modules, and no module of the package knows it, save the command line and the exercises.
"""

from __future__ import annotations

DOCTOR = "%run -m nfm_tutorial doctor"


def how_to_ask() -> str:
    """What to send along with a question: one line, for the end of a message to a learner."""
    return f"To ask for help, send the exercise's number, this message, and what `{DOCTOR}` prints in a cell."
