"""A learner's cells, carried from one version of a notebook into the next. It knows no files and no folders.

A version of a course notebook is a dict {cell id: fingerprint}, in the order of the cells. What differs from it in a
copy is the learner's: cells with a known id and another text, and cells with an id that the version does not have.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import platform
import re
from difflib import SequenceMatcher

from .moved import NAME_OF_OLD, cell_id

PLACEHOLDERS = ("TODO", "(write here)", "（写在这里）")  # a course cell that holds one is a place for an answer
NOTE = "new-version-note"  # the ids of cells that say something about a new version start so
KEPT = """## From your earlier copy

The new version no longer has the cells that you changed here. Nothing of them runs."""


class Unreadable(ValueError):
    """What is wrong with a file: a message and what stands in its blanks, so that it can be said in other languages."""

    def __init__(self, message: str, **blanks):
        super().__init__(message.format(**blanks))
        self.message, self.blanks = message, blanks  # for `say`


def parse(content: bytes) -> dict:
    """A notebook of format 4 whose cells can be read. Raises Unreadable, a ValueError that says what is wrong."""
    try:
        nb = json.loads(content)
    except (ValueError, RecursionError) as error:
        merging = b"\n<<<<<<< " in content or b"\n>>>>>>> " in content
        if merging:
            raise Unreadable("git left the marks of a conflict in it") from None
        raise Unreadable("not JSON: {error}", error=error) from None
    if not isinstance(nb, dict) or nb.get("nbformat") != 4 or not isinstance(nb.get("cells"), list):
        raise Unreadable("not a notebook of format 4")
    for number, cell in enumerate(nb["cells"], 1):
        text = cell.get("source") if isinstance(cell, dict) else None
        lines = text if isinstance(text, list) else [text]
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind not in ("code", "markdown", "raw") or not all(isinstance(line, str) for line in lines):
            raise Unreadable("cell {number} has no text or no known type", number=number)
        if not isinstance(cell.get("metadata", {}), dict) or not isinstance(cell.get("outputs", []), list):
            raise Unreadable("cell {number} is damaged", number=number)
        if isinstance(cell.get("id"), str):
            cell["id"] = renamed(cell["id"])
    return nb


def renamed(id: str) -> str:
    """The id that a cell has now: those of exercises once had the exercise's number, and have its name."""
    old = re.fullmatch(r"exercise-(\d+)-(\d+)-(\w+)", id)
    name = old and NAME_OF_OLD.get(f"{old[1]}.{old[2]}")
    return cell_id(name, old[3]) if name else id


