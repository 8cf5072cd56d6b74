"""libFM files: one example per line, a label and then any number of `id:value` pairs.

    1 0:1 957:1 5039:0.5   # a comment
    -1 3:1 960:1

Ids count from 0 in the files. In this package id 0 is padding, so the reader adds 1 to every id and the writer takes
it off again. A libFM file knows no fields: the i-th pair of a line goes to slot i, and every slot may hold every id.
An id stands once in a line: twice, it would be two features that cross each other, and not one x_i.
"""

import gzip
import os
import re
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from ..checks import table_shape, whole_number
from ..encoding import MANY_CELLS, MOSTLY_PADDING, Examples, Span, hash_bucket
from ..files import replacing
from .splits import Splits

LIBFM_PARTS = ("train", "validation", "test")
LARGEST_ID = 2**31 - 2  # a table of embeddings with more rows than that fits no memory
_NUMBER = rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
NUMBER = re.compile(_NUMBER)
# All lines of an ordinary file. *+ does not go back, so that the memory does not grow with the file.
ORDINARY = re.compile(rb"(?:[ \t\r\v\f]*+(?:%b(?:[ \t\r\v\f]++\d++:%b)*+[ \t\r\v\f]*+)?\n)*+" % (_NUMBER, _NUMBER))


def read_libfm(
    path: str | os.PathLike, n_slots: int | None = None, n_features: int | None = None, hash_buckets: int | None = None
) -> Examples:
    """Read one libFM file: as many slots as the longest line has pairs; shorter lines are padded (id 0, value 0).

    n_slots: S. n_features: n, one more than the largest id after the shift. Both default to what the file needs. Files
    that belong together must agree on them; `read_libfm_folder` sees to that.
    hash_buckets: every id becomes its hash, 1 to hash_buckets, whatever its size in the file, and n is one more. Ids
    in one bucket are one feature, as for `Field(hash_buckets=...)`; two of one line cross each other there.
    Comments (# to the end of the line) and blank lines are skipped; a file packed with gzip is unpacked.

    Raises FileNotFoundError if there is no such file; ValueError naming file, line and token for whatever is not
    a label or an id:value pair of finite numbers, for an id twice in a line, for a line with more than `n_slots` pairs
    or with so many more than the others that padding would fill the memory, for an id that does not fit `n_features`
    or, as the largest, this machine's memory; ValueError naming the file for one without examples, in UTF-16, or
    packed and damaged.
    """
    rows = _Rows(path)
    if hash_buckets is not None:
        n_features = whole_number("hash_buckets", hash_buckets, 1) + 1
        different, which = np.unique(rows.ids, return_inverse=True)
        rows.ids = hash_bucket(different, hash_buckets)[which]
    return _examples([rows], n_slots, n_features)[0]


def read_libfm_folder(folder: str | os.PathLike) -> Splits:
    """Read train.libfm, validation.libfm and test.libfm, or the same names after a prefix ("frappe.train.libfm").

    Each may be packed with gzip (train.libfm.gz). All three parts get the same number of slots and of features, also
    for ids that only one of them has.
    Raises FileNotFoundError naming the missing file, and what `read_libfm` raises.
    """
    return Splits(*_examples([_Rows(path) for path in libfm_paths(folder)]))


def libfm_paths(folder: str | os.PathLike) -> Splits:
    """The paths of a folder's three libFM files, with one prefix or none; of two, the one that is not a .gz file.

    Raises FileNotFoundError if one is missing, ValueError for several training files or what is no path.
    """
    folder, found = _path(folder), []
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder; it should hold train.libfm, validation.libfm, test.libfm")
    endings = ("train.libfm", "train.libfm.gz")
    trains = sorted({path.name.removesuffix(".gz") for path in folder.iterdir() if path.name.endswith(endings)})
    if not trains:
        raise FileNotFoundError(f"{folder} has no file train.libfm or <name>.train.libfm; {_contents(folder)}")
    if len(trains) > 1:
        raise ValueError(f"{folder} has several training files ({', '.join(trains)}); keep one data set per folder")
    for plain in (folder / f"{trains[0].removesuffix('train.libfm')}{part}.libfm" for part in LIBFM_PARTS):
        found.append(plain if plain.is_file() else plain.with_name(f"{plain.name}.gz"))
        if not found[-1].is_file():
            raise FileNotFoundError(f"{plain} is missing beside {trains[0]}; {_contents(folder)}")
    return Splits(*found)


