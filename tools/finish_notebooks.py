"""What a chapter's notebook gets from its own contents, so that no author writes it and none forgets it.

    python tools/finish_notebooks.py      all notebooks; tools/execute_notebooks.py does it after every run

- Minutes, as metadata of each section's heading and each exercise, and in the opening. 100 words or 10 lines of code
  take a minute; an exercise what its kind takes. Open experiments are homework and count apart.
- The outputs of the cells that answer a "**Question.**" are stored, and folded until they are run.
- Each figure's caption is the alternative text of its picture.
- Links to the previous and the next notebook and home, in the last cell.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from nfm_tutorial.course.moved import cell_id
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENTS, chapter_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
WORDS, LINES = 100, 10  # in a minute
MINUTES = {"predict": 4, "pencil and paper": 6, "code": 12}  # of an exercise, by its kind
GUESS, NAVIGATION = "guess-first", "navigation"
PROMPT = "**Question.**"
OPENING = r"\*\*Minutes:\*\*[^\n]*"  # the line that says how long a chapter takes
EDITION = r"^\[中文版\]\([^)\n]*\)$"  # the link to the Chinese edition, which tools/translate.py writes


def words(text: str) -> int:
    """How many words a reader reads: a formula within a line counts as one, code and displayed formulas as none."""
    text = re.sub(r"^```.*?^```", " ", text, flags=re.S | re.M)
    text = re.sub(r"\$\$.*?\$\$|<[^>]+>|(?<=\])\([^)]*\)", " ", text, flags=re.S)
    return len(re.findall(r"\w[\w'’.,-]*", re.sub(r"\$[^$]+\$", " x ", text)))


def lines(source: str) -> int:
    """How many lines of code a reader reads: empty ones do not count."""
    return sum(bool(line.strip()) for line in source.splitlines())


def is_exercise(cell) -> bool:
    """Whether a cell is part of an exercise, whose minutes come from its kind."""
    return cell.id.startswith("exercise-")


def sections(nb) -> list[list]:
    """The cells of the opening and of each section; a section starts with a Markdown cell whose heading is "## ..."."""
    parts = [[]]
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            parts.append([])
        parts[-1].append(cell)
    return parts


def load(cells) -> tuple[int, int]:
    """(words, lines of code) of cells, exercises and links not counted."""
    read = [cell for cell in cells if not is_exercise(cell) and cell.id != NAVIGATION]
    prose = [re.sub(f"(?m){OPENING}|{EDITION}", "", cell.source) for cell in read if cell.cell_type == "markdown"]
    texts = sum(map(words, prose))
    return texts, sum(lines(cell.source) for cell in read if cell.cell_type == "code")


def exercise_minutes(chapter: str) -> dict[str, int]:
    """{name: minutes} of the exercises of a chapter."""
    return {exercise.name: MINUTES[exercise.kind] for exercise in EXERCISES.of(chapter).values()}


def reading_minutes(nb) -> int:
    """Minutes for the text and code of a whole notebook."""
    n_words, n_lines = load(nb.cells)
    return round(n_words / WORDS + n_lines / LINES)


def opening(nb, chapter: str) -> str:
    """The line of the first cell that says how long a chapter takes."""
    reading, exercises = reading_minutes(nb), sum(exercise_minutes(chapter).values())
    homework = ", and one open experiment as homework" if EXPERIMENTS.of(chapter) else ""
    return f"**Minutes:** {reading + exercises}: {reading} to read and run, {exercises} for the exercises{homework}."


def neighbours(path: Path) -> tuple[Path | None, Path | None]:
    """The notebooks before and after one in its folder."""
    row = sorted(path.parent.glob("0*.ipynb"))
    i = row.index(path)
    return (row[i - 1] if i else None), (row[i + 1] if i + 1 < len(row) else None)


def title(path: Path) -> str:
    """The title of a notebook without what follows a colon: "4. Neural Factorization Machines"."""
    return nbformat.read(path, 4).cells[0].source.split("\n")[0].removeprefix("# ").split(":")[0]


def navigation(path: Path) -> str:
    """The last cell: previous, home, next; they work in the working copy, too."""
    before, after = neighbours(path)
    deeper = path.parent.name == "deeper"
    links = [f"← [{title(before)}]({before.name})"] if before else []
    links.append(f"[Home]({'../' * (1 + deeper)}README.md)")
    return " · ".join([*links, *([f"[{title(after)}]({after.name}) →"] if after else [])])


def finish(nb, path: Path) -> None:
    """Put all of it into the notebook `nb` of the chapter at `path`."""
    chapter = chapter_of(path)
    nb.cells[0].source = re.sub(OPENING, opening(nb, chapter), nb.cells[0].source)
    by_id = {cell_id(name, "task"): m for name, m in exercise_minutes(chapter).items()}
    heads = {id(part[0]): part for part in sections(nb)}
    for cell in nb.cells:
        cell.metadata.pop("minutes", None)
        if cell.id in by_id:
            cell.metadata["minutes"] = by_id[cell.id]
        elif id(cell) in heads:
            n_words, n_lines = load(heads[id(cell)])
            cell.metadata["minutes"] = round(n_words / WORDS + n_lines / LINES, 1)
    fold(nb)
    describe(nb)
    nb.cells = [cell for cell in nb.cells if cell.id != NAVIGATION]
    nb.cells.append(nbformat.v4.new_markdown_cell(navigation(path), id=NAVIGATION))


def fold(nb) -> None:
    """Tag the code cells between a question and the next text, and store their outputs folded."""
    asked = False
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            asked = PROMPT in cell.source
            continue
        tags = [tag for tag in cell.metadata.get("tags", []) if tag != GUESS]
        cell.metadata.pop("jupyter", None)
        if asked and not is_exercise(cell):
            tags.append(GUESS)
            cell.metadata["jupyter"] = {"outputs_hidden": True}
        cell.metadata.pop("tags", None)
        if tags:
            cell.metadata["tags"] = tags


def describe(nb) -> None:
    """Store each caption as the alternative text of the picture above it."""
    for cell, after in zip(nb.cells, nb.cells[1:]):
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}) and after.source.startswith("*Figure"):
                text = after.source.split("\n\n")[0].replace("\n", " ").strip("*")
                text = re.sub(r"^Figure(?: \d+)?\. ", "", text)
                output.metadata.setdefault("image/png", {})["alt"] = text


def is_chapter(path: Path) -> bool:
    """Whether a notebook is a chapter of the course, and not its solutions or somebody's own."""
    return path.resolve().parent in (NOTEBOOKS, NOTEBOOKS / "deeper") and bool(re.match(r"0\d_", path.name))


def chapters() -> list[Path]:
    """All chapters in reading order."""
    return [*sorted(NOTEBOOKS.glob("0*.ipynb")), *sorted(NOTEBOOKS.glob("deeper/0*.ipynb"))]


def main() -> None:
    for path in chapters():
        nb = nbformat.read(path, as_version=4)
        finish(nb, path)
        nbformat.validate(nb)
        path.write_text(nbformat.writes(nb).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        n_words, n_lines = load(nb.cells)
        print(f"{path.name}: {n_words} words, {n_lines} lines of code; {opening(nb, chapter_of(path))[13:]}")


if __name__ == "__main__":
    sys.exit(main())
