"""What a chapter gets from its own contents: minutes, folded answers, alternative texts, links to its neighbours."""

import copy
import re
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import finish_notebooks as tool  # noqa: E402

PATH = tool.NOTEBOOKS / "04_neural_factorization_machines.ipynb"
PICTURE = {"image/png": "iVBORw0KGgo=", "text/plain": "<Figure>"}


def small():
    """A chapter of two sections: 13 words and 3 lines of code in the first."""
    picture = new_output("display_data", data=dict(PICTURE))
    return new_notebook(
        cells=[
            new_markdown_cell("# 4. Title: more\n\n**Minutes:** ?", id="opening"),
            new_markdown_cell("## 4.1 Why pool?\n\nSome words.\n\n**Question.** How many of $k = 3$ numbers?", id="a"),
            new_code_cell("x = 1\n\nprint(x)", id="answer", metadata={"tags": ["nbval-ignore-output"]}),
            new_code_cell("plt.show()", id="figure", outputs=[picture]),
            new_markdown_cell("*Figure 2. A line\nrises.*", id="caption"),
            new_code_cell("y = 2", id="after", metadata={"tags": ["guess-first"], "jupyter": {"outputs_hidden": True}}),
            new_markdown_cell("## 4.2 And then?\n\nMore.", id="b"),
            new_markdown_cell("### Exercise 4.1: Pool", id="exercise-pool-by-identity-task"),
            new_code_cell("check()", id="exercise-pool-by-identity-check"),
        ]
    )


@pytest.mark.parametrize("path", tool.chapters(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_stored_as_finished(path):
    nb = nbformat.read(path, 4)
    finished = copy.deepcopy(nb)
    tool.finish(finished, path)
    assert finished == nb, "run python tools/finish_notebooks.py"


@pytest.mark.parametrize(
    "text, n",
    [
        ("Two words", 2),
        ("FM's x_i v_i: 2,600 words.", 5),
        ("The vector $v_i \\odot v_j$ has $k$ entries", 6),
        ("Then\n\n$$\na = b + c\n$$\n\nfollows", 2),
        ("See [the paper](https://example.org/a/b_c.html) now", 4),
        ("<details><summary>Answer</summary>Four</details>", 2),
        ("Run\n\n```\npip install a b c\n```\nonce", 2),
    ],
)
def test_words(text, n):
    assert tool.words(text) == n


def test_finish():
    nb = small()
    tool.finish(nb, PATH)
    cells = {cell.id: cell for cell in nb.cells}
    one, two = (tool.load(part) for part in tool.sections(nb)[1:])
    assert one == (16, 4) and two == (4, 0)
    assert cells["a"].metadata["minutes"] == 0.6 and cells["b"].metadata["minutes"] == 0.0
    assert cells["exercise-pool-by-identity-task"].metadata["minutes"] == 12
    exercises = sum(tool.exercise_minutes("4").values())
    assert f"**Minutes:** {exercises + 1}: 1 to read and run, {exercises} for the exercises" in nb.cells[0].source
    assert cells["answer"].metadata == {
        "tags": ["nbval-ignore-output", "guess-first"],
        "jupyter": {"outputs_hidden": True},
    }
    assert cells["figure"].metadata["jupyter"] == {"outputs_hidden": True} and cells["after"].metadata == {}
    assert cells["figure"].outputs[0].metadata["image/png"]["alt"] == "A line rises."
    assert cells["navigation"] is nb.cells[-1] and "[Home](../README.md)" in nb.cells[-1].source
    assert nb.cells[-1].source.startswith("← [3. ") and nb.cells[-1].source.endswith(" →")
    again = copy.deepcopy(nb)
    tool.finish(again, PATH)
    assert again == nb


def test_the_exercise_of_another_kind_takes_other_minutes():
    assert tool.exercise_minutes("4")["pool_by_identity"] == 12
    assert tool.exercise_minutes("4")["bi_interaction_by_hand"] == 6


def test_navigation_leads_to_files():
    for path in tool.chapters():
        for target in re.findall(r"\]\(([^)]+)\)", tool.navigation(path)):
            assert (path.parent / target).is_file(), (path.name, target)
    assert tool.navigation(tool.chapters()[0]).startswith("[Home]")
    assert "[Home](../../README.md)" in tool.navigation(sorted(tool.NOTEBOOKS.glob("deeper/0*.ipynb"))[0])


def test_somebodys_own_notebook_is_no_chapter(tmp_path):
    assert tool.is_chapter(PATH) and not tool.is_chapter(tmp_path / PATH.name)
    assert not tool.is_chapter(tool.NOTEBOOKS / "solutions" / "answers_01_factorization_machines.ipynb")


def test_the_readme_names_every_chapter_and_its_minutes():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in tool.chapters():
        (line,) = [ln for ln in readme.splitlines() if path.relative_to(ROOT).as_posix() in ln and ln.startswith("|")]
        minutes = re.search(r"\*\*Minutes:\*\* (\d+):", nbformat.read(path, 4).cells[0].source)[1]
        assert line.endswith(f"| {minutes} |"), line


@pytest.mark.parametrize("path", tool.chapters(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_chapter_keeps_to_its_time(path):
    """What is added to a chapter of the core names what it replaces."""
    nb, chapter = nbformat.read(path, 4), tool.chapter_of(path)
    n_words, n_lines = tool.load(nb.cells)
    assert n_words <= 2600 and n_lines <= 220
    if not chapter.startswith("D"):
        prose = [cell for cell in nb.cells if cell.cell_type == "markdown" and not cell.id.endswith("-task")]
        by_white_space = sum(len(cell.source.split()) for cell in prose)  # formulas, links and all, but for the tasks
        assert by_white_space <= 2600, by_white_space
        assert tool.reading_minutes(nb) + sum(tool.exercise_minutes(chapter).values()) <= 90


def test_the_series_stays_a_course():
    assert sum(tool.load(nbformat.read(path, 4).cells)[0] for path in tool.chapters()) <= 31_800
