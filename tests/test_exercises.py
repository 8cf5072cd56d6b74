"""The checks are checked: numbers and letters, garbage, endless loops, the state of the kernel, what is shown.

test_each_exercise.py is for the right and wrong answers to each exercise.
"""

import ast
import builtins
import random
import re
import subprocess
import sys
import threading
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from torch import nn

from nfm_tutorial import exercises
from nfm_tutorial.course.moved import NAME_OF_OLD
from nfm_tutorial.exercises import TODO, check, sandbox, summary
from nfm_tutorial.exercises.exercise import Number
from nfm_tutorial.exercises.registry import COURSE, EXERCISES, EXPERIMENTS, chapter_of

CODE = {id: e for id, e in EXERCISES.items() if e.kind == "code"}


def shown(value):
    """repr without addresses: pytest-xdist needs the same names in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.fixture(autouse=True)
def fresh_kernel(monkeypatch):
    """As in a kernel that was just started."""
    monkeypatch.setattr(exercises, "_status", {})
    monkeypatch.setattr(exercises, "_wrong_tries", {})
    monkeypatch.setattr(exercises, "_given", {})


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(sandbox, "CPU_SECONDS", 0.4)
    monkeypatch.setattr(sandbox, "IDLE_SECONDS", 0.4)


# --- questions ------------------------------------------------------------------------------------------------

ANSWERED = {
    "fm_by_hand": (-9.5, -9, 9.5),
    "features_that_repel": (2, 4, -2),
    "how_many_pairs": (21, 20, 22),
    "auc_by_hand": (0.917, 0.9, 11),
    "deepfm_parameters": (9673, 9672.5, 9700),
    "bi_interaction_by_hand": ((2, -8), (2, 8), (1, -8)),
    "what_default_eps_does": (0.44, 0.45, 0.5),
    "floor_of_a_double_sigmoid": (0.598, 0.59, 0.61),
    "floor_of_every_fm": (0.843, 0.83, 0.85),
    "ndcg_by_hand": (0.387, 0.36, 0.45),
}
CHOSEN = {
    "two_kinds_of_negatives": "C",
    "gradient_that_reaches_v": "B",
    "where_vectors_come_from": "D",
    "what_a_trained_h_changes": "A",
    "what_may_you_write": "C",
    "unknown_item": "C",
    "rows_that_move": "A",
}


def test_every_question_is_answered_here():
    assert set(ANSWERED) == {e.name for e in EXERCISES.values() if isinstance(e, Number)}
    assert set(CHOSEN) == {e.name for e in EXERCISES.values() if hasattr(e, "choices")}


@pytest.mark.parametrize("id", ANSWERED)
def test_number(id):
    right, *others = ANSWERED[id]
    exercise = EXERCISES[id]
    assert check(id, right)
    for other in others:
        verdict = check(id, other)
        assert verdict.status == "not right yet", verdict
        assert verdict.message == exercise.fallback
    messages = []
    for wrong, why in exercise.wrong:
        verdict = check(id, wrong)
        assert verdict.status == "not right yet" and verdict.message == why
        messages.append(verdict.message)
    assert len(set(messages)) == len(messages) >= 3


@pytest.mark.parametrize("text", ["9,673", " 9.673 ", "9'673", "\uff19\uff0c\uff16\uff17\uff13"])
def test_a_whole_number_with_a_separator(text):
    assert check("deepfm_parameters", text)
    assert not check("deepfm_parameters", text.replace("3", "2").replace("\uff13", "\uff12"))


@pytest.mark.parametrize(
    "form",
    [
        11 / 12,
        "11/12",
        " 11 / 12 ",
        "5.5/6",
        "0.917",
        "0,917",
        "9.17e-1",
        Fraction(11, 12),
        Decimal("0.917"),
        np.float32(0.917),
        np.array(0.917),
        np.array([[0.917]]),
        torch.tensor(0.917),
        torch.tensor([0.917], requires_grad=True),
        [0.917],
        ("11/12",),
        "≈ 0.917",
        "~0.917",
        "AUC = 11/12",
        "auc≈0.917",
        "91.7%",
        "91,7 %",
        "**0.917**",
        "$0.917$",
        "\uff10\uff0e\uff19\uff11\uff17",  # as a Chinese keyboard types it, here and below
        "0\uff0e917",
        "0.917\u3002",
        "0\u3002917",
        "\u3002917",
        "\u7ea60.917",
        "\u5f97\u5206 = 0.917",
        "y\u0302=0.917",
        "\uff11\uff11\uff0f\uff11\uff12",
        "\uff21\uff35\uff23\uff1d\uff10.917",
        "0 11/12",
    ],
    ids=repr,
)
def test_a_number_may_be_written_in_many_ways(form):
    assert check("auc_by_hand", form)


@pytest.mark.parametrize(
    "form",
    [
        (2, -8),
        [2, -8],
        "(2, -8)",
        "2, -8",
        "2; −8",
        "2 -8",
        "(2 −8)",
        "w = 2, -8",
        "[2.0, -8.0]",
        np.array([2, -8]),
        torch.tensor([2.0, -8.0]),
        ("2", -8),
        "\uff082\uff0c-8\uff09",
        "\uff12\u3001\uff0d\uff18",
        "\uff082\uff0c\u20148\uff09",
        "2\u3001\u20148",
    ]
    + [[[2, -8]], np.array([[2], [-8]]), (torch.tensor(2), np.int64(-8))],
    ids=repr,
)
def test_two_numbers_may_be_written_in_many_ways(form):
    assert check("bi_interaction_by_hand", form)


@pytest.mark.parametrize(
    "form",
    ["-9 1/2", "-9\u00bd", "\u22129.5", "\uff0d\uff19\uff0e\uff15", "-\uff11\uff19/2"]
    + ["\u20149\u30025", "\u2014\u20149.5", "\u7ea6-9.5", "\u5927\u7ea6\u4e3a\u20149.5", "y=\u20149.5"],
)
def test_mixed_and_full_width_numbers(form):
    assert check("fm_by_hand", form)


@pytest.mark.parametrize("form", ["1/2/3", "9 1/0", "- - 9"])
def test_what_only_looks_like_a_fraction(form):
    assert "a number is expected" in check("fm_by_hand", form).message
    assert "2 numbers are expected" in check("bi_interaction_by_hand", "much").message


@pytest.mark.parametrize("form", [True, None, "", "much", "1/0", "nan", 1e400, (1, 2, 3), {}, object(), int, len])
@pytest.mark.parametrize("id", ["auc_by_hand", "bi_interaction_by_hand"])
def test_what_is_no_number_is_told_so(id, form):
    verdict = check(id, form)
    assert verdict.status == "not right yet" and verdict.message
    assert "0x" not in repr(verdict)


@pytest.mark.parametrize("id", CHOSEN)
def test_choice(id):
    exercise, right = EXERCISES[id], CHOSEN[id]
    forms = right, right.lower(), f" {right.lower()} ", f"({right})", f"{right}.", f"{right})\n", f"**{right}**"
    forms += chr(ord(right) + 0xFEE0), f"{right}\u3002", f"\u201c{right}\u201d", f"\uff08{right}\uff09"  # full width
    for form in forms:
        assert check(id, form), form
    messages = set()
    for letter in exercise.letters.replace(right, ""):
        verdict = check(id, letter)
        assert verdict.status == "not right yet" and verdict.mistake == letter
        messages.add(verdict.message)
    assert len(messages) == len(exercise.letters) - 1 >= 3
    beyond = chr(ord(exercise.letters[-1]) + 1)
    for form in (beyond, "", "AB", right * 2, "yes", 1, ord(right), None, [right], True, lambda: right):
        verdict = check(id, form)
        assert verdict.status == "not right yet", form
        assert f"A, B, {', '.join(exercise.letters[2:-1])} or {exercise.letters[-1]}" in verdict.message


def test_right_letters_are_spread():
    assert len(set(CHOSEN.values())) == 4


# --- the declarations -----------------------------------------------------------------------------------------


def test_there_are_enough_of_each_kind():
    early = [e for e in EXERCISES.values() if not e.name.startswith("bug_")]
    kinds = [e.kind for e in early]
    assert kinds.count("code") >= 14 and kinds.count("predict") >= 6 and kinds.count("pencil and paper") >= 4
    assert sum(e.name.startswith("bug_") for e in EXERCISES.values()) == 10
    for chapter in COURSE:
        assert list(EXERCISES.of(chapter)) == [f"{chapter}.{i + 1}" for i in range(len(COURSE[chapter]))]


@pytest.mark.parametrize("id", EXERCISES)
def test_stub_is_not_attempted(id):
    names = {"TODO": TODO, "torch": torch, "Tensor": torch.Tensor, "np": np, "nn": nn, "FM": nn.Module}
    exec(EXERCISES[id].stub, names)
    exercise = EXERCISES[id]
    verdict = check(id, names[exercise.function.name] if exercise.kind == "code" else names["answer"])
    assert verdict.status == "not attempted yet"
    assert repr(verdict) == f"{id} {exercise.title}: not attempted yet"
    assert not verdict and not verdict.message


def half_done(V, x):
    return x.sum() * TODO


def half_done_too(V, x):
    total = 0.0
    for _ in x:
        total = total + TODO
    return total


@pytest.mark.parametrize("unfinished", [TODO, ..., NotImplemented, (TODO, 1), half_done, half_done_too], ids=shown)
def test_unfinished_is_not_attempted(unfinished):
    assert check("pairs_by_loops", unfinished).status == "not attempted yet"


def test_only_todo_is_not_attempted():
    def stub(*_):
        raise NotImplementedError

    class Misspelt(nn.Module):
        def call(self, V, ids, values):
            return V

    verdict = check("pool_by_identity", stub)
    assert verdict.mistake == "exception" and "NotImplementedError" in verdict.message and "stub" in verdict.hint
    assert "no method called forward" in check("pool_by_identity", Misspelt()).message
    assert check("pool_by_identity").status == "not attempted yet"


NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHAPTERS = sorted([*NOTEBOOKS.glob("0*.ipynb"), *NOTEBOOKS.glob("deeper/0*.ipynb")])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_notebook_asks_every_exercise_of_its_chapter(path):
    source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    chapter = EXERCISES.of(chapter_of(path))
    assert re.findall(r"""check\(["'](D?\d+\.\d+)["']""", source) == list(chapter)
    for id, exercise in chapter.items():
        if exercise.kind == "code":
            assert exercise.stub in source, id
            assert getattr(exercise, "buggy", "") in source, id


def test_every_chapter_has_a_notebook():
    assert {chapter_of(path) for path in CHAPTERS} == set(COURSE)


# --- garbage --------------------------------------------------------------------------------------------------


async def coroutine(*_):
    return 1


def generator(*_):
    yield 1


def recursion(*arguments):
    return recursion(*arguments) + 1


def leave(*_):
    sys.exit("bye")


def ask(*_):
    return input("Your answer? ")


def read_a_line(*_):
    return sys.stdin.readline()


def debug(*_):
    breakpoint()
    return 0


def interrupt(*_):
    raise KeyboardInterrupt


class Awkward(Exception):
    def __str__(self):
        raise ValueError("not even a message")


def awkward(*_):
    raise Awkward


def noisy(*_):
    print("line\n" * 100)
    print("problem", file=sys.stderr)
    return "text"


class Strange:
    def __array__(self, *_, **__):
        raise RuntimeError("no array")

    def __eq__(self, other):
        raise RuntimeError("no comparing")

    def __len__(self):
        raise RuntimeError("no length")

    __hash__ = None


def endless_list():
    loop = []
    loop.append(loop)
    return loop


GARBAGE = {
    "None": None,
    "text": "def f(): pass",
    "number": 3.5,
    "tensor": torch.ones(2, 2),
    "class": Strange,
    "module class": nn.Linear,
    "instance": Strange(),
    "no arguments": lambda: 0,
    "too many arguments": lambda a, b, c, d, e, f, g, h: 0,
    "keyword only": lambda *, V: 0,
    "returns None": lambda *_: None,
    "returns text": lambda *_: "0",
    "returns NaN": lambda *_: float("nan"),
    "returns infinity": lambda *_: torch.tensor(float("inf")),
    "returns complex": lambda *_: torch.tensor(1j),
    "returns a dict": lambda *_: {"y": 1},
    "returns ragged lists": lambda *_: [[1], [1, 2]],
    "returns objects": lambda *_: np.array([None, "a"], dtype=object),
    "returns something strange": lambda *_: Strange(),
    "returns itself": lambda *_: endless_list(),
    "returns a class": lambda *_: int,
    "returns a shape of its own": lambda *_: torch.zeros(3, 1, 4, 1, 5),
    "returns its first argument": lambda first, *_: first,
    "returns huge numbers": lambda *_: 10**400,
    "coroutine": coroutine,
    "generator": generator,
    "recursion": recursion,
    "exit": leave,
    "asks": ask,
    "reads": read_a_line,
    "debugs": debug,
    "interrupts": interrupt,
    "raises": lambda *_: 1 / 0,
    "raises awkwardly": awkward,
    "noisy": noisy,
    "built-in": max,
    "module without forward": nn.Module(),
}


THOROUGH = {
    "pairs_by_loops",
    "offsets_of_fields",
    "negative_sampling",
    "two_kinds_of_negatives",
    "auc_by_hand",
    "pool_by_identity",
    "nfm_that_is_fm",
    "bi_interaction_by_hand",
    "odd_parity",
    "paired_interval",
    "bug_head_in_the_loop",
    "bug_eps_too_large",
    "bug_auc_of_batches",
}
SHORT = ("None", "class", "no arguments", "returns None", "returns NaN", "raises", "noisy")


@pytest.mark.parametrize("id", EXERCISES)
def test_garbage_is_turned_away_calmly(id, capfd):
    for name, garbage in GARBAGE.items():
        if EXERCISES[id].name not in THOROUGH and name not in SHORT:
            continue
        if EXERCISES[id].name == "offsets_of_fields" and name == "returns its first argument":
            continue  # told as a mistake of its own
        verdict = check(id, garbage)
        assert verdict.status == "not right yet", (name, verdict)
        assert verdict.message and "check itself failed" not in verdict.message, (name, verdict)
        assert not re.search(r"Traceback|0x[0-9a-f]{6}", repr(verdict)), (name, verdict)
        assert verdict._repr_html_()
    out, err = capfd.readouterr()
    assert err == "" and all(re.match(r"  |D?\d\.\d+ ", line) for line in out.splitlines())  # verdicts, nothing else


def test_a_constant_is_never_right():
    for id, exercise in CODE.items():
        for constant in (0, 1, torch.zeros(0), np.zeros((0, 2))):
            verdict = check(id, lambda *_, c=constant: c)
            assert verdict.status == "not right yet", (id, constant, exercise.title)


@pytest.mark.parametrize("swallow", ["", "except Exception", "except", "finally"])
def test_endless_loop_is_stopped(swallow, impatient):
    if not swallow:
        source = "def f(V, x):\n    while True:\n        pass"
    elif swallow == "finally":
        source = "def f(V, x):\n    try:\n        while True:\n            pass\n    finally:\n        x = 1"
    else:
        loop = f"try:\n            sum(i for i in range(1000))\n        {swallow}:\n            print(end='')"
        source = f"def f(V, x):\n    while True:\n        {loop}"
    names = {}
    exec(source, names)
    threads, start = threading.active_count(), time.monotonic()
    verdict = check("pairs_by_loops", names["f"])
    assert verdict.mistake == "endless" and "loop" in verdict.message
    assert "V = " in verdict.example
    assert time.monotonic() - start < 30
    # Nothing arrives late: this thread computes on undisturbed, and the stopped one has ended.
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        sum(range(1000))
    assert threading.active_count() == threads
    assert sys.gettrace() is None or "pydevd" in repr(sys.gettrace()) or "coverage" in repr(sys.gettrace())


def test_what_a_loop_that_never_ends_printed_is_shown(impatient):
    def pair_sum(V, x):
        print("before the loop", len(x))
        while True:
            pass

    verdict = check("pairs_by_loops", pair_sum)
    assert verdict.mistake == "endless" and "your code printed:" in verdict.example
    assert "before the loop" in verdict.example and verdict.example.count("before") == 1


def test_sleeping_code_is_left_behind(impatient):
    start = time.monotonic()
    verdict = check("pairs_by_loops", lambda V, x: time.sleep(5))
    assert verdict.mistake == "endless" and time.monotonic() - start < 4.5


def test_code_that_swallows_its_stop_is_still_stopped(impatient):
    def stubborn(V, x):
        try:
            while True:
                pass
        except BaseException:
            return 0

    assert check("pairs_by_loops", stubborn).mistake == "endless"


def test_interrupting_the_check_stops_the_code(monkeypatch, impatient):
    class Interrupted:
        def __init__(self, _):
            pass

        def run_out(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sandbox, "_Clock", Interrupted)
    threads = threading.active_count()

    def loop(V, x):
        while True:
            pass

    with pytest.raises(KeyboardInterrupt):
        check("pairs_by_loops", loop)
    time.sleep(0.2)
    assert threading.active_count() == threads and not isinstance(sys.stdout, sandbox.Printed)


def test_an_import_takes_no_time_from_the_code(monkeypatch, tmp_path):
    monkeypatch.setattr(sandbox, "CPU_SECONDS", 0.5)
    slow = "import time\nend = time.process_time() + 1.2\nwhile time.process_time() < end: pass\n"
    (tmp_path / "slow_to_import.py").write_text(slow, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    def importing(V, x):
        import slow_to_import  # noqa: F401

        return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(i))

    assert check("pairs_by_loops", importing)


def test_time_of_imports_never_runs_backwards_for_the_thread_that_reads_it(monkeypatch):
    # A reader that finds an import neither running nor ended would count its time as the learner's.
    def work():
        for _ in range(100):
            clock[0] += 1

    clock, read = [0], [0.0]
    monkeypatch.setattr(sandbox.time, "process_time", lambda: clock[0])
    imports = sandbox._Imports(lambda *_: work())
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # the reader comes in at every step
    try:
        for _ in range(300):
            thread = threading.Thread(target=lambda: [imports() for _ in range(100)], name=sandbox.THREAD_NAME)
            thread.start()
            while thread.is_alive():
                read.append(imports.spent()[0])
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert imports.spent()[0] == clock[0] and read == sorted(read)


def test_nothing_outside_is_changed():
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    kept = sys.stdout, sys.stderr, sys.stdin, sys.breakpointhook, builtins.input, builtins.__import__

    def meddling(V, x):
        torch.manual_seed(5), np.random.seed(5), random.seed(5)
        torch.rand(3), np.random.rand(3), random.random()
        torch.set_default_dtype(torch.float64)
        V.zero_(), x.fill_(7)
        return 0

    check("pairs_by_loops", meddling)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all() and before[2] == random.getstate()
    assert kept == (sys.stdout, sys.stderr, sys.stdin, sys.breakpointhook, builtins.input, builtins.__import__)
    assert torch.get_default_dtype() == torch.float32
    assert check("pairs_by_loops", EXERCISES["pairs_by_loops"].rights[0])  # the cases are as they were


KERNEL_STATES = {
    "default dtype": "torch.set_default_dtype(torch.float64)",
    "default device": "torch.set_default_device('meta')",
    "no gradients": "torch.set_grad_enabled(False)",
    "errors of NumPy": "np.seterr(all='raise')",
    "warnings": "warnings.simplefilter('error')",
    "print": "builtins.print = None",
    "sum": "builtins.sum = lambda *_: 5",
    "len": "builtins.len = lambda *_: 5",
    "nothing": "",
}
SOME_OF_EACH_CHAPTER = (
    "pairs_by_loops",
    "lr_to_fm_by_k",
    "deepfm_from_parts",
    "pool_by_identity",
    "nfm_that_is_fm",
    "early_stopping",
    "nfm_gradient",
    "bug_eps_too_large",
)


def test_no_state_of_the_kernel_changes_a_verdict():
    """Right and wrong answers, numbers and letters, in a process of its own that is in that state."""
    source = """import builtins, io, sys, warnings, numpy as np, torch
from nfm_tutorial.exercises import check
from nfm_tutorial.exercises.registry import EXERCISES
own = vars(builtins).copy()
def say():
    said = []
    for name in NAMES:
        exercise = EXERCISES[EXERCISES.id_of(name)]
        for answer in (exercise.rights[0], exercise.mistakes[-1].answer, lambda *_: 1 / 0):
            said.append(check(name, answer))
    asked = (("bi_interaction_by_hand", "(2, -8)"), ("bi_interaction_by_hand", 7), ("where_vectors_come_from", "B"))
    return said + [check(*question) for question in asked]
for name, state in STATES.items():
    random = torch.get_rng_state(), np.random.get_state()[1].tolist()
    exec(state)
    sys.stdout, out = io.StringIO(), sys.stdout
    said = say()
    sys.stdout = out
    same = torch.equal(random[0], torch.get_rng_state()) and random[1] == np.random.get_state()[1].tolist()
    kept = torch.get_default_dtype(), torch.is_grad_enabled(), builtins.len, builtins.print
    if not same: raise SystemExit(name + ": the check moved the random state")
    if name == "default dtype" and kept[0] != torch.float64: raise SystemExit("the check changed " + name)
    if name in ("len", "print") and getattr(builtins, name) is own[name]: raise SystemExit("the check changed " + name)
    vars(builtins).update(own)
    torch.set_default_dtype(torch.float32); torch.set_default_device(None); torch.set_grad_enabled(True)
    np.seterr(all="warn"); warnings.simplefilter("default")
    exercises = sys.modules["nfm_tutorial.exercises"]
    exercises._wrong_tries.clear(), exercises._given.clear()
    print(repr((name, [repr(verdict) for verdict in said])))
"""
    texts = []
    for flags, states in ([], KERNEL_STATES), (["-O"], {"python -O": ""}):
        command = [sys.executable, *flags, "-c", f"NAMES, STATES = {SOME_OF_EACH_CHAPTER}, {states}\n{source}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        texts += [ast.literal_eval(line) for line in done.stdout.splitlines()]
    wanted = dict(texts)["nothing"]
    assert sum(": correct" in text for text in wanted) == len(SOME_OF_EACH_CHAPTER) + 1
    assert "check itself failed" not in repr(wanted)
    assert {name for name, text in texts if text != wanted} == set()


def test_a_check_answers_within_six_seconds():
    assert sandbox.IDLE_SECONDS + sandbox.STOPPING_SECONDS < 6 and sandbox.CPU_SECONDS + sandbox.STOPPING_SECONDS < 6


def test_random_code_gets_the_same_verdict_each_time(monkeypatch):
    texts = set()
    for _ in range(3):
        monkeypatch.setattr(exercises, "_wrong_tries", {})
        monkeypatch.setattr(exercises, "_given", {})
        texts.add(repr(check("pairs_by_loops", lambda V, x: torch.rand(()) + np.random.rand() + random.random())))
    assert len(texts) == 1


def test_works_inside_no_grad_and_with_gradients():
    def by_autograd(V, x):
        V = V.clone().requires_grad_()
        xv = V * x[:, None]
        return torch.autograd.grad(0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum(), V)[0]

    with torch.no_grad():
        assert check("fm_gradient", by_autograd)


# --- what is shown --------------------------------------------------------------------------------------------


def test_an_error_inside_a_module_is_shown_where_the_learner_made_it():
    class Norm(torch.nn.Module):
        def forward(self, z):
            return z @ z.no_such_thing

    verdict = check("bug_eps_too_large", lambda z: Norm())
    assert "AttributeError" in verdict.message and "`return z @ z.no_such_thing`" in verdict.message


def test_verdict_says_what_where_and_how(capsys):
    def doubled(V, x):
        return 2 * sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(i))

    verdict = check("pairs_by_loops", doubled)
    assert capsys.readouterr().out == f"{verdict}\n"
    assert repr(verdict).splitlines() == [
        "1.2 The pair term by loops: not right yet",
        "  What is wrong: You counted each pair twice, once as (i, j) and once as (j, i); or the 1/2 of the",
        "    identity is missing.",
        "  Smallest input that shows it:",
        "    V = [[2], [3]]  shape (2, 1) float64",
        "    x = [1, -2]  shape (2,) float64",
        "    expected: -12",
        "    got:      -24",
        "  Hint: Two nested loops: the outer one over i, the inner one over j from i + 1 on.",
    ]
    html = verdict._repr_html_()
    assert "<b>1.2</b>" in html and "-24" in html and "color" in html and "i &lt; j" not in html
    assert html == verdict._repr_html_() and html.count("<div") == html.count("</div>")


def no_values(V, ids, values):
    return 0.5 * (V[ids].sum(1) ** 2 - (V[ids] ** 2).sum(1))


def test_the_strong_hint_comes_with_the_third_try_and_earlier_ones_stay():
    gentle, strong = EXERCISES["pairs_by_identity"].hints
    first, second, third, fourth = (check("pairs_by_identity", lambda V, x: 0) for _ in range(4))
    assert first.hint == gentle and first.earlier == ()
    assert second.hint == exercises.AGAIN["code"] and second.earlier == (gentle,)
    assert third.hint == fourth.hint == strong and third.earlier == (gentle, exercises.AGAIN["code"])
    assert f"  Earlier hint: {gentle[:40]}" in repr(second)
    assert first.message == second.message == "Every wrong result is 0, whatever the input."
    assert check("fm_gradient", lambda V, x: 0).hint == EXERCISES["fm_gradient"].hints[0]  # counted per exercise


@pytest.mark.parametrize(
    "name, wrong, sort",
    [
        ("where_vectors_come_from", "A", "choice"),
        ("bi_interaction_by_hand", "(9, 9)", "number"),
        ("nfm_that_is_fm", lambda fm: fm.nothing, "model"),
        ("pool_by_identity", lambda V, ids, values: V.nothing, "code"),
    ],
)
def test_the_second_hint_fits_the_kind_of_task(name, wrong, sort):
    first, second, third = (check(name, wrong).hint for _ in range(3))
    assert second == exercises.AGAIN[sort] and [first, third] == list(EXERCISES[name].hints)
    assert len(set(exercises.AGAIN.values())) == 4


def test_the_hint_of_the_mistake_comes_first_and_is_told_again():
    pool = EXERCISES["pool_by_identity"]
    own = next(m.hint for m in pool.mistakes if m.message.startswith("You left out the values"))
    check(pool.name, lambda V, ids, values: 0 * values), check(pool.name, lambda V, ids, values: 0 * values)
    third = check(pool.name, no_values)
    assert own and third.hint == own  # not the formula: this mistake is new
    assert check(pool.name, no_values).hint == pool.hints[1] and own in check(pool.name, no_values).earlier


@pytest.mark.parametrize("slip", ["pool", nn.Linear, 3, lambda x: x], ids=["quotes", "class", "number", "arguments"])
def test_a_slip_of_form_is_no_try(slip):
    strong = EXERCISES["pool_by_identity"].hints[1]
    for _ in range(4):
        assert check("pool_by_identity", slip).hint != strong
    assert summary("4").rows[0][2] == "not right yet"
    for _ in range(4):
        assert check("bi_interaction_by_hand", "no number").hint == EXERCISES["bi_interaction_by_hand"].hints[0]


def test_prints_are_shown_for_the_input_that_fails(capsys):
    def talkative(V, x):
        for i in range(9):
            print("n is", len(x), i)
        return 7 * len(x)

    verdict = check("pairs_by_loops", talkative)
    assert "your code printed:" in verdict.example and "n is" in verdict.example
    assert "... 3 more lines" in verdict.example
    assert capsys.readouterr().out.startswith("1.2 ")


def test_what_says_nothing_is_not_shown():
    def pair_sum(V, x):
        right = EXERCISES["pairs_by_loops"].rights[0](V, x)
        x += 1
        return right

    shown = repr(check("pairs_by_loops", pair_sum))
    assert "changes x" in shown and "x = " in shown and "expected:" not in shown and "got:" not in shown

    def pair_sum(V, x):
        return input()

    shown = repr(check("pairs_by_loops", pair_sum))
    assert "keyboard" in shown and "expected:" in shown and "NoKeyboard" not in shown


def test_an_exception_is_told_with_its_line():
    verdict = check("fm_gradient", lambda V, x: V[len(x)])
    assert verdict.mistake == "exception" and "IndexError" in verdict.message and "line" in verdict.message
    assert "V[len(x)]" in verdict.message


def test_an_exception_is_shown_on_an_input_that_has_pairs_if_there_is_one():
    told = check("pool_by_identity", lambda V, ids, values: V[ids] @ values)  # with S = 0 in other words than later
    assert told.mistake == "exception" and "ids = [[1, 2]]" in told.example and "2x2 and 1x2" in told.message

    def fails_without_pairs(V, ids, values):
        xv = V[ids] * values[..., None]
        return torch.stack([xv[:, s] * xv[:, t] for s in range(xv.shape[1]) for t in range(s)]).sum(0)

    assert "ids = [[]]" in check("pool_by_identity", fails_without_pairs).example


def test_an_error_message_that_goes_on_below_is_told_to_its_end():
    def two_lines(V, x):
        raise ValueError("These are missing:\n    h\nsomewhere else")

    assert "ValueError: These are missing: h (line" in check("fm_gradient", two_lines).message

    def long(V, x):
        raise ValueError("many:\n" + "x" * 300)

    assert "many: " + "x" * 188 + " [...] (line" in check("fm_gradient", long).message


def test_mixed_dtypes_are_told():
    verdict = check("fm_gradient", lambda V, x: x[:, None] * (x @ V) - torch.diag(x**2).float() @ V.double())
    assert "float32 and float64" in verdict.message and "dtype" in verdict.hint


def test_a_class_is_told_apart_from_what_it_makes():
    class Pool(nn.Module):
        def forward(self, V, ids, values):
            xv = V[ids] * values[..., None]
            return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))

    verdict = check("pool_by_identity", Pool)
    assert verdict.mistake == "class" and 'check("4.1", Pool())' in verdict.hint
    assert check("pool_by_identity", Pool())


