"""The checks in Chinese: `from nfm_tutorial.exercises.zh import TODO, check, report, summary`."""

from __future__ import annotations

from functools import wraps

from . import TODO, check, report, summary
from .language import CHINESE, speaking

__all__ = ["TODO", "check", "report", "summary"]


def _in_chinese(function):
    @wraps(function)
    def speaks(*args, **kwargs):
        with speaking(CHINESE):
            return function(*args, **kwargs)

    return speaks


check, report, summary = _in_chinese(check), _in_chinese(report), _in_chinese(summary)
