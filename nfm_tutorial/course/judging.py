"""One notebook of a learner, judged: what its text says, what its code does in a process of its own, and nothing else.

`judge(notebook)` gives one Row per exercise of its chapter. The process runs the cells that an answer needs and the
functions in them; the cases are drawn here, and the results are compared and diagnosed here, by the checks' own engine.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import random
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..exercises import judge as engine
from ..exercises import sandbox
from ..exercises.exercise import Exercise, source_of
from ..exercises.language import CHINESE, mark, say, spoken
from ..exercises.registry import COURSE, EXERCISES, EXPERIMENTS, chapter_of
from ..exercises.verdict import CORRECT, NOT_ATTEMPTED, WRONG
from . import carry, cells
from .moved import cell_id
from .remote import DEFAULT, Limits, Lost, Process, RemoteFunction, in_words
from .workspace import ROOT

MISSING, STOPPED, TO_READ = mark("missing"), mark("stopped"), mark("to be read")
PARTS = {  # of an exercise: how flags name their cells
    "task": mark("task cell"),
    "stub": mark("stub cell"),
    "answer": mark("answer cell"),
    "check": mark("check cell"),
    "buggy": mark("buggy cell"),
    "test": mark("test cell"),
    "report": mark("report cell"),
}
PROCESSES = 12  # of one notebook: each exercise may end one
MESSAGE = 600  # characters
QUESTION = "## Question:"  # how the closing question's cell starts in English
ROOM = 5  # times nearer than a check asks: see fair_seed


@dataclass
class Row:
    """One exercise of one learner. mistake: its key; message: what the learner would hear; shape: see cells.shapes."""

    exercise: str
    verdict: str
    mistake: str = ""
    message: str = ""
    example: str = ""
    flags: list[str] = field(default_factory=list)
    shape: str = ""
    answer: str = ""  # of an experiment: what a person reads


@functools.cache
def course() -> dict[str, dict]:
    """{chapter: its notebook} of the course. Raises FileNotFoundError if there are none."""
    folder, found = ROOT / "notebooks", {}
    for path in sorted([*folder.glob("*.ipynb"), *folder.glob("deeper/*.ipynb")]):
        try:
            found[chapter_of(path)] = carry.parse(path.read_bytes())
        except ValueError:
            continue  # another notebook, such as a page of contents
    if not found:
        raise FileNotFoundError(f"no notebooks in {folder}; install the package from the project: pip install -e .")
    return found


@functools.cache
def chinese(key: str) -> dict:
    """A chapter's notebook in the Chinese edition, one without cells if there is none."""
    path = ROOT / "notebooks" / "zh" / file_of(key)
    return carry.parse(path.read_bytes()) if path.exists() else {"cells": []}


def edition(nb: dict, key: str) -> dict:
    """The course's notebook of a chapter in the language of a copy of it."""
    return max(course()[key], chinese(key), key=lambda known: carry.agreement(nb, carry.version(known)))


def begun(nb: dict, key: str, older: Iterable[dict[str, str]] = ()) -> bool:
    """Whether a copy holds something that no known version has. older: versions besides the course's own."""
    return all(carry.own(nb, base) for base in (carry.version(edition(nb, key)), *older))


def chapter(nb: dict) -> str | None:
    """The chapter whose exercises a notebook holds, or most of whose cells; None if it is of no chapter."""
    ids = {cell.get("id") for cell in nb["cells"]}
    held = {c: sum(cell["id"] in ids for cell in ref["cells"] if _is_exercise(cell)) for c, ref in course().items()}
    if not any(held.values()):
        held = {c: carry.agreement(nb, carry.version(reference)) for c, reference in course().items()}
    best = max(held, key=lambda c: held[c])
    return best if held[best] else None


def _is_exercise(cell: dict) -> bool:
    return cell["id"].startswith("exercise-") and cell["id"] not in ("exercise-imports", "exercise-summary")


def _stem(exercise) -> str:
    return cell_id(exercise.name)


def judge(nb: dict, limits: Limits = DEFAULT, seed: int = 0) -> list[Row]:
    """A row per exercise of the notebook's chapter, and of others that it holds, as older versions of the course do.

    seed: of the cases that the code is asked.
    """
    key = chapter(nb)
    if key is None:
        return []
    notebook = _Notebook(nb, key)
    rows, session = [], _Session(limits)
    try:
        for exercise in [*EXERCISES.values(), *EXPERIMENTS.values()]:
            if exercise.id.split(".")[0] == key or notebook.holds(exercise):
                rows.append(notebook.judge(exercise, session, seed))
    finally:
        session.close()
    return rows


