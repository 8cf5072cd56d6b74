"""A table of your own, from a CSV, Parquet (with pyarrow) or libFM file to predictions. This module knows no notebook.

A CSV is read in parts of `ROWS` rows, three times: for the labels, for the vocabulary of the training rows, and to
fill arrays of the final size. So memory holds one part, the Examples, and 16 bytes a row for labels and places. A row
of Examples costs 12 bytes a slot (an id of 8, PyTorch's usual index, and a value of 4) and 4 for the label. Categories
and tags are read as text ("007" stays), so all parts and later files mean the same by them. What pandas takes for
missing (an empty cell, NA, null, ...) is missing. Lines in messages are right if no cell holds a line break.
"""

import contextlib
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from .checks import one_of, seed_number, shares_of_parts, table_shape
from .data import Splits, load_movies, movielens, read_libfm
from .encoding import KINDS, Encoder, Examples, Field
from .files import replacing, writable
from .metrics import evaluate
from .models import MODELS
from .storage import load, save
from .training import TrainConfig, fit, predict

ROWS = 200_000
YES = ("true", "yes", "y", "t", "1", "1.0", "是")
DATE = r"\d{4}[-/.]\d\d?[-/.]\d\d?([ T][\d:.]+Z?)?"


class Table:
    """A CSV or Parquet file: the names of its columns, and its rows, a part at a time.

    A CSV's separator is the one of , ; tab | that gives most columns. Raises FileNotFoundError, or ValueError for
    what can't be read.
    """

    def __init__(self, path, encoding: str = "utf-8-sig"):
        self.path, self.parquet = Path(path), Path(path).suffix.lower() in (".parquet", ".pq")
        self.format = {"encoding": encoding, "index_col": False, "skip_blank_lines": False}
        self.format |= {"skipinitialspace": True, "low_memory": False}  # one type per column and part
        if not self.path.is_file():
            raise FileNotFoundError(f"there is no file {path}")
        with self.named():
            if self.parquet:
                self.columns = list(pd.read_parquet(path).columns)
                return
            with warnings.catch_warnings():  # of the separators that are not this file's
                warnings.simplefilter("ignore", pd.errors.ParserWarning)
                heads = {sep: pd.read_csv(path, sep=sep, nrows=0, **self.format) for sep in ",;\t|"}
            self.format["sep"] = max(heads, key=lambda sep: heads[sep].shape[1])
            self.columns = list(heads[self.format["sep"]])

    def parts(self, columns: Sequence[Field | str], rows: int = ROWS) -> Iterator[pd.DataFrame]:
        """DataFrames of these columns; those of a categorical or multi Field are text, others what pandas finds."""
        text = [field.name for field in columns if isinstance(field, Field) and field.kind != "numeric"]
        names = list(dict.fromkeys(field.name if isinstance(field, Field) else field for field in columns))
        if missing := [name for name in names if name not in self.columns]:
            raise ValueError(f"no column {missing[0]!r}; the columns are {', '.join(map(repr, self.columns))}")
        if self.parquet:
            whole = pd.read_parquet(self.path, columns=names, dtype_backend="numpy_nullable")
            flat = [name for name in text if not whole[name].map(pd.api.types.is_list_like).any()]
            whole = whole.astype(dict.fromkeys(flat, "string"))
            parts = (whole[start : start + rows] for start in range(0, len(whole), rows))
        else:
            # All columns: with usecols, pandas would not see that a row has too many cells.
            parts = pd.read_csv(self.path, dtype=dict.fromkeys(text, str), chunksize=rows, **self.format)
        with tqdm(unit=" rows", unit_scale=True, desc=f"reading {self.path.name}", leave=False) as bar:
            for part in parts:
                yield part[names]
                bar.update(len(part))

    @contextlib.contextmanager
    def named(self):
        """Errors inside name the file, a CSV's line in place of a row, and what to do."""
        try:
            yield
        except (ImportError, ValueError) as error:
            hints = {UnicodeError: "; save it as UTF-8, or name its --encoding: gb18030 (Chinese), cp1252, utf-16, ..."}
            hints[pd.errors.ParserError] = "; put cells that hold the separator in quotes"
            hint = next((text for kind, text in hints.items() if isinstance(error, kind)), "")
            text = re.sub(r"\brow (\d+)", lambda row: f"line {int(row[1]) + 2}", str(error))
            raise ValueError(f"{self.path}: {error if self.parquet else text}{hint}") from None


