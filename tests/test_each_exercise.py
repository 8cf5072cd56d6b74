"""What an exercise's file declares holds: right answers pass, wrong ones get their own message, inputs can tell.

tests/answers/NAME.py holds answers as readers write them, where these differ from the declared ones: one cell per
answer, `# %% right: by loops` or `# %% wrong: ` and the beginning of the message (or the key of a general one).
"""

import ast
import linecache
import re
import sys
import types
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from nfm_tutorial import exercises
from nfm_tutorial.exercises import check, judge
from nfm_tutorial.exercises.draw import F32, F64
from nfm_tutorial.exercises.exercise import Exercise, Found, Number
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENT
from nfm_tutorial.exercises.values import plain, to_array

ANSWERS = Path(__file__).parent / "answers"
TASKS = Path(judge.__file__).parent / "tasks"
EACH = {e.name: e for e in EXERCISES.values()}
CODE = {name: e for name, e in EACH.items() if isinstance(e, Exercise)}


def told(exercise, verdict_or_fault, mistake):
    """Whether the message is the mistake's; "{name}" in it stands for anything."""
    blanks = re.sub(r"\\{\w+\\}", ".+", re.escape(mistake.message))
    return re.fullmatch(blanks, verdict_or_fault.message) is not None


def cells():
    """(name, right?, what, source) of every cell in tests/answers."""
    for path in sorted(ANSWERS.glob("*.py")):
        imports, *rest = re.split(r"^# %% ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        for cell in rest:
            head, _, source = cell.partition("\n")
            kind, what = re.fullmatch(r"(right|wrong): (.+)", head.strip()).groups()
            yield path.stem, kind == "right", what, imports.partition("\n")[2] + source


CELLS = list(cells())


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch):
    for name in ("_status", "_wrong_tries", "_given"):
        monkeypatch.setattr(exercises, name, {})


@pytest.mark.parametrize("name", CODE)
def test_right_answers_pass(name):
    exercise = CODE[name]
    assert exercise.rights[0].__name__ == exercise.function.name
    for right in exercise.rights:
        for dtype in (F32, F64):
            assert judge.examine(exercise, right, dtype) is None, (right.__name__, dtype)
    verdict = check(exercise.id, exercise.rights[0])
    assert repr(verdict) == f"{exercise.id} {exercise.title}: correct" and check(name, exercise.rights[-1])


@pytest.mark.parametrize("dtype", [F32, F64], ids=["float32", "float64"])
@pytest.mark.parametrize("name", CODE)
def test_each_wrong_answer_gets_its_own_message(name, dtype, monkeypatch):
    """So no two of them coincide on the inputs drawn."""
    exercise = CODE[name]
    cases = exercise.cases(dtype)  # each answer meets each case once
    monkeypatch.setattr(exercise, "cases", lambda *_: cases)
    monkeypatch.setattr(judge, "attempt", cache(judge.attempt))
    monkeypatch.setattr(judge, "_expected", cache(judge._expected))
    for mistake in exercise.mistakes:
        found = judge.examine(exercise, mistake.answer, dtype)
        assert found is not None and found is not judge.UNFINISHED, f"accepted: {mistake.key}"
        assert told(exercise, found, mistake), f"{mistake.key} is told: {found.message}"
        assert found.key == mistake.key
        assert all(f"{argument} = " in judge.example_text(found) for argument in exercise.arguments)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell[0]} {cell[2]}")
def test_answer_as_a_reader_writes_it(cell):
    name, right, what, source = cell
    names = {}
    exec(compile(source, "answer", "exec"), names)
    verdict = check(name, names[CODE[name].function.name])
    if right:
        assert verdict.correct, verdict
    else:
        assert verdict.status == "not right yet"
        assert verdict.mistake == what or verdict.message.startswith(what.removesuffix(" ...")), verdict


def on_changed_inputs(exercise, change):
    """The published solution, fed with changed numbers."""

    def answer(*arguments):
        return exercise.rights[0](*(change(a) if _is_float(a) else a for a in arguments))

    return answer


def _is_float(value):
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def takes_numbers(exercise):
    """A factory does not: to it they are no more than a sample."""
    return not exercise.factory and any(_is_float(a) for case in exercise.cases() for a in case.args)


