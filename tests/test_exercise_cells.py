"""The exercise cells of the chapters say what the declarations say, and Run All leaves every exercise unattempted."""

import importlib.util
from pathlib import Path

import nbformat
import pytest

from nfm_tutorial.exercises.registry import EXERCISES

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("insert_exercises", ROOT / "tools" / "insert_exercises.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

CHAPTERS = tool.chapters()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_holds_its_exercises_as_declared(path):
    held = [cell for cell in nbformat.read(path, 4).cells if cell.id.startswith("exercise-")]
    declared = tool.exercise_cells(int(path.name[:2]), path.name)
    assert [(c.id, c.source) for c in held] == [(c.id, c.source) for c in declared], (
        "run python tools/insert_exercises.py, then make notebooks"
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_unsolved_chapter_says_not_attempted_everywhere(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if 'check("' in cell.source and cell.cell_type == "code"]
    exercises = [id for id in EXERCISES if id.startswith(f"{int(path.name[:2])}.")]
    assert len(cells) == len(exercises) >= 4
    for cell in cells:
        texts = [out["data"]["text/plain"] for out in cell.outputs if "data" in out]
        assert any("not attempted yet" in text for text in texts), cell.source


def test_inserting_twice_changes_nothing(tmp_path):
    nb = nbformat.v4.new_notebook()
    end = "Reading.\n\n## Exercises\n\nold text\n\n## Question: FM versus NFM feature crossing\n\nWhy?"
    nb.cells = [nbformat.v4.new_markdown_cell(text) for text in ("# 1. Title", end)]
    path = tmp_path / "01_x.ipynb"
    nbformat.write(nb, path)
    tool.insert(path)
    first = path.read_text(encoding="utf-8")
    assert "old text" not in first and "Exercise 1.2" in first
    sources = [cell.source for cell in nbformat.read(path, 4).cells]
    assert sources[1] == "Reading." and sources[-1].endswith("crossing\n\nWhy?")
    tool.insert(path)
    assert path.read_text(encoding="utf-8") == first


def test_a_notebook_without_the_place_is_refused(tmp_path):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# 1. Title")])
    path = tmp_path / "01_x.ipynb"
    nbformat.write(nb, path)
    with pytest.raises(ValueError, match='needs one "## Exercises"'):
        tool.insert(path)