def write_libfm(path: str | os.PathLike, examples: Examples) -> None:
    """Write examples as a libFM file, id - 1 and value of every slot but padding, enough digits to read them back.

    Which slot a pair came from is not kept: padding between two pairs is left out. The file appears whole or not
    at all. Raises ValueError for examples without labels, an id twice in a row, or arguments that are no path and
    no Examples, FileNotFoundError if the folder does not exist, another OSError if the file can't be written.
    """
    if not isinstance(examples, Examples):
        given = f"{type(path).__name__}, {type(examples).__name__}"
        raise ValueError(f"write_libfm(path, examples) takes a path and then Examples, got ({given})")
    if examples.target is None:
        raise ValueError("these examples have no labels, and every line of a libFM file starts with one")
    used = (examples.ids != 0).cpu().numpy()
    counts, ids = used.sum(axis=1), examples.ids.cpu().numpy()[used] - 1
    if twice := _first_twice(counts, ids):
        raise ValueError(f"row {twice[0]}: id {twice[1] + 1} stands in two slots. {_ONCE}")
    # NumPy's numbers print the shortest text from which the same number of their type is read back: 1.0, less the ".0".
    pairs = (f" {i}:{x!s}".removesuffix(".0") for i, x in zip(ids.tolist(), examples.values.cpu().numpy()[used]))
    with replacing(path) as part, open(part, "w", encoding="ascii", newline="\n") as file:
        for label, count in zip(examples.target.cpu().numpy(), counts.tolist()):
            file.write(f"{str(label).removesuffix('.0')}{''.join(islice(pairs, count))}\n")


class _Rows:
    """The parsed lines of a file: labels (N,), pairs per line (N,), and all ids (from 0) and values in one row."""

    def __init__(self, path: str | os.PathLike):
        self.path = _path(path)
        if not self.path.is_file():
            raise FileNotFoundError(f"{self.path} is not a file; give the path of a libFM file")
        self.text = _text(self.path)
        parsed = _parse_fast(self.text) or _parse_carefully(self.text, self.path)
        self.labels, self.counts, self.ids, self.values = parsed
        if not len(self.labels):
            raise ValueError(f"{self.path} has no examples: no line with a label")
        if twice := _first_twice(self.counts, self.ids):
            raise ValueError(f"{self.where(twice[0])}: id {twice[1]} stands there twice. {_ONCE}")

    def where(self, row: int) -> str:
        """The file and the line number of a row, for messages."""
        lines = (number for number, line in enumerate(self.text.split(b"\n"), start=1) if line.split(b"#")[0].split())
        return f"{self.path}, line {next(number for i, number in enumerate(lines) if i == row)}"


def _examples(files: Sequence[_Rows], n_slots: int | None = None, n_features: int | None = None) -> list[Examples]:
    """Examples of several files with one number of slots and one of features, if they fit the memory."""
    widest = max(files, key=lambda rows: rows.counts.max())
    highest = max(files, key=lambda rows: rows.ids.max(initial=-1))
    longest, largest = int(widest.counts.max()), int(highest.ids.max(initial=-1))
    n_slots = max(1, longest) if n_slots is None else whole_number("n_slots", n_slots, 1)
    lines, pairs = sum(len(rows.counts) for rows in files), sum(len(rows.ids) for rows in files)
    cells = lines * n_slots
    if cells > MANY_CELLS and cells > MOSTLY_PADDING * (lines + pairs):
        raise ValueError(
            f"{widest.where(int(widest.counts.argmax()))}: {longest:,} pairs, while a line has {pairs / lines:.1f} on "
            f"average. Every line padded to n_slots={n_slots:,} takes {12 * cells / 2**30:,.1f} GB, nearly all of it "
            "padding; " + ("lower n_slots" if n_slots > longest else "drop that line, or split it into several lines")
        )
    n_features, limit = largest + 2 if n_features is None else whole_number("n_features", n_features, 1), ""
    if largest + 2 > n_features:
        limit = f"n_features={n_features}; with the padding id, ids up to {n_features - 2} fit"
    try:
        table_shape(largest + 2, 1)
    except ValueError:
        limit = "this machine's memory: even a linear model has a weight for every id up to the largest; renumber the "
        limit += "ids of all files without gaps, or hash them into fewer: read_libfm(..., hash_buckets=1_000_000)"
    if limit:
        row = int((np.cumsum(highest.counts) > highest.ids.argmax()).argmax())
        raise ValueError(f"{highest.where(row)}: id {largest} is too large for {limit}")
    spans = [Span(f"slot {s + 1}", "categorical", 1, n_features) for s in range(n_slots)]
    return [_padded(rows, n_slots, n_features, spans) for rows in files]


