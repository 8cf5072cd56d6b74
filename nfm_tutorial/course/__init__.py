"""The course's own tools: a learner's working copy, and what to check when something fails.

    python -m nfm_tutorial work      the working copy, my/: made, and brought up to date
    python -m nfm_tutorial doctor    what of the installation is in order, with the remedy for what is not
    python -m nfm_tutorial hand-in   a zip of your notebooks for the group; in a notebook: hand_in("your name")

and a leader's: `release` (chapters to hand out), `grade` (a folder of hand-ins), `demo-submissions` (to rehearse).

Importing this needs no more than Python's standard library: it must work where a package is broken. It may use the
package's public modules, and no module of the package knows it, save the command line and the exercises. The modules
that grade, hand in and hand out know the exercises as well.
"""

from __future__ import annotations

DOCTOR = "%run -m nfm_tutorial doctor"


def how_to_ask() -> str:
    """What to send along with a question: one line, for the end of a message to a learner."""
    return f"To ask for help, send the exercise's number, this message, and what `{DOCTOR}` prints in a cell."


def hand_in(name: str, minutes=None, learned: str = "", chapters: str | None = None, folder=None):
    """Zip your notebooks as they are saved, print a check-in line to paste, and return the path of the zip.

    name: yours, as the group knows you. minutes: how long you worked; learned: one sentence; both may be left out.
    chapters: such as "4" or "1-4,D2"; None: every chapter in which you wrote something. folder: of the notebooks; None:
    where this notebook runs. Nothing leaves your machine. Raises ValueError if there is nothing to hand in.
    """
    from .handing_in import hand_in

    return hand_in(name, minutes, learned, chapters, folder)
