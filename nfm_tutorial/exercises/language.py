"""In which language the checks speak. English stands in the code; a catalogue holds the messages of another language.

say("There are {n} differences.", n=3)    looks the message up, then fills its blanks
mark("text")                              the text itself: a message that is looked up later

tools/translate.py finds the messages by these two names and writes the catalogues, locale/LANGUAGE.mo beside this file.
"""

from __future__ import annotations

import contextlib
import gettext
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ENGLISH, CHINESE = "en", "zh_CN"
CATALOGUES = Path(__file__).resolve().parent / "locale"
_spoken = [ENGLISH]  # one for the whole process: the checks work in threads of their own


def spoken() -> str:
    """The language that messages have now."""
    return _spoken[-1]


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """Messages in another language."""
    _spoken.append(language)
    try:
        yield
    finally:
        _spoken.pop()


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    path = CATALOGUES / f"{language}.mo"
    if language == ENGLISH or not path.exists():  # where answers are graded there are no catalogues
        return gettext.NullTranslations()
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)


def say(message: str, /, **blanks) -> str:
    """A message in the language that is spoken; a message that its catalogue lacks in English."""
    found = _catalogue(spoken()).gettext(message) if message else ""
    found = found.format(**blanks) if blanks else found
    return re.sub(r"第(D\d+)章", r"\1章", found) if spoken() == CHINESE else found  # chapter D1 is not the D1-st


def mark(message: str) -> str:
    """The message as it is, for a constant that `say` looks up when it is shown."""
    return message


def columns(text: str) -> int:
    """How many columns a text takes in a terminal: a Chinese character takes two."""
    return sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
