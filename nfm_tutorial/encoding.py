"""From a table to what a model reads: feature ids and their values.

One representation serves every model. An example has S slots; slot s holds a feature id and a value x.
A value of 0 means "absent", so padding, missing values, several genres and plain numbers need no special
case. Id 0 is the padding feature. Every field owns one contiguous range of ids, and the first id of that
range is the field's own "unknown" feature, used for what was not seen by `Encoder.fit`.

Tables are checked here, once, so that models need not look at every value again. This module knows no model.
"""

import bisect
import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from numbers import Number
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from . import checks

KINDS = ("categorical", "multi", "numeric")
MANY_CELLS, MOSTLY_PADDING = 10**7, 20  # above so many cells (12 bytes each), at most 20 of them for each number read


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
    hash_buckets: for the other kinds: no vocabulary is kept; a value's id is a hash of its text (1 and 1.0 are "1"),
        one of so many. Values that fall into one bucket become one feature: of m values in N buckets, a share of
        about 1 - exp(-m/N) share theirs with another, 10 % for N = 10 m. An unseen value reads some bucket, too.

    Raises ValueError for an empty name, an unknown kind, a number below 1, or one given for another kind.
    """

    name: str
    kind: str = "categorical"
    max_values: int | None = None
    sep: str = "|"
    standardize: bool = True
    hash_buckets: int | None = None

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name:
            to_text = "; make the names text first: frame.columns = frame.columns.map(str)"
            got = f"got {self.name!r}{'' if self.name in ('', None) else to_text}"
            raise ValueError(f"a field needs the name of a column, {got}")
        checks.one_of(f"field {self.name!r}: kind", self.kind, KINDS)
        checks.true_or_false(f"field {self.name!r}: standardize", self.standardize)
        if self.max_values is not None and self.kind != "multi":
            raise ValueError(f"field {self.name!r}: max_values is for kind='multi', this field is {self.kind!r}")
        if self.hash_buckets is not None and self.kind == "numeric":
            raise ValueError(f"field {self.name!r}: hash_buckets is for values, and this field holds numbers")
        for name in ("max_values", "hash_buckets"):
            if getattr(self, name) is not None:
                checks.whole_number(f"field {self.name!r}: {name}", getattr(self, name), 1)
        if not isinstance(self.sep, str) or not self.sep:
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
    fingerprint: of the vocabulary that made the ids, `Encoder.fingerprint`; lets a model of another one be refused.
    weight: (N,) float32, how much each example counts in loss and metrics; None: all the same.

    `len(e)`, `e[10:20]`, `e[mask]` and `e[index_array]` work as for a table.

    Raises ValueError, naming row and slot, for: ids that are not whole numbers or negative, an id outside its
    field's range, NaN or infinite values, targets or weights, negative weights or only zeros, shapes that do not
    belong together, no slots at all.
    """

    def __init__(self, ids, values, target=None, field_of_slot=None, spans=(), fingerprint=None, weight=None):
        self.ids = _ids_tensor(ids)
        n, s = self.ids.shape
        self.values = _values_tensor(values, (n, s))
        self.target = None if target is None else _target_tensor(target, n, self.values.dtype)
        self.weight = None if weight is None else _weight_tensor(weight, n)
        if n and weight is not None and not self.weight.any():
            raise ValueError("all weights are 0, so no example counts; leave the weights out, or correct them")
        self.field_of_slot = _field_of_slot_tensor(field_of_slot, s)
        self.spans, self.fingerprint = tuple(Span(*span) for span in spans), fingerprint
        if self.spans:
            self._check_ranges()

    def _check_ranges(self) -> None:
        fields = self.field_of_slot
        if fields.numel() and int(fields.max()) >= len(self.spans):
            only = f"only {len(self.spans)} fields (from 0)"
            raise ValueError(f"field_of_slot names field {int(fields.max())}, but there are {only}")
        start, stop = torch.tensor([(span.start, span.stop) for span in self.spans])[fields].T  # of each slot's field
        wrong = torch.where(self.ids == 0, self.values != 0, (self.ids < start) | (self.ids >= stop))
        if wrong.any():
            row, slot = (int(i) for i in wrong.nonzero()[0])
            span, bad = self.spans[int(fields[slot])], int(self.ids[row, slot])
            if bad == 0:
                what = f"padding id 0 has value {float(self.values[row, slot]):g}; padding must have value 0"
                raise ValueError(f"row {row}, slot {slot} (field {span.name!r}): {what}")
            outside = f"outside field {span.name!r}, whose ids are {span.start} to {span.stop - 1}"
            what = "Such an id would read another field's embedding; encode the column again."
            raise ValueError(f"row {row}, slot {slot}: id {bad} is {outside}. {what}")

    def __len__(self) -> int:
        return self.ids.shape[0]

    def __getitem__(self, index) -> Self:
        """The chosen rows, as Examples. A single whole number gives one row, still as Examples."""
        if isinstance(index, (int, np.integer)):
            if not -len(self) <= index < len(self):
                raise IndexError(f"row {index} does not exist: there are {len(self)} rows")
            index = slice(index, index + 1) if index != -1 else slice(-1, None)
        elif isinstance(index, slice) and index.step is not None and index.step < 0:
            index = torch.tensor(range(*index.indices(len(self))), dtype=torch.int64)  # PyTorch has no negative step
        elif not isinstance(index, slice):
            index = _tensor("the row index", index)
            if index.dtype == torch.bool and index.shape != (len(self),):
                raise ValueError(f"a mask needs one entry per row ({len(self)}), this one has {tuple(index.shape)}")
            if index.ndim != 1 or (index.dtype.is_floating_point and len(index)):
                got = f"{index.dtype} of shape {tuple(index.shape)}"
                raise ValueError(f"rows are chosen by a slice, a mask or a list of row numbers, got {got}")
            index = index if index.dtype == torch.bool else index.long()
        return self.each(lambda tensor: tensor[index])

    def to(self, device) -> Self:
        """The same examples with their tensors on `device`."""
        return self.each(lambda tensor: tensor.to(device))

    def each(self, change: Callable[[Tensor], Tensor]) -> Self:
        """Examples with `change` of ids, values, target and weight; the checks of the constructor are not repeated."""
        part = object.__new__(Examples)
        part.field_of_slot, part.spans, part.fingerprint = self.field_of_slot, self.spans, self.fingerprint
        for name in ("ids", "values", "target", "weight"):
            setattr(part, name, None if getattr(self, name) is None else change(getattr(self, name)))
        return part

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
        lines = [f"Examples: {shape}", *(["  target: none"] if self.target is None else [])]
        if self.target is not None and len(self):
            labels, counts = (numbers.tolist() for numbers in torch.unique(self.target, return_counts=True))
            shown = f"{labels[0]:g} to {labels[-1]:g}, mean {float(self.target.mean()):.3g}"
            if len(labels) <= 5:
                shown = ", ".join(f"{label:g}: {count:,}" for label, count in zip(labels, counts))
            lines.append(f"  target: {shown}")
        if len(self):
            row = zip(self.field_of_slot.tolist(), self.ids[0].tolist(), self.values[0].tolist())
            lines.append("  row 0: " + "  ".join(f"{names[f]}:{i}={x:.3g}" for f, i, x in row if x != 0))
        return "\n".join(lines)


