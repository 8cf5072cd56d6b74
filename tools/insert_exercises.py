"""Write each chapter's exercises into its notebook and into its solutions, from their files in nfm_tutorial/exercises.

    python tools/insert_exercises.py      then run what has changed: make notebooks

An exercise is declared once. In a chapter this script replaces the cells between the heading "## Exercises" and the
closing question; in the bug clinic, whose sections tell a story, the five cells of each section that are
declared: buggy code, task, stub, check and test. In the solutions it replaces each cell that ends in a check of a right
answer of that file, and the number and title in the exercise's heading; the first right answer gets a section of its
own if there is none, and so does the rubric of an open experiment. A test compares both with the declarations.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import nbformat

from nfm_tutorial.course.moved import cell_id
from nfm_tutorial.exercises.exercise import Exercise, source_of
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENTS, chapter_of, solutions_of

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
CLINIC = NOTEBOOKS / "deeper" / "07_bug_clinic.ipynb"
HEADING = "## Exercises"
INTRODUCTION = """{heading}

Replace `TODO` and run the check: it names the mistake and shows it on the smallest input. Nothing later depends on an
exercise. [Solutions]({link}). To hand in, save and run `from nfm_tutorial.course import hand_in; hand_in("your name")`
in a new cell."""


def exercise_cells(path: Path) -> list:
    """The cells of a chapter's exercises: introduction, imports, per exercise its task and answer cells, summary."""
    chapter = chapter_of(path)
    exercises = [*EXERCISES.of(chapter).values(), *EXPERIMENTS.of(chapter).values()]
    up = "../" if chapter.startswith("D") else ""
    introduction = INTRODUCTION.format(heading=HEADING, link=f"{up}solutions/{solutions_of(path).name}")
    cells = [_markdown("exercise-introduction", introduction), _code("exercise-imports", imports(exercises))]
    for exercise in exercises:
        id = partial(cell_id, exercise.name)
        task = f"### Exercise {exercise.id}: {exercise.title} *({exercise.kind})*\n\n{exercise.spec}"
        if hasattr(exercise, "choices"):
            choices = zip(exercise.letters, exercise.choices)
            task += "\n\n" + "\n".join(f"- **{letter}.** {text}" for letter, (text, _) in choices)
        cells.append(_markdown(id("task"), task))
        if exercise.kind == "experiment":
            cells.append(_code(id("report"), exercise.stub))
        elif exercise.kind == "code":
            cells.append(_code(id("stub"), exercise.stub))
            cells.append(_code(id("check"), f'check("{exercise.id}", {exercise.function.name});'))
        else:  # one cell, so that the answer to another question is never checked by mistake
            cells.append(_code(id("answer"), f'{exercise.stub}\ncheck("{exercise.id}", answer);'))
    return [*cells, _code("exercise-summary", f'summary("{chapter}");')]


def imports(exercises) -> str:
    """The import lines that the stubs need."""
    open_one = any(exercise.kind == "experiment" for exercise in exercises)
    stubs = "\n".join(exercise.stub for exercise in exercises if exercise.kind != "experiment")
    lines = ["import numpy as np"] if "np." in stubs else []
    if "torch." in stubs:
        lines.append("import torch")
    names = [name for name in ("Tensor", "nn") if re.search(rf"\b{name}\b", stubs.replace("np.ndarray", ""))]
    if names:
        lines.append(f"from torch import {', '.join(names)}")
    own = f"from nfm_tutorial.exercises import TODO, check, {'report, ' if open_one else ''}summary"
    return "\n".join([*lines, *([""] if lines else []), own])


def insert(path: Path) -> None:
    """Replace the cells from "## Exercises" to the closing question. Raises ValueError if either is missing."""
    nb = nbformat.read(path, as_version=4)
    nb.cells = [part for cell in nb.cells for part in _split_at_headings(cell)]
    starts = [i for i, cell in enumerate(nb.cells) if _first_line(cell) == HEADING]
    ends = [i for i, cell in enumerate(nb.cells) if _first_line(cell).startswith("## Question:")]
    if len(starts) != 1 or len(ends) != 1 or starts > ends:
        raise ValueError(f'{path.name} needs one "{HEADING}" before one "## Question: ..."')
    held = {cell.id: cell for cell in nb.cells}
    wanted = exercise_cells(path)
    same = [cell.id in held and held[cell.id].source == cell.source for cell in wanted]
    nb.cells[starts[0] : ends[0]] = [held[c.id] if kept else c for c, kept in zip(wanted, same)]  # with their outputs
    nbformat.write(nb, path)


def clinic_cells(exercise) -> dict[str, tuple[str, str]]:
    """{part: (pattern that finds its cell in a section, its source)} of the declared cells of a bug, in their order."""
    name = exercise.function.name
    task = "**Find the bug before you read on.** Write down the line, and what it does instead.\n\n"
    task += f"### Exercise {exercise.id}: {exercise.title} *({exercise.kind})*\n\n{exercise.spec}"
    fails = f'print("the test fails on the buggy version:", fails(test_{name}, {name}_buggy))'
    return {
        "buggy": (rf"def {name}_buggy\(", exercise.buggy),
        "task": (r"\*\*Find the bug", task),
        "stub": (rf"def {name}\(", exercise.stub),
        "check": (r'check\("', f'check("{exercise.id}", {name});'),
        "test": (rf"def test_{name}\(", f"{source_of(exercise.test)}\n\n\n{fails}"),
    }


