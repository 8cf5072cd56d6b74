"""A learner hands in: a zip of their notebooks, and a check-in line (打卡) to paste. Nothing leaves the machine."""

from __future__ import annotations

import json
import re
import time
import zipfile
from pathlib import Path

from ..exercises import progress
from ..exercises.registry import EXERCISES
from ..exercises.verdict import CORRECT
from ..files import replacing
from . import carry, judging
from .submissions import LARGEST, MANIFEST, plain
from .version import version
from .workspace import ROOT


def hand_in(name: str, minutes=None, learned: str = "", chapters: str | None = None, folder=None) -> Path:
    """Zip your notebooks, print the check-in line, and return the path of the zip.

    name: yours, as the group knows you. minutes: how long you worked; learned: one sentence; both may be left out.
    chapters: such as "4" or "1-4,D2"; None: every chapter in which you wrote something. folder: of the notebooks; None:
    the one where this notebook runs, or my in the project's folder. The zip holds what is saved, so save first.
    Raises ValueError if there is nothing to hand in, FileNotFoundError if there is no such folder.
    """
    name = plain(name if isinstance(name, str) else "")
    if name == "?":
        raise ValueError('say who you are: hand_in("your name")')
    minutes = "" if minutes is None else plain(str(minutes), 10)
    learned = plain(learned, 300) if learned else ""
    folder = Path(folder) if folder is not None else _folder()
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}; say where your notebooks are: hand_in(name, folder=...)")
    found = _notebooks(folder, judging.keys(chapters) if chapters else None)
    line = check_in(name, [key for key, *_ in found], done(folder), minutes, learned)
    path = folder / f"hand_in_{_file_name(name)}.zip"
    manifest = {"name": name, "version": version(), "minutes": minutes, "learned": learned, "line": line}
    with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        for _, file, content in found:
            archive.writestr(file.relative_to(folder).as_posix(), content)
    print("In the zip, as last saved (what you changed since then is not in it):")
    for key, file, _ in found:
        print(f"  chapter {key}: {file.name}, saved {_ago(time.time() - file.stat().st_mtime)} ago")
    print(f"Send this file: {path}\nPaste this line: {line}")
    return path


def check_in(name: str, keys: list[str], correct: set[str], minutes: str, learned: str) -> str:
    """The line to paste. correct: the names of the exercises whose last check said so, by the learner's own record."""
    counts = []
    for key in keys:
        ids = [id for id in EXERCISES if id.split(".")[0] == key]
        number = sum(EXERCISES.name_of(id) in correct for id in ids)
        counts.append(f"chapter {key}: {number} of {len(ids)}" if ids else f"chapter {key}")
    return " | ".join(["打卡", name, ", ".join(counts), f"{minutes or '__'} min", learned or "learned: __"])


def done(folder: Path) -> set[str]:
    """The exercises that the checks in these notebooks called correct."""
    found = set()
    for path in (folder / progress.NAME, folder / "deeper" / progress.NAME):
        try:
            held = json.loads(path.read_bytes())[progress.EXERCISES]
            found |= {name for name, status in held.items() if status == CORRECT}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue
    return found


def _folder() -> Path:
    """Where the learner's notebooks are: here, above (from deeper/), or in my."""
    here = Path.cwd()
    for folder in (here.parent, here) if here.name in ("deeper", "solutions") else (here,):
        if any(re.match(r"\d\d_.*\.ipynb$", path.name) for path in folder.glob("*.ipynb")):
            return folder
    return ROOT / "my"


def _notebooks(folder: Path, wanted: list[str] | None) -> list[tuple[str, Path, bytes]]:
    """(chapter, file, content) of the notebooks to hand in."""
    found, here = [], folder.resolve() == (ROOT / "notebooks").resolve()
    for path in sorted([*folder.glob("*.ipynb"), *folder.glob("deeper/*.ipynb")]):
        content = path.read_bytes()
        try:
            nb = carry.parse(content)
        except ValueError as error:
            print(f"  left out: {path.name} ({error})")
            continue
        key = judging.chapter(nb)
        if key is None or wanted is not None and key not in wanted:
            continue
        if wanted is None and not here and not carry.own(nb, carry.version(judging.course()[key])):
            continue
        if len(content) > LARGEST:
            raise ValueError(f"{path.name} is larger than {LARGEST // 2**20} MB; clear its outputs and save it")
        found.append((key, path, content))
    if not found:
        where = f"of chapter {', '.join(wanted)} " if wanted else "that you wrote in "
        raise ValueError(f"no notebook {where}in {folder}; save it first (Ctrl+S), or say where it is: folder=...")
    return sorted(found, key=lambda entry: (judging.order(entry[0]), entry[1]))


def _file_name(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|.\s]+', "_", name).strip("_")[:40] or "learner"


def _ago(seconds: float) -> str:
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            n = int(seconds // size)
            return f"{n} {unit}{'s' if n > 1 else ''}"
    return "less than a minute"

