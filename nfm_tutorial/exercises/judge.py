"""How an answer is judged: `examine` returns None for a correct one, UNFINISHED where TODO stands, or the Fault."""

from __future__ import annotations

import inspect
import linecache
import re
import traceback
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from . import sandbox
from .diagnosis import diagnose_values, result_equals
from .exercise import Case, Choice, Exercise, Found, Number
from .language import mark, say
from .todo import Unfinished, unfinished
from .values import (
    Unusable,
    argument_text,
    array_text,
    close,
    describe_kind,
    number_text,
    parse_answer,
    same_value,
    to_array,
)
from .verdict import Fault

UNFINISHED = object()
_HERE = str(Path(__file__).resolve().parent)
_TORCH = str(Path(torch.__file__).resolve().parent)  # it calls a module's forward
_PRINTED_LINES = 6


def examine(exercise, candidate, dtype: torch.dtype | None = None, seed: int | None = None, run=None):
    """dtype: of every input; by default float64 and float32 in turns. seed: of the inputs that are drawn; by default
    the exercise's own. run: calls the work that calls the candidate; by default `sandbox.run`.
    """
    if unfinished(candidate):
        return UNFINISHED
    if isinstance(exercise, Number):
        return examine_number(exercise, candidate)
    if isinstance(exercise, Choice):
        return examine_choice(exercise, candidate)
    return _examine_code(exercise, candidate, dtype, seed, run or sandbox.run)


# --- code -----------------------------------------------------------------------------------------------------


@dataclass
class Outcome:
    """What came out of one call: an array, or the fault that kept it from being one."""

    array: np.ndarray | None = None
    fault: Fault | None = None
    error: BaseException | None = None
    changed: str = ""  # the argument that the code changed
    printed: str = ""


def _examine_code(exercise: Exercise, candidate, dtype, seed, run):
    fault = not_a_function(exercise, candidate)
    if fault:
        return fault
    cases = sandbox.calmly(lambda: exercise.cases(dtype) if seed is None else exercise.cases(dtype, seed))
    outcomes: list[Outcome] = []
    stub: list[bool] = []
    told: list[str] = []  # what code that was stopped had printed

    def work():
        for case in cases:
            try:
                outcomes.append(attempt(exercise, candidate, case))
            except Unfinished:
                stub.append(True)
                return
            except sandbox.Stop:
                told.append(sandbox.printed())
                raise

    ended = run(work)
    if stub:
        return UNFINISHED
    found = sandbox.calmly(lambda: _diagnose(exercise, cases[: len(outcomes)], list(outcomes)))
    if found is None and not ended:
        case = cases[min(len(outcomes), len(cases) - 1)]
        stopped = say("Your code did not come to an end and was stopped: is there a loop that never ends?")
        hint = "" if case.slow else say("Look at every while: does something in the loop change its condition?")
        got = say("nothing in several seconds")
        shown = _shown(exercise, case)
        found = Fault(say(case.slow) or stopped, hint, "endless", shown=shown, got=got, printed="".join(told))
    if found is None and exercise.gradient:
        found = _without_gradient(exercise, candidate, cases, run)
    return found


def attempt(exercise: Exercise, answer: Callable, case: Case) -> Outcome:
    """Call an answer on one case. Raises Unfinished where TODO still stands."""
    args = case.fresh()
    getattr(answer, "_new_case", sandbox.seed_everything)()  # an answer in another process seeds that one as well
    sandbox.printed()
    outcome = Outcome()

    def finished(*given):
        result = answer(*given)
        if unfinished(result):
            raise Unfinished
        return result

    try:
        raw = exercise.observed(finished, *args) if exercise.observed else finished(*args)
        if isinstance(raw, Found):
            raise raw
        if isinstance(raw, Fault):
            outcome.fault = raw
        else:
            outcome.array = to_array(raw)
    except (sandbox.Stop, Unfinished):
        raise
    except Found as found:
        outcome.fault = exercise.found(found)
    except Unusable as error:
        outcome.fault = Fault(str(error), key="kind")
    except BaseException as error:
        outcome.error, outcome.fault = error, explain(error)
    outcome.printed = sandbox.printed()
    outcome.changed = next((n for n, a, b in zip(exercise.arguments, case.args, args) if not same_value(a, b)), "")
    return outcome


