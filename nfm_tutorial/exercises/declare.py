"""The kinds of exercises, and how an answer of each kind is judged.

An exercise is declared once, in the module of its chapter. `examine(candidate)` returns None for a correct
answer, UNFINISHED where TODO still stands, or the Fault to explain.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from . import sandbox
from .judge import UNFINISHED, examine_choice, examine_number, example_text, explain, not_a_function, shape_fault
from .todo import TODO, Unfinished, unfinished
from .values import (
    Unusable,
    argument_text,
    array_text,
    close,
    number_text,
    plain,
    same_value,
    to_array,
)
from .verdict import Fault

TOLERANCE = 1e-4  # float32 and any order of summation pass; a wrong formula is off by far more on the drawn inputs


@dataclass(frozen=True)
class Mistake:
    """A known mistake: `wrong` computes the answer that it leads to, and `message` names it.

    A candidate is told `message` if its results are those of `wrong`; without `wrong` the exercise's judge finds the
    mistake and fills in the blanks of `message`. hint: for the first try, in place of the exercise's.
    """

    key: str
    message: str
    wrong: Callable | None = None
    hint: str = ""

    def fault(self, expected: str = "", got: str = "", **blanks) -> Fault:
        return Fault(self.message.format(**blanks), self.hint, self.key, expected=expected, got=got)


def by_key(mistakes: Iterable[Mistake]) -> dict[str, Mistake]:
    return {mistake.key: mistake for mistake in mistakes}


class Case:
    """One input. Cases are listed from the smallest on.

    trivial: the answer is zero or empty, so that a mistake is better shown on another case. big: too long for the
    naive formulas of known mistakes. slow: what to say if the code is stopped here. raises: the exception that the
    code must raise here, and the key and message of the mistake if it does not.
    """

    def __init__(
        self,
        *args,
        trivial: bool = False,
        big: bool = False,
        slow: str = "",
        raises: tuple[type[Exception], str, str] | None = None,
    ):
        self.args, self.trivial, self.big, self.slow, self.raises = args, trivial, big, slow, raises

    def fresh(self) -> tuple:
        """The arguments for one call of the candidate."""
        return copy.deepcopy(self.args)

    @cached_property
    def plain(self) -> tuple:
        """The arguments for oracles and known mistakes, which leave them as they are."""
        return tuple(plain(value) for value in self.args)


@dataclass
class Outcome:
    """What came out of one call: an array, or the fault that kept it from being one."""

    array: np.ndarray | None = None
    fault: Fault | None = None
    error: BaseException | None = None
    changed: str = ""  # the argument that the code changed
    printed: str = ""
    was_list: bool = False


@dataclass(frozen=True, eq=False)
class Code:
    """A function to write.

    id, title; spec: the task as it stands in the notebook; stub: the function to fill in, returning TODO.
    cases: makes the inputs. answer: the oracle, on plain NumPy arguments. mistakes: see Mistake. hints: gentle, strong.
    number: the result is one number, so any array with one entry will do.
    zero: a plain 0 will do where there is nothing to sum.
    judge: in place of comparing with `answer`: (arguments, array) -> Fault or None.
    call: in place of calling the candidate with the arguments: (candidate, *arguments) -> result.
    observe: in place of comparing the result itself: (result, *arguments) -> what to compare.
    factory: the function returns a module, so a class will do as well.
    """

    id: str
    title: str
    spec: str
    stub: str
    cases: Callable[[], Iterable[Case]]
    answer: Callable
    hints: tuple[str, str]
    mistakes: tuple[Mistake, ...] = ()
    number: bool = False
    zero: bool = False
    judge: Callable | None = None
    call: Callable | None = None
    observe: Callable | None = None
    factory: bool = False
    tolerance: float = TOLERANCE
    kind: str = field(default="code", init=False)

    @cached_property
    def function(self) -> ast.FunctionDef:
        return next(node for node in ast.parse(self.stub).body if isinstance(node, ast.FunctionDef))

    @property
    def arguments(self) -> tuple[str, ...]:
        return tuple(argument.arg for argument in self.function.args.args)

    def examine(self, candidate):
        if unfinished(candidate):
            return UNFINISHED
        fault = not_a_function(self, candidate)
        if fault:
            return fault
        cases = list(self.cases())
        outcomes: list[Outcome] = []
        stubs: list[bool] = []

        def work():
            for case in cases:
                outcome = self._attempt(candidate, case)
                if outcome is UNFINISHED:
                    stubs.append(True)
                    return
                outcomes.append(outcome)

        ended = sandbox.run(work)
        if stubs:
            return UNFINISHED
        found = self._diagnose(cases, list(outcomes))
        if found is None and not ended:
            case = cases[min(len(outcomes), len(cases) - 1)]
            message = case.slow or "Your code did not come to an end and was stopped: is there a loop that never ends?"
            hint = "" if case.slow else "Look at every while: does something in the loop change its condition?"
            found = Fault(message, hint, key="endless", shown=self._shown(case), got="nothing in several seconds")
        return found

    # --- calling ----------------------------------------------------------------------------------------------

    def _attempt(self, candidate, case: Case):
        args = case.fresh()
        sandbox.seed_everything()
        sandbox.printed()
        outcome = Outcome()
        try:
            raw = self.call(candidate, *args) if self.call else candidate(*args)
            if unfinished(raw):
                return UNFINISHED
            outcome.was_list = isinstance(raw, (list, tuple))
            if self.observe:
                raw = self.observe(raw, *case.fresh())
            outcome.array = to_array(raw)
        except sandbox.Stop:
            raise
        except Fail as error:
            outcome.fault = error.fault
        except Unusable as error:
            outcome.fault = Fault(str(error), key="kind", got="")
        except BaseException as error:
            if isinstance(error, Unfinished):
                return UNFINISHED
            outcome.error, outcome.fault = error, explain(error)
        outcome.printed = sandbox.printed()
        changed = [name for name, a, b in zip(self.arguments, case.args, args) if not same_value(a, b)]
        outcome.changed = changed[0] if changed else ""
        return outcome

    # --- judging ----------------------------------------------------------------------------------------------

    def _diagnose(self, cases: list[Case], outcomes: list[Outcome]) -> Fault | None:
        cases = cases[: len(outcomes)]
        expected = [self._expected(case) for case in cases]
        faults = [self._fault(c, o, e) for c, o, e in zip(cases, outcomes, expected)]
        failing = [i for i, fault in enumerate(faults) if fault]
        if not failing:
            changed = [i for i, outcome in enumerate(outcomes) if outcome.changed]
            if not changed:
                return None
            i = changed[0]
            fault = Fault(
                f"Your code changes {outcomes[i].changed}, which belongs to the caller.",
                "Work on a copy (clone, copy), or compute new values instead of assigning into the old ones; "
                "`a = b` makes no copy.",
                key="in place",
            )
            return self._illustrated(fault, cases[i], outcomes[i], expected[i])
        mistake, where = self._known_mistake(cases, outcomes, expected, failing)
        if mistake:
            fault = Fault(mistake.message, mistake.hint, key=mistake.key)
            return self._illustrated(fault, cases[where], outcomes[where], expected[where])
        where = failing[0]
        fault = faults[where]
        # A case whose answer is not zero says more, as long as it fails in the same way.
        alike = [i for i in failing if faults[i].key == fault.key]
        if fault.key not in ("value", "shape"):
            alike = [i for i in alike if faults[i].message == fault.message]
        where = next((i for i in alike if not cases[i].trivial), where)
        fault = faults[where]
        if fault.key == "value":
            fault = self._pattern(outcomes, expected, failing) or fault
            if outcomes[where].changed and not fault.hint:
                fault = replace(
                    fault,
                    message=f"The result is not the expected one, and your code changes {outcomes[where].changed}.",
                    hint="Work on a copy; `a = b` makes no copy.",
                )
        return self._illustrated(fault, cases[where], outcomes[where], expected[where])

    def _expected(self, case: Case) -> np.ndarray | None:
        if case.raises:
            return None
        answer = self.answer(*case.plain)
        return None if answer is None else to_array(answer)

    def _fault(self, case: Case, outcome: Outcome, expected: np.ndarray | None) -> Fault | None:
        """What is wrong with one outcome, in general words."""
        if case.raises:
            kind, key, message = case.raises
            if isinstance(outcome.error, kind):
                return None
            return outcome.fault if outcome.error else Fault(message, key=key)
        if outcome.fault:
            return outcome.fault
        got = outcome.array
        if self.judge:
            return self.judge(case.plain, got)
        if self.number and got.size == 1:
            got = got.reshape(())
        if self.zero and got.ndim == 0 and got == 0 and not expected.any():
            return None
        if got.size == expected.size == 0 and (outcome.was_list or got.ndim == 1):
            return None  # what a loop over no rows gives
        if got.shape != expected.shape:
            return shape_fault(got, expected, self.tolerance)
        if not np.isfinite(got).all():
            what = "NaN" if np.isnan(got).any() else "infinity"
            return Fault(f"The result holds {what} where a number is expected.", key="nan")
        if got.size and not close(got, expected, self.tolerance):
            return Fault("The result is not the expected one.", key="value")
        return None

    def _known_mistake(self, cases, outcomes, expected, failing) -> tuple[Mistake | None, int]:
        """The mistake whose wrong answers are the candidate's, and the case that shows it best."""
        usable = [i for i, outcome in enumerate(outcomes) if outcome.array is not None and not cases[i].big]
        told = [i for i in failing if i in usable]
        if not told:
            return None, -1
        fine = [i for i in usable if i not in told]
        best, best_share, best_where = None, 0.0, -1
        for mistake in (m for m in self.mistakes if m.wrong):
            hits = self._hits(mistake, cases, outcomes, told)
            if not hits:
                continue
            where = next((i for i in hits if not cases[i].trivial), None)
            if where is None and len(told) > len(hits):
                continue  # agreement on empty inputs alone says nothing
            # A mistake that would have shown where the candidate is fine is not the candidate's. (Now and then it is:
            # code that treats the smallest inputs apart.)
            agreeing = sum(self._agrees(mistake, cases[i], outcomes[i].array) is not False for i in fine)
            if agreeing * 3 < len(fine) * 2:
                continue
            agreeing += len(hits)
            share = len(hits) / len(told) + agreeing / len(usable)
            if share > best_share:
                best, best_share, best_where = mistake, share, hits[0] if where is None else where
        return best, best_where

    def _hits(self, mistake: Mistake, cases, outcomes, told: list[int]) -> list[int]:
        """The failing cases that the mistake explains; [] if they are less than half."""
        hits, misses = [], 0
        for i in told:
            if self._agrees(mistake, cases[i], outcomes[i].array):
                hits.append(i)
            else:
                misses += 1
                if misses * 2 > len(told):
                    return []
        return hits

    def _agrees(self, mistake: Mistake, case: Case, got: np.ndarray) -> bool | None:
        """Whether a result is the one that the mistake leads to; None where the mistake leads to no number at all."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wrong = to_array(mistake.wrong(*case.plain))
        except Exception:
            return None
        if not np.isfinite(wrong).all():
            return None
        if self.number and got.size == wrong.size == 1:
            got, wrong = got.reshape(()), wrong.reshape(())
        return close(got, wrong, self.tolerance)

    def _pattern(self, outcomes, expected, failing) -> Fault | None:
        """A sign or a factor that all wrong results have in common."""
        pairs = [
            (outcomes[i].array.ravel(), expected[i].ravel())
            for i in failing
            if outcomes[i].array is not None and expected[i] is not None and outcomes[i].array.size == expected[i].size
        ]
        if len(pairs) < 3:
            return None
        right = [i for i, e in enumerate(expected) if i not in failing and e is not None and e.any()]
        every = "Every wrong result" if right else "Every result"
        got, wanted = (np.concatenate(parts) for parts in zip(*pairs))
        if not (np.isfinite(got).all() and wanted.any() and got.any()):
            return None
        factor = float(got @ wanted / (wanted @ wanted))
        if not close(got, factor * wanted, self.tolerance):
            difference = got - wanted
            if close(difference, np.full_like(difference, difference[0]), self.tolerance):
                return Fault(f"{every} is off by the same amount, {number_text(difference[0])}.", key="value")
            return None
        if abs(factor + 1) < 1e-3:
            return Fault(f"{every} has the opposite sign.", key="value")
        return Fault(f"{every} is the expected one times {number_text(round(factor, 4))}.", key="value")

    def _shown(self, case: Case) -> tuple[str, ...]:
        return tuple(f"{name} = {argument_text(value)}" for name, value in zip(self.arguments, case.args))

    def _illustrated(self, fault: Fault, case: Case, outcome: Outcome, expected: np.ndarray | None) -> Fault:
        wanted = fault.expected or (case.raises[0].__name__ if case.raises else "")
        if not wanted and expected is not None:
            wanted = array_text(expected)
        got = fault.got
        if not got and outcome.error is not None:
            got = type(outcome.error).__name__
        elif not got and outcome.array is not None:
            got = array_text(outcome.array)
        shown = fault.shown or self._shown(case)
        return replace(fault, shown=shown, expected=wanted, got=got, printed=outcome.printed)


@dataclass(frozen=True, eq=False)
class Bug(Code):
    """A function to repair. symptom: what one sees first. buggy: its source, named like the stub with _buggy behind.
    test: the lines that would have caught it, for a function of the stub's name."""

    symptom: str = ""
    buggy: str = ""
    test: str = ""


