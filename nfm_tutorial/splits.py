"""What every data source shares: the three parts of a data set, and checks of arguments."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Splits(NamedTuple):
    """Training, validation and test part: three DataFrames, or three Examples once they are encoded."""

    train: Any
    valid: Any
    test: Any


def check_choice(name: str, value, choices: tuple[str, ...]) -> None:
    """Raise ValueError if `value` is not one of `choices`."""
    if value not in choices:
        raise ValueError(f"{name}={value!r} is unknown; choose one of {', '.join(map(repr, choices))}")


def whole_number(name: str, value, least: int) -> int:
    """`value` as int; ValueError if it is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, got {value!r}")
    return int(value)


def shares_of_parts(ratios) -> tuple[float, float, float]:
    """Three shares as floats; ValueError unless each is above 0 and together they make 1."""
    try:
        shares = tuple(float(share) for share in ratios)
    except (TypeError, ValueError):
        shares = ()
    if len(shares) != 3 or not all(0 < share < 1 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise ValueError(
            f"ratios must be three numbers above 0 that add up to 1 (training, validation, test), such as "
            f"(0.7, 0.2, 0.1); got {ratios!r}"
        )
    return shares