def _padded(rows: _Rows, n_slots: int, n_features: int, spans: Sequence[Span]) -> Examples:
    if rows.counts.max() > n_slots:
        row = int((rows.counts > n_slots).argmax())
        raise ValueError(f"{rows.where(row)}: {rows.counts[row]} pairs, but n_slots={n_slots}")
    row_of_pair = np.repeat(np.arange(len(rows.counts)), rows.counts)
    slot = np.arange(len(rows.ids)) - np.repeat(np.cumsum(rows.counts) - rows.counts, rows.counts)
    ids = np.zeros((len(rows.counts), n_slots), dtype=np.int64)
    values = np.zeros(ids.shape, dtype=np.float32)
    ids[row_of_pair, slot], values[row_of_pair, slot] = rows.ids + 1, rows.values
    return Examples(ids, values, rows.labels, np.arange(n_slots), spans)


def _path(path) -> Path:
    if not isinstance(path, (str, os.PathLike)):
        raise ValueError(f"give the path of a libFM file, or of a folder of them, got {type(path).__name__}")
    return Path(path)


def _text(path: Path) -> bytes:
    """A file's bytes, unpacked, without the mark that some editors put in front."""
    text = path.read_bytes()
    if path.suffix == ".gz" or text.startswith(b"\x1f\x8b"):
        try:
            text = gzip.decompress(text)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"{path} is no gzip file, or damaged ({error}); copy or download it again") from None
    start = text[:1000]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start.count(0) > len(start) // 4:  # ASCII has no zero bytes
        raise ValueError(f"{path} is in UTF-16, or no text at all; save it as UTF-8 (or ASCII) in your editor")
    return text.removeprefix(b"\xef\xbb\xbf")


_ONCE = "Add the two values up, or keep one: two slots of one id would cross each other"


def _first_twice(counts: np.ndarray, ids: np.ndarray) -> tuple[int, int] | None:
    """(row, id) of the first row with an id twice; counts (N,) says how many of `ids` belong to each row."""
    key = np.repeat(np.arange(len(counts), dtype=np.int64) * (LARGEST_ID + 2), counts) + ids
    key.sort()
    twice = np.flatnonzero(key[1:] == key[:-1])
    return tuple(int(x) for x in divmod(key[twice[0]], LARGEST_ID + 2)) if len(twice) else None


def _parse_fast(text: bytes):
    """(labels, pairs per line, ids, values) by whole-array operations; None if anything at all looks unusual.

    Unusual files go to `_parse_carefully`, which decides what is wrong and says where.
    """
    text = re.sub(rb"#[^\n]*", b"", text) if b"#" in text else text
    if not text.strip() or not ORDINARY.fullmatch(text if text.endswith(b"\n") else text + b"\n"):
        return None
    counts = np.array([line.count(b":") for line in text.split(b"\n") if line.strip()], dtype=np.int64)
    numbers = np.fromstring(text.replace(b":", b" "), dtype=np.float64, sep=" ")
    is_label = np.zeros(len(numbers), dtype=bool)
    is_label[np.cumsum(1 + 2 * counts) - 1 - 2 * counts] = True
    labels, (ids, values) = numbers[is_label], numbers[~is_label].reshape(-1, 2).T
    if not all(np.isfinite(x).all() for x in _as_float32(labels, values)) or ids.max(initial=0) > LARGEST_ID:
        return None
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


def _contents(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return f"the folder has {', '.join(names[:8])}{', ...' * (len(names) > 8)}" if names else "the folder is empty"
