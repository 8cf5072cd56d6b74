"""What a check says: one text that is the same on every machine, plain and in colour."""

from __future__ import annotations

import html
import re
import sys
import textwrap
from dataclasses import dataclass, field

from .language import ENGLISH, columns, mark, say, speaking, spoken

NOT_ATTEMPTED, CORRECT = mark("not attempted yet"), mark("correct")
WRONG, UNKNOWN = mark("not right yet"), mark("unknown exercise")
REPORTED = mark("reported")  # an open experiment whose report has the right form
# Okabe-Ito: told apart by readers who do not see red and green as two colours; the words say it as well.
COLOURS = {NOT_ATTEMPTED: "#0072B2", CORRECT: "#009E73", REPORTED: "#009E73", WRONG: "#D55E00", UNKNOWN: "#D55E00"}
WIDTH = 100


def _badge(status: str) -> str:
    """A status in white on its colour, which can be read in light and dark themes."""
    colour = COLOURS[status.split(" (")[0]]
    style = f"background: {colour}; color: white; padding: 0 0.4em; border-radius: 3px;"
    return f'<b style="{style}">{status_text(status)}</b>'


_NOTES = (mark("earlier"), mark("{n} try"), mark("{n} tries"), mark("{n} result"), mark("{n} results"))


def status_text(status: str) -> str:
    """A status and the note behind it, as in "not right yet (2 tries)", in the language that is spoken."""
    status, _, note = status.partition(" (")
    if not note:
        return say(status)
    n = re.sub(r"\D", "", note)
    note = say(note[:-1].replace(n, "{n}") if n else note[:-1]).replace("{n}", n)
    return say("{status} ({note})", status=say(status), note=note)


def wrapped(text: str) -> list[str]:
    """The lines of one part of a verdict. Chinese has no spaces to break at: it may break at every character."""
    if spoken() == ENGLISH:
        return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ")
    lines, line = [], "  "
    for part in re.findall(r"[!-~]+ ?|\s|[^!-~\s][，。：；！？、）”’》]*", text):  # no line begins with a full stop
        if columns(line + part.rstrip()) > WIDTH:
            lines.append(line.rstrip())
            line = "    "
        line += part
    return [*lines, line.rstrip()]


class Spoken:
    """What is shown in the language in which it was said, also when it is shown later."""

    language: str

    def __repr__(self) -> str:
        with speaking(self.language):
            return self._text()

    __str__ = __repr__

    def _repr_html_(self) -> str:
        with speaking(self.language):
            return self._html()

    def _ipython_display_(self) -> None:
        show(self)


@dataclass(frozen=True)
class Fault:
    """Why a candidate is not right.

    message: what is wrong, one sentence. hint: for the first try (the exercise's own if empty). key: names a known
    mistake. shown: lines with the input that shows it. expected, got: for that input. printed: what the code printed.
    slip: a slip of form (quotes, a class, no number at all), which counts as no try.
    """

    message: str
    hint: str = ""
    key: str = ""
    shown: tuple[str, ...] = ()
    expected: str = ""
    got: str = ""
    printed: str = ""
    slip: bool = False


