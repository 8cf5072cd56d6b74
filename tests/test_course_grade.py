"""Grading: no false "correct", the same diagnoses as in the notebook, and whatever is handed in is survived."""

import copy
import csv
import io
import json
import os
import re
import subprocess
import sys
import textwrap
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from nfm_tutorial.course import carry, cells, commands, demo, grade, judging, remote, submissions, wire
from nfm_tutorial.course.judging import MISSING, STOPPED, TO_READ, Row
from nfm_tutorial.course.version import version
from nfm_tutorial.exercises import judge as engine
from nfm_tutorial.exercises import language
from nfm_tutorial.exercises.registry import EXERCISES, EXPERIMENTS
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
    """A process for honest code."""
    session = judging._Session(LIMITS)
    yield session
    session.close()


@pytest.fixture(scope="module")
def attacked():
    """A process for all that does harm; where one ends, the next comes by itself."""
    session = judging._Session(LIMITS)
    session.count = -100
    yield session
    session.close()


def judged(session, name, source, seed=11, **more):
    """The row of one exercise, answered with that source; more: {another exercise: its source}."""
    nb = demo.answered(notebook_of(name), {name: source, **more})
    return judging._Notebook(nb, notebook_of(name)).judge(EXERCISES[name], session, seed)


# --- the ways to a false "correct" ----------------------------------------------------------------------------------

WAYS = {  # each of these got a verdict, a status or a summary that said "correct" in the notebook's own process
    "the oracle, imported": """
def pair_sum_fast(V, x):
    from nfm_tutorial.exercises.registry import EXERCISES
    return EXERCISES["pairs_by_identity"].answer(V.double().numpy(), x.double().numpy())
""",
    "the oracle, from its file": """
def pair_sum_fast(V, x):
    import sys
    sys.path.insert(0, "ROOT")
    for name in [name for name in sys.modules if name.startswith("nfm_tutorial")]:
        del sys.modules[name]
    from nfm_tutorial.exercises.registry import EXERCISES
    return EXERCISES["pairs_by_identity"].answer(V.double().numpy(), x.double().numpy())
""",
    "the oracle, from the frames": """
def pair_sum_fast(V, x):
    import sys
    frame = sys._getframe()
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if type(value).__name__ == "Exercise":
                return value.answer(V.double().numpy(), x.double().numpy())
        frame = frame.f_back
""",
    "the oracle, from the garbage collector": """
def pair_sum_fast(V, x):
    import gc
    for value in gc.get_objects():
        if type(value).__name__ == "Exercise" and getattr(value, "name", "") == "pairs_by_identity":
            return value.answer(V.double().numpy(), x.double().numpy())
""",
    "the judge, patched": """
def pair_sum_fast(V, x):
    import sys
    for module in list(sys.modules.values()):
        for name in ("result_equals", "_fault", "_diagnose", "close", "examine", "_examine_code", "same_value"):
            if hasattr(module, name):
                setattr(module, name, lambda *_, **__: None)
    return 0.0
""",
    "the status and the verdict, forged": """
import nfm_tutorial.exercises
from nfm_tutorial.exercises import verdict

nfm_tutorial.exercises._status = {"ID": "correct"}
verdict.NOT_ATTEMPTED = verdict.WRONG = "correct"
verdict.Verdict.correct = True


def pair_sum_fast(V, x):
    return 0.0
""",
    "a thread, left behind": """
import sys, threading, time

def wait():
    for _ in range(300):
        time.sleep(0.01)
        for module in list(sys.modules.values()):
            if isinstance(vars(module).get("_status"), dict):
                module._status["ID"] = "correct"

threading.Thread(target=wait, daemon=True).start()


def pair_sum_fast(V, x):
    time.sleep(0.01)
    return 0.0
""",
    "an array that lies": """
class Lie(np.ndarray):
    shape = property(lambda self: ())

    def __array_ufunc__(self, ufunc, *_, **__):
        return np.full((), ufunc is np.isfinite)

    def __eq__(self, other):
        return True

    def astype(self, *_, **__):
        return self

    reshape = astype


def pair_sum_fast(V, x):
    return np.zeros((1, 1)).view(Lie)
""",
    "a tensor that lies": """
class Lie(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True


def pair_sum_fast(V, x):
    return torch.zeros(()).as_subclass(Lie)
""",
}


@pytest.mark.parametrize("way", WAYS)
def test_no_way_round_the_task_is_correct(attacked, way):
    exercise = EXERCISES["pairs_by_identity"]
    source = HEAD + WAYS[way].replace("ROOT", remote.ROOT.as_posix()).replace("ID", exercise.id)
    row = judged(attacked, exercise.name, source)
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
    lie = "class Any(str):\n    def __eq__(self, other):\n        return True\n    __hash__ = str.__hash__\n"
    for method in ("strip", "upper", "casefold", "lower", "__str__", "__format__"):
        lie += f"    def {method}(self, *_):\n        return '{letters.letters[0]}'\n"
    right = next(x for x, (_, why) in zip(letters.letters, letters.choices) if not why)
    other = next(x for x in letters.letters if x != right)
    assert right == letters.letters[0], "the lie gives the right letter"
    assert judged(session, letters.name, f"{lie}answer = Any('{other}')").verdict == WRONG
    assert judged(session, letters.name, f"{lie}answer = Any('{right}')").verdict == CORRECT


# --- the same as in the notebook ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, right",
    [
        (name, i)
        for name in ("nfm_that_is_fm", "bug_eps_too_large", "nfm_from_parts", "negative_sampling")
        for i in (0, 1)
    ],
)
def test_right_answers_are_correct(session, name, right):
    exercise = EXERCISES[name]
    source = demo.source_of(exercise.rights[right])
    own = exercise.rights[right].__name__
    names = "import copy\nfrom nfm_tutorial.layers import bi_interaction\n"
    alias = f"\n{exercise.function.name} = {own}" if own != exercise.function.name else ""
    row = judged(session, name, HEAD + names + source + alias)
    assert (row.verdict, row.message) == (CORRECT, "")
    assert bool(re.search("published", " ".join(row.flags)))


