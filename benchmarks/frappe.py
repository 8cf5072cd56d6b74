"""Search the settings behind the paper's table, on Frappe's training and validation files.

    python benchmarks/frappe.py --data DIR                                   everything: about two hours on one core
    python benchmarks/frappe.py --data DIR --models FM --task binary --k 64  one search of it
    python benchmarks/frappe.py --data DIR --show                            the winners so far, and what is on an edge
    python benchmarks/frappe.py --data DIR --facts                           what the files say about themselves
    python benchmarks/frappe.py --data DIR --record data/frappe.json         the recorded table: recipes, test, 5 seeds

LR, FM, NFM and DeepFM get the same budget for each task and each embedding size k: 20 trials, seed 0, Adam with
batches of 1,024 and a rate that falls to 0. Trial 1 takes the middle of every range, trials 2 to 12 draw each setting
from its range, and trials 13 to 20 change one setting of the best so far by one place, first those that are the
smallest or the largest tried, where the range goes on (with every neighbour tried, they draw). The search for k = 256
begins with the winner of k = 128 and goes on with seven such steps. Validation RMSE or AUC judges. The test file is not
opened. Epochs end at 80, and at 40 with k = 256, because a run may take about two minutes on one core: this end binds.

Each trial is a line of JSON in `--out` (default: frappe_search.jsonl) as soon as it is finished; a second call goes on
where the first stopped.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch is imported; see benchmarks/README.md
os.environ.setdefault("TQDM_DISABLE", "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import torch  # noqa: E402

from nfm_tutorial.data import data_folder, read_libfm, read_libfm_folder  # noqa: E402
from nfm_tutorial.files import replacing  # noqa: E402
from nfm_tutorial.metrics import METRICS, TASKS, auc, paired_interval  # noqa: E402
from nfm_tutorial.models import MODELS  # noqa: E402
from nfm_tutorial.reproduce import constant, for_task, run  # noqa: E402
from nfm_tutorial.training import TrainConfig, fit  # noqa: E402

TRIALS, DRAWN = {0: 20, 64: 20, 128: 20, 256: 8}, 12
STARTS_FROM = {256: 128}  # the winner of k = 128 is where the search of k = 256 begins
SIZES = {"regression": (128, 256), "binary": (64,)}  # the embedding sizes k of each task
STORED = Path(__file__).with_name("frappe_search.jsonl")  # the trials behind the recipes of nfm_tutorial/reproduce.py
N_SLOTS, N_FEATURES = 10, 5_383  # of all three files: 5,382 features and the padding id 0

# setting -> (values in order, places (first, last) that trials 1 to 12 draw from). A value of 0 cannot be lowered; no
# other end binds.
RATE = [1.25e-4, 2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2], (3, 7)
L2 = [0.0, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2], (0, 5)
EPOCHS = [3, 5, 10, 20, 40, 80], (2, 2)  # drawn trials are short; what more epochs bring is for the steps to find
DROPOUT = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], (0, 6)
STD = [3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1], (2, 5)
WIDTH = [16, 32, 64, 128, 256, 512, 1024], (2, 4)
RANGES = {
    "LR": {"lr": RATE, "decay_linear": L2, "epochs": EPOCHS},
    "FM": {"lr": RATE, "decay_embedding": L2, "epochs": EPOCHS, "init_std": STD, "dropout": DROPOUT},
    "NFM": {
        "lr": RATE, "decay_embedding": L2, "epochs": EPOCHS, "init_std": STD, "dropout_bi": DROPOUT,
        "dropout_hidden": DROPOUT, "width": WIDTH,
    },
    "DeepFM": {
        "lr": RATE, "decay_embedding": L2, "epochs": EPOCHS, "init_std": STD, "dropout": DROPOUT, "width": WIDTH,
        "layers": ([1, 2, 3, 4], (0, 1)),
    },
}  # fmt: skip


def ranges_of(model: str, k: int) -> dict:
    """A model's ranges. With k = 256 more than 40 epochs would take NFM more than two minutes on one core."""
    values, drawn = EPOCHS
    return RANGES[model] | {"epochs": (values[:-1] if k == 256 else values, drawn)}


