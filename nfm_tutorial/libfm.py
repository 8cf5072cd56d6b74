"""libFM files: one example per line, a label and then any number of `id:value` pairs.

    1 0:1 957:1 5039:0.5   # a comment
    -1 3:1 960:1

Ids count from 0 in the files. In this package id 0 is padding, so the reader adds 1 to every id and the writer takes
it off again. A libFM file knows no fields: the i-th pair of a line goes to slot i, and every slot may hold every id.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .encoding import Examples, Span
from .splits import Splits, whole_number

PARTS = ("train", "validation", "test")
LARGEST_ID = 2**31 - 2  # a table of embeddings with more rows than that fits no memory
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

# What a byte is, for the fast parser.
_OTHER, _DIGIT, _COLON, _BLANK, _NEWLINE = range(5)
_KIND = np.full(256, _OTHER, dtype=np.uint8)
_KIND[list(b"0123456789")] = _DIGIT
_KIND[list(b":")] = _COLON
_KIND[list(b" \t\r\v\f")] = _BLANK
_KIND[list(b"\n")] = _NEWLINE


def read_libfm(path: str | os.PathLike, n_slots: int | None = None, n_features: int | None = None) -> Examples:
    """Read one libFM file: as many slots as the longest line has pairs; shorter lines are padded (id 0, value 0).

    n_slots: S. n_features: n, one more than the largest id after the shift. Both default to what the file needs. Files
    that belong together must agree on them; `read_libfm_folder` sees to that.
    Comments (# to the end of the line) and blank lines are skipped.

    Raises FileNotFoundError if there is no such file; ValueError naming file, line and token for whatever is not
    a label or an id:value pair of finite numbers, for a line with more than `n_slots` pairs, for an id that does not
    fit `n_features`, and for a file without examples.
    """
    return _examples([_Rows(path)], n_slots, n_features)[0]


def read_libfm_folder(folder: str | os.PathLike) -> Splits:
    """Read train.libfm, validation.libfm and test.libfm, or the same names after a prefix ("frappe.train.libfm").

    All three parts get the same number of slots and of features, also for ids that only one of them has.
    Raises FileNotFoundError naming the missing file, and what `read_libfm` raises.
    """
    return Splits(*_examples([_Rows(path) for path in libfm_paths(folder)]))


def libfm_paths(folder: str | os.PathLike) -> Splits:
    """The paths of a folder's three libFM files, with one prefix or none. FileNotFoundError if one is missing."""
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; it should hold train.libfm, validation.libfm, test.libfm")
    trains = sorted(folder.glob("*train.libfm"))
    if not trains:
        raise FileNotFoundError(f"{folder} has no file train.libfm or <name>.train.libfm; {_contents(folder)}")
    if len(trains) > 1:
        names = ", ".join(path.name for path in trains)
        raise ValueError(f"{folder} has several training files ({names}); keep one data set per folder")
    prefix = trains[0].name.removesuffix("train.libfm")
    paths = [folder / f"{prefix}{part}.libfm" for part in PARTS]
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing beside {trains[0].name}; {_contents(folder)}")
    return Splits(*paths)


def write_libfm(path: str | os.PathLike, examples: Examples) -> None:
    """Write examples as a libFM file, id - 1 and value of every slot but padding, enough digits to read them back.

    Which slot a pair came from is not kept: padding between two pairs is left out. The file appears whole or not
    at all. Raises ValueError for examples without labels, FileNotFoundError if the folder does not exist, another
    OSError if the file can't be written.
    """
    if examples.target is None:
        raise ValueError("these examples have no labels, and every line of a libFM file starts with one")
    used = (examples.ids != 0).cpu().numpy()
    ids = (examples.ids.cpu().numpy()[used] - 1).tolist()
    values = _as_text(examples.values.cpu().numpy()[used])
    pairs = [f" {i}:{x}" for i, x in zip(ids, values, strict=True)]
    ends = np.cumsum(used.sum(axis=1)).tolist()  # of each line's pairs
    labels = _as_text(examples.target.cpu().numpy())
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist; make it first")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "w", encoding="ascii", newline="\n") as file:
            start = 0
            for label, end in zip(labels, ends, strict=True):
                file.write(label + "".join(pairs[start:end]) + "\n")
                start = end
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


class _Rows:
    """The parsed lines of a file: labels (N,), pairs per line (N,), and all ids (from 0) and values in one row."""

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path} is not a file; give the path of a libFM file")
        self.text = self.path.read_bytes().removeprefix(b"\xef\xbb\xbf")  # some editors put this mark in front
        parsed = _parse_fast(self.text)
        if parsed is None:
            parsed = _parse_carefully(self.text, self.path)
        self.labels, self.counts, self.ids, self.values = parsed
        if not len(self.labels):
            raise ValueError(f"{self.path} has no examples: no line with a label")

    def line(self, row: int) -> int:
        """The line number of a row, for messages."""
        lines = (number for number, line in enumerate(self.text.split(b"\n"), start=1) if line.split(b"#")[0].split())
        return next(number for i, number in enumerate(lines) if i == row)


def _examples(files: Sequence[_Rows], n_slots: int | None = None, n_features: int | None = None) -> list[Examples]:
    """Examples of several files with one number of slots and one of features."""
    longest = max(1, *(int(rows.counts.max()) for rows in files))
    largest = max(0, *(int(rows.ids.max(initial=-1)) + 1 for rows in files))
    n_slots = longest if n_slots is None else whole_number("n_slots", n_slots, 1)
    n_features = largest + 1 if n_features is None else whole_number("n_features", n_features, 1)
    spans = [Span(f"slot {s + 1}", "categorical", 1, n_features) for s in range(n_slots)]
    return [_padded(rows, n_slots, n_features, spans) for rows in files]