WRONGS = {
    # changes the argument; returns nothing; forgets the gradient; mixes types; raises; prints; calls a module twice
    "pool_by_identity": "    values *= 2\n    xv = V[ids] * values[..., None] / 2\n"
    "    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))",
    "nfm_from_parts": "    z = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))\n    norm(z)\n"
    "    return first_order + mlp(drop(norm(z))) @ h",
    "deepfm_from_parts": "    print('seen')\n    return first_order.detach() + 0 * first_order.numpy().sum()",
    "bug_eps_too_large": "    norm = nn.BatchNorm1d(z.shape[1])\n    return norm",
    "bug_head_in_the_loop": "    class Head(nn.Module):\n        def __init__(self):\n            super().__init__()\n"
    "            self.h = nn.Parameter(torch.ones(k))\n        def forward(self, z):\n            return z @ self.h\n"
    "    return Head()",
    "nfm_that_is_fm": "    class Own(nn.Module):\n        def __init__(self):\n            super().__init__()\n"
    "            self.fm, self.h = fm, nn.Parameter(torch.ones(1))\n        def forward(self, ids, values):\n"
    "            return self.fm(ids, values) * self.h\n    return Own()",
    "negative_sampling": "    left = [m for m in range(n_movies) if m not in seen]\n"
    "    return np.random.choice(left, n)",
    "l2_of_a_batch": "    return None",
    "lr_to_fm_by_k": "    return w0 + no_such_name",
    "odd_parity": "    return (x for _ in x)",
    "one_value_doubled": "    return V.sum(100)",
}


@pytest.mark.parametrize("name", WRONGS)
def test_a_diagnosis_is_the_one_of_the_notebook(session, name, monkeypatch):
    """With the notebook's own cases: message, mistake, example and all."""
    exercise = EXERCISES[name]
    source = f"{HEAD}{exercise.stub.splitlines()[0]}\n{WRONGS[name]}"
    names = {"FM": __import__("nfm_tutorial.models").models.FM}
    exec(source, names)
    wanted = engine.examine(exercise, names[exercise.function.name])
    monkeypatch.setattr(judging, "fair_seed", lambda id, seed: None)
    row = judged(session, name, source)
    lines = re.compile(r" \(line \d+: .*\)|\d+ more lines")  # the line is known in a notebook alone
    assert (row.verdict, row.mistake) == (WRONG, wanted.key)
    assert lines.sub("", row.message) == lines.sub("", wanted.message)
    assert row.example == engine.example_text(wanted)


def test_an_exception_is_told_with_its_line(session):
    exercise = EXERCISES["pairs_by_loops"]
    row = judged(session, exercise.name, f"{HEAD}{exercise.stub.splitlines()[0]}\n    return V[10_000] @ x")
    assert "IndexError" in row.message and "`return V[10_000] @ x`" in row.message


def test_stubs_classes_and_numbers_are_read_as_in_the_notebook(session):
    exercise = EXERCISES["pool_by_identity"]
    row = judged(session, exercise.name, exercise.stub + "  # later")
    assert row.verdict == NOT_ATTEMPTED, row
    half = f"{exercise.stub.splitlines()[0]}\n    return TODO + 1"
    assert judged(session, exercise.name, half).verdict == NOT_ATTEMPTED
    assert "class" in judged(session, exercise.name, "class pool(nn.Module):\n    pass").message
    assert "cannot be called" in judged(session, exercise.name, "def pool(V):\n    return V").message
    assert judged(session, "auc_by_hand", "answer = '11/12'").verdict == CORRECT
    assert judged(session, "auc_by_hand", "answer = 5 / 6").mistake == "wrong 0"
    assert judged(session, "auc_by_hand", "import torch\nanswer = torch.tensor(11 / 12)").verdict == CORRECT
    assert "SyntaxError" in judged(session, "auc_by_hand", "answer = = 3").message


# --- what can be handed in ------------------------------------------------------------------------------------------

HARMS = {  # what the code does, and what is said of it
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", "gone"),
    "signals its parent": ("import os\nos.kill(os.getppid(), 0)", "PermissionError"),
    "exits": ("import sys\nsys.exit(0)", "SystemExit"),
    "starts a program": ("import subprocess\nsubprocess.run(['sleep', '60'])", "PermissionError"),
    "opens a connection": ("import socket\nsocket.create_connection(('127.0.0.1', 9))", "PermissionError"),
    "writes elsewhere": ("open('ELSEWHERE', 'w').write('x')", "PermissionError"),
    "deletes elsewhere": ("import os\nos.remove('ELSEWHERE')", "PermissionError"),
    "reads the answers": ("return open('ANSWERS').read()", "PermissionError"),
    "prints without end": ("print('x' * 10**8)\nreturn None", "None"),
    "returns too much": ("return torch.zeros(10**7)", "too large"),
    "returns a deep list": ("a = []\nfor _ in range(10**4):\n    a = [a]\nreturn a", ""),
    "speaks on the pipe": ("speak(b'x' * 99)", "gone"),
    "forges a reply": ("speak(struct.pack('>I', len(reply)) + reply)", "nobody had asked"),
    "patches the worker": ("patch('send', 'receive', 'Writer', 'same_value')\nreturn 0.0", ""),
}
TOOLS = """
import json, os, struct, sys

reply = json.dumps({"result": {"is": "float", "v": 0.0}, "times": []}).encode()

def speak(content):
    for number in range(3, 20):
        try:
            os.write(number, content)
        except OSError:
            pass

def patch(*names):
    for module in list(sys.modules.values()):
        for name in names:
            if hasattr(module, name):
                setattr(module, name, None)
"""


@POSIX
@pytest.mark.parametrize("harm", HARMS)
def test_harm_is_a_wrong_answer_and_the_next_exercise_is_judged(attacked, tmp_path, harm):
    body, told = HARMS[harm]
    elsewhere = tmp_path / "kept"
    elsewhere.write_text("as it was")
    answers = Path(engine.__file__).parent / "tasks" / "pairs_by_loops.py"
    first = EXERCISES["pairs_by_loops"].stub.splitlines()[0]
    body = textwrap.indent(body.replace("ELSEWHERE", str(elsewhere)).replace("ANSWERS", str(answers)), "    ")
    row = judged(attacked, "pairs_by_loops", f"{HEAD}{TOOLS}\n{first}\n{body}")
    assert row.verdict in (WRONG, STOPPED) and told in row.message, row
    assert elsewhere.read_text() == "as it was"
    right = demo.answer(EXERCISES["pairs_by_identity"])
    assert judged(attacked, "pairs_by_identity", right).verdict == CORRECT


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its memory")
@pytest.mark.parametrize("hog", ["bytearray(6 * 2**30)", "torch.ones(2**30, dtype=torch.float64)", "'x' * 2**33"])
def test_a_memory_hog_is_told_so(attacked, hog):
    first = EXERCISES["pairs_by_loops"].stub.splitlines()[0]
    row = judged(attacked, "pairs_by_loops", f"{HEAD}{first}\n    return {hog}")
    assert row.verdict == WRONG and re.search("memory", row.message, re.I), row


