"""Handing in: the zip holds what the learner wrote and saved, the line says what is known, nothing else happens."""

import copy
import json
import os
import re
import zipfile

import pytest

from nfm_tutorial.course import carry, commands, demo, hand_in, handing_in, judging, submissions, workspace
from nfm_tutorial.course.moved import cell_id
from nfm_tutorial.course.version import version
from nfm_tutorial.exercises import progress
from nfm_tutorial.exercises.registry import EXERCISES

FOUR = "04_neural_factorization_machines.ipynb"


@pytest.fixture
def my(tmp_path, monkeypatch):
    """A working copy: chapter 4 with answers, chapter 1 as it came, D7 with a note, a note of the learner's own."""
    folder = tmp_path / "my"
    (folder / "deeper").mkdir(parents=True)
    note = {"cell_type": "markdown", "id": "note", "metadata": {}, "source": "mine"}
    clinic = demo.answered("D7", {})
    clinic["cells"].append(note)
    files = {"04_neural_factorization_machines.ipynb": demo.solved("4", half=True), "01_x.ipynb": judging.course()["1"]}
    files |= {"deeper/07_bug_clinic.ipynb": clinic}
    files |= {"own.ipynb": {"cells": [note], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}}
    for name, nb in files.items():
        (folder / name).write_bytes(carry.write(nb))
    done = {"pool_by_identity": "correct", "nfm_from_parts": "not right yet", "bug_softmax_axis": "correct"}
    (folder / progress.NAME).write_text(json.dumps({"exercises": done}))
    monkeypatch.chdir(folder)
    return folder


def test_the_zip_holds_the_chapters_that_the_learner_wrote_in(my, capsys):
    path = hand_in("Ada Lovelace", 50, "Pooling has no parameters.")
    assert path == my / "hand_in_Ada_Lovelace.zip"
    with zipfile.ZipFile(path) as archive:
        names = {"hand_in.json", "04_neural_factorization_machines.ipynb", "deeper/07_bug_clinic.ipynb"}
        assert set(archive.namelist()) == names
        saved = archive.read("04_neural_factorization_machines.ipynb")
        line = json.loads(archive.read("hand_in.json"))
    assert saved == (my / "04_neural_factorization_machines.ipynb").read_bytes()
    assert (line["name"], line["version"]) == ("Ada Lovelace", version())
    four, seven = len(EXERCISES.of("4")), len(EXERCISES.of("D7"))
    counts = f"chapter 4: 1 of {four}, chapter D7: 1 of {seven}"
    wanted = f"打卡 | Ada Lovelace | {counts} | 50 min | Pooling has no parameters."
    said = capsys.readouterr().out
    assert wanted in said and line["line"] == wanted
    assert "as last saved" in said and "just a moment ago" in said and str(path) in said


def test_what_the_learner_does_not_say_stays_blank(my, capsys):
    hand_in("小明", chapters="4")
    assert re.search(r"打卡 \| 小明 \| chapter 4: 1 of \d+ \| __ min \| learned: __", capsys.readouterr().out)
    with zipfile.ZipFile(my / "hand_in_小明.zip") as archive:
        assert "deeper/07_bug_clinic.ipynb" not in archive.namelist()


def test_a_hand_in_is_what_the_grader_reads(my):
    path = hand_in("../Eve: x", 30, "a\nb")
    assert path.parent == my and path.name == "hand_in_Eve_x.zip"
    found = submissions.find(my)
    ours = [s for s in found if s.file.startswith(path.name)]
    assert {(s.name, judging.chapter(s.nb)) for s in ours} == {("../Eve: x", "4"), ("../Eve: x", "D7")}
    assert ours[0].line == {"minutes": "30", "learned": "a b"} and ours[0].version == version()


def test_from_the_deeper_chapters_and_from_elsewhere(my, monkeypatch, tmp_path):
    monkeypatch.chdir(my / "deeper")
    assert hand_in("Ada").parent == my
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(handing_in, "ROOT", tmp_path)
    assert hand_in("Ada").parent == my, "my/ of the project"
    assert hand_in("Bo", folder=my) == my / "hand_in_Bo.zip"


def test_nothing_to_hand_in_is_said(my, tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="say who you are"):
        hand_in("  ")
    for placeholder in (*handing_in.PLACEHOLDERS, "Your Name", "“你的名字”"):
        with pytest.raises(ValueError, match="say who you are"):
            hand_in(placeholder)
    with pytest.raises(ValueError, match="of chapter 2"):
        hand_in("Ada", chapters="2")
    with pytest.raises(ValueError, match="no chapter 9"):
        hand_in("Ada", chapters="9")
    with pytest.raises(FileNotFoundError, match="no folder"):
        hand_in("Ada", folder=tmp_path / "none")
    (tmp_path / "bare").mkdir()
    with pytest.raises(ValueError, match="save it first"):
        hand_in("Ada", folder=tmp_path / "bare")
    monkeypatch.setattr(handing_in, "LARGEST", 1000)
    with pytest.raises(ValueError, match="clear its outputs"):
        hand_in("Ada")
    assert not list(my.glob("*.zip")) and not list(my.glob(".hand_in*"))


def test_a_damaged_notebook_or_record_stops_nobody(my, capsys):
    (my / "02_broken.ipynb").write_text("{")
    (my / progress.NAME).write_text("[1]")
    hand_in("Ada")
    said = capsys.readouterr().out
    assert "left out: 02_broken.ipynb" in said and "chapter 4: 0 of" in said


