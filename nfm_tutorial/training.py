"""Training and prediction. The test set never comes near `fit`. This module knows no notebook and no data source."""

import contextlib
import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from . import checks
from .encoding import Examples, check_same_vocabulary
from .metrics import METRICS, TASKS, evaluate
from .models import MODELS
from .storage import load, save

__all__ = ["History", "TrainConfig", "fit", "load", "parameter_group", "pick_device", "predict", "save"]

# Each task brings its loss; its metrics and their direction of better come from metrics.py.
LOSSES = {"binary": F.binary_cross_entropy_with_logits, "regression": F.mse_loss}
TABLES = ("linear.w", "embedding.V")  # of this package's models: one row per feature


@dataclass(frozen=True)
class TrainConfig:
    """How to train.

    task: "binary" (labels 0 and 1, log loss on logits) or "regression" (squared loss).
    epochs: full passes at most. batch_size: examples per step.
    optimizer: "adam" or "adagrad" pass over the whole tables w and V in every step. "sparse_adagrad" and "sparse_adam"
        pass over the rows of the batch's features alone, for large vocabularies and this package's models. Adagrad
        stays the same mathematics; sparse ("lazy") Adam is another update: a feature that is not in the batch does not
        move by its momentum, and its two averages do not fade.
    lr: the optimiser's rate at the start. adagrad_init: Adagrad's first value.
    schedule: "constant", "linear" (to 0 after `epochs`) or "plateau" (a tenth after each epoch without improvement).
    l2_embedding: reg * batch mean of sum_i ||x_i v_i||^2, which touches only the features that occur.
    decay_linear, decay_embedding, decay_mlp: the optimiser's weight_decay for that group: it adds decay * parameter to
        the gradient, the same as decay/2 * squared norm of the whole group in the loss, every step. The first two move
        every row of a table, so a sparse optimiser refuses them; the layers of an MLP are dense under any optimiser.
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
        checks.one_of("task", self.task, TASKS)
        checks.one_of("optimizer", self.optimizer, ("adam", "adagrad", "sparse_adagrad", "sparse_adam"))
        checks.one_of("schedule", self.schedule, ("constant", "linear", "plateau"))
        if self.monitor is not None:
            checks.one_of(f"a {self.task} task's monitor", self.monitor, TASKS[self.task])
        for name in ("epochs", "batch_size", *(["patience"] if self.patience is not None else [])):
            checks.whole_number(name, getattr(self, name), 1)
        checks.seed_number(self.seed)
        checks.number("lr", self.lr, above=0)
        for name in ("l2_embedding", "decay_linear", "decay_embedding", "decay_mlp", "adagrad_init"):
            checks.number(name, getattr(self, name), least=0)
        for name in ("decay_linear", "decay_embedding"):
            if self.sparse and getattr(self, name):
                what = f"{name}={getattr(self, name):g} would move every row of a table in every step"
                but = f"{self.optimizer!r} moves the batch's rows alone; use l2_embedding, or a dense optimizer"
                raise ValueError(f"{what}, and {but}")

    @property
    def sparse(self) -> bool:
        """Whether a step touches only the rows of the tables that its batch reads."""
        return self.optimizer.startswith("sparse_")


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
        same = isinstance(other, History) and (self.monitor, self.best_epoch) == (other.monitor, other.best_epoch)
        return same and self.frame.equals(other.frame)

    def curve(self, metric: str, split: str = "valid") -> pd.Series:
        """One metric by epoch. Raises ValueError if it was not recorded."""
        rows = self.frame[(self.frame["metric"] == metric) & (self.frame["split"] == split)]
        if rows.empty:
            known = ", ".join(f"{s} {m}" for s, m in self.frame[["split", "metric"]].drop_duplicates().to_numpy())
            raise ValueError(f"there is no {split} {metric} in this history; it holds {known}")
        return rows.set_index("epoch")["value"].rename(metric)

    def __repr__(self) -> str:
        if self.frame.empty:
            return "History: no epoch was finished"
        best = f"best {self.monitor} {self.best_value:.4f} on validation after epoch {self.best_epoch}"
        return f"History: {int(self.frame['epoch'].max())} epochs, {best}"


def fit(
    model: nn.Module, train: Examples, valid: Examples, config: TrainConfig | None = None, progress: bool = True
) -> History:
    """Train `model` in place and leave it, in eval mode, with the weights of its best validation epoch.

    A new model of this package first gets what the training labels and ids say: its bias is their mean (binary: their
    log-odds), and ids that do not occur in training get w_i = 0 and v_i = 0, where they stay. A model with any other
    linear part than the constructor's zeros keeps what it has.

    With weights in `train.weight` the loss of a batch is sum(weight * loss) / sum(weight), and an example of weight 0
    counts as not there. Validation metrics use `valid.weight` in the same way.

    What happened so far is also in `model.history`. So after an interrupt (Ctrl-C, the stop button), which leaves the
    model as above, you find it there.

    Raises ValueError for missing or empty data, labels outside the task's set, binary labels of a single class, ids the
    model does not know or that belong to another vocabulary, a model that does not return one score per example,
    batches of one example with batch norm, a sparse optimiser for a model of another package, or a loss that is no
    longer finite (then the model keeps its best weights).
    """
    config = TrainConfig() if config is None else config
    if not isinstance(config, TrainConfig):
        asked = "TrainConfig(**config)" if isinstance(config, dict) else "TrainConfig(epochs=5), for example"
        raise ValueError(f"config must be a TrainConfig, got {type(config).__name__}; give {asked}")
    monitor = config.monitor or TASKS[config.task][0]
    for examples, which in ((train, "training set"), (valid, "validation set")):
        _check_fit_together(model, examples, which)
        _check_labels(examples, which, config.task)
    check_same_vocabulary(train.fingerprint, valid.fingerprint, "the training set", "the validation set")
    if min(len(train), config.batch_size) == 1 and any(isinstance(m, nn.BatchNorm1d) for m in model.modules()):
        raise ValueError("batch norm needs two examples or more per batch; raise batch_size, or use batch_norm=False")
    if config.sparse and not isinstance(model, tuple(MODELS.values())):
        what = f"{', '.join(MODELS)}, not this {type(model).__name__}"
        raise ValueError(f"{config.optimizer!r} trains {what}; use a dense optimizer")
    device = pick_device(config.device)
    started = time.perf_counter()
    model.to(device)
    train, valid = train.to(device), valid.to(device)
    for examples in (train, valid):  # fails now, not after an epoch: the largest id of each slot, and two rows
        predict(model, examples[[*examples.ids.argmax(dim=0).tolist(), *range(min(2, len(examples)))]])
    _start(model, train, config.task)
    model.task = config.task  # what the command line's predict makes of a saved model's scores
    optimizer = _optimizer(model, config)
    # Adagrad gives the same on the whole tables, which is faster where they are hardly larger than a batch.
    small = config.optimizer == "sparse_adagrad" and len(model.linear.w) <= 2 * config.batch_size * train.ids.shape[1]
    rows_of = _RowsOfBatch(model, optimizer) if config.sparse and not small else contextlib.nullcontext
    bounds = _batch_bounds(len(train), config.batch_size)
    total_steps, step = config.epochs * len(bounds), 0
    shuffle = torch.Generator().manual_seed(config.seed)
    moving = {}  # a sparse optimiser leaves the rows of a table alone that do not occur: no need to copy them
    if config.sparse:
        moving = dict.fromkeys(TABLES, _occurring(train, len(model.linear.w)).nonzero().squeeze(1))
    best, best_value, best_epoch, rows = _copy_of_weights(model, moving), math.nan, 0, []
    weight = getattr(train, "weight", None)
    total_weight = len(train) if weight is None else float(weight.sum(dtype=torch.float64))

    # tqdm reads TQDM_DISABLE once, when it is imported. Its bar is text: a saved widget would show nothing.
    quiet = not progress or os.environ.get("TQDM_DISABLE", "") not in ("", "0")
    try:
        with (
            torch.random.fork_rng(devices=[device] if device.type == "cuda" else []),
            tqdm(total=config.epochs, unit="epoch", desc=type(model).__name__, disable=quiet) as bar,
        ):
            torch.manual_seed(config.seed)  # dropout
            for epoch in range(1, config.epochs + 1):
                model.train()
                order = torch.randperm(len(train), generator=shuffle).to(device)
                loss_sum = torch.zeros((), device=device, dtype=next(model.parameters()).dtype)
                for start, stop in bounds:
                    if config.schedule == "linear":
                        for group in optimizer.param_groups:
                            group["lr"] = config.lr * (1 - step / total_steps)
                    loss_sum += _step(model, optimizer, config, rows_of, train, order[start:stop])
                    step += 1
                train_loss = float(loss_sum) / total_weight
                score = predict(model, valid)
                if not (np.isfinite(train_loss) and np.isfinite(score).all()):
                    what = f"the loss is no longer finite in epoch {epoch} (lr={config.lr:g})"
                    raise ValueError(f"{what}; lower lr, or scale the values")
                scores = evaluate(valid.target, score, config.task, getattr(valid, "weight", None))
                value = scores[monitor]
                rows.append((epoch, "train", "logloss" if config.task == "binary" else "mse", train_loss))
                rows += [(epoch, "valid", name, score) for name, score in scores.items()]
                if best_epoch == 0 or (value > best_value if METRICS[monitor].higher_is_better else value < best_value):
                    best_value, best_epoch = value, epoch
                    best.clear()  # room for one copy; in an interrupt now the model itself is the best
                    best.update(_copy_of_weights(model, moving))
                elif config.schedule == "plateau":
                    for group in optimizer.param_groups:
                        group["lr"] /= 10
                bar.set_postfix_str(f"valid {monitor} {value:.4f}, best {best_value:.4f}", refresh=False)
                bar.update()
                if config.patience is not None and epoch - best_epoch >= config.patience:
                    break
    finally:  # also after an interrupt
        _put_back(model, moving, best)
        model.eval()
        frame = pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])
        model.history = History(frame, monitor, best_epoch, best_value, time.perf_counter() - started)
    return model.history


def _step(model: nn.Module, optimizer, config: TrainConfig, rows_of, train: Examples, batch: Tensor) -> Tensor:
    """One step on the rows `batch` of `train`; returns the sum of their losses, each times its weight if there are any.

    A function of its own so that the step's graph is gone at its end: it knows the tables in the size of this batch.
    """
    # index_select copies whole rows; train.ids[batch] gives the same, four times slower.
    ids, values, target = (t.index_select(0, batch) for t in (train.ids, train.values, train.target))
    dtype, weight = next(model.parameters()).dtype, getattr(train, "weight", None)
    values, target = values.to(dtype), target.to(dtype)
    with rows_of(ids) as ids:
        score = model(ids, values)  # (B,)
        if weight is None:
            loss, total = LOSSES[config.task](score, target), len(batch)
        else:
            weight = weight.index_select(0, batch).to(dtype)
            total = weight.sum().clamp(min=torch.finfo(dtype).tiny)  # a batch of zeros alone has the loss 0
            loss = (weight * LOSSES[config.task](score, target, reduction="none")).sum() / total
        loss_sum = loss.detach() * total
        if config.l2_embedding and hasattr(model, "embedding"):
            loss = loss + config.l2_embedding * model.embedding.penalty(ids, values)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return loss_sum


@torch.no_grad()
def predict(
    model: nn.Module, examples: Examples, kind: str = "score", clip: tuple[float, float] | None = None,
    batch_size: int = 8192,
) -> np.ndarray:  # fmt: skip
    """(N,) float64 predictions in eval mode; the model's mode is put back afterwards.

    kind: "score" (raw) or "probability" (sigmoid of the score). clip: (low, high) to cut predictions to, such as
    `train.target_range`; nothing is clipped unless asked. Raises ValueError for an unknown kind, an empty clip range, a
    batch size below 1, ids the model does not know or that belong to another vocabulary, or a model that does not
    return one score per example.
    """
    _check_fit_together(model, examples)
    batch_size = checks.whole_number("batch_size", batch_size, 1)
    checks.one_of("kind", kind, ("score", "probability"))
    low, high = (-math.inf, math.inf) if clip is None else checks.low_and_high("clip", clip)
    parameter, was_training, parts = next(model.parameters()), model.training, []
    model.eval()
    try:
        for start in range(0, len(examples), batch_size):
            rows = slice(start, start + batch_size)
            ids, values = examples.ids[rows].to(parameter.device), examples.values[rows].to(parameter)
            parts.append(_scores(model, ids, values))
    finally:
        model.train(was_training)
    score = torch.cat(parts).double() if parts else torch.zeros(0, dtype=torch.float64)
    score = torch.sigmoid(score) if kind == "probability" else score
    return score.numpy(force=True).clip(low, high)


def _scores(model: nn.Module, ids: Tensor, values: Tensor) -> Tensor:
    """model(ids, values), which a reader's own model may not give in the right shape, or not at all."""
    name = type(model).__name__
    try:
        score = model(ids, values)
    except (IndexError, RuntimeError) as error:
        what = f"{name} fails on ids (B, S)={tuple(ids.shape)} up to {int(ids.max())}: {error}"
        rows = f"{int(ids.max()) + 1} rows or more, encoder.n_features"
        raise ValueError(f"{what}. A table of embeddings needs {rows}") from error
    if not isinstance(score, Tensor) or score.shape != ids.shape[:1]:
        found = tuple(score.shape) if isinstance(score, Tensor) else type(score).__name__
        one = f"one score per example, shape (B,)={tuple(ids.shape[:1])}"
        advice = "for (B, 1) add .squeeze(1), or the loss compares every score with every label"
        raise ValueError(f"{name} must return {one}, and returns {found}; {advice}")
    return score