def insert_in_clinic(path: Path) -> None:
    """Replace the declared cells of each section of the clinic, which its title finds. Raises ValueError if one is
    missing or in another place."""
    nb = nbformat.read(path, as_version=4)
    heads = [re.match(r"## D?\d+\.\d+ (.*)", cell.source) for cell in nb.cells]
    starts = {head[1]: i for i, head in enumerate(heads) if head}
    for exercise in EXERCISES.of(chapter_of(path)).values():
        if exercise.title not in starts:
            raise ValueError(f'{path.name} needs a section "## {exercise.id} {exercise.title}"')
        head, *cells = nb.cells[starts[exercise.title] :]
        head.source = re.sub(r"^## D?[\d.]+", f"## {exercise.id}", head.source)
        rest = iter(cells[: next((i for i, cell in enumerate(cells) if cell.source.startswith("## ")), len(cells))])
        for part, (pattern, source) in clinic_cells(exercise).items():
            cell = next((cell for cell in rest if re.match(pattern, cell.source)), None)
            if cell is None:
                start = pattern.replace("\\", "")
                raise ValueError(f'{path.name}, section {exercise.id} needs a cell that starts with "{start}"')
            cell.id = cell_id(exercise.name, part)
            if cell.source != source:
                cell.source = source
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
    nbformat.write(nb, path)


def solution_cells(exercise) -> dict[str, str]:
    """{name of a right answer: the source of its cell} of a code exercise, the published one first."""
    return {f.__name__: f'{source_of(f)}\n\n\ncheck("{exercise.id}", {f.__name__});' for f in exercise.rights}


def solve(path: Path) -> None:
    """Bring the cells of the solutions at `path` that hold declared answers up to date."""
    nb = nbformat.read(path, as_version=4)
    chapter = chapter_of(path)
    for exercise in EXERCISES.of(chapter).values():
        for cell in nb.cells:  # the title is the key: numbers change when the course is recut
            pattern = rf"## Exercise D?\d+\.\d+: {re.escape(exercise.title)}(?=\n|$)"
            cell.source = re.sub(pattern, f"## Exercise {exercise.id}: {exercise.title}", cell.source)
        if isinstance(exercise, Exercise):
            _solve(nb, exercise)
    for experiment in EXPERIMENTS.of(chapter).values():
        _advise(nb, experiment)
    nbformat.write(nb, path)


def rubric(experiment) -> str:
    """The cell of an open experiment in the solutions: what answers of three depths say."""
    parts = zip(("A short answer", "A good one", "A very good one"), experiment.rubric)
    heading = f"## Exercise {experiment.id}: {experiment.title}\n\nThe result is yours; here is how to judge it.\n\n"
    return heading + "\n".join(f"- **{depth}:** {' '.join(text.split())}" for depth, text in parts)


def _advise(nb, experiment) -> None:
    start = rf"## Exercise D?\d+\.\d+: {re.escape(experiment.title)}\n"
    cell = next((cell for cell in nb.cells if re.match(start, cell.source)), None)
    if cell is None:
        cell = nbformat.v4.new_markdown_cell(id=f"rubric-{experiment.name.replace('_', '-')}")
        nb.cells.insert(_end_of_exercises(nb), cell)
    cell.source = rubric(experiment)


def _solve(nb, exercise: Exercise) -> None:
    wanted = solution_cells(exercise)
    found = {}
    for cell in nb.cells:
        checked = re.search(r'check\("D?[\d.]+", (\w+)\);?$', cell.source) if cell.cell_type == "code" else None
        if checked and checked[1] in wanted and f"{checked[1]}(" in cell.source:
            found[checked[1]] = cell
            if cell.source != wanted[checked[1]]:
                cell.source, cell.outputs, cell.execution_count = wanted[checked[1]], [], None
    first = next(iter(wanted))
    if first not in found:
        heading = nbformat.v4.new_markdown_cell(f"## Exercise {exercise.id}: {exercise.title}\n\n")
        end = _end_of_exercises(nb)
        nb.cells[end:end] = [heading, nbformat.v4.new_code_cell(wanted[first])]


def _end_of_exercises(nb) -> int:
    starts = (i for i, c in enumerate(nb.cells) if re.match(r"## (?!Exercise)|summary\(", c.source))
    return next(starts, len(nb.cells))


def chapters() -> list[Path]:
    """The notebooks of all chapters but the bug clinic: the core course, then what goes deeper."""
    return sorted(NOTEBOOKS.glob("0*.ipynb")) + sorted({*NOTEBOOKS.glob("deeper/0*.ipynb")} - {CLINIC})


def _split_at_headings(cell) -> list:
    """The cell itself, or several: a heading that this script looks for starts a cell of its own."""
    if cell.cell_type != "markdown":
        return [cell]
    first, *rest = re.split(rf"\n+(?={HEADING}\n|## Question:)", cell.source)
    cell.source = first
    ids = {HEADING: "exercise-place", "## Question:": "question"}
    return [cell] + [
        nbformat.v4.new_markdown_cell(text, id=next(id for start, id in ids.items() if text.startswith(start)))
        for text in rest
    ]


def _first_line(cell) -> str:
    return cell.source.partition("\n")[0] if cell.cell_type == "markdown" else ""


def _markdown(id: str, source: str):
    return nbformat.v4.new_markdown_cell(source, id=id)


def _code(id: str, source: str):
    return nbformat.v4.new_code_cell(source, id=id)


if __name__ == "__main__":
    for notebook in chapters():
        insert(notebook)
        solve(solutions_of(notebook))
        print(notebook.name)
    insert_in_clinic(CLINIC)
    solve(solutions_of(CLINIC))
    print(CLINIC.name)
