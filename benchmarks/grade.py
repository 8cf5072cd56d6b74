"""How long grading takes, and whether it is right: 30 generated hand-ins of all kinds.

    python benchmarks/grade.py --jobs 2

Five chapters, each handed in right, with a mistake in every answer, half done, copied with other names, and by code
that loops, exits and forges; then five that are odd: begun only (a zip), no JSON, without cell ids, a cell that never
ends, answers that ask for all memory. Prints what was not judged as it is meant, and the time.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

from nfm_tutorial.course import carry, demo, grade, judging
from nfm_tutorial.course.remote import Limits
from nfm_tutorial.exercises.exercise import Exercise
from nfm_tutorial.exercises.registry import EXERCISES

CHAPTERS = ("1", "2", "3", "4", "D7")
DONE, WRONG, OPEN, STOPPED = "correct", "not right yet", "not attempted yet", "stopped"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted = write(Path(folder) / "in")
        begin = time.perf_counter()
        graded = grade.grade(f"{folder}/in", f"{folder}/out", given.jobs, Limits(given.seconds))
        seconds = time.perf_counter() - begin
    off = 0
    for g in graded:
        told = [row["verdict"] for row in g.rows if row["exercise"] in EXERCISES]
        for exercise, verdict, allowed in zip(EXERCISES.of(g.chapter), told, wanted[g.name]):
            if verdict not in allowed:
                off += 1
                print(f"not as it is meant: {g.name} {exercise}: {verdict}")
        if len(told) != len(wanted[g.name]):
            off += 1
            print(f"not as it is meant: {g.name}: {g.trouble or len(told)}")
    verdicts = sum(len(g.rows) for g in graded)
    print(f"{len(graded)} hand-ins, {verdicts} verdicts, {off} not as they are meant")
    each = seconds / len(graded)
    print(f"{seconds:.0f} s with {given.jobs} jobs on {os.cpu_count()} cores: {each:.1f} s per hand-in")


def write(folder: Path) -> dict[str, list[tuple[str, ...]]]:
    """Write the hand-ins; returns {name: the verdicts that are right, per exercise}."""
    wanted = {}
    for key in CHAPTERS:
        exercises = EXERCISES.of(key).values()
        kinds = {
            "right": (demo.solved(key), [(DONE,) for _ in exercises]),
            "mistaken": (demo.mistaken(key), [(WRONG,) for _ in exercises]),
            "half": (demo.solved(key, half=True), [(OPEN if i % 2 else DONE,) for i, _ in enumerate(exercises)]),
            "copied": (demo.copied(key), [(DONE,) for _ in exercises]),
            "hostile": (
                demo.hostile(key),
                [(WRONG, STOPPED) if isinstance(e, Exercise) else (OPEN,) for e in exercises],
            ),
        }
        for kind, (nb, verdicts) in kinds.items():
            wanted[f"{kind} {key}"] = verdicts
            put(folder / f"{kind} {key}" / "notebook.ipynb", carry.write(nb))
    four = list(EXERCISES.of("4").values())
    put(folder / "Linus.zip", demo.as_zip(demo.begun("4"), "04"))
    put(folder / "no json_04.ipynb", b"{")
    bare = demo.solved("4")
    bare["cells"] = [{k: v for k, v in cell.items() if k != "id"} for cell in bare["cells"]]
    put(folder / "no ids_04.ipynb", json.dumps(bare).encode())
    code = [e for e in four if isinstance(e, Exercise)]
    answers = {e.name: demo.answer(e) for e in four}
    put(folder / "endless_04.ipynb", carry.write(demo.answered("4", answers | {code[0].name: "while True:\n    pass"})))
    hog = {e.name: f"{e.stub.splitlines()[0]}\n    return torch.ones(2**36)" for e in code}
    put(folder / "hog_04.ipynb", carry.write(demo.answered("4", answers | hog)))
    wanted |= {"Linus": [(OPEN,) for _ in four], "no json": [], "no ids": [(DONE,) for _ in four]}
    wanted["endless"] = [(STOPPED,) if e is code[0] else (DONE,) for e in four]
    wanted["hog"] = [(WRONG,) if e in code else (DONE,) for e in four]
    return wanted


def put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    judging.course()
    main()