def test_a_cell_that_never_ends_is_stopped():
    session = judging._Session(remote.Limits(seconds=2))
    try:
        row = judged(session, "one_value_doubled", "import time\nwhile True:\n    time.sleep(1)")
        assert (row.verdict, row.mistake) == (STOPPED, "stopped") and "too long" in row.message
    finally:
        session.close()


def test_nothing_is_left_of_a_process():
    process = remote.Process(LIMITS)
    box, pid = process.box, process.process.pid
    assert (box / "nfm_tutorial" / "models.py").exists() and not (box / "nfm_tutorial" / "exercises" / "tasks").exists()
    assert not list(box.rglob("judge.py")) and not list(box.rglob("registry.py"))
    process.close()
    assert not box.exists()
    if os.name == "posix":
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="what leaves the group is found on Linux alone")
def test_what_left_its_group_is_ended_as_well():
    token = "test" + os.urandom(4).hex()
    leave = "import subprocess, sys; subprocess.Popen(['sleep', '300'], start_new_session=True); sys.stdin.read()"
    env = os.environ | {remote.TOKEN: token}
    parent = subprocess.Popen([sys.executable, "-c", leave], stdin=subprocess.PIPE, env=env, start_new_session=True)
    wanted = f"{remote.TOKEN}={token}".encode()

    def running():
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                found += [entry.parent.name] if wanted in entry.read_bytes() else []
            except OSError:
                continue
        return found

    while len(running()) < 2:
        time.sleep(0.02)
    remote.end(parent, token)
    end = time.monotonic() + 10
    while running() and time.monotonic() < end:
        time.sleep(0.02)
    assert running() == []
    parent.stdin.close()


def test_a_notebook_that_rewrites_the_package_changes_nothing_here(attacked):
    before = grade.fingerprint()
    rewrite = "import nfm_tutorial.models, pathlib\nnfm_tutorial.models.FM = nfm_tutorial.models.NFM = object\n"
    rewrite += "for p in pathlib.Path(nfm_tutorial.models.__file__).parent.rglob('*.py'):\n    p.write_text('1 / 0')\n"
    rewrite += (
        f"try:\n    pathlib.Path({str(remote.PACKAGE / 'models.py')!r}).write_text('')\nexcept OSError:\n    pass\n"
    )
    first = EXERCISES["nfm_that_is_fm"].stub.splitlines()[0]
    row = judged(attacked, "nfm_that_is_fm", f"{rewrite}{first}\n    return fm")
    assert row.verdict == WRONG and grade.fingerprint() == before
    attacked.close()
    attacked._process = None
    assert judged(attacked, "nfm_that_is_fm", demo.answer(EXERCISES["nfm_that_is_fm"])).verdict == CORRECT


# --- the cells that an answer needs ----------------------------------------------------------------------------------


def places(*sources, target):
    names = [cells.names_of(source) for source in sources]
    return cells.needed(names, {target})


@pytest.mark.parametrize(
    "sources, target, wanted",
    [
        (["a = 1", "b = a", "c = 2", "def f(x):\n    return x + b"], 3, [0, 1, 3]),
        (["V = 1", "def f(V):\n    return V"], 1, [1]),  # an argument is no name of the notebook
        (["import torch", "torch.manual_seed(0)", "def f():\n    return torch.ones(1)"], 2, [0, 2]),
        (["t = []", "t.append(1)", "t[0] = 2", "def f():\n    return t"], 3, [0, 1, 2, 3]),
        (["def f():\n    return g()", "def g():\n    return 1"], 0, [0, 1]),  # below the answer
        (["from math import *", "x = 1", "def f():\n    return pi"], 2, [0, 2]),
        (["%%time\na = 1", "%matplotlib inline\nb = a", "def f():\n    return b"], 2, [0, 1, 2]),
        (["class A:\n    x = k", "k = 1", "def f(a: A):\n    return [i for i in range(n)]", "n = 2"], 2, [0, 1, 2, 3]),
        (["answer = 1", "answer = 2"], 1, [1]),
        (["a = (", "def f():\n    return a"], 1, [1]),  # what is no Python binds nothing
        (["def set_it():\n    global a\n    a = 1", "set_it()", "def f():\n    return a"], 2, [0, 2]),
    ],
)
def test_the_cells_that_an_answer_needs(sources, target, wanted):
    assert places(*sources, target=target) == wanted


def test_of_the_course_s_imports_only_what_is_wanted_is_run():
    assert cells.only_imports("import a, b\nfrom c import d as e, f\nstart()", {"b", "e"}) == (
        "import b\nfrom c import d as e"
    )
    assert cells.only_imports("import a\nx = 1", set()) == "import a\nx = 1"


def test_answers_are_compared_without_names_comments_and_annotations():
    one = 'def f(V: int, x):\n    """text"""\n    y = V * x  # why\n    return y.sum(0)'
    assert cells.shapes(one) == cells.shapes("def g(a, b):\n    c = a * b\n    return c.sum(0)")
    assert cells.shapes(one) != cells.shapes("def g(a, b):\n    c = b * a\n    return c.sum(1)")
    assert cells.shapes(one) != cells.shapes("def g(a, b):\n    c = a * a\n    return c.sum(0)")
    assert cells.shapes("def f(:") == []


# --- what crosses the pipe ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [0, -(10**20), True, 1.5, float("inf"), "text", None, [1, (2.0, [3])], {"a": 1}, {3, 4}, torch.ones(2, 3),
     torch.tensor(2, dtype=torch.int32), np.arange(4).reshape(2, 2), np.float32(1.5), torch.zeros(0, 2)],
    ids=repr,
)  # fmt: skip
def test_a_value_crosses_as_it_is(value):
    message = json.loads(json.dumps(wire.Writer(lambda thing: 0).value(value)))
    back = wire.Reader(None).value(message)
    kind = np.ndarray if isinstance(value, np.generic) else type(value)
    assert type(back) is kind and repr(back) == repr(np.asarray(value) if kind is np.ndarray else value)


