"""From whatever a learner's code returns to plain arrays, and from arrays to text that is the same everywhere."""

from __future__ import annotations

import ast
import copy
import inspect
import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real

import numpy as np
import torch
from torch import Tensor, nn

from .language import say

SHOWN_ENTRIES = 40


class Unusable(Exception):
    """A result that is no number, array or tensor at all; the text says what it is."""


def to_array(raw, depth: int = 6) -> np.ndarray:
    """float64 array of a tensor, array, number, or a list of these. Raises Unusable, with a sentence, otherwise.

    depth: how deep lists may be nested.
    """
    if isinstance(raw, Tensor):
        raw = raw.detach()
        if raw.layout != torch.strided:
            raw = raw.to_dense()
        if raw.is_complex():
            raise Unusable(say("The result holds complex numbers; real ones are expected."))
        return raw.cpu().to(torch.float64).numpy().copy()
    if isinstance(raw, Real):  # int, float, bool, Fraction, NumPy's own numbers
        return _real(raw)
    if isinstance(raw, Decimal):
        return _real(raw)
    if hasattr(raw, "to_numpy") and not isinstance(raw, type):
        raw = raw.to_numpy()
    if isinstance(raw, (np.ndarray, np.generic)):
        if raw.dtype.kind in "biuf":
            return raw.astype(np.float64)
        if raw.dtype.kind == "O":
            return to_array(raw.tolist(), depth - 1)
        raise Unusable(say("The result is an array of {kind}; numbers are expected.", kind=raw.dtype))
    if isinstance(raw, (list, tuple)):
        if depth == 0:
            raise Unusable(say("The result is a list nested too deeply."))
        parts = [to_array(part, depth - 1) for part in raw]
        if not parts:
            return np.zeros(0)
        if len({part.shape for part in parts}) > 1:
            found = ", ".join(str(part.shape) for part in parts[:3])
            told = {"kind": with_article(type(raw).__name__), "shapes": found}
            raise Unusable(say("The result is {kind} of parts with different shapes: {shapes}.", **told))
        return np.stack(parts)
    raise Unusable(say("The result is {kind}; {advice}", kind=describe_kind(raw), advice=what_to_return(raw)))


def _real(raw) -> np.ndarray:
    try:
        return np.array(float(raw))
    except OverflowError:
        return np.array(math.inf if raw > 0 else -math.inf)


def describe_kind(raw) -> str:
    if raw is None:
        return "None"
    if isinstance(raw, str):
        return say("text")
    if isinstance(raw, type):
        return say("the class {name}", name=raw.__name__)
    if isinstance(raw, nn.Module):
        return say("a module ({name})", name=type(raw).__name__)
    if inspect.iscoroutine(raw):
        raw.close()
        return say("a coroutine")
    if inspect.isgenerator(raw):
        return say("a generator")
    if callable(raw):
        return say("a function")
    return with_article(type(raw).__name__)


def with_article(noun: str) -> str:
    """The noun with its article: a list, an int."""
    return say("an {noun}", noun=noun) if noun[0].lower() in "aeiou" else say("a {noun}", noun=noun)


def what_to_return(raw) -> str:
    if raw is None:
        return say("is return missing, or indented so far that it is not reached?")
    if inspect.isgenerator(raw):
        return say("use return instead of yield, or sum(...) around it.")
    if inspect.iscoroutine(raw):
        return say("write def, not async def.")
    if isinstance(raw, (type, nn.Module)) or callable(raw):
        return say("call it, and return what it gives.")
    return say("a number, list, array or tensor is expected.")


def is_whole(raw) -> bool:
    """Whether a result consists of integers (int64 and the like, not 3.0)."""
    if isinstance(raw, Tensor):
        return not (raw.is_floating_point() or raw.is_complex() or raw.dtype == torch.bool)
    if isinstance(raw, (np.ndarray, np.generic)) and raw.dtype.kind != "O":
        return raw.dtype.kind in "iu"
    if hasattr(raw, "to_numpy"):
        return is_whole(raw.to_numpy())
    if isinstance(raw, (list, tuple)) or isinstance(raw, np.ndarray):
        return all(is_whole(part) for part in raw)
    return isinstance(raw, int) and not isinstance(raw, bool)