class _Session:
    """The process of a notebook, or the next one if it is gone."""

    def __init__(self, limits: Limits):
        self.limits, self.count, self._process = limits, 0, None

    def process(self) -> Process:
        if self._process is None or self._process.lost:
            self.close()
            if self.count == PROCESSES:
                raise Lost(say("its code ended {n} processes; nothing more is run", n=self.count))
            self.count += 1
            self._process = Process(self.limits)
        self._process.allow(self.limits.seconds)
        return self._process

    def close(self) -> None:
        if self._process is not None:
            self._process.close()


class _Notebook:
    """The cells of one copy of a chapter."""

    def __init__(self, nb: dict, key: str):
        others = [cell for reference in course().values() for cell in reference["cells"] if _is_exercise(cell)]
        self.reference = {cell["id"]: cell for cell in [*others, *course()[key]["cells"]]}
        self.chinese = {cell["id"]: cell for cell in chinese(key)["cells"]}
        self.cells, self.places = nb["cells"], cells.by_id(nb, edition(nb, key))
        self.sources = [carry.source(c) if c["cell_type"] == "code" else "" for c in self.cells]
        self.names = [cells.names_of(source) for source in self.sources]

    def holds(self, exercise) -> bool:
        """Whether a cell of the exercise is here."""
        return any(id.startswith(_stem(exercise)) for id in self.places)

    def judge(self, exercise, session: _Session, seed: int) -> Row:
        stem = _stem(exercise)
        parts = {id.removeprefix(stem): id for id in self.reference if id.startswith(stem)}
        row = Row(exercise.id, MISSING, flags=self._flags(parts))
        if exercise.kind == "experiment":
            return self._experiment(row, parts)
        name = exercise.function.name if exercise.kind == "code" else "answer"
        answer = parts.get("stub" if exercise.kind == "code" else "answer", "")
        targets = set(self.places.get(answer, ()))
        mine = {i for i, cell in enumerate(self.names) if cell.checks & {exercise.id, exercise.name}}
        if exercise.kind == "code":
            mine |= {i for i, cell in enumerate(self.names) if name in cell.binds}
        if not targets | mine:
            row.message = say("The cell of the answer is not in the notebook.")
            return row
        checks = set(self.places.get(parts.get("check", ""), ()))
        untouched = all(self._as_in_course(i, answer) for i in targets) and not mine - targets - checks
        if untouched and all(self._as_in_course(i, parts["check"]) for i in checks):
            row.verdict = NOT_ATTEMPTED
            return row
        self._compare(row, exercise, targets | mine)
        own = targets | mine | checks
        needed = [i for i in cells.needed(self.names, own) if self.sources[i]]
        wanted = set().union(*(self.names[i].uses for i in needed))
        run = [[self._label(i), self._source(i, None if i in own else wanted)] for i in needed]
        official = {self._label(i) for i in checks or targets}
        _examine(row, exercise, session, seed, run, name, official)
        self._blame(row)
        return row

    def _blame(self, row: Row) -> None:
        """If a name is missing because the cell that defines it is no Python: that is what to say."""
        missing = re.search(r"name '(\w+)' is not defined", row.message)
        for place, source in enumerate(self.sources if missing else ()):
            defines = rf"^\s*(def|class)\s+{missing[1]}\b|^\s*{missing[1]}\s*="
            if re.search(defines, source, re.M) and (error := cells.trouble(source)):
                told = {"number": self._label(place), "name": missing[1], "error": error}
                row.message = say("Cell {number}, which defines {name}, cannot be run: {error}.", **told)[:MESSAGE]
                return

    def _source(self, place: int, wanted: set[str] | None) -> str:
        """What is run of a cell. wanted: all that is needed of the course's own imports, of which some take seconds."""
        cell = self.cells[place]
        known = self.reference.get(cell.get("id"))
        same = known is not None and carry.fingerprint(known) == carry.fingerprint(cell)
        source = cells.python(self.sources[place])
        return cells.only_imports(source, wanted) if same and wanted is not None else source

    def _label(self, place: int) -> str:
        return f"{place + 1}"

    def _as_in_course(self, place: int, id: str) -> bool:
        known = [self.reference[id], *([self.chinese[id]] if id in self.chinese else [])]
        return carry.fingerprint(self.cells[place]) in map(carry.fingerprint, known)

    def _flags(self, parts: dict[str, str]) -> list[str]:
        """Cells that are removed, duplicated or rewritten."""
        found = []
        for part, id in parts.items():
            places = self.places.get(id, [])
            if not places:
                found.append(say("{cell} removed", cell=say(PARTS[part])))
            if len(places) > 1:
                found.append(say("{cell} {n} times", cell=say(PARTS[part]), n=len(places)))
            if part in ("task", "check", "buggy") and not all(self._as_in_course(i, id) for i in places):
                found.append(say("{cell} rewritten", cell=say(PARTS[part])))
        return found

    def _compare(self, row: Row, exercise, targets: set[int]) -> None:
        """Flag what is equal to a published solution; keep what to compare with other learners."""
        if not isinstance(exercise, Exercise):
            return
        own = [shape for i in sorted(targets) for shape in cells.shapes(self.sources[i])]
        own = [shape for shape in own if shape not in cells.shapes(exercise.stub)]
        published = {shape for right in exercise.rights for shape in cells.shapes(source_of(right))}
        for shape in own:
            if shape in published:
                short = say("equal to a published solution (short)")
                row.flags.append(short if shape[1] else say("equal to a published solution"))
                break
        row.shape = " ".join(dict.fromkeys(shape for shape, short in own if not short))

    def _experiment(self, row: Row, parts: dict[str, str]) -> Row:
        places = self.places.get(parts.get("report", ""), [])
        if places and all(self._as_in_course(i, parts["report"]) for i in places):
            row.verdict = NOT_ATTEMPTED
        elif places:
            row.verdict = TO_READ
            texts = [self.sources[i] + _shown(self.cells[i]) for i in places]
            row.answer = "\n\n".join(texts)[:20_000]
        return row


