"""Repeat the searches behind the settings of chapters 2 to 5. Only training and validation rows are read.

    python benchmarks/search.py             all of them: half an hour, chapters 4 and 5 most of it
    python benchmarks/search.py --chapter 4
    python benchmarks/search.py --all       every setting, not the best two of each model

MovieLens (chapters 2, 3, 4, 5) is judged by AUC on validation rows of seed 0, planted data (5, 6) by RMSE. All models
of a comparison get one grid. L2 is `l2_embedding`; LR has no embeddings, so it gets `decay_linear` in chapter 2 and
rates alone elsewhere. "edge" marks a best setting whose rate, start, L2 strength or epochs lie where the grid ends and
could go on; no L2 is no edge. Chapters 3, 4 and 5 (MovieLens) take the best setting, up to ties. The others take a good
one, which needs few epochs or was there first: "taken" says how far behind the best it is.

Not searched, but set: k, hidden layers, batch sizes; chapter D4's variants of the bare NFM and its MovieLens runs; the
single runs of chapter 2 (learning curve, split by time, regression); chapter 5's runs outside the ladder and 6.6.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; see benchmarks/README.md

import numpy as np  # noqa: E402

from nfm_tutorial.data import movielens, movielens_fields, planted_fields, planted_splits  # noqa: E402
from nfm_tutorial.encoding import Encoder, Examples  # noqa: E402
from nfm_tutorial.metrics import METRICS  # noqa: E402
from nfm_tutorial.models import FM, LR, NFM, DeepFM  # noqa: E402
from nfm_tutorial.training import TrainConfig, fit  # noqa: E402

CHAPTERS = (2, 3, 4, 5, 6)
WIDE = dict(lr=(0.00125, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08), l2_embedding=(0.0, 0.0003, 0.001, 0.003, 0.01))
BUILD: dict[str, Callable] = {
    "LR": lambda n, slots, **parts: LR(n, **parts),
    "FM": lambda n, slots, **parts: FM(n, **parts),
    "NFM": lambda n, slots, **parts: NFM(n, **{"hidden": (64,), **parts}),
    "NFM, no batch norm": lambda n, slots, **parts: NFM(n, **{"hidden": (64,), **parts}, batch_norm=False),
    "DeepFM": lambda n, slots, **parts: DeepFM(n, slots, hidden=(64,), **parts),
}


class Case(NamedTuple):
    condition: str
    model: str  # a key of BUILD
    tables: list[tuple[Examples, Examples, int]]  # training rows, validation rows, n features; one run each
    axes: dict[str, tuple]  # "init_std" is the model's, the rest are TrainConfig's
    fixed: dict  # TrainConfig
    parts: dict = {}  # of the model
    taken: dict = {}  # by the chapter, where that is not the best


def encoded(fields, train, valid) -> tuple[Examples, Examples, int]:
    encoder = Encoder(fields).fit(train)
    return encoder.transform(train), encoder.transform(valid), encoder.n_features


def ratings(keep=lambda user: user == user, **options) -> tuple[Examples, Examples, int]:
    """Of seed 0's split, the rows of the users that `keep` picks. The test rows are dropped unread."""
    train, valid, _ = movielens(seed=0, **options)
    return encoded(movielens_fields(), *(frame[keep(frame["user"])] for frame in (train, valid)))


def planted(n_train: int, n_valid: int, seed: int) -> tuple[Examples, Examples, int]:
    return encoded(planted_fields(), *planted_splits(n_train, n_valid, n_valid, seed=seed)[:2])


