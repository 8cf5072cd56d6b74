"""One example followed through its models, number by number. This module knows no data and no training."""

import copy
import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

import torch
from torch import Tensor, nn

from .encoding import Encoder, Examples, check_same_vocabulary
from .models import LR, MODELS, NFM, DeepFM

MOST_PAIRS = 6  # those of four slots; of more pairs a table shows only the two sums
PARTS = {nn.Linear: (0, "dense"), nn.BatchNorm1d: (1, "batch norm")}  # place in a layer, name
CELL = "text-align: left; white-space: pre; padding: 0.1em 0.7em;"
LINE = " border-top: 1px solid var(--jp-border-color1, currentColor);"
TABLE = "color: var(--jp-ui-font-color1, inherit); font-family: var(--jp-code-font-family, monospace);"


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """What `trace` returns: a table in a notebook, a text elsewhere, the same on every machine.

    scores: {title of a model: its score}. columns: (title, head, {row: numbers}), numbers a float64 tensor of shape ()
    or (size,), a row (group, place, label). Rows stand in sorted order, with a line between two groups.
    """

    scores: dict[str, float]
    columns: tuple[tuple[str, str, dict[tuple[int, int, str], Tensor]], ...]

    def __repr__(self) -> str:
        groups = self._groups()
        widths = [max(map(len, column)) for column in zip(*sum(groups, []))]
        blocks = [["  ".join(map(str.ljust, row, widths)).rstrip() for row in group] for group in groups]
        return f"\n{'-' * (sum(widths) + 2 * len(widths) - 2)}\n".join(map("\n".join, blocks))

    def _repr_html_(self) -> str:
        rows = [(row, CELL if i else CELL + LINE) for group in self._groups() for i, row in enumerate(group)]
        cells = ("".join(f'<td style="{style}">{html.escape(text)}</td>' for text in row) for row, style in rows)
        return f'<div style="overflow-x: auto;"><table style="{TABLE}"><tr>{"</tr><tr>".join(cells)}</tr></table></div>'

    def _groups(self) -> list[list[tuple[str, ...]]]:
        """The table's texts: the head, the slots, the vectors and the numbers, each a list of rows."""
        keys = sorted({key for *_, column in self.columns for key in column})
        columns, most = [["", "slot", *(label for *_, label in keys)]], 5 if len(self.scores) < 3 else 3
        for title, head, column in self.columns:
            columns.append([title, head, *_texts([column.get(key) for key in keys], most)])
        rows = zip([-1, -1, *(group for group, *_ in keys)], zip(*columns))
        return [[row for _, row in group] for _, group in groupby(rows, lambda row: row[0])]


def trace(models, row: Examples, names: Encoder | Sequence[str] | None = None) -> Trace:
    """Follow one example through LR, FM, NFM or DeepFM, several beside each other, in eval mode and float64.

    models: one, a list, or {title: model}. row: one row of Examples, such as `examples[3]`. names: its encoder, or a
    name per slot. Raises ValueError for no row or several, models of other classes, names or ids that do not fit.
    """
    if not isinstance(row, Examples) or len(row) != 1:
        got = f"{len(row)} rows" if isinstance(row, Examples) else type(row).__name__
        raise ValueError(f"trace follows one row of Examples, such as trace(model, examples[3]); got {got}")
    if not isinstance(models, Mapping):
        models = list(models) if isinstance(models, (list, tuple)) else [models]
        kinds = [type(model).__name__ for model in models]
        models = {k if kinds.count(k) == 1 else f"{k} ({i + 1})": models[i] for i, k in enumerate(kinds)}
    others = [type(model).__name__ for model in models.values() if type(model) not in MODELS.values()]
    if others or not models:
        raise ValueError(f"trace knows the parts of {', '.join(MODELS)}; got {', '.join(others) or 'no model'}")
    ids = row.ids[0].tolist()
    if isinstance(names, Encoder):
        check_same_vocabulary(names.fingerprint, row.fingerprint, "the encoder in names", "the row")
        names = [names.name_of(i) for i in ids]
    elif names is None:
        names = [f"{row.spans[f].name}:{i}" if row.spans else f"feature {i}" for f, i in zip(row.field_of_slot, ids)]
    if isinstance(names, str) or not isinstance(names, Sequence) or len(names) != len(ids):
        raise ValueError(f"names takes the encoder that made the row, or its {len(ids)} slots' names; got {names!r}")
    slots = [(0, s, str(name)) for s, name in enumerate(names)]
    scores, columns = {}, [("", "x_i", dict(zip(slots, row.values[0].double())))]
    for title, model in models.items():
        check_same_vocabulary(model.fingerprint, row.fingerprint, f"the model {title}", "the row")
        numbers, vectors = _follow(model, row, slots)
        scores[str(title)] = numbers[2, 9, "score"].item()
        columns += [(str(title), "w_i x_i", numbers), ("", "x_i v_i", vectors)][: 1 + bool(vectors)]
    return Trace(scores, tuple(columns))


