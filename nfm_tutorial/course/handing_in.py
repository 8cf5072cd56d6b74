"""A learner hands in: a zip of their notebooks, and a check-in line (打卡) to paste. Nothing leaves the machine."""

from __future__ import annotations

import json
import re
import time
import zipfile
from pathlib import Path

from ..exercises import progress
from ..exercises.language import CHINESE, ENGLISH, mark, say, speaking
from ..exercises.registry import EXERCISES
from ..exercises.verdict import CORRECT
from ..files import replacing
from . import carry, judging
from .submissions import LARGEST, LENGTHS, MANIFEST, plain
from .version import version
from .workspace import ROOT, versions

PARTS = ("", "deeper", "zh", "zh/deeper")  # of a folder of notebooks
PLACEHOLDERS = ("your name", "你的名字")  # as the notebooks and the README have them
AGES = (
    (86400, mark("{n} day"), mark("{n} days")),
    (3600, mark("{n} hour"), mark("{n} hours")),
    (60, mark("{n} minute"), mark("{n} minutes")),
)


def hand_in(name: str, minutes=None, learned: str = "", chapters: str | None = None, folder=None) -> Path:
    """Zip your notebooks, print the check-in line, and return the path of the zip.

    name: yours, as the group knows you. minutes: how long you worked; learned: one sentence; both may be left out.
    chapters: such as "4" or "1-4,D2"; None: every chapter in which you wrote something. folder: of the notebooks; None:
    the one where this notebook runs, or my in the project's folder. The zip holds what is saved, so save first.
    Raises ValueError if there is nothing to hand in, FileNotFoundError if there is no such folder.
    """
    here = Path(folder) if folder is not None else _folder()
    places = {here.resolve().name, Path.cwd().name, Path.cwd().parent.name}  # this may be my/zh/deeper
    with speaking(CHINESE if "zh" in places else ENGLISH):
        name = plain(name if isinstance(name, str) else "")
        if name == "?" or name.strip("\"'“”").casefold() in PLACEHOLDERS:
            raise ValueError(say("say who you are, with the name that the group knows: hand_in(name)"))
        minutes = "" if minutes is None or not str(minutes).strip() else plain(str(minutes), LENGTHS["minutes"])
        if not re.search("[时h]", minutes):  # "1小时" has its unit
            minutes = re.sub(r"(?i)\s*(分钟?|min(ute)?s?\.?)$", "", minutes)
        learned = plain(learned, LENGTHS["learned"]) if learned else ""
        if not here.is_dir():
            missing = say("no folder {folder}; say where your notebooks are: hand_in(name, folder=...)", folder=here)
            raise FileNotFoundError(missing)
        found, damaged = _notebooks(here, judging.keys(chapters) if chapters else None)
    folder = here
    with speaking(_language(found)):
        for line in _left_out(damaged):
            print(f"  {line}")
        return _hand_in(name, minutes, learned, folder, found)


def _hand_in(name: str, minutes: str, learned: str, folder: Path, found: list[tuple[str, Path, bytes]]) -> Path:
    line = check_in(name, [key for key, *_ in found], done(folder), minutes, learned)
    path = folder / f"hand_in_{_file_name(name)}.zip"
    manifest = {"name": name, "version": version(), "minutes": minutes, "learned": learned, "line": line}
    with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        for _, file, content in found:
            archive.writestr(file.relative_to(folder).as_posix(), content)
    print(say("In the zip, as last saved (what you changed since then is not in it):"))
    for key, file, _ in found:
        ago = _ago(time.time() - file.stat().st_mtime)
        shown = file.relative_to(folder).as_posix()
        print("  " + say("chapter {key}: {file}, saved {ago} ago", key=key, file=shown, ago=ago))
    print(say("Send this file: {path}", path=path))
    print(say("Paste this line: {line}", line=line))
    return path


def _language(found: list[tuple[str, Path, bytes]]) -> str:
    """Of most of the notebooks."""
    chinese = sum(judging.edition(carry.parse(content), key) is judging.chinese(key) for key, _, content in found)
    return CHINESE if 2 * chinese > len(found) else ENGLISH


def check_in(name: str, keys: list[str], correct: set[str], minutes: str, learned: str) -> str:
    """The line to paste. correct: the names of the exercises whose last check said so, by the learner's own record."""
    counts = []
    for key in keys:
        ids = [id for id in EXERCISES if id.split(".")[0] == key]
        number = sum(EXERCISES.name_of(id) in correct for id in ids)
        said = say("chapter {key}: {n} of {all}", key=key, n=number, all=len(ids))
        counts.append(said if ids else say("chapter {key}", key=key))
    took = minutes if re.search("[时h]", minutes) else say("{n} min", n=minutes or "__")
    return " | ".join(["打卡", name, say(", ").join(counts), took, learned or say("learned: __")])


def done(folder: Path) -> set[str]:
    """The exercises that the checks in these notebooks called correct."""
    found = set()
    for path in (folder / part / progress.NAME for part in PARTS):
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


def _notebooks(folder: Path, wanted: list[str] | None) -> tuple[list[tuple], list[tuple]]:
    """(chapter, file, content) of the notebooks to hand in, and (file, what is wrong) of those that can't be read."""
    best, damaged, here = {}, [], folder.resolve() == (ROOT / "notebooks").resolve()
    for path in sorted(path for part in PARTS for path in (folder / part).glob("*.ipynb")):
        content = path.read_bytes()
        try:
            nb = carry.parse(content)
        except carry.Unreadable as error:
            damaged.append((path, error))
            continue
        key = judging.chapter(nb)
        if key is None or wanted is not None and key not in wanted:
            continue
        begun = judging.begun(nb, key, versions(path))
        if wanted is None and not here and not begun:
            continue
        if len(content) > LARGEST:
            told = {"file": path.name, "size": LARGEST // 2**20}
            raise ValueError(say("{file} is larger than {size} MB; clear its outputs and save it", **told))
        # Of several copies, such as one per language: what was saved last of those with something in them.
        rank = (begun, begun and path.stat().st_mtime, folder / "zh" not in path.parents)
        if key not in best or rank > best[key][0]:
            best[key] = rank, path, content
    if not best:
        if wanted:
            what = say("no notebook of chapter {keys} in {folder}", keys=", ".join(wanted), folder=folder)
        else:
            what = say("no notebook in {folder} that you wrote in", folder=folder)
        asked = say("{what}; save it first (Ctrl+S), or say where it is: folder=...", what=what)
        raise ValueError("\n  ".join([asked, *_left_out(damaged)]))
    return [(key, *best[key][1:]) for key in sorted(best, key=judging.order)], damaged


def _left_out(damaged: list[tuple[Path, carry.Unreadable]]) -> list[str]:
    """A line for each notebook that can't be read."""
    told = [(path.name, say(error.message, **error.blanks)) for path, error in damaged]
    return [say("left out: {file} ({why})", file=file, why=why) for file, why in told]


def _file_name(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|.\s]+', "_", name).strip("_")[:40] or "learner"


def _ago(seconds: float) -> str:
    for size, one, more in AGES:
        if seconds >= size:
            n = int(seconds // size)
            return say(more if n > 1 else one, n=n)
    return say("just a moment")

