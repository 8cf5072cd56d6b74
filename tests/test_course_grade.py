"""Grading: no false "correct", the same diagnoses as in the notebook, and whatever is handed in is survived."""

import copy
import csv
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nfm_tutorial.course import carry, cells, commands, demo, grade, judging, remote, reports, submissions, wire
from nfm_tutorial.course.judging import MISSING, STOPPED, TO_READ, Row
from nfm_tutorial.course.version import version
from nfm_tutorial.exercises import judge as engine
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENTS
from nfm_tutorial.exercises.todo import TODO, Unfinished
from nfm_tutorial.exercises.verdict import CORRECT, NOT_ATTEMPTED, WRONG

LIMITS = remote.Limits(seconds=40, memory=2**30)
POSIX = pytest.mark.skipif(os.name != "posix", reason="Windows has no such limit")
HEAD = "import numpy as np\nimport torch\nfrom torch import Tensor, nn\n"


def id_of(name):
    return EXERCISES.id_of(name)


def notebook_of(name):
    """The chapter of an exercise."""
    return id_of(name).split(".")[0]


@pytest.fixture(scope="module")
def session():
    """One process for all that does not end it; the next one comes by itself."""
    session = judging._Session(LIMITS)
    yield session
    session.close()


def judged(session, name, source, seed=11, **more):
    """The row of one exercise, answered with that source; more: {another exercise: its source}."""
    nb = demo.answered(notebook_of(name), {name: source, **more})
    return judging._Notebook(nb, notebook_of(name)).judge(EXERCISES[name], session, seed)


# --- the ways to a false "correct" ----------------------------------------------------------------------------------

LOOK_UP_X = """
def find(numbers):
    from nfm_tutorial.exercises.registry import EXERCISES
    return EXERCISES["{name}"].answer(*numbers)
"""
WAYS = {
    "the oracle, imported": "{head}\n{stub}\n    from nfm_tutorial.exercises.registry import EXERCISES\n"
    "    return EXERCISES['{name}'].answer(*(np.asarray(a) for a in ({arguments},)))",
    "the oracle, from its file": "{head}\n{stub}\n    import sys\n    sys.path.insert(0, {root!r})\n"
    "    for name in [n for n in sys.modules if n.startswith('nfm_tutorial')]:\n        del sys.modules[name]\n"
    "    from nfm_tutorial.exercises.registry import EXERCISES\n"
    "    return EXERCISES['{name}'].answer(*(np.asarray(a) for a in ({arguments},)))",
    "the oracle, from the frames": "{head}\n{stub}\n    import sys\n    frame = sys._getframe()\n    while frame:\n"
    "        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:\n"
    "            if type(value).__name__ == 'Exercise':\n"
    "                return value.answer(*(np.asarray(a) for a in ({arguments},)))\n        frame = frame.f_back\n",
    "the oracle, from the garbage collector": "{head}\n{stub}\n    import gc\n    for value in gc.get_objects():\n"
    "        if type(value).__name__ == 'Exercise' and getattr(value, 'name', '') == '{name}':\n"
    "            return value.answer(*(np.asarray(a) for a in ({arguments},)))\n",
    "the judge, patched": "{head}\n{stub}\n    import sys\n    for module in list(sys.modules.values()):\n"
    "        for name in ('result_equals', '_fault', '_diagnose', 'close', 'examine', '_examine_code', 'same_value'):\n"
    "            if hasattr(module, name):\n                setattr(module, name, lambda *_, **__: None)\n    return 0.0",
    "the status, written": "{head}\nimport nfm_tutorial.exercises as e\ne._status = {{'{id}': 'correct'}}\n"
    "from nfm_tutorial.exercises import verdict\nverdict.NOT_ATTEMPTED = verdict.WRONG = 'correct'\n"
    "verdict.Verdict.correct = True\n{stub}\n    return 0.0",
    "a thread, left behind": "{head}\nimport threading, time, sys\n\ndef wait():\n"
    "    for _ in range(300):\n        time.sleep(0.01)\n        for module in list(sys.modules.values()):\n"
    "            if isinstance(vars(module).get('_status'), dict):\n"
    "                module._status['{id}'] = 'correct'\n\nthreading.Thread(target=wait, daemon=True).start()\n"
    "{stub}\n    time.sleep(0.01)\n    return 0.0",
    "an array that lies": "{head}\nclass Lie(np.ndarray):\n    shape = property(lambda self: ())\n"
    "    def __array_ufunc__(self, ufunc, *_, **__):\n        return np.full((), ufunc is np.isfinite)\n    def __eq__(self, other):\n"
    "        return True\n    def astype(self, *_, **__):\n        return self\n"
    "    def reshape(self, *_):\n        return self\n\n"
    "{stub}\n    return np.zeros((1, 1)).view(Lie)",
    "a tensor that lies": "{head}\nclass Lie(torch.Tensor):\n    @classmethod\n"
    "    def __torch_function__(cls, func, types, args=(), kwargs=None):\n        return True\n\n"
    "{stub}\n    return torch.zeros(()).as_subclass(Lie)",
}
ASKED = {"pairs_by_identity": "V, x", "pool_by_identity": "V, ids, values", "epoch": ""}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_round_the_task_is_correct(session, way):
    exercise = EXERCISES["pairs_by_identity"]
    start = exercise.stub.splitlines()[0]
    names = {"name": exercise.name, "id": exercise.id, "arguments": "V, x", "root": str(remote.ROOT)}
    source = WAYS[way].format(head=HEAD, stub=start, **names)
    row = judged(session, exercise.name, source)
    assert row.verdict in (WRONG, STOPPED), row