def guess_fields(frame: pd.DataFrame) -> tuple[list[Field], dict[str, str]]:
    """(fields, {column: why it is none}), guessed from a table's first rows."""
    fields, reasons = [], {}
    for name, values in ((name, frame[name].dropna()) for name in frame):
        number, text = pd.api.types.is_numeric_dtype(values), values.astype(str)
        if values.nunique() < 2:
            reasons[name] = "one value only"
        elif number and not (values % 1 == 0).all():
            fields.append(Field(name, "numeric"))
        elif text.str.fullmatch(DATE).all():
            reasons[name] = f"dates; --time {name} splits by them"
        elif values.nunique() == len(values):
            reasons[name] = "another value in every row"
        else:
            fields.append(Field(name, "multi" if text.str.contains("|", regex=False).mean() > 0.05 else "categorical"))
    return fields, reasons


def read_examples(table: Table, encoder: Encoder, shares=(0.8, 0.1, 0.1), time=None, seed=0, task=None, positive=None):
    """(Splits of Examples, task): `encoder` learns the training rows, then encodes all.

    time: column of numbers or dates: earliest rows for training, latest for test, those of one time in the later part.
    task: None: "binary" for labels 0 and 1, -1 and 1, or two texts of which one means yes. positive: the label to take
    as 1. Raises ValueError naming file and line for other labels, a time or label that is missing, too few rows.
    """
    columns, whole = [*encoder.fields, *filter(None, [encoder.weight])], None
    with table.named():
        rows = pd.concat(table.parts([encoder.target, *filter(None, [time])]))
        target, task = _labels(rows[encoder.target], task, positive)
        seconds = None if time is None else _seconds(rows[time])
        ends = _ends(len(rows), shares, seconds)
        place = np.random.default_rng(seed_number(seed)).permutation(len(rows))  # of each row of the file
        if time is not None:
            place[seconds.argsort(kind="stable")] = np.arange(len(rows))
        del rows, seconds
        encoder.fit(part[place[part.index] < ends[0]] for part in table.parts(columns))
        for part in table.parts(columns):
            chunk, to = encoder.transform(part.assign(**{encoder.target: target[part.index]})), place[part.index]
            whole = whole or chunk.each(lambda tensor: tensor.new_empty((len(place), *tensor.shape[1:])))
            for name in ("ids", "values", "target", *filter(None, [encoder.weight and "weight"])):
                getattr(whole, name)[to] = getattr(chunk, name)
    return Splits(*(whole[slice(*span)] for span in zip([0, *ends], [*ends, None]))), task


def _ends(n: int, shares, times=None) -> list[int]:  # of training and validation part
    ends = np.rint(np.cumsum(shares_of_parts(shares)) * n).astype(int).clip(max=n - 1)[:2]
    ends = (ends if times is None or n == 0 else np.searchsorted(np.sort(times), np.sort(times)[ends])).tolist()
    if not 0 < ends[0] < ends[1]:
        why = "" if times is None else "; rows of one time stay together"
        raise ValueError(f"{n} rows are too few for a training, a validation and a test part{why}")
    return ends


def _seconds(column: pd.Series) -> np.ndarray:
    seconds = column
    if not pd.api.types.is_numeric_dtype(column):
        times = pd.to_datetime(column, utc=True, errors="coerce")
        seconds = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    if seconds.isna().any():
        row, usual = seconds.isna().idxmax(), column[0]
        raise ValueError(f"column {column.name!r}, row {row}: {column[row]!r} is no time like {usual!r}; correct it")
    return seconds.to_numpy(dtype=np.float64)


