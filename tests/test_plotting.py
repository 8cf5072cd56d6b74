"""Each figure shows the numbers it was given, under the labels it was given."""

import matplotlib

matplotlib.use("Agg")  # no window

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.colors import to_hex

from nfm_tutorial import plotting
from nfm_tutorial.metrics import paired_interval
from nfm_tutorial.training import History


@pytest.fixture(autouse=True)
def clean():
    with plt.rc_context():
        yield
    plt.close("all")


def history(values, best):
    rows = [(e, "valid", "auc", v) for e, v in enumerate(values, 1)] + [(1, "train", "logloss", 0.7)]
    frame = pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])
    return History(frame, "auc", best, values[best - 1], seconds=1.0)


def labels(ax):
    return ax.get_title(loc=plt.rcParams["axes.titlelocation"]), ax.get_xlabel(), ax.get_ylabel()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def points(line):
    return list(zip(*(np.asarray(data, dtype=float).tolist() for data in line.get_data())))


def marked(ax):
    """(colour, marker) of each series."""
    return {(to_hex(line.get_color()), line.get_marker()) for line in ax.lines if line.get_label() in legend(ax)}


def test_style_sets_a_look_that_draws():
    plotting.style()
    assert plt.rcParams["axes.titlelocation"] == "left" and not plt.rcParams["axes.spines.top"]
    colours = plt.rcParams["axes.prop_cycle"].by_key()["color"]
    assert set(colours) <= set(plotting.OKABE_ITO.values()) and plotting.OKABE_ITO["yellow"] not in colours
    plt.figure().canvas.draw()


def test_models_keep_their_look_and_others_differ():
    assert plotting.look("FM", 0) == plotting.look("FM", 3)
    looks = [tuple(plotting.look(name).values()) for name in ("LR", "FM", "DeepFM", "NFM")]
    others = [tuple(plotting.look("run", position).values()) for position in range(7)]
    assert len(set(looks)) == 4 and len(set(others)) == 7
    for pair in (looks, others):  # colour and marker both tell series apart
        assert len({colour for colour, _ in pair}) == len({marker for _, marker in pair}) == len(pair)


def test_learning_curves():
    ax = plotting.learning_curves({"FM": history([0.6, 0.8, 0.7], 2), "NFM": history([0.9], 1)}, "auc", "NFM is best")
    assert labels(ax) == ("NFM is best", "epoch", "auc (validation)")
    assert legend(ax) == ["FM", "NFM"] and len(marked(ax)) == 2
    assert points(ax.lines[0]) == [(1, 0.6), (2, 0.8), (3, 0.7)]
    assert points(ax.lines[1]) == [(2, 0.8)] and points(ax.lines[3]) == [(1, 0.9)]  # the epochs kept
    ax = plotting.learning_curves({"FM": history([0.6], 1)}, "logloss", "t", split="train", ax=ax)
    assert ax.get_ylabel() == "logloss (training)"


def test_lines():
    frame = pd.DataFrame({"naive": [1, 100], "identity": [1, 10]}, index=[2, 20])
    ax = plotting.lines(frame, "N_x", "operations", "Linear", log="x")
    assert labels(ax) == ("Linear", "N_x", "operations") and legend(ax) == ["naive", "identity"]
    assert points(ax.lines[0]) == [(2, 1), (20, 100)] and points(ax.lines[1]) == [(2, 1), (20, 10)]
    assert len(marked(ax)) == 2
    for log in ("", "x", "y", "xy"):
        ax = plotting.lines(frame, "", "", "", log=log)
        assert (ax.get_xscale() == "log", ax.get_yscale() == "log") == ("x" in log, "y" in log)


def test_seed_dots():
    results = pd.DataFrame({"model": ["NFM", "FM", "NFM"], "auc": [0.9, 0.7, 0.8]})
    ax = plotting.seed_dots(results, "auc", "model", "Higher", xlabel="test AUC")
    assert labels(ax)[:2] == ("Higher", "test AUC")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["NFM", "FM"]
    assert points(ax.lines[0]) == [(0.9, 0), (0.8, 0)] and points(ax.lines[2]) == [(0.7, 1)]
    assert points(ax.lines[1]) == [(pytest.approx(0.85), 0)]  # the mean
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    assert plotting.seed_dots(results, "auc", "model", "t").get_xlabel() == "auc"


