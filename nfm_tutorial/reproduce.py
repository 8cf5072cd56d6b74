"""Reproduce the NFM paper's comparison on its own data, Frappe, or on any folder of libFM files.

A recipe is a model's arguments and its training configuration. The best epoch is chosen on the validation file; the
test file is evaluated once, after training. This module knows no notebook.
"""

import json
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch

from .checks import table_shape, whole_number
from .data import LIBFM_PARTS, libfm_paths, read_libfm_folder
from .encoding import Examples
from .files import replacing, writable
from .metrics import TASKS, evaluate
from .models import MODELS
from .training import TrainConfig, fit, predict

FRAPPE_ROWS = {"train": 202_027, "validation": 57_722, "test": 28_860}

# What others reported on Frappe's test split: (task, model, k or None for any) -> text.
PUBLISHED = {
    ("regression", "FM", 128): "paper .3437",
    ("regression", "FM", 256): "paper .3385",
    ("regression", "NFM", 128): "paper .3127",
    ("regression", "NFM", 256): "paper .3095",
    ("binary", "LR", None): "BARS .9356 / .3076",
    ("binary", "FM", None): "BARS .9671 / .2065",
    ("binary", "NFM", None): "BARS .9804 / .2058",
    ("binary", "DeepFM", None): "BARS .9842 / .1482",
}

# Recipes: (setting, task, model) -> (model arguments, TrainConfig arguments), one for each embedding size.
# "fast" takes batches of 1,024 and Adam with a rate that falls to 0, with what equal searches on Frappe's validation
# file found (benchmarks/frappe.py); "paper" is the paper's Adagrad with batches of 128, stopped after 4 epochs without
# a new best.
_FAST = {"batch_size": 1024, "schedule": "linear", "patience": None}
_PAPER = {"batch_size": 128, "optimizer": "adagrad", "lr": 0.05, "adagrad_init": 1e-8, "epochs": 60, "patience": 4}


def _fast(lr: float, epochs: int, l2: float, group: str = "embedding") -> dict:
    return {**_FAST, "lr": lr, "epochs": epochs, f"decay_{group}": l2}


_NFM = {"bn_eps": 1e-3, "init_std": 0.01}
_DROP = {"dropout_bi": 0.3, "dropout_hidden": 0.3}
RECIPES = {
    ("fast", "regression", "LR"): [({}, _fast(0.032, 10, 1e-4, "linear"))],
    ("fast", "regression", "FM"): [
        ({"k": 128, "init_std": 0.03, "dropout": 0.3}, _fast(0.004, 40, 1e-5)),
        ({"k": 256, "init_std": 0.1, "dropout": 0.3}, _fast(0.004, 40, 1e-5)),
    ],
    ("fast", "regression", "NFM"): [
        ({**_NFM, **_DROP, "k": 128, "hidden": (128,)}, _fast(0.004, 80, 1e-7)),
        ({**_NFM, **_DROP, "k": 256, "hidden": (128,)}, _fast(0.004, 40, 1e-6)),
    ],
    ("fast", "regression", "DeepFM"): [
        ({"k": 128, "hidden": (64, 64), "init_std": 0.01, "dropout": 0.6}, _fast(0.016, 20, 1e-5)),
        ({"k": 256, "hidden": (64, 64), "init_std": 0.003, "dropout": 0.6}, _fast(0.016, 20, 1e-5)),
    ],
    ("fast", "binary", "LR"): [({}, _fast(0.032, 20, 1e-5, "linear"))],
    ("fast", "binary", "FM"): [({"k": 64, "init_std": 0.1, "dropout": 0.1}, _fast(0.008, 20, 1e-6))],
    ("fast", "binary", "NFM"): [
        ({"k": 64, "hidden": (256,), "bn_eps": 1e-3, "init_std": 0.003, "dropout_bi": 0.4, "dropout_hidden": 0.4},
         _fast(0.002, 20, 1e-3)),
    ],
    ("fast", "binary", "DeepFM"): [
        ({"k": 64, "hidden": (64,), "init_std": 0.01, "dropout": 0.2}, _fast(0.016, 20, 1e-7)),
    ],
}  # fmt: skip
for _task in TASKS:
    _hidden = {"k": 128, "hidden": (64,), "init_std": 0.01}
    RECIPES["paper", _task, "LR"] = [({}, _PAPER)]
    RECIPES["paper", _task, "FM"] = [({"k": 128, "init_std": 0.01, "dropout": 0.3}, _PAPER)]
    RECIPES["paper", _task, "NFM"] = [({**_NFM, **_hidden, "dropout_bi": 0.5, "dropout_hidden": 0.2}, _PAPER)]
    RECIPES["paper", _task, "DeepFM"] = [({**_hidden, "dropout": 0.2}, _PAPER)]


