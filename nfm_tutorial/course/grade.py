"""`python -m nfm_tutorial grade`: judge every hand-in of a folder and write the reports.

What is done is kept in the report's folder after each notebook, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import hashlib
import json
import multiprocessing
import os
import secrets
import sys
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

from ..exercises.language import CHINESE, ENGLISH, mark, say, speaking, spoken
from ..files import replacing
from . import judging, reports, submissions
from .remote import DEFAULT, PACKAGE, Limits
from .version import version

STATE = ".grading.json"


@dataclass
class Graded:
    """One notebook of a learner, judged; or a file that could not be read, with what is wrong (trouble)."""

    name: str
    file: str
    chapter: str = ""
    trouble: str = ""
    passed_over: bool = False  # another file of the same learner and chapter counts
    rows: list[dict] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)  # to the closing question
    line: dict = field(default_factory=dict)


def grade(
    folder,
    out="report",
    jobs: int | None = None,
    limits: Limits = DEFAULT,
    again: bool = False,
    show=print,
    chinese: bool = False,
) -> list[Graded]:
    """Judge every hand-in of `folder`, write the reports into the folder `out`, and return the list of Graded.

    jobs: notebooks at a time; None: one per core, at most 4. again: judge anew what an earlier run judged.
    chinese: the reports and what the checks say in them in Chinese, whatever the edition of the notebooks.
    Raises FileNotFoundError if there is no such folder, ValueError if `out` is no folder to write to, RuntimeError if
    the package's files were changed while learners' code ran.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out needs a folder for the reports")
    with speaking(CHINESE if chinese else ENGLISH):
        return _grade(folder, out, jobs, limits, again, show)


def _grade(folder, out: Path, jobs, limits: Limits, again: bool, show) -> list[Graded]:
    found = submissions.find(folder, out)
    out.mkdir(parents=True, exist_ok=True)
    state = _State(out, again)
    graded, waiting = [], []
    for submission in _latest(found, graded):
        kept = state.get(submission)
        if kept is not None:
            graded.append(kept)
        else:
            waiting.append(submission)
    before = fingerprint()
    if len(graded) and not again and (earlier := sum(1 for g in graded if g.rows)):
        show(say("{n} notebooks were judged by an earlier run; --again judges them anew", n=earlier))
    for submission, result in _judged(waiting, jobs, limits, state.seed, show):
        if fingerprint() != before:
            raise RuntimeError(
                f"files of nfm_tutorial changed while {submission.file} ran, so no verdict can be trusted; install the "
                "package again, look at that notebook, and grade in a container"
            )
        graded.append(result)
        state.keep(submission, result)
    graded.sort(key=lambda g: (g.name, judging.order(g.chapter), g.file))
    _compare(graded)
    for path in reports.write(graded, out):
        show(say("written: {path}", path=path))
    return graded


def _latest(found: list[submissions.Submission], graded: list[Graded]) -> list[submissions.Submission]:
    """The hand-ins to judge: of each learner's chapter the newest. The others go to `graded`, with the reason."""
    newest: dict[tuple, submissions.Submission] = {}
    for s in found:
        key = judging.chapter(s.nb) if s.nb else None
        trouble = s.trouble or ("" if key else say("no notebook of the course"))
        if trouble:
            graded.append(Graded(s.name, s.file, trouble=trouble, line=s.line))
            continue
        other = newest.get((s.name, key))
        # In one zip, of both languages: the one with something in it, then the one saved last.
        rank = {id(copy): (copy.time, judging.begun(copy.nb, key), copy.saved) for copy in (s, other) if copy}
        left, kept = (s, other) if other and rank[id(other)] >= rank[id(s)] else (other, s)
        newest[s.name, key] = kept
        if left:
            said = mark("not judged: older than {file}") if left.time < kept.time else mark("not judged: {file} counts")
            said = mark("not judged: equal to {file}") if left.digest == kept.digest else said
            graded.append(Graded(left.name, left.file, key, say(said, file=kept.file), passed_over=True))
    return list(newest.values())


def one(submission: submissions.Submission, limits: Limits, seed: int, language: str = ENGLISH) -> Graded:
    """Judge one notebook; what is said of it in a language."""
    with speaking(language):
        return _one(submission, limits, seed)


