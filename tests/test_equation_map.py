"""docs/map.md is what its script makes of the code; what the guides and the errata name is there."""

import re
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from map_equations import MAP, line_of_test, page, sections  # noqa: E402

GUIDES = sorted((ROOT / "docs").glob("*.md"))
ERRATA = re.split(r"^### ", (ROOT / "docs" / "errata.md").read_text(encoding="utf-8"), flags=re.M)[1:]
CELL = re.compile(r"[Ss]ection\s+(D?\d+\.\d+)\s+\(cell\s+`([^`]+)`\)")
TEST = re.compile(r"`(test_\w+\.py::\w+)`")
ROW = MAP["FM"][1]


def test_the_stored_map_is_what_the_script_makes():
    stored = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    assert stored == page(), "python tools/map_equations.py docs/map.md"


def test_every_line_of_the_map_is_the_functions_own():
    for row in (row for rows in MAP.values() for row in rows):
        line = re.search(r"\(\.\./(nfm_tutorial/\S+)#L(\d+)\): `", page({"": (row,)}))
        assert row.fragment in (ROOT / line[1]).read_text(encoding="utf-8").splitlines()[int(line[2]) - 1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"test": ROW.test + "_renamed"}, f"there is no test {ROW.test}_renamed"),
        ({"test": "test_gone.py::test_x"}, "there is no test test_gone.py"),
        ({"where": "models.FM.backward"}, "there is no function models.FM.backward"),
        ({"where": "modles.FM"}, "there is no function modles.FM"),
        ({"fragment": "pooled.mean(dim=1)"}, "in 0 lines of models.FM.forward"),
        ({"where": "models.NFM", "fragment": "self."}, "name a fragment of the one line"),
        ({"sections": "1.5, 1.99"}, "there is no section 1.99"),
    ],
)
def test_what_is_gone_is_named(changed, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        page({"FM": (ROW._replace(**changed),)})


def lost_cells(text):
    """The "section 4.6 (cell `...`)" of a text whose words stand in no code cell of that section."""
    lost = []
    for number, words in CELL.findall(text):
        cells = nbformat.read(sections()[number], 4).cells if number in sections() else []
        here, code = None, []
        for cell in cells:
            head = re.match(r"## (D?\d+\.\d+ )?", cell.source)
            here = (head[1] or "").strip() if head else here
            if cell.cell_type == "code" and here == number:
                code.append(cell.source)
        if not any(words in source for source in code):
            lost.append(f"{number}: {words}")
    return lost


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_the_cells_that_a_guide_points_to_are_there(path):
    text = path.read_text(encoding="utf-8")
    assert lost_cells(text) == [] and text.count("(cell") == len(CELL.findall(text))


def test_a_cell_that_is_gone_is_found():
    assert lost_cells("section 1.5 (cell `v_ann`), section 1.5 (cell `by_pairs`)") == ["1.5: by_pairs"]
    assert lost_cells("section 1.99\n(cell `v_ann`)") == ["1.99: v_ann"]


@pytest.mark.parametrize("entry", ERRATA, ids=lambda entry: entry.splitlines()[0][:40])
def test_each_erratum_names_a_cell_and_a_test_that_exist(entry):
    assert CELL.search(entry) and TEST.search(entry)
    for test in TEST.findall(entry):
        line_of_test(test)


def test_the_errata_are_there_and_begin_with_the_hidden_vectors():
    assert len(ERRATA) > 15 and "两者主要是隐向量的获得方式不同" in ERRATA[0]
