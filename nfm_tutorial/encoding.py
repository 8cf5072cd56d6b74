"""From a table to what a model reads: feature ids and their values.

One representation serves every model. An example has S slots; slot s holds a feature id and a value x.
A value of 0 means "absent", so padding, missing values, several genres and plain numbers need no special
case. Id 0 is the padding feature. Every field owns one contiguous range of ids, and the first id of that
range is the field's own "unknown" feature, used for what was not seen by `Encoder.fit`.

All validation of data lives here, so that models can stay short.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

KINDS = ("categorical", "multi", "numeric")


@dataclass(frozen=True)
class Field:
    """One column of the table and how to encode it.

    name: the column's name.
    kind: "categorical" (one id, x = 1), "multi" (several ids, each x = 1/sqrt(number of ids kept), so that the
        squared length of the field's part of x is 1 however many there are) or "numeric" (one id, x = the number).
    max_values: slots of a "multi" field; the first `max_values` values of a cell are kept. None: the most that
        `Encoder.fit` sees.
    sep: how a "multi" cell given as one string is split. Lists and tuples work too.
    standardize: for "numeric": subtract the mean and divide by the standard deviation of the training rows.

    Raises ValueError for an empty name, an unknown kind, `max_values` below 1 or given for another kind.
    """

    name: str
    kind: str = "categorical"
    max_values: int | None = None
    sep: str = "|"
    standardize: bool = True

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            raise ValueError(f"a field needs the name of a column, got {self.name!r}")
        if self.kind not in KINDS:
            raise ValueError(f"field {self.name!r}: kind {self.kind!r} is unknown; choose one of {', '.join(KINDS)}")
        if self.max_values is not None and self.kind != "multi":
            raise ValueError(f"field {self.name!r}: max_values is for kind='multi', this field is {self.kind!r}")
        if self.max_values is not None and (not isinstance(self.max_values, Integral) or self.max_values < 1):
            raise ValueError(
                f"field {self.name!r}: max_values must be a whole number of at least 1, got {self.max_values!r}"
            )
        if self.kind == "multi" and not self.sep:
            raise ValueError(f"field {self.name!r}: sep must be a non-empty string, got {self.sep!r}")


class Span(NamedTuple):
    """The ids `start` to `stop - 1` belong to field `name`; `start` itself is the field's unknown id."""

    name: str
    kind: str
    start: int
    stop: int


class Examples:
    """Encoded examples, checked on construction.

    ids: (N, S) int64, feature ids; 0 is padding.
    values: (N, S) float32 (float64 is kept for exact tests), x_i of each slot; 0 means absent.
    target: (N,) labels, or None for examples without labels.
    field_of_slot: (S,) int64, the field that each slot belongs to, counted from 0. None: slot s is field s.
    spans: the id range of each field, as made by `Encoder`; lets an id outside its own field be refused.

    `len(e)`, `e[10:20]`, `e[mask]` and `e[index_array]` work as for a table.

    Raises ValueError, naming row and slot, for: ids that are not whole numbers or negative, an id outside its
    field's range, NaN or infinite values or targets, shapes that do not belong together, no slots at all.
    """

    def __init__(self, ids, values, target=None, field_of_slot=None, spans: Sequence[Span] = ()):
        self.ids = _ids_tensor(ids)
        n, s = self.ids.shape
        self.values = _values_tensor(values, (n, s))
        self.target = None if target is None else _target_tensor(target, n, self.values.dtype)
        self.field_of_slot = _field_of_slot_tensor(field_of_slot, s)
        self.spans = tuple(Span(*span) for span in spans)
        if self.spans:
            self._check_ranges()

    def _check_ranges(self) -> None:
        fields = self.field_of_slot
        if fields.numel() and int(fields.max()) >= len(self.spans):
            raise ValueError(
                f"field_of_slot names field {int(fields.max())}, but there are only {len(self.spans)} fields (from 0)"
            )
        start = torch.tensor([span.start for span in self.spans])[fields]
        stop = torch.tensor([span.stop for span in self.spans])[fields]
        wrong = (self.ids != 0) & ((self.ids < start) | (self.ids >= stop))
        wrong |= (self.ids == 0) & (self.values != 0)
        if wrong.any():
            row, slot = (int(i) for i in wrong.nonzero()[0])
            span, bad = self.spans[int(fields[slot])], int(self.ids[row, slot])
            if bad == 0:
                raise ValueError(
                    f"row {row}, slot {slot} (field {span.name!r}): padding id 0 has value "
                    f"{float(self.values[row, slot]):g}; padding must have value 0"
                )
            raise ValueError(
                f"row {row}, slot {slot}: id {bad} is outside field {span.name!r}, whose ids are {span.start} to "
                f"{span.stop - 1}. Such an id would read another field's embedding; encode the column again."
            )

    def __len__(self) -> int:
        return self.ids.shape[0]

    def __getitem__(self, index) -> Examples:
        """The chosen rows, as Examples. A single whole number gives one row, still as Examples."""
        if isinstance(index, (int, np.integer)):
            if not -len(self) <= index < len(self):
                raise IndexError(f"row {index} does not exist: there are {len(self)} rows")
            index = slice(index, index + 1) if index != -1 else slice(-1, None)
        elif not isinstance(index, slice):
            index = _tensor("the row index", index)
            if index.dtype == torch.bool and index.shape != (len(self),):
                raise ValueError(f"a mask needs one entry per row ({len(self)}), this one has {tuple(index.shape)}")
            if index.ndim != 1 or (index.dtype.is_floating_point and len(index)):
                raise ValueError(
                    f"rows are chosen by a slice, a mask or a list of row numbers, got {index.dtype} "
                    f"of shape {tuple(index.shape)}"
                )
            index = index if index.dtype == torch.bool else index.long()
        # The rows were checked already, so the checks of __init__ are not repeated.
        part = object.__new__(Examples)
        part.ids, part.values = self.ids[index], self.values[index]
        part.target = None if self.target is None else self.target[index]
        part.field_of_slot, part.spans = self.field_of_slot, self.spans
        return part

    def to(self, device) -> Examples:
        """The same examples with their tensors on `device`."""
        moved = self[:]
        moved.ids, moved.values = self.ids.to(device), self.values.to(device)
        moved.target = None if self.target is None else self.target.to(device)
        return moved

    @property
    def n_slots(self) -> int:
        """S, the number of slots of every example."""
        return self.ids.shape[1]

    @property
    def n_features(self) -> int:
        """n, the number of feature ids a model must know, padding included."""
        if self.spans:
            return max(span.stop for span in self.spans)
        return int(self.ids.max()) + 1 if len(self) else 1

    @property
    def nonzero(self) -> Tensor:
        """(N,) int64: N_x of each example, the number of non-zero entries of its x."""
        return (self.values != 0).sum(dim=1)

    @property
    def target_range(self) -> tuple[float, float]:
        """(smallest, largest) label: what `predict(..., clip=...)` takes. Raises ValueError without labels."""
        if self.target is None or len(self) == 0:
            raise ValueError("these examples have no labels, so there is no target range")
        return float(self.target.min()), float(self.target.max())

    def __repr__(self) -> str:
        names = [span.name for span in self.spans] or [f"field {f}" for f in range(int(self.field_of_slot.max()) + 1)]
        slots = torch.bincount(self.field_of_slot, minlength=len(names)).tolist()
        parts = [name if n == 1 else f"{name} x{n}" for name, n in zip(names, slots) if n]
        shape = f"{len(self):,} rows, {self.n_slots} slots ({', '.join(parts)}), {self.n_features:,} features"
        lines = [f"Examples: {shape}"]
        if self.target is None:
            lines.append("  target: none")
        elif len(self):
            labels, counts = torch.unique(self.target, return_counts=True)
            if len(labels) <= 5:
                shown = ", ".join(f"{label:g}: {count:,}" for label, count in zip(labels.tolist(), counts.tolist()))
            else:
                shown = f"{float(labels[0]):g} to {float(labels[-1]):g}, mean {float(self.target.mean()):.3g}"
            lines.append(f"  target: {shown}")
        if len(self):
            row = zip(self.field_of_slot.tolist(), self.ids[0].tolist(), self.values[0].tolist())
            lines.append("  row 0: " + "  ".join(f"{names[f]}:{i}={x:.3g}" for f, i, x in row if x != 0))
        return "\n".join(lines)


class Encoder:
    """Learns the vocabulary of each field from training rows and turns tables into Examples.

    fields: Field objects, or column names for plain categorical fields.
    target: the label's column.

    Raises ValueError for no fields at all or two fields with one name.
    """

    def __init__(self, fields: Iterable[Field | str], target: str = "label"):
        fields = [fields] if isinstance(fields, (str, Field)) else fields
        self.fields = tuple(Field(f) if isinstance(f, str) else f for f in fields)
        self.target = target
        for field in self.fields:
            if not isinstance(field, Field):
                raise ValueError(f"fields are Field objects or column names, got {field!r}")
        names = [field.name for field in self.fields]
        if not names:
            raise ValueError("an Encoder needs at least one field")
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"field {repeated[0]!r} is given twice; each column can be one field only")
        self.spans: tuple[Span, ...] = ()
        self._vocabulary: list[list] = []
        self._slots: list[int] = []
        self._scaling: list[tuple[float, float]] = []

    def fit(self, frame: pd.DataFrame) -> Encoder:
        """Learn ids from the training rows only. Ids go to values in sorted order, so row order does not matter.

        Raises ValueError for an empty table, a missing column, or a numeric column with something else in it.
        """
        self._need_columns(frame)
        if len(frame) == 0:
            raise ValueError("the table has no rows, so there is nothing to learn ids from")
        spans, vocabulary, slots, scaling, next_id = [], [], [], [], 1
        for field in self.fields:
            column, words, n_slots, scale = frame[field.name], [], 1, (0.0, 1.0)
            if field.kind == "categorical":
                words = _sorted_words(_categories(column, field.name)[1], field.name)
            elif field.kind == "multi":
                cells = _split_cells(column, field)[1]
                n_slots = field.max_values or max(len(cell) for cell in cells) or 1
                words = _sorted_words({word for cell in cells for word in cell[:n_slots]}, field.name)
            else:
                words, scale = ["value"], _mean_and_std(_numbers(column, field.name, missing_ok=True), field)
            size = 1 + len(words)  # one unknown id, then the words
            spans.append(Span(field.name, field.kind, next_id, next_id + size))
            vocabulary.append(words), slots.append(n_slots), scaling.append(scale)
            next_id += size
        self.spans, self._vocabulary, self._slots, self._scaling = tuple(spans), vocabulary, slots, scaling
        return self

    def transform(self, frame: pd.DataFrame) -> Examples:
        """Encode a table. Values not seen by `fit` get their own field's unknown id; labels are optional.

        Raises ValueError before `fit`, for a missing column, or a label that is not a number.
        """
        self._need_fit()
        self._need_columns(frame)
        ids = np.zeros((len(frame), sum(self._slots)), dtype=np.int64)
        values = np.zeros(ids.shape, dtype=np.float32)
        first = 0
        for f, field in enumerate(self.fields):
            part = slice(first, first + self._slots[f])
            ids[:, part], values[:, part] = self._encode_column(frame[field.name], f)
            first += self._slots[f]
        target = _numbers(frame[self.target], self.target) if self.target in frame.columns else None
        return Examples(ids, values, target, self.field_of_slot, self.spans)

    def fit_transform(self, frame: pd.DataFrame) -> Examples:
        """`fit(frame)`, then `transform(frame)`."""
        return self.fit(frame).transform(frame)

    def _encode_column(self, column: pd.Series, f: int) -> tuple[np.ndarray, np.ndarray]:
        """(N, slots of field f) ids and values of one column."""
        field, span, n_slots = self.fields[f], self.spans[f], self._slots[f]
        id_of = {word: span.start + 1 + i for i, word in enumerate(self._vocabulary[f])}
        if field.kind == "numeric":
            mean, std = self._scaling[f]
            x = (_numbers(column, field.name, missing_ok=True) - mean) / std
            missing = np.isnan(x)
            ids = np.where(missing, span.start, span.start + 1)
            return ids[:, None], np.where(missing, 1.0, x)[:, None]
        if field.kind == "categorical":
            codes, uniques = _categories(column, field.name)
            table = np.array([id_of.get(word, span.start) for word in uniques] + [span.start], dtype=np.int64)
            return table[codes][:, None], np.ones((len(column), 1))  # code -1 (missing) reads the last entry
        codes, cells = _split_cells(column, field)
        id_table = np.zeros((len(cells), n_slots), dtype=np.int64)
        value_table = np.zeros((len(cells), n_slots))
        for row, cell in enumerate(cells):
            kept = [id_of.get(word, span.start) for word in cell[:n_slots]]
            id_table[row, : len(kept)] = kept
            value_table[row, : len(kept)] = 1 / np.sqrt(len(kept)) if kept else 0
        return id_table[codes], value_table[codes]

    @property
    def n_features(self) -> int:
        """n, all ids of all fields plus the padding id 0: the number of rows of V."""
        self._need_fit()
        return self.spans[-1].stop

    @property
    def field_of_slot(self) -> Tensor:
        """(S,) int64, the field of each slot."""
        self._need_fit()
        return torch.repeat_interleave(torch.arange(len(self.fields)), torch.tensor(self._slots))

    def id_of(self, field: str, value) -> int:
        """The id of one value; the field's unknown id if `fit` did not see it. Raises ValueError for no such field."""
        span, words = self._field(field)
        return span.start + 1 + words.index(value) if value in words else span.start

    def ids_of(self, field: str) -> pd.Series:
        """Every known value of a field with its id: a Series of ids, indexed by value (unknown id not included)."""
        span, words = self._field(field)
        return pd.Series(np.arange(span.start + 1, span.stop), index=pd.Index(words, name=field), name="id")

    def name_of(self, feature_id: int) -> str:
        """What an id stands for, e.g. "movie=296". Raises ValueError for an id that does not exist."""
        self._need_fit()
        if feature_id == 0:
            return "padding"
        for span, words in zip(self.spans, self._vocabulary):
            if span.start <= feature_id < span.stop:
                word = "unknown" if feature_id == span.start else words[feature_id - span.start - 1]
                return f"{span.name}={word}"
        raise ValueError(f"id {feature_id} does not exist; ids run from 0 to {self.n_features - 1}")

    def to_dict(self) -> dict:
        """Everything the encoder learned, as plain Python values, so that it can be saved without pickling code."""
        self._need_fit()
        return {
            "fields": [asdict(field) for field in self.fields],
            "target": self.target,
            "spans": [list(span) for span in self.spans],
            "vocabulary": self._vocabulary,
            "slots": self._slots,
            "scaling": [list(scale) for scale in self._scaling],
        }

    @classmethod
    def from_dict(cls, state: dict) -> Encoder:
        """The encoder that `to_dict` described. Raises ValueError if an entry is missing."""
        try:
            encoder = cls([Field(**field) for field in state["fields"]], state["target"])
            encoder.spans = tuple(Span(*span) for span in state["spans"])
            encoder._vocabulary = [list(words) for words in state["vocabulary"]]
            encoder._slots = list(state["slots"])
            encoder._scaling = [tuple(scale) for scale in state["scaling"]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not a saved Encoder: {error} is missing or malformed") from error
        return encoder

    def __repr__(self) -> str:
        if not self.spans:
            return f"Encoder({', '.join(field.name for field in self.fields)}): not fitted yet"
        parts = [f"{span.name} {span.stop - span.start - 1:,}" for span in self.spans]
        return f"Encoder: {self.n_features:,} features = padding + per field one unknown + ({', '.join(parts)})"

    def _field(self, name: str) -> tuple[Span, list]:
        self._need_fit()
        for span, words in zip(self.spans, self._vocabulary):
            if span.name == name:
                return span, words
        raise ValueError(f"there is no field {name!r}; the fields are {', '.join(s.name for s in self.spans)}")

    def _need_fit(self) -> None:
        if not self.spans:
            raise ValueError("this Encoder has not learned any ids yet; call encoder.fit(train) first")

    def _need_columns(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ValueError(f"an Encoder reads a pandas DataFrame, got {type(frame).__name__}")
        for field in self.fields:
            if field.name not in frame.columns:
                have = ", ".join(map(str, frame.columns))
                raise ValueError(f"the table has no column {field.name!r}; its columns are {have}")


def _categories(column: pd.Series, name: str) -> tuple[np.ndarray, Sequence]:
    """(codes, uniques): each row's value is uniques[code]; code -1 is a missing value."""
    try:
        return pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists cannot be looked up
        raise ValueError(f"column {name!r} holds lists; use Field({name!r}, kind='multi')") from None


def _sorted_words(words, name: str) -> list:
    """Plain Python values in a fixed order."""
    plain = [word.item() if isinstance(word, np.generic) else word for word in words]
    try:
        return sorted(plain)
    except TypeError:
        kinds = sorted({type(word).__name__ for word in plain})
        raise ValueError(f"column {name!r} mixes {' and '.join(kinds)}; convert it to one type first") from None


def _split_cells(column: pd.Series, field: Field) -> tuple[np.ndarray, list[list]]:
    """(codes, cells): cells holds each different cell once, split into its values; codes says which row has which."""

    def as_key(cell):
        return cell if isinstance(cell, str) or pd.api.types.is_scalar(cell) else tuple(cell)

    try:
        codes, uniques = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists cannot be looked up
        codes, uniques = pd.factorize(column.map(as_key), use_na_sentinel=True)
    cells = []
    for cell in map(as_key, uniques):
        words = cell.split(field.sep) if isinstance(cell, str) else list(cell) if isinstance(cell, tuple) else [cell]
        cells.append(list(dict.fromkeys(word for word in words if word != "")))
    return codes, cells + [[]]  # a missing cell has code -1: the last entry, no values


def _numbers(column: pd.Series, name: str, missing_ok: bool = False) -> np.ndarray:
    """The column as float64; ValueError naming the first row and value that is not a finite number."""
    if pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise ValueError(f"column {name!r} holds dates, not numbers; make it a number first, such as the year")
    try:
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
        bad = np.isnan(numbers) & column.notna().to_numpy()
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(f"column {name!r}, row {row}: {column.iloc[row]!r} is not a number") from None
    bad = np.isinf(numbers) if missing_ok else ~np.isfinite(numbers)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(f"column {name!r}, row {row}: {numbers[row]} is not a finite number; drop or fill that row")
    return numbers


def _mean_and_std(numbers: np.ndarray, field: Field) -> tuple[float, float]:
    if not field.standardize:
        return 0.0, 1.0
    if np.isnan(numbers).all():
        raise ValueError(f"column {field.name!r} has no number at all, so it cannot be standardised")
    std = float(np.nanstd(numbers))
    return float(np.nanmean(numbers)), std if std > 0 else 1.0


def _tensor(name: str, data) -> Tensor:
    try:
        return data if isinstance(data, Tensor) else torch.as_tensor(np.asarray(data))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be one rectangular array of numbers: {error}") from None


def _first(mask: Tensor) -> str:
    row, *slot = (int(i) for i in mask.nonzero()[0])
    return f"row {row}" + (f", slot {slot[0]}" if slot else "")


def _ids_tensor(ids) -> Tensor:
    ids = _tensor("ids", ids)
    if ids.dtype.is_floating_point or ids.dtype == torch.bool or ids.dtype.is_complex:
        raise ValueError(f"ids must be whole numbers (int64), got {ids.dtype}; ids are names, not magnitudes")
    if ids.ndim != 2 or ids.shape[1] == 0:
        raise ValueError(f"ids must have shape (N, S) with at least one slot, got {tuple(ids.shape)}")
    ids = ids.long()
    if ids.numel() and int(ids.min()) < 0:
        raise ValueError(f"{_first(ids < 0)}: id {int(ids[ids < 0][0])} is negative; ids start at 0, which is padding")
    return ids


def _values_tensor(values, shape: tuple[int, int]) -> Tensor:
    values = _tensor("values", values)
    if tuple(values.shape) != shape:
        raise ValueError(f"values has shape {tuple(values.shape)} but ids has {shape}; each id needs one value")
    values = values.to(torch.float32) if values.dtype != torch.float64 else values
    finite = torch.isfinite(values)
    if not finite.all():
        where = tuple((~finite).nonzero()[0])
        raise ValueError(f"{_first(~finite)}: value {float(values[where])} is not finite; use 0 for absent")
    return values


def _target_tensor(target, n: int, dtype: torch.dtype) -> Tensor:
    target = _tensor("target", target)
    if tuple(target.shape) != (n,):
        raise ValueError(f"target has shape {tuple(target.shape)}, expected ({n},): one number per example")
    target = target.to(dtype)
    finite = torch.isfinite(target)
    if not finite.all():
        raise ValueError(f"{_first(~finite)}: the target is {float(target[~finite][0])}, not a finite number")
    return target


def _field_of_slot_tensor(field_of_slot, s: int) -> Tensor:
    if field_of_slot is None:
        return torch.arange(s)
    given = _tensor("field_of_slot", field_of_slot)
    if tuple(given.shape) != (s,) or given.dtype.is_floating_point:
        raise ValueError(f"field_of_slot needs one whole number per slot ({s}), got {given.tolist()}")
    if s and int(given.min()) < 0:
        raise ValueError(f"field_of_slot counts fields from 0, got {int(given.min())}")
    return given.long()