def _labels(column: pd.Series, task: str | None, positive: str | None) -> tuple[np.ndarray, str]:  # and the task
    values, number = column.dropna().unique(), pd.api.types.is_numeric_dtype(column)
    yes = [str(value) for value in values if str(value).lower() in YES]
    if positive is None and task != "regression" and len(values) == 2 and len(yes) == 1:
        positive = yes[0] if not number or set(values) <= {-1, 0, 1} else None
    if positive is not None:
        return np.where(column.isna(), np.nan, column.astype(str) == positive), task or "binary"
    if not number:
        some = ", ".join(sorted(map(repr, values.tolist()))[:4])
        raise ValueError(f"labels in {column.name!r} such as {some} are no numbers; --positive says which counts as 1")
    return column.to_numpy(dtype=np.float64, na_value=np.nan), task or "regression"


def train_file(
    data, target=None, categorical="", multi="", numeric="", weight=None, time=None, model="FM", k: int = 16,
    out=None, log=None, task=None, positive=None, split="0.8,0.1,0.1", encoding="utf-8-sig", sep="|",
    max_values: int | None = None, hash: int | None = None, show=print, **training,
) -> None:  # fmt: skip
    """Train a model on a file, and report on rows held out.

    data: CSV, Parquet (.parquet) or libFM (.libfm) file. target: the label's column.
    categorical, multi, numeric: columns, with commas. If none is given, all are guessed and the guess is shown.
    sep: between the values of a multi cell. max_values: how many of them are kept (all).
    hash: instead of a vocabulary, so many buckets for each column, or for a libFM file's ids.
    time: column to split by, latest rows for test, those of one time together (at random). split: the parts' shares.
    weight: column that says how much a row counts. positive: the label that counts as 1. task: binary or regression.
    model: LR, FM, NFM or DeepFM; none given: FM. k: embedding size. out: file for it. log: all metrics, JSON lines.
    encoding: of the CSV. The other options are those of nfm_tutorial.training.TrainConfig.
    Raises ValueError or OSError with what to do.
    """
    model = one_of("model", {name.lower(): name for name in MODELS}.get(model.lower(), model), MODELS)
    config, shares, encoder = TrainConfig(**training), split.split(","), None
    for path in filter(None, (out, log)):
        writable(path)
    fields = [Field(name.strip()) for name in categorical.split(",") if name.strip()]
    fields += [Field(name.strip(), "multi", max_values, sep) for name in multi.split(",") if name.strip()]
    fields += [Field(name.strip(), "numeric") for name in numeric.split(",") if name.strip()]
    if _is_libfm(data):
        whole = read_libfm(data, hash_buckets=hash)
        labels, task = _labels(pd.Series(whole.target, name="first of each line"), task, positive)
        whole.target, whole.fingerprint = whole.target.new_tensor(labels), f"libFM, {hash or 0} buckets"
        whole, ends = whole[np.random.default_rng(config.seed).permutation(len(whole))], _ends(len(whole), shares)
        splits = Splits(*(whole[slice(*span)] for span in zip([0, *ends], [*ends, None])))
    else:
        table = Table(data, encoding)
        if target not in table.columns:
            raise ValueError(f"{data}: --target names the column of the labels, one of {', '.join(table.columns)}")
        if not fields:
            names = [name for name in table.columns if name not in (target, time, weight)]
            fields, reasons = guess_fields(next(table.parts(names, rows=10_000)))
            kinds = {kind: ",".join(field.name for field in fields if field.kind == kind) for kind in KINDS}
            show("guessed: " + " ".join(f"--{kind} {names}" for kind, names in kinds.items() if names))
            show("\n".join(f"  left out {name}: {why}" for name, why in reasons.items()) + "  (name them to change it)")
        encoder = Encoder([f if f.kind == "numeric" else replace(f, hash_buckets=hash) for f in fields], target, weight)
        splits, task = read_examples(table, encoder, shares, time, config.seed, task, positive)
    for name, part in splits._asdict().items():
        show(f"{name:6}" + ";".join(repr(part).splitlines()[:2]).removeprefix("Examples:"))
        if len(part.target.unique()) < 2:
            raise ValueError(f"{data}: all labels of the {name} part are the same; use more rows, or another split")
    for f, (name, _, unknown, _) in enumerate(splits.test.spans if encoder else ()):
        rows = (splits.test.ids[:, splits.test.field_of_slot == f] == unknown).any(dim=1)
        show(f"  {name}: {rows.double().mean():.1%} of the test rows have an unknown or missing value")
    sizes = {"LR": {}, "DeepFM": {"k": k, "field_of_slot": splits.train.field_of_slot}}.get(model, {"k": k})
    network = MODELS[model](table_shape(splits.train.n_features, k)[0], seed=config.seed, **sizes)
    history = fit(network, splits.train, splits.valid, replace(config, task=task))
    if out is not None:
        save(out, network, encoder)
    show(repr(history))
    rows = _report(network, splits.train, splits.test, show)
    if log is not None:
        with replacing(log) as part:
            lines = [frame.to_json(orient="records", lines=True) for frame in (history.frame, rows)]
            part.write_text("".join(lines), encoding="utf-8")
    show(f"the model is in {out}" if out else "the model was not kept: --out FILE keeps it")