def _shown(cell: dict) -> str:
    """The text that a cell shows, as its notebook holds it."""
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data") if isinstance(output, dict) else None
        text = (data if isinstance(data, dict) else {}).get("text/plain", output.get("text", ""))
        text = "".join(part for part in text if isinstance(part, str)) if isinstance(text, (list, str)) else ""
        if text.strip():
            found.append(text.strip())
    title = say("shown in the notebook (not run again):")
    return "\n".join(["\n", title, *found]) if found else ""


def _examine(row: Row, exercise, session: _Session, seed: int, run, name: str, official: set[str]) -> None:
    """Fill in the verdict on what the cells give. official: the cell that checks the answer."""
    try:
        process = session.process()
        reply = process.ask({"do": "run", "cells": run, "keys": [exercise.id, exercise.name, name]})
        records = [(str(label), message) for label, message in reply["records"] if isinstance(message, dict)]
        errors = [(str(label), str(text)) for label, text in reply["errors"]]
    except (Lost, KeyError, TypeError, ValueError) as error:
        if not isinstance(error, Lost):
            error = process.give_up(say("it sent what is no reply"))
        row.verdict, row.mistake = STOPPED, "stopped"
        row.message = say("The cells of the answer could not be run: {error}.", error=error)[:MESSAGE]
        return
    # What the check's own cell gave counts; then what other cells gave to check, the latest first; then the name.
    order = {True: 0, False: 1}
    records = sorted(enumerate(records), key=lambda r: (not r[1][0], order[r[1][0] in official], -r[0]))
    row.verdict = NOT_ATTEMPTED
    for _, (_, message) in records:
        found = _verdict(exercise, process, message, seed)
        if found is engine.UNFINISHED:
            continue
        row.verdict = WRONG if found else CORRECT
        if found:
            row.mistake, row.message = found.key or "value", found.message[:MESSAGE]
            row.example = engine.example_text(found)[: 4 * MESSAGE]
        return
    if errors:
        row.verdict, row.mistake = WRONG, "cell"
        label, text = errors[0]  # the others follow from it
        said = mark("Cell {number} stopped with {error}.")
        if text.startswith("EOFError"):
            said = mark("Cell {number} asks for keyboard input, and nobody types where answers are judged.")
        row.message = say(said, number=label, error=in_words(text))[:MESSAGE]


@functools.cache
def fair_seed(id: str, seed: int) -> int:
    """The seed, or the next one, with which every declared right answer passes with room to spare.

    Numbers drawn at random can cancel so far that float32 does not hold the rest; then right code would be refused.
    """
    exercise = copy.copy(EXERCISES[id])
    exercise.tolerance = EXERCISES[id].tolerance / ROOM
    for tried in range(seed, seed + 100):
        if all(engine.examine(exercise, right, seed=tried) is None for right in exercise.rights):
            return tried
    raise RuntimeError(f"no cases for exercise {id} with which its own right answers pass")


def _verdict(exercise, process: Process, message: dict, seed: int):
    """None for a correct answer, UNFINISHED, or the Fault."""
    seconds = process.limits.seconds
    run = functools.partial(sandbox.run, idle=seconds + 10, longest=seconds + 10)
    state = random.getstate()
    try:
        if message.get("is") in ("class", "module class") and getattr(exercise, "factory", False):
            candidate = RemoteFunction(process, message["h"], message["takes"])
        else:
            candidate = process.read(message)
        seed = fair_seed(exercise.id, seed) if isinstance(exercise, Exercise) else None
        found = engine.examine(exercise, candidate, seed=seed, run=run)
        if process.lost and found and found is not engine.UNFINISHED and found.key != "endless":
            said = say("The answer can't be asked on: {why}.", why=process.lost)
            return dataclasses.replace(found, message=said, hint="", key="stopped", got="")
        return found
    except Exception as error:
        text = re.sub(r"\s+", " ", str(error))[:200]
        said = say("The answer could not be judged ({kind}: {error}).", kind=type(error).__name__, error=text)
        return engine.Fault(said, key="not judged")
    finally:
        random.setstate(state)


