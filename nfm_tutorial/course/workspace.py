"""The learner's working copy of the notebooks: made, and brought up to date without losing anything of theirs.

It knows folders and files; what becomes of the cells, `carry` knows. A file that the learner changed is never written:
a new version stands beside it. A file that the learner only read or ran is replaced, and the old one kept in `.old`.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from ..files import replacing
from . import carry

ROOT = Path(__file__).resolve().parents[2]
RECORD = ".versions.json"  # versions: {notebook: {digest: {cell id: fingerprint}}}; written: {file: what was written}
OLD = ".old"


@dataclass
class Report:
    """What `update` did: lines to show, one per notebook that needs a word; whether a file could not be dealt with."""

    folder: Path
    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    failed: bool = False


@dataclass
class _Copy:
    """One file of the learner's. nb is None where it is no readable notebook, and `trouble` says why."""

    path: Path
    content: bytes
    nb: dict | None = None
    trouble: str = ""
    base: dict | None = None  # the version that it was made from
    changed: bool = True


def update(folder: str | os.PathLike | None = None, course: str | os.PathLike | None = None) -> Report:
    """Make the working copy in `folder` (default: my in the project's folder), or bring it up to date.

    course: the folder of the course's notebooks, by default the project's. A notebook that is missing is copied; one
    whose texts the learner left alone is replaced by a newer version; for one that the learner changed, the newer
    version with the learner's cells in it is written beside it, as "NAME (new version).ipynb". Whoever deletes their
    old copy finds the new one under the old name at the next call.
    Raises FileNotFoundError if there are no notebooks, ValueError for a folder that is the course's own, OSError if
    nothing can be written there. What goes wrong with one file is said in its line, and the others go on.
    """
    course = Path(course) if course is not None else ROOT / "notebooks"
    found = [path.relative_to(course) for path in sorted(course.rglob("*.ipynb"))]
    names = [path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)]
    if not names:
        what = "call this in the project's folder, with the package installed from there: pip install -e ."
        raise FileNotFoundError(f"no notebooks in {course}; {what}")
    folder = Path(folder) if folder is not None else ROOT / "my"
    if course.resolve() in (folder.resolve(), *folder.resolve().parents) or folder.resolve() == course.resolve().parent:
        raise ValueError(f"{folder} is the course's own folder; the working copy needs another one, such as my")
    folder.mkdir(parents=True, exist_ok=True)
    return _Update(course, folder).all(names)


