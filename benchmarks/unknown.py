"""What should the vector of a stranger be? A user or movie that training never saw reads its field's "unknown" id,
and no gradient ever moves that row of V. Compares three answers by AUC on validation rows; test rows are never read.

    random   the row keeps its random start
    zero     ids that do not occur in training start at zero, where they stay (what `fit` does to a new model)
    drop p   zero, and in every training step each id becomes its field's unknown id with probability p: it is trained

    python benchmarks/unknown.py [--seeds 5]     some minutes; one seed serves data, model and training

Settings come from a smaller search than the one that chapters 4 and 5 use now; each arm picks its own best epoch.
"As it is": the chapter's split, whose few strangers are rare movies. "Some hidden": a random tenth of users and of
movies is taken out of the training rows first.
Groups of validation rows: all; known: no unknown id at all; user, movie: this one alone is a stranger; both. Paired
differences with 95 % t intervals; p there has the best mean AUC of all validation rows, which favours it a little.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; see benchmarks/README.md

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import torch  # noqa: E402

from nfm_tutorial.data import movielens, movielens_fields  # noqa: E402
from nfm_tutorial.encoding import Encoder, Examples  # noqa: E402
from nfm_tutorial.metrics import auc, paired_interval  # noqa: E402
from nfm_tutorial.models import FM, NFM, DeepFM  # noqa: E402
from nfm_tutorial.training import TrainConfig, fit, predict  # noqa: E402

ARMS = ("random", "zero", "drop 0.005", "drop 0.01", "drop 0.02", "drop 0.05")
GROUPS = ("all", "known", "user", "movie", "both")
BUILD = {
    "FM": lambda n, slots, seed: FM(n, seed=seed),
    "NFM": lambda n, slots, seed: NFM(n, hidden=(64,), seed=seed),
    "NFM, no batch norm": lambda n, slots, seed: NFM(n, hidden=(64,), batch_norm=False, seed=seed),
    "DeepFM": lambda n, slots, seed: DeepFM(n, slots, hidden=(64,), seed=seed),
}
TUNED = {  # chapter -> model -> learning rate, L2 strength, epochs
    4: {"FM": (0.01, 0.001, 5), "NFM": (0.02, 0.001, 2), "DeepFM": (0.01, 0.003, 4)},
    6: {"FM": (0.007, 0.001, 7), "NFM, no batch norm": (0.02, 0.001, 2), "DeepFM": (0.02, 0.001, 3)},
}


def parts(chapter: int, hide: bool, seed: int) -> tuple[Examples, Examples, int]:
    """Training rows, validation rows and the number of features. Chapter 5 takes every third user."""
    train, valid, _ = movielens(n_negatives=1 if chapter == 4 else 2, seed=seed)
    if chapter == 6:
        train, valid = (frame[frame["user"] % 3 == 0] for frame in (train, valid))
    if hide:
        rng = np.random.default_rng(seed)
        for column in ("user", "movie"):
            names = np.union1d(train[column], valid[column])
            train = train[~train[column].isin(rng.choice(names, len(names) // 10, replace=False))]
    encoder = Encoder(movielens_fields()).fit(train)
    return encoder.transform(train), encoder.transform(valid), encoder.n_features


def groups(valid: Examples) -> dict[str, np.ndarray]:
    """Which validation rows belong to each group, as masks."""
    unknown = torch.tensor([span.start for span in valid.spans])[valid.field_of_slot]  # (S,)
    strange = (valid.ids == unknown) & (valid.values != 0)  # (N, S)
    names = [span.name for span in valid.spans]
    user, movie = (strange[:, valid.field_of_slot == names.index(name)].any(dim=1) for name in ("user", "movie"))
    masks = (torch.ones_like(user), ~strange.any(dim=1), user & ~movie, movie & ~user, user & movie)
    return dict(zip(GROUPS, (mask.numpy() for mask in masks), strict=True))


def start(model, train: Examples, arm: str) -> None:
    """The start of an arm. The bias of `fit` is set here, as `fit` then leaves every other number as it is."""
    unseen = torch.ones(len(model.linear.w), dtype=torch.bool)
    unseen[train.ids[train.values != 0]] = False
    with torch.no_grad():
        model.linear.w0.copy_(torch.logit(train.target.double().mean()))
        assert model.linear.w0 != 0, "equally many labels 0 and 1: fit would zero the random arm, too"
        if arm != "random":
            model.embedding.V[unseen] = 0  # w is 0 already
    if arm.startswith("drop"):
        drop_to_unknown(model, train, float(arm.split()[1]))


def drop_to_unknown(model, train: Examples, p: float) -> None:
    """From now on, in training mode, every present id is its field's unknown id with probability p; also for L2."""
    unknown = torch.tensor([span.start for span in train.spans])[train.field_of_slot]  # (S,)
    penalty, last = model.embedding.penalty, {}

    def drop(module, args):
        ids, values = args
        if module.training:
            ids = torch.where((torch.rand(ids.shape) < p) & (values != 0), unknown, ids)
        last["ids"] = ids
        return ids, values

    model.register_forward_pre_hook(drop)
    model.embedding.penalty = lambda ids, values: penalty(last["ids"], values)