def test_a_known_module_crosses_as_its_numbers_and_a_patched_one_does_not():
    from nfm_tutorial.models import NFM

    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Tanh()).eval()
    back = wire.Reader(None).value(json.loads(json.dumps(wire.Writer(lambda thing: 0).value(model))))
    x = torch.randn(4, 2)
    torch.testing.assert_close(back(x), model(x))
    assert type(wire.Reader(None).value(wire.Writer(lambda thing: 0).value(NFM(5, 2)))) is NFM
    model[0].forward = lambda x: x
    assert "class" not in wire.Writer(lambda thing: 0).value(model[0])
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(lambda *_: None)
    assert "class" not in wire.Writer(lambda thing: 0).value(hooked)


NO_VALUES = [
    {},
    {"is": "what"},
    {"is": "module", "class": "os:system", "settings": {}},
    {"is": "module", "class": "nfm_tutorial.models:torch", "settings": {}},
    {"is": "array", "dtype": "object", "shape": [1], "v": "AAAA"},
    {"is": "array", "dtype": "float64", "shape": [2], "v": "AAAAAAAAAAA="},
    {"is": "array", "dtype": "float64", "shape": [-1], "v": "AAAAAAAAAAA="},
    {"is": "tensor", "dtype": "float64", "shape": ["x"], "v": ""},
    {"is": "list", "v": [{"is": "list", "v": None}]},
    {"is": "int", "v": "x"},
]


@pytest.mark.parametrize("message", NO_VALUES, ids=str)
def test_what_is_no_value_is_refused(message):
    with pytest.raises(wire.Broken):
        wire.Reader(remote.Process._remote.__get__(object())).value(message)


@pytest.mark.parametrize("content", [b"\0\0", b"\xff\xff\xff\xff", b"\0\0\0\4nope", b"\0\0\0\1[", b"\0\0\0\2[]"])
def test_what_is_no_message_is_refused(content):
    with pytest.raises(wire.Broken):
        wire.receive(io.BytesIO(content))
    assert wire.receive(io.BytesIO(b"")) is None


def test_a_subclass_crosses_as_its_content():
    class Lie(str):
        def __str__(self):
            return "A"

    assert wire.Writer(None).value(Lie("C"))["v"] == "C"
    assert wire.Reader(None).value(wire.Writer(None).value(np.ma.array([1, 2], mask=[1, 0]))).tolist() == [1, 2]


# --- what lies in the folder ----------------------------------------------------------------------------------------