def for_task(parts: Sequence[Examples], task: str) -> list[Examples]:
    """The same examples with the labels the task needs: "binary" turns -1 and 1 into 0 and 1."""
    if task == "regression":
        return list(parts)
    labels = {float(label) for part in parts for label in part.target.unique()}
    if not labels <= {-1.0, 1.0} and not labels <= {0.0, 1.0}:
        shown = ", ".join(f"{label:g}" for label in sorted(labels)[:5])
        raise ValueError(f"task binary needs labels -1 and 1, or 0 and 1; these files hold {shown}")
    return [Examples(p.ids, p.values, (p.target > 0).float(), p.field_of_slot, p.spans, p.fingerprint) for p in parts]


def recipe(setting: str, task: str, model: str, k: int | None = None, seed: int = 0) -> tuple[dict, TrainConfig]:
    """(model arguments, TrainConfig) of a setting: those of the nearest embedding size, with `k` if it is given.

    Raises ValueError for a name that is not known or k below 1.
    """
    k = None if k is None else whole_number("k", k, 1)
    if (setting, task, model) not in RECIPES:
        known = f"settings: fast, paper; tasks: {', '.join(TASKS)}; models: {', '.join(MODELS)}"
        raise ValueError(f"no recipe for setting {setting!r}, task {task!r}, model {model!r}; {known}")
    found, change = RECIPES[setting, task, model], {} if k is None or model == "LR" else {"k": k}
    arguments, training = found[0] if not change else min(found, key=lambda pair: abs(math.log(k / pair[0]["k"])))
    return {**arguments, **change}, TrainConfig(task=task, seed=seed, **training)


def run(
    parts: Sequence[Examples], model: str, task: str, setting: str = "fast", k: int | None = None, seed: int = 0
) -> tuple[dict, np.ndarray]:
    """Train one model with one seed on (train, valid, test); return its row of results and its test scores (N,).

    The row: model, task, k (0 for LR), seed, setting, valid, test (metrics by name), seconds, epochs. Regression
    predictions are clipped to the range of the training labels, as the paper does.
    """
    train, valid, test = for_task(parts, task)
    arguments, config = recipe(setting, task, model, k, seed)
    fields = {"field_of_slot": train.field_of_slot} if model == "DeepFM" else {}
    network = MODELS[model](max(part.n_features for part in parts), **arguments, **fields, seed=seed)
    history = fit(network, train, valid, config)
    clip = train.target_range if task == "regression" else None
    who = {"model": model, "task": task, "k": network.config.get("k", 0), "seed": seed, "setting": setting}
    scores = [predict(network, part, clip=clip) for part in (valid, test)]
    return _row(who, (valid, test), scores, round(history.seconds, 2), int(history.frame["epoch"].max())), scores[1]


def constant(parts: Sequence[Examples], task: str, setting: str = "fast") -> dict:
    """The row, as of `run`, of one prediction for all: the mean of the training labels, or the log-odds of it."""
    train, *others = for_task(parts, task)
    mean = float(train.target.double().mean())
    scores = [np.full(len(part), mean if task == "regression" else math.log(mean / (1 - mean))) for part in others]
    return _row({"model": "constant", "task": task, "k": 0, "seed": 0, "setting": setting}, others, scores, 0.0, 0)


def _row(who: dict, parts: Sequence[Examples], scores: Sequence[np.ndarray], seconds: float, epochs: int) -> dict:
    valid, test = (evaluate(part.target.numpy(), score, who["task"]) for part, score in zip(parts, scores))
    return {**who, "valid": valid, "test": test, "seconds": seconds, "epochs": epochs}


