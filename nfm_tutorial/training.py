"""Training, prediction, saving. The test set never comes near `fit`."""

from __future__ import annotations

import copy
import json
import os
import time
import zipfile
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from .encoding import Encoder, Examples
from .layers import LinearTerm, check_size
from .metrics import METRICS, TASKS, evaluate
from .models import MODELS

# Each task brings its loss; its metrics and their direction of better come from metrics.py.
LOSSES = {"binary": F.binary_cross_entropy_with_logits, "regression": F.mse_loss}


@dataclass(frozen=True)
class TrainConfig:
    """How to train.

    task: "binary" (labels 0 and 1, log loss on logits) or "regression" (squared loss).
    epochs: full passes at most. batch_size: examples per step.
    optimizer: "adam" or "adagrad", dense and fused. lr: its rate at the start. adagrad_init: Adagrad's first value.
    schedule: "constant", "linear" (to 0 after `epochs`) or "plateau" (a tenth after each epoch without improvement).
    l2_embedding: reg * batch mean of sum_i ||x_i v_i||^2, which touches only the features that occur.
    decay_linear, decay_embedding, decay_mlp: the optimiser's weight_decay for that group: it adds decay * parameter to
        the gradient, the same as decay/2 * squared norm of the whole group in the loss, every step.
    monitor: validation metric that picks the best epoch ("auc", "logloss", "rmse"); None: the task's first.
    patience: stop after this many successive epochs without a new best; None: never.
    seed: order of the examples and dropout. device: "auto" (CUDA if present, else CPU) or a PyTorch device name.

    Raises ValueError for a name or number outside its range.
    """

    task: str = "binary"
    epochs: int = 20
    batch_size: int = 2048
    optimizer: str = "adam"
    lr: float = 1e-3
    schedule: str = "constant"
    l2_embedding: float = 0.0
    decay_linear: float = 0.0
    decay_embedding: float = 0.0
    decay_mlp: float = 0.0
    monitor: str | None = None
    patience: int | None = 2
    adagrad_init: float = 1e-8
    seed: int = 0
    device: str = "auto"

    def __post_init__(self):
        choices = {"task": TASKS, "optimizer": ("adam", "adagrad"), "schedule": ("constant", "linear", "plateau")}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} {getattr(self, name)!r} is unknown; choose one of {', '.join(known)}")
        if self.monitor is not None and self.monitor not in TASKS[self.task]:
            known = ", ".join(TASKS[self.task])
            raise ValueError(f"monitor {self.monitor!r} is no metric of a {self.task} task; choose one of {known}")
        for name in ("epochs", "batch_size", "patience"):
            number = getattr(self, name)
            if number is None and name == "patience":
                continue
            if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, got {number!r}")
        if not 0 < self.lr < float("inf"):
            raise ValueError(f"lr must be positive and finite, got {self.lr}")
        for name in ("l2_embedding", "decay_linear", "decay_embedding", "decay_mlp", "adagrad_init"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be at least 0 and finite, got {getattr(self, name)}")


@dataclass(frozen=True, eq=False)
class History:
    """What happened in `fit`.

    frame: tidy, one row per epoch, split and metric: columns epoch (from 1), split ("train" or "valid"), metric, value.
        The train rows hold the loss alone, averaged over the epoch while the weights moved, without any L2 term.
    best_epoch, best_value: of the metric `monitor`, whose weights the model now has. seconds: wall time of `fit`.

    Two histories are equal if everything but the seconds is, to the last bit.
    """

    frame: pd.DataFrame
    monitor: str
    best_epoch: int
    best_value: float
    seconds: float

    def __eq__(self, other) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return self.monitor == other.monitor and self.best_epoch == other.best_epoch and self.frame.equals(other.frame)

    def curve(self, metric: str, split: str = "valid") -> pd.Series:
        """One metric by epoch. Raises ValueError if it was not recorded."""
        rows = self.frame[(self.frame["metric"] == metric) & (self.frame["split"] == split)]
        if rows.empty:
            known = ", ".join(f"{s} {m}" for s, m in self.frame[["split", "metric"]].drop_duplicates().to_numpy())
            raise ValueError(f"there is no {split} {metric} in this history; it holds {known}")
        return rows.set_index("epoch")["value"].rename(metric)

    def __repr__(self) -> str:
        last = int(self.frame["epoch"].max())
        best = f"best {self.monitor} {self.best_value:.4f} on validation after epoch {self.best_epoch}"
        return f"History: {last} epochs, {best}"


def fit(
    model: nn.Module,
    train: Examples,
    valid: Examples,
    config: TrainConfig | None = None,
    progress: bool = True,
) -> History:
    """Train `model` in place and leave it, in eval mode, with the weights of its best validation epoch.

    Raises ValueError for missing or empty data, labels outside the task's set, a binary validation set of a single
    class, ids the model does not know, batches of one example with batch norm, or a loss that is no longer finite (then
    the model keeps its best weights so far).
    """
    config = config or TrainConfig()
    monitor = config.monitor or TASKS[config.task][0]
    for examples, which in ((train, "training"), (valid, "validation")):
        _check_ids(model, examples, f"{which} set, ")
        _check_labels(examples, which, config.task)
    if min(len(train), config.batch_size) == 1 and any(isinstance(m, nn.BatchNorm1d) for m in model.modules()):
        raise ValueError("batch norm needs two examples or more per batch; raise batch_size, or use batch_norm=False")
    try:  # fails now, not after an epoch
        evaluate(valid.target.numpy(force=True), np.zeros(len(valid)), config.task)
    except ValueError as error:
        raise ValueError(f"the validation set cannot be evaluated: {error}") from None
    device = pick_device(config.device)
    started = time.perf_counter()
    model.to(device)
    train, valid = train.to(device), valid.to(device)
    optimizer = _optimizer(model, config)
    bounds = _batch_bounds(len(train), config.batch_size)
    total_steps, step = config.epochs * len(bounds), 0
    shuffle = torch.Generator().manual_seed(config.seed)
    dtype = next(model.parameters()).dtype
    best, best_value, best_epoch, rows = copy.deepcopy(model.state_dict()), None, 0, []
    better = (lambda a, b: a > b) if METRICS[monitor].higher_is_better else (lambda a, b: a < b)

    # tqdm's bar for notebooks does not read TQDM_DISABLE itself, as its bar for terminals does.
    quiet = not progress or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    with (
        torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
        tqdm(total=config.epochs, unit="epoch", desc=type(model).__name__, disable=quiet) as bar,
    ):
        torch.manual_seed(config.seed)  # dropout
        for epoch in range(1, config.epochs + 1):
            model.train()
            order = torch.randperm(len(train), generator=shuffle).to(device)
            # index_select copies whole rows; train.ids[order] gives the same, four times slower.
            ids, values, target = (tensor.index_select(0, order) for tensor in (train.ids, train.values, train.target))
            values, target = values.to(dtype), target.to(dtype)
            loss_sum = torch.zeros((), device=device, dtype=dtype)
            for start, stop in bounds:
                if config.schedule == "linear":
                    for group in optimizer.param_groups:
                        group["lr"] = config.lr * (1 - step / total_steps)
                score = model(ids[start:stop], values[start:stop])  # (B,)
                loss = LOSSES[config.task](score, target[start:stop])
                loss_sum += loss.detach() * (stop - start)
                if config.l2_embedding and hasattr(model, "embedding"):
                    loss = loss + config.l2_embedding * model.embedding.penalty(ids[start:stop], values[start:stop])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                step += 1
            train_loss = float(loss_sum) / len(train)
            score = predict(model, valid)
            if not (np.isfinite(train_loss) and np.isfinite(score).all()):
                model.load_state_dict(best)
                model.eval()
                raise ValueError(
                    f"the loss is no longer finite in epoch {epoch} (lr={config.lr:g}); lower lr, or scale the values"
                )
            loss_name = "logloss" if config.task == "binary" else "mse"
            scores = evaluate(valid.target.numpy(force=True), score, config.task)
            rows.append((epoch, "train", loss_name, train_loss))
            rows += [(epoch, "valid", name, value) for name, value in scores.items()]
            if best_value is None or better(scores[monitor], best_value):
                best, best_value, best_epoch = copy.deepcopy(model.state_dict()), scores[monitor], epoch
            elif config.schedule == "plateau":
                for group in optimizer.param_groups:
                    group["lr"] /= 10
            bar.set_postfix_str(f"valid {monitor} {scores[monitor]:.4f}, best {best_value:.4f}", refresh=False)
            bar.update()
            if config.patience is not None and epoch - best_epoch >= config.patience:
                break
    model.load_state_dict(best)
    model.eval()
    frame = pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])
    return History(frame, monitor, best_epoch, best_value, time.perf_counter() - started)