def test_paired_differences():
    differences = {"NFM - FM": [1.0, 2.0, 3.0], "DeepFM - FM": [-1.0, 1.0]}
    ax = plotting.paired_differences(differences, "difference in AUC", "Above zero", level=0.9)
    assert labels(ax)[:2] == ("Above zero", "difference in AUC")
    assert [text.get_text() for text in ax.get_yticklabels()] == list(differences)
    assert list(ax.lines[0].get_xdata()) == [0, 0]  # the line at zero
    drawn = [container.lines[2][0].get_segments()[0][:, 0] for container in ax.containers]
    for got, values in zip(drawn, differences.values()):
        np.testing.assert_allclose(got, paired_interval(values, 0.9)[1:])
    assert points(ax.lines[1]) == [(1, 0), (2, 0), (3, 0)]


def test_embedding_map():
    rng = np.random.default_rng(0)
    V = rng.standard_normal((30, 2)) * [5, 1] @ np.linalg.qr(rng.standard_normal((4, 4)))[0][:2] + 7  # a plane in R^4
    groups = ["a"] * 10 + ["b"] * 20
    ax = plotting.embedding_map(V, ["first"] + [""] * 29, groups, "Two groups")
    assert legend(ax) == ["a", "b"] and len(marked(ax)) == 2 and ax.get_title(loc="center") == "Two groups"
    xy = np.array(points(ax.lines[0]) + points(ax.lines[1]))
    distances = [np.linalg.norm(x[:, None] - x, axis=2) for x in (V, xy)]
    np.testing.assert_allclose(*distances, atol=1e-9)  # a plane loses nothing
    share = xy.var(axis=0) / V.var(axis=0).sum()
    assert share[0] > share[1]
    assert ax.get_xlabel() == f"first principal axis ({share[0]:.0%} of the variance)"
    assert ax.get_ylabel() == f"second principal axis ({share[1]:.0%})"
    assert [text.get_text() for text in ax.texts] == ["first"] and ax.texts[0].xy == pytest.approx(tuple(xy[0]))


@pytest.mark.parametrize("draw", [
    lambda ax: plotting.learning_curves({"FM": history([0.6], 1)}, "auc", "t", ax=ax),
    lambda ax: plotting.lines(pd.DataFrame({"a": [1]}), "x", "y", "t", ax=ax),
    lambda ax: plotting.seed_dots(pd.DataFrame({"m": ["a"], "auc": [1.0]}), "auc", "m", "t", ax=ax),
    lambda ax: plotting.paired_differences({"a": [1.0, 2.0]}, "x", "t", ax=ax),
    lambda ax: plotting.embedding_map(np.eye(3), [""] * 3, ["a"] * 3, "t", ax=ax),
])  # fmt: skip
def test_figures_draw_where_they_are_told_to(draw):
    figure, ax = plt.subplots()
    assert draw(ax) is ax
    figure.canvas.draw()
    assert draw(None) is not ax


@pytest.mark.parametrize(
    "draw, message",
    [
        (lambda: plotting.learning_curves({}, "auc", "t"), "there is no history to draw"),
        (lambda: plotting.learning_curves({"FM": history([0.6], 1)}, "rmse", "t"), "no valid rmse in this history"),
        (lambda: plotting.lines(pd.DataFrame(), "x", "y", "t"), "the frame is empty"),
        (lambda: plotting.lines(pd.DataFrame({"a": [1]}), "x", "y", "t", log="z"), "log 'z' is unknown; choose one of"),
        (lambda: plotting.seed_dots(pd.DataFrame({"m": [1]}), "auc", "m", "t"), "no column 'auc'; its columns are m"),
        (lambda: plotting.seed_dots(pd.DataFrame({"auc": [1]}), "auc", "m", "t"), "no column 'm'"),
        (lambda: plotting.seed_dots(pd.DataFrame({"auc": [], "m": []}), "auc", "m", "t"), "there is no run to draw"),
        (lambda: plotting.paired_differences({}, "x", "t"), "there are no differences to draw"),
        (lambda: plotting.paired_differences({"a": [1.0]}, "x", "t"), "row 'a': .* at least two differences, got 1"),
        (lambda: plotting.embedding_map(np.eye(3), ["a"], ["a"] * 3, "t"), "got V .3, 3., 1 names and 3 groups"),
        (lambda: plotting.embedding_map(np.ones((3, 1)), ["a"] * 3, ["a"] * 3, "t"), "both at least 2"),
        (lambda: plotting.embedding_map(np.ones((1, 3)), ["a"], ["a"], "t"), "both at least 2"),
        (lambda: plotting.embedding_map(np.ones(3), ["a"] * 3, ["a"] * 3, "t"), "both at least 2"),
    ],
)
def test_bad_input_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()