def table(rows: Iterable[dict], frappe: bool) -> str:
    """Results as text: a line per model, mean over seeds and spread, Frappe's published numbers, and who is behind."""
    base, behind = {}, []
    lines = [f"{'model':8} {'k':>4} {'setting':8} {'seeds':>5}  {'test':42} {'seconds':>8} {'epochs':>6}  published"]
    for (task, model, k, setting), seeds in pd.DataFrame(rows).groupby(["task", "model", "k", "setting"], sort=False):
        tests = pd.DataFrame(list(seeds["test"]))
        scores = [f"{name} {value:.4f}" for name, value in tests.mean().items()]
        if len(seeds) > 1:
            scores = [f"{score} +-{spread:.4f}" for score, spread in zip(scores, tests.std())]
        name, loss = tests.columns[-1], tests.mean().iloc[-1]
        if loss > base.setdefault(task, loss if model == "constant" else math.inf):
            behind.append(f"{model} ({name} {loss:.4f} against {base[task]:.4f})")
        published = PUBLISHED.get((task, model, k)) or PUBLISHED.get((task, model, None)) or "-"
        seconds, epochs = seeds["seconds"].mean(), seeds["epochs"].mean()
        line = f"{model:8} {k:4d} {setting:8} {len(seeds):5d}  {', '.join(scores):42} {seconds:8.1f} {epochs:6.1f}"
        lines.append(f"{line}  {published if frappe else '-'}")
    if frappe:
        lines.append("published: paper = arXiv 1708.05027, Table 3 (test RMSE);")
        lines.append("BARS = Frappe_x1 (test AUC / log loss): parts of the same sizes, perhaps not the same rows.")
    if behind:
        lines.append(f"behind the constant prediction, so no better than no model: {', '.join(behind)}")
    return "\n".join(lines)


def reproduce(
    folder, models: str | Sequence[str] = tuple(MODELS), task: str = "regression", k: int | None = None,
    setting: str = "fast", seeds: int = 1, out=None, show=print,
) -> list[dict]:
    """Train every model with every seed on a folder of libFM files; show a table, add the rows to the JSON file `out`.

    models: names, or one text with commas; small letters do, too. The constant prediction is the first row.
    Everything that can be wrong with the arguments or the files is found before the first model trains. Each row is
    in `out` as soon as it is finished, after those that the file held before. Returns the new rows.

    Raises ValueError or OSError with what to do; KeyboardInterrupt, with what is kept, when it is interrupted.
    """
    seeds = whole_number("seeds", seeds, 1)
    known = {name.lower(): name for name in MODELS}
    named = [str(name).strip() for name in (models.split(",") if isinstance(models, str) else models or ())]
    named = [known.get(name.lower(), name) for name in named if name]
    models = list(dict.fromkeys(named))
    if not models:
        raise ValueError(f"name at least one model of {', '.join(MODELS)}")
    tried = [recipe(setting, task, model, k)[0] for model in models]
    kept = [] if out is None else _results(out)
    parts, paths = read_libfm_folder(folder), libfm_paths(folder)
    for arguments in tried:
        table_shape(parts.train.n_features, arguments.get("k", 1))
    if len(parts.train) == 1:
        raise ValueError(f"{paths.train} has one example, and training needs two or more")
    for path, part in zip(paths, for_task(parts, task)):
        if task == "binary" and (part.target == part.target[0]).all():
            raise ValueError(f"{path}: all {len(part):,} labels are of one class; task binary needs both in each file")
    counts = dict(zip(LIBFM_PARTS, map(len, parts)))
    shown = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    show(f"{shown} rows; {torch.get_num_threads()} threads")
    if len(models) < len(named):
        show(f"a model that is named twice is trained once: {', '.join(models)}")
    if kept:
        show(f"{out} holds {len(kept)} rows already; the new ones are added")
    rows = []

    def finish(row: dict) -> None:
        if out is not None:
            before = _results(out)
            with replacing(out) as part:
                part.write_text(json.dumps([*before, row], indent=1) + "\n", encoding="utf-8", newline="\n")
        rows.append(row)
        scores = ", ".join(f"{name} {value:.4f}" for name, value in row["test"].items())
        show(f"{row['model']} seed {row['seed']}: test {scores} ({row['seconds']:.0f} s, {row['epochs']} epochs)")

    try:
        finish(constant(parts, task, setting))
        for model in models:
            for seed in range(seeds):
                finish(run(parts, model, task, setting, k, seed)[0])
    except KeyboardInterrupt:
        where = "lost; an output file (out) keeps them" if out is None else f"kept in {out}"
        raise KeyboardInterrupt(f"{len(rows)} finished rows are {where}") from None
    show("\n" + table(rows, frappe=counts == FRAPPE_ROWS))
    return rows


def _results(path) -> list[dict]:
    """The rows of a results file, [] if there is none yet. Raises ValueError for another file, or as `writable`."""
    target = writable(path)
    if not target.exists():
        return []
    try:
        rows = json.loads(target.read_text(encoding="utf-8"))
        if isinstance(rows, list) and all({"model", "seed", "test"} <= set(row) for row in rows):
            return rows
    except (ValueError, TypeError):  # no UTF-8, no JSON, or rows that are none
        pass
    raise ValueError(f"{path} is there already and is no results file of this command; choose another name")