class Fail(Exception):
    """Raised by an exercise's `call`, `observe` to explain a result that can't be compared at all."""

    def __init__(self, fault: Fault):
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, eq=False)
class Value:
    """A number (or a few numbers) to predict or to work out by hand.

    kind: "predict" or "pencil and paper". answer: computes it, so that it stands nowhere. tolerance: absolute, per
    entry. wrong: pairs of a wrong answer and why it is wrong. fallback: what to say to any other wrong answer.
    """

    id: str
    title: str
    spec: str
    stub: str
    kind: str
    answer: Callable[[], object]
    hints: tuple[str, str]
    tolerance: float = 1e-6
    wrong: tuple[tuple[object, str], ...] = ()
    fallback: str = "This is not the answer."

    def examine(self, candidate):
        return UNFINISHED if unfinished(candidate) else examine_number(self, candidate)


@dataclass(frozen=True, eq=False)
class Choice:
    """A question with answers A, B, C, ...: pairs (text, why it is wrong), the latter empty for the right one."""

    id: str
    title: str
    spec: str
    choices: tuple[tuple[str, str], ...]
    hints: tuple[str, str]
    kind: str = field(default="predict", init=False)

    @property
    def letters(self) -> str:
        return "ABCDEFGH"[: len(self.choices)]

    @property
    def stub(self) -> str:
        return f'answer = TODO  # "{self.letters[0]}" to "{self.letters[-1]}"'

    def examine(self, candidate):
        return UNFINISHED if unfinished(candidate) else examine_choice(self, candidate)


__all__ = ["TODO", "UNFINISHED", "Bug", "Case", "Choice", "Code", "Fail", "Mistake", "Value", "by_key", "example_text"]