def small(*sources, **more):
    """The bytes of a small notebook."""
    made = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "outputs": [], "source": s} for i, s in enumerate(sources)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def put(folder, **files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def found(folder):
    return {(s.name, s.file): s.trouble for s in submissions.find(folder)}


def test_names_come_from_folders_files_and_zips(tmp_path):
    line = json.dumps({"name": "小红", "version": "0.0.1+x", "minutes": 30, "learned": "a | b"})
    files = {
        "Ada L/04_neural_factorization_machines.ipynb": small(),
        "Ada L/deeper/07_bug_clinic.ipynb": small(),
        "王 小明_04.ipynb": small(),
        "van der Berg-D2_x.ipynb": small(metadata={"kernelspec": {"name": "her-own", "language": "python"}}),
        "any.zip": zipped(**{"04_x.ipynb": small(), "hand_in.json": line}),
        "Bo/mine.zip": zipped(**{"a/04_x.ipynb": small(), "__MACOSX/._04_x.ipynb": b"x", "notes.txt": b"x"}),
        "notes.txt": b"not looked at",
        ".hidden_04.ipynb": small(),
        "Ada L/.ipynb_checkpoints/04-checkpoint.ipynb": small(),
    }
    put(tmp_path, **files)
    names = [s.name for s in submissions.find(tmp_path)]
    wanted = ["Ada L", "Ada L", "王 小明", "van der Berg", "小红", "Bo"]
    assert sorted(names) == sorted(wanted) and not any(s.trouble for s in submissions.find(tmp_path))
    blank = zipped(**{"04_x.ipynb": small(), "hand_in.json": json.dumps({"name": "Cy", "minutes": "", "learned": " "})})
    put(tmp_path, **{"blank.zip": blank})
    assert [s.line for s in submissions.find(tmp_path) if s.name == "Cy"] == [{}]
    (zip_,) = [s for s in submissions.find(tmp_path) if s.name == "小红"]
    assert (zip_.version, zip_.line) == ("0.0.1+x", {"minutes": "30", "learned": "a | b"})


def test_what_cannot_be_read_is_told(tmp_path):
    bomb = zipped(**{"04_x.ipynb": b"0" * (submissions.LARGEST + 1)})
    assert len(bomb) < 100_000
    files = {
        "json_04.ipynb": b"{", "old_04.ipynb": small(nbformat=3), "new_04.ipynb": small(nbformat=5),
        "r_04.ipynb": small(metadata={"kernelspec": {"name": "ir", "language": "R"}}),
        "list_04.ipynb": b"[1]", "deep_04.ipynb": b"[" * 10**5, "bad.zip": b"PK no zip", "none.zip": zipped(a=b""),
        "bomb.zip": bomb, "way.zip": zipped(**{"../../out_04.ipynb": small()}),
        "root.zip": zipped(**{"/etc/x_04.ipynb": small()}), "drive.zip": zipped(**{"C:\\x_04.ipynb": small()}),
        "rar.rar": b"x", "Kim/more.7z": b"x", "page.html": b"x", "Kim/page.html": b"beside", "Kim/04_x.ipynb": b"{",
        "Lee/my.docx": b"x",
        "many.zip": zipped(**{f"{i}.ipynb": b"" for i in range(submissions.MOST + 1)}),
    }  # fmt: skip
    put(tmp_path, **files)
    (tmp_path / "empty").mkdir()
    with open(tmp_path / "large_04.ipynb", "wb") as file:
        file.truncate(submissions.LARGEST + 1)
    told = {name: trouble for (name, _), trouble in found(tmp_path).items()}
    kim = {file: trouble for (name, file), trouble in found(tmp_path).items() if name == "Kim"}
    assert kim.keys() == {"Kim/more.7z", "Kim/04_x.ipynb"} and "hand_in" in kim["Kim/more.7z"]
    told.pop("Kim")
    wanted = {"page": "neither", "Lee": "without a notebook"}
    wanted |= {"json": "JSON", "old": "format 4", "new": "format 4", "r": "for R", "list": "format 4", "deep": "JSON"}
    wanted |= {"bad": "no zip", "none": "without notebooks", "bomb": "larger than", "way": "leaves", "root": "leaves"}
    wanted |= {"rar": "neither", "drive": "leaves", "many": "entries", "empty": "empty folder", "large": "larger than"}
    assert told.keys() == wanted.keys()
    for name, text in wanted.items():
        assert text in told[name], (name, told[name])
    assert not list(tmp_path.parent.rglob("out_04.ipynb"))


@POSIX
def test_links_are_not_followed(tmp_path):
    put(tmp_path / "away", **{"secret_04.ipynb": small()})
    folder = tmp_path / "in"
    put(folder, **{"Ada/01_x.ipynb": small()})
    (folder / "Eve").symlink_to(tmp_path / "away", target_is_directory=True)
    (folder / "Ada" / "04_x.ipynb").symlink_to(tmp_path / "away" / "secret_04.ipynb")
    (folder / "Ada" / "loop").symlink_to(folder, target_is_directory=True)
    link = zipfile.ZipInfo("04_x.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(folder / "linked.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    told = {file: trouble for (_, file), trouble in found(folder).items()}
    linked = {"Eve", "Ada/04_x.ipynb", "Ada/loop", "linked.zip/04_x.ipynb"}
    assert told == {"Ada/01_x.ipynb": ""} | dict.fromkeys(linked, "a link; it is not followed")
    with pytest.raises(FileNotFoundError, match="no folder"):
        submissions.find(tmp_path / "none")


# --- the reports ----------------------------------------------------------------------------------------------------


@pytest.fixture
def no_code(monkeypatch):
    """Rows without running anything: each notebook's exercises as its first cell says; the names of those judged."""
    asked = []

    def judge(nb, limits, seed):
        asked.append(nb["metadata"]["who"])
        said = nb["metadata"]["said"]
        return [Row(**row) for row in said]

    monkeypatch.setattr(judging, "judge", judge)
    return asked


def handed_in(folder, name, *rows, chapter="4"):
    nb = demo.answered(chapter, {})
    nb["metadata"] = {"who": name, "said": list(rows)}
    put(folder, **{f"{name}/04_x.ipynb": carry.write(nb)})


def run(folder, out, **more):
    lines = []
    graded = grade.grade(folder, out, jobs=1, show=lines.append, **more)
    return graded, lines


def test_the_reports_say_who_did_what(tmp_path, no_code):
    folder, out = tmp_path / "in", tmp_path / "out"
    right = {"exercise": "4.1", "verdict": CORRECT, "shape": "s1"}
    wrong = {"exercise": "4.2", "verdict": WRONG, "mistake": "<key>", "message": "You <b>dropped</b> it."}
    handed_in(folder, "Ada", right, wrong)
    (open_one,) = EXPERIMENTS.of("4")
    told = {"exercise": open_one, "verdict": TO_READ, "answer": "<x>"}
    handed_in(folder, "=cmd()", right, {**wrong, "exercise": "4.3"}, told)
    handed_in(folder, "小明", {**right, "shape": "s2"}, wrong)
    put(folder, **{"bad_04.ipynb": b"{"})
    graded, _ = run(folder, out)
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_text(encoding="utf-8-sig"))))
    assert {(r["name"], r["exercise"], r["verdict"], r["mistake"]) for r in rows if r["name"] == "Ada"} == {
        ("Ada", "4.1", CORRECT, ""),
        ("Ada", "4.2", WRONG, "<key>"),
    }
    assert {r["name"] for r in rows} == {"Ada", "'=cmd()", "小明", "bad"}
    assert "equal to the answer of =cmd()" in rows[[r["name"] for r in rows].index("Ada")]["flags"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "<b>dropped" not in page and "&lt;b&gt;dropped" in page and "小明" in page
    assert not re.search(r"(src|href)=|https?://|<script", page)
    assert page.index("4.2 ") < page.index("4.3 "), "the most common mistake first"
    table = (out / "check-in.md").read_text(encoding="utf-8")
    assert "| Ada | 4 | 1 of 2 | 4.2 |" in table and "打卡" in table
    read = (out / "to_read.html").read_text(encoding="utf-8")
    assert "&lt;x&gt;" in read and EXPERIMENTS[open_one].rubric[0].split()[0] in read


def test_a_run_that_was_stopped_goes_on(tmp_path, no_code, monkeypatch):
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in "ABC":
        handed_in(folder, name, {"exercise": "4.1", "verdict": CORRECT})
    judge = judging.judge

    def stopped(nb, limits, seed):
        if nb["metadata"]["who"] == "B":
            raise KeyboardInterrupt
        return judge(nb, limits, seed)

    monkeypatch.setattr(judging, "judge", stopped)
    with pytest.raises(KeyboardInterrupt):
        run(folder, out)
    monkeypatch.setattr(judging, "judge", judge)
    seed = json.loads((out / grade.STATE).read_text())["seed"]
    graded, lines = run(folder, out)
    assert no_code == ["A", "B", "C"] and [g.name for g in graded] == ["A", "B", "C"]
    assert json.loads((out / grade.STATE).read_text())["seed"] == seed and "judged by an earlier run" in lines[0]
    handed_in(folder, "B", {"exercise": "4.1", "verdict": WRONG})
    run(folder, out)
    assert no_code == ["A", "B", "C", "B"], "a new content is judged"
    (out / grade.STATE).write_text('{"seed": 1')
    run(folder, out)
    assert no_code[4:] == ["A", "B", "C"], "a state that can't be read is none"
    run(folder, out, again=True)
    assert no_code[7:] == ["A", "B", "C"]


def test_an_empty_folder_and_a_report_inside_it(tmp_path, no_code):
    folder = tmp_path / "in"
    folder.mkdir()
    graded, lines = run(folder, folder / "report")
    assert graded == [] and (folder / "report" / "report.csv").exists()
    graded, _ = run(folder, folder / "report")
    assert graded == []
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="is a file"):
        run(folder, tmp_path / "file")


def test_of_two_hand_ins_of_a_chapter_the_newer_is_judged(tmp_path, no_code):
    handed_in(tmp_path / "in", "Ada", {"exercise": "4.1", "verdict": CORRECT})
    nb = demo.answered("4", {})
    nb["metadata"] = {"who": "Ada", "said": [{"exercise": "4.1", "verdict": WRONG}]}
    put(tmp_path / "in", **{"Ada/04_later.ipynb": carry.write(nb)})
    os.utime(tmp_path / "in" / "Ada" / "04_x.ipynb", (1, 1))
    graded, _ = run(tmp_path / "in", tmp_path / "out")
    assert [g.trouble for g in graded if not g.rows] == ["not judged: older than Ada/04_later.ipynb"]
    assert [g.rows[0]["verdict"] for g in graded if g.rows] == [WRONG]


