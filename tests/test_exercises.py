"""The checks are checked: every right answer passes, every wrong one gets its own diagnosis, nothing escapes."""

import re
from pathlib import Path

import pytest

from nfm_tutorial import exercises
from nfm_tutorial.exercises.declare import Bug, Choice, Code, Value
from nfm_tutorial.exercises.registry import EXERCISES

ANSWERS = Path(__file__).parent / "answers"
CODE = {id: e for id, e in EXERCISES.items() if isinstance(e, Code)}


def cells():
    """(id, right?, what, source with its imports) of every cell of tests/answers."""
    for path in sorted(ANSWERS.glob("ch*.py")):
        imports, *rest = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        imports = imports.partition("\n")[2]
        for cell in rest:
            head, _, source = cell.partition("\n")
            id, kind, what = re.fullmatch(r"(\d\.\d+) (right|wrong): (.+)", head.strip()).groups()
            yield id, kind == "right", what, imports, source


def candidate(id, imports, source):
    names = {}
    exec(compile(imports + source, "answer", "exec"), names)
    return names[EXERCISES[id].function.name]


CELLS = list(cells())


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch):
    monkeypatch.setattr(exercises, "_status", {})
    monkeypatch.setattr(exercises, "_wrong_tries", {})


def label(cell):
    return f"{cell[0]} {cell[2]}"


@pytest.mark.parametrize("cell", [c for c in CELLS if c[1]], ids=label)
def test_right_answer_passes(cell):
    id, _, _, imports, source = cell
    verdict = exercises.check(id, candidate(id, imports, source))
    assert verdict.status == "correct", verdict
    assert repr(verdict) == f"{id} {EXERCISES[id].title}: correct"


@pytest.mark.parametrize("cell", [c for c in CELLS if not c[1]], ids=label)
def test_wrong_answer_gets_its_diagnosis(cell):
    id, _, key, imports, source = cell
    verdict = exercises.check(id, candidate(id, imports, source))
    assert verdict.status == "not right yet", verdict
    assert verdict.mistake == key, verdict
