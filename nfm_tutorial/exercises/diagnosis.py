"""Which mistake an answer makes, read off its results.

A mistake is named only if its results are the candidate's on every input that both have an answer for. In this order:
the exercise's own wrong answers, what can happen to any result (OUTPUTS), two of them at once, one of them on a part of
the inputs. What is left is told by its properties: factor, sign, size of the error, and the inputs that fail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from itertools import product

import numpy as np
from torch import Tensor

from .language import say
from .values import close, number_text
from .verdict import Fault


def result_equals(exercise, got: np.ndarray, wanted: np.ndarray) -> bool:
    if exercise.number and got.size == wanted.size == 1:
        got, wanted = got.reshape(()), wanted.reshape(())
    if exercise.zero and got.ndim == 0 and got == 0 and not wanted.any():
        return True
    if got.size == wanted.size == 0:
        return got.ndim <= 1 or got.shape == wanted.shape  # a loop over no rows gives []
    return close(got, wanted, exercise.tolerance)


# --- what can happen to any result ----------------------------------------------------------------------------


def outputs(axes: tuple[str, ...], sizes: tuple[str, ...]) -> list[tuple[str, str, Callable]]:
    """(key, message, (right result, sizes of the input) -> wrong result) of mistakes that every exercise can meet.

    axes: names of the result's axes. sizes: names of the input's sizes. A function raises where it makes no sense.
    """
    found = [
        ("sign", say("Every result has the opposite sign."), lambda y, _: -y),
        ("factor 2", say("Every result is the expected one times 2."), lambda y, _: 2 * y),
        ("factor 1/2", say("Every result is the expected one times 0.5."), lambda y, _: y / 2),
        ("transposed", say("The result is transposed: rows and columns are exchanged."), lambda y, _: _matrix(y).T),
        ("one row", say("All numbers stand in one row; the shape is lost."), lambda y, _: _matrix(y).ravel()),
        ("column", say("You return a column: there is an axis of size 1 too many."), lambda y, _: _list(y)[..., None]),
        ("row", say("There is an axis of size 1 too many in front."), lambda y, _: _list(y)[None]),
        ("shape", say("Axes of size 1 are gone: squeeze() drops the batch as well when it holds one row."), _squeezed),
        ("sigmoid", say("You applied the sigmoid; the result without it is asked."), lambda y, _: 1 / (1 + np.exp(-y))),
        ("tanh", say("You applied tanh; the result without it is asked."), lambda y, _: np.tanh(y)),
        ("ReLU", say("Negative results became 0: is there a ReLU or a clamp?"), lambda y, _: np.maximum(y, 0)),
        ("absolute", say("You return the absolute value; the sign is lost."), lambda y, _: np.abs(y)),
        ("square", say("You return the square of the expected result."), lambda y, _: y**2),
        ("root", say("You return the square root of the expected result."), lambda y, _: np.sqrt(y)),
        ("complement", say("You return 1 minus the expected result."), lambda y, _: 1 - y),
        ("logarithm", say("You return the logarithm of the expected result."), lambda y, _: np.log(y)),
        ("exponential", say("You return e to the power of the expected result."), lambda y, _: np.exp(y)),
        (
            "cut to whole numbers",
            say("The decimals are cut off: is there an int() or a tensor of whole numbers?"),
            lambda y, _: np.trunc(y),
        ),
        ("rounded to whole numbers", say("You rounded to whole numbers."), lambda y, _: np.round(y)),
    ]
    for digits in (1, 2, 3):
        rounded = say("You rounded to {n} decimals.", n=digits)
        found.append((f"rounded to {digits}", rounded, lambda y, _, d=digits: y.round(d)))
    for axis, name in enumerate(axes):
        lost = {"name": name, "axis": axis, "shape": f"({axes[0]},)" if len(axes) == 1 else f"({', '.join(axes)})"}
        sums = say("You summed over {name}, axis {axis} of the result: it must keep the shape {shape}.", **lost)
        means = say("You averaged over {name}, axis {axis} of the result: it must keep the shape {shape}.", **lost)
        back = say("The order along {name} is reversed.", name=name)
        found += [
            (f"summed over {name}", sums, lambda y, _, a=axis: y.sum(a)),
            (f"averaged over {name}", means, lambda y, _, a=axis: y.mean(a)),
            (f"summed over {name}, kept", sums, lambda y, _, a=axis: y.sum(a, keepdims=True)),
            (f"averaged over {name}, kept", means, lambda y, _, a=axis: y.mean(a, keepdims=True)),
            (f"reversed along {name}", back, lambda y, _, a=axis: np.flip(y, a)),
        ]
    for name in sizes:
        mean = say("Every result is divided by {name}: is there a mean where a sum belongs?", name=name)
        many = say(
            "Every result is multiplied by {name}: is something added more than once, or a mean missing?", name=name
        )
        found += [
            (f"divided by {name}", mean, lambda y, size, n=name: y / size[n]),
            (f"multiplied by {name}", many, lambda y, size, n=name: y * size[n]),
        ]
    return found


def _squeezed(y, _):
    return y.squeeze()


def _matrix(y):
    if y.ndim < 2:
        raise ValueError("one axis only")
    return y


def _list(y):
    if y.ndim == 0:
        raise ValueError("no axis")
    return y


_COMBINED = {"sign", "factor 2", "factor 1/2", "transposed", "column", "row", "sigmoid", "ReLU", "absolute"}


# --- names and sizes of the inputs ----------------------------------------------------------------------------


def axes_of_result(exercise) -> tuple[str, ...]:
    """("B", "k") for a stub whose docstring says "(n, k), (B, S), (B, S) -> (B, k)"."""
    return next(iter(_shapes((ast.get_docstring(exercise.function) or "").rpartition("->")[2])), ())


def _shapes(text: str) -> list[tuple[str, ...]]:
    groups = re.findall(r"\(([^()]*)\)", text)
    return [tuple(name.strip() for name in group.split(",") if name.strip()) for group in groups]


def sizes(exercise, case) -> dict[str, float]:
    """Sizes of the axes that the stub's docstring names, plain numbers among the arguments, lengths of lists."""
    found: dict[str, float] = {}
    shapes = [axes for axes in _shapes((ast.get_docstring(exercise.function) or "").partition("->")[0]) if axes]
    arrays = [value for value in case.args if isinstance(value, (Tensor, np.ndarray)) and value.ndim]
    if len(shapes) == len(arrays):
        for names, value in zip(shapes, arrays):
            found.update({n: s for n, s in zip(names, value.shape) if n.isidentifier() and len(names) == value.ndim})
    for name, value in zip(exercise.arguments, case.args):
        if type(value) in (int, float):
            found[name] = value
        elif isinstance(value, (list, tuple, set)):
            found[f"len({name})"] = len(value)
    return found


