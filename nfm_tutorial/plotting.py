"""Figures of measurements: learning curves, intervals over seeds, lines, embeddings in two dimensions.

Colours are Okabe and Ito's, which readers with colour-blindness can tell apart; each series also has its own marker.
Every function takes a title, which should state the finding, and returns the Axes it drew on. What is not a finite
number is left out and counted beside the name of its series, "FM (1 of 3 missing)". This module knows no training.
"""

from collections.abc import Collection, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from . import checks
from .metrics import paired_interval

OKABE_ITO = {
    "blue": "#0072B2", "orange": "#E69F00", "green": "#009E73", "vermillion": "#D55E00",
    "purple": "#CC79A7", "sky": "#56B4E9", "yellow": "#F0E442", "black": "#000000",
}  # fmt: skip
COLOURS = [colour for name, colour in OKABE_ITO.items() if name != "yellow"]  # which is too pale for lines
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# A model keeps its colour and marker in every chapter.
MODEL_LOOK = {"LR": (OKABE_ITO["black"], "v"), "FM": (OKABE_ITO["blue"], "o")}
MODEL_LOOK |= {"DeepFM": (OKABE_ITO["green"], "^"), "NFM": (OKABE_ITO["vermillion"], "s")}


def style() -> None:
    """Set the series' look: sizes that can be read at notebook width, a light grid, Okabe-Ito colours."""
    plt.rc("axes", titlesize=12, titlelocation="left", grid=True, axisbelow=True, prop_cycle=plt.cycler(color=COLOURS))
    plt.rc("axes.spines", top=False, right=False)
    plt.rc("figure", figsize=(7.5, 4.2), dpi=100)
    plt.rcParams.update({"font.size": 11, "grid.alpha": 0.3, "lines.markersize": 5})
    plt.rcParams.update({"legend.frameon": False, "savefig.bbox": "tight"})


def look(name: str, position: int = 0) -> dict:
    """Colour and marker of a series: a model's own, else the next free one by position."""
    colour, marker = MODEL_LOOK.get(name, (COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]))
    return {"color": colour, "marker": marker}


