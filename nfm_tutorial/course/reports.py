"""What a leader gets: a table (CSV), a page for the evening (HTML), a check-in table to paste, a page to mark by hand.

Everything that learners wrote is escaped. The pages load nothing from anywhere. They are in the language that is
spoken; of the CSV only messages and flags are, so that a program reads the columns and verdicts of both languages.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter, defaultdict
from pathlib import Path

from ..exercises.language import CHINESE, mark, say, spoken
from ..exercises.registry import EXERCISES, EXPERIMENTS
from ..exercises.verdict import CORRECT, NOT_ATTEMPTED, WRONG
from ..files import replacing
from . import judging
from .judging import MISSING, STOPPED, TO_READ

MARKS = {CORRECT: "✓", WRONG: "✗", NOT_ATTEMPTED: "·", MISSING: "–", STOPPED: "!", TO_READ: "✎"}
NAMES = {"csv": "report.csv", "html": "report.html", "md": "check-in.md", "read": "to_read.html"}
STYLE = """body { font: 16px/1.5 sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; color: #222;
background: #fff } table { border-collapse: collapse; margin: 1em 0 }
th, td { border: 1px solid #ccc; padding: .2em .6em; text-align: left; vertical-align: top }
th { background: #f2f2f2 } pre { white-space: pre-wrap; background: #f7f7f7; padding: .6em }
.scroll { overflow-x: auto } .correct { background: #d5f0e6 } .wrong { background: #fbe0cd } .grey { color: #666 }
.beside { display: flex; gap: 1.5em; flex-wrap: wrap } .beside > * { flex: 1 1 26em; min-width: 0 }"""
DEPTHS = mark("A short answer"), mark("A good one"), mark("A very good one")
CLASSES = {CORRECT: "correct", WRONG: "wrong", STOPPED: "wrong", NOT_ATTEMPTED: "grey", MISSING: "grey"}


def write(graded: list, out: Path) -> list[Path]:
    """Write the four files; returns their paths."""
    made = {"csv": table(graded), "html": page(graded), "md": check_in(graded), "read": to_read(graded)}
    paths = []
    for key, text in made.items():
        paths.append(out / NAMES[key])
        with replacing(paths[-1]) as part:  # utf-8-sig: so that Excel reads Chinese names
            encoding = "utf-8-sig" if key == "csv" else "utf-8"
            part.write_text(text, encoding, "backslashreplace", newline="")  # half a surrogate pair is no letter
    return paths


def table(graded: list) -> str:
    """One line per learner and exercise; a file that was not judged has one line of its own."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(["name", "exercise", "verdict", "mistake", "message", "flags", "file"])
    for g in graded:
        if g.trouble:
            kind = "not judged" if g.passed_over else "unreadable"
            rows.writerow(map(_cell, [g.name, "", kind, "", g.trouble, "", g.file]))
        for row in g.rows:
            flags = "; ".join([*row["flags"], *g.flags])
            rows.writerow(
                map(_cell, [g.name, row["exercise"], row["verdict"], row["mistake"], row["message"], flags, g.file])
            )
    return text.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def page(graded: list) -> str:
    """The page for the evening."""
    judged = [g for g in graded if g.rows]
    learners = sorted({g.name for g in judged})
    counts = {"learners": len(learners), "judged": len(judged), "others": len(graded) - len(judged)}
    parts = [_p(say("{learners} learners, {judged} notebooks judged, {others} files not.", **counts))]
    parts += [_h2(say("What to discuss")), _mistakes(judged)]
    for key in dict.fromkeys(g.chapter for g in judged):
        parts += [_h2(say("Chapter {key}", key=key)), _grid([g for g in judged if g.chapter == key])]
    parts += [_h2(say("Per learner")), *(_learner(name, judged) for name in learners)]
    parts += [_h2(say("Flags")), _flags(judged), _h2(say("Files that were not judged")), _troubles(graded)]
    return _html(say("Report"), "\n".join(parts))


def _mistakes(judged: list) -> str:
    """The mistakes, most common first, per exercise, with their messages and who made them."""
    made: dict[tuple, list] = defaultdict(list)
    for g in judged:
        for row in g.rows:
            if row["verdict"] in (WRONG, STOPPED):
                made[row["exercise"], row["mistake"]].append((g.name, row))
    body = []
    for (exercise, _), found in sorted(made.items(), key=lambda item: (-len(item[1]), _number(item[0][0]))):
        message = Counter(row["message"] for _, row in found).most_common(1)[0][0]
        example = next((row["example"] for _, row in found if row["message"] == message), "")
        summary = _safe(say("the input that shows it"))
        shown = f"<details><summary>{summary}</summary><pre>{_safe(example)}</pre></details>"
        names = say(", ").join(sorted({name for name, _ in found}))
        cells = [_title(exercise), str(len(found)), _safe(message) + (shown if example else ""), _safe(names)]
        body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    columns = say("exercise"), say("learners"), say("what the check says"), say("made by")
    head = "".join(map(_th, columns))
    return f"<table><tr>{head}</tr>{''.join(body)}</table>" if body else _p(say("No mistakes were found."))


def _grid(judged: list) -> str:
    """Learners by exercises."""
    ids = list(dict.fromkeys(row["exercise"] for g in judged for row in g.rows))
    head = "".join(f'<th title="{_safe(_plain_title(id))}">{_safe(id)}</th>' for id in ids)
    body = []
    for g in judged:
        by_id = {row["exercise"]: row for row in g.rows}
        cells = []
        for id in ids:
            row = by_id.get(id, {"verdict": MISSING, "message": "", "flags": []})
            verdict = row["verdict"]
            said = say("; ").join(filter(None, [say(verdict), row["message"], *row["flags"]]))
            sign = MARKS.get(verdict, "?") + ("*" if row["flags"] else "")
            cells.append(f'<td class="{CLASSES.get(verdict, "")}" title="{_safe(said)}">{sign}</td>')
        done = sum(row["verdict"] == CORRECT for row in g.rows)
        body.append(f"<tr><td>{_safe(g.name)}</td>{''.join(cells)}<td>{done}</td></tr>")
    counts = [sum(r["verdict"] == CORRECT for g in judged for r in g.rows if r["exercise"] == id) for id in ids]
    foot = "".join(f"<th>{n}</th>" for n in [*counts, sum(counts)])
    flagged, learner, correct = say("has a flag"), _th(say("learner")), _th(say(CORRECT))
    key = say(", ").join([f"{sign} {say(verdict)}" for verdict, sign in MARKS.items()] + [f"* {flagged}"])
    rows = [f"<tr>{learner}{head}{correct}</tr>", *body, f"<tr>{correct}{foot}</tr>"]
    return f'<p class="grey">{_safe(key)}</p><div class="scroll"><table>{"".join(rows)}</table></div>'


def _learner(name: str, judged: list) -> str:
    """What one learner did, with what the check says of each mistake."""
    rows = [row for g in judged if g.name == name for row in g.rows]
    done = [row["exercise"] for row in rows if row["verdict"] == CORRECT]
    open_ = [row["exercise"] for row in rows if row["verdict"] in (NOT_ATTEMPTED, MISSING)]
    wrong = [row for row in rows if row["verdict"] in (WRONG, STOPPED)]
    lines = [_li(say("{place}: {text}", place=_plain_title(row["exercise"]), text=row["message"])) for row in wrong]
    none, comma = say("none"), say(", ")
    lists = {"done": comma.join(done) or none, "open": comma.join(open_) or none}
    lines.append(_li(say("correct: {done}; open: {open}", **lists)))
    summary = _safe(say("{name}: {n} correct", name=name, n=len(done)))
    return f"<details><summary>{summary}</summary><ul>{''.join(lines)}</ul></details>"


def _flags(judged: list) -> str:
    lines = []
    for g in judged:
        where = say("{name}, chapter {key}", name=g.name, key=g.chapter)
        lines += [_li(say("{place}: {text}", place=where, text=flag)) for flag in g.flags]
        for row in g.rows:
            if row["flags"]:
                where = say("{name}, {what}", name=g.name, what=row["exercise"])
                lines.append(_li(say("{place}: {text}", place=where, text=say("; ").join(row["flags"]))))
    note = say("A flag is a question to ask, no verdict: short answers are often equal by chance.")
    return _p(note) + f"<ul>{''.join(lines)}</ul>" if lines else _p(say("Nothing to show."))


def _troubles(graded: list) -> str:
    lines = []
    for g in graded:
        if g.trouble:
            where = say("{name}, {what}", name=g.name, what=g.file)
            lines.append(_li(say("{place}: {text}", place=where, text=g.trouble)))
    return f"<ul>{''.join(lines)}</ul>" if lines else _p(say("Nothing to show."))


def check_in(graded: list) -> str:
    """The check-in table (打卡) in Markdown."""
    columns = say("name"), say("chapter"), say(CORRECT), say("to work on"), say("minutes"), say("learned")
    title = say("Check-in (打卡)")
    lines = [f"# {title}", "", f"| {' | '.join(columns)} |", "| --- | --- | --- | --- | --- | --- |"]
    for g in graded:
        if g.rows:
            count = [row for row in g.rows if row["verdict"] != TO_READ and row["exercise"] in EXERCISES]
            done = say("{n} of {all}", n=sum(row["verdict"] == CORRECT for row in count), all=len(count))
            wrong = say(", ").join(row["exercise"] for row in count if row["verdict"] in (WRONG, STOPPED))
            told = [_pipe(g.line.get(key, "")) for key in ("minutes", "learned")]
            lines.append(f"| {_pipe(g.name)} | {g.chapter} | {done} | {wrong} | {told[0]} | {told[1]} |")
        elif not g.passed_over:
            trouble = say("not readable: {why}", why=g.trouble)
            lines.append(f"| {_pipe(g.name)} |  | {_pipe(trouble)} |  |  |  |")
    return "\n".join(lines) + "\n"


def to_read(graded: list) -> str:
    """Open experiments and closing answers with their rubrics beside them, for people to mark."""
    note = say("No program judges these. The tables are those that the notebooks hold; they were not run again.")
    parts = [_p(note)]
    judged = [g for g in graded if g.rows]
    for id in dict.fromkeys(row["exercise"] for g in judged for row in g.rows if row["verdict"] == TO_READ):
        flat = [" ".join(text.split()) for text in EXPERIMENTS[id].rubric]
        depths = [say("{place}: {text}", place=say(depth), text=say(text)) for depth, text in zip(DEPTHS, flat)]
        rubric = "\n\n".join(depths)
        answers = [(g.name, r["answer"]) for g in judged for r in g.rows if r["exercise"] == id and r["answer"]]
        parts.append(_beside(_title(id), answers, rubric))
    for key in dict.fromkeys(g.chapter for g in judged if g.answers):
        title, rubric = judging.solutions(key)
        answers = [(g.name, text) for g in judged if g.chapter == key for text in g.answers]
        parts.append(_beside(_safe(say("Chapter {key}. {title}", key=key, title=title)), answers, rubric))
    return _html(say("To read"), "\n".join(parts if len(parts) > 1 else [*parts, _p(say("Nothing was handed in."))]))


def _beside(title: str, answers: list, rubric: str) -> str:
    texts = "".join(f"<h3>{_safe(name)}</h3><pre>{_safe(text)}</pre>" for name, text in answers)
    title_of_rubric = "" if rubric.startswith("**") else say("Rubric")  # some have their own
    heading = f"<h3>{_safe(title_of_rubric)}</h3>" if title_of_rubric else ""
    beside = f"<div>{texts}</div><div>{heading}<pre>{_safe(rubric)}</pre></div>"
    return f'<h2>{title}</h2><div class="beside">{beside}</div>'


def _plain_title(id: str) -> str:
    found = EXERCISES.get(id) or EXPERIMENTS.get(id)
    return f"{id} {say(found.title)}" if found else id


def _title(id: str) -> str:
    return _safe(_plain_title(id))


def _number(id: str) -> tuple:
    return tuple(int(n) if n.isdigit() else n for n in re.split(r"(\d+)", id))


def _safe(text) -> str:
    return html.escape(str(text))


def _p(text: str) -> str:
    return f"<p>{_safe(text)}</p>"


def _h2(text: str) -> str:
    return f"<h2>{_safe(text)}</h2>"


def _th(text: str) -> str:
    return f"<th>{_safe(text)}</th>"


def _li(text: str) -> str:
    return f"<li>{_safe(text)}</li>"


def _pipe(text) -> str:
    """A text in a Markdown table."""
    return re.sub(r"([|\\`*_<\[\]])", r"\\\1", " ".join(str(text).split()))


def _html(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width">'
    safe = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    language = "zh-CN" if spoken() == CHINESE else "en"
    start = f'<!DOCTYPE html>\n<html lang="{language}"><head>{head}{safe}<style>{STYLE}</style></head>'
    return f"{start}<body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