def pick_device(name: str = "auto") -> torch.device:
    """The PyTorch device for a name; "auto" is CUDA if there is one, else the CPU. ValueError for an unknown name."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # "meta" is a device without numbers
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ValueError(f"device {name!r} is not there; use 'auto' or 'cpu' ({error})") from error
    return device


def _check_fit_together(model: nn.Module, examples: Examples, which: str = "") -> None:
    """Refuses what is no model or no Examples, ids without an embedding, and ids of another vocabulary."""
    if not isinstance(model, nn.Module):
        built = f"build it first: {model.__name__}(...)" if isinstance(model, type) else f"got {type(model).__name__}"
        raise ValueError(f"the first argument is a model, such as FM(encoder.n_features); {built}")
    if next(model.parameters(), None) is None:
        raise ValueError(f"this {type(model).__name__} has no parameters, so there is nothing to train")
    if not isinstance(examples, Examples):
        raise ValueError(f"models read Examples, such as encoder.transform(table), got {type(examples).__name__}")
    whose = f"the {which or 'examples'}"
    check_same_vocabulary(getattr(model, "fingerprint", None), examples.fingerprint, "the model", whose)
    if isinstance(model, tuple(MODELS.values())):  # a reader's own model looks after itself
        if error := checks.outside_table(examples.ids, len(model.linear.w), which and f"{which}, "):
            raise error


def _check_labels(examples: Examples, which: str, task: str) -> None:
    if len(examples) == 0:
        raise ValueError(f"the {which} is empty")
    if examples.target is None:
        raise ValueError(f"the {which} has no labels; does the table have the encoder's target column?")
    weight, counted = getattr(examples, "weight", None), examples.target
    if weight is not None:
        counted = counted[weight > 0]
        if not len(counted):
            raise ValueError(f"every weight of the {which} is 0, so it has no example that counts")
    if task == "regression":
        return
    wrong = (examples.target != 0) & (examples.target != 1)
    if wrong.any():
        row = int(wrong.nonzero()[0])
        what = f"{which}, row {row}: label {float(examples.target[row]):g} is not 0 or 1, which task='binary' needs"
        raise ValueError(f"{what}; for other labels use task='regression'")
    if (counted == counted[0]).all():
        which += "" if weight is None else " with a weight above 0"
        raise ValueError(f"all labels of the {which} are {float(counted[0]):g}; task='binary' needs both classes")


@torch.no_grad()
def _start(model: nn.Module, train: Examples, task: str) -> None:
    """Give a new model of this package the bias that the labels say, and zeros where training has nothing to say."""
    model.fingerprint = train.fingerprint or getattr(model, "fingerprint", None)
    if type(model) not in MODELS.values() or model.linear.w0 != 0 or model.linear.w.any():
        return
    weight, target = getattr(train, "weight", None), train.target.double()
    mean = target.mean() if weight is None else (weight.double() @ target) / weight.sum(dtype=torch.float64)
    model.linear.w0.copy_(torch.logit(mean) if task == "binary" else mean)
    if hasattr(model, "embedding"):
        unseen = ~_occurring(train, len(model.linear.w), weight)
        model.embedding.V.masked_fill_(unseen[:, None], 0)  # no gradient and no weight decay will ever move it


def _occurring(examples: Examples, n: int, weight: Tensor | None = None) -> Tensor:
    """(n,) bool: whether an id occurs, in a row of positive weight. In parts, so that it takes no memory per slot."""
    occurs = torch.zeros(n, dtype=torch.bool, device=examples.ids.device)
    for start in range(0, len(examples), 2**16):
        part = slice(start, start + 2**16)
        there = examples.values[part] != 0
        if weight is not None:
            there &= (weight[part] > 0)[:, None]
        occurs[examples.ids[part][there]] = True
    return occurs


def _batch_bounds(n: int, size: int) -> list[tuple[int, int]]:
    """(start, stop) of each batch. A last batch of one row joins the one before: batch norm needs two rows."""
    stops = [*range(size, n - 1, size), n]
    return list(zip([0, *stops], stops))


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
    if config.optimizer.endswith("adam"):
        return torch.optim.Adam(parameters, lr=config.lr, fused=True)
    return torch.optim.Adagrad(parameters, lr=config.lr, initial_accumulator_value=config.adagrad_init, fused=True)


class _RowsOfBatch:
    """Shows a step the rows of the tables that its batch reads and nothing else, so that its cost does not depend on n.

    In `with rows_of(ids) as ids` the tables, and with them the optimiser's state, have one row per distinct id of the
    batch, and `ids` counts in these. So the layers and PyTorch's dense, fused optimisers do what they always do, on
    small tables. At the end the rows go back to where they came from.
    """

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer):
        self.optimizer, self.tables = optimizer, []  # (parameter, its whole table, its whole state by name)
        for name, parameter in model.named_parameters():
            if name in TABLES and parameter.requires_grad and parameter.numel():
                state = optimizer.state[parameter]
                if isinstance(optimizer, torch.optim.Adam):  # Adagrad has its state from the start
                    state["step"] = torch.zeros((), device=parameter.device)
                    state["exp_avg"], state["exp_avg_sq"] = (torch.zeros_like(parameter.data) for _ in range(2))
                self.tables.append((parameter, parameter.data, {k: t for k, t in state.items() if t.ndim}))

    @contextlib.contextmanager
    def __call__(self, ids: Tensor) -> Iterator[Tensor]:
        rows, ids = torch.unique(ids, return_inverse=True)
        try:
            for parameter, table, state in self.tables:
                parameter.data = table.index_select(0, rows)
                self.optimizer.state[parameter].update({k: t.index_select(0, rows) for k, t in state.items()})
            yield ids
            for parameter, table, state in self.tables:
                table.index_copy_(0, rows, parameter.data)
                for name, whole in state.items():
                    whole.index_copy_(0, rows, self.optimizer.state[parameter][name])
        finally:
            for parameter, table, _ in self.tables:
                parameter.data, parameter.grad = table, None


def _copy_of_weights(model: nn.Module, rows: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of the model by name; of the tables in `rows` these rows alone."""
    state = model.state_dict().items()
    return {name: t.index_select(0, rows[name]) if name in rows else t.clone() for name, t in state}


def _put_back(model: nn.Module, rows: dict[str, Tensor], weights: dict[str, Tensor]) -> None:
    for name, tensor in model.state_dict().items() if weights else ():
        tensor.index_copy_(0, rows[name], weights[name]) if name in rows else tensor.copy_(weights[name])
