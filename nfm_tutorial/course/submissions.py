"""The hand-ins in a folder: NAME/04_x.ipynb, NAME_04.ipynb, NAME.zip. Whatever lies there, reading it harms nothing.

Nothing is unpacked: a zip's notebooks are read in memory, up to a limit. Links are not followed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..exercises.language import say
from . import carry

LARGEST = 20 * 2**20  # bytes of a notebook
LARGEST_ZIP = 100 * 2**20  # of all that is read from one
MOST = 200  # entries of a zip
ARCHIVES = {".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
# Sent for a notebook; beside one, in a learner's folder, they are the learner's own.
DOCUMENTS = {".py", ".html", ".htm", ".pdf", ".doc", ".docx", ".wps"}
MANIFEST = "hand_in.json"
NAME_LENGTH = 80
LENGTHS = {"name": NAME_LENGTH, "version": 40, "minutes": 14, "learned": 300}  # of a hand-in's texts
NOT_A_NAME = re.compile(r"[_ -]+D?\d{1,2}(?:[_ .-].*)?$")  # what follows the name in NAME_04.ipynb, NAME_D2_x.ipynb


@dataclass
class Submission:
    """One notebook of one learner, or what is wrong with a file. line: of a hand-in zip, the check-in line's parts."""

    name: str
    file: str
    nb: dict | None = None
    trouble: str = ""
    digest: str = ""
    version: str = ""
    time: float = 0.0
    saved: tuple = ()  # in a zip: when the notebook was saved, by the learner's clock
    line: dict = field(default_factory=dict)


def find(folder: str | os.PathLike, leave_out: Path | None = None) -> list[Submission]:
    """Every hand-in of a folder, sorted by name and file. Raises FileNotFoundError if there is no such folder.

    leave_out: the report's folder, where it lies in this one.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}; give the folder that holds the hand-ins")
    found: list[Submission] = []
    for entry in sorted(folder.iterdir()):
        if not (_hidden(entry.name) or (leave_out and entry.resolve() == leave_out.resolve())):
            _collect(entry, entry.relative_to(folder), None, found)
    return sorted(found, key=lambda s: (s.name, s.file))


def _collect(path: Path, shown: Path, name: str | None, found: list[Submission], depth: int = 6) -> None:
    """Add what lies at a path. name: of the learner whose folder it is in."""
    own = name or plain(NOT_A_NAME.sub("", path.stem) if path.suffix else path.name)
    if path.is_symlink():
        found.append(Submission(own, shown.as_posix(), trouble=say("a link; it is not followed")))
    elif path.is_dir() and depth:
        inner, before = [entry for entry in sorted(path.iterdir()) if not _hidden(entry.name)], len(found)
        for entry in inner:
            _collect(entry, shown / entry.name, own, found, depth - 1)
        if name is None and len(found) == before:
            trouble = say("a folder without a notebook and without a zip") if inner else say("an empty folder")
            found.append(Submission(own, shown.as_posix(), trouble=trouble))
    elif path.suffix.lower() in (ARCHIVES if name else ARCHIVES | DOCUMENTS):
        trouble = say("neither a notebook nor a zip; ask for the zip that hand_in makes")
        found.append(Submission(own, shown.as_posix(), trouble=trouble))
    elif path.suffix.lower() in (".ipynb", ".zip") and not path.is_file():
        found.append(Submission(own, shown.as_posix(), trouble=say("no file")))
    elif path.suffix.lower() in (".ipynb", ".zip"):
        read = _from_zip if path.suffix.lower() == ".zip" else _from_notebook
        try:
            found.extend(read(path, shown.as_posix(), name, own))
        except OSError as error:
            trouble = say("can't be read ({error})", error=error.strerror or error)
            found.append(Submission(own, shown.as_posix(), trouble=trouble))


def _from_notebook(path: Path, shown: str, name: str | None, own: str) -> list[Submission]:
    if path.stat().st_size > LARGEST:
        return [Submission(own, shown, trouble=say("larger than {size} MB", size=LARGEST // 2**20))]
    return [notebook(own, shown, path.read_bytes(), path.stat().st_mtime)]


def notebook(name: str, file: str, content: bytes, time: float = 0.0) -> Submission:
    """A submission from a notebook's bytes."""
    found = Submission(name, file, digest=hashlib.sha256(content).hexdigest(), time=time)
    try:
        nb = carry.parse(content)
    except carry.Unreadable as error:
        found.trouble = say(error.message, **error.blanks)[:200]
        return found
    metadata = nb.get("metadata") if isinstance(nb.get("metadata"), dict) else {}
    kernel = metadata.get("kernelspec") if isinstance(metadata.get("kernelspec"), dict) else {}
    language = kernel.get("language", "python")
    if isinstance(language, str) and language.lower() not in ("python", "python3", "ipython", ""):
        found.trouble = say("a notebook for {language}, not for Python", language=plain(language))
        return found
    stamp = metadata.get("nfm_tutorial")
    found.version = plain(str(stamp.get("version", ""))) if isinstance(stamp, dict) else ""
    found.nb = nb
    return found


