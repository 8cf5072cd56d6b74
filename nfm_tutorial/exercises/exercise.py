"""What an exercise is: data, written in the learner's language. judge.py reads it; tools/ and tests/ derive the rest.

A code exercise (see CONTRIBUTING.md, "Adding an exercise"):

    exercise = Exercise(title, spec, stub, hints)
    @exercise.inputs      inputs(draw): yields the arguments of each call, smallest first
    @exercise.oracle      by_loops(...): the answer by an independent, plain way; gets float64 NumPy arrays
    @exercise.right       the first is the published solution; more are other ways
    @exercise.wrong       the docstring is the message; the body is the mistake
    exercise.slips(text)  mistakes that are an edit of the published solution: "old -> new", and below it the message
"""

from __future__ import annotations

import ast
import copy
import inspect
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby

import torch
from torch import Tensor, nn

from .draw import F32, F64, Draw
from .language import mark, say
from .values import plain
from .verdict import Fault

TOLERANCE = 1e-4  # float32 and any order of summation pass; a wrong formula is off by far more on the drawn inputs


class Case:
    """The arguments of one call; `inputs` may yield them as a plain tuple as well.

    big: too long for the naive formulas of wrong answers. slow: what to say if the code is stopped here. raises: the
    exception that the code must raise here, and the wrong answer that does not raise it. beside: a line that is shown
    below the arguments, for what is given to the result.
    """

    def __init__(self, *args, big: bool = False, slow: str = "", raises: tuple | None = None, beside: str = ""):
        self.args, self.big, self.slow, self.raises, self.beside = args, big, slow, raises, beside

    def cast(self, dtype: torch.dtype) -> Case:
        """The same case with every float tensor and every module in that dtype."""
        kept = {"big": self.big, "slow": self.slow, "raises": self.raises, "beside": self.beside}
        return Case(*_cast(self.args, dtype), **kept)

    def fresh(self) -> tuple:
        """The arguments for one call of an answer."""
        return copy.deepcopy(self.args)

    @cached_property
    def plain(self) -> tuple:
        """The arguments for oracle and judge."""
        return tuple(plain(value) for value in self.args)


def _cast(value, dtype):
    if isinstance(value, Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).to(dtype)
    if type(value) in (list, tuple):
        return type(value)(_cast(part, dtype) for part in value)
    return value


@dataclass(frozen=True)
class Mistake:
    """A wrong answer: `answer` makes the mistake, `message` names it, `hint` is for its second appearance as well."""

    key: str
    answer: Callable
    message: str
    hint: str = ""


class Found(Exception):
    """What a `judge` or an `observe` says (returned or raised): this answer makes that mistake.

    wrong: a function that is declared as wrong, or a message. expected, got: in words. blanks: for its message.
    """

    def __init__(self, wrong: Callable | str, expected: str = "", got: str = "", hint: str = "", **blanks):
        super().__init__(wrong)
        self.wrong, self.expected, self.got, self.hint, self.blanks = wrong, expected, got, hint, blanks


class Task:
    """What all kinds of exercises have: a name that stays, and a number that its place in the course gives it."""

    kind = ""
    id = name = ""
    title: str
    spec: str
    stub: str
    hints: tuple[str, str]

    def placed(self, name: str, id: str):
        self.name, self.id = name, id
        return self