def _padded(rows: _Rows, n_slots: int, n_features: int, spans: Sequence[Span]) -> Examples:
    if rows.counts.max() > n_slots:
        row = int((rows.counts > n_slots).argmax())
        raise ValueError(f"{rows.path}, line {rows.line(row)}: {rows.counts[row]} pairs, but n_slots={n_slots}")
    row_of_pair = np.repeat(np.arange(len(rows.counts)), rows.counts)
    if rows.ids.max(initial=-1) + 2 > n_features:
        pair = int((rows.ids + 2 > n_features).argmax())
        raise ValueError(
            f"{rows.path}, line {rows.line(int(row_of_pair[pair]))}: id {rows.ids[pair]} is too large for "
            f"n_features={n_features}; with the padding id, ids up to {n_features - 2} fit"
        )
    slot = np.arange(len(rows.ids)) - np.repeat(np.cumsum(rows.counts) - rows.counts, rows.counts)
    ids = np.zeros((len(rows.counts), n_slots), dtype=np.int64)
    values = np.zeros(ids.shape, dtype=np.float32)
    ids[row_of_pair, slot], values[row_of_pair, slot] = rows.ids + 1, rows.values
    return Examples(ids, values, rows.labels, np.arange(n_slots), spans)


def _parse_fast(text: bytes):
    """(labels, pairs per line, ids, values) by whole-array operations; None if anything at all looks unusual.

    Unusual files go to `_parse_carefully`, which decides what is wrong and says where.
    """
    if b"#" in text:
        text = re.sub(rb"#[^\n]*", b"", text)
    kind = _KIND[np.frombuffer(text, dtype=np.uint8)]
    blank = np.concatenate([[True], kind >= _BLANK])
    start = np.flatnonzero(blank[:-1] & ~blank[1:])  # of each token
    line = np.searchsorted(np.flatnonzero(kind == _NEWLINE), start)
    is_label = np.diff(line, prepend=-1) != 0
    pairs = np.flatnonzero(~is_label)
    colon = np.flatnonzero(kind == _COLON)
    if len(colon) != len(pairs):
        return None
    # From each pair's start to its colon there are only digits, so no blank: the colon is in that very pair.
    digits = np.zeros(len(kind) + 1, dtype=np.int32)
    np.cumsum(kind == _DIGIT, out=digits[1:])
    if not (digits[colon] - digits[start[pairs]] == colon - start[pairs]).all():
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:  # a word that is not a number makes numpy raise ValueError; before numpy 2.3, warn and stop there
            numbers = np.fromstring(text.replace(b":", b" "), dtype=np.float64, sep=" ")
        except ValueError:
            return None
    if len(numbers) != len(start) + len(pairs):  # also when nothing stands before or after a colon
        return None
    position = np.arange(len(start)) + np.cumsum(~is_label) - ~is_label  # of each token's first number
    labels, ids, values = numbers[position[is_label]], numbers[position[pairs]], numbers[position[pairs] + 1]
    if not all(np.isfinite(x).all() for x in _as_float32(labels, values)) or ids.max(initial=0) > LARGEST_ID:
        return None
    counts = np.diff(np.flatnonzero(is_label), append=len(start)) - 1
    return labels, counts, ids.astype(np.int64), values


def _parse_carefully(text: bytes, path: Path):
    """The same as `_parse_fast`, token by token. ValueError naming file, line and token of the first mistake."""
    labels, counts, ids, values = [], [], [], []
    for number, line in enumerate(text.split(b"\n"), start=1):
        tokens = line.split(b"#")[0].split()
        if not tokens:
            continue
        where = f"{path}, line {number}"
        labels.append(_number(tokens[0], f"{where}: the label {_show(tokens[0])}"))
        counts.append(len(tokens) - 1)
        for token in tokens[1:]:
            word, colon, value = token.partition(b":")
            if not colon:
                raise ValueError(f"{where}: {_show(token)} is not a pair id:value")
            if not word.isdigit():
                raise ValueError(f"{where}: the id of {_show(token)} is not a whole number, 0 or more")
            if len(word.lstrip(b"0")) > len(str(LARGEST_ID)) or int(word) > LARGEST_ID:
                raise ValueError(f"{where}: the id of {_show(token)} is too large; ids go up to {LARGEST_ID}")
            ids.append(int(word))
            values.append(_number(value, f"{where}: the value of {_show(token)}"))
    return np.array(labels), np.array(counts, dtype=np.int64), np.array(ids, dtype=np.int64), np.array(values)


def _number(word: bytes, what: str) -> float:
    if not NUMBER.fullmatch(word):
        raise ValueError(f"{what} is not a finite number")
    number = float(word)
    if not np.isfinite(_as_float32(number)[0]):
        raise ValueError(f"{what} is too large for a 32-bit number")
    return number


def _as_float32(*numbers):
    with np.errstate(over="ignore"):
        return [np.asarray(x, dtype=np.float64).astype(np.float32) for x in numbers]


def _show(token: bytes) -> str:
    text = token.decode("utf-8", errors="backslashreplace")
    return repr(text if len(text) <= 40 else text[:40] + "...")


def _as_text(numbers: np.ndarray) -> list[str]:
    """The shortest texts from which the same numbers of this type are read back, "1" rather than "1.0"."""
    different, which = np.unique(numbers, return_inverse=True)
    texts = [str(x).removesuffix(".0") for x in different]
    return [texts[i] for i in which]


def _contents(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return "the folder is empty"
    return f"the folder has {', '.join(names[:8])}{', ...' if len(names) > 8 else ''}"