def _without_gradient(exercise: Exercise, candidate, cases, run) -> Fault | None:
    """Ask for the gradient of one result, with respect to its float arguments or to the modules among them."""
    case = next((case for case in reversed(cases) if not case.big), cases[-1])
    carries: list[bool] = []

    def work():
        args = case.fresh()
        for value in args:
            if isinstance(value, Tensor) and value.is_floating_point():
                value.requires_grad_()
        sandbox.seed_everything()
        result = exercise.observed(candidate, *args) if exercise.observed else candidate(*args)
        carries.append(isinstance(result, Tensor) and result.requires_grad)

    run(work)
    if carries == [True]:
        return None
    message = say("The numbers are right, but no gradient flows back through your result, so nothing could be trained.")
    hint = say("Leave out detach, no_grad, item, tolist and NumPy on the way from the inputs to the result.")
    return Fault(message, hint, "no gradient", shown=_shown(exercise, case))


def not_a_function(exercise: Exercise, candidate) -> Fault | None:
    name, signature = exercise.function.name, f"{exercise.function.name}({', '.join(exercise.arguments)})"
    how = f'check("{exercise.id}", {name})'
    if isinstance(candidate, type) and not exercise.factory:
        if issubclass(candidate, nn.Module):
            message = say("You passed the class {name}; pass a module made from it.", name=candidate.__name__)
            hint = say('For example check("{id}", {name}()).', id=exercise.id, name=candidate.__name__)
            return Fault(message, hint, "class", slip=True)
        message = say("You passed the class {name}; a function is expected.", name=candidate.__name__)
        return Fault(message, say("{how}.", how=how), "class", slip=True)
    if not callable(candidate):
        message = say("You passed {kind}; the function itself is expected.", kind=describe_kind(candidate))
        hint = say("Without quotes and without calling it: {how}.", how=how)
        return Fault(message, hint, "not callable", slip=True)
    if isinstance(candidate, nn.Module) and type(candidate).forward is nn.Module.forward:
        message = say("Your module {name} has no method called forward.", name=type(candidate).__name__)
        hint = say("It is spelled forward, and indented to stand inside the class.")
        return Fault(message, hint, "forward", slip=True)
    try:
        target = candidate.forward if isinstance(candidate, nn.Module) else candidate
        inspect.signature(target).bind(*exercise.arguments)
    except TypeError:
        count = len(exercise.arguments)
        one = say("Your function cannot be called with 1 argument; it must take {signature}.", signature=signature)
        many = mark("Your function cannot be called with {n} arguments; it must take {signature}.")
        message = one if count == 1 else say(many, n=count, signature=signature)
        return Fault(message, say("Keep the first line of the stub as it is."), "arguments", slip=True)
    except Exception:  # no signature to be had, as for some built-in functions: the call will tell
        pass
    return None