def _from_zip(path: Path, shown: str, name: str | None, own: str) -> list[Submission]:
    try:
        with zipfile.ZipFile(path) as archive:
            return _entries(archive, path.stat().st_mtime, shown, name, own)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, EOFError) as error:
        return [Submission(own, shown, trouble=say("no zip that can be read ({error})", error=str(error)[:100]))]


def _entries(archive: zipfile.ZipFile, time: float, shown: str, name: str | None, own: str) -> list[Submission]:
    entries = archive.infolist()
    if len(entries) > MOST:
        trouble = say("a zip with {n} entries; at most {most} are read", n=len(entries), most=MOST)
        return [Submission(own, shown, trouble=trouble)]
    room, found, manifest, texts = LARGEST_ZIP, [], {}, {}
    for entry in entries:
        inside = PurePosixPath(entry.filename.replace("\\", "/"))
        if entry.is_dir() or any(_hidden(part) or part == "__MACOSX" for part in inside.parts if part != ".."):
            continue
        if inside.suffix.lower() != ".ipynb" and inside.name != MANIFEST:
            continue
        what = f"{shown}/{plain(inside.as_posix())}"
        if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
            found.append(Submission(own, what, trouble=say("a path that leaves the zip's folder")))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            found.append(Submission(own, what, trouble=say("a link; it is not followed")))
        else:
            limit = min(LARGEST, room)
            with archive.open(entry) as file:
                content = file.read(limit + 1)  # whatever size the zip claims
            if len(content) > limit:
                found.append(Submission(own, what, trouble=say("larger than {size} MB unpacked", size=limit // 2**20)))
                room = 0 if limit < LARGEST else room
                continue
            room -= len(content)
            if inside.name == MANIFEST:
                manifest = _manifest(content)
            else:
                texts[what] = content, entry.date_time
    own = name or manifest.get("name") or own
    for submission in found:
        submission.name = own
    for what, (content, saved) in texts.items():
        submission = notebook(own, what, content, time)
        submission.saved = saved
        submission.version = manifest.get("version", "") or submission.version
        submission.line = {key: manifest[key] for key in ("minutes", "learned") if manifest.get(key)}
        found.append(submission)
    return found or [Submission(own, shown, trouble=say("a zip without notebooks"))]


def _manifest(content: bytes) -> dict[str, str]:
    """The texts of a hand-in's manifest."""
    try:
        held = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(held, dict):
        return {}
    kept = {key: held.get(key) for key in LENGTHS}
    said = {key: str(v) for key, v in kept.items() if isinstance(v, (str, int, float))}
    return {key: plain(text, LENGTHS[key]) for key, text in said.items() if text.strip()}


def plain(text: str, length: int = NAME_LENGTH) -> str:
    """In one line, without control characters, no longer than that."""
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs", "Cf") else c for c in text)
    return " ".join(text.split())[:length] or "?"


def _hidden(name: str) -> bool:
    return name.startswith(".")
