"""Repeat the search for learning rate, L2 and epochs behind the fair comparisons of chapters 4 and 6.

    python benchmarks/search.py             both chapters: some minutes
    python benchmarks/search.py --chapter 4
    python benchmarks/search.py --wide      a grid with more rates, L2 strengths and epochs: much longer

Every model gets the same grid, trained with seed 0 and judged by AUC on the validation rows; the test rows are never
read. It prints every model's two best settings.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
from collections.abc import Callable, Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; see benchmarks/README.md

from nfm_tutorial.data import movielens, movielens_fields  # noqa: E402
from nfm_tutorial.encoding import Encoder, Examples  # noqa: E402
from nfm_tutorial.models import FM, LR, NFM, DeepFM  # noqa: E402
from nfm_tutorial.training import TrainConfig, fit  # noqa: E402

# chapter -> learning rates, L2 strengths, epochs at most
GRIDS = {
    4: ((0.005, 0.01, 0.02, 0.04), (0.001, 0.003, 0.006), 5),
    6: ((0.007, 0.01, 0.02), (0.001, 0.003, 0.006), 8),
}
WIDE = (0.003, 0.005, 0.007, 0.01, 0.02, 0.04), (0.0001, 0.0003, 0.001, 0.003, 0.006), 15
CONDITIONS = {
    4: {"one uniform negative": dict(n_negatives=1)},
    6: {
        "uniform": dict(negatives="uniform"),
        "popularity": dict(negatives="popularity"),
        "by time": dict(negatives="uniform", split="time"),
    },
}


def models(chapter: int, condition: str, n: int, field_of_slot) -> dict[str, Callable]:
    """The models of a chapter's comparison under one condition, by name."""
    found = {
        "FM": lambda: FM(n),
        "NFM, no batch norm": lambda: NFM(n, hidden=(64,), batch_norm=False),
        "DeepFM": lambda: DeepFM(n, field_of_slot, hidden=(64,)),
    }
    if chapter == 4:
        found |= {"LR": lambda: LR(n), "NFM": lambda: NFM(n, hidden=(64,))}
    elif condition == "by time":
        del found["DeepFM"]
    return found


def parts(chapter: int, options: dict) -> tuple[Examples, Examples, int]:
    """Training rows, validation rows and the number of features. Chapter 6 takes every third user."""
    train, valid, _ = movielens(seed=0, **options)
    if chapter == 6:
        train, valid = (frame[frame["user"] % 3 == 0] for frame in (train, valid))
    encoder = Encoder(movielens_fields()).fit(train)
    return encoder.transform(train), encoder.transform(valid), encoder.n_features


def search(chapter: int, grid: tuple) -> Iterator[tuple]:
    """Rows (condition, model, rate, L2 strength, epochs, validation AUC), every model's best first."""
    rates, strengths, epochs = grid
    for condition, options in CONDITIONS[chapter].items():
        train, valid, n = parts(chapter, options)
        for name, build in models(chapter, condition, n, train.field_of_slot).items():
            rows = []
            for lr, l2 in itertools.product(rates, strengths if name != "LR" else (0.0,)):
                config = TrainConfig(lr=lr, l2_embedding=l2, epochs=epochs, patience=1, batch_size=4096)
                history = fit(build(), train, valid, config, progress=False)
                rows.append((condition, name, lr, l2, history.best_epoch, history.best_value))
            yield from sorted(rows, key=lambda row: -row[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chapter", type=int, choices=list(GRIDS), help="one chapter alone")
    parser.add_argument("--wide", action="store_true", help="the wide grid in place of the chapter's own")
    parser.add_argument("--all", action="store_true", help="print every setting, not the best two of each model")
    given = parser.parse_args()
    for chapter in [given.chapter] if given.chapter else GRIDS:
        print(f"chapter {chapter}: {'condition':20} {'model':18} {'rate':>6} {'L2':>6} epochs  validation AUC")
        found = search(chapter, WIDE if given.wide else GRIDS[chapter])
        for _, rows in itertools.groupby(found, key=lambda row: row[:2]):
            for condition, name, lr, l2, epochs, value in list(rows)[: None if given.all else 2]:
                print(f"{'':11}{condition:20} {name:18} {lr:6g} {l2:6g} {epochs:6d}  {value:.4f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
