"""Every section, exercise, chapter and file that the series refers to exists."""

import re
from pathlib import Path

import nbformat
import pytest

from nfm_tutorial.exercises.registry import COURSE, EXERCISES, EXPERIMENTS

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS += [ROOT / "benchmarks" / "README.md", ROOT / "data" / "README.md"]
ITEM = r"D?\d+(?:\.\d+)*(?![\w%])"  # 4, D4, 4.2, D4.10
REFERENCE = re.compile(rf"\b(section|exercise|chapter)s?\s+({ITEM}(?:(?:,\s+|\s+(?:and|or|to)\s+){ITEM})*)", re.I)


def prose(path):
    """The texts of a file that readers see."""
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(cell.source for cell in nbformat.read(path, 4).cells)


def markdown(path):
    """The text of a file, without code."""
    cells = nbformat.read(path, 4).cells if path.suffix == ".ipynb" else []
    text = "\n\n".join(c.source for c in cells if c.cell_type == "markdown") or prose(path)
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)


def sections():
    heads = re.compile(r"^## (D?\d+\.\d+) ", re.M)
    return {number for path in NOTEBOOKS if "solutions" not in path.parts for number in heads.findall(prose(path))}


KNOWN = {"section": sections(), "exercise": {*EXERCISES, *EXPERIMENTS}, "chapter": set(COURSE)}


def unknown(text, known=KNOWN):
    """The references in a text that lead nowhere. A paper's sections are written with the sign §."""
    found = []
    for kind, numbers in REFERENCE.findall(text):
        found += [f"{kind} {n}" for n in re.findall(ITEM, numbers) if n not in known[kind.lower()]]
    return found


@pytest.mark.parametrize("path", [*NOTEBOOKS, *TEXTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_references_lead_somewhere(path):
    assert unknown(prose(path)) == []


def test_what_exercises_say_leads_somewhere():
    for path in sorted((ROOT / "nfm_tutorial" / "exercises" / "tasks").glob("*.py")):
        assert unknown(path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.parametrize("path", [*NOTEBOOKS, *TEXTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_to_files_lead_to_files(path):
    text = re.sub(r"\$[^$]*\$", "", markdown(path))  # a formula may look like a link
    for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (path.parent / target).exists(), target


def test_a_wrong_reference_is_found():
    known = {"section": {"4.2", "D4.10"}, "exercise": {"1.1"}, "chapter": {"1", "D1"}}
    assert unknown("as in section 4.2, sections 4.2 and D4.10; Exercise 1.1, chapters 1 and D1", known) == []
    text = "Section 4.3; sections 4.2, D4.9 and 4.1; exercise\n1.2 of chapter D2; section 4.2.1"
    assert unknown(text, known) == ["Section 4.3", "section D4.9", "section 4.1", "exercise 1.2", "chapter D2"] + [
        "section 4.2.1"
    ]
    assert unknown("§3.2 of the paper, version 1.2, section two", known) == []
