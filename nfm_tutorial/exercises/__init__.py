"""Exercises that check themselves: `from nfm_tutorial.exercises import TODO, check, summary`.

check("4.1", my_function)    shows and returns a Verdict: not attempted yet, correct, or what is wrong and where
summary()                    shows what is done in this notebook
"""

from __future__ import annotations

from .declare import UNFINISHED, example_text
from .registry import EXERCISES
from .todo import TODO
from .verdict import CORRECT, NOT_ATTEMPTED, UNKNOWN, WRONG, Fault, Summary, Verdict, show

__all__ = ["TODO", "Summary", "Verdict", "check", "summary"]

_status: dict[str, str] = {}  # of each exercise that was checked in this kernel
_wrong_tries: dict[str, int] = {}


def check(exercise_id: str, candidate=TODO) -> Verdict:
    """Check an answer, show the verdict and return it. Never raises.

    exercise_id: such as "4.1". candidate: the function that you wrote (a module made from your class will do as
    well), or your answer to a question. The candidate gets copies of everything; what it prints, raises or changes
    stays inside, and a loop that never ends is stopped after a few seconds.
    """
    verdict = _judge(exercise_id, candidate)
    show(verdict)
    return verdict


def _judge(exercise_id, candidate) -> Verdict:
    key = exercise_id.strip() if isinstance(exercise_id, str) else exercise_id
    exercise = EXERCISES.get(key) if isinstance(key, str) else None
    if exercise is None:
        return _unknown(key, candidate)
    try:
        found = exercise.examine(candidate)
    except Exception as error:  # a defect here, not the learner's: say so instead of breaking Run All
        found = Fault(f"The check itself failed ({type(error).__name__}); please report it.", key="defect")
    if found is UNFINISHED:
        _status[key] = NOT_ATTEMPTED
        return Verdict(key, exercise.title, NOT_ATTEMPTED)
    if found is None:
        _status[key] = CORRECT
        return Verdict(key, exercise.title, CORRECT)
    _status[key] = WRONG
    _wrong_tries[key] = _wrong_tries.get(key, 0) + 1
    hint = (found.hint or exercise.hints[0]) if _wrong_tries[key] == 1 else exercise.hints[1]
    return Verdict(key, exercise.title, WRONG, found.message, found.key, example_text(found), hint)


def _unknown(key, candidate) -> Verdict:
    known = ", ".join(EXERCISES)
    shown = f'"{key[:40]}"' if isinstance(key, str) else f"a {type(key).__name__}"
    message = f"There is no exercise {shown}. The exercises are {known}."
    hint = ""
    if isinstance(candidate, str) and candidate.strip() in EXERCISES:
        hint = f'The number comes first: check("{candidate.strip()}", your_answer).'
    elif not isinstance(key, str):
        hint = 'Write the number in quotes: check("4.1", your_answer).'
    return Verdict(key[:40] if isinstance(key, str) else "", "", UNKNOWN, message, hint=hint)


def summary(chapter: int | None = None) -> Summary:
    """Show what is done in this notebook: every exercise of the chapters that were checked, or of the one given.

    "Done" is what the last check of an exercise said since the kernel was started.
    """
    chapters = {str(chapter)} if chapter is not None else {id.split(".")[0] for id in _status}
    rows = []
    for id, exercise in EXERCISES.items():
        if id.split(".")[0] in chapters:
            status = _status.get(id, NOT_ATTEMPTED)
            if status == WRONG:
                tries = _wrong_tries[id]
                status += f" ({tries} {'try' if tries == 1 else 'tries'})"
            rows.append((id, exercise.title, status))
    result = Summary(tuple(rows))
    show(result)
    return result
