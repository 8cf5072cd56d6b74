"""Reproduce the NFM paper's comparison on its own data, Frappe, or on any folder of libFM files.

A recipe is a model's arguments and its training configuration. Epochs, and recipes where a model has more than one, are
chosen on the validation file; the test file is evaluated once, after training.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from .encoding import Examples
from .libfm import PARTS, read_libfm_folder
from .metrics import METRICS, TASKS, evaluate
from .models import FM, LR, NFM, DeepFM
from .training import TrainConfig, fit, predict

MODELS = {"lr": LR, "fm": FM, "nfm": NFM, "deepfm": DeepFM}
FRAPPE_ROWS = {"train": 202_027, "validation": 57_722, "test": 28_860}

# What others reported on Frappe's test split: (task, model, k or None for any) -> text.
PUBLISHED = {
    ("regression", "fm", 128): "paper .3437",
    ("regression", "fm", 256): "paper .3385",
    ("regression", "nfm", 128): "paper .3127",
    ("regression", "nfm", 256): "paper .3095",
    ("binary", "lr", None): "BARS .9356 / .3076",
    ("binary", "fm", None): "BARS .9671 / .2065",
    ("binary", "nfm", None): "BARS .9804 / .2058",
    ("binary", "deepfm", None): "BARS .9842 / .1482",
}

# Recipes: (setting, task, model) -> one or more (model arguments, TrainConfig arguments). "fast" takes large
# batches and Adam with a rate that falls to 0; "paper" is the paper's Adagrad with batches of 128, stopped after 4
# epochs without a new best.
_FAST = {"batch_size": 1024, "schedule": "linear", "patience": None}
_PAPER = {"batch_size": 128, "optimizer": "adagrad", "lr": 0.05, "adagrad_init": 1e-8, "epochs": 60, "patience": 4}
_PLATEAU = {"batch_size": 4096, "schedule": "plateau", "lr": 1e-3, "epochs": 50, "patience": 4, "decay_embedding": 0.05}
# DeepFM's network finds a crossing of three fields late: on 24,000 rows of planted truth it takes these smaller
# batches and this rate to find it from every random start that was tried.
_SMALL_STEPS = {**_FAST, "batch_size": 512, "lr": 5e-3, "epochs": 15, "decay_embedding": 1e-5}
_NFM_REGRESSION = {"hidden": (64,), "bn_eps": 1e-3, "dropout_bi": 0.3, "dropout_hidden": 0.2}
RECIPES = {
    ("fast", "regression", "lr"): [({}, {**_FAST, "lr": 1e-2, "epochs": 10})],
    ("fast", "regression", "fm"): [({"k": 128}, {**_FAST, "lr": 1e-2, "epochs": 10, "decay_embedding": 1e-5})],
    ("fast", "regression", "nfm"): [
        ({"k": 128, **_NFM_REGRESSION}, {**_FAST, "lr": 4e-3, "epochs": 20, "decay_embedding": 1e-6})
    ],
    ("fast", "regression", "deepfm"): [({"k": 16, "hidden": (128, 128), "dropout": 0.2}, _SMALL_STEPS)],
    ("fast", "binary", "lr"): [({}, {**_FAST, "lr": 1e-2, "epochs": 10})],
    ("fast", "binary", "fm"): [
        ({"k": 64, "init_std": 0.01}, {**_FAST, "lr": 5e-3, "epochs": 10, "decay_embedding": 1e-5})
    ],
    ("fast", "binary", "nfm"): [
        (
            {"k": 64, "hidden": (64,), "bn_eps": 1e-3, "dropout_bi": 0.3, "dropout_hidden": 0.3},
            {**_FAST, "lr": 5e-3, "epochs": 10, "decay_embedding": 1e-5},
        )
    ],
    ("fast", "binary", "deepfm"): [  # strong L2 suits many rare features, dropout few frequent ones
        ({"k": 10, "hidden": (128, 128)}, _PLATEAU),
        ({"k": 10, "hidden": (128, 128), "dropout": 0.2}, _SMALL_STEPS),
    ],
}
for _task in TASKS:
    _base = {**_NFM_REGRESSION, "init_std": 0.01, "dropout_bi": 0.5}
    RECIPES["paper", _task, "lr"] = [({}, _PAPER)]
    RECIPES["paper", _task, "fm"] = [({"k": 128, "init_std": 0.01, "dropout": 0.3}, _PAPER)]
    RECIPES["paper", _task, "nfm"] = [({"k": 128, **_base}, _PAPER)]
    RECIPES["paper", _task, "deepfm"] = [({"k": 128, "hidden": (64,), "dropout": 0.2, "init_std": 0.01}, _PAPER)]


def for_task(parts: Sequence[Examples], task: str) -> list[Examples]:
    """The same examples with the labels the task needs: "binary" turns -1 and 1 into 0 and 1."""
    if task == "regression":
        return list(parts)
    labels = {float(label) for part in parts for label in part.target.unique()}
    if not labels <= {-1.0, 1.0} and not labels <= {0.0, 1.0}:
        shown = ", ".join(f"{label:g}" for label in sorted(labels)[:5])
        raise ValueError(f"task binary needs labels -1 and 1, or 0 and 1; these files hold {shown}")
    return [Examples(p.ids, p.values, (p.target > 0).float(), p.field_of_slot, p.spans) for p in parts]


def recipes(
    setting: str, task: str, model: str, k: int | None = None, seed: int = 0
) -> list[tuple[dict, TrainConfig]]:
    """The (model arguments, TrainConfig) to choose from in a setting, with another embedding size if `k` is given.

    Raises ValueError for a name that is not known or k below 1.
    """
    if k is not None and k < 1:
        raise ValueError(f"k is the embedding size and must be at least 1, got {k}")
    if (setting, task, model) not in RECIPES:
        raise ValueError(
            f"no recipe for setting {setting!r}, task {task!r}, model {model!r}; settings: fast, paper; "
            f"tasks: {', '.join(TASKS)}; models: {', '.join(MODELS)}"
        )
    change = {} if k is None or model == "lr" else {"k": k}
    if model == "nfm" and change and k >= 256:
        change["dropout_bi"] = 0.5  # a wider Bi-Interaction needs more dropout
    return [
        ({**arguments, **change}, TrainConfig(task=task, seed=seed, **training))
        for arguments, training in RECIPES[setting, task, model]
    ]


def run(
    parts: Sequence[Examples], model: str, task: str, setting: str = "fast", k: int | None = None, seed: int = 0
) -> dict:
    """Train one model with one seed on (train, valid, test) and return its row of results.

    The row: model, task, k (0 for lr), seed, setting, valid, test (metrics by name), seconds (of all recipes), epochs
    (run by the recipe chosen on validation). Regression predictions are clipped to the range of the training
    labels, as the paper does.
    """
    train, valid, test = for_task(parts, task)
    n_features = max(part.n_features for part in parts)
    fields = {"field_of_slot": train.field_of_slot} if model == "deepfm" else {}
    trained = []
    for arguments, config in recipes(setting, task, model, k, seed):
        network = MODELS[model](n_features, **arguments, **fields, seed=seed)
        trained.append((fit(network, train, valid, config), network))
    pick = max if METRICS[trained[0][0].monitor].higher_is_better else min
    history, network = pick(trained, key=lambda pair: pair[0].best_value)
    clip = train.target_range if task == "regression" else None

    def measured(part: Examples) -> dict:
        return evaluate(part.target.numpy(), predict(network, part, clip=clip), task)

    return {
        "model": model,
        "task": task,
        "k": network.config.get("k", 0),
        "seed": seed,
        "setting": setting,
        "valid": measured(valid),
        "test": measured(test),
        "seconds": round(sum(history.seconds for history, _ in trained), 2),
        "epochs": int(history.frame["epoch"].max()),
    }


def table(rows: Iterable[dict], frappe: bool) -> str:
    """Results as text: one line per model, mean over seeds with the spread, beside published numbers for Frappe."""
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault((row["task"], row["model"], row["k"], row["setting"]), []).append(row)
    lines = [f"{'model':8} {'k':>4} {'setting':8} {'seeds':>5}  {'test':42} {'seconds':>8} {'epochs':>6}  published"]
    for (task, model, k, setting), members in groups.items():
        scores = []
        for name in members[0]["test"]:
            values = np.array([member["test"][name] for member in members])
            spread = f" ±{values.std(ddof=1):.4f}" if len(values) > 1 else ""
            scores.append(f"{name} {values.mean():.4f}{spread}")
        published = PUBLISHED.get((task, model, k)) or PUBLISHED.get((task, model, None)) or "-"
        seconds = np.mean([member["seconds"] for member in members])
        epochs = np.mean([member["epochs"] for member in members])
        lines.append(
            f"{model:8} {k:4d} {setting:8} {len(members):5d}  {', '.join(scores):42} {seconds:8.1f} {epochs:6.1f}  "
            f"{published if frappe else '-'}"
        )
    if frappe:
        lines.append("published: paper = arXiv 1708.05027, Table 3 (test RMSE);")
        lines.append("BARS = Frappe_x1 (test AUC / log loss): parts of the same sizes, perhaps not the same rows.")
    return "\n".join(lines)


def reproduce(
    folder,
    models: Sequence[str] = ("lr", "fm", "nfm", "deepfm"),
    task: str = "regression",
    k: int | None = None,
    setting: str = "fast",
    seeds: int = 1,
    out=None,
    show=print,
) -> list[dict]:
    """Train every model with every seed on a folder of libFM files; show a table, write the rows as JSON to `out`.

    Everything that can be wrong with the arguments or the files is found before the first model trains. Returns the
    rows. Raises ValueError or FileNotFoundError with what to do.
    """
    if seeds < 1:
        raise ValueError(f"seeds is how many random starts to train and must be at least 1, got {seeds}")
    if not models:
        raise ValueError(f"name at least one model of {', '.join(MODELS)}")
    for model in models:
        recipes(setting, task, model, k)
    if out is not None and not Path(out).resolve().parent.is_dir():
        raise FileNotFoundError(f"cannot write {out}: the folder {Path(out).resolve().parent} does not exist")
    parts = read_libfm_folder(folder)
    for_task(parts, task)
    counts = dict(zip(PARTS, map(len, parts)))
    frappe = counts == FRAPPE_ROWS
    rows_text = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    show(f"{rows_text} rows; {torch.get_num_threads()} threads")
    rows = []
    for model in models:
        for seed in range(seeds):
            row = run(parts, model, task, setting, k, seed)
            rows.append(row)
            scores = ", ".join(f"{name} {value:.4f}" for name, value in row["test"].items())
            show(f"{model} seed {seed}: test {scores} ({row['seconds']:.0f} s, {row['epochs']} epochs)")
            if out is not None:
                _write_json(Path(out), rows)  # after every model, so that an interrupted run keeps what it finished
    show("\n" + table(rows, frappe))
    return rows


def _write_json(path: Path, rows: list[dict]) -> None:
    handle, name = tempfile.mkstemp(dir=path.resolve().parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