def test_a_learner_whose_only_notebook_is_damaged_hears_so(tmp_path):
    (tmp_path / "02_broken.ipynb").write_text("{")
    with pytest.raises(ValueError, match=r"left out: 02_broken.ipynb \(not JSON"):
        hand_in("Ada", folder=tmp_path)


def test_a_zip_that_can_t_be_written_whole_is_not_written(my, monkeypatch):
    path = hand_in("Ada")
    before = path.read_bytes()
    monkeypatch.setattr(zipfile.ZipFile, "writestr", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        hand_in("Ada")
    assert path.read_bytes() == before and sorted(os.listdir(my)) == sorted({*os.listdir(my)} - {".part"})
    assert not [name for name in os.listdir(my) if name.endswith(".part")]


def test_the_command_does_the_same(my, capsys):
    assert commands.main(["hand-in", "Ada", "--minutes", "50", "--learned", "x", "--chapters", "4"]) == 0
    assert "| 50 min | x" in capsys.readouterr().out
    assert commands.main(["hand-in", "Ada", "--chapters", "2"]) == 1
    assert "error: no notebook" in capsys.readouterr().err


def in_chinese(key, name, text):
    """A chapter of the Chinese edition with the answer to one question."""
    nb = copy.deepcopy(judging.chinese(key))
    (cell,) = [cell for cell in nb["cells"] if cell["id"] == cell_id(name, "answer")]
    cell["source"] = carry.source(cell).replace("TODO", text, 1)
    return carry.write(nb)


def test_from_a_chinese_copy_what_was_written_in_is_handed_in_and_said_in_chinese(my, monkeypatch, capsys):
    files = {"04_x.ipynb": in_chinese("4", "bi_interaction_by_hand", "[1, 2]")}
    files |= {"01_x.ipynb": carry.write(judging.chinese("1")), "deeper/02_x.ipynb": carry.write(judging.chinese("D2"))}
    (my / "zh" / "deeper").mkdir(parents=True)
    for name, content in files.items():
        (my / "zh" / name).write_bytes(content)
    (my / "zh" / progress.NAME).write_text(json.dumps({"exercises": {"bi_interaction_by_hand": "correct"}}))
    (my / "zh" / "02_broken.ipynb").write_text("[]")
    monkeypatch.chdir(my / "zh")
    path = hand_in("小明", 50)
    with zipfile.ZipFile(path) as archive:
        assert set(archive.namelist()) == {"hand_in.json", "04_x.ipynb"}
    said = capsys.readouterr().out
    assert f"打卡 | 小明 | 第4章：1/{len(EXERCISES.of('4'))} | 50分钟 | 学到了：__" in said
    assert "（不是格式4的notebook）" in said and not re.search(r"[a-z]+ [a-z]+ [a-z]+", said.replace(str(my), ""))
    monkeypatch.chdir(my)  # from above: one copy of each chapter, what was saved last of those that are begun
    for earlier, kept in (("zh/04_x.ipynb", FOUR), (FOUR, "zh/04_x.ipynb")):
        os.utime(my / FOUR), os.utime(my / "zh" / "04_x.ipynb"), os.utime(my / earlier, (1, 1))
        with zipfile.ZipFile(hand_in("小明", chapters="4,1")) as archive:
            assert set(archive.namelist()) == {"hand_in.json", kept, "01_x.ipynb"}
        assert "chapter 4: 2 of" in (told := capsys.readouterr().out) and f"chapter 4: {kept}" in told


MINUTES = {"五十分钟": "五十分钟", "50 分": "50分钟", "50 MIN": "50分钟", 50: "50分钟", "": "__分钟", "1小时": "1小时"}
MINUTES |= {"1小时20分": "1小时20分"}


def test_what_is_wrong_is_said_in_chinese_where_the_notebooks_are(my, monkeypatch, capsys):
    (my / "zh").mkdir()
    (my / "zh" / "01_x.ipynb").write_bytes(carry.write(judging.chinese("1")))
    monkeypatch.chdir(my / "zh")
    for given in ({"name": ""}, {"chapters": "9"}, {}, {"chapters": "2"}, {"folder": my / "zh" / "none"}):
        with pytest.raises((ValueError, FileNotFoundError)) as caught:
            hand_in(**{"name": "小明", **given})
        said = str(caught.value).replace(str(my), "")
        assert re.search("[\u4e00-\u9fff]{4}", said) and not re.search(r"[a-z]+ [a-z]+ [a-z]+", said), said
    (my / "zh" / "04_x.ipynb").write_bytes(in_chinese("4", "bi_interaction_by_hand", "[1, 2]"))
    for typed, shown in MINUTES.items():
        hand_in("小明", typed)
        assert f"| {shown} |" in capsys.readouterr().out, typed


def test_an_untouched_copy_of_an_older_version_is_not_handed_in(tmp_path, monkeypatch):
    older = copy.deepcopy(judging.course()["2"])
    older["cells"][2]["source"] = "As it once was."
    put = tmp_path / "course"
    put.mkdir()
    (put / "02_x.ipynb").write_bytes(carry.write(older))
    workspace.update(tmp_path / "my", put)
    monkeypatch.chdir(tmp_path / "my")
    with pytest.raises(ValueError, match="no notebook in"):
        hand_in("Ada")
    nb = demo.solved("2")
    nb["cells"][2]["source"] = "As it once was."
    (tmp_path / "my" / "02_x.ipynb").write_bytes(carry.write(nb))
    with zipfile.ZipFile(hand_in("Ada")) as archive:
        assert "02_x.ipynb" in archive.namelist()