def _one(submission: submissions.Submission, limits: Limits, seed: int) -> Graded:
    nb, key = submission.nb, judging.chapter(submission.nb)
    rows = judging.judge(nb, limits, seed)
    flags = []
    if submission.version and submission.version != version():
        said = mark("from another version of the course ({version}; here {here})")
        flags.append(say(said, version=submission.version, here=version()))
    elif judging.differs(nb, key):
        flags.append(say("most cells are not those of this version of the course"))
    answers = judging.closing(nb, key)
    kept = [dataclasses.asdict(row) for row in rows]
    return Graded(
        submission.name, submission.file, key, rows=kept, flags=flags, answers=answers, line=submission.line
    )


def _judged(waiting, jobs, limits, seed, show):
    """(submission, its Graded) of each, as they are ready; in processes of their own if there are several jobs."""
    jobs = min(jobs or min(os.cpu_count() or 1, 4), max(len(waiting), 1))
    with _bar(len(waiting)) as bar:
        if jobs == 1:
            for submission in waiting:
                bar.set_postfix_str(submission.name[:20])
                yield submission, one(submission, limits, seed, spoken())
                bar.update()
            return
        left = list(waiting)
        while left:
            context = multiprocessing.get_context("spawn")
            pool = concurrent.futures.ProcessPoolExecutor(jobs, mp_context=context)
            try:
                asked = {pool.submit(one, submission, limits, seed, spoken()): submission for submission in left}
                for future in concurrent.futures.as_completed(asked):
                    result = future.result()
                    left.remove(asked[future])
                    yield asked[future], result
                    bar.update()
            except BrokenProcessPool:
                if jobs == 1:  # the one that was being judged ends its judge
                    gone = left.pop(0)
                    trouble = say("judging it ended the grader's own process")
                    yield gone, Graded(gone.name, gone.file, trouble=trouble)
                    bar.update()
                jobs = 1
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


def _bar(total: int):
    from tqdm import tqdm

    return tqdm(total=total, desc="grading", unit="notebook", file=sys.stderr, disable=None if total else True)


def _compare(graded: list[Graded]) -> None:
    """Flag answers that are equal to each other."""
    groups: dict[tuple, set[str]] = {}
    for g in graded:
        for row in g.rows:
            for shape in row["shape"].split():
                groups.setdefault((row["exercise"], shape), set()).add(g.name)
    for g in graded:
        for row in g.rows:
            others = {n for shape in row["shape"].split() for n in groups[row["exercise"], shape]} - {g.name}
            if others:
                names = sorted(others)
                shown = say(", ").join(names[:5])
                if len(names) > 5:
                    shown = say("{names} and {n} more", names=shown, n=len(names) - 5)
                row["flags"].append(say("equal to the answer of {names}", names=shown))


def fingerprint() -> str:
    """One of all files of the package: learners' code must not change what judges it."""
    found = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        found.update(f"{path}\0".encode("utf-8", "surrogateescape"))
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


class _State:
    """What earlier runs judged, in the report's folder: by file and content, and by the version of the package."""

    def __init__(self, out: Path, again: bool):
        self.path, self.held = out / STATE, {}
        with contextlib.suppress(OSError, ValueError, RecursionError, AttributeError):
            kept = json.loads(self.path.read_bytes())
            if kept["package"] == fingerprint() and isinstance(kept["seed"], int) and isinstance(kept["graded"], dict):
                self.held = {"seed": kept["seed"], "graded": {} if again else kept["graded"]}
        # Cases of the grader's own: with the notebook's seed, a table of what a check showed would pass.
        self.seed = self.held.get("seed", secrets.randbits(31)) if not again else secrets.randbits(31)
        self.graded = self.held.get("graded", {})

    def get(self, submission) -> Graded | None:
        kept = self.graded.get(self._key(submission))
        with contextlib.suppress(TypeError):
            return Graded(**kept)
        return None

    def keep(self, submission, result: Graded) -> None:
        self.graded[self._key(submission)] = vars(result)
        held = {"package": fingerprint(), "seed": self.seed, "graded": self.graded}
        with replacing(self.path) as part:
            part.write_text(json.dumps(held), encoding="utf-8")

    def _key(self, submission) -> str:
        return f"{submission.digest} {submission.name} {submission.file} {submission.version} {spoken()}"