@pytest.mark.parametrize("name", ["fm_gradient", "lr_to_fm_by_k", "pool_by_identity", "nfm_from_parts"])
def test_a_bare_squeeze_is_told(name):
    right = EXERCISES[EXERCISES.id_of(name)].rights[0]
    assert "squeeze() drops the batch" in check(name, lambda *arguments: right(*arguments).squeeze()).message


def test_html_is_escaped():
    assert "<script>" not in check("pairs_by_loops", lambda V, x: 1 / "<script>")._repr_html_()
    assert "<script>" not in check("<script>", 1)._repr_html_()


@pytest.mark.parametrize("id", ["9.9", "", "4", "1.2.3", None, 4.2, 7, [], object(), TODO], ids=shown)
def test_unknown_id_lists_the_known_ones(id):
    verdict = check(id, lambda: 0)
    assert verdict.status == "unknown exercise" and not verdict
    assert all(known in verdict.message for known in EXERCISES)
    assert "a float" not in verdict.message or "with a float as its number" in verdict.message
    assert verdict._repr_html_()


def test_an_old_number_says_the_new_one():
    assert set(NAME_OF_OLD.values()) <= {e.name for e in (*EXERCISES.values(), *EXPERIMENTS.values())}
    bug = check("7.3", lambda *_: 0)
    assert bug.status == "unknown exercise" and f'{EXERCISES["bug_double_sigmoid"].id} "' in bug.message
    moved = EXERCISES["odd_parity"]
    verdict = check("6.1", moved.rights[0])
    assert moved.id != "6.1" and f"number now: {moved.id} " in verdict.message and f'check("{moved.id}"' in verdict.hint
    assert check("1.1", -9.5) and "number now" not in check("1.2", lambda V, x: 0).message


