"""Checks of arguments: each returns the value in the form the package uses, or says what is wrong and what to give.

Every function raises ValueError. This module knows nothing of the package and is the only place for such checks.
"""

import math
import os
from collections.abc import Collection
from numbers import Integral, Real

import numpy as np
import torch
from torch import Tensor


def whole_number(name: str, value, least: int) -> int:
    """`value` as int. A bool, a float and a text are no whole numbers; NumPy's integers are."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def seed_number(value) -> int:
    """A seed for every random generator in use here."""
    seed = whole_number("seed", value, 0)
    if seed >= 2**63:
        raise ValueError(f"seed must be below 2**63, got {seed}")
    return seed


def number(name: str, value, least: float = -math.inf, above: float = -math.inf, why: str = "") -> float:
    """`value` as a finite float of at least `least` and above `above`. why: what the number is, for the message."""
    is_number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if not is_number or not math.isfinite(value) or value < least or value <= above:
        limits = "" if least == -math.inf else f" of at least {least:g}"
        limits = f" above {above:g}" if above > -math.inf else limits
        raise ValueError(f"{name} {f'is {why} and ' if why else ''}must be a finite number{limits}, got {value!r}")
    return float(value)


def dropout_rate(name: str, value) -> float:
    """A share of entries set to zero, in [0, 1)."""
    if not isinstance(value, Real) or isinstance(value, (bool, np.bool_)) or not 0 <= value < 1:
        raise ValueError(f"{name} is the share of entries set to zero and must lie in [0, 1), got {value!r}")
    return float(value)


def one_of(name: str, value, choices: Collection[str]) -> str:
    """`value` itself if it is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} {value!r} is unknown; choose one of {', '.join(map(repr, choices))}")
    return value


def true_or_false(name: str, value) -> bool:
    """A bool. Texts such as "no" count as true in Python, so nothing but True and False is taken."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def table_shape(n_features, k, least_k: int = 0) -> tuple[int, int]:
    """(n, k) of a table of embeddings that this machine has the memory to train."""
    n, k = whole_number("n_features", n_features, 1), whole_number("k", k, least_k)
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say
        memory = math.inf
    needed = 16 * n * max(k, 1)  # bytes of the table, its gradient and Adam's two moments, in float32
    if needed > memory:
        needs = f"needs {needed / 2**30:,.0f} GB of memory to train, and this machine has {memory / 2**30:,.0f}"
        advice = "number the ids without gaps (np.unique(ids, return_inverse=True)), or lower k"
        raise ValueError(f"n_features={n:,} with k={k} {needs}; {advice}")
    return n, k


def layer_sizes(value) -> tuple[int, ...]:
    """The sizes of the hidden layers; () for none."""
    if not isinstance(value, (list, tuple, range)):
        one = f"; for one layer write ({value},)" if isinstance(value, Integral) else ", () for none"
        raise ValueError(f"hidden lists the sizes of the hidden layers{one}; got {value!r}")
    return tuple(whole_number("a hidden layer's size", size, 1) for size in value)


def field_of_each_slot(value) -> tuple[int, ...]:
    """The field of each slot, counted from 0, as plain numbers."""
    if not isinstance(value, (list, tuple, range)) or not value:
        such = "such as encoder.field_of_slot or [0, 1, 2, 2]"
        raise ValueError(f"field_of_slot lists the field of each slot, {such}; got {value!r}")
    return tuple(whole_number("field_of_slot holds the field of each slot; a field", field, 0) for field in value)


def shares_of_parts(ratios) -> tuple[float, float, float]:
    """Three shares (training, validation, test), each above 0, that together make 1."""
    try:
        shares = tuple(float(share) for share in ratios)
    except (TypeError, ValueError):
        shares = ()
    if len(shares) != 3 or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        three = "three numbers above 0 that add up to 1 (training, validation, test), such as (0.7, 0.2, 0.1)"
        raise ValueError(f"ratios must be {three}; got {ratios!r}")
    return shares


def low_and_high(name: str, value) -> tuple[float, float]:
    """A range (low, high) with low <= high."""
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        low, high = math.inf, -math.inf
    if not low <= high:
        raise ValueError(f"{name} must be (low, high) with low <= high, got {value!r}")
    return low, high


def numbers(name: str, data) -> np.ndarray:
    """Anything that holds numbers as a float64 array of its own shape; a tensor may need a gradient."""
    try:
        data = data.detach().cpu().double().numpy() if isinstance(data, Tensor) else data
        return np.asarray(data, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers: {error}") from None


def slots(ids, values) -> None:
    """ids must be (B, S) int64 and values (B, S) floating point, both tensors."""
    if not (isinstance(ids, Tensor) and isinstance(values, Tensor)):
        got = f"got {type(ids).__name__} and {type(values).__name__}"
        raise ValueError(f"ids and values must be torch tensors, {got}; Examples hold them as .ids and .values")
    if ids.ndim != 2 or ids.shape != values.shape:
        got = f"got {tuple(ids.shape)} and {tuple(values.shape)}; for a single example use ids[None], values[None]"
        raise ValueError(f"ids and values must both have shape (B, S), {got}")
    if ids.dtype != torch.int64:
        raise ValueError(f"ids must be int64, got {ids.dtype}; ids are names, not magnitudes")
    if not values.is_floating_point():
        raise ValueError(f"values must be floating point, got {values.dtype}")


def outside_table(ids: Tensor, n: int, which: str = "") -> ValueError | None:
    """The error that names the first id without a row in a table of n rows; None if every id has one."""
    if not ids.numel() or (ids.min() >= 0 and ids.max() < n):
        return None
    outside = (ids < 0) | (ids >= n)
    row, slot = (int(i) for i in outside.nonzero()[0])
    return ValueError(
        f"{which}row {row}, slot {slot}: id {int(ids[row, slot])} has no embedding; the table has ids 0 to {n - 1}. "
        "Build the model with encoder.n_features of the encoder that made these ids."
    )