@pytest.mark.parametrize("name", [name for name, exercise in CODE.items() if takes_numbers(exercise)])
def test_inputs_tell_numbers_with_many_decimals_and_large_ones(name, monkeypatch):
    exercise = CODE[name]
    monkeypatch.setattr(judge, "diagnose_values", lambda *arguments: (None, 0))  # only whether, not why
    for change in (lambda a: a.half().to(a.dtype), lambda a: a.clamp(-5, 5), lambda a: (a * 100).round() / 100):
        assert judge.examine(exercise, on_changed_inputs(exercise, change)) is not None


@pytest.mark.parametrize("name", CODE)
def test_worked_example_of_the_spec(name):
    exercise = CODE[name]
    assert exercise.worked, "declare the spec's example: @exercise.example"
    arguments, wanted = exercise.worked()
    wanted = to_array(wanted)
    kinds = [ast.unparse(a.annotation) if a.annotation else "" for a in exercise.function.args.args]
    arrays = ["Tensor" in kind or "ndarray" in kind for kind in kinds]
    arguments = [plain(np.array(a) if is_array else a) for a, is_array in zip(arguments, arrays)]
    if exercise.answer:
        assert np.allclose(to_array(exercise.answer(*arguments)), wanted, atol=1e-3)
    else:
        assert not isinstance(exercise.judged(wanted, *arguments), Found)


@pytest.mark.parametrize("name", EACH)
def test_declaration_is_complete(name):
    exercise = EACH[name]
    first, second = exercise.hints
    assert first and second and first != second and (TASKS / f"{name}.py").is_file()
    texts = [exercise.title, first, second]
    if isinstance(exercise, Exercise):
        assert exercise.function.name in exercise.spec and len(exercise.mistakes) >= 3
        assert len({m.key for m in exercise.mistakes}) == len(exercise.mistakes)
        assert all(m.message for m in exercise.mistakes)
        texts += [text for m in exercise.mistakes for text in (m.message, m.hint)]
    elif isinstance(exercise, Number):
        texts += [why for _, why in exercise.wrong] + [exercise.fallback]
    else:
        texts += [why for _, why in exercise.choices]
        assert sum(not why for _, why in exercise.choices) == 1
    for text in texts:
        assert text.isascii(), text  # Windows consoles
        assert not re.search(r"correct|attempted", text), text  # words of the verdicts


def test_no_two_exercises_share_a_title():
    assert len({exercise.title for exercise in EACH.values()}) == len(EACH)


@pytest.mark.parametrize("path", sorted(TASKS.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_a_file_of_the_course_imports_no_other_exercise(path):
    known = {*EACH, *EXPERIMENT.values()}
    assert path.stem in known, "name it in the table of the course: nfm_tutorial/exercises/registry.py"
    found = [n for n in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(n, ast.ImportFrom)]
    assert not [node.module for node in found if node.level == 1 or "tasks" in (node.module or "")]


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("[a-z]*.py")), ids=lambda path: path.stem)
def test_answers_belong_to_an_exercise(path):
    assert path.stem in CODE


def test_the_worked_example_for_contributors_works(monkeypatch):
    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    block = re.search(r"^```python\n(.*?)^```", guide, re.M | re.S)[1]
    assert len(block.splitlines()) < 40
    path = TASKS / "mean_vector.py"
    module = types.ModuleType("nfm_tutorial.exercises.tasks.mean_vector")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(linecache.cache, str(path), (len(block), None, block.splitlines(True), str(path)))
    module.__package__ = "nfm_tutorial.exercises.tasks"
    exec(compile(block, path, "exec"), vars(module))
    monkeypatch.setitem(CODE, "mean_vector", module.exercise.placed("mean_vector", "1.9"))
    test_each_wrong_answer_gets_its_own_message("mean_vector", F32, monkeypatch)
    assert all(judge.examine(module.exercise, right) is None for right in module.exercise.rights)
    test_inputs_tell_numbers_with_many_decimals_and_large_ones("mean_vector", monkeypatch)
    test_worked_example_of_the_spec("mean_vector")