def test_a_number_in_use_again_means_its_new_exercise_unless_the_function_is_the_old_one():
    again = [id for id, name in NAME_OF_OLD.items() if id in EXERCISES and EXERCISES[id].name != name]
    again = [id for id in again if NAME_OF_OLD[id] in {e.name for e in CODE.values()}]
    assert again
    for id in again:
        old = EXERCISES[NAME_OF_OLD[id]]

        def function(*_):
            return 0

        assert "number now" not in check(id, function).message
        function.__name__ = old.function.name
        assert f"number now: {old.id} " in check(id, function).message


def test_an_old_number_that_an_experiment_has_now_means_the_experiment():
    again = [id for id, name in NAME_OF_OLD.items() if id in EXPERIMENTS and EXERCISES.id_of(name)]
    assert "1.6" in again
    for id in again:
        verdict = check(id, 3)
        assert "number now" not in verdict.message and f'report("{id}"' in verdict.hint
        old = EXERCISES[NAME_OF_OLD[id]]
        if old.kind == "code":
            assert f"number now: {old.id} " in check(id, old.rights[0]).message


@pytest.mark.parametrize("asked", ["D4", "d4", " D4 ", "第D4章", "Ｄ４", "D4章"])
def test_a_chapter_may_be_named_in_several_ways(asked):
    assert {id.split(".")[0] for id, _, _ in summary(asked).rows} == {"D4"}
    assert repr(summary("第99章")) == "There are no exercises of chapter 99."