def test_every_look_can_be_drawn():
    looks = [plotting.look(name) for name in plotting.MODEL_LOOK]
    for look in looks + [plotting.look("run", position) for position in range(9)]:
        plt.plot([0], [0], **look)


def rows_figure(kind, n):
    """A figure with `n` rows, and the Axes in it."""
    names = [f"run {i}" for i in range(n)]
    if kind == "dots":
        return plotting.seed_dots(pd.DataFrame({"m": names, "auc": np.arange(n) / 9}), "auc", "m", "t")
    return plotting.paired_differences({name: [1.0, 2.0, 4.0] for name in names}, "x", "t")


@pytest.mark.parametrize("kind", ["dots", "differences"])
def test_a_row_takes_the_same_height_however_many_there_are(kind):
    for n in (1, 2, 5):
        ax = rows_figure(kind, n)
        assert ax.get_ylim() == (n - 0.5, -0.5)  # the first row on top, half a row free at both ends
        assert list(ax.get_yticks()) == list(range(n))
        assert ax.figure.get_size_inches() == pytest.approx([7.5, 0.6 * n + 1.6])


def test_intervals_lie_between_their_dots_and_the_next_row():
    ax = rows_figure("differences", 3)
    for row, container in enumerate(ax.containers):
        below = container.lines[2][0].get_segments()[0][:, 1] - row
        assert below[0] == below[1] and 0.1 < below[0] < 0.5


def test_names_that_would_cover_a_dot_or_a_name_are_left_out():
    beside = [(5 + dx, dy) for dx in (-0.6, 0.6) for dy in (-0.15, 0.15)]  # whichever way the axes point
    V = [(-5, 0), (-5, 0.15), (0, 0), (5, 0), *beside, (-10, 0), (10, 0), (0, -4), (0, 4)]
    names = ["first", "over the first", "free", "over dots"] + [""] * 8
    ax = plotting.embedding_map(V, names, ["a"] * 12, "t")
    assert [text.get_text() for text in ax.texts] == ["first", "free"]


# --- what is not there, and what is of the wrong type ------------------------------------------------------------

GAP = float("nan")


def rows_of(ax):
    return [text.get_text() for text in ax.get_yticklabels()]


def test_a_missing_run_is_counted_beside_its_row():
    runs = {"model": ["FM", "FM", "FM", "NFM", "LR", "LR"], "auc": [0.7, GAP, 0.9, 0.8, GAP, np.inf]}
    ax = plotting.seed_dots(pd.DataFrame(runs), "auc", "model", "t")
    assert rows_of(ax) == ["FM (1 of 3 missing)", "NFM", "LR (2 of 2 missing)"]
    assert points(ax.lines[1]) == [(pytest.approx(0.8), 0)] and points(ax.lines[3]) == [(0.8, 1)]
    ax.figure.canvas.draw()


def test_a_missing_value_of_a_line_is_a_gap_and_counted():
    ax = plotting.lines(pd.DataFrame({"a": [1, GAP, 3, np.inf], "b": [1, 2, 3, 4]}), "x", "y", "t")
    assert legend(ax) == ["a (2 of 4 missing)", "b"] and np.isnan(points(ax.lines[0])[1][1])
    ax = plotting.learning_curves({"FM": history([0.6, GAP, 0.7], 2)}, "auc", "t")
    assert legend(ax) == ["FM (1 of 3 missing)"] and np.isnan(points(ax.lines[0])[1][1])
    ax.figure.canvas.draw()