class Exercise(Task):
    """A function to write.

    title; spec: the task as it stands in the notebook; stub: the function to fill in, returning TODO; hints: gentle,
    strong (shown from the third try on).
    number: the result is one number, so any array with one entry will do. zero: a plain 0 will do where there is
    nothing to sum. factory: the function returns a module, so a class will do as well. gradient: the result must carry
    one. tolerance: times the largest entry. dtypes: of the inputs, in turns. otherwise: what to say to a wrong result
    that nothing explains.
    """

    kind = "code"

    def __init__(
        self,
        title: str,
        spec: str,
        stub: str,
        hints: tuple[str, str],
        *,
        number: bool = False,
        zero: bool = False,
        factory: bool = False,
        gradient: bool = False,
        tolerance: float = TOLERANCE,
        dtypes: tuple[torch.dtype, ...] = (F64, F32),
        otherwise: str = mark("The result is not the expected one."),
    ):
        self.title, self.spec, self.stub, self.hints = title, spec, stub, hints
        self.number, self.zero, self.factory, self.gradient = number, zero, factory, gradient
        self.tolerance, self.dtypes, self.otherwise = tolerance, dtypes, otherwise
        self.rights: list[Callable] = []
        self.mistakes: list[Mistake] = []
        self.answer = self.judged = self.observed = self.bug = self.test = self.worked = None
        self._inputs: Callable = lambda draw: iter(())

    # --- the declaration ------------------------------------------------------------------------------------------

    def inputs(self, function: Callable) -> Callable:
        """inputs(draw) yields the arguments, smallest first; draw as in draw.py. Every other case is cast to float32.

        Let one case be large and unrounded (draw.rough), so that half precision shows.
        """
        self._inputs = function
        return function

    def oracle(self, function: Callable) -> Callable:
        """The answer on float64 NumPy arguments, by a way of its own."""
        self.answer = function
        return function

    def judge(self, function: Callable) -> Callable:
        """For a property instead of one answer: judge(result, *arguments) -> None, Found(...) or a Fault."""
        self.judged = function
        return function

    def observe(self, function: Callable) -> Callable:
        """observe(answer, *arguments) calls the answer itself and returns (or raises Found) what is to be compared."""
        self.observed = function
        return function

    def example(self, function: Callable) -> Callable:
        """The spec's worked example: () -> (arguments, result). Lists will do for arrays."""
        self.worked = function
        return function

    def right(self, function: Callable) -> Callable:
        self.rights.append(function)
        return function

    def wrong(self, function: Callable | None = None, *, hint: str = "", shown: bool = False) -> Callable:
        """shown: the bug clinic shows this one as the code to repair, named like the stub with _buggy behind."""

        def declare(function):
            key = function.__name__.strip("_").replace("_", " ")
            self.mistakes.append(Mistake(key, function, message_of(function), hint))
            if shown:
                self.bug = function
            return function

        return declare(function) if function else declare

    def slips(self, text: str, **hints: str) -> None:
        """Mistakes that are edits of a right answer (of the first that can be edited so). Below one or more lines
        "old -> new" stand the message and perhaps "hint: ...", indented. A hint that several share is an argument,
        called by its name.

            drop(norm(z)) -> norm(drop(z))
                You dropped before the batch norm.
        """
        lines = textwrap.dedent(text).strip("\n").splitlines()
        for edits, block in groupby(lines, key=lambda line: not line.startswith(" ")):
            if edits:
                edit = [line.split(" -> ") for line in block]
                continue
            message, _, hint = " ".join(" ".join(block).split()).partition(" hint: ")
            key = " and ".join(f"{old} -> {new}" for old, new in edit)
            self.mistakes.append(Mistake(key, self._edited(edit), message, hints.get(hint, hint)))

    def _edited(self, edits: list[list[str]]) -> Callable:
        @cache
        def function():
            for right in self.rights:
                source = source_of(right)
                if all(old in source for old, _ in edits):
                    break
            else:
                raise ValueError(f"{self.name}: no right answer has {[old for old, _ in edits]} to replace")
            for old, new in edits:
                source = source.replace(old, new)
            names = dict(vars(sys.modules[right.__module__]))
            exec(source, names)
            return names[right.__name__]

        return lambda *arguments: function()(*arguments)

    def tested(self, function: Callable) -> Callable:
        """The test that would have caught the bug: a function of the function under test."""
        self.test = function
        return function

    # --- what is derived from it ----------------------------------------------------------------------------------

    @cached_property
    def function(self) -> ast.FunctionDef:
        return next(node for node in ast.parse(self.stub).body if isinstance(node, ast.FunctionDef))

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(argument.arg for argument in self.function.args.args)

    def cases(self, dtype: torch.dtype | None = None, seed: int | None = None) -> list[Case]:
        """Every input, in turns in float64 and float32; or all in one dtype that the exercise has.

        seed: of the numbers that are drawn; None: the exercise's own, with which a notebook's check is always the same.
        """
        dtypes = (dtype,) if dtype in self.dtypes else self.dtypes
        drawn: Iterator = self._inputs(Draw(zlib.crc32(self.name.encode()) if seed is None else seed))
        cases = [case if isinstance(case, Case) else Case(*case) for case in drawn]
        return [case.cast(dtypes[i % len(dtypes)]) for i, case in enumerate(cases)]

    def found(self, found: Found) -> Fault:
        """A Found as the Fault that it stands for."""
        known = {mistake.answer: mistake for mistake in self.mistakes}
        if found.wrong in known:
            mistake = known[found.wrong]
            message, hint, key = say(mistake.message, **found.blanks), say(mistake.hint), mistake.key
        else:
            message, hint, key = str(found.wrong), "", "value"
        return Fault(message, found.hint or hint, key, expected=found.expected, got=found.got)

    @property
    def buggy(self) -> str:
        """The source of the bug that the clinic shows, or ""."""
        return source_of(self.bug, f"{self.function.name}_buggy") if self.bug else ""


