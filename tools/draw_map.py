"""The map of the series for the README: a box per chapter, arrows in reading order.

    python tools/draw_map.py docs/map.svg
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from nfm_tutorial.drawings import CROSSING, DEEP, EMBEDDING, LINEAR, PLAIN, canvas, put_arrow, put_box, put_text


class Chapter(NamedTuple):
    """One box of the series' map: chapter's key, title, the question it answers, the part of the series it is in.

    The title is the notebook's, or its first words if that is long.
    """

    key: str
    title: str
    question: str
    part: str


CHAPTERS = (
    Chapter("1", "Factorization Machines", "How can a model weigh a pair it never saw?", "Core: crossing"),
    Chapter("2", "FM on MovieLens", "What does crossing buy on real data?", "Core: crossing"),
    Chapter("3", "Two ways to fuse", "Where does a deep network join an FM?", "Core: deep networks"),
    Chapter("4", "Neural Factorization Machines", "Which part of FM does NFM replace?", "Core: deep networks"),
    Chapter("5", "FM versus NFM", "When is which model better?", "Core: evidence"),
    Chapter("D1", "Linear algebra of FM", "Which pair weights can FM have?", "Deeper"),
    Chapter("D4", "Training NFM", "Which settings matter, and why?", "Deeper"),
    Chapter("D7", "Bug clinic", "Which mistakes run without an error?", "Deeper"),
)


def series_map(chapters: Sequence[Chapter] = CHAPTERS) -> Figure:
    """The map of the series: a row of boxes for each part, arrows in reading order. ValueError for no chapters."""
    if not chapters:
        raise ValueError("a map needs at least one chapter")
    parts = [(part, list(group)) for part, group in groupby(chapters, key=lambda chapter: chapter.part)]
    width, height, across, down = 2.45, 1.1, 2.85, 1.6  # inches: size of a box, and from one to the next
    ax = canvas(max(len(group) for _, group in parts) * across + 1.5, len(parts) * down, bottom=-down / 2)
    centres = []
    for row, (part, group) in enumerate(parts):
        y, colour = (len(parts) - 1 - row) * down, (EMBEDDING, CROSSING, DEEP, LINEAR)[row % 4]
        put_text(ax, 0.15, y, textwrap.fill(part, 13), size=12, weight="bold", ha="left")
        for column, chapter in enumerate(group):
            x = 1.7 + width / 2 + column * across
            put_box(ax, x, y, "", colour, width, height)
            put_text(ax, x, y + 0.24, textwrap.fill(f"{chapter.key}. {chapter.title}", 22), weight="bold", zorder=4)
            put_text(ax, x, y - 0.25, textwrap.fill(chapter.question, 28), zorder=4)
            centres.append((x, y))
    for (x, y), (next_x, next_y) in zip(centres, centres[1:]):
        if y == next_y:
            put_arrow(ax, (x + width / 2, y), (next_x - width / 2, y), gap=0.03)
        else:  # down between the rows, back to the left, down to the first box of the next row
            middle = y - down / 2
            ax.plot([x, x, next_x], [y - height / 2, middle, middle], color=PLAIN, linewidth=1.2)
            put_arrow(ax, (next_x, middle), (next_x, next_y + height / 2), gap=0)
    return ax.figure


def save_map(path) -> None:
    """Write the map of the series to an .svg or .png file; equal chapters and library versions give equal bytes."""
    with plt.style.context("default"), plt.rc_context({"svg.hashsalt": "nfm_tutorial"}):
        figure = series_map()
        metadata = {"Date": None} if Path(path).suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, facecolor="white", dpi=150)
        plt.close(figure)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/draw_map.py FILE.svg")
    save_map(sys.argv[1])
