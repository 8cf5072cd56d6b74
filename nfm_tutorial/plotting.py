"""Figures of measurements: learning curves, intervals over seeds, lines, embeddings in two dimensions.

Colours are Okabe and Ito's, which readers with colour-blindness can tell apart; each series also has its own marker.
Every function takes a title, which should state the finding, and returns the Axes it drew on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .metrics import paired_interval

OKABE_ITO = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
# A model keeps its colour and marker in every chapter.
MODEL_LOOK = {
    "LR": (OKABE_ITO["black"], "v"),
    "FM": (OKABE_ITO["blue"], "o"),
    "DeepFM": (OKABE_ITO["green"], "^"),
    "NFM": (OKABE_ITO["vermillion"], "s"),
}


def style() -> None:
    """Set the series' look: sizes that can be read at notebook width, a light grid, Okabe-Ito colours."""
    plt.rcParams.update(
        {
            "figure.figsize": (7.5, 4.2),
            "figure.dpi": 100,
            "savefig.bbox": "tight",
            "font.size": 11,
            "axes.titlesize": 12,
            "axes.titlelocation": "left",
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "grid.alpha": 0.3,
            "legend.frameon": False,
            "lines.markersize": 5,
            "axes.prop_cycle": plt.cycler(color=[c for name, c in OKABE_ITO.items() if name != "yellow"]),
        }
    )


def look(name: str, position: int = 0) -> dict:
    """Colour and marker of a series: a model's own, else the next free one by position."""
    colours = [c for c in OKABE_ITO.values() if c != OKABE_ITO["yellow"]]
    colour, marker = MODEL_LOOK.get(name, (colours[position % len(colours)], MARKERS[position % len(MARKERS)]))
    return {"color": colour, "marker": marker}


def learning_curves(histories: Mapping, metric: str, title: str, split: str = "valid", ax: Axes | None = None) -> Axes:
    """One line per History: `metric` on `split` by epoch, a ring around the epoch whose weights were kept.

    histories: name -> History. Raises ValueError if there is no history or the metric was not recorded.
    """
    if not histories:
        raise ValueError("there is no history to draw")
    ax = ax or plt.figure().add_subplot()
    for position, (name, history) in enumerate(histories.items()):
        curve = history.curve(metric, split)
        ax.plot(curve.index, curve, label=name, **look(name, position))
        if history.best_epoch in curve.index:
            best = (history.best_epoch, curve[history.best_epoch])
            ax.plot(*best, "o", markersize=12, markerfacecolor="none", color=look(name, position)["color"])
    ax.set(xlabel="epoch", ylabel=f"{metric} ({'validation' if split == 'valid' else 'training'})", title=title)
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend()
    return ax


def lines(frame: pd.DataFrame, xlabel: str, ylabel: str, title: str, log: str = "", ax: Axes | None = None) -> Axes:
    """One line per column of `frame` against its index. log: which axes are logarithmic, "", "x", "y" or "xy".

    Raises ValueError for a frame without columns or another `log`.
    """
    if frame.empty:
        raise ValueError("there is nothing to draw: the frame is empty")
    if log not in ("", "x", "y", "xy"):
        raise ValueError(f"log {log!r} is unknown; choose '', 'x', 'y' or 'xy'")
    ax = ax or plt.figure().add_subplot()
    for position, name in enumerate(frame.columns):
        ax.plot(frame.index, frame[name], label=str(name), **look(str(name), position))
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if "x" in log:
        ax.set_xscale("log")
    if "y" in log:
        ax.set_yscale("log")
    ax.legend()
    return ax


def seed_dots(
    results: pd.DataFrame, metric: str, by: str, title: str, xlabel: str | None = None, ax: Axes | None = None
) -> Axes:
    """Every seed as a dot, the mean as a bar: one row of the figure per value of column `by`, in order of appearance.

    results: one row per run, with columns `by` and `metric`. Raises ValueError for a missing column or no rows.
    """
    for column in (by, metric):
        if column not in results.columns:
            have = ", ".join(map(str, results.columns))
            raise ValueError(f"results has no column {column!r}; its columns are {have}")
    if results.empty:
        raise ValueError("there is no run to draw")
    names = list(dict.fromkeys(results[by]))
    ax = ax or plt.figure(figsize=(7.5, 0.6 * len(names) + 1.6)).add_subplot()
    for row, name in enumerate(names):
        values = results.loc[results[by] == name, metric].to_numpy(dtype=float)
        ax.plot(values, np.full(len(values), row), linestyle="none", alpha=0.7, **look(str(name), row))
        ax.plot([values.mean()], [row], marker="|", markersize=22, color=look(str(name), row)["color"])
    ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    ax.set(xlabel=xlabel or metric, title=title)
    return ax


def paired_differences(
    differences: Mapping[str, Sequence[float]], xlabel: str, title: str, level: float = 0.95, ax: Axes | None = None
) -> Axes:
    """Each row: paired differences (one per seed) as dots and their t interval as a bar, with a line at zero.

    differences: name -> differences. Raises ValueError if there is none, or for fewer than two of a name.
    """
    if not differences:
        raise ValueError("there are no differences to draw")
    ax = ax or plt.figure(figsize=(7.5, 0.6 * len(differences) + 1.6)).add_subplot()
    ax.axvline(0, color="black", linewidth=1)
    for row, values in enumerate(differences.values()):
        mean, low, high = paired_interval(values, level)
        colour = look("", row)["color"]
        ax.plot(values, np.full(len(values), row), linestyle="none", alpha=0.6, **look("", row))
        ax.errorbar(mean, row + 0.18, xerr=[[mean - low], [high - mean]], fmt="|", color=colour, capsize=4)
    names = list(differences)
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel=xlabel, title=title, ylim=(len(names) - 0.5, -0.5))
    return ax


def embedding_map(V, names: Sequence[str], groups: Sequence[str], title: str, ax: Axes | None = None) -> Axes:
    """Embeddings (m, k) on their first two principal axes, one colour and marker per group, `names` beside the dots.

    names: (m,) texts, "" for a dot without one; a name that would cover a dot or a name is left out. groups: (m,).
    Raises ValueError if the lengths differ, k < 2 or m < 2.
    """
    V = np.asarray(V, dtype=float)
    if V.ndim != 2 or min(V.shape) < 2 or not len(V) == len(names) == len(groups):
        raise ValueError(
            f"embedding_map needs V (m, k), both at least 2, with m names and m groups; got V {V.shape}, "
            f"{len(names)} names and {len(groups)} groups"
        )
    centred = V - V.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=False)
    xy = centred @ axes[:2].T
    share = singular[:2] ** 2 / (singular**2).sum()
    ax = ax or plt.figure(figsize=(7.5, 6)).add_subplot()
    for position, group in enumerate(dict.fromkeys(groups)):
        rows = [i for i, g in enumerate(groups) if g == group]
        ax.plot(xy[rows, 0], xy[rows, 1], linestyle="none", label=group, alpha=0.8, **look(str(group), position))
    ax.set(
        xlabel=f"first principal axis ({share[0]:.0%} of the variance)",
        ylabel=f"second principal axis ({share[1]:.0%})",
        title=title,
    )
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