def test_a_package_that_changes_while_it_judges_is_not_trusted(tmp_path, no_code, monkeypatch):
    handed_in(tmp_path / "in", "Eve", {"exercise": "4.1", "verdict": CORRECT})
    prints = iter("a")
    monkeypatch.setattr(grade, "fingerprint", lambda: next(prints, "b"))
    with pytest.raises(RuntimeError, match="changed while Eve/04_x.ipynb ran"):
        run(tmp_path / "in", tmp_path / "out")
    assert not (tmp_path / "out" / "report.csv").exists()


def notebook(changes=None, chapter="4"):
    nb = demo.answered(chapter, {})
    for cell in nb["cells"]:
        if changes and cell["id"] in changes:
            cell["source"] = changes[cell["id"]]
    return nb


def test_cells_that_are_gone_doubled_or_rewritten_are_flagged(monkeypatch):
    monkeypatch.setattr(remote, "Process", None)  # nothing needs to run
    stem = "exercise-pool-by-identity"
    nb = notebook({f"{stem}-task": "Return anything."})
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != "exercise-nfm-from-parts-stub"]
    twice = next(cell for cell in nb["cells"] if cell["id"] == "exercise-nfm-that-is-fm-task")
    nb["cells"].append(copy.deepcopy(twice))
    rows = {row.exercise: row for row in judging.judge(nb)}
    assert rows[id_of("pool_by_identity")].flags == ["task cell rewritten"]
    assert rows[id_of("nfm_that_is_fm")].flags == ["task cell 2 times"]
    gone = [cell for cell in notebook()["cells"] if not cell["id"].startswith("exercise-bi-interaction-by-hand")]
    rows = {row.exercise: row for row in judging.judge({**nb, "cells": gone})}
    row = rows[id_of("bi_interaction_by_hand")]
    assert row.verdict == MISSING and set(row.flags) == {"task cell removed", "answer cell removed"}


def test_a_notebook_without_ids_or_of_another_version_is_found_and_told(tmp_path, no_code):
    nb = notebook()
    nb["metadata"] = {"who": "Ada", "said": [{"exercise": "4.1", "verdict": CORRECT}]}
    for cell in nb["cells"]:
        cell["id"] = f"x{hash(cell['id'])}"
    assert judging.chapter(nb) == "4"
    nb["metadata"]["nfm_tutorial"] = {"version": "0.0.1"}
    put(tmp_path / "in", **{"Ada_04.ipynb": carry.write(nb)})
    graded, _ = run(tmp_path / "in", tmp_path / "out")
    assert graded[0].flags == [f"from another version of the course (0.0.1; here {version()})"]
    assert judging.chapter(json.loads(small("x = 1"))) is None


def test_of_errors_the_first_one_is_named(session):
    name = "pool_by_identity"
    row = judged(session, name, "def f(x)) :\n    return x")
    assert row.mistake == "cell" and "SyntaxError" in row.message and "NameError" not in row.message


def test_an_error_in_a_helper_is_the_first_one(session):
    nb = demo.answered("4", {"pool_by_identity": "W = helper + 1\n\n\ndef pool(V, ids, values):\n    return W"})
    (place,) = [i for i, cell in enumerate(nb["cells"]) if cell["id"] == "exercise-pool-by-identity-stub"]
    helper = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": "helper = 1 / 0"}
    nb["cells"].insert(place, helper)
    row = judging._Notebook(nb, "4").judge(EXERCISES["pool_by_identity"], session, 0)
    assert row.mistake == "cell" and "ZeroDivisionError" in row.message


@pytest.mark.parametrize("stub", ["W = helper(2)\n\n\ndef pool(V, ids, values):\n    return W", None])
@pytest.mark.parametrize("helper", ["def helper(V)\n    pass", "helper = lambda V: V)", "def helper(V):\n    pass"])
def test_a_helper_that_is_no_python_is_named(session, stub, helper):
    stub = stub or "def pool(V, ids, values):\n    return helper(V)"
    nb = demo.answered("4", {"pool_by_identity": stub})
    (place,) = [i for i, cell in enumerate(nb["cells"]) if cell["id"] == "exercise-pool-by-identity-stub"]
    mine = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "source": helper}
    nb["cells"].insert(place, mine)
    row = judging._Notebook(nb, "4").judge(EXERCISES["pool_by_identity"], session, 0)
    broken = not helper.startswith("def helper(V):")
    assert row.verdict == WRONG and ("SyntaxError" in row.message and f"Cell {place + 1}," in row.message) == broken


@pytest.mark.parametrize("source", ["return input('?')", "return float(input('?')) * V"])
def test_keyboard_input_is_told_with_the_learners_line(session, source):
    row = judged(session, "pool_by_identity", f"def pool(V, ids, values):\n    {source}")
    assert "keyboard" in row.message and f"line 2: `{source}`" in row.message
    row = judged(session, "pool_by_identity", "k = input()\n\n\ndef pool(V, ids, values):\n    return V")
    assert row.mistake == "cell" and "keyboard" in row.message and "EOF" not in row.message


def both(tmp_path, english, chinese, first="01_x.ipynb", second="zh/01_x.ipynb"):
    """What is judged of a zip with both languages of a chapter: (the file, why not the other)."""
    put(tmp_path / "in", **{"Bo.zip": zipped(**{first: carry.write(english), second: carry.write(chinese)})})
    graded = grade._latest(submissions.find(tmp_path / "in"), left := [])
    return graded[0].file, [g.trouble for g in left]


def test_of_both_languages_in_one_zip_the_one_that_is_begun_counts(tmp_path):
    wrote = {"exercise-how-many-pairs-answer": "answer = 3"}
    chinese, english = in_chinese("1", wrote), demo.answered("1", {"how_many_pairs": "answer = 3"})
    found = both(tmp_path, judging.course()["1"], chinese)
    assert found == ("Bo.zip/zh/01_x.ipynb", ["not judged: Bo.zip/zh/01_x.ipynb counts"])
    assert both(tmp_path, english, judging.chinese("1"))[0] == "Bo.zip/01_x.ipynb"
    assert both(tmp_path, english, judging.chinese("1"), "zz.ipynb", "aa.ipynb")[0] == "Bo.zip/zz.ipynb"


