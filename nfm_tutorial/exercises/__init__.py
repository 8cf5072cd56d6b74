"""Exercises that check themselves: `from nfm_tutorial.exercises import TODO, check, summary`.

check("4.1", my_function)    shows and returns a Verdict: not attempted yet, correct, or what is wrong and where
report("1.8", ...)           records what you found in an open experiment, and checks its form
summary()                    shows what is done in this notebook
"""

from __future__ import annotations

import unicodedata

from ..course.moved import NAME_OF_OLD
from . import progress
from .exercise import Choice, Exercise
from .experiments import report, results
from .judge import UNFINISHED, examine, example_text
from .language import mark, say
from .registry import EXERCISES, EXPERIMENTS
from .sandbox import own_builtins
from .todo import TODO
from .values import with_article
from .verdict import CORRECT, NOT_ATTEMPTED, REPORTED, UNKNOWN, WRONG, Fault, Summary, Verdict, show

__all__ = ["TODO", "Summary", "Verdict", "check", "report", "summary"]

_status: dict[str, str] = {}  # of each exercise that was checked in this kernel
_wrong_tries: dict[str, int] = {}
_given: dict[str, list[str]] = {}  # the hints that were shown
AGAIN = {  # the hint for a second try, by the kind of task
    "number": mark("Work it out once more in another order, step by step, and write every step down."),
    "choice": mark(
        "Take the other answers one by one: what would have to be true for each, and which cell of the chapter "
        "speaks for it or against it?"
    ),
    "model": mark(
        "In a cell of your own, make your model from a small input, print its parameters (named_parameters) and "
        "its results, and compare them with what the task asks."
    ),
    "code": mark(
        "In your code, print what each line holds, and its shape; the check then shows what your code printed for the "
        "input above. Find the first line that does not do what the task says."
    ),
}


def check(exercise_id: str, candidate=TODO) -> Verdict:
    """Check an answer, show the verdict and return it. Never raises.

    exercise_id: the number, such as "4.1", or the exercise's name. candidate: the function that you wrote (a module
    made from your class will do as well), or your answer to a question. The candidate gets copies of everything; what
    it prints, raises or changes stays inside, and a loop that never ends is stopped after a few seconds.
    """
    with own_builtins():
        verdict = _judge(exercise_id, candidate)
        show(verdict)
    return verdict


def _judge(exercise_id, candidate) -> Verdict:
    key = EXERCISES.id_of(_typed(exercise_id)) if isinstance(exercise_id, str) else None
    moved = _moved(_typed(exercise_id), key, candidate) if isinstance(exercise_id, str) else None
    if moved is not None or key is None:
        return _unknown(exercise_id, candidate) if moved is None else moved
    exercise = EXERCISES[key]
    try:
        found = examine(exercise, candidate)
    except Exception as error:  # a defect here, not the learner's: say so instead of breaking Run All
        message = say("The check itself failed ({error}); please report it.", error=type(error).__name__)
        found = Fault(message, key="defect")
    if found is UNFINISHED:
        _status[key] = NOT_ATTEMPTED
        return Verdict(key, say(exercise.title), NOT_ATTEMPTED)
    progress.save(progress.EXERCISES, EXERCISES.name_of(key), WRONG if found else CORRECT)
    if found is None:
        _status[key] = CORRECT
        return Verdict(key, say(exercise.title), CORRECT)
    _status[key] = WRONG
    earlier, hint = _hints(key, exercise, found)
    return Verdict(key, say(exercise.title), WRONG, found.message, found.key, example_text(found), hint, earlier)


def _hints(key: str, exercise, found: Fault) -> tuple[tuple[str, ...], str]:
    """(what stays visible, the new hint). The first is the mistake's own; the strong one comes with the third try."""
    if found.slip:  # a slip of form is no try
        return (), found.hint or say(exercise.hints[0])
    _wrong_tries[key] = tries = _wrong_tries.get(key, 0) + 1
    given = _given.setdefault(key, [])
    about_it = [found.hint] if found.hint else []
    again = AGAIN[_sort(exercise)]
    gentle, again = say(exercise.hints[0]), say(again)
    fresh = [hint for hint in (*about_it, gentle, again) if hint not in given]
    if tries < 3 or about_it and found.hint not in given:
        hint = fresh[0] if fresh else given[-1]
    else:
        hint = say(exercise.hints[-1])
    earlier = [old for old in given if old != hint][-2:]
    if hint not in given:
        given.append(hint)
    return tuple(earlier), hint