@dataclass(frozen=True, eq=False, repr=False)
class Verdict(Spoken):
    """The answer of `check`. Shown by itself in a notebook; true in an `if` or `assert` when the answer is correct.

    id, title: of the exercise. status: "not attempted yet", "correct", "not right yet" or "unknown exercise".
    message: what is wrong. mistake: the name of the known mistake, if it is one. example: the smallest input that shows
    it, with expected and got. hint: the newest; earlier: the hints before it, which stay visible.
    """

    id: str
    title: str
    status: str
    message: str = ""
    mistake: str = ""
    example: str = ""
    hint: str = ""
    earlier: tuple[str, ...] = ()
    language: str = field(default_factory=spoken)

    @property
    def correct(self) -> bool:
        return self.status == CORRECT

    def __bool__(self) -> bool:
        return self.correct

    def _text(self) -> str:
        name = f"{self.id} {self.title}".strip() or "check"
        lines = [say("{name}: {text}", name=name, text=say(self.status))]
        for label, text in self._parts():
            if "\n" in text:
                lines += ["  " + say("{name}:", name=label), *(f"    {line}" for line in text.splitlines())]
            else:
                lines += wrapped(say("{name}: {text}", name=label, text=text))
        return "\n".join(lines)

    def _html(self) -> str:
        colour = COLOURS[self.status]
        parts = [
            f'<div style="border-left: 5px solid {colour}; padding: 0.3em 0.9em; margin: 0.3em 0;">',
            f"<b>{html.escape(self.id)}</b> "
            + say("{name}: {text}", name=html.escape(self.title), text=_badge(self.status)),
        ]
        for label, text in self._parts():
            text = html.escape(text)
            if "\n" in text:
                text = f'<pre style="margin: 0.2em 0 0.2em 1em;">{text}</pre>'
            parts.append(f'<div style="margin-top: 0.3em;"><b>{say("{name}:", name=label)}</b> {text}</div>')
        return "".join([*parts, "</div>"])

    def _parts(self) -> list[tuple[str, str]]:
        example = self.example if "\n" in self.example or not self.example else self.example + "\n"
        parts = [(say("What is wrong"), self.message), (say("Smallest input that shows it"), example)]
        parts += [(say("Earlier hint"), text) for text in self.earlier]
        parts += [(say("Hint"), self.hint)]
        return [(label, text) for label, text in parts if text]


@dataclass(frozen=True, eq=False, repr=False)
class Summary(Spoken):
    """What `summary` returns: rows of (id, title, status), and a table of them as text and as HTML.

    experiments: the same of the open experiments, which are no part of the count.
    """

    rows: tuple[tuple[str, str, str], ...]
    chapter: object = None  # the one that was asked for
    experiments: tuple[tuple[str, str, str], ...] = ()
    language: str = field(default_factory=spoken)

    @property
    def n_correct(self) -> int:
        return sum(status.split(" (")[0] == CORRECT for _, _, status in self.rows)

    def _head(self) -> str:
        done = say("{n} of {total} exercises done", n=self.n_correct, total=len(self.rows))
        if not self.experiments:
            return done
        told = {"n": sum(s.split(" (")[0] == REPORTED for _, _, s in self.experiments), "total": len(self.experiments)}
        return done + say("; open experiments: {n} of {total} reported", **told)

    def _text(self) -> str:
        if not self.rows:
            return (
                say("No exercise has been checked in this notebook yet.")
                if self.chapter is None
                else say("There are no exercises of chapter {key}.", key=str(self.chapter)[:20])
            )
        rows = (*self.rows, *self.experiments)
        width = max(columns(title) for _, title, _ in rows)
        padded = [(id, title + " " * (width - columns(title)), status) for id, title, status in rows]
        room = max(5, *(len(id) + 1 for id, _, _ in rows))
        lines = [f"  {id:<{room}}{title}  {status_text(status)}" for id, title, status in padded]
        return "\n".join([self._head(), *lines])

    def _html(self) -> str:
        if not self.rows:
            return f"<div>{html.escape(self._text())}</div>"
        cell = '<td style="text-align: left; padding: 0.1em 0.8em;'
        rows = "".join(
            f'<tr>{cell}">{id}</td>{cell}">{html.escape(title)}</td>{cell}">{_badge(status)}</td></tr>'
            for id, title, status in (*self.rows, *self.experiments)
        )
        return f"<div><b>{self._head()}</b><table>{rows}</table></div>"


_shown: list = [None, None]  # the object shown last, and the number of the cell that showed it


def show(result) -> None:
    """Show a result once: `check` shows its verdict, and the cell's last expression would show it again."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        if not hasattr(sys, "ps1"):  # at the >>> prompt Python itself shows what a call returns
            print(result)
        return
    if _shown[0] is result and _shown[1] == shell.execution_count:
        return
    _shown[:] = result, shell.execution_count
    from IPython.display import display

    display({"text/plain": repr(result), "text/html": result._repr_html_()}, raw=True)