class _Update:
    """One call of `update`."""

    def __init__(self, course: Path, folder: Path):
        self.course, self.folder, self.report = course, folder, Report(folder)
        self.versions, self.written = self._read_record()
        self.fresh: list[str] = []  # notebooks that this call wrote as the course has them
        self.answers: dict[str, dict] = {}  # what the learner wrote in places that their notebook no longer has

    def all(self, names: list[str]) -> Report:
        """Every notebook of the course, then what the course no longer has, then the record."""
        for name in names:
            self._guarded(self._one, name)
        for name in sorted(self.versions.keys() - set(names)):
            self._guarded(self._gone, name)
        for name in self.fresh:
            self._guarded(self._bring, name)
        record = json.dumps({"versions": self.versions, "written": self.written}, indent=0).encode()
        if not (self.folder / RECORD).exists() or (self.folder / RECORD).read_bytes() != record:
            with replacing(self.folder / RECORD) as part:
                part.write_bytes(record)
        counts = ", ".join(f"{n} {what}" for what, n in self.report.counts.items())
        here = os.path.relpath(self.folder) if Path.cwd() in self.folder.resolve().parents else self.folder
        self.report.lines.append(f"{here}: {len(names)} notebooks ({counts})")
        return self.report

    def _guarded(self, work, name: str) -> None:
        try:
            work(name)
        except (OSError, ValueError) as error:
            self.report.failed = True
            self._count("failed", name, f"not dealt with: {error}")

    def _one(self, name: str) -> None:
        """Bring one notebook up to date."""
        content = (self.course / name).read_bytes()
        nb = carry.parse(content)
        content = carry.of_this_python(content)
        now = carry.digest(nb)
        known = self.versions.setdefault(name, {})
        known[now] = carry.version(nb)
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() and (offers := self._offers(name)):
            os.rename(offers[0], path)
            was = self.written.pop(self._key(offers[0]))
            self.written[name] = {"version": was["version"], "bytes": was["bytes"]}
            self._count("under its old name", name, "the new version has this name now")
        if not path.exists():
            self._write(path, content, now)
            self.fresh.append(name)
            return self._count("new", name)
        copies = [self._read(each, nb, known) for each in [path, *self._offers(name)]]
        for copy in copies:
            self._remember(copy, {cell["id"] for cell in nb["cells"]})
        changed = [copy for copy in copies if copy.nb and copy.changed]
        if not changed and copies[0].nb:
            return self._untouched(name, copies[0], content, now)
        mine = changed[-1] if changed else copies[0]
        if mine.nb and mine.base == known[now]:
            return self._count("with your changes", name)
        later = [copy for copy in copies[copies.index(mine) + 1 :] if copy.nb]  # offers as they were written
        self._beside(name, mine, later[-1] if later else None, nb, content, now)

    def _untouched(self, name: str, copy: _Copy, content: bytes, now: str) -> None:
        """Replace a copy whose texts the learner left alone, if it is of an older version or has older outputs."""
        as_written = self._hash(copy.content) == self.written.get(name, {}).get("bytes")
        current = copy.base == self.versions[name][now]
        if copy.content == content or (current and not as_written):
            self.written[name] = {"version": now, "bytes": self._hash(content)}
            return self._count("up to date", name)
        kept = "" if current else self._keep_old(copy)  # its outputs; its answers, if someone worked in notebooks/
        self._write(copy.path, content, now)
        self.fresh.append(name)
        self._count("updated", name, "" if current else f"the new version; you had changed nothing{kept}")

    def _beside(self, name: str, mine: _Copy, offer: _Copy | None, nb: dict, content: bytes, now: str) -> None:
        """Write the new version, with the learner's cells, beside their copy, or over an offer that they left alone."""
        what, texts, count = content, carry.digest(nb), {}
        if mine.nb:
            lost = mine.base is None
            merged, count = carry.carry(nb, mine.nb, self.versions[name][now] if lost else mine.base, lost)
            moved = ", ".join(f"{n} {where}" for where, n in count.items() if n) or "none"
            link = quote(mine.path.name)
            merged = carry.with_note(merged, _NOTE.format(old=mine.path.name, link=link, moved=moved))
            what, texts = carry.write(merged), carry.digest(merged)
        if offer and carry.digest(offer.nb) == texts:
            return self._count("with a new version beside it", name, f"new version: {offer.path.name}")
        if not offer and any(w.get("for") == name and w["version"] == now for w in self.written.values()):
            return self._count("with your changes", name)  # the learner deleted this version's offer
        if offer and (not mine.nb or carry.own_texts(offer.nb, offer.base) - carry.all_texts(mine.nb)):
            self._keep_old(offer)  # it holds answers that the copy has no longer
        target = offer.path if offer else next(p for p in _offer_paths(self.folder / name) if not p.exists())
        offered = {"for": name, "from": self._key(mine.path), "digest": texts}
        self._write(target, what, now, offered)
        why = f"{mine.path.name} is {mine.trouble}" if mine.trouble else f"your cells: {moved}"
        self._count("with a new version beside it", name, f"new version: {target.name} ({why})")

    def _gone(self, name: str) -> None:
        """A notebook that the course no longer has: out of the way if the learner left it alone."""
        path, known = self.folder / name, self.versions.pop(name)
        written = self.written.pop(name, None)
        if not path.exists():
            return
        copy = self._read(path, None, known)
        self._remember(copy, set())
        if copy.nb and not copy.changed and written:
            self._keep_old(copy)
            path.unlink()
            return self._count("gone", name, f"no longer in the course; you had changed nothing, it is in {OLD}")
        self._count("gone", name, "no longer in the course; your copy stays")

    def _remember(self, copy: _Copy, places: set[str]) -> None:
        """Keep in mind what the learner wrote in an exercise that has no place in its notebook any more."""
        if copy.nb and copy.base is not None:
            for id, cell in carry.own(copy.nb, copy.base):
                if id and id.startswith("exercise-") and id not in places:
                    self.answers[id] = cell

    def _bring(self, name: str) -> None:
        """Put answers from notebooks that lost an exercise into one that has it now and was just written."""
        path, now = self.folder / name, self.written[name]["version"]
        nb = carry.parse(path.read_bytes())
        places = [cell["id"] for cell in nb["cells"] if carry.is_answer(cell)]
        found = {id: self.answers[id] for id in places if id in self.answers}
        if found:
            self._write(path, carry.write(carry.put(nb, found)), now)
            said = f"answers brought from the notebook that had these exercises: {len(found)}"
            self.report.lines.append(f"{name}: {said}")

    def _read(self, path: Path, course: dict | None, known: dict) -> _Copy:
        """A copy, the version that it was made from, and whether the learner changed it."""
        copy = _Copy(path, path.read_bytes())
        try:
            copy.nb = carry.parse(copy.content)
        except ValueError as error:
            copy.trouble = str(error)
            return copy
        written = self.written.get(self._key(path), {})
        order = list(known)
        agreement = {v: (carry.agreement(copy.nb, known[v]), v == written.get("version")) for v in order}
        best = max(order, key=lambda v: (agreement[v], order.index(v)))
        copy.base = known[best]
        copy.changed = bool(carry.own(copy.nb, copy.base))
        if copy.changed and "for" in written:  # an offer, which holds the learner's cells from the start
            as_offered = carry.digest(copy.nb) == written["digest"]
            copy.changed = not as_offered or not (self.folder / written["from"]).exists()
        if not written and course:  # what was it made from? A version of which all but the answers is there
            places = {cell["id"] for cell in course["cells"] if carry.is_answer(cell)}
            pairs = carry.identify(copy.nb, copy.base)
            if copy.base.keys() - places - {id for id, cell in pairs if copy.base.get(id) == carry.fingerprint(cell)}:
                copy.base = None
            else:
                self.written[self._key(path)] = {"version": best, "bytes": ""}
        return copy

    def _offers(self, name: str) -> list[Path]:
        """The new versions that stand beside a notebook, oldest first; not files that only have such a name."""
        keys = [key for key, written in self.written.items() if written.get("for") == name]
        order = [path for path, _ in zip(_offer_paths(self.folder / name), range(len(self.written) + 1))]
        return [path for path in order if path.exists() and self._key(path) in keys]

    def _write(self, path: Path, content: bytes, version: str, offered: dict | None = None) -> None:
        with replacing(path) as part:
            part.write_bytes(content)
        self.written[self._key(path)] = {"version": version, "bytes": self._hash(content), **(offered or {})}

    def _keep_old(self, copy: _Copy) -> str:
        """Keep a file that is about to go; what to say about it."""
        where = self.folder / OLD / copy.path.relative_to(self.folder)
        where = where.with_name(f"{where.stem}.{self._hash(copy.content)[:8]}{where.suffix}")
        where.parent.mkdir(parents=True, exist_ok=True)
        with replacing(where) as part:
            part.write_bytes(copy.content)
        return f" (the old one: {self._key(where)})"

    def _count(self, what: str, name: str, line: str = "") -> None:
        self.report.counts[what] = self.report.counts.get(what, 0) + 1
        if line:
            self.report.lines.append(f"{name}: {line}")

    def _key(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _hash(self, content: bytes) -> str:
        return hashlib.sha256(content).hexdigest()[:16]

    def _read_record(self) -> tuple[dict, dict]:
        path = self.folder / RECORD
        if not path.exists():
            return {}, {}
        with contextlib.suppress(ValueError, RecursionError):
            record = json.loads(path.read_bytes())
            if _is_record(record):
                for known in record["versions"].values():
                    for now, base in known.items():
                        known[now] = {carry.renamed(id): text for id, text in base.items()}
                return record["versions"], record["written"]
        said = "can't be read and is made anew; from a copy of an older version only answers can be carried over"
        self.report.lines.append(f"{RECORD} {said}")
        return {}, {}


def versions(path: Path) -> list[dict[str, str]]:
    """The versions that the record of a working copy knows of one of its notebooks; [] where there is no record."""
    for folder in path.resolve().parents[:4]:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            record = json.loads((folder / RECORD).read_bytes())
            if _is_record(record):
                known = record["versions"].get(path.resolve().relative_to(folder.resolve()).as_posix(), {})
                return [{carry.renamed(id): text for id, text in base.items()} for base in known.values()]
    return []


def _is_record(record) -> bool:
    """Whether this module wrote it: {versions: {text: {text: {text: text}}}, written: {text: {text: text}}}."""
    if not isinstance(record, dict) or not {"versions", "written"} <= record.keys():
        return False
    try:
        known = [version for versions in record["versions"].values() for version in versions.values()]
        written = list(record["written"].values())
        pairs = [pair for each in [*known, *written] for pair in each.items()]
    except AttributeError:
        return False
    needed = [{"version", "bytes"} | ({"from", "digest"} if "for" in each else set()) for each in written]
    complete = all(names <= each.keys() for names, each in zip(needed, written)) and all(record["versions"].values())
    return complete and all(isinstance(text, str) for pair in pairs for text in pair)


def _offer_paths(path: Path):
    """NAME (new version).ipynb, NAME (new version 2).ipynb, and so on."""
    for number in itertools.count(1):
        yield path.with_name(f"{path.stem} (new version{f' {number}' if number > 1 else ''}){path.suffix}")


_NOTE = """**This is a new version of the chapter.** Your earlier copy, [{old}]({link}), stays as it is.
Your cells from it: {moved}.

Go on here. When you no longer need the earlier copy, delete it: the next `make lab` (or `python -m nfm_tutorial work`)
gives this one its name. If you would rather stay with the earlier copy, delete this one: it does not come back."""
