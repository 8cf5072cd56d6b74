"""Handing out: chapters unsolved and without solutions, stamped; bare ones keep what is needed to work through them."""

import copy
import json
import zipfile

import nbformat
import pytest

from nfm_tutorial.course import carry, commands, demo, judging, release
from nfm_tutorial.course.moved import cell_id
from nfm_tutorial.course.version import version
from nfm_tutorial.exercises.registry import EXERCISES


def read(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return read(release.release(tmp_path_factory.mktemp("out"), "3-4,D7"))


def test_the_chapters_are_there_stamped_and_valid_and_nothing_else_is(out):
    names = {name for name in out if name.endswith(".ipynb")}
    assert names == {judging.file_of(key) for key in ("3", "4", "D7")}
    assert not any("solution" in name or "answers" in name for name in out)
    for name in names:
        nb = nbformat.reads(out[name], 4)
        nbformat.validate(nb)
        assert nb.metadata.nfm_tutorial.version == version()
    assert version() in out["README.txt"] and "The solutions are not in this zip" in out["README.txt"]


def test_what_is_handed_out_is_handed_in_as_not_attempted(out, monkeypatch):
    monkeypatch.setattr(judging, "Process", None)  # nothing runs
    nb = carry.parse(out[judging.file_of("4")].encode())
    assert {row.verdict for row in judging.judge(nb)} == {"not attempted yet"}
    assert all(row.flags == [] for row in judging.judge(nb))


def test_answers_and_what_answers_a_prompt_are_cleared(monkeypatch):
    """Also where the leader has worked in the course's own notebooks."""
    solved = demo.solved("4")
    for cell in solved["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "seen"}]
    code = [cell for cell in solved["cells"] if cell["cell_type"] == "code" and not cell["id"].startswith("exercise-")]
    code[0]["metadata"] = {"jupyter": {"outputs_hidden": True}}
    monkeypatch.setattr(judging, "course", lambda: {"4": solved})
    nb = release.handed_out("4")
    told = {cell["id"]: cell for cell in nb["cells"]}
    for exercise in EXERCISES.of("4").values():
        part = "stub" if exercise.kind == "code" else "answer"
        cell = told[cell_id(exercise.name, part)]
        assert exercise.stub in carry.source(cell) and cell["outputs"] == []
    assert told[code[0]["id"]]["outputs"] == [] and told[code[1]["id"]]["outputs"] != []
    assert "seen" in json.dumps(solved), "the course's own notebook is as it was"


def test_bare_chapters_keep_headings_tasks_and_code(tmp_path):
    files = read(release.release(tmp_path, "4", bare=True))
    nb = nbformat.reads(files[judging.file_of("4")], 4)
    nbformat.validate(nb)
    whole = copy.deepcopy(judging.course()["4"])
    code = [carry.source(cell) for cell in whole["cells"] if cell["cell_type"] == "code"]
    assert [cell.source for cell in nb.cells if cell.cell_type == "code"] == code
    assert not any(cell.outputs for cell in nb.cells if cell.cell_type == "code")
    kept = {cell["id"]: cell for cell in nb.cells if cell.cell_type == "markdown"}
    for cell in whole["cells"]:
        if cell["cell_type"] == "markdown":
            text = carry.source(cell)
            task = cell["id"].startswith("exercise-") or carry.is_answer(cell)
            heads = [line for line in text.splitlines() if line.startswith("#")]
            assert (cell["id"] in kept) == bool(task or heads), cell["id"]
            if task:
                assert kept[cell["id"]].source == text
            elif heads:
                assert set(kept[cell["id"]].source.split("\n\n")) <= set(heads)
    assert len(carry.write(nb)) < len(carry.write(whole)) / 2


def test_all_chapters_by_default(tmp_path):
    assert {name for name in read(release.release(tmp_path)) if name.endswith(".ipynb")} == {
        judging.file_of(key) for key in judging.course()
    }


@pytest.mark.parametrize(
    "text, wanted",
    [("4", ["4"]), ("1-3", ["1", "2", "3"]), ("d7, 2", ["D7", "2"]), ("3,3", ["3"]), ("4-4,D4", ["4", "D4"])],
)
def test_chapters_are_named_in_short(text, wanted):
    assert judging.keys(text) == wanted


@pytest.mark.parametrize("text", ["9", "4-99", "x", "", "D9", "4-1", "1-x", "-1", "../1"])
def test_chapters_that_there_are_not_are_refused(text):
    with pytest.raises(ValueError, match="chapter"):
        judging.keys(text)


def test_the_command_says_that_the_package_holds_the_answers(tmp_path, capsys):
    assert commands.main(["release", str(tmp_path / "new"), "--chapters", "1", "--bare"]) == 0
    said = capsys.readouterr().out
    assert "_1_bare.zip" in said and "holds them all the same" in said
    assert commands.main(["release", str(tmp_path), "--chapters", "77"]) == 1
    assert "there is no chapter 77; the chapters are 1, 2" in capsys.readouterr().err


def test_a_chinese_chapter_is_handed_out_when_it_is_wholly_translated(tmp_path, monkeypatch):
    out = read(release.release(tmp_path, "2", chinese=True))
    nb = carry.parse(out[f"zh/{judging.file_of('2')}"].encode())
    assert "题解" in out["README.txt"] and "第2章" in out["README.txt"] and "make lab EDITION=zh" in out["README.txt"]
    about = read(release.release(tmp_path, "D1", chinese=True))["README.txt"]
    assert "D1章" in about and "第D1" not in about
    assert carry.source(nb["cells"][0]).startswith("# 2. 在MovieLens上使用FM")
    imports = carry.source(next(cell for cell in nb["cells"] if cell["id"] == "exercise-imports"))
    assert "from nfm_tutorial.exercises.zh import" in imports
    half = copy.deepcopy(nb)
    half["cells"][3]["source"] = "Some text." + release.TO_DO
    monkeypatch.setattr(judging, "chinese", lambda key: half)
    with pytest.raises(ValueError, match="chapter 2 is not wholly translated .1 English."):
        release.release(tmp_path / "new", "2", chinese=True)
    monkeypatch.setattr(judging, "chinese", lambda key: {"cells": []})
    with pytest.raises(ValueError, match="has no Chinese edition"):
        release.release(tmp_path / "new", "2", chinese=True)
    assert not (tmp_path / "new").exists()