def _diagnose(exercise: Exercise, cases: list[Case], outcomes: list[Outcome]) -> Fault | None:
    expected = [_expected(exercise, case) for case in cases]
    faults = [_fault(exercise, c, o, e) for c, o, e in zip(cases, outcomes, expected)]
    failing = [i for i, fault in enumerate(faults) if fault]
    if not failing:
        where = next((i for i, outcome in enumerate(outcomes) if outcome.changed), None)
        if where is None:
            return None
        hint = say(
            "Work on a copy (clone, copy), or compute new values instead of assigning into the old ones; "
            "`a = b` makes no copy."
        )
        message = say("Your code changes {name}, which belongs to the caller.", name=outcomes[where].changed)
        fault = Fault(message, hint, "in place")
        shown = _illustrated(exercise, fault, cases[where], outcomes[where], expected[where])
        return replace(shown, expected="", got="")  # they are equal
    fault, where = None, failing[0]
    if exercise.answer and all(faults[i].key in ("value", "shape", "nan", "exception") for i in failing):
        fault, where = diagnose_values(exercise, cases, [o.array for o in outcomes], expected, failing, attempt)
    if fault is None:
        first = faults[failing[0]]
        # A case whose answer is not zero says more: one that fails in the same words, else one that fails in that way.
        telling = [i for i in failing if faults[i].key == first.key and (expected[i] is None or expected[i].any())]
        same_words = [i for i in telling if first.key in ("value", "shape") or faults[i].message == first.message]
        where = next(iter(same_words or telling), failing[0])
        fault = faults[where]
    if fault.key == "value" and outcomes[where].changed and not fault.hint:
        name = outcomes[where].changed
        message = say("{message} Besides, your code changes {name}.", message=fault.message, name=name)
        fault = replace(fault, message=message, hint=say("Work on a copy; `a = b` makes no copy."))
    return _illustrated(exercise, fault, cases[where], outcomes[where], expected[where])


def _expected(exercise: Exercise, case: Case) -> np.ndarray | None:
    return None if case.raises or not exercise.answer else to_array(exercise.answer(*case.plain))


def _fault(exercise: Exercise, case: Case, outcome: Outcome, expected: np.ndarray | None) -> Fault | None:
    """What is wrong with one outcome, in general words."""
    if case.raises:
        kind, wrong = case.raises
        if isinstance(outcome.error, kind):
            return None
        return outcome.fault if outcome.error else exercise.found(Found(wrong))
    if outcome.fault:
        return outcome.fault
    got = outcome.array
    if exercise.judged:
        found = exercise.judged(got, *case.plain)
        return exercise.found(found) if isinstance(found, Found) else found
    if result_equals(exercise, got, expected):
        return None
    if exercise.number and got.size == 1:
        got = got.reshape(())
    if got.shape != expected.shape:
        return shape_fault(got, expected, exercise.tolerance)
    if not np.isfinite(got).all():
        what = "NaN" if np.isnan(got).any() else say("infinity")
        return Fault(say("The result holds {what} where a number is expected.", what=what), key="nan")
    return Fault(say(exercise.otherwise), key="value")


def _shown(exercise: Exercise, case: Case) -> tuple[str, ...]:
    given = [f"{name} = {argument_text(value)}" for name, value in zip(exercise.arguments, case.args)]
    return (*given, case.beside) if case.beside else tuple(given)


def _illustrated(exercise, fault: Fault, case: Case, outcome: Outcome, expected: np.ndarray | None) -> Fault:
    wanted = fault.expected or (case.raises[0].__name__ if case.raises else "")
    if not wanted and expected is not None:
        wanted = array_text(expected)
    got = fault.got
    if not got and outcome.error is not None:
        got = _name_of(outcome.error)
    elif not got and outcome.array is not None and not exercise.judged:
        got = array_text(outcome.array)
    shown = fault.shown or _shown(exercise, case)
    return replace(fault, shown=shown, expected=wanted, got=got, printed=outcome.printed)


def shape_fault(got: np.ndarray, expected: np.ndarray, tolerance: float) -> Fault:
    if expected.ndim == 0:
        message = say("The result has shape {got}; one number is expected.", got=got.shape)
    elif got.ndim == 0:
        message = say("The result is one number; shape {expected} is expected.", expected=expected.shape)
    else:
        shapes = {"got": got.shape, "expected": expected.shape}
        message = say("The result has shape {got}; it must have shape {expected}.", **shapes)
    hint = ""
    if got.ndim == 2 and got.T.shape == expected.shape and close(got.T, expected, tolerance):
        hint = say("Rows and columns are exchanged.")
    elif got.size == expected.size and close(got.reshape(expected.shape), expected, tolerance):
        if got.ndim > expected.ndim:
            hint = say("There is an axis of size 1 too many: look at keepdim, or use squeeze with the axis to drop.")
        elif 1 in expected.shape:
            hint = say("The numbers fit. squeeze() without an axis drops the batch as well when it holds one row.")
        else:
            hint = say("The numbers fit, but not the shape: look for a flatten or a reshape.")
    return Fault(message, hint, key="shape")