class Encoder:
    """Learns the vocabulary of each field from training rows and turns tables into Examples.

    fields: Field objects, or column names for plain categorical fields.
    target: the label's column. weight: the column with each row's weight, or None.

    `fingerprint` names the vocabulary once it is fitted, the same for the same vocabulary. Examples and models carry
    it, so that ids are never read with another vocabulary.

    Raises ValueError for no fields at all, two fields with one name, or a field that is the target or the
    weight, too.
    """

    def __init__(self, fields: Iterable[Field | str], target: str = "label", weight: str | None = None):
        fields = [fields] if isinstance(fields, (str, Field)) else fields
        self.fields = tuple(Field(f) if isinstance(f, str) else f for f in fields)
        self.target, self.weight = target, weight
        for field in self.fields:
            if not isinstance(field, Field):
                raise ValueError(f"fields are Field objects or column names, got {field!r}")
        names = [field.name for field in self.fields]
        if not names:
            raise ValueError("an Encoder needs at least one field")
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"field {repeated[0]!r} is given twice; each column can be one field only")
        if target in names:
            raise ValueError(f"{target!r} is the target, so it must not be a field: the model would read its answer")
        if weight is not None and weight in (*names, target):
            raise ValueError(f"{weight!r} is the weight, so it must not be a field or the target")
        self.spans, self.fingerprint = (), None
        self._vocabulary, self._slots, self._scaling = [], [], []  # of each field: words, slots, (mean, std)

    def fit(self, frame: pd.DataFrame | Iterator[pd.DataFrame]) -> Self:
        """Learn ids from the training rows only. Ids go to values in sorted order, so row order does not matter.

        frame: the table, or an iterator of its parts, when the whole does not fit the memory.
        Raises ValueError for an empty table, a missing or repeated column, a numeric column with something else in it
        or numbers too large to standardise, a multi column with another separator, spaces round it, or a cell so long
        that padding the others would fill the memory.
        """
        # Of each field: its words, the usual separators in its texts, and arrays of numbers or lengths of multi cells.
        found, rows = [(set(), set(), [np.zeros(0)]) for _ in self.fields], 0
        for part in frame if isinstance(frame, Iterator) else [frame]:
            self._need_columns(part)
            rows += len(part)
            for field, (words, marks, arrays) in zip(self.fields, found):
                column, new = part[field.name], ()
                if field.kind == "categorical":
                    new = _categories(column, field.name)[1]
                elif field.kind == "multi":
                    codes, cells = _split_cells(column, field)
                    new = (word for cell in cells for word in cell[: field.max_values])
                    arrays.append(np.array([len(cell) for cell in cells], dtype=np.int32)[codes])
                    texts = "\n".join({cell for cell in column if isinstance(cell, str)})
                    marks.update(mark for mark in (field.sep, *",;|\t") if mark in texts)
                else:
                    arrays.append(_numbers(column, field.name, missing_ok=True))
                words.update(() if field.hash_buckets else new)
        if rows == 0:
            raise ValueError("the table has no rows, so there is nothing to learn ids from")
        spans, vocabulary, slots, scaling, next_id = [], [], [], [], 1
        for field, (words, marks, arrays) in zip(self.fields, found):
            numbers = np.concatenate(arrays)
            numeric, multi = field.kind == "numeric", field.kind == "multi"
            vocabulary.append(["value"] if numeric else _sorted_words(words, field.name))
            slots.append(_slots_of(numbers, marks, field) if multi else 1)
            scaling.append(_mean_and_std(numbers, field) if numeric else (0.0, 1.0))
            stop = next_id + 1 + (field.hash_buckets or len(vocabulary[-1]))  # one unknown id, then the words
            spans.append(Span(field.name, field.kind, next_id, stop))
            next_id = stop
        return self._learned(spans, vocabulary, slots, scaling)

    def _learned(self, spans, vocabulary, slots, scaling) -> Self:
        self.spans, self._vocabulary, self._slots, self._scaling = tuple(spans), vocabulary, slots, scaling
        content = {name: value for name, value in self.to_dict().items() if name not in ("target", "weight")}
        content["scaling"] = [[f"{x:.9g}" for x in scale] for scale in scaling]  # rows in another order round elsewhere
        self.fingerprint = hashlib.sha256(json.dumps(content, default=repr).encode()).hexdigest()[:16]
        return self

    def transform(self, frame: pd.DataFrame) -> Examples:
        """Encode a table. Values not seen by `fit` get their own field's unknown id; labels are optional.

        Warns if most of 20 values or more of a column are unknown. Raises ValueError before `fit`, for a missing or
        repeated column, for values of another type than `fit` saw (text for numbers), or a label or weight that is not
        a number. How long one row takes does not depend on the vocabulary.
        """
        self._need_fit()
        self._need_columns(frame)
        ids = np.zeros((len(frame), sum(self._slots)), dtype=np.int64)
        values, fields = np.zeros(ids.shape, dtype=np.float32), self.field_of_slot.numpy()
        for f, field in enumerate(self.fields):
            ids[:, fields == f], values[:, fields == f] = self._encode_column(frame[field.name], f)
        target = None
        if self.target in frame.columns:
            if len(frame) and frame[self.target].isna().all():
                raise ValueError(f"the label column {self.target!r} is empty: drop it, or fill in the labels")
            target = _numbers(frame[self.target], self.target)
        examples = Examples(ids, values, target, self.field_of_slot, self.spans, self.fingerprint)
        if self.weight in frame.columns:  # not by the constructor: the weights of a few rows may well be all 0
            examples.weight = _weight_tensor(_numbers(frame[self.weight], self.weight), len(frame))
        return examples

    def fit_transform(self, frame: pd.DataFrame) -> Examples:
        """`fit(frame)`, then `transform(frame)`."""
        return self.fit(frame).transform(frame)

    def _encode_column(self, column: pd.Series, f: int) -> tuple[np.ndarray, np.ndarray]:
        """(N, slots of field f) ids and values of one column."""
        field, span, n_slots = self.fields[f], self.spans[f], self._slots[f]
        if field.kind == "numeric":
            mean, std = self._scaling[f]
            x = (_numbers(column, field.name, missing_ok=True) - mean) / std
            missing, large = np.isnan(x), np.abs(x) > np.finfo(np.float32).max
            if large.any():
                raise ValueError(_at(column, large) + "is too large for a 32-bit number; take its logarithm, or cut it")
            ids = np.where(missing, span.start, span.start + 1)
            return ids[:, None], np.where(missing, 1.0, x)[:, None]
        if field.kind == "categorical":
            codes, uniques = _categories(column, field.name)
            table = np.array([*self._look_up(f, uniques), span.start])
            strange = [i for i, word in enumerate(uniques) if table[i] == span.start]
            self._look_at_unknown(column, f, codes, strange, [(uniques[i],) for i in strange])
            return table[codes][:, None], np.ones((len(column), 1))  # code -1 (missing) reads the last entry
        codes, cells = _split_cells(column, field)
        words = list(dict.fromkeys(word for cell in cells for word in cell[:n_slots]))
        id_of = dict(zip(words, self._look_up(f, words)))
        id_table = np.zeros((len(cells), n_slots), dtype=np.int64)
        value_table = np.zeros((len(cells), n_slots))
        for row, cell in enumerate(cells):
            # Several unknown values of a cell are one unknown, so that it does not cross itself.
            kept = list(dict.fromkeys(id_of[word] for word in cell[:n_slots]))
            id_table[row, : len(kept)] = kept
            value_table[row, : len(kept)] = 1 / np.sqrt(len(kept)) if kept else 0
        strange = [row for row, cell in enumerate(cells) if any(id_of[word] == span.start for word in cell[:n_slots])]
        self._look_at_unknown(column, f, codes, strange, [cells[row] for row in strange])
        return id_table[codes], value_table[codes]

    def _look_up(self, f: int, words: Sequence) -> list[int]:
        """The id of each value of field f; the unknown id for those that `fit` did not see."""
        first, known = self.spans[f].start + 1, self._vocabulary[f]
        if buckets := self.fields[f].hash_buckets:
            return (first + hash_bucket(words, buckets)).tolist()
        if 50 * len(words) > len(known):
            id_of = {word: i for i, word in enumerate(known, first)}
            return [id_of.get(word, first - 1) for word in words]
        return [first + _position(known, word) for word in words]  # few values: no pass over the vocabulary

    def _look_at_unknown(self, column: pd.Series, f: int, codes: np.ndarray, strange: list[int], cells: list) -> None:
        """Refuse values of another type than the vocabulary's, and warn if most of the column is unknown.

        strange: the codes of cells with an unknown value. cells: their values.
        """
        if not strange or not self._vocabulary[f]:
            return
        learned = _type_of(self._vocabulary[f][0])
        for code, word in ((code, word) for code, cell in zip(strange, cells) for word in cell):
            if _type_of(word) != learned:
                but = f"but the encoder learned {learned} here, such as {self._vocabulary[f][0]!r}"
                what = f"{_at(column, codes == code)}has {word!r}, {_type_of(word)}"
                raise ValueError(f"{what}, {but}; convert the column as then")
        unknown, known = np.isin(codes, strange).sum(), (codes >= 0).sum()
        if known >= 20 and unknown > known / 2:
            warnings.warn(f"column {column.name!r}: {unknown / known:.0%} of the values are unknown", stacklevel=4)

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
        return self._look_up(self._field(field), [value])[0]

    def ids_of(self, field: str) -> pd.Series:
        """Every known value of a field with its id: a Series of ids, indexed by value (unknown id not included).

        Raises ValueError for no such field, or a hashed one.
        """
        span, words = self.spans[self._field(field)], self._vocabulary[self._field(field)]
        if span.stop - span.start - 1 > len(words):
            raise ValueError(f"field {field!r} is hashed, so its values are not kept; id_of tells the id of a value")
        return pd.Series(np.arange(span.start + 1, span.stop), index=pd.Index(words, name=field), name="id")

    def name_of(self, feature_id: int) -> str:
        """What an id stands for, e.g. "movie=296". Raises ValueError for an id that does not exist."""
        self._need_fit()
        if feature_id == 0:
            return "padding"
        for span, words in zip(self.spans, self._vocabulary):
            if span.start <= feature_id < span.stop:
                i = feature_id - span.start - 1
                return f"{span.name}={'unknown' if i < 0 else words[i] if words else f'bucket {i}'}"
        raise ValueError(f"id {feature_id} does not exist; ids run from 0 to {self.n_features - 1}")

    def to_dict(self) -> dict:
        """Everything the encoder learned, as plain Python values, so that it can be saved without pickling code."""
        self._need_fit()
        return {  # without what is not used: fingerprints of older files stay as they are
            "fields": [{k: v for k, v in asdict(f).items() if k != "hash_buckets" or v} for f in self.fields],
            "target": self.target,
            **({"weight": self.weight} if self.weight is not None else {}),
            "spans": [list(span) for span in self.spans],
            "vocabulary": self._vocabulary,
            "slots": self._slots,
            "scaling": [list(scale) for scale in self._scaling],
        }

    @classmethod
    def from_dict(cls, state: dict) -> Self:
        """The encoder that `to_dict` described. Raises ValueError if an entry is missing."""
        try:
            encoder = cls([Field(**field) for field in state["fields"]], state["target"], state.get("weight"))
            vocabulary, slots = [list(words) for words in state["vocabulary"]], list(state["slots"])
            spans, start = [Span(*span) for span in state["spans"]], 1
            for field, span, words in zip(encoder.fields, spans, vocabulary, strict=True):
                if span != (field.name, field.kind, start, start + 1 + (field.hash_buckets or len(words))):
                    raise ValueError(f"this is no saved Encoder: the ids of field {field.name!r} do not fit its values")
                start = span.stop
            return encoder._learned(spans, vocabulary, slots, [tuple(scale) for scale in state["scaling"]])
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not a saved Encoder: {error} is missing or malformed") from error

    def __repr__(self) -> str:
        if not self.spans:
            return f"Encoder({', '.join(field.name for field in self.fields)}): not fitted yet"
        parts = [f"{span.name} {span.stop - span.start - 1:,}" for span in self.spans]
        return f"Encoder: {self.n_features:,} features = padding + per field one unknown + ({', '.join(parts)})"

    def _field(self, name: str) -> int:
        self._need_fit()
        names = [span.name for span in self.spans]
        if name not in names:
            raise ValueError(f"there is no field {name!r}; the fields are {', '.join(names)}")
        return names.index(name)

    def _need_fit(self) -> None:
        if not self.spans:
            raise ValueError("this Encoder has not learned any ids yet; call encoder.fit(train) first")

    def _need_columns(self, frame: pd.DataFrame) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ValueError(f"an Encoder reads a pandas DataFrame, got {type(frame).__name__}")
        if isinstance(frame.columns, pd.MultiIndex):
            raise ValueError("the table's column names have several levels; give each column one name, a text")
        repeated = frame.columns[frame.columns.duplicated()]
        for name in [*(field.name for field in self.fields), self.target, self.weight]:
            if name in repeated:
                raise ValueError(f"the table has several columns called {name!r}, as after concat or merge; keep one")
            if name not in frame.columns and name not in (self.target, self.weight):
                have = ", ".join(map(repr, frame.columns))
                other = "; make the names text: frame.columns.map(str)" if name in map(str, frame.columns) else ""
                raise ValueError(f"the table has no column {name!r}; its columns are {have}{other}")