@torch.no_grad()
def predict(
    model: nn.Module,
    examples: Examples,
    kind: str = "score",
    clip: tuple[float, float] | None = None,
    batch_size: int = 8192,
) -> np.ndarray:
    """(N,) float64 predictions in eval mode; the model's mode is put back afterwards.

    kind: "score" (raw) or "probability" (sigmoid of the score). clip: (low, high) to cut predictions to, such as
    `train.target_range`; nothing is clipped unless asked. Raises ValueError for an unknown kind, an empty clip range, a
    batch size below 1, or ids the model does not know.
    """
    _check_ids(model, examples)
    check_size("batch_size", batch_size, 1)
    if kind not in ("score", "probability"):
        raise ValueError(f"kind {kind!r} is unknown; choose score or probability")
    if clip is not None and not clip[0] <= clip[1]:
        raise ValueError(f"clip must be (low, high) with low <= high, got {clip}")
    parameter = next(model.parameters())
    was_training = model.training
    model.eval()
    try:
        parts = [
            model(
                examples.ids[start : start + batch_size].to(parameter.device),
                examples.values[start : start + batch_size].to(parameter.device, parameter.dtype),
            )
            for start in range(0, len(examples), batch_size)
        ]
    finally:
        model.train(was_training)
    score = torch.cat(parts).double() if parts else torch.zeros(0, dtype=torch.float64)
    score = torch.sigmoid(score) if kind == "probability" else score
    return score.numpy(force=True) if clip is None else score.numpy(force=True).clip(*clip)


