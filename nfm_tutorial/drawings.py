"""Architecture drawings made from real models: every shape in them is read from the model that is drawn.

Each function returns a new Figure. One unit of a drawing is one inch, so texts keep their size however deep the
model is. Blue is the linear part, orange the embedding, vermillion the crossing of features, green the hidden layers.
This module knows no data and no training.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from torch import nn

from .checks import whole_number
from .models import NFM, DeepFM
from .plotting import OKABE_ITO

LINEAR, EMBEDDING, CROSSING, DEEP = (OKABE_ITO[c] for c in ("blue", "orange", "vermillion", "green"))
PLAIN = OKABE_ITO["black"]
ROW, BOX = 0.8, 0.54  # inches from row to row, and the height of a box
ROUND = "round,pad=0,rounding_size=0.08"
LINEAR_TERM = r"$w_0 + {\sum}_i \, w_i x_i$"


def two_fusions(nfm: NFM, deepfm: DeepFM) -> Figure:
    """The two ways to join a deep network to FM: serial (NFM, left), parallel (DeepFM, right).

    Raises ValueError if a model is of another class, or if the two differ in n or k: they read the same input.
    """
    n, k = _size(nfm, NFM)
    if _size(deepfm, DeepFM) != (n, k):
        raise ValueError(f"draw two models of equal (n, k): NFM has {(n, k)}, DeepFM {_size(deepfm, DeepFM)}")
    field_of_slot = [int(field) for field in deepfm.config["field_of_slot"]]
    slots, fields = len(field_of_slot), max(field_of_slot) + 1
    depth = max(len(_hidden(nfm.mlp)), len(_hidden(deepfm.mlp)))
    ax = canvas(10.6, (depth + 6) * ROW + 0.6)
    joined = (depth + 4) * ROW  # the height at which the logits are added
    sparse = f"sparse input x: {n:,} features in {slots} slots\nids (B, {slots}) and values (B, {slots})"
    look_up = f"$x_i v_i$, looked up in V ({n:,}, {k})\n(B, {slots}, {k})"

    _title(ax, 2.6, joined + 1.8 * ROW, "Serial fusion: NFM", "the network reads the crossings")
    put_box(ax, 2.6, 0, sparse, PLAIN, 4.6)
    put_box(ax, 1.2, ROW, f"{LINEAR_TERM}\n(B,)", LINEAR, 1.7)
    steps = [(look_up, EMBEDDING), (f"Bi-Interaction pooling\n(B, {k})", CROSSING), *_layers(nfm.mlp)]
    top = _stack(ax, 3.6, 1, [*steps, (f"$h^T z$, h: {len(nfm.h)} entries\n(B,)", _colour_of_h(nfm))], 2.6)
    _add(ax, 3.6, joined, [(1.2, ROW), (3.6, top)])

    _title(ax, 8, joined + 1.8 * ROW, "Parallel fusion: DeepFM", "the network reads the embeddings")
    put_box(ax, 8, 0, sparse, PLAIN, 4.9)
    put_box(ax, 6.35, ROW, f"{LINEAR_TERM}\n(B,)", LINEAR, 1.6)
    put_box(ax, 8.85, ROW, "one V shared by both branches:\n" + look_up.replace("\n", "  "), EMBEDDING, 3.2)
    put_arrow(ax, (8.1, ROW), (8.1, 2 * ROW))
    put_box(ax, 8.1, 2 * ROW, "FM branch: pairs,\nsummed (B,)", CROSSING, 1.4)
    steps = [(f"{fields} fields side by side\n(B, {fields * k})", DEEP), *_layers(deepfm.mlp)]
    top = _stack(ax, 9.7, 2, [*steps, ("DNN branch's logit\n(B,)", DEEP)], 1.6)
    _add(ax, 8.1, joined, [(6.35, ROW), (8.1, 2 * ROW), (9.7, top)])
    for x in (1.2, 3.6, 6.35, 8.85):
        put_arrow(ax, (x, 0), (x, ROW))
    put_arrow(ax, (9.7, ROW), (9.7, 2 * ROW))
    return ax.figure


def formula_beside_fm() -> Figure:
    """NFM's formula under FM's, term under term, and an arrow to the part that is replaced."""
    ax = canvas(9, 4, bottom=-0.3)
    high, low = 3.0, 1.2
    pairs = r"$\sum_{i<j} \langle \mathbf{v}_i, \mathbf{v}_j \rangle \, x_i x_j$"
    for y, name, second, colour in ((high, "FM", pairs, CROSSING), (low, "NFM", r"$f(\mathbf{x})$", DEEP)):
        put_text(ax, 0.7, y, name, size=15, weight="bold")
        put_text(ax, 2.1, y, r"$\hat{y}(\mathbf{x}) \;=$", size=17)
        put_box(ax, 4.0, y, r"$w_0 + \sum_{i=1}^{n} w_i x_i$", LINEAR, 2.5, height=0.9, size=16)
        put_text(ax, 5.5, y, "$+$", size=17)
        put_box(ax, 7.2, y, second, colour, 2.7, height=0.9, size=16)
    put_arrow(ax, (7.2, high - 0.47), (7.2, low + 0.47), gap=0, width=2.2, colour=CROSSING)
    put_text(ax, 8.1, 2.1, "replaced by $f(\\mathbf{x})$", size=11)
    put_text(ax, 4.0, 2.1, "the same in both", size=11, color=LINEAR)
    layers = (
        r"$f(\mathbf{x}) = \mathbf{h}^T \mathbf{z}_L, \quad \mathbf{z}_l = \mathrm{relu}(W_l \mathbf{z}_{l-1}"
        r" + \mathbf{b}_l), \quad \mathbf{z}_0 = f_{BI} = \sum_{i<j} x_i \mathbf{v}_i \odot x_j \mathbf{v}_j$"
    )
    put_text(ax, 4.5, 0.15, layers, size=13)
    return ax.figure


def nfm_structure(nfm: NFM, n_slots: int) -> Figure:
    """One NFM from its sparse input to its score, with the linear part and parameter counts.

    n_slots: S, the number of slots of an example (`Examples.n_slots`). Raises ValueError if the model is no NFM or
    n_slots is below 1.
    """
    n, k = _size(nfm, NFM)
    n_slots = whole_number("n_slots, the number of slots of an example,", n_slots, 1)
    steps = [(f"Bi-Interaction pooling $f_{{BI}}$\n(B, {n_slots}, {k}) → (B, {k})", CROSSING, "no parameters")]
    extras = [f"batch norm, eps {nfm.norm_bi.eps:g}"] if isinstance(nfm.norm_bi, nn.BatchNorm1d) else []
    extras += [f"dropout {nfm.drop_bi.p:g}"] if nfm.drop_bi.p else []
    if extras:
        steps += [(f"{', '.join(extras)}\n(B, {k})", PLAIN, _count(nfm.norm_bi))]
    for (text, colour), layer in zip(_layers(nfm.mlp, details=True), _hidden(nfm.mlp)):
        steps += [(text, colour, _count(*layer))]
    note = f"{len(nfm.h):,} parameters" if isinstance(nfm.h, nn.Parameter) else "fixed to ones"
    steps += [(f"prediction $h^T z$\n(B, {len(nfm.h)}) → (B,)", _colour_of_h(nfm), note)]

    ax = canvas(10, (len(steps) + 4) * ROW)
    x, left, right = 5.0, 1.15, 8.75
    put_box(ax, 4.0, 0, f"sparse input x: {n:,} features, {n_slots} slots per example, most x are 0\n"
         f"ids (B, {n_slots}) and values (B, {n_slots})", PLAIN, 7.6)  # fmt: skip
    put_box(ax, left, ROW, f"{LINEAR_TERM}\n(B,)", LINEAR, 1.9)
    put_text(ax, left + 0.08, 1.6 * ROW, _count(nfm.linear), size=9, ha="left")
    _slots(ax, x, ROW, n_slots, 5.2)
    put_text(ax, right, ROW, f"embeddings $x_i v_i$\n(B, {n_slots}, {k}), from V\n{_count(nfm.embedding)}", size=9)
    top = _stack(ax, x, 2, [step[:2] for step in steps], 4.2)
    for row, (_, _, note) in enumerate(steps, 2):
        put_text(ax, right, row * ROW, note, size=9)
    for start, stop in (((left, 0), (left, ROW)), ((x, 0), (x, ROW)), ((x, ROW), (x, 2 * ROW))):
        put_arrow(ax, start, stop)
    _add(ax, x, top + ROW, [(left, ROW), (x, top)])
    return ax.figure


def _size(model, kind: type) -> tuple[int, int]:
    """(n, k) of a model of class `kind`."""
    if not isinstance(model, kind):
        raise ValueError(f"this place of the drawing is for a {kind.__name__}, got {type(model).__name__}")
    return tuple(model.embedding.V.shape)


def _hidden(mlp: nn.Sequential) -> list[list[nn.Module]]:
    """The modules of each hidden layer; each begins with its nn.Linear."""
    starts = [i for i, module in enumerate(mlp) if isinstance(module, nn.Linear)]
    return [list(mlp[start:stop]) for start, stop in zip(starts, [*starts[1:], len(mlp)])]


def _layers(mlp: nn.Sequential, details: bool = False) -> list[tuple[str, str]]:
    """Text and colour of a box for each hidden layer."""
    boxes = []
    for number, (dense, *others) in enumerate(_hidden(mlp), 1):
        names = [_name(module) for module in others] if details else []
        shape = f"(B, {dense.in_features}) → (B, {dense.out_features})" if details else f"(B, {dense.out_features})"
        boxes.append((f"{', '.join([f'hidden layer {number}', *names])}\n{shape}", DEEP))
    return boxes


def _name(module: nn.Module) -> str:
    if isinstance(module, nn.BatchNorm1d):
        return "batch norm"
    return f"dropout {module.p:g}" if isinstance(module, nn.Dropout) else type(module).__name__


def _colour_of_h(nfm: NFM) -> str:
    """A fixed h only sums the crossings; a trained one belongs to the network."""
    return DEEP if isinstance(nfm.h, nn.Parameter) else CROSSING


def _count(*modules: nn.Module) -> str:
    number = sum(p.numel() for module in modules for p in module.parameters())
    return f"{number:,} parameters" if number else "no parameters"


def canvas(width: float, height: float, bottom: float = -0.5) -> Axes:  # all positions are centres, in inches
    figure = plt.figure(figsize=(width, height))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(bottom, bottom + height))
    ax.axis("off")
    return ax


def put_text(ax: Axes, x: float, y: float, text: str, size: float = 10, ha: str = "center", **look) -> None:
    ax.text(x, y, text, ha=ha, va="center", fontsize=size, **look)


def _title(ax: Axes, x: float, y: float, text: str, below: str) -> None:
    put_text(ax, x, y + 0.14, text, size=13, weight="bold")
    put_text(ax, x, y - 0.12, below, size=10, style="italic")


def put_box(ax, x, y, text, colour, width, height=BOX, size=9.5) -> None:
    strength = 0.06 if colour == PLAIN else 0.18  # pale enough for black text
    tint = tuple(1 - strength * (1 - channel) for channel in to_rgb(colour))
    corner = (x - width / 2, y - height / 2)
    ax.add_patch(FancyBboxPatch(corner, width, height, boxstyle=ROUND, fc=tint, ec=colour, lw=1.6, zorder=3))
    put_text(ax, x, y, text, size=size, zorder=4)


def put_arrow(ax, start, stop, gap: float = BOX / 2, width: float = 1.2, colour: str = PLAIN) -> None:
    """From box to box: `gap` is what the boxes cover at either end, in the arrow's direction."""
    dx, dy = stop[0] - start[0], stop[1] - start[1]
    length = (dx**2 + dy**2) ** 0.5
    dx, dy = dx / length * gap, dy / length * gap
    ends = (start[0] + dx, start[1] + dy), (stop[0] - dx, stop[1] - dy)
    arrow = FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=11, lw=width, color=colour, shrinkA=0, shrinkB=0)
    ax.add_patch(arrow)