def build(model: str, k: int, setting: dict, task: str, field_of_slot, seed: int = 0):
    """The model and its TrainConfig for one setting, {name: value}."""
    arguments, training = {}, {"batch_size": 1024, "schedule": "linear", "patience": None}
    for name, value in setting.items():
        (training if name in TrainConfig.__dataclass_fields__ else arguments)[name] = value
    if model != "LR":
        arguments["k"] = k
    if "width" in arguments:
        arguments["hidden"] = (arguments.pop("width"),) * arguments.pop("layers", 1)
    if model == "NFM":
        arguments["bn_eps"] = 1e-3  # as in the authors' code
    if model == "DeepFM":
        arguments["field_of_slot"] = field_of_slot
    return MODELS[model](N_FEATURES, **arguments, seed=seed), TrainConfig(task=task, seed=seed, **training)


def edges(ranges: dict, tried: list[dict], places: dict) -> dict[str, int]:
    """{setting: direction} where a trial's places are the lowest (-1) or highest (+1) tried, and the range goes on."""
    found = {}
    for name, (values, _) in ranges.items():
        here, known = places[name], [trial[name] for trial in tried]
        if here == max(known) and here + 1 < len(values):
            found[name] = 1
        elif here == min(known) and here > 0:
            found[name] = -1
    return found