def _report(network, train: Examples, test: Examples, show) -> pd.DataFrame:
    """Show metrics and calibration on the test part. Returns the metrics as rows of a history."""
    binary, target = network.task == "binary", test.target.numpy()
    weight = () if test.weight is None else (test.weight.numpy(),)
    mean, rows = np.average(train.target, weights=train.weight), []
    constant = np.full(len(test), np.log(mean / (1 - mean)) if binary else mean)
    for who, score in (("constant", constant), (type(network).__name__, predict(network, test))):
        metrics = evaluate(target, score, network.task, *weight)
        show(f"test  {who:8} " + "  ".join(f"{name} {value:.4f}" for name, value in metrics.items()))
        rows += [("test", who, name, value) for name, value in metrics.items()]
    frame = pd.DataFrame({"predicted": predict(network, test, "probability" if binary else "score"), "label": target})
    groups = frame.groupby(pd.qcut(frame["predicted"].rank(method="first"), min(5, len(frame)), labels=False)).mean()
    show("calibration, means of test rows in groups by prediction:\n" + groups.to_string(index=False))
    return pd.DataFrame(rows, columns=["split", "model", "metric", "value"])


def predict_file(model, data, out, encoding="utf-8-sig", show=print) -> None:
    """Write a CSV with one prediction per row of `data`, in its order, whole or not at all: the command `predict`.

    Binary: the probability of a 1; regression: the number. Raises ValueError or OSError with what to do.
    """
    network, encoder = load(model)
    if (encoder is None) != _is_libfm(data):
        raise ValueError(f"{model} was trained on {'a libFM file' if encoder is None else 'a table'}, {data} is none")
    kind, rows = "probability" if network.task == "binary" else "score", 0
    if encoder is None:
        buckets = int(re.findall(r"\d+", network.fingerprint)[0]) or None
        n_slots = len(network.config.get("field_of_slot", ())) or None
        parts, named = [read_libfm(data, n_slots, len(network.linear.w), buckets)], contextlib.nullcontext()
    else:
        table = Table(data, encoding)
        parts, named = map(encoder.transform, table.parts(encoder.fields)), table.named()
    with named, replacing(out) as file:
        for examples in parts:
            scores = pd.DataFrame({kind: predict(network, examples, kind)})
            scores.to_csv(file, mode="a", index=False, header=rows == 0, lineterminator="\n")
            rows += len(scores)
    show(f"{rows:,} rows in {out}, column {kind}")


def _is_libfm(path) -> bool:
    return Path(path).name.lower().removesuffix(".gz").endswith((".libfm", ".svm"))


def write_example(path, new=None, show=print) -> None:
    """Write a click log of every tenth user's shipped ratings; to `new` its latest twentieth, without labels."""
    log = pd.concat(movielens()).query("user % 10 == 0").sort_values("timestamp", kind="stable")
    log["released"] = log["movie"].map(load_movies().set_index("movie")["year"])
    log["time"] = pd.to_datetime(log["timestamp"], unit="s").dt.strftime("%Y-%m-%d %H:%M:%S")
    log = log.rename(columns={"movie": "item", "genres": "tags", "label": "clicked"})
    log = log[["user", "item", "tags", "released", "time", "clicked"]]
    cut = len(log) - len(log) // 20
    for where, rows in ((path, log[:cut]), (new, log[cut:].drop(columns="clicked"))):
        if where is not None:
            with replacing(where) as part:
                rows.to_csv(part, index=False, lineterminator="\n")
            show(f"{len(rows):,} rows in {where}: {', '.join(rows.columns)}")