def write(nb: dict) -> bytes:
    """The notebook as JupyterLab saves it."""
    text = json.dumps(nb, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return text.encode("utf-8", "backslashreplace")  # half of a surrogate pair becomes JSON's own \ud83d


def of_this_python(content: bytes) -> bytes:
    """A notebook with the kernel's language, which JupyterLab writes into it on opening and then calls it modified."""
    nb = json.loads(content)
    language = nb.get("metadata", {}).get("language_info")
    if not isinstance(language, dict) or language.get("name") != "python":
        return content
    language |= {"codemirror_mode": {"name": "ipython", "version": 3}, "version": platform.python_version()}
    return (json.dumps(nb, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "backslashreplace")


def source(cell: dict) -> str:
    """The text of a cell, which a file holds as one text or as lines."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def fingerprint(cell: dict) -> str:
    """What tells one text (and type) of a cell from another; the outputs do not count."""
    text = f"{cell['cell_type']}\n{source(cell).rstrip()}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def version(nb: dict) -> dict[str, str]:
    """{cell id: fingerprint} of a course notebook."""
    return {cell["id"]: fingerprint(cell) for cell in nb["cells"]}


def digest(nb: dict) -> str:
    """One fingerprint of all texts in their order. Empty cells do not count: running the last cell adds one."""
    texts = " ".join(fingerprint(cell) for cell in nb["cells"] if source(cell).strip())
    return hashlib.sha256(texts.encode()).hexdigest()[:16]


def is_answer(cell: dict) -> bool:
    """Whether a course cell is a place for an answer."""
    return any(placeholder in source(cell) for placeholder in PLACEHOLDERS)


def identify(nb: dict, base: dict[str, str]) -> list[tuple[str | None, dict]]:
    """Each cell with the id that it has in `base`, or None if it is the learner's own.

    Some programs drop the ids. Then equal texts are one cell, and so are as many changed cells between two of them.
    """
    cells, taken, found = nb["cells"], set(), []
    for cell in cells:
        id = cell.get("id") or cell.get("metadata", {}).get("id")
        id = id if isinstance(id, str) and id in base and id not in taken else None
        taken.add(id)
        found.append(id)
    if not any(found):
        ids = list(base)
        matcher = SequenceMatcher(None, list(base.values()), [fingerprint(cell) for cell in cells], autojunk=False)
        for kind, start, end, first, last in matcher.get_opcodes():
            if kind == "equal" or (kind == "replace" and end - start == last - first):
                found[first:last] = ids[start:end]
    return list(zip(found, cells))


def agreement(nb: dict, base: dict[str, str]) -> int:
    """How many cells of a copy are those of a version."""
    return sum(id is not None and fingerprint(cell) == base[id] for id, cell in identify(nb, base))


def own(nb: dict, base: dict[str, str]) -> list[tuple[str | None, dict]]:
    """The cells that the learner changed (with their ids) or added (None)."""
    written = [(id, cell) for id, cell in identify(nb, base) if source(cell).strip() and not _is_note(cell)]
    return [(id, cell) for id, cell in written if id is None or fingerprint(cell) != base[id]]


def own_texts(nb: dict, base: dict[str, str]) -> set[str]:
    """The fingerprints of the learner's cells."""
    return {fingerprint(cell) for _, cell in own(nb, base)}


def all_texts(nb: dict) -> set[str]:
    """The fingerprints of all cells."""
    return {fingerprint(cell) for cell in nb["cells"]}


def carry(course: dict, mine: dict, base: dict[str, str], only_answers: bool = False) -> tuple[dict, dict[str, int]]:
    """The new version with the learner's cells in it, and how many of them went where.

    course: the new version. mine: the learner's copy, made from `base`. only_answers: leave out other cells, for a copy
    of which nobody knows what it was made from. A changed cell takes its place again; where the new version changed
    it, too, both stand there, and what the new version has no place for stands at the end. Counts: "carried",
    "beside" (both changed), "added", "kept" (at the end).
    """
    new = {cell["id"]: cell for cell in course["cells"]}
    changed = {id(cell) for _, cell in own(mine, base)}
    count = dict.fromkeys(("carried", "beside", "added", "kept"), 0)
    in_place, after, end, place = {}, {}, [], None
    for name, cell in identify(mine, base):
        place = name if name in new else place
        if id(cell) not in changed or (only_answers and not (name in new and is_answer(new[name]))):
            continue
        if name in new and fingerprint(new[name]) == base[name]:
            where, in_place[name] = "carried", cell
        elif name in new and fingerprint(new[name]) == fingerprint(cell):
            continue
        elif name in new:
            where, kept = "beside", cell if is_answer(new[name]) else _quiet(cell)
            said = "*The new version changed the cell above, and so did you. This is yours:*"
            after.setdefault(name, []).extend([_note(said), kept])
        elif name is None:
            where = "added"
            after.setdefault(place, []).append(cell)
        else:
            where = "kept"
            end.append(_quiet(cell))
        count[where] += 1
    cells = [(None, cell) for cell in after.get(None, [])]
    for name, cell in new.items():
        mine_here = in_place.get(name)
        cells.append((name, cell if mine_here is None else mine_here | {"metadata": _metadata(mine_here, cell)}))
        cells += [(None, extra) for extra in after.get(name, [])]
    cells += [(None, cell) for cell in [_note(KEPT), *end] if end]
    return {**course, "cells": _named(cells)}, count


def put(nb: dict, answers: dict[str, dict]) -> dict:
    """The notebook with answers, {cell id: the learner's cell}, in their places."""
    cells = [
        cell | {key: answers[cell["id"]][key] for key in ("source", "outputs") if key in answers[cell["id"]]}
        if cell["id"] in answers
        else cell
        for cell in nb["cells"]
    ]
    return {**nb, "cells": cells}


def with_note(nb: dict, text: str) -> dict:
    """The notebook with a note as its first cell, which is not carried on."""
    return {**nb, "cells": [_note(text), *nb["cells"]]}


def _note(text: str) -> dict:
    """A cell that says something about a new version; its id shows whether the learner changed it."""
    cell = {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | {"id": f"{NOTE}-{fingerprint(cell)}"}


def _is_note(cell: dict) -> bool:
    return str(cell.get("id")).startswith(f"{NOTE}-{fingerprint(cell)}")


def _quiet(cell: dict) -> dict:
    """A cell that can't break a run: code becomes a quotation."""
    if cell["cell_type"] != "code":
        return cell
    fence = "`" * max([3, *(len(found) + 1 for found in re.findall("`+", source(cell)))])
    text = f"{fence}python\n{source(cell)}\n{fence}"
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _metadata(mine: dict, course: dict) -> dict:
    return {**mine.get("metadata", {}), **course.get("metadata", {})}


def _named(cells: list[tuple[str | None, dict]]) -> list[dict]:
    """Complete cells with an id each: the course's own where one is given, else the cell's if it is free."""
    taken, named = {name for name, _ in cells}, []
    for name, cell in cells:
        if name is None:
            name = cell.get("id")
            if not isinstance(name, str) or not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) or name in taken:
                stem = f"{NOTE}-{fingerprint(cell)}" if _is_note(cell) else "mine"
                name = next(f"{stem}-{n}" for n in itertools.count(1) if f"{stem}-{n}" not in taken)
        taken.add(name)
        cell = {"metadata": {}, **copy.deepcopy(cell), "id": name}
        named.append({"outputs": [], "execution_count": None, **cell} if cell["cell_type"] == "code" else cell)
    return named