def test_tensors_that_need_a_gradient_are_drawn():
    V = torch.eye(3, requires_grad=True)
    plotting.embedding_map(V, [""] * 3, ["a"] * 3, "t")
    ax = plotting.paired_differences({"a": 2 * V[:, 0], "b": V.sum(dim=1)}, "x", "t")
    assert points(ax.lines[1]) == [(2, 0), (0, 0), (0, 0)]


TABLE = pd.DataFrame({"m": ["a", "b"], "auc": [0.1, 0.2]})


@pytest.mark.parametrize(
    "draw, message",
    [
        (lambda: plotting.learning_curves([history([0.6], 1)], "auc", "t"), "histories must be of type Mapping.* list"),
        (lambda: plotting.learning_curves(None, "auc", "t"), "must be of type Mapping, such as {\"FM\": history}"),
        (lambda: plotting.learning_curves({"FM": [0.6]}, "auc", "t"), "'FM' must stand for a History, .* got .0.6"),
        (lambda: plotting.lines([1, 2], "x", "y", "t"), "frame must be of type DataFrame, .*; got list"),
        (lambda: plotting.lines(pd.Series([1, 2]), "x", "y", "t"), "frame must be of type DataFrame, .*; got Series"),
        (lambda: plotting.lines(pd.DataFrame({"a": ["x"]}), "x", "y", "t"), "column 'a' must hold numbers: .*'x'"),
        (lambda: plotting.lines(TABLE[["auc"]], "x", "y", "t", log=None), "log None is unknown; choose one of"),
        (lambda: plotting.lines(TABLE[["auc"]], "x", "y", "t", log=["x"]), "log ..x.. is unknown; choose one of"),
        (lambda: plotting.seed_dots({"m": ["a"]}, "auc", "m", "t"), "results must be of type DataFrame, .*; got dict"),
        (lambda: plotting.seed_dots(TABLE, "m", "auc", "t"), "column 'm' must hold numbers: .*'a'"),
        (lambda: plotting.seed_dots(TABLE, ["auc"], "m", "t"), "no column ..auc..; its columns are m, auc"),
        (lambda: plotting.seed_dots(TABLE.assign(m=["a", None]), "auc", "m", "t"), "row 1 of results has no m: name"),
        (lambda: plotting.paired_differences([1, 2], "x", "t"), "differences must be of type Mapping, .*; got list"),
        (lambda: plotting.paired_differences({"b": [1, 2], "a": [1, GAP]}, "x", "t"), "row 'a': difference 1 is not"),
        (lambda: plotting.paired_differences({"a": "text"}, "x", "t"), "row 'a': the differences must hold numbers"),
        (lambda: plotting.paired_differences({"a": None}, "x", "t"), "row 'a': an interval needs at least two"),
        (lambda: plotting.paired_differences({"a": [1, 2]}, "x", "t", level="0.95"), "^level is a prob.* got '0.95'"),
        (lambda: plotting.embedding_map([[1, 2], [GAP, 3]], ["Up", "Heat"], "ab", "t"), "row 1 of V, 'Heat', is not"),
        (lambda: plotting.embedding_map("abc", [""], ["a"], "t"), "V must hold numbers"),
        (lambda: plotting.embedding_map(np.eye(2), None, ["a"] * 2, "t"), "names must be of type Collection.* None"),
        (lambda: plotting.embedding_map(np.eye(2), ["a"] * 2, 2, "t"), "groups must be of type Collection.* int"),
        (lambda: plotting.lines(TABLE[["auc"]], "x", "y", "t", ax=plt.subplots(1, 2)[1]), "type Axes, .*ndarray"),
    ],
)
def test_what_cannot_be_drawn_is_named_and_no_empty_figure_is_left(draw, message):
    with pytest.raises(ValueError, match=message):
        draw()
    assert all(len(plt.figure(number).axes) == 2 for number in plt.get_fignums())  # that of the last case