def plain(value):
    """An argument as the oracles read it: tensors as float64 or int64 arrays, modules in float64, all else copied."""
    if isinstance(value, nn.Module):
        return copy.deepcopy(value).double()
    if isinstance(value, Tensor):
        value = value.detach().cpu().numpy()
        return value.astype(np.int64 if value.dtype.kind in "iu" else np.float64)
    if isinstance(value, list) and any(isinstance(part, (tuple, Tensor)) for part in value):
        return [tuple(plain(v) for v in part) if isinstance(part, tuple) else plain(part) for part in value]
    return copy.deepcopy(value)


def same_value(a, b) -> bool:
    """Whether an argument is still what it was."""
    if isinstance(a, Tensor):
        return isinstance(b, Tensor) and a.shape == b.shape and a.dtype == b.dtype and bool(torch.equal(a, b))
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.shape == b.shape and bool((a == b).all())
    if isinstance(a, nn.Module):
        if not isinstance(b, nn.Module) or a.training != b.training:
            return False
        trained = [[p.requires_grad for p in module.parameters()] for module in (a, b)]
        return trained[0] == trained[1] and same_value(dict(a.state_dict()), dict(b.state_dict()))
    if isinstance(a, Mapping):
        return isinstance(b, Mapping) and a.keys() == b.keys() and all(same_value(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b))
    return a == b if isinstance(a, (int, float, str, set, frozenset)) else True  # random generators may move on


def close(a: np.ndarray, b: np.ndarray, tolerance: float) -> bool:
    """Same shape, and no entry further apart than `tolerance` times the largest entry (or than `tolerance`)."""
    if a.shape != b.shape:
        return False
    if a.size == 0:
        return True
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return bool(np.array_equal(a, b, equal_nan=True))
    return bool(np.abs(a - b).max() <= tolerance * max(1.0, float(np.abs(b).max())))


def number_text(x: float) -> str:
    x = float(x)
    if math.isnan(x):
        return "NaN"
    return f"{0.0 if x == 0 else x:.6g}"


def array_text(a: np.ndarray) -> str:
    """[[1, 2], [3, -1]]  shape (2, 2); long arrays by their shape and first entries."""
    a = np.asarray(a, dtype=np.float64)
    if a.ndim == 0:
        return number_text(float(a))
    shape = say("shape {shape}", shape=a.shape)
    if a.size > SHOWN_ENTRIES:
        start = ", ".join(number_text(x) for x in a.ravel()[:4])
        return f"{start}, ...  {shape}"

    def nested(part) -> str:
        if part.ndim == 0:
            return number_text(float(part))
        return "[" + ", ".join(nested(p) for p in part) + "]"

    return f"{nested(a)}  {shape}"


def argument_text(value) -> str:
    """An argument of a case as the learner would write it."""
    if isinstance(value, Tensor):
        kind = str(value.dtype).removeprefix("torch.")
        return f"{array_text(value.numpy())} {kind}" if value.ndim else f"{array_text(value.numpy())}  {kind}"
    if isinstance(value, np.ndarray):
        return f"{array_text(value)} {value.dtype}"
    if isinstance(value, np.random.Generator):
        return "np.random.default_rng(0)"
    if isinstance(value, nn.Sequential):
        return ", ".join(re.sub(r"\s+", " ", repr(layer)) for layer in value) or "Sequential()"
    if isinstance(value, nn.Module):
        return getattr(value, "told", None) or re.sub(r"\s+", " ", repr(value))
    if isinstance(value, (set, frozenset)):
        return "{" + ", ".join(map(repr, sorted(value))) + "}" if value else "set()"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(
            argument_text(v) if isinstance(v, (list, tuple, Tensor, np.ndarray)) else _scalar_text(v) for v in value
        )
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' if len(value) == 1 else ''})"
    return _scalar_text(value)