def chapters() -> list[str]:
    """The chapters that have exercises, in the order of the course."""
    return [key for key in COURSE if key in course()]


def order(key: str) -> tuple:
    """Sorts chapters: the core, then the deeper ones."""
    return key[:1] == "D", int(re.sub(r"\D", "", key) or 99)


def differs(nb: dict, key: str) -> bool:
    """Whether most of the course's other cells have another text, or are gone."""
    base = carry.version({"cells": [cell for cell in edition(nb, key)["cells"] if not carry.is_answer(cell)]})
    return 2 * carry.agreement(nb, base) < len(base)


def closing(nb: dict, key: str) -> list[str]:
    """The answers to the chapter's closing question: what follows its prompts, and cells of the learner's below it."""
    reference = edition(nb, key)
    ids = [cell["id"] for cell in reference["cells"]]
    start = next((i for i, c in enumerate(course()[key]["cells"]) if carry.source(c).startswith(QUESTION)), None)
    if start is None:
        return []
    found, below = [], False
    for id, cell in carry.identify(nb, carry.version(reference)):
        below = id in ids[start:] if id else below
        asked = carry.source(reference["cells"][ids.index(id)]) if id else ""
        text = carry.source(cell)
        if below and cell["cell_type"] == "markdown" and text.rstrip() != asked.rstrip():
            lines = set(asked.splitlines())
            new = "\n".join(line for line in text.splitlines() if line not in lines).strip()
            found += [new[:20_000]] if new else []
    return found


def solutions(key: str) -> tuple[str, str]:
    """(the closing question's title, its model answer and rubric as they stand in the solutions), as is spoken."""
    for path in sorted((ROOT / "notebooks" / "solutions").glob("*.ipynb")):
        try:
            if chapter_of(path) != key:
                continue
            texts = _texts(path)
            shown = ROOT / "notebooks" / "zh" / "solutions" / path.name
            shown = _texts(shown) if spoken() == CHINESE and shown.exists() else texts
        except ValueError:
            continue
        ids = list(texts)
        start = next((i for i, id in enumerate(ids) if texts[id].startswith(QUESTION)), None)
        if start is not None:
            rubric = [id for id in ids[start:] if texts[id].startswith("**Rubric")] or ids[start:]
            title = shown[ids[start]].partition("\n")[0].removeprefix("## ")
            return title, "\n\n".join(shown[id] for id in rubric if id in shown)
    return "", ""


def _texts(path) -> dict[str, str]:
    """{cell id: text} of a notebook's Markdown."""
    cells = carry.parse(path.read_bytes())["cells"]
    return {cell["id"]: carry.source(cell) for cell in cells if cell["cell_type"] == "markdown"}


def keys(text: str) -> list[str]:
    """The chapters that a text such as "1-4,D2" names. Raises ValueError, with the ones that there are."""
    found = []
    plain = re.sub("[第章]", "", unicodedata.normalize("NFKC", str(text)).replace("、", ",")).upper()
    plain = re.sub(r"\s*[到至~—–]+\s*", "-", plain)
    for part in filter(None, (part.strip() for part in plain.split(","))):
        span = re.fullmatch(r"(D?)(\d{1,2})(?:-D?(\d{1,2}))?", part)
        named = [f"{span[1]}{n}" for n in range(int(span[2]), int(span[3] or span[2]) + 1)] if span else [part]
        unknown = [key for key in named if key not in course()]
        if unknown or not named:
            known = ", ".join(sorted(course(), key=order))
            lost = unknown[0] if unknown else part
            raise ValueError(say("there is no chapter {key}; the chapters are {known}", key=lost, known=known))
        found += [key for key in named if key not in found]
    if not found:
        raise ValueError(say('name chapters, such as "1-4,D2"'))
    return found


def file_of(key: str) -> str:
    """The path of a chapter's notebook in the course's folder."""
    folder = ROOT / "notebooks"
    for path in [*folder.glob("*.ipynb"), *folder.glob("deeper/*.ipynb")]:
        try:
            if chapter_of(path) == key:
                return path.relative_to(folder).as_posix()
        except ValueError:
            continue
    raise ValueError(f"there is no chapter {key}")