def _name_of(error: BaseException) -> str:
    return "" if isinstance(error, sandbox.NoKeyboard) else type(error).__name__  # ours tells learners nothing


def explain(error: BaseException) -> Fault:
    """One sentence on an exception, with the line of the learner's code that raised it."""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", _first_line(error))
    where = _where(error)
    hint = ""
    if isinstance(error, sandbox.NoKeyboard) or type(error).__name__ in ("BdbQuit", "StdinNotImplementedError"):
        message = say("Your code asks for keyboard input, and a check cannot type.")
        hint = say("Take input() or breakpoint() out; everything the function needs is in its arguments.")
    elif isinstance(error, (SystemExit, KeyboardInterrupt, GeneratorExit)):
        message = say("Your code ends the program ({kind}) instead of returning a result", kind=type(error).__name__)
    elif isinstance(error, RecursionError):
        message = say("Your function calls itself without end (RecursionError)")
    elif isinstance(error, MemoryError):
        message = say("Your code asks for more memory than there is (MemoryError)")
    elif isinstance(error, RuntimeError) and re.search(r"double|float64", text, re.I) and _FLOAT32.search(text):
        message = say("Your code mixes float32 and float64: {text}", text=text)
        hint = say(
            "The inputs come in both. Make new tensors with dtype=x.dtype (x being an input), or with x.new_zeros."
        )
    elif isinstance(error, NameError) and not isinstance(error, UnboundLocalError):
        message = say("Your code uses a name that does not exist: {text}", text=text)
        hint = say("Is it spelled as in the first line, or imported in a cell that has been run?")
    else:
        kind = type(error).__name__
        stopped = say("Your code stopped with {kind}", kind=kind)
        message = say("Your code stopped with {kind}: {text}", kind=kind, text=text) if text else stopped
        if isinstance(error, RuntimeError) and re.search(r"\b(Long|Int|Bool|Half)\b|dtype|scalar type", text):
            hint = say(
                "One tensor holds another kind of numbers than the rest (whole numbers, bools): look at their dtype."
            )
        elif isinstance(error, NotImplementedError) and not text:
            hint = say("Does a stub still stand there? Write the function's code in place of the raise.")
    message = message.rstrip(".\u3002")
    message = say("{message} ({where}).", message=message, where=where) if where else say("{how}.", how=message)
    return Fault(message, hint, key="exception", got=_name_of(error))


_FLOAT32 = re.compile(r"\bfloat(32)?\b(?!64)", re.I)


def _first_line(error: BaseException) -> str:
    """What the error says first, in one line."""
    try:
        lines = [line.strip() for line in str(error).strip().splitlines()]
    except Exception:
        return ""
    while len(lines) > 1 and lines[0].endswith(":"):  # what follows the colon is the message: load_state_dict
        lines[:2] = [f"{lines[0]} {lines[1]}"]
    text = lines[0] if lines else ""
    return text if len(text) <= 200 else text[:194] + " [...]"


def _where(error: BaseException) -> str:
    """line 3: `return V[i] @ V[j]`: the last line of the learner's own file that was being run."""
    try:
        if hasattr(error, "told_where"):  # it was raised in another process
            return error.told_where
        frames = [
            (frame.f_code.co_filename, number)
            for frame, number in traceback.walk_tb(error.__traceback__)
            if not frame.f_code.co_filename.startswith((_HERE, _TORCH))
        ]
        file, number = [(file, number) for file, number in frames if file == frames[0][0]][-1]
        line = linecache.getline(file, number).strip()
        line = line if len(line) <= 80 else line[:77] + "..."
        return say("line {number}: `{line}`", number=number, line=line) if line else ""
    except Exception:
        return ""