def runs(chapter: int, hide: bool, seeds: int) -> pd.DataFrame:
    """One row per seed, model, arm and group: its AUC, its number of rows and its share of positives."""
    rows = []
    for seed in range(seeds):
        train, valid, n = parts(chapter, hide, seed)
        target, masks = valid.target.numpy(), groups(valid)
        for name, (lr, l2, epochs) in TUNED[chapter].items():
            recipe = dict(lr=lr, l2_embedding=l2, epochs=epochs, patience=None, batch_size=4096)
            for arm in ARMS:
                model = BUILD[name](n, train.field_of_slot.tolist(), seed)
                start(model, train, arm)
                fit(model, train, valid, TrainConfig(**recipe, seed=seed, device="cpu"), progress=False)
                score = predict(model, valid)
                for group, mask in masks.items():
                    value = auc(target[mask], score[mask]) if len(np.unique(target[mask])) == 2 else np.nan
                    rows.append((seed, name, arm, group, value, mask.sum(), target[mask].mean() if mask.any() else 0))
    return pd.DataFrame(rows, columns=["seed", "model", "arm", "group", "auc", "rows", "positive"])


def report(found: pd.DataFrame) -> None:
    """Mean AUC by arm, then the paired differences. Groups without an AUC for every seed are left out."""
    here = [group for group in GROUPS if found[found["group"] == group]["auc"].notna().all()]
    size = found.groupby("group")[["rows", "positive"]].mean()
    print("  rows per seed: " + ", ".join(f"{g} {size['rows'][g]:,.0f} ({size['positive'][g]:.0%} 1)" for g in here))
    for name, part in found.groupby("model", sort=False):
        wide = part.pivot(index="seed", columns=["group", "arm"], values="auc")
        print(f"  {name:20}" + "".join(f"{group:>26}" for group in here))
        for arm in ARMS:
            print(f"    {arm:18}" + "".join(f"{wide[group][arm].mean():26.4f}" for group in here))
        best = wide["all"][list(ARMS[2:])].mean().idxmax()
        for label, a, b in (("zero - random", "zero", "random"), (f"{best} - zero", best, "zero")):
            cells = (paired_interval(wide[group][a] - wide[group][b]) for group in here)
            print(f"    {label:18}" + "".join(f"  {m:+.4f} [{low:+.4f},{high:+.4f}]" for m, low, high in cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 on; at least 2")
    seeds = parser.parse_args().seeds
    for chapter, hide in itertools.product(TUNED, (False, True)):
        print(f"chapter {chapter}, {'some hidden' if hide else 'as it is'}", flush=True)
        report(runs(chapter, hide, seeds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