def hash_bucket(words: Iterable, buckets: int) -> np.ndarray:
    """The bucket, 0 to buckets - 1, of each value's text; the same in every process. 3, 3.0 and "3" have one text."""
    whole = (int(w) if isinstance(w, (float, np.floating)) and w.is_integer() else w for w in words)
    hashes = pd.util.hash_array(np.array([str(word) for word in whole], dtype=object), categorize=False)
    return (hashes % np.uint64(buckets)).astype(np.int64)


def _position(known: list, word) -> int:
    """Where a value stands in a sorted list, -1 if it does not."""
    try:
        i = bisect.bisect_left(known, word)
    except TypeError:  # a text among numbers
        return -1
    return i if i < len(known) and known[i] == word else -1


def check_same_vocabulary(one: str | None, other: str | None, whose: str, others: str) -> None:
    """Raises ValueError if two fingerprints are known and differ: the same id would mean different things."""
    if one is not None and other is not None and one != other:
        what = f"{whose} and {others} belong to different vocabularies ({one}, {other})"
        advice = "Use one encoder for all tables of a model, and train a new model after fitting it again."
        raise ValueError(f"{what}, so the same id means different things. {advice}")


def _type_of(word) -> str:
    return "text" if isinstance(word, str) else "numbers" if isinstance(word, Number) else f"{type(word).__name__}s"