def _traits(exercise, case) -> dict[str, bool]:
    found = {}
    for name, value in zip(exercise.arguments, case.plain):
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size:
            found[say("{name} holds a negative number", name=name)] = bool((value < 0).any())
            found[say("{name} holds a 0", name=name)] = bool((value == 0).any())
            fine = say("{name} holds numbers that are no multiples of 1/4", name=name)
            found[fine] = bool((value * 4 % 1 != 0).any())
        elif isinstance(value, np.ndarray) and value.ndim == 1 and value.size:
            found[say("{name} holds an entry twice", name=name)] = len(set(value.tolist())) < value.size
    for value in case.args:
        if isinstance(value, Tensor) and value.is_floating_point():
            found[say("the numbers are float32")] = str(value.dtype) == "torch.float32"
    return found


def separation(exercise, cases, usable: list[int], failing: set[int]) -> str:
    """What the failing inputs have in common and no other has, as in "S > 1"; "" if nothing has been found."""
    passing = [i for i in usable if i not in failing]
    if not passing or len(failing & set(usable)) < 2:
        return ""
    size = {i: sizes(exercise, cases[i]) for i in usable}
    bad = [i for i in usable if i in failing]
    for name in size[usable[0]]:
        low, high = ([size[i].get(name, 0) for i in part] for part in (bad, passing))
        if min(low) > max(high):
            return f"{name} > {number_text(max(high))}"
        if max(low) < min(high):
            return f"{name} < {number_text(min(high))}"
        if len(set(low)) == 1 and low[0] not in high:
            return f"{name} = {number_text(low[0])}"
    traits = {i: _traits(exercise, cases[i]) for i in usable}
    for name in traits[bad[0]]:
        if all(traits[i].get(name) for i in bad) and not any(traits[i].get(name) for i in passing):
            return name
    return ""