def test_exchanged_arguments_and_spaces():
    assert 'check("1.1"' in check(-9.5, "1.1").hint
    assert check(" 1.1 ", -9.5) and check("fm_by_hand", -9.5) and check("\uff11.\uff11", -9.5)


def test_summary(capsys):
    assert repr(summary()) == "No exercise has been checked in this notebook yet."
    assert "No exercise" in summary()._repr_html_()
    exercises, (experiment,) = EXERCISES.of("4"), EXPERIMENTS.of("4").values()
    (right, first), (wrong, second), *rest = exercises.items()
    check(right, first.rights[0]), check(wrong, lambda *_: 1), check(wrong, lambda *_: 2), check(rest[0][0], TODO)
    capsys.readouterr()
    shown = summary()
    assert capsys.readouterr().out == f"{shown}\n"
    width = max(len(e.title) for e in (*exercises.values(), experiment))
    assert repr(shown).splitlines() == [
        f"1 of {len(exercises)} exercises done; open experiments: 0 of 1 reported",
        f"  {right}  {first.title:<{width}}  correct",
        f"  {wrong}  {second.title:<{width}}  not right yet (2 tries)",
        *(f"  {id}  {e.title:<{width}}  not attempted yet" for id, e in [*rest, (experiment.id, experiment)]),
    ]
    assert right in shown._repr_html_() and shown.n_correct == 1
    check(right, lambda *_: 1)
    assert summary().n_correct == 0  # what the last check said
    assert len(summary(chapter=1).rows) == len(COURSE["1"])
    assert repr(summary("9")) == "There are no exercises of chapter 9."


