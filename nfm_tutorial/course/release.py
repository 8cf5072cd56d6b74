"""A leader hands out: a zip of chapters, unsolved and without the solutions, with the course's version in each."""

from __future__ import annotations

import copy
import os
import re
import zipfile
from pathlib import Path

from ..exercises.language import CHINESE, ENGLISH, mark, say, speaking
from ..exercises.registry import EXERCISES, EXPERIMENTS
from ..files import replacing
from . import carry, judging
from .moved import cell_id
from .version import version

ABOUT = (  # the paragraphs of the zip's README.txt
    mark("The chapters {keys} of the course nfm_tutorial, version {version}."),
    mark(
        "Install the package once (README.md of the project), put what is in this zip into the folder my/ beside "
        "notebooks/, and open it with {command}. A notebook of that name with your answers stays yours: unpack into "
        "another folder then. At the end of a chapter: from nfm_tutorial.course import hand_in, "
        "then hand_in with your name."
    ),
    mark(
        "The solutions are not in this zip. The package that checks your answers holds them all the same: whoever "
        "looks for them finds them. They help most after your own try."
    ),
)
TO_DO = "（待更新）"  # what tools/translate.py writes behind a text that is still English


def release(folder, chapters: str | None = None, bare: bool = False, chinese: bool = False) -> Path:
    """Write the zip into `folder` and return its path.

    chapters: such as "1-4,D2"; None: all. bare: headings, tasks and code alone, without outputs, for working through
    once more. chinese: from the Chinese edition. Raises ValueError for chapters that the course does not have, or whose
    translation is not complete.
    """
    keys = judging.keys(chapters) if chapters else sorted(judging.course(), key=judging.order)
    place = "zh/" if chinese else ""
    notebooks = {place + judging.file_of(key): carry.write(handed_out(key, bare, chinese)) for key in keys}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.,+-]+", "", f"nfm_tutorial_{version()}_{chapters or 'all'}{'_zh' * chinese}{'_bare' * bare}")
    path = folder / f"{name}.zip"
    with replacing(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        with speaking(CHINESE if chinese else ENGLISH):
            told = {"keys": say(", ").join(keys), "version": version()}
            told["command"] = "make lab EDITION=zh" if chinese else "make lab"
            about = [say(text, **told) for text in ABOUT]
        archive.writestr("README.txt", "\n\n".join(about) + "\n")
        for file, text in notebooks.items():
            archive.writestr(file, text)
    return path


def handed_out(key: str, bare: bool = False, chinese: bool = False) -> dict:
    """A chapter's notebook as it is handed out."""
    nb = copy.deepcopy(judging.chinese(key) if chinese else judging.course()[key])
    open_ = sum(carry.source(cell).count(TO_DO) for cell in nb["cells"] if cell["cell_type"] == "markdown")
    if not nb["cells"]:
        raise ValueError(f"chapter {key} has no Chinese edition; run make zh, or hand out the English one")
    if open_:
        raise ValueError(f"chapter {key} is not wholly translated ({open_} English); hand out the English one")
    nb.setdefault("metadata", {})["nfm_tutorial"] = {"version": version(), "chapter": key}
    empty = {}
    for exercise in [*EXERCISES.of(key).values(), *EXPERIMENTS.of(key).values()]:
        name = exercise.name
        empty[cell_id(name, "stub")] = empty[cell_id(name, "report")] = exercise.stub
        empty[cell_id(name, "answer")] = f'{exercise.stub}\ncheck("{exercise.id}", answer);'
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            hidden = cell.get("metadata", {}).get("jupyter", {})
            if bare or cell["id"].startswith("exercise-") or hidden.get("outputs_hidden"):
                cell["outputs"], cell["execution_count"] = [], None
            cell["source"] = empty.get(cell["id"], carry.source(cell))
    if bare:
        nb["cells"] = [kept for cell in nb["cells"] if (kept := _bare(cell)) is not None]
    return nb


def _bare(cell: dict) -> dict | None:
    """Code as it is, a task or a question as it is, of other texts the headings."""
    text = carry.source(cell)
    task = cell["id"].startswith("exercise-") or carry.is_answer(cell)
    if cell["cell_type"] == "code" or task:
        return cell
    heads = [line for line in text.splitlines() if re.match(r"#{1,6} ", line)]
    return {**cell, "source": "\n\n".join(heads)} if heads else None


def main(folder: str | os.PathLike, chapters: str | None, bare: bool, chinese: bool = False) -> int:
    path = release(folder, chapters, bare, chinese)
    print(f"written: {path}\nThe solutions are not in it; the package that checks the answers holds them all the same.")
    return 0
