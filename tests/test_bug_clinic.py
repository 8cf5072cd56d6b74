"""The tests of the bug clinic catch every bug and let every repair pass, also when the repairs are pasted in."""

import json
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from nfm_tutorial import exercises
from nfm_tutorial.exercises.exercise import source_of
from nfm_tutorial.exercises.registry import EXERCISES

ROOT = Path(__file__).resolve().parents[1]
CELLS = nbformat.read(ROOT / "notebooks" / "deeper" / "07_bug_clinic.ipynb", 4).cells
BUGS = {id: exercise for id, exercise in EXERCISES.items() if getattr(exercise, "buggy", "")}
IMPORTS = """import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nfm_tutorial.metrics import auc

"""


def repairs():
    """(id, name, source with imports) of every right answer, the published one of each exercise first."""
    for id, exercise in BUGS.items():
        for right in exercise.rights:
            source = f"{IMPORTS}{source_of(right)}\n"
            yield id, right.__name__, f"{source}\n\n{exercise.function.name} = {right.__name__}\n"
        path = ROOT / "tests" / "answers" / f"{exercise.name}.py"
        imports, *answers = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.M)[1:]
        for head, _, source in (answer.partition("\n") for answer in answers):
            if head.startswith("right: "):
                yield id, head.removeprefix("right: "), imports.partition("\n")[2] + source


def called(exercise):
    """The source of the test that would have caught the bug, with imports and a call of it."""
    name = exercise.function.name
    return f"{IMPORTS}{source_of(exercise.test)}\n\n\ntest_{name}({name})"


EVERY_REPAIR = list(repairs())
REPAIRS = {id: source for id, name, source in reversed(EVERY_REPAIR)}


def section(cells, exercise):
    """The cells from the heading of a bug to the next one."""
    start = next(i for i, cell in enumerate(cells) if cell.source.startswith(f"## {exercise.id} {exercise.title}\n"))
    heads = (i for i, cell in enumerate(cells[start + 1 :], start + 1) if cell.source.startswith("## "))
    return cells[start : next(heads)]


@pytest.mark.parametrize("id", BUGS)
def test_each_section_has_one_check_and_a_test_that_failed(id):
    cells = section(CELLS, BUGS[id])
    assert sum("check(" in cell.source for cell in cells if cell.cell_type == "code") == 1
    shown = [out.get("text", "") for cell in cells if cell.cell_type == "code" for out in cell.outputs]
    assert shown.count("the test fails on the buggy version: True\n") == 1


def test_there_are_ten_and_each_has_a_section():
    heads = [cell.source.splitlines()[0] for cell in CELLS if re.match(r"## D7\.[1-9]", cell.source)]
    assert heads == [f"## {bug.id} {bug.title}" for bug in BUGS.values()] and len(heads) == 10


@pytest.mark.parametrize("id, name, source", EVERY_REPAIR, ids=lambda part: part if len(part) < 60 else "")
def test_its_test_passes_on_every_repair_that_the_check_accepts(id, name, source):
    names = {}
    exec(source, names)
    exec(called(BUGS[id]), names)


@pytest.mark.parametrize("id", BUGS)
def test_its_test_fails_on_the_bug(id):
    exercise, names = BUGS[id], {}
    name = exercise.function.name
    exec(REPAIRS[id], names)  # the imports as well
    exec(exercise.buggy, names)
    names[name] = names[name + "_buggy"]
    with pytest.raises(AssertionError):
        exec(called(exercise), names)


def test_run_all_with_every_repair_pasted_in(monkeypatch, capsys):
    """A solved copy: every check says correct, and every buggy function still fails its test."""
    monkeypatch.setattr(exercises, "_status", {})
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    monkeypatch.chdir(ROOT / "notebooks")
    stubs = {exercise.stub: id for id, exercise in BUGS.items()}
    names = {}
    for cell in (cell for cell in CELLS if cell.cell_type == "code"):
        exec(REPAIRS[stubs[cell.source]] if cell.source in stubs else cell.source, names)
    assert set(exercises._status.items()) == {(id, exercises.CORRECT) for id in BUGS}
    assert capsys.readouterr().out.count("the test fails on the buggy version: True") == 10
    for exercise in BUGS.values():
        name = exercise.function.name
        assert not names["fails"](names[f"test_{name}"], names[name]), exercise.id


VERDICTS = """
def verdicts(repairs):
    found = {}
    for id, (source, test) in repairs.items():
        exercise, names = EXERCISES[id], {}
        name = exercise.function.name
        exec(source, names)
        right = exercises._judge(id, names[name])
        exec(test, names)
        exec(exercise.buggy, names)
        names[name] = names[name + "_buggy"]
        buggy = exercises._judge(id, names[name])
        try:
            exec(test, names)
            caught = False
        except AssertionError:
            caught = True
        found[id] = [right.status, buggy.status, buggy.mistake, caught]
    return found
"""


def test_without_assert_statements_every_verdict_is_the_same():
    """`python -O` leaves every `assert` out."""
    names = {"exercises": exercises, "EXERCISES": EXERCISES}
    given = {id: [source, called(BUGS[id])] for id, source in REPAIRS.items()}
    exec(VERDICTS, names)
    here = names["verdicts"](given)
    assert [(right, buggy, caught) for right, buggy, _, caught in here.values()] == [
        (exercises.CORRECT, exercises.WRONG, True)
    ] * 10
    source = (
        "import json, sys\nfrom nfm_tutorial import exercises\nfrom nfm_tutorial.exercises.registry import EXERCISES\n"
        f"{VERDICTS}\nassert False, 'this is not python -O'\n"
        "print(json.dumps(verdicts(json.load(sys.stdin))))"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", source], input=json.dumps(given), capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == here