def learning_curves(histories: Mapping, metric: str, title: str, split: str = "valid", ax: Axes | None = None) -> Axes:
    """One line per History: `metric` on `split` by epoch, a ring around the epoch whose weights were kept.

    histories: name -> History. Raises ValueError if there is no history or the metric was not recorded.
    """
    if not _is_a(Mapping, "histories", histories, '{"FM": history}'):
        raise ValueError("there is no history to draw")
    if others := [name for name, history in histories.items() if not hasattr(history, "curve")]:
        raise ValueError(f"{others[0]!r} must stand for a History, which `fit` returns; got {histories[others[0]]!r}")
    curves = [history.curve(metric, split) for history in histories.values()]
    ax = _axes(ax)
    for position, ((name, history), curve) in enumerate(zip(histories.items(), curves)):
        ax.plot(curve.index, curve, label=f"{name}{_missing(curve)}", **look(name, position))
        if history.best_epoch in curve.index:
            best = (history.best_epoch, curve[history.best_epoch])
            ax.plot(*best, "o", markersize=12, markerfacecolor="none", color=look(name, position)["color"])
    ax.set(xlabel="epoch", ylabel=f"{metric} ({'validation' if split == 'valid' else 'training'})", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return ax


def lines(frame: pd.DataFrame, xlabel: str, ylabel: str, title: str, log: str = "", ax: Axes | None = None) -> Axes:
    """One line per column of `frame` against its index. log: which axes are logarithmic, "", "x", "y" or "xy".

    Raises ValueError for a frame without columns, a column of text or another `log`.
    """
    if _is_a(pd.DataFrame, "frame", frame, "a table with a column per line").empty:
        raise ValueError("there is nothing to draw: the frame is empty")
    checks.one_of("log", log, ("", "x", "y", "xy"))
    columns = [(str(name), checks.numbers(f"column {name!r}", values)) for name, values in frame.items()]
    ax = _axes(ax)
    for position, (name, values) in enumerate(columns):
        ax.plot(frame.index, values, label=f"{name}{_missing(values)}", **look(name, position))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.set(**{f"{axis}scale": "log" for axis in log})
    ax.legend()
    return ax


def seed_dots(
    results: pd.DataFrame, metric: str, by: str, title: str, xlabel: str | None = None, ax: Axes | None = None
) -> Axes:
    """Every seed as a dot, the mean as a bar: one row of the figure per value of column `by`, in order of appearance.

    results: one row per run, with columns `by` and `metric`. The mean is that of the runs with a finite number.
    Raises ValueError for a missing column, no rows, a run without a name or text in place of numbers.
    """
    columns = list(_is_a(pd.DataFrame, "results", results, "a table with a row per run").columns)
    for column in (by, metric):
        if column not in columns:
            raise ValueError(f"results has no column {column!r}; its columns are {', '.join(map(str, columns))}")
    if results.empty:
        raise ValueError("there is no run to draw")
    if results[by].isna().any():
        raise ValueError(f"row {results[by].isna().argmax()} of results has no {by}: name it, or leave the row out")
    measured, names = checks.numbers(f"column {metric!r}", results[metric]), list(dict.fromkeys(results[by]))
    runs = [measured[(results[by] == name).to_numpy()] for name in names]
    ax = _axes(ax, figsize=(7.5, 0.6 * len(names) + 1.6))
    for row, (name, values) in enumerate(zip(names, runs)):
        ax.plot(values, np.full(len(values), row), linestyle="none", alpha=0.7, **look(str(name), row))
        mean = pd.Series(values[np.isfinite(values)]).mean()  # of no run it is NaN, and no bar is drawn
        ax.plot([mean], [row], marker="|", markersize=22, color=look(str(name), row)["color"])
    shown = [f"{name}{_missing(values)}" for name, values in zip(names, runs)]
    ax.set(yticks=range(len(names)), yticklabels=shown, ylim=(len(names) - 0.5, -0.5))
    ax.set(xlabel=xlabel or metric, title=title)
    return ax


def paired_differences(
    differences: Mapping[str, Sequence[float]], xlabel: str, title: str, level: float = 0.95, ax: Axes | None = None
) -> Axes:
    """Each row: paired differences (one per seed) as dots and their t interval as a bar, with a line at zero.

    differences: name -> two or more. Raises ValueError for none, and one that names the row where they are no numbers.
    """
    if not _is_a(Mapping, "differences", differences, '{"NFM - FM": [0.01, 0.02]}'):
        raise ValueError("there are no differences to draw")
    checks.number("level", level, why="a probability")
    rows = []
    for name, values in differences.items():
        try:
            values = checks.numbers("the differences", values).ravel()
            rows.append((values, *paired_interval(values, level)))
        except ValueError as error:
            raise ValueError(f"row {name!r}: {error}") from None
    ax = _axes(ax, figsize=(7.5, 0.6 * len(differences) + 1.6))
    ax.axvline(0, color="black", linewidth=1)
    for row, (values, mean, low, high) in enumerate(rows):
        ax.plot(values, np.full(len(values), row), "o", color="0.4", alpha=0.6)  # grey: no model's colour
        ax.errorbar(mean, row + 0.18, xerr=[[mean - low], [high - mean]], fmt="|", color="black", capsize=4)
    ax.set(yticks=range(len(rows)), yticklabels=differences, xlabel=xlabel, title=title, ylim=(len(rows) - 0.5, -0.5))
    return ax


def embedding_map(V, names: Sequence[str], groups: Sequence[str], title: str, ax: Axes | None = None) -> Axes:
    """Embeddings (m, k) on their first two principal axes, one colour and marker per group, `names` beside the dots.

    names: (m,) texts, "" for a dot without one; a name that would cover a dot or a name is left out. groups: (m,).
    Raises ValueError if the lengths differ, k < 2 or m < 2, or V holds what is not a finite number.
    """
    V = checks.numbers("V", V)
    _is_a(Collection, "names", names, "a list with one text per row of V")
    _is_a(Collection, "groups", groups, "a list with one text per row of V")
    if V.ndim != 2 or min(V.shape) < 2 or not len(V) == len(names) == len(groups):
        got = f"got V {V.shape}, {len(names)} names and {len(groups)} groups"
        raise ValueError(f"embedding_map needs V (m, k), both at least 2, with m names and m groups; {got}")
    if not np.isfinite(V).all():
        row = int((~np.isfinite(V).all(axis=1)).argmax())
        raise ValueError(f"row {row} of V, {list(names)[row]!r}, is not made of finite numbers: leave it out")
    centred = V - V.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    xy = centred @ axes[:2].T
    share = singular[:2] ** 2 / (singular**2).sum()
    ax = _axes(ax, figsize=(7.5, 6))
    for position, group in enumerate(dict.fromkeys(groups)):
        rows = [i for i, g in enumerate(groups) if g == group]
        ax.plot(xy[rows, 0], xy[rows, 1], linestyle="none", label=group, alpha=0.8, **look(str(group), position))
    ax.set(xlabel=f"first principal axis ({share[0]:.0%} of the variance)", title=title)
    ax.set(ylabel=f"second principal axis ({share[1]:.0%})")
    legend = ax.legend()
    ax.figure.draw_without_rendering()  # only now do texts know where they stand
    taken, dots = [legend.get_window_extent()], ax.transData.transform(xy)
    for (x, y), name in zip(xy, names):
        if name:
            text = ax.annotate(name, (x, y), xytext=(3, 3), textcoords="offset points", fontsize=8)
            box = text.get_window_extent()
            if box.count_contains(dots) or any(box.overlaps(other) for other in taken):
                text.remove()
            else:
                taken.append(box)
    return ax


def _is_a(kind: type, name: str, value, example: str):
    """`value` itself, or the ValueError that says what the argument must be."""
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be of type {kind.__name__}, such as {example}; got {type(value).__name__}")
    return value


def _axes(ax: Axes | None, **figure) -> Axes:
    return plt.figure(**figure).add_subplot() if ax is None else _is_a(Axes, "ax", ax, "plt.gca(), one panel")


def _missing(values) -> str:
    count = int((~np.isfinite(values)).sum())
    return f" ({count} of {len(values)} missing)" if count else ""
