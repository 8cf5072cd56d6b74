"""The house: who may import whom, what stands first, and how much there is of it."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "nfm_tutorial"
CORE = sorted(path for path in PACKAGE.rglob("*.py") if not {"exercises", "course"} & set(path.parts))
# What a module may import of this package, and nothing else. A folder stands for its front door.
MAY_KNOW = {
    "__init__": set(),
    "checks": set(),
    "files": set(),
    "gradients": {"checks"},
    "layers": {"checks", "gradients"},
    "recording": {"checks"},
    "models": {"checks", "layers", "recording"},
    "encoding": {"checks"},
    "metrics": {"checks"},
    "data": {"checks", "encoding", "files"},
    "storage": {"encoding", "files", "models"},
    "training": {"checks", "encoding", "metrics", "models", "storage"},
    "plotting": {"checks", "metrics"},
    "drawings": {"checks", "models", "plotting"},
    "tracing": {"encoding", "models"},
    "notebook": {"plotting"},
    "reproduce": {"checks", "data", "encoding", "files", "metrics", "models", "training"},
    "tables": {"checks", "data", "encoding", "files", "metrics", "models", "storage", "training"},
    "__main__": {"checks", "course", "data", "metrics", "models", "reproduce", "tables", "training"},
}

# Modules of the course's own tools that judge, hand in or hand out answers; the others work where PyTorch is broken.
GRADING = "cells demo grade handing_in judging release remote reports submissions version wire worker"
KNOW_THE_EXERCISES = {f"{name}.py" for name in GRADING.split()}


def room(path):
    """The module, or the folder that it belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(text, path):
    """(module of this package, names) of every import in a file, also those inside functions."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("nfm_tutorial")):
            depth = len(path.relative_to(PACKAGE).parts) - node.level if node.level else 0
            where = [*path.relative_to(PACKAGE).parts[:depth], *(node.module or "").split(".")]
            parts = [part for part in where if part and part != "nfm_tutorial"]
            found += [parts] if parts else [[alias.name] for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name.split(".")[1:] for alias in node.names if alias.name.startswith("nfm_tutorial.")]
    return [parts for parts in found if parts]


def strangers(text, path):
    """What a file imports but may not."""
    wrong = []
    for parts in imports(text, path):
        inside = room(path) == parts[0]
        if not inside and parts[0] not in MAY_KNOW[room(path)]:
            wrong.append(f"{room(path)} may not know {parts[0]}")
        if not inside and parts[0] == "data" and len(parts) > 1:
            wrong.append(f"{room(path)} goes round the front door of data: {'.'.join(parts)}")
    return wrong


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_knows_only_what_it_may(path):
    assert strangers(path.read_text(encoding="utf-8"), path) == []


@pytest.mark.parametrize(
    "line, where",
    [
        ("from .training import fit", "models.py"),
        ("from nfm_tutorial.data.libfm import read_libfm", "reproduce.py"),
        ("from .data.libfm import read_libfm", "reproduce.py"),
        ("from . import models", "encoding.py"),
        ("import nfm_tutorial.plotting", "training.py"),
        ("from ..models import FM", "data/planted.py"),
    ],
)
def test_a_wrong_import_is_found(line, where):
    assert strangers(f"def f():\n    {line}\n", PACKAGE / where)


def test_the_course_uses_public_modules_and_only_the_command_line_knows_it():
    for path in (PACKAGE / "course").glob("*.py"):
        for parts in imports(path.read_text(encoding="utf-8"), path):
            known = {*MAY_KNOW, "course", "__version__"} | ({"exercises"} if path.name in KNOW_THE_EXERCISES else set())
            assert parts[0] in known - {"__main__"}, (path.name, parts)
    for name, known in MAY_KNOW.items():
        assert "course" not in known or name == "__main__"
    assert strangers("from .course import how_to_ask", PACKAGE / "models.py") == ["models may not know course"]


def in_a_circle(known):
    """The names that cannot be put in an order in which each knows only earlier ones. known: {name: its imports}."""
    left = {name: set(others) for name, others in known.items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return sorted(left)


def test_a_circle_is_found():
    assert in_a_circle({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    assert in_a_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["a", "b", "c"]


def test_the_table_has_every_module_and_no_circle():
    assert {room(path) for path in CORE} == MAY_KNOW.keys()
    assert in_a_circle(MAY_KNOW) == []


def test_the_modules_of_data_do_not_import_each_other_in_a_circle():
    known = {}
    for path in (PACKAGE / "data").glob("*.py"):
        parts = imports(path.read_text(encoding="utf-8"), path)
        known[path.stem] = {p[1] for p in parts if p[0] == "data" and len(p) > 1} - {path.stem}
    assert len(known) == 6 and known["__init__"] and in_a_circle(known) == []


def test_notebooks_benchmarks_and_tools_take_data_by_its_front_door():
    root = PACKAGE.parent
    files = [*root.glob("notebooks/**/*.ipynb"), *root.glob("benchmarks/*.py"), *root.glob("tools/*.py")]
    files += [*PACKAGE.glob("exercises/**/*.py")]
    round_it = [path.name for path in files if re.search(r"nfm_tutorial\.data\.\w", path.read_text(encoding="utf-8"))]
    assert len(files) > 15 and round_it == []


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_module_says_what_it_may_not_know(path):
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert re.search(r"\bknows?\b.*\b(no|not|nor|nothing|neither|only)\b|\bno\w* .*\bknows?\b", said, re.S | re.I), said


def test_a_reader_meets_the_readable_things_first():
    def first(name):
        body = ast.parse((PACKAGE / name).read_text(encoding="utf-8")).body
        return next(node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))

    assert (first("layers.py"), first("models.py")) == ("bi_interaction", "LR")
    models = (PACKAGE / "models.py").read_text(encoding="utf-8").splitlines()
    assert next(i for i, line in enumerate(models) if line.startswith("class FM")) < 45  # on the first screen


def test_there_is_one_dictionary_called_models():
    found = [path.name for path in CORE if re.search(r"^MODELS\b.*=", path.read_text(encoding="utf-8"), re.M)]
    assert found == ["models.py"]


def test_the_core_stays_small():
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in CORE) <= 4_000