# --- finding the mistake --------------------------------------------------------------------------------------


class _Search:
    def __init__(self, exercise, cases, arrays, expected, failing, attempt):
        self.exercise, self.cases, self.arrays, self.expected = exercise, cases, arrays, expected
        self.attempt, self.memory = attempt, {}
        there = [i for i, array in enumerate(arrays) if array is not None and expected[i] is not None]
        self.usable = [i for i in there if not cases[i].big]
        self.told = [i for i in failing if i in self.usable]
        self.failing = set(failing)
        self.sizes = {i: sizes(exercise, cases[i]) for i in self.usable}
        names = tuple(self.sizes[self.usable[0]]) if self.usable else ()
        self.outputs = outputs(axes_of_result(exercise), names)

    def wrong(self, mistake, i: int) -> np.ndarray | None:
        """The result of a declared mistake on a case; None where it has none."""
        if (mistake.key, i) not in self.memory:
            self.memory[mistake.key, i] = self.attempt(self.exercise, mistake.answer, self.cases[i]).array
        return self.memory[mistake.key, i]

    def output(self, function, i: int, right: np.ndarray | None = None) -> np.ndarray | None:
        try:
            with np.errstate(all="ignore"):
                return np.asarray(function(self.expected[i] if right is None else right, self.sizes[i]))
        except Exception:
            return None

    def matches(self, result: Callable[[int], np.ndarray | None], among: list[int]) -> bool:
        """Whether the results are the candidate's on every case, and at least half of those that fail have one."""
        hits = 0
        for i in sorted(among, key=lambda i: i not in self.failing):
            got, wrong = self.arrays[i], result(i)
            if wrong is None or np.isfinite(got).all() and not np.isfinite(wrong).all():
                continue  # the mistake has no answer here
            if not result_equals(self.exercise, got, wrong):
                return False
            hits += i in self.failing and got.size > 0
        return hits > 0 and hits * 2 >= len([i for i in self.told if self.arrays[i].size])

    def single(self, among: list[int]):
        """(key, message, hint) of one mistake."""
        for mistake in self.exercise.mistakes:
            if self.matches(lambda i, m=mistake: self.wrong(m, i), among):
                return mistake.key, say(mistake.message), say(mistake.hint)
        for key, message, function in self.outputs:
            if self.matches(lambda i, f=function: self.output(f, i), among):
                return key, message, ""
        return None

    def pair(self):
        """Two mistakes at once: one in the result of another, or in two terms of a sum."""
        if _constant(np.concatenate([self.arrays[i].ravel() for i in self.usable])):
            return None  # a number that is always the same comes from no formula
        for mistake, (key, message, function) in product(self.exercise.mistakes, self.outputs):
            if key not in _COMBINED and not re.match("summed|averaged|divided", key):
                continue

            def both(i, m=mistake, f=function):
                right = self.wrong(m, i)
                return None if right is None else self.output(f, i, right)

            if self.matches(both, self.usable):
                return f"{mistake.key} and {key}", _two(say(mistake.message), message), say(mistake.hint)
        return self._sum()

    def _sum(self):
        places = [i for i in self.usable if self.arrays[i].shape == self.expected[i].shape and self.arrays[i].size]
        if len(places) < len([i for i in self.usable if self.expected[i].size]) or not places:
            return None
        scale = [max(1.0, float(np.abs(self.arrays[i]).max())) for i in places]

        def distance(result) -> np.ndarray | None:
            rows = [(result(i), self.expected[i]) for i in places]
            if any(r is None or r.shape != e.shape or not np.isfinite(r).all() for r, e in rows):
                return None
            return np.concatenate([((r - e) / s).ravel() for (r, e), s in zip(rows, scale)])

        total = distance(lambda i: self.arrays[i])
        if total is None:
            return None
        parts = [(m, distance(lambda i, m=m: self.wrong(m, i))) for m in self.exercise.mistakes]
        parts = [(m, d) for m, d in parts if d is not None and np.abs(d).max() > self.exercise.tolerance]
        for n, (first, d) in enumerate(parts):
            for second, e in parts[n + 1 :]:
                if np.abs(d + e - total).max() <= self.exercise.tolerance:
                    said = _two(say(first.message), say(second.message))
                    return f"{first.key} and {second.key}", said, say(first.hint)
        return None