def _sort(exercise) -> str:
    """Which of AGAIN fits."""
    if isinstance(exercise, Exercise):
        return "model" if exercise.factory else "code"
    return "choice" if isinstance(exercise, Choice) else "number"


def _typed(text: str) -> str:
    """What was typed as an exercise's number or name, without spaces and full-width characters."""
    return unicodedata.normalize("NFKC", text).strip()


def _moved(typed: str, key: str | None, candidate) -> Verdict | None:
    """What to say to a number of the course before it was recut: the new number, or None if the number still holds.

    A number that is in use again means the task that has it now, unless the function bears the old one's name.
    """
    name = NAME_OF_OLD.get(typed)
    new = name and EXERCISES.id_of(name)
    if not new or new == key:
        return None
    function = getattr(EXERCISES[new], "function", None)
    called = getattr(candidate, "__name__", type(candidate).__name__)
    in_use = key is not None or EXPERIMENTS.id_of(typed)
    if in_use and (function is None or called != function.name):
        return None
    title = say(EXERCISES[new].title)
    message = say('Exercise {old} has another number now: {new} "{title}".', old=typed, new=new, title=title)
    hint = say('check("{new}", ...), in the notebook of chapter {chapter}.', new=new, chapter=new.split(".")[0])
    return Verdict(typed, "", UNKNOWN, message, hint=hint)


def _unknown(key, candidate) -> Verdict:
    known = ", ".join(EXERCISES)
    if isinstance(key, str):
        message = say('There is no exercise "{key}". The exercises are {known}.', key=key[:40], known=known)
    else:
        message = say("There is no exercise with {kind} as its number. ", kind=with_article(type(key).__name__))
        message += say("The exercises are {known}.", known=known)
    hint = ""
    if isinstance(key, str) and EXPERIMENTS.id_of(_typed(key)):
        hint = say('This is an open experiment: report("{key}", ...).', key=_typed(key)[:40])
    elif isinstance(candidate, str) and candidate.strip() in EXERCISES:
        hint = say('The number comes first: check("{key}", your_answer).', key=candidate.strip())
    elif not isinstance(key, str):
        hint = say('Write the number in quotes: check("4.1", your_answer).')
    return Verdict(key[:40] if isinstance(key, str) else "", "", UNKNOWN, message, hint=hint)


def summary(chapter: str | None = None) -> Summary:
    """Show what is done in this notebook: every exercise of the chapters that were checked, or of the one given.

    chapter: its key, such as "4" or "D4".
    "Done" is what the last check of an exercise said; "(earlier)" marks what a kernel before this one heard.
    """
    with own_builtins():
        result = _summary(chapter)
        show(result)
    return result


def _summary(chapter) -> Summary:
    kept = progress.load(progress.EXERCISES)
    earlier = {id: kept.get(EXERCISES.name_of(id)) for id in EXERCISES}
    earlier = {id: f"{status} (earlier)" for id, status in earlier.items() if status in (CORRECT, WRONG)}
    asked = None if chapter is None else {_typed(str(chapter)).strip("第章 ").upper()}
    chapters = asked or {id.split(".")[0] for id in _status or earlier}
    rows, open_ones = [], []
    for id in EXERCISES:
        if id.split(".")[0] in chapters:
            status = _status.get(id, NOT_ATTEMPTED)
            if status == NOT_ATTEMPTED:
                status = earlier.get(id, status)
            elif status == WRONG:
                tries = _wrong_tries.get(id, 0)
                status += f" ({tries} {'try' if tries == 1 else 'tries'})" if tries else ""
            rows.append((id, say(EXERCISES[id].title), status))
    for id in EXPERIMENTS:
        if id.split(".")[0] in chapters:
            count = len(results(EXPERIMENTS.name_of(id)))
            status = f"{REPORTED} ({count} result{'s' if count > 1 else ''})" if count else NOT_ATTEMPTED
            open_ones.append((id, say(EXPERIMENTS[id].title), status))
    return Summary(tuple(rows), next(iter(asked)) if asked else None, tuple(open_ones))