def _scalar_text(value) -> str:
    return number_text(value) if isinstance(value, float) else repr(value)


def parse_answer(raw, size: int = 1) -> np.ndarray:
    """The number or numbers that a reader gives as an answer: 0.5, "1/2", Fraction(1, 2), "0,5", (2, -4), "2, -4",
    also "≈ 0.5", "x = 0.5", "50%" and "9 1/2", and all of it as a Chinese keyboard types it.

    size: how many numbers are asked. Raises Unusable, with a sentence.
    """
    if isinstance(raw, (bool, np.bool_)):
        raise Unusable(say("Your answer is {kind}; a number is expected.", kind=raw))
    if isinstance(raw, str):
        return _parse_text(raw, size)
    if isinstance(raw, (list, tuple)):
        raw = [_parse_text(part) if isinstance(part, str) else part for part in raw]
    try:
        return to_array(raw)
    except Unusable:
        raise Unusable(say("Your answer is {kind}; a number is expected.", kind=describe_kind(raw))) from None


# As in "AUC = 0.9", "≈ 0.9" or "约0.9".
_BEFORE_A_NUMBER = re.compile(r"^(?:[^\W\d]\w*\u0302?\s*(?=[=≈~]))?(?:大?约(?:为|是|等于)?|[=≈~\s])*")
_ALIKE = str.maketrans(
    {"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{FRACTION SLASH}": "/", "\N{IDEOGRAPHIC COMMA}": ",", ";": ","}
    | dict.fromkeys("\N{IDEOGRAPHIC FULL STOP}\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", " ")
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)"


def _parse_text(text: str, size: int = 1) -> np.ndarray:
    text = re.sub("(?<=\\d)(?=[\u00bc-\u00be\u2150-\u215e])", " ", text)  # one sign for 1/2, behind a digit
    # A Chinese keyboard types a full stop for a decimal point, and a dash for a minus.
    text = re.sub(r"(^|[(（,，、;；=＝≈~约是于为\s])\s*—+(?=\s*[\d.])", r"\1-", re.sub(r"。(?=\d)", ".", text))
    stripped = unicodedata.normalize("NFKC", text).translate(_ALIKE).strip().strip("*`$ ")
    stripped = _BEFORE_A_NUMBER.sub("", stripped)
    if size == 1 and (mixed := re.fullmatch(r"([-+]?)\s*(\d+)\s+(\d+)\s*/\s*(\d*[1-9]\d*)", stripped)):  # -9 1/2
        sign, whole, above, below = mixed.groups()
        return np.array((-1 if sign == "-" else 1) * (int(whole) + int(above) / int(below)))
    for attempt in (stripped, stripped.replace(",", ".") if size == 1 else ""):  # "0,5" as half the world writes it
        found = re.fullmatch(rf"({_NUMBER})\s*(?:/\s*({_NUMBER}))?\s*(%?)", attempt)
        if found and float(found[2] or 1):
            return np.array(float(found[1]) / float(found[2] or 1) / (100 if found[3] else 1))
    try:
        return np.array(float(stripped))
    except ValueError:
        pass
    try:
        value = ast.literal_eval(stripped)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        value = None
    if isinstance(value, (int, float, tuple, list)) and not isinstance(value, bool):
        return to_array(value)
    parts = re.split(r"[\s,]+", stripped.strip("()[] "))
    if 1 < len(parts) <= 10 and all(re.fullmatch(rf"{_NUMBER}(/{_NUMBER})?", part) for part in parts):  # "2 -4"
        return np.stack([_parse_text(part) for part in parts])
    shown = stripped if len(stripped) <= 40 else stripped[:40] + "..."
    if size == 1:
        raise Unusable(say('Your answer is the text "{text}"; a number is expected.', text=shown))
    raise Unusable(say('Your answer is the text "{text}"; {n} numbers are expected.', text=shown, n=size))