def _at(column: pd.Series, mask: np.ndarray) -> str:
    """Column, row (its label in the index) and value of the first row of `mask`, for a message."""
    row = int(np.asarray(mask).argmax())
    value = column.iloc[row]
    shown = value.item() if isinstance(value, np.generic) else value
    return f"column {column.name!r}, row {column.index[row]}: {shown!r} "


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
    one, cells = pd.api.types.is_scalar, []
    try:
        codes, uniques = pd.factorize(column, use_na_sentinel=True)
    except TypeError:  # lists cannot be looked up
        codes, uniques = pd.factorize(column.map(lambda cell: cell if one(cell) else tuple(cell)), use_na_sentinel=True)
    for code, cell in enumerate(uniques):
        words = cell.split(field.sep) if isinstance(cell, str) else [cell] if one(cell) else list(cell)
        if isinstance(cell, str) and len(words) > 1 and any(word != word.strip() for word in words):
            what = f"{_at(column, codes == code)}has spaces round the separator {field.sep!r}"
            advice = f"replace the separator with its spaces by {field.sep!r} first, or name it in sep"
            raise ValueError(f"{what}, which would become part of the values; {advice}")
        cells.append(list(dict.fromkeys(word for word in words if word != "")))
    return codes, cells + [[]]  # a missing cell has code -1: the last entry, no values