@torch.no_grad()
def _follow(model: nn.Module, row: Examples, slots: list[tuple[int, int, str]]) -> tuple[dict, dict]:
    """(numbers, vectors) of each step, by the model's own parts. Machines agree on four decimals of a float64."""
    model, ids, values = copy.deepcopy(model).cpu().double().eval(), row.ids.cpu(), row.values.cpu().double()
    model(ids, values)  # has the model's own words for a row that does not fit
    numbers, vectors, layer = dict(zip(slots, (model.linear.w[ids] * values)[0])), {}, 0
    numbers[2, 0, "w_0 + Σ w_i x_i"] = model.linear(ids, values)[0]
    if not isinstance(model, LR):
        xv = model.embedding(ids, values)[0]  # (S, k)
        s, z, vectors = xv.sum(dim=0), model.embedding.pool(ids, values), dict(zip(slots, xv))
        pairs = list(combinations(values[0].nonzero()[:, 0].tolist(), 2))
        for p, (i, j) in enumerate(pairs if len(pairs) <= MOST_PAIRS else []):
            vectors[1, p - 10, f"{slots[i][2]} ⊙ {slots[j][2]}"] = xv[i] * xv[j]
        vectors |= {(1, -4, "s = Σ x_i v_i"): s, (1, -3, "s²"): s.square()}
        vectors |= {(1, -2, "q = Σ (x_i v_i)²"): xv.square().sum(dim=0), (1, -1, "f_BI = (s² − q) / 2"): z[0]}
        numbers |= {} if isinstance(model, NFM) else {(2, 1, "1 · f_BI"): z.sum()}
    if isinstance(model, DeepFM):
        z = xv.new_zeros(model.n_fields, xv.shape[1]).index_add(0, model.field_of_slot, xv).flatten()[None]
        vectors[1, 0, "fields side by side"] = z[0]
    for part in (*([model.norm_bi] if isinstance(model, NFM) else []), *getattr(model, "mlp", [])):
        z, layer = part(z), layer + isinstance(part, nn.Linear)
        place, name = PARTS.get(type(part), (2, type(part).__name__))
        if layer and not isinstance(part, nn.Dropout) or isinstance(part, nn.BatchNorm1d):
            vectors[1, 100 * layer + place, f"layer {layer}: {name}" if layer else f"{name} of f_BI"] = z[0]
    if isinstance(model, NFM):
        numbers[2, 2, "h · z"] = (z @ model.h)[0]
    if isinstance(model, DeepFM):
        numbers[2, 3, "u · z"] = model.out(z)[0, 0]
    numbers[2, 9, "score"] = sum(number for (group, *_), number in numbers.items() if group == 2)
    return numbers, vectors


def _texts(column: Sequence[Tensor | None], most: int) -> list[str]:
    """One text per row, digit under digit. Of more than `most` numbers only the first, and how many there are."""
    found = [[] if numbers is None else numbers.reshape(-1).tolist() for numbers in column]
    ends = [f" … ({len(numbers)})" if len(numbers) > most else "" for numbers in found]
    texts = [[f"{round(x, 4) + 0.0:.4f}" for x in row[: most - bool(end)]] for row, end in zip(found, ends)]  # no -0
    width = max(map(len, sum(texts, [])), default=0)
    zeros = min((len(text) - len(text.rstrip("0")) for text in sum(texts, [])), default=0)  # that all have at the end
    kept = slice(width - zeros - (zeros == 4))
    return [" ".join(text.rjust(width)[kept] for text in row) + end for row, end in zip(texts, ends)]