def cases(chapter: int) -> Iterator[Case]:
    """Every search of a chapter."""
    patient = dict(batch_size=4096, epochs=100, patience=2)
    if chapter == 2:
        quick = dict(batch_size=4096, epochs=6, patience=None)
        axes = {
            "LR": dict(lr=(0.01, 0.02, 0.05), decay_linear=(1e-5, 1e-4, 1e-3)),
            "FM": dict(lr=(0.005, 0.01, 0.02), l2_embedding=(3e-4, 1e-3, 3e-3)),
        }
        taken = {
            ("uniform", "LR"): dict(lr=0.05, decay_linear=1e-5, epochs=2),
            ("uniform", "FM"): dict(lr=0.01, l2_embedding=1e-3, epochs=3),
            ("popularity", "LR"): dict(lr=0.01, decay_linear=1e-3, epochs=3),
            ("popularity", "FM"): dict(lr=0.01, l2_embedding=1e-3, epochs=4),
        }
        for negatives in ("uniform", "popularity"):
            tables = [ratings(negatives=negatives)]
            for name in axes:
                yield Case(negatives, name, tables, axes[name], quick, taken=taken[negatives, name])
    if chapter == 3:
        tables = [ratings(lambda user, rest=rest: user % 6 == rest) for rest in range(3)]
        fixed = dict(batch_size=1024, epochs=7, patience=1)
        for name in BUILD:
            axes = {"lr": (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08), "l2_embedding": WIDE["l2_embedding"]}
            yield Case("mean of 3 user groups", name, tables, axes | without_l2(name), fixed)
    if chapter == 4:
        tables = [ratings(n_negatives=1)]
        for name in BUILD:
            yield Case("one uniform negative", name, tables, WIDE | without_l2(name), patient)
    if chapter == 5:
        tables = [planted(12_000, 4_000, seed) for seed in range(5)]
        fixed = dict(task="regression", batch_size=1000, patience=None)
        axes = dict(init_std=(0.05, 0.1, 0.2, 0.4, 0.8), lr=(0.01, 0.03, 0.1))
        hidden, taken = dict(hidden=(32,)), dict(init_std=0.2, lr=0.03, epochs=12)
        yield Case("bare NFM", "NFM, no batch norm", tables, axes, fixed | dict(epochs=12), hidden, taken)
        axes = dict(l2_embedding=(0.0, 0.01, 0.03, 0.1), lr=(0.02,))
        yield Case("FM with a penalty", "FM", tables, axes, fixed | dict(epochs=8))
    if chapter == 6:
        tables = [planted(16_000, 4_000, 0)]
        fixed = dict(task="regression", batch_size=1024, schedule="linear", patience=None)
        axes = dict(lr=(0.003, 0.01, 0.02, 0.03, 0.06), epochs=(4, 6, 10, 15, 20))
        for name, lr, epochs in (("LR", 0.03, 4), ("FM", 0.01, 6), ("NFM", 0.02, 15), ("DeepFM", 0.02, 15)):
            parts, taken = {} if name == "LR" else dict(k=8), dict(lr=lr, epochs=epochs)
            yield Case("planted ladder", name, tables, axes, fixed, parts, taken)
        conditions = {"uniform": {}, "popularity": dict(negatives="popularity"), "by time": dict(split="time")}
        for condition, options in conditions.items():
            tables = [ratings(lambda user: user % 3 == 0, **options)]
            for name in ("FM", "NFM, no batch norm", "DeepFM")[: 2 if condition == "by time" else 3]:
                yield Case(condition, name, tables, WIDE, patient)


def without_l2(name: str) -> dict[str, tuple]:
    return {"l2_embedding": (0.0,)} if name == "LR" else {}


def search(case: Case) -> tuple[str, list[tuple]]:
    """The metric's name, and (value, epochs, setting, values by epoch) of every setting, the best first."""
    found = []
    for values in itertools.product(*case.axes.values()):
        setting = dict(zip(case.axes, values, strict=True))
        parts = case.parts | {name: value for name, value in setting.items() if name == "init_std"}
        config = case.fixed | {name: value for name, value in setting.items() if name != "init_std"}
        histories = []
        for seed, (train, valid, n) in enumerate(case.tables):
            model = BUILD[case.model](n, train.field_of_slot, seed=seed, **parts)
            histories.append(fit(model, train, valid, TrainConfig(**config, seed=seed), progress=False))
        metric = histories[0].monitor
        best, epochs = (np.mean([getattr(h, name) for h in histories]) for name in ("best_value", "best_epoch"))
        found.append((best, epochs, setting, [history.curve(metric) for history in histories]))
    return metric, sorted(found, key=lambda row: row[0], reverse=METRICS[metric].higher_is_better)


def value_of(case: Case, found: list[tuple], higher: bool) -> float:
    """The value of the setting that the chapter takes: the best of the epochs it trains, mean of the runs."""
    (curves,) = (row[3] for row in found if row[2].items() <= case.taken.items())
    values = [curve.iloc[: case.taken["epochs"]] for curve in curves]
    return float(np.mean([v.max() if higher else v.min() for v in values]))


def on_edge(case: Case, epochs: float, setting: dict) -> bool:
    """Whether the best setting lies where the grid ends and could go on."""
    for name, values in case.axes.items():
        natural = (0.0,) if name.startswith(("l2", "decay")) else ()
        if len(values) > 1 and setting[name] in {min(values), max(values)}.difference(natural):
            return True
    return "epochs" in case.fixed and epochs >= case.fixed["epochs"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chapter", type=int, choices=CHAPTERS, help="one chapter alone")
    parser.add_argument("--all", action="store_true", help="print every setting, not the best two of each model")
    given = parser.parse_args()
    for chapter in [given.chapter] if given.chapter else CHAPTERS:
        for case in cases(chapter):
            metric, found = search(case)
            head = f"chapter {chapter}  {case.condition:21} {case.model:18}"
            for place, (value, epochs, setting, _) in enumerate(found[: None if given.all else 2]):
                edge = "  edge" if place == 0 and on_edge(case, epochs, setting) else ""
                print(f"{head} {metric} {value:.4f} after {epochs:4.1f} epochs: {told(setting)}{edge}", flush=True)
            if case.taken:
                value = value_of(case, found, METRICS[metric].higher_is_better)
                print(f"{head} {metric} {value:.4f} taken: {told(case.taken)}", flush=True)
    return 0


def told(setting: dict) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in setting.items())


if __name__ == "__main__":
    sys.exit(main())
