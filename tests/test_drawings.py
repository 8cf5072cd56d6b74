"""The drawings say what the models are, and every text can be read: inside its box, on no other text."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.patches import FancyBboxPatch

from nfm_tutorial import plotting
from nfm_tutorial.drawings import formula_beside_fm, nfm_structure, two_fusions
from nfm_tutorial.exercises.registry import COURSE, chapter_of
from nfm_tutorial.models import FM, NFM, DeepFM

matplotlib.use("agg")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from draw_map import CHAPTERS, Chapter, save_map, series_map  # noqa: E402

FIELDS = [0, 1, 2, 2, 2, 3, 4]  # 7 slots of 5 fields


@pytest.fixture(autouse=True)
def look_of_the_series():
    with plt.rc_context():
        plotting.style()
        yield
        plt.close("all")


def texts(figure):
    return [text for ax in figure.axes for text in ax.texts if text.get_text()]


def words(figure):
    return "\n".join(text.get_text() for text in texts(figure))


def two(n=9743, k=16, serial=(64,), parallel=(64,), fields=FIELDS, **settings):
    return two_fusions(NFM(n, k, serial, **settings), DeepFM(n, fields, k, parallel))


DRAWINGS = {
    "fusions": two,
    "fusions, no hidden layer": lambda: two(serial=(), parallel=()),
    "fusions, deep and large": lambda: two(1_234_567, 8, (512, 256, 128, 64), (1024, 512), list(range(39))),
    "formula": formula_beside_fm,
    "structure": lambda: nfm_structure(NFM(9743, dropout_bi=0.3), 7),
    "structure, FM": lambda: nfm_structure(NFM(12, 4, ()), 1),
    "structure, deep and large": lambda: nfm_structure(
        NFM(1_234_567, 8, (1024, 512, 256), dropout_bi=0.25, dropout_hidden=0.125), 39
    ),
    "map": series_map,
}


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_every_text_is_readable(draw):
    figure = draw()
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    boxes = {text: text.get_window_extent(renderer) for text in texts(figure)}
    assert len(boxes) >= 6
    frame = figure.bbox
    patches = [patch for ax in figure.axes for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    outlines = [patch.get_window_extent(renderer) for patch in patches if patch.get_linestyle() != "--"]  # no frames
    for text, box in boxes.items():
        name = text.get_text()
        assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1, name
        for outline in outlines:  # a text is wholly inside a box or wholly outside
            inside = outline.x0 <= box.x0 and box.x1 <= outline.x1 and outline.y0 <= box.y0 and box.y1 <= outline.y1
            assert inside or not outline.overlaps(box), name
    for (one, a), (other, b) in itertools.combinations(boxes.items(), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())
    for a, b in itertools.combinations(outlines, 2):
        assert not a.overlaps(b)


@pytest.mark.parametrize("draw", DRAWINGS.values(), ids=DRAWINGS)
def test_no_line_crosses_a_text(draw):
    figure = draw()
    figure.canvas.draw()
    boxes = {text: text.get_window_extent(figure.canvas.get_renderer()) for text in texts(figure)}
    for line in figure.axes[0].lines:
        path = line.get_transform().transform_path(line.get_path())
        for text, box in boxes.items():
            assert not path.intersects_bbox(box, filled=False), text.get_text()


def test_fusions_show_the_shapes_of_the_models():
    said = words(two(9743, 16, (64, 32), (50,)))
    for part in ("9,743 features in 7 slots", "V (9,743, 16)", "(B, 7, 16)", "5 fields side by side\n(B, 80)",
                 "Bi-Interaction pooling\n(B, 16)", "hidden layer 1\n(B, 64)", "hidden layer 2\n(B, 32)",
                 "hidden layer 1\n(B, 50)", "h: 32 entries"):  # fmt: skip
        assert part in said, part
    other = words(two(300, 5, (7,), (9, 11), [0, 1, 1]))
    for part in ("300 features in 3 slots", "(B, 3, 5)", "2 fields side by side\n(B, 10)", "h: 7 entries",
                 "Bi-Interaction pooling\n(B, 5)", "1\n(B, 7)", "1\n(B, 9)", "2\n(B, 11)"):  # fmt: skip
        assert part in other, part
    assert not re.search(r"9,743|\b16\b|\b64\b", other)


def test_fusions_show_what_the_first_layer_really_reads():
    deepfm = DeepFM(300, [0, 1, 1], k=5)
    assert f"(B, {deepfm.mlp[0].in_features})" in words(two_fusions(NFM(300, 5), deepfm))


def test_linear_part_is_in_both_halves_and_in_the_structure():
    assert words(two()).count("w_0") == 2
    assert words(nfm_structure(NFM(10), 3)).count("w_0") == 1


def test_structure_shows_shapes_settings_and_parameter_counts():
    model = NFM(100, 6, (20, 8), dropout_bi=0.3, dropout_hidden=0.2, bn_eps=1e-8, activation="tanh")
    said = words(nfm_structure(model, 4))
    for part in ("100 features, 4 slots", "(B, 4, 6) → (B, 6)", "no parameters", "batch norm, eps 1e-08, dropout 0.3",
                 "hidden layer 1, batch norm, Tanh, dropout 0.2\n(B, 6) → (B, 20)", "(B, 20) → (B, 8)",
                 "(B, 8) → (B,)", "$x_{4} v_{4}$"):  # fmt: skip
        assert part in said, part
    assert "x_{5}" not in said
    counts = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+) parameters", said)]
    assert sum(counts) == sum(p.numel() for p in model.parameters())


def test_structure_leaves_out_what_the_model_has_not():
    said = words(nfm_structure(NFM(100, 6, ()), 4))
    assert "fixed to ones" in said
    assert not re.search("batch norm|dropout|hidden", said)


def test_formula_names_what_is_replaced():
    figure = formula_beside_fm()
    said = words(figure)
    assert "replaced by $f" in said
    linear = [text for text in texts(figure) if "w_0" in text.get_text()]
    assert len(linear) == 2 and linear[0].get_position()[0] == linear[1].get_position()[0]  # term under term
    colours = {}
    for patch in figure.axes[0].patches:
        if isinstance(patch, FancyBboxPatch):
            colours.setdefault(patch.get_x(), []).append(patch.get_edgecolor())
    same, replaced = colours.values()
    assert same[0] == same[1] and replaced[0] != replaced[1]


def test_map_has_every_chapter_and_follows_its_argument():
    for chapter in CHAPTERS:
        assert chapter.key + ". " in words(series_map())
    said = words(series_map([Chapter("9", "Only this", "Why?", "Alone")]))
    assert "9. Only this" in said and "Why?" in said and "Factorization" not in said


def test_map_has_the_titles_of_the_notebooks():
    assert {chapter.key for chapter in CHAPTERS} == set(COURSE)
    for path in (*(ROOT / "notebooks").glob("0*.ipynb"), *(ROOT / "notebooks" / "deeper").glob("0*.ipynb")):
        (chapter,) = (chapter for chapter in CHAPTERS if chapter.key == chapter_of(path))
        assert f'"# {chapter.key}. {chapter.title}' in path.read_text(encoding="utf-8"), path.name


def test_saved_map_is_reproducible_and_has_every_text(tmp_path):
    save_map(tmp_path / "one.svg")
    subprocess.run([sys.executable, "tools/draw_map.py", str(tmp_path / "two.svg")], check=True, cwd=ROOT)
    one, two_ = (tmp_path / name for name in ("one.svg", "two.svg"))
    assert one.read_bytes() == two_.read_bytes()
    svg = one.read_text(encoding="utf-8")
    assert "<dc:date>" not in svg
    save_map(tmp_path / "map.png")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def lines_in(path):
    """Matplotlib notes every line of text in a comment beside its outlines."""
    return re.findall(r"<!-- (.*?) -->", path.read_text(encoding="utf-8"))


def test_the_map_in_the_repository_is_current(tmp_path):
    save_map(tmp_path / "map.svg")
    assert lines_in(ROOT / "docs" / "map.svg") == lines_in(tmp_path / "map.svg") != []


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: two_fusions(FM(10), DeepFM(10, [0, 1])), "NFM, got FM"),
        (lambda: two_fusions(NFM(10), NFM(10)), "DeepFM, got NFM"),
        (lambda: two_fusions(NFM(10, k=4), DeepFM(10, [0, 1], k=8)), r"\(10, 4\), DeepFM \(10, 8\)"),
        (lambda: nfm_structure(FM(10), 3), "NFM, got FM"),
        (lambda: nfm_structure(NFM(10), 0), "at least 1, got 0"),
        (lambda: series_map([]), "at least one chapter"),
    ],
)
def test_wrong_arguments_are_explained(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
