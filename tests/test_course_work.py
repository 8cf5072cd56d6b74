"""The working copy: made, brought up to date, and nothing that the learner wrote is ever lost."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from nfm_tutorial.course import carry
from nfm_tutorial.course.workspace import ROOT, update

A, OFFER, OFFER_2 = "01_a.ipynb", "01_a (new version).ipynb", "01_a (new version 2).ipynb"
STUB, ANSWER = "def f(x):\n    return TODO", "def f(x):\n    return 2 * x"


def cell(id, source, outputs=()):
    if source.startswith("#") or "(write here)" in source:
        return {"cell_type": "markdown", "id": id, "metadata": {}, "source": source}
    found = {"cell_type": "code", "id": id, "metadata": {}, "source": source.splitlines(keepends=True)}
    return found | {"outputs": list(outputs), "execution_count": None}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


BASE = [("head", "# Chapter"), ("load", "x = 1"), ("task", "# Double it"), ("stub", STUB), ("check", "check('1', f)")]
BASE.append(("question", "Why?\n\n**Your answer:** *(write here)*"))


def save(path, nb):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(carry.write(nb))


def read(path):
    return nbformat.reads(path.read_text(encoding="utf-8"), 4)


def texts(path):
    return [c.source for c in read(path).cells]


@pytest.fixture
def course(tmp_path):
    """course/01_a.ipynb and its solutions, and a working copy in my/."""
    save(tmp_path / "course" / A, notebook(*(cell(*c) for c in BASE)))
    save(tmp_path / "course" / "solutions" / A, notebook(cell("head", "# Answers")))
    return Course(tmp_path)


class Course:
    """What the tests do to the course and to the copy."""

    def __init__(self, folder):
        self.course, self.my = folder / "course", folder / "my"
        self.work()

    def work(self):
        self.report = update(self.my, self.course)
        return "\n".join(self.report.lines)

    def publish(self, **new):
        """A new version: the given cells with new texts (None: without the cell, a new id: one more at the end)."""
        cells = {c["id"]: carry.source(c) for c in carry.parse((self.course / A).read_bytes())["cells"]} | new
        save(self.course / A, notebook(*(cell(*c) for c in cells.items() if c[1] is not None)))

    def write(self, id, source, name=A, after=None):
        """The learner changes a cell, or adds one after another."""
        nb = carry.parse((self.my / name).read_bytes())
        if after:
            nb["cells"].insert(1 + [c["id"] for c in nb["cells"]].index(after), cell(id, source))
        else:
            next(c for c in nb["cells"] if c["id"] == id)["source"] = source
        save(self.my / name, nb)

    def run(self, name=A):
        """The learner runs everything and saves; the last Shift-Enter adds an empty cell."""
        nb = carry.parse((self.my / name).read_bytes())
        for c in nb["cells"]:
            if c["cell_type"] == "code":
                c["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "mine\n"}]
        nb["cells"].append(cell(f"empty{len(nb['cells'])}", ""))
        save(self.my / name, nb | {"metadata": {"kernelspec": {"name": "python3", "display_name": "P"}}})

    def files(self):
        return sorted(p.relative_to(self.my).as_posix() for p in self.my.rglob("*.ipynb") if ".old" not in p.parts)


def test_the_first_call_copies_everything_and_the_second_changes_nothing(course):
    assert course.files() == [A, f"solutions/{A}"]
    assert (course.my / A).read_bytes() == (course.course / A).read_bytes()
    before = {p: p.stat().st_mtime_ns for p in course.my.rglob("*.ipynb")}
    assert "2 up to date" in course.work() and not course.report.failed
    assert before == {p: p.stat().st_mtime_ns for p in course.my.rglob("*.ipynb")}


def test_what_the_learner_left_alone_is_updated(course):
    course.publish(load="x = 2")
    assert "you had changed nothing" in course.work()
    assert "x = 2" in texts(course.my / A) and course.files() == [A, f"solutions/{A}"]
    assert "x = 1" in texts(next((course.my / ".old").glob("01_a.*.ipynb")))


def test_what_the_learner_only_ran_is_updated_and_its_outputs_are_kept(course):
    course.run()
    assert "up to date" in course.work() and "mine" in (course.my / A).read_text()
    course.publish(load="x = 2")
    assert ".old/" in course.work()
    (old,) = (course.my / ".old").glob("*.ipynb")
    assert "mine" in old.read_text() and texts(course.my / A) == texts(course.course / A)


def test_new_outputs_alone_disturb_nobody(course):
    course.write("stub", ANSWER)
    nb = carry.parse((course.course / A).read_bytes())
    nb["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    save(course.course / A, nb)
    course.work()
    assert course.files() == [A, f"solutions/{A}"] and ANSWER in texts(course.my / A)


def test_a_new_version_stands_beside_with_answers_notes_and_added_cells(course):
    course.write("stub", ANSWER)
    course.write("question", "Why?\n\n**Your answer:** because (write here)")
    course.write("extra", "print(f(3))", after="check")
    course.write("load", "x = 10  # tried")
    mine = (course.my / A).read_bytes()
    course.publish(task="# Double it, please", more="y = 1")
    said = course.work()
    assert (course.my / A).read_bytes() == mine, "the learner's file is never written"
    assert f"{A}: new version: {OFFER} (your cells: 3 carried, 1 added)" in said
    note, *rest = texts(course.my / OFFER)
    assert "new version of the chapter" in note and f"[{A}]({A})" in note
    expected = ["# Chapter", "x = 10  # tried", "# Double it, please", ANSWER, "check('1', f)", "print(f(3))"]
    assert rest == [*expected, "Why?\n\n**Your answer:** because (write here)", "y = 1"]
    nbformat.validate(read(course.my / OFFER))
    (course.my / OFFER).touch()
    before = (course.my / OFFER).stat().st_mtime_ns
    course.work()
    assert (course.my / OFFER).stat().st_mtime_ns == before, "offered once"


def test_where_both_changed_a_cell_both_stand_there(course):
    course.write("stub", ANSWER)
    course.write("load", "x = 10")
    new = "def f(x, y):\n    return TODO"
    course.publish(stub=new, load="import os\nx = 2")
    course.work()
    found = texts(course.my / OFFER)
    at = found.index(new)
    assert found[at + 2] == ANSWER and "yours" in found[at + 1], "the answer counts when the cells are run in order"
    assert found[found.index("import os\nx = 2") + 2] == "```python\nx = 10\n```", "what is no answer can't break a run"


def test_the_answer_to_a_removed_exercise_is_kept_at_the_end(course):
    course.write("stub", ANSWER)
    course.publish(stub=None, check=None)
    assert "1 kept" in course.work()
    assert "earlier copy" in texts(course.my / OFFER)[-2] and ANSWER in texts(course.my / OFFER)[-1]


def test_who_deletes_the_old_copy_gets_the_new_one_under_its_name(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    (course.my / A).unlink()
    course.work()
    assert course.files() == [A, f"solutions/{A}"] and {ANSWER, "x = 2"} <= set(texts(course.my / A))
    course.publish(load="x = 3")  # and the answers in it are the learner's from then on
    course.work()
    assert {ANSWER, "x = 3"} <= set(texts(course.my / OFFER)) and "x = 2" in texts(course.my / A)
    assert sum("new version of the chapter" in text for text in texts(course.my / OFFER)) == 1


def test_who_renames_the_new_version_by_hand_is_up_to_date(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    os.replace(course.my / OFFER, course.my / A)
    course.work()
    assert course.files() == [A, f"solutions/{A}"]


def test_who_deletes_the_new_version_is_not_asked_again(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    (course.my / OFFER).unlink()
    course.work()
    assert course.files() == [A, f"solutions/{A}"]
    course.publish(load="x = 3")
    course.work()
    assert "x = 3" in texts(course.my / OFFER)


def test_an_offer_follows_the_learner_until_they_work_in_it(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    course.write("stub", ANSWER + "  # better")
    course.work()
    assert ANSWER + "  # better" in texts(course.my / OFFER)
    course.write("stub", "def f(x):\n    return x + x", OFFER)
    offered = (course.my / OFFER).read_bytes()
    course.publish(load="x = 3")
    course.work()
    assert (course.my / OFFER).read_bytes() == offered
    assert {"def f(x):\n    return x + x", "x = 3"} <= set(texts(course.my / OFFER_2)), "the newest work goes on"


def test_an_offer_that_alone_holds_answers_is_not_made_again_from_older_ones(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    course.write("stub", "def f(x):\n    return x + x", OFFER)
    course.publish(load="x = 3")
    course.work()
    (course.my / OFFER).unlink()  # as its note permits: the newest copy has everything
    course.work()
    assert "def f(x):\n    return x + x" in texts(course.my / OFFER_2)


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b'{\n<<<<<<< HEAD\n "cells": []\n=======\n', "marks of a conflict"),
        (b"[]", "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "not a notebook"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code"}]}', "cell 1"),
        (b'{"nbformat": 4, "cells": [7]}', "cell 1"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_damaged_copy_stays_and_a_good_one_is_offered(course, content, trouble):
    (course.my / A).write_bytes(content)
    assert trouble in course.work()
    assert (course.my / A).read_bytes() == content
    assert (course.my / OFFER).read_bytes() == (course.course / A).read_bytes()
    course.work()
    assert course.files() == [OFFER, A, f"solutions/{A}"] and not course.report.failed


def test_a_file_of_the_learner_that_has_the_name_of_an_offer_stays(course):
    save(course.my / OFFER, notebook(cell("z", "my own")))
    own = (course.my / OFFER).read_bytes()
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    assert (course.my / OFFER).read_bytes() == own and ANSWER in texts(course.my / OFFER_2)
    course.write("stub", ANSWER + " + 0")
    course.publish(load="x = 3")
    course.work()
    assert (course.my / OFFER).read_bytes() == own and {"x = 3", ANSWER + " + 0"} <= set(texts(course.my / OFFER_2))


def test_a_damaged_offer_is_not_written_over(course):
    course.write("stub", ANSWER)
    course.publish(load="x = 2")
    course.work()
    (course.my / OFFER).write_bytes(b"{")
    course.publish(load="x = 3")
    course.work()
    assert (course.my / OFFER).read_bytes() == b"{" and {ANSWER, "x = 3"} <= set(texts(course.my / OFFER_2))


def test_a_cell_that_the_learner_deleted_does_not_come_back_in_their_copy(course):
    nb = carry.parse((course.my / A).read_bytes())
    save(course.my / A, notebook(*nb["cells"][:3]))
    course.work()
    assert len(texts(course.my / A)) == 3 and course.files() == [A, f"solutions/{A}"]


@pytest.mark.parametrize("damage", [None, b"{", b"[]", b'{"versions": {"a": 1}, "written": []}', b'{"versions": {}}'])
def test_without_its_record_only_answers_are_carried_and_nothing_is_lost(course, damage):
    course.write("stub", ANSWER)
    mine = (course.my / A).read_bytes()
    (course.my / ".versions.json").unlink()
    if damage is not None:
        (course.my / ".versions.json").write_bytes(damage)
    course.work()
    assert course.files() == [A, f"solutions/{A}"], "all but the answer is there: the copy is of this version"
    (course.my / ".versions.json").unlink()
    course.publish(load="x = 2")
    course.work()
    assert (course.my / A).read_bytes() == mine and {ANSWER, "x = 2"} <= set(texts(course.my / OFFER))
    assert "x = 1" not in "".join(texts(course.my / OFFER)), "nobody knows whether the learner wrote this"


def test_cells_are_found_again_in_a_copy_that_lost_its_ids(course):
    course.write("stub", ANSWER)
    nb = carry.parse((course.my / A).read_bytes())
    for c in nb["cells"]:
        del c["id"]
    save(course.my / A, nb | {"nbformat_minor": 4})
    course.publish(load="x = 2")
    assert "1 carried" in course.work()
    assert texts(course.my / OFFER)[1:] == ["# Chapter", "x = 2", "# Double it", ANSWER, "check('1', f)", BASE[-1][1]]


def test_who_worked_in_the_course_folder_and_then_put_it_back_finds_the_answers(course):
    course.publish(stub=ANSWER)  # by mistake in notebooks/, not in my/
    course.work()
    course.publish(stub=STUB, load="x = 2")  # git checkout, git pull
    course.work()
    assert ANSWER in everything(course.my)


def test_a_chapter_that_the_course_no_longer_has(course):
    save(course.course / "02_b.ipynb", notebook(cell("head", "# B")))
    course.work()
    course.write("stub", ANSWER)
    shutil.move(course.course / A, course.course / "deeper_a.ipynb")
    (course.course / "02_b.ipynb").unlink()
    said = course.work()
    assert f"{A}: no longer in the course; your copy stays" in said and ANSWER in texts(course.my / A)
    assert not (course.my / "02_b.ipynb").exists() and len(list((course.my / ".old").glob("02_b.*"))) == 1
    assert "no longer" not in course.work()


def test_the_answer_to_an_exercise_that_moved_is_brought_to_its_new_notebook(course):
    old, new = "exercise-1-5-stub", "exercise-one-value-doubled-stub"
    one, other = (notebook(cell("head", "# A"), cell(id, STUB), cell(f"{id}-2", "x = 1")) for id in (old, new))
    save(course.course / "02_b.ipynb", one)
    course.work()
    nb = json.loads((course.my / "02_b.ipynb").read_bytes())  # as the course's earlier version wrote it
    nb["cells"][1] |= {"id": old, "source": ANSWER}
    (course.my / "02_b.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    save(course.course / "02_b.ipynb", notebook(cell("head", "# A")))
    save(course.course / "deeper" / "01_c.ipynb", other)
    said = course.work()
    assert "deeper/01_c.ipynb: answers brought from the notebook that had these exercises: 1" in said
    assert texts(course.my / "deeper" / "01_c.ipynb") == ["# A", ANSWER, "x = 1"]
    assert ANSWER in texts(course.my / "02_b.ipynb")  # and there it stays
    assert "brought" not in course.work() and "with your changes" in course.work()
    course.write(new, STUB, "deeper/01_c.ipynb")
    course.work()
    assert ANSWER not in texts(course.my / "deeper" / "01_c.ipynb")  # what the learner took out stays out


def test_an_exercise_that_stays_in_its_notebook_keeps_its_answer_under_its_new_id(course):
    save(course.course / "02_b.ipynb", notebook(cell("head", "# A"), cell("exercise-1-2-stub", STUB)))
    course.work()
    nb = json.loads((course.my / "02_b.ipynb").read_bytes())
    nb["cells"][1] |= {"id": "exercise-1-2-stub", "source": ANSWER}
    (course.my / "02_b.ipynb").write_text(json.dumps(nb), encoding="utf-8")
    new = notebook(cell("head", "# A, new"), cell("exercise-pairs-by-loops-stub", STUB))
    save(course.course / "02_b.ipynb", new)
    course.work()
    assert texts(course.my / "02_b (new version).ipynb")[1:] == ["# A, new", ANSWER]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that hold for this user")
def test_a_read_only_copy_is_reported_and_the_others_go_on(course):
    (course.my / A).chmod(0o444)
    course.publish(load="x = 2")
    assert "not dealt with" in course.work() and course.report.failed


def test_trouble_with_one_file_is_said_and_the_others_go_on(course, monkeypatch):
    (course.my / A).unlink()
    (course.my / A).mkdir()
    save(course.course / "solutions" / A, notebook(cell("head", "# Better answers")))
    assert f"{A}: not dealt with" in course.work() and course.report.failed
    assert texts(course.my / "solutions" / A) == ["# Better answers"]


def test_a_copy_of_a_read_only_course_can_be_written(course):
    (course.course / A).chmod(0o444)
    (course.my / A).unlink()
    course.work()
    assert (course.my / A).stat().st_mode & 0o200


def test_a_folder_that_will_not_do_is_refused(course, tmp_path):
    for folder in (course.course, course.course / "my", course.course.parent):
        with pytest.raises(ValueError, match="the course's own folder"):
            update(folder, course.course)
    with pytest.raises(FileNotFoundError, match="no notebooks in"):
        update(tmp_path / "new", tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        update(tmp_path / "file", course.course)


def everything(folder):
    """All texts of all files, quotations of code unpacked."""
    found = set()
    for path in folder.rglob("*.ipynb"):
        for c in carry.parse(path.read_bytes())["cells"]:
            quoted = re.fullmatch(r"(`{3,})python\n(.*)\n\1", carry.source(c), re.S)
            found.add(quoted[2] if quoted else carry.source(c))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_no_text_of_the_learner_is_ever_lost(course, seed):
    """Random histories: whatever stands in a visible file before a call stands in some file after it."""
    rng = random.Random(seed)
    for step in range(25):
        ids = [c["id"] for c in carry.parse((course.course / A).read_bytes())["cells"]]
        visible = [p for p in course.my.glob("*.ipynb")]
        act = rng.choice(["write", "write", "add", "run", "publish", "publish", "drop", "delete", "rename", "forget"])
        if act == "publish":
            places = [rng.choice(ids), f"new{step}"]
            course.publish(**{rng.choice(places): f"{rng.choice(['# ', 'TODO ', 'y = '])}{step}"})
        elif act == "drop" and len(ids) > 3:
            course.publish(**{rng.choice(ids): None})
        elif act == "delete" and rng.random() < 0.5:
            rng.choice(visible).unlink()
        elif act == "rename" and len(visible) > 1:
            os.replace(*rng.sample(visible, 2))
        elif act == "forget" and rng.random() < 0.2:
            (course.my / ".versions.json").unlink()
        elif act in ("write", "add", "run"):
            name = rng.choice(visible).name
            there = [c["id"] for c in carry.parse((course.my / name).read_bytes())["cells"]]
            if act == "write":
                course.write(rng.choice(there), f"mine {step}", name)
            elif act == "add":
                course.write(f"own{step}", f"mine ``` {step}", name, after=rng.choice(there))
            else:
                course.run(name)
        before = {text for text in everything(course.my) if text.startswith("mine")}
        course.work()
        assert not course.report.failed and before <= everything(course.my), (step, act)
        for path in course.my.rglob("*.ipynb"):
            nbformat.validate(nbformat.reads(path.read_text(encoding="utf-8"), 4))


def test_links_between_the_copies_of_the_real_course_lead_somewhere(tmp_path):
    update(tmp_path / "my")
    for path in (tmp_path / "my").rglob("*.ipynb"):
        for c in read(path).cells:
            if c.cell_type == "markdown":
                for link in re.findall(r"\]\(([\w./-]+\.ipynb)", c.source):
                    assert (path.parent / link).is_file(), (path.name, link)
    assert len(list((tmp_path / "my").rglob("*.ipynb"))) == len(list((ROOT / "notebooks").rglob("*.ipynb"))) > 10


def test_the_course_notebooks_have_an_id_and_an_answer_place_per_exercise():
    for path in (ROOT / "notebooks").glob("0*.ipynb"):
        nb = carry.parse(path.read_bytes())
        assert len(carry.version(nb)) == len(nb["cells"]), path.name
        assert sum(carry.is_answer(c) for c in nb["cells"]) >= 3, path.name


def test_the_command_works_where_pytorch_is_broken(tmp_path):
    (tmp_path / "torch.py").write_text("raise OSError('no such DLL')")
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-m", "nfm_tutorial", "work", str(tmp_path / "my")]
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0 and "notebooks (" in done.stdout, done.stderr
    command[-1] = str(ROOT / "notebooks")
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr


def test_git_and_the_linter_ignore_the_copy():
    assert "my/" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert 'extend-exclude = ["my"]' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_make_lab_brings_the_copy_up_to_date_and_opens_it():
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nlab: ", 1)[1].split("\n\n", 1)[0]
    assert recipe.index("python -m nfm_tutorial work") < recipe.index("jupyter lab --preferred-dir my")


def test_the_window_opens_with_the_contents_panel():
    layout = json.loads(Path(ROOT / "tools" / "jupyterlab_workspace.json").read_text(encoding="utf-8"))
    left = layout["data"]["layout-restorer:data"]["left"]
    assert left["current"] == "@jupyterlab/toc:plugin" and left["current"] in left["widgets"] and not left["collapsed"]


def test_jupyterlab_has_nothing_to_add_on_opening(tmp_path):
    """It writes the kernel's language into a notebook that has another one, and then asks whether to save."""
    from ipykernel.ipkernel import IPythonKernel

    (tmp_path / "course").mkdir()
    content = (ROOT / "notebooks" / "01_factorization_machines.ipynb").read_bytes()
    (tmp_path / "course" / "01_x.ipynb").write_bytes(content)
    assert update(tmp_path / "my", tmp_path / "course").counts == {"new": 1}
    copy = tmp_path / "my" / "01_x.ipynb"
    mine, theirs = json.loads(copy.read_bytes()), json.loads(content)
    assert mine["metadata"].pop("language_info") == IPythonKernel.language_info
    theirs["metadata"].pop("language_info")
    assert mine == theirs
    before = copy.stat().st_mtime_ns
    assert update(tmp_path / "my", tmp_path / "course").counts == {"up to date": 1}
    assert copy.stat().st_mtime_ns == before