# --- numbers and letters --------------------------------------------------------------------------------------


def examine_number(exercise, candidate):
    answer = sandbox.calmly(lambda: to_array(exercise.answer()))
    fault, got = read_answer(candidate, lambda raw: parse_answer(exercise.as_meant(raw), answer.size))
    if fault:
        return fault
    if got.size == answer.size and sorted(n for n in got.shape if n != 1) == sorted(answer.shape):
        got = got.reshape(answer.shape)

    def equals(value: np.ndarray) -> bool:
        return got.shape == value.shape and bool((np.abs(got - value) <= exercise.tolerance).all())

    if equals(answer):
        return None
    if not np.isfinite(got).all():
        return Fault(say("Your answer is not a finite number."), key="nan", got=array_text(got), slip=True)
    for i, (value, why) in enumerate(exercise.wrong):
        if equals(to_array(value)):
            return Fault(say(why), key=f"wrong {i}", got=answer_text(got))
    if got.shape != answer.shape:
        one, many = say("One number is expected."), say("{n} numbers are expected.", n=answer.size)
        return Fault(many if answer.ndim else one, key="shape", got=answer_text(got), slip=True)
    return Fault(say(exercise.fallback), key="value", got=answer_text(got))


def examine_choice(exercise, candidate):
    known = say("{letters} or {last}", letters=", ".join(exercise.letters[:-1]), last=exercise.letters[-1])

    def read(raw) -> str:
        if not isinstance(raw, str):
            told = {"kind": describe_kind(raw), "known": known}
            raise Unusable(say("Your answer is {kind}; a letter in quotes is expected: {known}.", **told))
        letter = unicodedata.normalize("NFKC", raw).strip("().:'\"*_` \t\n\u3002\u201c\u201d\u2018\u2019").upper()
        if len(letter) != 1 or letter not in exercise.letters:
            raise Unusable(say("Answer with one of the letters {known}.", known=known))
        return letter

    fault, letter = read_answer(candidate, read)
    if fault:
        return fault
    why = exercise.choices[exercise.letters.index(letter)][1]
    return Fault(say(why), key=letter, got=letter) if why else None


def read_answer(candidate, read: Callable) -> tuple[Fault | None, object]:
    """(fault, None) or (None, what `read` made of the answer), read where it can do no harm."""
    found: list = []

    def work():
        try:
            found.append((None, read(candidate)))
        except Unusable as error:
            found.append((Fault(str(error), key="kind", slip=True), None))
        except Exception as error:
            message = say("Your answer cannot be read ({error}).", error=type(error).__name__)
            found.append((Fault(message, key="kind", slip=True), None))

    sandbox.run(work)
    return found[0] if found else (Fault(say("Your answer cannot be read."), key="kind", slip=True), None)


def answer_text(got: np.ndarray) -> str:
    if got.ndim == 0:
        return number_text(float(got))
    return "(" + ", ".join(number_text(x) for x in got.ravel()[:8]) + (")" if got.size <= 8 else ", ...)")


def example_text(fault: Fault) -> str:
    """The lines that show a fault: the input, expected and got, and what the code printed on it."""
    lines = list(fault.shown)
    if fault.expected:
        lines.append(say("expected: {text}", text=fault.expected))
    if fault.got and fault.shown:
        lines.append(say("got:      {text}", text=fault.got))
    printed = [line.rstrip()[:120] for line in fault.printed.strip().splitlines()]
    if printed:
        more = len(printed) - _PRINTED_LINES
        lines += [say("your code printed:"), *(f"  {line}" for line in printed[:_PRINTED_LINES])]
        lines += [say("  ... {n} more lines", n=more)] if more > 0 else []
    return "\n".join(lines)