def test_a_number_is_read_as_its_check_reads_it(session):
    nb = demo.answered(notebook_of("deepfm_parameters"), {"deepfm_parameters": 'answer = "9,673"'})
    row = judging._Notebook(nb, notebook_of("deepfm_parameters")).judge(EXERCISES["deepfm_parameters"], session, 0)
    assert row.verdict == CORRECT and engine.examine(EXERCISES["deepfm_parameters"], "9,672").key == "wrong 3"


def test_closing_answers_and_experiments_are_collected(tmp_path):
    nb = demo.begun("4")
    question = next(i for i, c in enumerate(nb["cells"]) if carry.source(c).startswith("## Question:"))
    nb["cells"].insert(question + 1, {"cell_type": "markdown", "id": "own", "metadata": {}, "source": "And more."})
    answers = judging.closing(nb, "4")
    assert "Both cross the same vectors." in answers[0] and "How do feature crossing" not in answers[0]
    assert answers[-1] == "And more." and judging.closing(notebook(), "4") == []
    title, rubric = judging.solutions("4")
    assert title.startswith("Question:") and "Rubric" in rubric


def test_the_demo_is_judged_as_it_is_meant(tmp_path, capsys):
    """End to end, with processes: the command line, six hand-ins, four files."""
    assert commands.main(["demo-submissions", str(tmp_path / "in")]) == 0
    assert commands.main(["demo-submissions", str(tmp_path / "in")]) == 1, "not into a folder with files"
    assert commands.main(["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--jobs", "1"]) == 0
    text = (tmp_path / "out" / "report.csv").read_text(encoding="utf-8-sig")
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["exercise"] in EXERCISES]
    verdicts = {name: [r["verdict"] for r in rows if r["name"] == name] for name in {r["name"] for r in rows}}
    n = len(EXERCISES.of("4"))
    assert verdicts["Ada"] == verdicts["Copy Cat"] == [CORRECT] * n
    assert verdicts["小明 Wang"] == [WRONG] * n
    assert verdicts["Grace"] == ([CORRECT, NOT_ATTEMPTED] * n)[:n]
    told = " ".join(r["message"] for r in rows if r["name"] == "Looper")
    assert "loop that never ends" in told and "SystemExit" in told and "exit code 0" in told
    assert CORRECT not in verdicts["Looper"] and verdicts["Linus"] == [NOT_ATTEMPTED] * n
    assert any("published" in r["flags"] and "Copy Cat" in r["flags"] for r in rows if r["name"] == "Ada")
    assert "Both cross the same vectors." in (tmp_path / "out" / "to_read.html").read_text(encoding="utf-8")
    assert "Pooling has no parameters." in (tmp_path / "out" / "check-in.md").read_text(encoding="utf-8")


def test_several_at_a_time_are_judged_in_processes_of_their_own(tmp_path):
    for name in "AB":
        put(tmp_path / "in", **{f"{name}_04.ipynb": carry.write(notebook())})
    graded = grade.grade(tmp_path / "in", tmp_path / "out", jobs=2, show=lambda line: None)
    assert [(g.name, {row["verdict"] for row in g.rows}) for g in graded] == [(n, {NOT_ATTEMPTED}) for n in "AB"]


def test_help_says_what_it_runs_and_what_holds(capsys):
    with pytest.raises(SystemExit):
        commands.main(["grade", "--help"])
    text = capsys.readouterr().out
    assert all(word in text for word in ("RUNS", "Linux", "macOS", "Windows", "docker", "--network none"))


@pytest.mark.parametrize("option", [["--seconds", "0"], ["--memory", "0"], ["--jobs", "0"]])
def test_options_out_of_range_are_refused(tmp_path, capsys, option):
    assert commands.main(["grade", str(tmp_path), "--out", str(tmp_path / "out"), *option]) == 1
    assert "must be" in capsys.readouterr().err


def test_an_exercise_of_another_chapter_is_judged_where_it_is(monkeypatch):
    monkeypatch.setattr(judging, "Process", None)  # nothing needs to run
    other = demo.answered("3", {})["cells"]
    nb = notebook()
    nb["cells"] += [cell for cell in other if "several-genres" in cell["id"]]
    rows = judging.judge(nb)
    others = [row.exercise for row in rows if row.exercise not in EXERCISES.of("4")]
    assert others == [id_of("several_genres"), *EXPERIMENTS.of("4")]
    assert all(row.flags == [] for row in rows)


def test_code_sees_no_keys_of_the_leader(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(remote.ROOT), "/elsewhere"]))
    seen = remote._environment(Path("/box"), "t")
    assert "SOME_TOKEN" not in seen and "secret" not in str(seen)
    assert seen["PYTHONPATH"].split(os.pathsep) == [str(Path("/box")), "/elsewhere"]


@pytest.mark.parametrize(
    "source", ["(" * 10**5, "-" * 10**5 + "1", "a\0b", "\ud83d = 1", "x = " + "1+" * 50_000 + "1", "a =!ls\n?"]
)
def test_no_text_of_a_cell_stops_the_grader(source):
    cells.names_of(source)
    cells.shapes(source)
    cells.only_imports(source, set())


@pytest.mark.parametrize("wrong", [False, True])
def test_the_numbers_and_letters_of_the_demo_need_no_import(wrong):
    for exercise in EXERCISES.values():
        if exercise.kind != "code":
            names = {}
            exec(demo.answer(exercise, wrong), {"__builtins__": {}}, names)
            assert (engine.examine(exercise, names["answer"]) is None) is not wrong, exercise.name


# --- Chinese ---------------------------------------------------------------------------------------------------------


def in_chinese(key, sources=()):
    """A chapter of the Chinese edition, with other texts of some cells: {id: source}."""
    nb = copy.deepcopy(judging.chinese(key))
    for cell in nb["cells"]:
        cell["source"] = dict(sources).get(cell["id"], carry.source(cell))
    return nb


