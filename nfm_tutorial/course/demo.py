"""Six hand-ins to rehearse with: `python -m nfm_tutorial demo-submissions DIR`.

They are made from the chapters as they are installed, with answers and mistakes that the exercises themselves declare.
"""

from __future__ import annotations

import copy
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from ..exercises.exercise import Choice, Exercise, source_of
from ..exercises.registry import EXERCISES
from ..files import replacing
from . import carry, judging
from .moved import cell_id
from .submissions import MANIFEST
from .version import version

RENAMED = "# by myself\n"


def demo(folder, key: str = "4") -> list[str]:
    """Write the six into `folder`; returns what each is. key: the chapter. Raises ValueError if `folder` has files."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not empty; name a new folder for the demo hand-ins")
    folder.mkdir(parents=True, exist_ok=True)
    if key not in judging.chapters():
        raise ValueError(f"no chapter {key}; the chapters with exercises are {', '.join(judging.chapters())}")
    number = f"D{int(key[1:]):02}" if key.startswith("D") else f"{int(key):02}"
    files = {
        f"Ada/{number}_demo.ipynb": ("every answer right", carry.write(solved(key))),
        f"小明 Wang_{number}.ipynb": ("a mistake in every answer", carry.write(mistaken(key))),
        f"Grace_{number}.ipynb": ("half of it done", carry.write(solved(key, half=True))),
        f"Copy Cat/{number}_demo.ipynb": ("Ada's answers with other names, one cell removed", carry.write(copied(key))),
        f"Looper/{number}_demo.ipynb": ("an endless loop, sys.exit, a forged verdict", carry.write(hostile(key))),
        "Linus.zip": ("handed in with hand_in, not begun but for the closing question", as_zip(begun(key), number)),
    }
    for name, (_, content) in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        with replacing(folder / name) as part:
            part.write_bytes(content)
    return [f"{name}: {what}" for name, (what, _) in files.items()]


def solved(key: str, half: bool = False, wrong: bool = False) -> dict:
    """The chapter with the published answers; with every second one; or with a declared mistake in each."""
    exercises = list(EXERCISES.of(key).values())
    return answered(key, {e.name: answer(e, wrong) for e in exercises[:: 2 if half else 1]})


def mistaken(key: str) -> dict:
    """The chapter with a declared mistake in each answer."""
    return solved(key, wrong=True)


def answered(key: str, sources: dict[str, str]) -> dict:
    """The chapter with these answers: {name of an exercise: source of its stub, or "answer = ..."}."""
    nb = copy.deepcopy(judging.course()[key])
    for cell in nb["cells"]:
        for name, text in sources.items():
            if cell["id"] == cell_id(name, "stub"):
                cell["source"] = text
            elif cell["id"] == cell_id(name, "answer"):
                cell["source"] = f"{text}\n{carry.source(cell).splitlines()[-1]}"
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return nb


def answer(exercise, wrong: bool = False) -> str:
    """The source of a right answer, or of a wrong one."""
    if isinstance(exercise, Exercise):
        helpers = "import itertools\nimport math\n\nimport numpy as np\nimport torch\n"
        helpers += "from torch import Tensor, nn\n\n\n"
        start = f"def {exercise.function.name}("
        rights = [text for right in exercise.rights if (text := source_of(right)).startswith(start)]
        if not wrong:
            return helpers + rights[0]
        edits = [m.key.split(" -> ") for m in exercise.mistakes if m.key.count(" -> ") == 1 and " and " not in m.key]
        made = (right.replace(*edit) for edit in edits for right in rights if edit[0] in right)
        return helpers + next(made, f"{exercise.stub.splitlines()[0]}\n    return None")
    if isinstance(exercise, Choice):
        letters = [x for x, (_, why) in zip(exercise.letters, exercise.choices) if bool(why) == wrong]
        return f'answer = "{letters[0]}"'
    value = exercise.wrong[0][0] if wrong else exercise.answer()
    return f"answer = {np.asarray(value).tolist()!r}"  # plain numbers: not every chapter imports NumPy


def copied(key: str) -> dict:
    """The right answers with other names of their arguments; the first exercise's task is gone."""
    nb = solved(key)
    for exercise in EXERCISES.of(key).values():
        if isinstance(exercise, Exercise):
            for cell in nb["cells"]:
                if cell["id"] == cell_id(exercise.name, "stub"):
                    cell["source"] = RENAMED + _renamed(carry.source(cell), exercise.arguments)
    first = next(iter(EXERCISES.of(key).values())).name
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != cell_id(first, "task")]
    return nb


def _renamed(source: str, names: tuple[str, ...]) -> str:
    import ast

    class Rename(ast.NodeTransformer):
        def visit(self, node):
            for field in ("id", "arg"):
                if getattr(node, field, None) in names and not isinstance(node, ast.keyword):
                    setattr(node, field, f"my_{getattr(node, field)}")
            return self.generic_visit(node)

    return ast.unparse(Rename().visit(ast.parse(source)))


def hostile(key: str) -> dict:
    """Code that never ends, that ends its process, and that forges its verdict."""
    bodies = ["while True:\n        pass", "import sys\n    sys.exit(0)", "import os\n    os._exit(0)"]
    bodies.append("import nfm_tutorial.exercises as e\n    e._status = {'1': 'correct'}\n    return True")
    code = [e for e in EXERCISES.of(key).values() if isinstance(e, Exercise)]
    sources = {e.name: f"{e.stub.splitlines()[0]}\n    {bodies[i % len(bodies)]}" for i, e in enumerate(code)}
    return answered(key, sources)


def begun(key: str) -> dict:
    """Nothing done but the closing question."""
    nb = answered(key, {})
    for cell in nb["cells"]:
        if carry.source(cell).startswith("## Question:"):
            cell["source"] = carry.source(cell).replace("*(write here)*", "Both cross the same vectors.")
    return nb


def as_zip(nb: dict, number: str) -> bytes:
    """The notebook as hand_in packs it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{number}_demo.ipynb", carry.write(nb))
        line = {"name": "Linus", "version": version(), "minutes": "25", "learned": "Pooling has no parameters."}
        archive.writestr(MANIFEST, json.dumps(line))
    return file.getvalue()


def main(folder: str | os.PathLike, key: str = "4") -> int:
    print("\n".join(demo(folder, key)))
    print(f'next: python -m nfm_tutorial grade "{folder}"')
    return 0
