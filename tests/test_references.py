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
TEXTS += [ROOT / "README.zh-CN.md", *sorted((ROOT / "docs" / "zh").glob("*.md"))]
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


def anchors(text):
    """What a link to a page may name behind its #: the headings, as GitHub writes them, and explicit anchors."""
    text = re.sub(r"```.*?```", "", text, flags=re.S)
    heads = [re.sub(r"\]\([^)]*\)", "", head).lower() for head in re.findall(r"^#{1,6} +(.+)$", text, re.M)]
    return {re.sub(r"[^\w -]", "", head).replace(" ", "-") for head in heads} | set(re.findall(r'<a id="(.+?)">', text))


def lost_anchors(path, text):
    """Links of a page, with its text, to a place that the page they lead to has not."""
    for file, anchor in re.findall(r"\]\(([^)\s#]*)#([^)\s]+)\)", text):
        target = path.parent / file if file else path
        if not re.match(r"[a-z]+:", file) and target.suffix == ".md" and anchor not in anchors(prose(target)):
            yield f"{file}#{anchor}"


@pytest.mark.parametrize("path", [*NOTEBOOKS, *TEXTS], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_into_pages_lead_to_a_place_of_the_page(path):
    assert list(lost_anchors(path, markdown(path))) == []


def test_a_wrong_anchor_is_found():
    page = '# Own `data`: [a](b.md)\n\n```\n# No heading\n```\n\n<a id="there"></a>\n\n## 用自己的数据'
    assert anchors(page) == {"own-data-a", "there", "用自己的数据"}
    chinese = ROOT / "notebooks" / "zh" / "06_your_own_data.ipynb"
    link = "[README](../../README.zh-CN.md#{})"
    assert list(lost_anchors(chinese, link.format("your-own-data"))) == []
    assert list(lost_anchors(chinese, link.format("our-own-data"))) == ["../../README.zh-CN.md#our-own-data"]


def test_the_chinese_readme_shows_the_code_of_the_english_one():
    english, chinese = prose(ROOT / "README.md"), prose(ROOT / "README.zh-CN.md")
    blocks = re.findall(r"^```\w*\n.*?^```", chinese.partition('<a id="your-own-data">')[2], re.S | re.M)
    assert len(blocks) == 4 and [block for block in blocks if block not in english] == []


def test_a_wrong_reference_is_found():
    known = {"section": {"4.2", "D4.10"}, "exercise": {"1.1"}, "chapter": {"1", "D1"}}
    assert unknown("as in section 4.2, sections 4.2 and D4.10; Exercise 1.1, chapters 1 and D1", known) == []
    text = "Section 4.3; sections 4.2, D4.9 and 4.1; exercise\n1.2 of chapter D2; section 4.2.1"
    assert unknown(text, known) == ["Section 4.3", "section D4.9", "section 4.1", "exercise 1.2", "chapter D2"] + [
        "section 4.2.1"
    ]
    assert unknown("§3.2 of the paper, version 1.2, section two", known) == []
