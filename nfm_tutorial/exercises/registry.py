"""Every exercise of the series, in order."""

from __future__ import annotations

from . import ch1, ch2, ch3, ch4, ch5, ch6, ch7
from .declare import Choice, Code, Value

EXERCISES: dict[str, Code | Value | Choice] = {
    exercise.id: exercise for chapter in (ch1, ch2, ch3, ch4, ch5, ch6, ch7) for exercise in chapter.EXERCISES
}
