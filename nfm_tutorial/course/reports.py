"""What a leader gets: a table (CSV), a page for the evening (HTML), a check-in table to paste, a page to mark by hand.

Everything that learners wrote is escaped. The pages load nothing from anywhere.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections import Counter, defaultdict
from pathlib import Path

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
            kind = "not judged" if g.trouble.startswith("not judged") else "unreadable"
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
    parts = [f"<p>{len(learners)} learners, {len(judged)} notebooks judged, {len(graded) - len(judged)} files not.</p>"]
    parts += ["<h2>What to discuss</h2>", _mistakes(judged)]
    for key in dict.fromkeys(g.chapter for g in judged):
        parts += [f"<h2>Chapter {_safe(key)}</h2>", _grid([g for g in judged if g.chapter == key])]
    parts += ["<h2>Per learner</h2>", *(_learner(name, judged) for name in learners)]
    parts += ["<h2>Flags</h2>", _flags(judged), "<h2>Files that were not judged</h2>", _troubles(graded)]
    return _html("Report", "\n".join(parts))


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
        shown = f"<details><summary>the input that shows it</summary><pre>{_safe(example)}</pre></details>"
        names = ", ".join(sorted({name for name, _ in found}))
        cells = [_title(exercise), str(len(found)), _safe(message) + (shown if example else ""), _safe(names)]
        body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "<tr><th>exercise</th><th>learners</th><th>what the check says</th><th>who</th></tr>"
    return f"<table>{head}{''.join(body)}</table>" if body else "<p>No mistakes were found.</p>"


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
            said = "; ".join(filter(None, [row["verdict"], row["message"], *row["flags"]]))
            mark = MARKS.get(row["verdict"], "?") + ("*" if row["flags"] else "")
            cells.append(f'<td class="{CLASSES.get(row["verdict"], "")}" title="{_safe(said)}">{mark}</td>')
        done = sum(row["verdict"] == CORRECT for row in g.rows)
        body.append(f"<tr><td>{_safe(g.name)}</td>{''.join(cells)}<td>{done}</td></tr>")
    counts = [sum(r["verdict"] == CORRECT for g in judged for r in g.rows if r["exercise"] == id) for id in ids]
    foot = "".join(f"<th>{n}</th>" for n in [*counts, sum(counts)])
    key = ", ".join(f"{mark} {_safe(verdict)}" for verdict, mark in MARKS.items())
    rows = [f"<tr><th>learner</th>{head}<th>correct</th></tr>", *body, f"<tr><th>correct</th>{foot}</tr>"]
    return f'<p class="grey">{key}; * has a flag</p><div class="scroll"><table>{"".join(rows)}</table></div>'


def _learner(name: str, judged: list) -> str:
    """What one learner did, with what the check says of each mistake."""
    rows = [row for g in judged if g.name == name for row in g.rows]
    done = [row["exercise"] for row in rows if row["verdict"] == CORRECT]
    open_ = [row["exercise"] for row in rows if row["verdict"] in (NOT_ATTEMPTED, MISSING)]
    wrong = [row for row in rows if row["verdict"] in (WRONG, STOPPED)]
    lines = [f"<li>{_title(row['exercise'])}: {_safe(row['message'])}</li>" for row in wrong]
    lines.append(f"<li>correct: {_safe(', '.join(done) or 'none')}; open: {_safe(', '.join(open_) or 'none')}</li>")
    return f"<details><summary>{_safe(name)}: {len(done)} correct</summary><ul>{''.join(lines)}</ul></details>"


def _flags(judged: list) -> str:
    lines = []
    for g in judged:
        lines += [f"<li>{_safe(g.name)}, chapter {_safe(g.chapter)}: {_safe(flag)}</li>" for flag in g.flags]
        flagged = [row for row in g.rows if row["flags"]]
        lines += [f"<li>{_safe(g.name)}, {_safe(r['exercise'])}: {_safe('; '.join(r['flags']))}</li>" for r in flagged]
    note = "<p>A flag is a question to ask, no verdict: short answers are often equal by chance.</p>"
    return note + f"<ul>{''.join(lines)}</ul>" if lines else "<p>None.</p>"


def _troubles(graded: list) -> str:
    lines = [f"<li>{_safe(g.name)}, {_safe(g.file)}: {_safe(g.trouble)}</li>" for g in graded if g.trouble]
    return f"<ul>{''.join(lines)}</ul>" if lines else "<p>None.</p>"


def check_in(graded: list) -> str:
    """The check-in table (打卡) in Markdown."""
    lines = ["# Check-in (打卡)", "", "| name | chapter | correct | to work on | minutes | learned |"]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for g in graded:
        if g.rows:
            count = [row for row in g.rows if row["verdict"] != TO_READ and row["exercise"] in EXERCISES]
            done = f"{sum(row['verdict'] == CORRECT for row in count)} of {len(count)}"
            wrong = ", ".join(row["exercise"] for row in count if row["verdict"] in (WRONG, STOPPED))
            told = [_pipe(g.line.get(key, "")) for key in ("minutes", "learned")]
            lines.append(f"| {_pipe(g.name)} | {g.chapter} | {done} | {wrong} | {told[0]} | {told[1]} |")
        elif not g.trouble.startswith("not judged"):
            lines.append(f"| {_pipe(g.name)} |  | not readable: {_pipe(g.trouble)} |  |  |  |")
    return "\n".join(lines) + "\n"


def to_read(graded: list) -> str:
    """Open experiments and closing answers with their rubrics beside them, for people to mark."""
    parts = ["<p>No program judges these. The tables are those that the notebooks hold; they were not run again.</p>"]
    judged = [g for g in graded if g.rows]
    for id in dict.fromkeys(row["exercise"] for g in judged for row in g.rows if row["verdict"] == TO_READ):
        depths = zip(("A short answer", "A good one", "A very good one"), EXPERIMENTS[id].rubric)
        rubric = "\n\n".join(f"{depth}: {' '.join(text.split())}" for depth, text in depths)
        answers = [(g.name, r["answer"]) for g in judged for r in g.rows if r["exercise"] == id and r["answer"]]
        parts.append(_beside(_title(id), answers, rubric))
    for key in dict.fromkeys(g.chapter for g in judged if g.answers):
        title, rubric = judging.solutions(key)
        answers = [(g.name, text) for g in judged if g.chapter == key for text in g.answers]
        parts.append(_beside(f"Chapter {_safe(key)}. {_safe(title)}", answers, rubric))
    return _html("To read", "\n".join(parts if len(parts) > 1 else [*parts, "<p>Nothing was handed in.</p>"]))


def _beside(title: str, answers: list, rubric: str) -> str:
    texts = "".join(f"<h3>{_safe(name)}</h3><pre>{_safe(text)}</pre>" for name, text in answers)
    beside = f"<div>{texts}</div><div><h3>Rubric</h3><pre>{_safe(rubric)}</pre></div>"
    return f'<h2>{title}</h2><div class="beside">{beside}</div>'


def _plain_title(id: str) -> str:
    found = EXERCISES.get(id) or EXPERIMENTS.get(id)
    return f"{id} {found.title}" if found else id


def _title(id: str) -> str:
    return _safe(_plain_title(id))


def _number(id: str) -> tuple:
    return tuple(int(n) if n.isdigit() else n for n in re.split(r"(\d+)", id))


def _safe(text) -> str:
    return html.escape(str(text))


def _pipe(text) -> str:
    """A text in a Markdown table."""
    return re.sub(r"([|\\`*_<\[\]])", r"\\\1", " ".join(str(text).split()))


def _html(title: str, body: str) -> str:
    head = f'<meta charset="utf-8"><title>{title}</title><meta name="viewport" content="width=device-width">'
    safe = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    start = f'<!DOCTYPE html>\n<html lang="en"><head>{head}{safe}<style>{STYLE}</style></head>'
    return f"{start}<body>\n<h1>{title}</h1>\n{body}\n</body></html>\n"
