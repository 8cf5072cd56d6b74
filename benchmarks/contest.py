"""The contest of chapter 5 with more seeds, a split by time, and FMs that nobody tuned. Settings are chapter 5's.

    python benchmarks/contest.py             five seeds, about two minutes
    python benchmarks/contest.py --seeds 3   the seeds of the chapter
"""

from __future__ import annotations

import argparse
import os
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; see benchmarks/README.md

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import torch  # noqa: E402

from nfm_tutorial.data import movielens, movielens_fields  # noqa: E402
from nfm_tutorial.encoding import Encoder  # noqa: E402
from nfm_tutorial.metrics import auc, log_loss, paired_interval, rmse  # noqa: E402
from nfm_tutorial.models import FM, NFM, DeepFM  # noqa: E402
from nfm_tutorial.training import TrainConfig, fit, predict  # noqa: E402

CONDITIONS = {"uniform": {}, "popularity": dict(negatives="popularity"), "by time": dict(split="time")}
BUILD = {
    "FM": lambda n, slots, **start: FM(n, **start),
    "NFM": lambda n, slots, **start: NFM(n, batch_norm=False, **start),
    "DeepFM": lambda n, slots, **start: DeepFM(n, slots, hidden=(64,), **start),
}


class Run(NamedTuple):
    model: str
    lr: float
    l2: float
    epochs: int
    init_std: float = 0.05


RUNS = {  # what `python benchmarks/search.py --chapter 5` finds, and three FMs that nobody tuned
    "uniform": {
        "FM": Run("FM", 0.0025, 0.0, 19),
        "NFM": Run("NFM", 0.005, 0.0, 5),
        "DeepFM": Run("DeepFM", 0.02, 0.003, 3),
        "FM with NFM's settings": Run("FM", 0.005, 0.0, 5),
        "FM, defaults, stopped after 5 epochs": Run("FM", 0.001, 0.0, 5, 0.01),
        "FM, defaults, best of 60 epochs": Run("FM", 0.001, 0.0, 60, 0.01),
    },
    "popularity": {
        "FM": Run("FM", 0.005, 0.0, 13),
        "NFM": Run("NFM", 0.01, 0.0003, 3),
        "DeepFM": Run("DeepFM", 0.02, 0.0, 3),
    },
    "by time": {"FM": Run("FM", 0.005, 0.0, 9), "NFM": Run("NFM", 0.005, 0.001, 4)},
}


def scores_of(condition: str, seeds: int) -> pd.DataFrame:
    """Test metrics of every run: rows (run, seed)."""
    frames = [frame[frame["user"] % 3 == 0] for frame in movielens(**CONDITIONS[condition])]
    encoder = Encoder(movielens_fields()).fit(frames[0])
    train, valid, test = (encoder.transform(frame) for frame in frames)
    positives = frames[0].query("label == 1")["movie"].value_counts()
    rare = (frames[2]["movie"].map(positives).fillna(0) <= 2).to_numpy()
    found = {}
    for name, run in RUNS[condition].items():
        for seed in range(seeds):
            model = BUILD[run.model](encoder.n_features, train.field_of_slot, init_std=run.init_std, seed=seed)
            config = TrainConfig(
                lr=run.lr, l2_embedding=run.l2, epochs=run.epochs, patience=None, batch_size=4096, seed=seed
            )
            fit(model, train, valid, config, progress=False)
            target, logit = test.target.numpy(), predict(model, test)
            found[name, seed] = {
                "auc": auc(target, logit),
                "rare auc": auc(target[rare], logit[rare]),
                "log loss": log_loss(target, logit),
                "rmse": rmse(target, 1 / (1 + np.exp(-logit))),
            }
    return pd.DataFrame(found).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="two or more")
    seeds = parser.parse_args().seeds
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    print("| condition | difference | auc | rare auc | log loss | rmse |\n|---|---|---|---|---|---|")
    for condition, runs in RUNS.items():
        scores = scores_of(condition, seeds)
        pairs = [("NFM", other) for other in runs if other.startswith("FM")]
        for a, b in pairs + [("DeepFM", "NFM")] * ("DeepFM" in runs):
            intervals = [paired_interval((scores.loc[a] - scores.loc[b])[metric].to_numpy()) for metric in scores]
            cells = ["{:+.4f} [{:+.4f}, {:+.4f}]".format(*interval) for interval in intervals]
            print("|", " | ".join([condition, f"{a} - {b}", *cells]), "|", flush=True)


if __name__ == "__main__":
    main()
