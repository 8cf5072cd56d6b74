"""A solved copy of each chapter: the solutions pasted in place of the stubs. The bug clinic has its own such test."""

import ast
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from nfm_tutorial import exercises
from nfm_tutorial.course.moved import cell_id
from nfm_tutorial.exercises.registry import EXERCISES, chapter_of, solutions_of

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
CHAPTERS = sorted(
    {*NOTEBOOKS.glob("0*.ipynb"), *NOTEBOOKS.glob("deeper/0*.ipynb")} - {*NOTEBOOKS.glob("deeper/*clinic*")}
)


def code_cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def solutions(path):
    """(imports, {id: the cells up to the first that checks it}) of the solutions to the chapter at `path`."""
    imports, *cells = code_cells(solutions_of(path))
    found, pending = {}, []
    for cell in cells:
        pending.append(cell.source)
        checked = re.search(r'check\("(D?\d\.\d+)"', cell.source)
        if checked and checked[1] not in found:
            found[checked[1]], pending = "\n".join(pending), []
    return imports.source, found


def solved_copy(path):
    """The chapter with the solutions pasted in, as a reader would do it."""
    nb = nbformat.read(path, 4)
    imports, solution = solutions(path)
    for cell in nb.cells:
        if cell.id == "exercise-imports":
            cell.source += "\n" + imports
        for id, source in solution.items():
            part = cell.id.removeprefix(cell_id(EXERCISES[id].name))
            if part in ("stub", "answer"):
                cell.source = source
            elif part == "check":
                cell.source = ""  # the solution's cell ends with it
    return nb


def names_used(source):
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_exercises_of_a_solved_copy_are_all_correct(path, monkeypatch):
    monkeypatch.setattr(exercises, "_status", {})
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    monkeypatch.chdir(NOTEBOOKS)
    cells = [cell for cell in solved_copy(path).cells if cell.cell_type == "code" and cell.id.startswith("exercise-")]
    run = {}
    for cell in cells:
        exec(cell.source, run)
    assert exercises._status == {id: exercises.CORRECT for id in EXERCISES.of(chapter_of(path))} != {}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_an_exercise_takes_no_name_that_the_chapter_uses(path):
    """So a reader may run a cell of the chapter again after an exercise, solved or not."""
    chapter = [cell.source for cell in code_cells(path) if not cell.id.startswith("exercise-")]
    used = set().union(*map(names_used, chapter))
    mine = EXERCISES.of(chapter_of(path)).values()
    asked = {exercise.function.name for exercise in mine if exercise.kind == "code"}
    assert not asked & used