def proposal(ranges: dict, trials: list[dict], before: list[dict], better, rng: np.random.Generator) -> dict[str, int]:
    """The places {setting: index} to try next, after `trials` of {"places", "value"} and those `before`, of k = 128."""
    tried = [trial["places"] for trial in trials]
    if before and not trials:
        start = better(before, key=lambda trial: trial["value"])["places"]
        return {name: min(place, len(ranges[name][0]) - 1) for name, place in start.items()}
    if not trials:
        return {name: (first + last) // 2 for name, (_, (first, last)) in ranges.items()}
    if before or len(trials) >= DRAWN:
        best = better(trials, key=lambda trial: trial["value"])["places"]
        others = [(name, step) for name in ranges for step in (-1, 1)]
        known = [*tried, *(trial["places"] for trial in before)]
        steps = [*edges(ranges, known, best).items(), *(others[i] for i in rng.permutation(len(others)))]
        for name, step in steps:
            places = {**best, name: best[name] + step}
            if 0 <= places[name] < len(ranges[name][0]) and places not in tried:
                return places
    while True:
        places = {name: int(rng.integers(first, last + 1)) for name, (_, (first, last)) in ranges.items()}
        if places not in tried:
            return places


def search(parts, model: str, task: str, k: int, out: Path) -> None:
    """Run what is missing of one search's trials and add them to `out`."""
    train, valid = parts
    better = max if task == "binary" else min
    ranges = ranges_of(model, k)
    before = read(out, model, task, STARTS_FROM[k]) if k in STARTS_FROM else []
    while len(trials := read(out, model, task, k)) < TRIALS[k]:
        rng = np.random.default_rng([len(trials), len(model), k, len(task)])
        places = proposal(ranges, trials, before, better, rng)
        setting = {name: ranges[name][0][place] for name, place in places.items()}
        network, config = build(model, k, setting, task, train.field_of_slot)
        try:
            history = fit(network, train, valid, config, progress=False)
            value, epoch, seconds = history.best_value, history.best_epoch, round(history.seconds, 1)
        except ValueError:  # the loss is no longer finite
            value, epoch, seconds = (0.5 if task == "binary" else 9.0), 0, 0.0
        row = {"model": model, "task": task, "k": k, "setting": setting, "places": places, "value": value}
        row |= {"best_epoch": epoch, "seconds": seconds}
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{model} {task} k={k} {len(trials) + 1:2}: {value:.4f} {seconds:6.1f} s {setting}", flush=True)


def read(out: Path, model: str, task: str, k: int) -> list[dict]:
    """The finished trials of one search, oldest first."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    return [row for row in map(json.loads, lines) if (row["model"], row["task"], row["k"]) == (model, task, k)]


def show(model: str, task: str, k: int, out: Path) -> None:
    """Print the winner of a search, and each of its settings that is on an edge that could be moved."""
    trials = read(out, model, task, k)
    if trials:
        best = (max if task == "binary" else min)(trials, key=lambda trial: trial["value"])
        known = [*trials, *(read(out, model, task, STARTS_FROM[k]) if k in STARTS_FROM else [])]
        on_edge = ", ".join(edges(ranges_of(model, k), [trial["places"] for trial in known], best["places"])) or "none"
        print(f"{model:6} {task} k={k}: {best['value']:.4f} after {len(trials)} trials, best epoch "
              f"{best['best_epoch']}, {best['seconds']:.0f} s, {best['setting']}; on an edge: {on_edge}")  # fmt: skip


def facts(folder: Path) -> dict[str, float]:
    """What the training and validation files say about themselves: recurring pairs, the field cost, popularity."""
    names = "user app daytime weekday isweekend homework cost weather country city".split()
    frames = {}
    for part in ("train", "validation"):
        rows = read_libfm(folder / f"frappe.{part}.libfm", n_slots=N_SLOTS, n_features=N_FEATURES)
        frames[part] = pd.DataFrame(rows.ids.numpy(), columns=names).assign(label=rows.target.numpy() > 0)
    valid, seen = frames["validation"], frames["train"][frames["train"]["label"]]
    label = valid["label"]
    pairs = seen.groupby(["user", "app"]).size()
    count = pairs.reindex(pd.MultiIndex.from_frame(valid[["user", "app"]])).fillna(0).to_numpy()
    popularity = valid["app"].map(seen["app"].value_counts()).fillna(0).to_numpy()
    cost = seen.drop_duplicates("app").set_index("app")["cost"]
    wrong = valid["app"].isin(cost.index) & (valid["cost"] != valid["app"].map(cost))
    both = count * (popularity.max() + 1) + popularity
    return {
        "positives of training": len(seen),
        "pairs of user and app among them": len(pairs),
        "apps with more than one cost among them": int((seen.groupby("app")["cost"].nunique() > 1).sum()),
        "share of validation positives that repeat such a pair": float((count[label] > 0).mean()),
        "share of validation negatives that repeat such a pair": float((count[~label] > 0).mean()),
        "share of validation positives with another cost than the app's": float(wrong[label].mean()),
        "share of validation negatives with another cost than the app's": float(wrong[~label].mean()),
        "validation AUC of the app's popularity": auc(label, popularity),
        "validation AUC of the pair's count": auc(label, count),
        "validation AUC of the pair's count, then popularity": auc(label, both),
    }


def differences(task: str, k: int, target, users, scores: dict[str, list[np.ndarray]]) -> list[dict]:
    """Test differences of every pair of models, over seeds and over users.

    scores: {model: one (N,) array per seed}. "seeds" is Student's interval over paired seeds: what another random start
    would give on these rows. "users" resamples the test users 200 times, the seeds kept: what other users would give.
    """
    found = []
    metric = TASKS[task][0]
    rng = np.random.default_rng(0)
    rows_of = [np.flatnonzero(users == user) for user in np.unique(users)]
    drawn = [np.concatenate([rows_of[i] for i in rng.integers(0, len(rows_of), len(rows_of))]) for _ in range(200)]
    function = METRICS[metric].function
    values = {
        name: np.array([[function(target[rows], score[rows]) for score in arrays] for rows in drawn])
        for name, arrays in scores.items()
    }
    for a, b in itertools.combinations(scores, 2):
        per_seed = [function(target, x) - function(target, y) for x, y in zip(scores[a], scores[b])]
        low, high = np.quantile((values[a] - values[b]).mean(axis=1), (0.025, 0.975))
        found.append({
            "task": task, "k": k, "metric": metric, "models": [a, b], "mean": float(np.mean(per_seed)),
            "seeds": paired_interval(per_seed)[1:], "users": [float(low), float(high)],
        })  # fmt: skip
    return found


def one_run(folder: Path, kept: Path, task: str, k: int, model: str, seed: int) -> tuple[dict, np.ndarray]:
    """`reproduce.run`, with its row and test scores kept in a file, which a second call reads."""
    path = kept / f"{task}_{k}_{model}_{seed}.npz"
    if not path.exists():
        torch.set_num_threads(1)
        row, score = run(read_libfm_folder(folder), model, task, k=k, seed=seed)
        kept.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open("wb") as file:
            np.savez(file, row=json.dumps(row), score=score)
        print(json.dumps(row), flush=True)
    with np.load(path) as file:
        return json.loads(str(file["row"])), file["score"]


def record(folder: Path, out: Path, jobs: int, seeds: int = 5) -> None:
    """Train every recipe of `reproduce` with every seed, evaluate the test file, write the table to `out`."""
    kept = data_folder() / "downloads" / "frappe_runs"  # scores of single rows, which must not be passed on
    asked = [
        (task, k, model, seed)
        for task in SIZES
        for k in SIZES[task]
        for seed in range(seeds)
        for model in MODELS
        if model != "LR" or k == SIZES[task][0]  # LR has no k
    ]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        done = dict(zip(asked, pool.map(one_run, *zip(*((folder, kept, *how) for how in asked)))))
    parts = read_libfm_folder(folder)
    rows, compared = [], []
    for task in SIZES:
        test = for_task(parts, task)[2]
        rows += [constant(parts, task), *(row for how, (row, _) in done.items() if how[0] == task)]
        for k in SIZES[task]:
            first = SIZES[task][0]
            scores = {
                model: [done[task, k if model != "LR" else first, model, seed][1] for seed in range(seeds)]
                for model in MODELS
            }
            compared += differences(task, k, test.target.numpy(), test.ids[:, 0].numpy(), scores)
    about = {
        "command": "python benchmarks/frappe.py --data DIR --record data/frappe.json",
        "machine": f"{platform.system()}, {os.cpu_count()} cores, {jobs} runs at a time with one thread each, Python "
        f"{platform.python_version()}, PyTorch {torch.__version__}",
        "date": datetime.date.today().isoformat(),
        "training negatives": "apps drawn again; users, contexts and all positives are the authors'",
        "facts": facts(folder),
    }
    with replacing(out) as part:
        part.write_text(json.dumps({**about, "rows": rows, "differences": compared}, indent=1) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder with frappe.train.libfm")
    parser.add_argument("--models", default=",".join(MODELS), help="comma-separated (default: %(default)s)")
    parser.add_argument("--task", choices=list(SIZES), help="one task alone")
    parser.add_argument("--k", type=int, help="one embedding size alone")
    parser.add_argument("--out", type=Path, default=Path("frappe_search.jsonl"), help="default: %(default)s")
    parser.add_argument("--show", action="store_true", help="train nothing, print the winners so far")
    parser.add_argument("--facts", action="store_true", help="train nothing, count in the files")
    parser.add_argument("--record", type=Path, metavar="FILE", help="search nothing, evaluate the recipes on test")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, with --record (default: 1)")
    given = parser.parse_args()
    if given.facts or given.record:
        print(json.dumps(facts(given.data), indent=1)) if given.facts else record(given.data, given.record, given.jobs)
        return 0
    files = [given.data / f"frappe.{part}.libfm" for part in ("train", "validation")]
    both = [read_libfm(file, n_slots=N_SLOTS, n_features=N_FEATURES) for file in files]
    for task in [given.task] if given.task else SIZES:
        parts = for_task(both, task)
        for k in SIZES[task] if given.k is None else [given.k]:
            for model in given.models.split(","):
                size = 0 if model == "LR" else k
                if model == "LR" and k != SIZES[task][0]:
                    continue  # LR has no embeddings
                if not given.show:
                    search(parts, model, task, size, given.out)
                show(model, task, size, given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