def test_a_chinese_notebook_is_known_as_a_copy_of_the_course():
    for key in judging.chapters():
        nb = in_chinese(key)
        assert judging.chapter(nb) == key and judging.edition(nb, key) is judging.chinese(key)
        assert not judging.differs(nb, key) and judging.closing(nb, key) == []
        places = [[c["id"] for c in each["cells"] if carry.is_answer(c)] for each in (nb, judging.course()[key])]
        assert places[0] == places[1]
        assert judging.edition(judging.course()[key], key) is judging.course()[key]
    question = next(c["id"] for c in judging.course()["4"]["cells"] if carry.source(c).startswith("## Question:"))
    asked = next(carry.source(c) for c in judging.chinese("4")["cells"] if c["id"] == question)
    answered = in_chinese("4", {question: asked.replace("*（写在这里）*", "两者用的是同样的向量。", 1)})
    (answer,) = judging.closing(answered, "4")
    assert "两者用的是同样的向量。" in answer and len(answer) < 60


def sentence(text):
    """Three English words in a row of what a page shows."""
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.S)
    return re.search(r"[A-Za-z']{2,} [A-Za-z']{2,} [A-Za-z']{2,}", text)


def test_the_reports_are_in_chinese_when_asked_for(tmp_path, no_code):
    folder, out = tmp_path / "in", tmp_path / "out"
    (open_one,) = EXPERIMENTS.of("4")
    rows = [{"exercise": "4.1", "verdict": v} for v in (CORRECT, WRONG, MISSING, STOPPED, NOT_ATTEMPTED)]
    rows[1] |= {"mistake": "key", "message": "错了。", "example": "x = 1", "flags": ["与公开的题解相同"]}
    for name, row in zip("ABCDE", rows):
        handed_in(folder, name, {"shape": "s1", **row}, {"exercise": open_one, "verdict": TO_READ, "answer": "1"})
    nb = demo.begun("4")
    nb["metadata"] = {"who": "F", "said": rows[:1], "nfm_tutorial": {"version": "0"}}
    put(folder, **{"F/04_x.ipynb": carry.write(nb), "F/04_y.ipynb": carry.write(nb), "G_04.ipynb": b"{}"})
    put(folder, **{"H_04.ipynb": b"x", "I.zip": b"x", "J.zip": zipped(), "K_04.ipynb": small("x = 1")})
    put(folder, **{"L_04.ipynb": small("x", metadata={"kernelspec": {"language": "R"}})})
    graded, lines = run(folder, out, chinese=True)
    assert "已写入" in lines[-1]
    for name in ("report.html", "to_read.html", "check-in.md"):
        text = (out / name).read_text(encoding="utf-8")
        left = text.replace("Both cross the same vectors.", "").replace("not a zip file", "")  # by others than us
        left = left.replace("Expecting value: line 1 column 1", "")
        assert not sentence(left), (name, sentence(left))
    page = (out / "report.html").read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in page and "与公开的题解相同" in page and "与A、" in page
    assert "没有批改：与F/04_" in page and "不是格式4的notebook" in page and "来自课程的另一个版本" in page
    read = (out / "to_read.html").read_text(encoding="utf-8")
    assert "简短的回答：" in read and "评分标准" in read and "思考题" in read
    assert "| A | 4 | 1/1 |" in (out / "check-in.md").read_text(encoding="utf-8")
    kept = list(csv.DictReader(io.StringIO((out / "report.csv").read_text(encoding="utf-8-sig"))))
    assert {row["verdict"] for row in kept} >= {CORRECT, WRONG, STOPPED, "not judged", "unreadable"}
    judged = len(no_code)
    run(folder, out)
    assert len(no_code) == 2 * judged, "what was judged in another language is judged anew"
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "需要讨论的问题" not in page and '<html lang="en">' in page and sentence(page)


def test_a_mistake_in_a_chinese_notebook_is_named_in_chinese(tmp_path):
    """End to end, with a process: the command line."""
    exercise = EXERCISES["bi_interaction_by_hand"]
    wrong, why = exercise.wrong[0]
    stem = "exercise-bi-interaction-by-hand"
    code = carry.source(next(c for c in judging.chinese("4")["cells"] if c["id"] == f"{stem}-answer"))
    stub = "exercise-nfm-from-parts-stub"
    raising = f"{EXERCISES['nfm_from_parts'].stub.splitlines()[0]}\n    1 / 0"
    answer = code.replace("TODO", repr(np.asarray(wrong).tolist()), 1)
    nb = in_chinese("4", {f"{stem}-answer": answer, stub: raising})
    put(tmp_path / "in", **{"小明_04.ipynb": carry.write(nb)})
    out = tmp_path / "out"
    assert commands.main(["grade", str(tmp_path / "in"), "--out", str(out), "--jobs", "1", "--zh"]) == 0
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_text(encoding="utf-8-sig"))))
    (row,) = [row for row in rows if row["exercise"] == exercise.id]
    with language.speaking(language.CHINESE):
        assert row["message"] == language.say(why) != why and row["verdict"] == WRONG
    (raised,) = [r for r in rows if r["exercise"] == id_of("nfm_from_parts")]
    assert "第2行：`1 / 0`" in raised["message"] and "line" not in raised["message"]
    others = [r["verdict"] for r in rows if r["exercise"] in EXERCISES and r not in (row, raised)]
    assert set(others) == {NOT_ATTEMPTED} and not [r["flags"] for r in rows if r["flags"]]


@pytest.mark.parametrize("folder", ["notebooks/solutions", "notebooks/zh/solutions", "locale/zh_CN"])
def test_answers_in_either_language_are_not_read_where_answers_are_judged(attacked, folder):
    path = next(remote.ROOT.joinpath(folder).rglob("*.*"))
    source = f"def pair_sum_fast(V, x):\n    return len(open({str(path)!r}, encoding='utf-8').read()) + V.sum() * 0"
    row = judged(attacked, "pairs_by_identity", source)
    assert row.verdict == WRONG and "PermissionError" in row.message


def test_a_deeper_chapter_has_no_ordinal_in_chinese():
    with language.speaking(language.CHINESE):
        told = [language.say("chapter {key}", key=key) for key in ("1", "D1", "D12")]
    assert told == ["第1章", "D1章", "D12章"]


@pytest.mark.parametrize("text", ["1，6", "1、6", "第1章，第6章", "１,６", "1, 6"])
def test_chapters_may_be_typed_with_a_chinese_keyboard(text):
    assert judging.keys(text) == ["1", "6"]


@pytest.mark.parametrize("text", ["1-3", "1到3", "1~3", "第1章至第3章", "1—3"])
def test_a_range_of_chapters_may_be_typed_with_a_chinese_keyboard(text):
    assert judging.keys(text) == ["1", "2", "3"]