def _stack(ax, x: float, row: int, steps: Sequence[tuple[str, str]], width: float) -> float:
    """Boxes one above the other from row `row`, arrows between them. The height of the last one's centre."""
    for i, (text, colour) in enumerate(steps):
        put_box(ax, x, (row + i) * ROW, text, colour, width)
        if i:
            put_arrow(ax, (x, (row + i - 1) * ROW), (x, (row + i) * ROW))
    return (row + len(steps) - 1) * ROW


def _add(ax, x: float, y: float, parts: Sequence[tuple[float, float]]) -> None:
    """A plus sign at (x, y) that each of `parts` (centres of boxes) leads to, and the score above it."""
    radius = 0.16
    ax.add_patch(Circle((x, y), radius, fc="white", ec=PLAIN, lw=1.4, zorder=3))
    put_text(ax, x, y, "+", size=14, zorder=4)
    for part_x, part_y in parts:
        if part_x == x:
            put_arrow(ax, (x, part_y + BOX / 2), (x, y - radius), gap=0)
        else:
            ax.plot([part_x, part_x], [part_y + BOX / 2, y], color=PLAIN, linewidth=1.2)
            put_arrow(ax, (part_x, y), (x + (radius if part_x > x else -radius), y), gap=0)
    put_arrow(ax, (x, y + radius), (x, y + ROW - BOX / 2), gap=0)
    put_text(ax, x + 0.3, y + 0.3, "logits added", size=9, ha="left")
    put_box(ax, x, y + ROW, r"raw score $\hat{y}$  (B,)", PLAIN, 2.0)


def _slots(ax, x: float, y: float, n_slots: int, width: float) -> None:
    """The vectors x_i v_i of one example side by side in a frame; dots stand for some of them if there are many."""
    shown = [str(i) for i in range(1, n_slots + 1)]
    if n_slots > 8:
        shown = [*shown[:5], "...", shown[-1]]
    step = width / len(shown)
    look = {"fc": "white", "ec": EMBEDDING, "lw": 1.2, "ls": "--", "zorder": 2}
    ax.add_patch(FancyBboxPatch((x - width / 2, y - BOX / 2), width, BOX, boxstyle=ROUND, **look))
    for i, name in enumerate(shown):
        centre = x - width / 2 + (i + 0.5) * step
        if name == "...":
            put_text(ax, centre, y, "...", size=12)
        else:
            put_box(ax, centre, y, f"$x_{{{name}}} v_{{{name}}}$", EMBEDDING, min(0.85 * step, 0.9), 0.38, 9)
