"""The exercise cells of the chapters say what the declarations say, and Run All leaves every exercise unattempted."""

import ast
import importlib.util
import re
from pathlib import Path

import nbformat
import pytest

from nfm_tutorial.exercises.exercise import Exercise
from nfm_tutorial.exercises.registry import EXERCISES, chapter_of

ROOT = Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("insert_exercises", ROOT / "tools" / "insert_exercises.py")
tool = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tool)

CHAPTERS = tool.chapters()


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_holds_its_exercises_as_declared(path):
    held = [cell for cell in nbformat.read(path, 4).cells if cell.id.startswith("exercise-")]
    declared = tool.exercise_cells(path)
    assert [(c.id, c.source) for c in held] == [(c.id, c.source) for c in declared], (
        "run python tools/insert_exercises.py, then make notebooks"
    )


def test_clinic_holds_its_exercises_as_declared(tmp_path):
    copy = tmp_path / "deeper" / tool.CLINIC.name
    copy.parent.mkdir()
    copy.write_bytes(tool.CLINIC.read_bytes())
    tool.insert_in_clinic(copy)
    held, wanted = (nbformat.read(path, 4).cells for path in (tool.CLINIC, copy))
    assert [cell.source for cell in held] == [cell.source for cell in wanted], "run python tools/insert_exercises.py"


def test_each_changed_cell_of_the_clinic_is_put_right_and_a_misplaced_one_refused(tmp_path):
    whole, path = nbformat.read(tool.CLINIC, 4), tmp_path / "deeper" / tool.CLINIC.name
    path.parent.mkdir()
    nb = nbformat.read(tool.CLINIC, 4)
    bugs = EXERCISES.of(chapter_of(tool.CLINIC)).values()
    changed = {source for bug in bugs for _, source in tool.clinic_cells(bug).values()}
    for cell in nb.cells:
        if cell.source in changed:
            cell.source += " # old"
        cell.source = re.sub(r"^## D7\.([1-9])", r"## D9.\1", cell.source)
    assert len(changed) == 50
    nbformat.write(nb, path)
    tool.insert_in_clinic(path)
    assert [cell.source for cell in nbformat.read(path, 4).cells] == [cell.source for cell in whole.cells]
    stub = next(i for i, cell in enumerate(whole.cells) if cell.source.startswith("def pair_term("))
    whole.cells[stub : stub + 2] = whole.cells[stub + 1], whole.cells[stub]
    nbformat.write(whole, path)
    with pytest.raises(ValueError, match=r"section D7\.1 needs a cell that starts with .*check"):
        tool.insert_in_clinic(path)


@pytest.mark.parametrize("path", [*CHAPTERS, tool.CLINIC], ids=lambda path: path.stem)
def test_solutions_hold_the_published_answers_as_declared(path, tmp_path):
    held = [cell.source for cell in nbformat.read(tool.solutions_of(path), 4).cells]
    copy = tmp_path / "solutions" / tool.solutions_of(path).name
    copy.parent.mkdir()
    copy.write_bytes(tool.solutions_of(path).read_bytes())
    tool.solve(copy)
    assert [cell.source for cell in nbformat.read(copy, 4).cells] == held, "run python tools/insert_exercises.py"


def test_a_solution_that_is_missing_or_has_another_number_is_put_right(tmp_path):
    chapter = next(path for path in CHAPTERS if chapter_of(path) == "4")
    nb = nbformat.read(tool.solutions_of(chapter), 4)
    whole = [cell.source for cell in nb.cells]
    kept = [cell for cell in nb.cells if not cell.source.startswith("def pool(")]
    id = EXERCISES["nfm_from_parts"].id
    for cell in kept:
        cell.source = cell.source.replace(f"## Exercise {id}:", "## Exercise D4.7:").replace(f'"{id}"', '"D4.7"')
    path = tmp_path / "solutions" / tool.solutions_of(chapter).name
    path.parent.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=kept), path)
    tool.solve(path)
    now = [cell.source for cell in nbformat.read(path, 4).cells]
    assert sorted(source for source in now if "pool(V" in source) == sorted(s for s in whole if "pool(V" in s)
    assert {source for source in whole if f'"{id}"' in source or f"Exercise {id}" in source} <= set(now)


@pytest.mark.parametrize("path", [*CHAPTERS, tool.CLINIC], ids=lambda path: path.stem)
def test_unsolved_chapter_says_not_attempted_everywhere(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if 'check("' in cell.source and cell.cell_type == "code"]
    assert len(cells) == len(EXERCISES.of(chapter_of(path))) >= 1
    for cell in cells:
        texts = [out["data"]["text/plain"] for out in cell.outputs if "data" in out]
        assert any("not attempted yet" in text for text in texts), cell.source


def imported(path):
    """The names that a notebook's cells import."""
    sources = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    nodes = [node for source in sources if "import" in source for node in ast.walk(ast.parse(source))]
    names = [name for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom)) for name in node.names]
    return {name.asname or name.name for name in names}


KNOWN = set().union(*(imported(path) for path in [*CHAPTERS, tool.CLINIC]))


@pytest.mark.parametrize("path", [*CHAPTERS, tool.CLINIC], ids=lambda path: path.stem)
def test_what_a_hint_calls_is_imported_by_its_chapter(path):
    """So a reader who copies a hint gets no NameError."""
    own = imported(path)
    for exercise in EXERCISES.of(chapter_of(path)).values():
        mistakes = exercise.mistakes if isinstance(exercise, Exercise) else ()
        for text in (*exercise.hints, *(text for m in mistakes for text in (m.message, m.hint))):
            named = set(re.findall(r"(?<![\w.])(\w+)\.[a-z]", text)) & KNOWN
            assert named <= own, f"{exercise.name}: {named - own} in {text!r}"


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