def _slots_of(lengths: np.ndarray, marks: set, field: Field) -> int:
    """The slots of a multi field. ValueError for another separator, or one cell so long that the rest is padding."""
    if marks and field.sep not in marks:
        other = min(marks, key=",;|\t".index)
        use = f"use Field({field.name!r}, 'multi', sep={other!r}), or kind='categorical' if each text is one value"
        what = f"no text of column {field.name!r} has the separator {field.sep!r}, but some have {other!r}"
        raise ValueError(f"{what}: {use}")
    longest = int(lengths.max())
    cells, pairs = len(lengths) * longest, len(lengths) + lengths.sum()
    if field.max_values is None and cells > MANY_CELLS and cells > MOSTLY_PADDING * pairs:
        raise ValueError(
            f"column {field.name!r} has a cell of {longest:,} values, and {lengths.mean():.1f} on average. Every row "
            f"padded to {longest:,} takes {12 * cells / 2**30:,.1f} GB, nearly all of it padding: say how many values "
            f"of a cell to keep, such as Field({field.name!r}, 'multi', max_values=10)"
        )
    return field.max_values or longest or 1


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
            raise ValueError(f"{_at(column, bad)}is not a number") from None
    bad = np.isinf(numbers) if missing_ok else ~np.isfinite(numbers)
    if bad.any():
        raise ValueError(f"{_at(column, bad)}is not a finite number; drop or fill that row")
    return numbers