KERNEL_CELLS = [
    "from nfm_tutorial.exercises import TODO, check, summary",
    'check("pairs_by_loops", lambda V, x: TODO)',
    'verdict = check("gradient_that_reaches_v", "b")',
    "verdict",
    'check("deepfm_parameters", 5)\ncheck("gradient_that_reaches_v", "b")',
    'def f(V, x):\n    print("hello")\n    from IPython.display import display\n    display(3)\n    while True:\n'
    '        try:\n            pass\n        except:\n            pass\ncheck("pairs_by_loops", f)',
    "summary()",
]


def test_in_a_kernel():
    """Each verdict is shown exactly once, as text and as HTML, and an endless loop does not hang the kernel."""
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in KERNEL_CELLS])
    NotebookClient(nb, timeout=120, kernel_name="python3").execute()
    shown = [[output["data"]["text/plain"] for output in cell.outputs] for cell in nb.cells]
    heads = [[text.splitlines()[0] for text in texts] for texts in shown]
    names = ("pairs_by_loops", "deepfm_parameters", "gradient_that_reaches_v")
    loops, count, gradient = (EXERCISES[name].id for name in names)
    exercises = sum(len(COURSE[id.split(".")[0]]) for id in (loops, count, gradient))
    assert heads == [
        [],
        [f"{loops} The pair term by loops: not attempted yet"],
        [f"{gradient} The gradient that reaches V: correct"],
        [f"{gradient} The gradient that reaches V: correct"],
        [f"{count} Count DeepFM's parameters: not right yet", f"{gradient} The gradient that reaches V: correct"],
        [f"{loops} The pair term by loops: not right yet"],
        [f"1 of {exercises} exercises done; open experiments: 0 of 1 reported"],
    ]
    assert "did not come to an end" in shown[5][0]
    assert all(set(output["data"]) == {"text/plain", "text/html"} for cell in nb.cells for output in cell.outputs)