def test_a_table_of_what_the_check_shows_is_not_correct(session):
    """All cases of the notebook's own seed, answered from a table, are some of the grader's at most."""
    for name in ("pairs_by_identity", "eps_that_works", "bug_head_in_the_loop"):
        exercise = EXERCISES[name]
        nothing = engine.examine(exercise, eval(compile(_table(exercise), "table", "eval"), {"torch": torch}))
        assert nothing is None, "the table is right in the notebook"
        first = exercise.stub.splitlines()[0]
        given = ", ".join(exercise.arguments)
        row = judged(session, name, f"{HEAD}table = {_table(exercise)}\n\n{first}\n    return table({given})")
        assert row.verdict == WRONG, (name, row)


def _table(exercise):
    """A function, as source, that knows the notebook's cases alone."""
    from nfm_tutorial.exercises.exercise import Case

    def key(value):
        return tuple(np.asarray(value).ravel().tolist()) if hasattr(value, "shape") else value

    if exercise.name == "bug_head_in_the_loop":
        known = [case.args[0] for case in exercise.cases()]
        return f"lambda k: (lambda z: z.sum(1) if k in {known} else z.sum(1) * 2)"
    known = {}
    for case in exercise.cases():
        assert isinstance(case, Case)
        if exercise.name == "eps_that_works":
            sigma, n = case.args
            known[case.args] = sigma**4 * n * (n - 1) / 2 / 1000
        else:
            known[tuple(key(a) for a in case.args)] = float(exercise.answer(*case.plain))
    find = "tuple(tuple(a.ravel().tolist()) if hasattr(a, 'shape') else a for a in args)"
    return f"lambda *args: {known!r}.get({find}, 0.0)"


def test_trying_every_letter_and_number_finds_nothing(session):
    letters = EXERCISES["where_vectors_come_from"]
    tries = f'answer = "Z"\nfor letter in "ABCD":\n    if check("{letters.id}", letter):\n        answer = letter'
    assert judged(session, letters.name, tries).verdict in (WRONG, NOT_ATTEMPTED)
    number = EXERCISES["auc_by_hand"]
    tries = f"answer = -1\nfor n in range(13):\n    if check('{number.id}', n / 12).correct:\n        answer = n / 12"
    assert judged(session, number.name, tries).verdict == WRONG


def test_a_text_that_is_every_letter_is_its_own_content(session):
    letters = EXERCISES["what_a_trained_h_changes"]
    lie = 'class Any(str):\n    def __eq__(self, other):\n        return True\n    __hash__ = str.__hash__\n'
    for method in ("strip", "upper", "casefold", "lower", "__str__", "__format__"):
        lie += f"    def {method}(self, *_):\n        return '{letters.letters[0]}'\n"
    right = next(x for x, (_, why) in zip(letters.letters, letters.choices) if not why)
    other = next(x for x in letters.letters if x != right)
    assert right == letters.letters[0], "the lie gives the right letter"
    assert judged(session, letters.name, f"{lie}answer = Any('{other}')").verdict == WRONG
    assert judged(session, letters.name, f"{lie}answer = Any('{right}')").verdict == CORRECT