class Number(Task):
    """A number (or a few numbers) to predict or to work out by hand.

    kind: "predict" or "pencil and paper". tolerance: absolute, per entry. wrong: pairs of a wrong answer and why it is
    wrong. fallback: what to say to any other. The function under @exercise.oracle computes the answer.
    """

    def __init__(
        self,
        title: str,
        kind: str,
        spec: str,
        hints: tuple[str, str],
        wrong: tuple[tuple[object, str], ...],
        *,
        stub: str = "answer = TODO  # a number",
        tolerance: float = 1e-6,
        fallback: str = mark("This is not the answer."),
    ):
        self.title, self.kind, self.spec, self.hints, self.wrong = title, kind, spec, hints, wrong
        self.stub, self.tolerance, self.fallback = stub, tolerance, fallback
        self.answer: Callable[[], object] | None = None

    def as_meant(self, candidate):
        """What was typed, as it is to be read: a task may know more than what holds for all numbers."""
        return candidate

    def oracle(self, function: Callable) -> Callable:
        self.answer = function
        return function


class Choice(Task):
    """A question with answers A, B, C, ...: pairs (text, why it is wrong), the latter empty for the right one."""

    kind = "predict"

    def __init__(self, title: str, spec: str, choices: tuple[tuple[str, str], ...], hints: tuple[str, str]):
        self.title, self.spec, self.choices, self.hints = title, spec, choices, hints

    @property
    def letters(self) -> str:
        return "ABCDEFGH"[: len(self.choices)]

    @property
    def stub(self) -> str:
        return f'answer = TODO  # "{self.letters[0]}" to "{self.letters[-1]}"'


FORM = """This is homework. Run at least three seeds, and choose "A better", "B better" or "no difference" by the
interval. Then add a cell with one sentence: what result would change your mind? The check looks at the form, and
whether your conclusion agrees with the interval. The solutions say what a good answer has."""


class Experiment(Task):
    """An open experiment: the reader varies something and reports a difference with an interval; see experiments.py.

    spec: the question; FORM is added. scaffold: its cell, which asks for TODO and shows the loop over seeds in a
    comment; `{id}` is its number. metrics: {name: whether higher is better}. rubric: what a short, a good and a very
    good answer say, for the solutions.
    """

    kind = "experiment"

    def __init__(self, title: str, spec: str, scaffold: str, metrics: dict[str, bool], rubric: tuple[str, str, str]):
        self.title, self.spec, self.scaffold = title, f"{spec}\n\n{FORM}", scaffold
        self.metrics, self.rubric = metrics, rubric

    @property
    def stub(self) -> str:
        return self.scaffold.replace("{id}", self.id)


def message_of(function: Callable) -> str:
    """Its docstring in one line; from its source under `python -OO`, which drops docstrings."""
    text = function.__doc__ or ast.get_docstring(ast.parse(textwrap.dedent(inspect.getsource(function))).body[0])
    return " ".join((text or "").split())


def source_of(function: Callable, name: str = "") -> str:
    """The source as a notebook shows it: without decorators and without the docstring."""
    lines = textwrap.dedent(inspect.getsource(function)).splitlines()
    node = ast.parse("\n".join(lines)).body[0]
    first, body = node.lineno - 1, node.body
    if ast.get_docstring(node) is not None and len(body) > 1:
        head = lines[first : body[0].lineno - 1]
        lines = head + lines[body[0].end_lineno :]
    else:
        lines = lines[first:]
    source = "\n".join(lines)
    return source.replace(f"{function.__name__}(", f"{name}(", 1) if name else source