def save(path, model: nn.Module, encoder: Encoder | None = None) -> None:
    """Write a model, its batch-norm statistics and its encoder's vocabulary to one file, replacing it in one step.

    The file holds tensors and plain values only, no code. Raises ValueError for a model that is not one of this package
    or a vocabulary with values other than strings and numbers, FileNotFoundError if the folder does not exist.
    """
    path = Path(path)
    if type(model) not in MODELS.values():
        raise ValueError(f"save knows {', '.join(MODELS)} of nfm_tutorial.models, not this {type(model).__name__}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist; make it first")
    state = {"model": type(model).__name__, "config": model.config, "weights": model.state_dict(), "encoder": None}
    if encoder is not None:
        state["encoder"] = encoder.to_dict()
        try:
            json.dumps(state["encoder"])
        except TypeError as error:
            raise ValueError(f"a vocabulary can be saved if it holds strings and numbers only: {error}") from error
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "wb") as file:
            torch.save(state, file)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def load(path) -> tuple[nn.Module, Encoder | None]:
    """(model in eval mode on the CPU, encoder or None) from a file that `save` wrote.

    Loads tensors and plain values only, never code. Raises FileNotFoundError, or ValueError for a damaged or foreign
    file.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no saved model at {path}")
    try:
        with zipfile.ZipFile(path) as archive:  # PyTorch itself does not compare the checksums
            if damaged := archive.testzip():
                raise ValueError(f"checksum of {damaged}")
        state = torch.load(path, map_location="cpu", weights_only=True)
        model = MODELS[state["model"]](**state["config"])
        weights = state["weights"]
        model.to(next(w.dtype for w in weights.values() if w.is_floating_point()))
        model.load_state_dict(weights)
        encoder = None if state["encoder"] is None else Encoder.from_dict(state["encoder"])
    except Exception as error:
        # Whatever a damaged file makes PyTorch raise, the reader needs one sentence, and not PyTorch's own advice to
        # load the file with its safety off.
        kind = type(error).__name__
        raise ValueError(
            f"{path} is damaged, or not written by nfm_tutorial.training.save ({kind}); train and save the model again"
        ) from None
    return model.eval(), encoder


def pick_device(name: str = "auto") -> torch.device:
    """The PyTorch device for a name; "auto" is CUDA if there is one, else the CPU. ValueError for an unknown name."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} is not there; use 'auto' or 'cpu' ({error})") from error
    return device


def _check_ids(model: nn.Module, examples: Examples, which: str = "") -> None:
    """Refuses what the model cannot look up, with the row of `examples` where a batch could only name its own."""
    if not isinstance(examples, Examples):
        raise ValueError(f"models read Examples, such as encoder.transform(table), got {type(examples).__name__}")
    if not isinstance(getattr(model, "linear", None), LinearTerm):  # a reader's own model looks after itself
        return
    n = len(model.linear.w)
    wrong = examples.ids >= n
    if wrong.any():
        row, slot = (int(i) for i in wrong.nonzero()[0])
        raise ValueError(
            f"{which}row {row}, slot {slot}: id {int(examples.ids[row, slot])} has no embedding; the model has ids "
            f"0 to {n - 1}. Build the model with encoder.n_features of the encoder that made these examples."
        )


def _check_labels(examples: Examples, which: str, task: str) -> None:
    if len(examples) == 0:
        raise ValueError(f"the {which} set is empty")
    if examples.target is None:
        raise ValueError(f"the {which} set has no labels; does the table have the encoder's target column?")
    wrong = (examples.target != 0) & (examples.target != 1)
    if task == "binary" and wrong.any():
        row = int(wrong.nonzero()[0])
        raise ValueError(
            f"{which} set, row {row}: label {float(examples.target[row]):g} is not 0 or 1, which task='binary' needs; "
            "for other labels use task='regression'"
        )


def _batch_bounds(n: int, size: int) -> list[tuple[int, int]]:
    """(start, stop) of each batch. A last batch of one row joins the one before: batch norm needs two rows."""
    starts = list(range(0, n, size))
    if len(starts) > 1 and n - starts[-1] == 1:
        starts.pop()
    return list(zip(starts, starts[1:] + [n]))


def parameter_group(name: str) -> str:
    """"linear", "embedding" or "mlp": the L2 group of a parameter, from its name in the model."""
    first = name.split(".")[0]
    return first if first in ("linear", "embedding") else "mlp"


def _optimizer(model: nn.Module, config: TrainConfig) -> torch.optim.Optimizer:
    members: dict[float, list[Tensor]] = {}  # by weight decay: the fewer groups, the fewer calls per step
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and parameter.numel():
            members.setdefault(getattr(config, f"decay_{parameter_group(name)}"), []).append(parameter)
    parameters = [{"params": params, "weight_decay": decay} for decay, params in members.items()]
    if config.optimizer == "adam":
        return torch.optim.Adam(parameters, lr=config.lr, fused=True)
    return torch.optim.Adagrad(parameters, lr=config.lr, initial_accumulator_value=config.adagrad_init, fused=True)