def _two(first: str, second: str) -> str:
    return say("Two things at once. First: {first} Second: {second}", first=first, second=second)


def diagnose_values(exercise, cases, arrays, expected, failing, attempt) -> tuple[Fault | None, int]:
    """(the fault, the case to show), or (None, ...) if nothing more can be said than that a result is wrong.

    arrays: the candidate's results, None where it has none. attempt: calls a wrong answer, see judge.attempt.
    """
    search = _Search(exercise, cases, arrays, expected, failing, attempt)
    told = search.told
    if not told:
        return None, failing[0]
    where = next((i for i in told if expected[i].any()), told[0])
    found = search.single(search.usable) or search.pair()
    if found:
        key, message, hint = found
        return Fault(message, hint, key), where
    part = separation(exercise, cases, [i for i in search.usable if expected[i].size], set(failing))
    if part and (found := search.single(told)):
        key, message, hint = found
        message = say("{message} (Only where {part}; the other inputs come out right.)", message=message, part=part)
        return Fault(message, hint, key), where
    if arrays[failing[0]] is None or any(arrays[i].shape != expected[i].shape for i in told):
        return None, failing[0]
    if not np.isfinite(arrays[failing[0]]).all():
        return None, failing[0]  # NaN says more than where it occurs
    message = _property([arrays[i].ravel() for i in told], [expected[i].ravel() for i in told], exercise.tolerance)
    message = message or say(exercise.otherwise)
    if part:
        message = say("{message} The inputs that fail are exactly those where {part}.", message=message, part=part)
    return Fault(message, key="value"), where


def _constant(numbers: np.ndarray) -> bool:
    return numbers.size > 0 and bool((numbers == numbers[0]).all())


def _property(results: list[np.ndarray], right: list[np.ndarray], tolerance: float) -> str:
    """What all wrong results have in common, in one sentence; "" if nothing."""
    got, wanted = np.concatenate(results), np.concatenate(right)
    if len(results) >= 3 and _constant(got) and not _constant(wanted):
        return say("Every wrong result is {number}, whatever the input.", number=number_text(got[0]))
    if not (np.isfinite(got).all() and wanted.any() and got.any()) or len(results) < 3:
        return ""
    factor = float(got @ wanted / (wanted @ wanted))
    difference = got - wanted
    if close(got, factor * wanted, tolerance):
        number = number_text(round(factor, 4))
        return say("Every wrong result is the expected one times {number}.", number=number)
    if close(difference, np.full_like(difference, difference[0]), tolerance):
        number = number_text(difference[0])
        return say("Every wrong result is off by the same amount, {number}.", number=number)
    if close(np.abs(got), np.abs(wanted), tolerance):
        return say("The sizes of the results are right, but some signs are not.")
    with np.errstate(all="ignore"):
        share = max(np.abs(g - w).max() / np.abs(w).max() for g, w in zip(results, right))
    if share < 0.01:
        return say(
            "The results are close, but off by up to {percent} %: is something rounded, cut off or added?",
            percent=f"{100 * share:.2g}",
        )
    return ""