def _mean_and_std(numbers: np.ndarray, field: Field) -> tuple[float, float]:
    if not field.standardize:
        return 0.0, 1.0
    if np.isnan(numbers).all():
        raise ValueError(f"column {field.name!r} has no number at all, so it cannot be standardised")
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(np.nanmean(numbers)), float(np.nanstd(numbers))
    if not np.isfinite([mean, std]).all() or (std == 0 and np.nanmin(numbers) != np.nanmax(numbers)):
        row = int(np.nanargmax(np.abs(numbers)))
        what = f"column {field.name!r}, row {row}: {numbers[row]:g} is too large to standardise the column"
        raise ValueError(f"{what}; correct it, or take the logarithm")
    return mean, std if std > 0 else 1.0


def _tensor(name: str, data) -> Tensor:
    try:
        return data if isinstance(data, Tensor) else torch.as_tensor(np.require(data, requirements="W"))
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
        raise ValueError(f"{_first(~finite)}: value {float(values[~finite][0])} is not finite; use 0 for absent")
    return values


def _target_tensor(target, n: int, dtype: torch.dtype, name: str = "target") -> Tensor:
    target = _tensor(name, target)
    if tuple(target.shape) != (n,):
        raise ValueError(f"{name} has shape {tuple(target.shape)}, expected ({n},): one number per example")
    target = target.to(dtype)
    finite = torch.isfinite(target)
    if not finite.all():
        raise ValueError(f"{_first(~finite)}: the {name} is {float(target[~finite][0])}, not a finite number")
    return target


def _weight_tensor(weight, n: int) -> Tensor:
    weight = _target_tensor(weight, n, torch.float32, "weight")
    if (weight < 0).any():
        raise ValueError(f"{_first(weight < 0)}: the weight is {float(weight[weight < 0][0])}; weights are 0 or more")
    return weight


def _field_of_slot_tensor(field_of_slot, s: int) -> Tensor:
    if field_of_slot is None:
        return torch.arange(s)
    given = _tensor("field_of_slot", field_of_slot)
    if tuple(given.shape) != (s,) or given.dtype.is_floating_point:
        raise ValueError(f"field_of_slot needs one whole number per slot ({s}), got {given.tolist()}")
    if s and int(given.min()) < 0:
        raise ValueError(f"field_of_slot counts fields from 0, got {int(given.min())}")
    return given.long()
