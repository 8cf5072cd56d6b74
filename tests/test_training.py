"""Training, prediction, saving and loading, against a bare loop, hand-written optimiser steps and scripted metrics."""

import contextlib
import os
import pickle
import random
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode

from nfm_tutorial import training
from nfm_tutorial.encoding import Encoder, Examples, Field
from nfm_tutorial.metrics import auc, log_loss, rmse
from nfm_tutorial.models import FM, LR, NFM, DeepFM
from nfm_tutorial.training import History, TrainConfig, fit, load, parameter_group, pick_device, predict, save

quick = settings(deadline=None, max_examples=15, derandomize=True)
N, FIELDS = 13, [0, 1, 2, 2]

MODELS = {
    "LR": lambda **kw: LR(N, **kw),
    "FM": lambda **kw: FM(N, k=4, dropout=0.2, init_std=0.3, **kw),
    "NFM": lambda **kw: NFM(N, k=4, hidden=(6,), dropout_bi=0.1, dropout_hidden=0.2, init_std=0.3, **kw),
    "NFM without layers": lambda **kw: NFM(N, k=4, hidden=(), init_std=0.3, **kw),
    "DeepFM": lambda **kw: DeepFM(N, FIELDS, k=4, hidden=(6,), dropout=0.2, batch_norm=True, init_std=0.3, **kw),
}
every_model = pytest.mark.parametrize("kind", MODELS)


def examples(n=60, seed=0, task="binary", dtype=np.float64):
    """Two one-hot fields and a two-valued one; the label is a crossing of the first two fields, with noise."""
    rng = np.random.default_rng(seed)
    user, item, tags = rng.integers(1, 5, n), rng.integers(5, 9, n), rng.integers(9, 13, (n, 2))
    ids = np.column_stack([user, item, tags])
    values = np.column_stack([np.ones(n), np.ones(n), rng.standard_normal((n, 2))]).astype(dtype)
    values[rng.random(n) < 0.3, 3] = 0
    score = np.where((user + item) % 2 == 0, 1.5, -1.5) + rng.standard_normal(n)
    return Examples(ids, values, (score > 0).astype(float) if task == "binary" else score, FIELDS)


def quick_config(**settings):
    return TrainConfig(**{"epochs": 3, "batch_size": 16, "lr": 0.02, "patience": None, "device": "cpu", **settings})


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def assert_same_state(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name


def assert_close(got, expected, tolerance=1e-12):
    torch.testing.assert_close(torch.as_tensor(got), torch.as_tensor(expected), rtol=tolerance, atol=tolerance)


# --- what one step does ---------------------------------------------------------------------------------------


def step_by_hand(model, data, config):
    """The parameters after one step on the whole training set, from the optimisers' formulas."""
    score = model(data.ids, data.values)
    loss = (score - data.target).square().mean()
    if config.task == "binary":
        p = torch.sigmoid(score)
        loss = -(data.target * p.log() + (1 - data.target) * (1 - p).log()).mean()
    if config.l2_embedding:
        xv = model.embedding.V[data.ids] * data.values[..., None]
        loss = loss + config.l2_embedding * xv.square().sum(dim=(1, 2)).mean()
    after = {}
    names, parameters = zip(*model.named_parameters())
    for name, p, g in zip(names, parameters, torch.autograd.grad(loss, parameters)):
        part = {"linear": config.decay_linear, "embedding": config.decay_embedding}
        g = g + part.get(name.split(".")[0], config.decay_mlp) * p
        if config.optimizer == "adam":  # the first step: both averages are corrected to g and g^2
            after[name] = p - config.lr * g / (g.abs() + 1e-8)
        else:
            after[name] = p - config.lr * g / ((config.adagrad_init + g * g).sqrt() + 1e-10)
    return {name: p.detach() for name, p in after.items()}


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "adagrad", "adagrad_init": 1e-8},
        {"optimizer": "adagrad", "adagrad_init": 1.0},
        {"optimizer": "adagrad", "adagrad_init": 1.0, "l2_embedding": 0.7},
        {"optimizer": "adagrad", "adagrad_init": 1.0, "decay_linear": 0.7},
        {"optimizer": "adagrad", "adagrad_init": 1.0, "decay_embedding": 0.7},
        {"optimizer": "adagrad", "adagrad_init": 1.0, "decay_mlp": 0.7},
    ],
)
@pytest.mark.parametrize("make", [
    lambda: NFM(N, k=4, hidden=(6,), init_std=0.3), lambda: DeepFM(N, FIELDS, k=4, init_std=0.3),
])  # fmt: skip
def test_one_step_is_the_optimisers_formula(make, task, settings):
    data, model = examples(task=task), make().double().train()
    with torch.no_grad():
        model.linear.w.add_(0.5)  # else weight decay has nothing to decay
    config = quick_config(task=task, epochs=1, batch_size=len(data), **settings)
    expected = step_by_hand(model, data, config)
    fit(model, data, data, config, progress=False)
    for name, parameter in model.named_parameters():
        assert_close(parameter.detach(), expected[name], 1e-7)  # Adam magnifies the rounding of a gradient of zero


def test_parameters_fall_into_their_groups():
    groups = {name: parameter_group(name) for name in DeepFM(N, FIELDS, hidden=(6,), batch_norm=True).state_dict()}
    assert groups["linear.w0"] == groups["linear.w"] == "linear" and groups["embedding.V"] == "embedding"
    assert {groups[name] for name in groups if name.startswith(("mlp", "out"))} == {"mlp"}
    assert {parameter_group(name) for name in ("h", "norm_bi.weight", "norm_bi.bias")} == {"mlp"}


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("n, batch_size", [(60, 16), (49, 16), (7, 100)])  # last batch: short, of one row, the only one
def test_fit_equals_a_bare_loop(task, n, batch_size):
    """The same mathematics with PyTorch's plain Adam: the same weights, losses and metrics after every epoch."""
    train, valid = examples(n, task=task), examples(30, seed=1, task=task)
    make = lambda: NFM(N, k=4, hidden=(6,), init_std=0.3, seed=2).double()  # noqa: E731
    config = quick_config(task=task, batch_size=batch_size, seed=5, l2_embedding=0.01)

    model, rows = make(), []
    with torch.no_grad():  # what the labels say before the first step; every id occurs in training
        model.linear.w0.fill_(train.target.mean().logit() if task == "binary" else train.target.mean())
        model.embedding.V[[i for i in range(N) if i not in train.ids[train.values != 0]]] = 0
    optimizer = torch.optim.Adam(model.parameters(), lr=config.lr, foreach=False, fused=False)
    shuffle = torch.Generator().manual_seed(config.seed)
    for epoch in range(1, config.epochs + 1):
        model.train()
        order, losses = torch.randperm(n, generator=shuffle).tolist(), []
        while order:
            size = len(order) if len(order) == batch_size + 1 else batch_size  # one row alone has no batch variance
            part, order = train[order[:size]], order[size:]
            score = model(part.ids, part.values)
            if task == "binary":
                loss = -F.logsigmoid(torch.where(part.target == 1, score, -score)).mean()
            else:
                loss = (score - part.target).square().mean()
            losses += [loss.item()] * len(part)
            xv = model.embedding.V[part.ids] * part.values[..., None]
            optimizer.zero_grad()
            (loss + config.l2_embedding * xv.square().sum() / len(part)).backward()
            optimizer.step()
        model.eval()
        score = model(valid.ids, valid.values).detach().numpy()
        rows.append((epoch, "train", "logloss" if task == "binary" else "mse", np.mean(losses)))
        metrics = {"auc": auc, "logloss": log_loss} if task == "binary" else {"rmse": rmse}
        rows += [(epoch, "valid", name, metric(valid.target, score)) for name, metric in metrics.items()]

    fitted = make()
    history = fit(fitted, train, valid, config, progress=False)
    expected = pd.DataFrame(rows, columns=["epoch", "split", "metric", "value"])
    pd.testing.assert_frame_equal(history.frame, expected, rtol=1e-9)
    monitored = expected[(expected["split"] == "valid") & (expected["metric"] == history.monitor)]
    assert history.best_value == pytest.approx((max if task == "binary" else min)(monitored["value"]))
    if history.best_epoch == config.epochs:
        for name, tensor in model.state_dict().items():
            assert_close(fitted.state_dict()[name], tensor, 1e-9)


class Spy(nn.Module):
    """A reader's own model: remembers what it was given."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(N))
        self.seen = []

    def forward(self, ids, values):
        if self.training:
            self.seen.append(values[:, 2].tolist())
        return (self.w[ids] * values).sum(dim=1)


def test_every_example_is_used_once_per_epoch_in_a_new_order():
    data, spy = examples(49), Spy().double()
    fit(spy, data, data, quick_config(), progress=False)
    assert [len(part) for part in spy.seen] == [16, 16, 17] * 3
    epochs = [sum(spy.seen[i : i + 3], []) for i in (0, 3, 6)]
    for epoch in epochs:
        assert sorted(epoch) == sorted(data.values[:, 2].tolist()) and epoch != data.values[:, 2].tolist()
    assert epochs[0] != epochs[1] != epochs[2]


def test_training_learns_the_crossing_that_regression_on_single_features_cannot():
    train, valid = examples(600, dtype=np.float32), examples(300, seed=1, dtype=np.float32)
    config = quick_config(epochs=8, batch_size=64, lr=0.05)
    lr, fm, nfm = (fit(MODELS[kind](), train, valid, config, progress=False) for kind in ("LR", "FM", "NFM"))
    assert lr.best_value < 0.6 and fm.best_value > 0.85 and nfm.best_value > 0.85


# --- rates, early stopping, best weights ----------------------------------------------------------------------


def rates(config, values=None):
    """The learning rate of every step, per parameter group, while validation gives the scripted `values`."""
    seen = []
    handle = register_optimizer_step_pre_hook(lambda o, *_: seen.append([g["lr"] for g in o.param_groups]))
    try:
        with scripted(values) if values else contextlib.nullcontext():
            fit(FM(N, k=2), examples(48), examples(20, seed=1), config, progress=False)
    finally:
        handle.remove()
    assert all(len(set(groups)) == 1 for groups in seen)
    return [groups[0] for groups in seen]


def scripted(values, name="auc", snapshots=None, model=None):
    """Makes validation return these values, one per epoch."""
    calls = iter(values)

    def evaluate(target, score, task, weight=None):
        value = next(calls)
        if snapshots is not None:
            snapshots.append(state(model))
        return {name: value}

    return mock.patch.object(training, "evaluate", evaluate)


def test_constant_rate():
    assert rates(quick_config()) == [0.02] * 9


def test_linear_rate_reaches_zero_after_the_last_epoch():
    steps = rates(quick_config(schedule="linear"))
    assert steps == pytest.approx([0.02 * left / 9 for left in range(9, 0, -1)])  # the tenth would be 0


def test_plateau_divides_the_rate_by_ten_after_each_epoch_without_improvement():
    steps = rates(quick_config(schedule="plateau", epochs=6), [0.6, 0.7, 0.7, 0.65, 0.8, 0.1])
    assert steps == pytest.approx([0.02] * 9 + [0.002] * 3 + [0.0002] * 6)


@pytest.mark.parametrize("monitor, best, task", [
    ("auc", max, "binary"), ("logloss", min, "binary"), ("rmse", min, "regression"),
])  # fmt: skip
@quick
@given(values=st.lists(st.integers(1, 5).map(float), min_size=1, max_size=7), patience=st.sampled_from([None, 1, 2, 3]))
def test_early_stopping_keeps_the_best_epoch_and_its_weights(monitor, best, task, values, patience):
    """`best` is the direction: the highest AUC, the lowest loss. The first of equals wins."""
    stopped = len(values)
    for epoch in range(1, len(values) + 1):
        first_best = values.index(best(values[:epoch])) + 1
        if patience is not None and epoch - first_best >= patience:
            stopped = epoch
            break
    first_best = values.index(best(values[:stopped])) + 1

    model, snapshots = MODELS["NFM"](), []
    config = quick_config(task=task, monitor=monitor, epochs=len(values), patience=patience)
    with scripted(values, monitor, snapshots, model):
        history = fit(model, examples(20, task=task), examples(20, seed=1, task=task), config, progress=False)
        assert model.task == task
    assert (history.best_epoch, history.best_value, history.monitor) == (first_best, best(values[:stopped]), monitor)
    assert len(snapshots) == stopped == history.frame["epoch"].max()
    assert_same_state(state(model), snapshots[first_best - 1])  # batch-norm statistics included
    assert not model.training
    if stopped > 1:
        names = ("embedding.V", "norm_bi.running_mean")
        assert not any(torch.equal(snapshots[0][name], snapshots[1][name]) for name in names)


@pytest.mark.parametrize("task, monitor", [("binary", "auc"), ("regression", "rmse")])
def test_the_task_brings_its_own_monitor(task, monitor):
    data = examples(task=task)
    assert fit(LR(N), data, data, quick_config(task=task), progress=False).monitor == monitor


# --- the loss goes to infinity --------------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_raises_and_leaves_finite_weights():
    data = examples(task="regression", dtype=np.float32)
    model = MODELS["NFM"]()
    with torch.no_grad():
        model.linear.w0.fill_(0.5)  # so that fit does not choose it
    before = state(model)
    config = quick_config(task="regression", lr=1e30)
    with pytest.raises(ValueError, match=r"no longer finite in epoch 1 \(lr=1e\+30\); lower lr, or scale the values"):
        fit(model, data, data, config, progress=False)
    assert_same_state(state(model), before)
    assert not model.training


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_late_failure_keeps_the_best_weights_so_far(value):
    data, model, snapshots = examples(), MODELS["NFM"](), []
    real, epoch = predict, iter(range(-1, 9))  # twice before the first epoch, to see that the model works

    def failing(model, valid):
        snapshots.append(state(model))
        return real(model, valid) if next(epoch) < 3 else np.full(len(valid), value)

    config = quick_config(epochs=9, lr=1e-3)
    with mock.patch.object(training, "predict", failing), scripted([0.8, 0.7]):
        with pytest.raises(ValueError, match="no longer finite in epoch 3"):
            fit(model, data, data, config, progress=False)
    assert_same_state(state(model), snapshots[2])
    assert all(torch.isfinite(tensor.float()).all() for tensor in state(model).values())


# --- batches of one, random states, repeatability -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["NFM", "DeepFM"])
def test_a_last_batch_of_one_row_works_with_batch_norm(kind):
    data = examples(33)
    history = fit(MODELS[kind](), data, data, quick_config(), progress=False)
    assert history.frame["value"].notna().all()


@pytest.mark.parametrize("n, batch_size", [(1, 16), (5, 1)])
def test_batch_norm_with_batches_of_one_row_is_refused(n, batch_size):
    data, config = examples(task="regression"), quick_config(task="regression", batch_size=batch_size)
    with pytest.raises(ValueError, match="batch norm needs two examples or more per batch; raise batch_size, or"):
        fit(MODELS["NFM"](), data[:n], data, config, progress=False)
    fit(MODELS["FM"](), data[:n], data, config, progress=False)


def random_states():
    return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()


@every_model
def test_training_and_predicting_leave_the_global_random_states_alone(kind):
    data, before = examples(), random_states()
    model = MODELS[kind](seed=3)
    fit(model, data, data, quick_config(), progress=False)
    predict(model, data)
    assert random_states() == before


@every_model
def test_same_seed_same_history_and_weights(kind):
    train, valid = examples(dtype=np.float32), examples(seed=1, dtype=np.float32)
    runs = []
    for global_seed, seed in ((1, 0), (2, 0), (2, 1)):
        torch.manual_seed(global_seed)
        model = MODELS[kind](seed=9)
        runs.append((fit(model, train, valid, quick_config(seed=seed), progress=False), state(model)))
    assert runs[0][0] == runs[1][0] and runs[0][0].frame.equals(runs[1][0].frame)
    assert_same_state(runs[0][1], runs[1][1])
    assert runs[1][0] != runs[2][0]  # another order of the examples


def test_the_seed_decides_dropout_too():
    data = examples()

    def loss(dropout, seed):  # of a single batch, so the order of the examples can't make the difference
        config = quick_config(batch_size=100, epochs=1, seed=seed)
        model = FM(N, k=4, init_std=1.0, dropout=dropout).double()
        return fit(model, data, data, config, progress=False).curve("logloss", "train")[1]

    assert loss(0.0, seed=0) == pytest.approx(loss(0.0, seed=1), abs=1e-12)
    assert abs(loss(0.5, seed=0) - loss(0.5, seed=1)) > 1e-3


def test_precision_follows_the_model():
    single, double = examples(dtype=np.float32), examples(dtype=np.float64)
    for model, dtype in ((FM(N), torch.float32), (FM(N).double(), torch.float64)):
        for data in (single, double):
            fit(model, data, data, quick_config(epochs=1), progress=False)
            assert {p.dtype for p in model.parameters()} == {dtype}
            assert predict(model, data).dtype == np.float64


# --- History and the progress bar -----------------------------------------------------------------------------


def test_history_is_a_tidy_table():
    train, valid = examples(), examples(seed=1)
    history = fit(MODELS["FM"](), train, valid, quick_config(), progress=False)
    assert list(history.frame.columns) == ["epoch", "split", "metric", "value"]
    by = history.frame.groupby("epoch")[["split", "metric"]].apply(lambda rows: rows.to_numpy().tolist())
    assert by.to_dict() == {e: [["train", "logloss"], ["valid", "auc"], ["valid", "logloss"]] for e in (1, 2, 3)}
    curve = history.curve("auc")
    assert list(curve.index) == [1, 2, 3] and curve.index.name == "epoch" and curve.name == "auc"
    assert curve[history.best_epoch] == curve.max() == history.best_value
    assert history.seconds > 0
    best = f"best auc {curve.max():.4f} on validation after epoch {history.best_epoch}"
    assert repr(history) == f"History: 3 epochs, {best}"
    with pytest.raises(ValueError, match="no train auc in this history; it holds train logloss, valid auc, valid logl"):
        history.curve("auc", "train")


def test_histories_are_compared_by_what_happened():
    frame = pd.DataFrame({"epoch": [1], "split": ["valid"], "metric": ["auc"], "value": [0.7]})
    one = History(frame, "auc", 1, 0.7, seconds=1.0)
    assert one == History(frame.copy(), "auc", 1, 0.7, seconds=2.0)
    assert one != History(frame.assign(value=0.7 + 1e-12), "auc", 1, 0.7, 1.0)
    assert one != History(frame, "logloss", 1, 0.7, 1.0) and one != History(frame, "auc", 2, 0.7, 1.0) and one != "auc"


@pytest.mark.parametrize("progress, variable, shown", [
    (True, None, True), (True, "0", True), (True, "1", False), (False, None, False),
])  # fmt: skip
def test_the_progress_bar_can_be_switched_off(progress, variable, shown, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE")
    if variable is not None:
        monkeypatch.setenv("TQDM_DISABLE", variable)
    data = examples()
    fit(LR(N), data, data, quick_config(epochs=2), progress=progress)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("valid auc 0." in err and "LR" in err and "2/2" in err) if shown else err == ""


# --- predict --------------------------------------------------------------------------------------------------


def trained(kind="NFM", dtype=torch.float64):
    data = examples()
    model = MODELS[kind]().to(dtype)
    fit(model, data, data, quick_config(epochs=2), progress=False)
    return model, data


@every_model
def test_predictions_are_the_models_scores_whatever_the_batches(kind):
    model, data = trained(kind)
    score = predict(model, data)
    assert score.shape == (60,) and score.dtype == np.float64
    assert_close(score, model.eval()(data.ids, data.values).detach().numpy())
    for batch_size in (1, 7, 60, 61):
        assert_close(predict(model, data, batch_size=batch_size), score)
    mates = np.random.default_rng(0).permutation(60)
    assert_close(predict(model, data[mates]), score[mates])
    assert_close(predict(model, data[5]), score[[5]])
    assert np.array_equal(predict(model, data), score)
    assert predict(model, data[:0]).shape == (0,)
    for metric in (auc, log_loss):  # metrics see the whole set, not an average of batches
        assert metric(data.target, predict(model, data, batch_size=7)) == pytest.approx(
            metric(data.target, score), abs=1e-12
        )


def test_probabilities_and_clipping():
    model, data = trained()
    with torch.no_grad():
        model.linear.w *= 10
    score = predict(model, data)
    assert_close(predict(model, data, kind="probability"), 1 / (1 + np.exp(-score)))
    assert score.min() < -0.1 and score.max() > 0.1
    assert_close(predict(model, data, clip=(-0.1, 0.1)), np.minimum(np.maximum(score, -0.1), 0.1))
    assert data.target_range == (0, 1)
    assert predict(model, data, clip=data.target_range).min() == 0 > score.min()


@pytest.mark.parametrize("training_mode", [True, False])
def test_predict_switches_dropout_off_and_puts_the_mode_back(training_mode):
    model, data = trained()
    before, reference = state(model), predict(model, data)
    model.train(training_mode)
    assert np.array_equal(predict(model, data), reference)
    assert model.training is training_mode
    assert_same_state(state(model), before)


def test_predict_puts_the_mode_back_after_an_error():
    model = MODELS["DeepFM"]().train()
    with pytest.raises(ValueError, match="built for 4 slots, got 2"):
        predict(model, Examples([[1, 2]], [[1.0, 1.0]]))
    assert model.training


@pytest.mark.parametrize("arguments, message", [
    ({"kind": "logit"}, "kind 'logit' is unknown; choose one of 'score', 'probability'"),
    ({"clip": (1, 0)}, r"clip must be \(low, high\) with low <= high, got \(1, 0\)"),
    ({"clip": (np.nan, 1)}, "clip must be"),
    ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
    ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
])  # fmt: skip
def test_bad_requests_for_predictions_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        predict(LR(N), examples(), **arguments)


# --- save and load --------------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_saved_model_predicts_the_same(kind, dtype, tmp_path):
    model, data = trained(kind, dtype)
    save(tmp_path / "model.pt", model)
    torch.manual_seed(123)
    again, encoder = load(str(tmp_path / "model.pt"))
    assert encoder is None and type(again) is type(model) and again.config == model.config and not again.training
    assert_same_state(state(again), state(model))
    assert {p.dtype for p in again.parameters()} == {dtype}
    assert np.array_equal(predict(again, data), predict(model, data))
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]


@pytest.mark.parametrize("users", [[3, 1, 2], ["b", "ü", "a"]])
def test_the_encoder_is_saved_too(users, tmp_path):
    table = pd.DataFrame({"user": users * 4, "tags": ["x|y", "", "z"] * 4, "age": range(12), "label": [0, 1, 1] * 4})
    encoder = Encoder(["user", Field("tags", "multi", max_values=2), Field("age", "numeric")])
    data = encoder.fit_transform(table)
    model = FM(encoder.n_features, init_std=0.5)
    save(tmp_path / "model.pt", model, encoder)
    again, vocabulary = load(tmp_path / "model.pt")
    stranger = -5 if users[0] == 3 else "never seen"
    new = pd.concat([table, pd.DataFrame({"user": [stranger], "tags": [None], "age": [None]})])
    assert np.array_equal(predict(again, vocabulary.transform(table)), predict(model, data))
    assert_close(vocabulary.transform(new.drop(columns="label")).ids, encoder.transform(new.drop(columns="label")).ids)
    assert vocabulary.to_dict() == encoder.to_dict() and repr(vocabulary) == repr(encoder)


def test_settings_given_as_numpy_values_can_be_saved(tmp_path):
    model = DeepFM(np.int64(N), np.array(FIELDS), k=np.int64(2), init_std=np.float64(0.1), dropout=np.float32(0.5))
    save(tmp_path / "model.pt", model)
    assert load(tmp_path / "model.pt")[0].config == model.config


def test_a_file_is_replaced_in_one_step(tmp_path, monkeypatch):
    path = tmp_path / "model.pt"
    model, data = trained("FM")
    save(path, LR(N))
    save(path, model)
    good = path.read_bytes()

    def failing(state, file):
        file.write(b"half a file")
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", failing)
    for name in ("model.pt", "new.pt"):
        with pytest.raises(OSError, match="disk full"):
            save(tmp_path / name, LR(N))
    assert path.read_bytes() == good
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]
    monkeypatch.undo()
    monkeypatch.setattr(os, "replace", mock.Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        save(path, LR(N))
    assert path.read_bytes() == good and [p.name for p in tmp_path.iterdir()] == ["model.pt"]


class Malicious:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("form", ["pickle", "torch", "inside", "old torch"])
def test_code_in_a_file_is_never_run(form, tmp_path):
    path, marker = tmp_path / "model.pt", tmp_path / "marker"
    bad = Malicious(marker)
    if form == "pickle":
        path.write_bytes(pickle.dumps(bad))
    elif form == "inside":
        torch.save({"model": "LR", "config": {"n_features": 2}, "weights": {}, "encoder": bad}, path)
    else:
        torch.save(bad, path, _use_new_zipfile_serialization=form == "torch")
    with pytest.raises(ValueError, match="model.pt is damaged, or not written by") as caught:
        load(path)
    assert not marker.exists()
    assert "weights_only" not in str(caught.value)  # PyTorch would advise to switch its safety off
    if form != "old torch":  # the file does work on a careless reader
        pickle.loads(path.read_bytes()) if form == "pickle" else torch.load(path, weights_only=False)
        assert marker.exists()


def saved_bytes(tmp_path):
    path = tmp_path / "model.pt"
    save(path, MODELS["NFM"]())
    return path, path.read_bytes()


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.7, 0.99])
def test_a_truncated_file_is_refused(share, tmp_path):
    path, content = saved_bytes(tmp_path)
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="model.pt is damaged, or not written by.*train and save the model again"):
        load(path)


def test_a_changed_byte_of_the_weights_is_noticed(tmp_path):
    model, path = LR(N), tmp_path / "model.pt"
    with torch.no_grad():
        model.linear.w.fill_(3.14159274)
    save(path, model)
    content = path.read_bytes()
    number = np.float32(3.14159274).tobytes()
    assert content.count(number * N) == 1
    path.write_bytes(content.replace(number * N, np.float32(2.7).tobytes() * N))
    with pytest.raises(ValueError, match="model.pt is damaged"):
        load(path)


@pytest.mark.parametrize("content", ["text", "zip", "other", "unknown model", "other weights", "other settings"])
def test_a_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "model.pt"
    good = {"model": "LR", "config": {"n_features": 3}, "weights": LR(3).state_dict(), "encoder": None}
    if content == "text":
        path.write_text("user,item\n1,2\n", encoding="utf-8")
    elif content == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "b")
    else:
        changes = {
            "other": [1, 2],
            "unknown model": good | {"model": "AFM"},
            "other weights": good | {"weights": LR(4).state_dict()},
            "other settings": good | {"config": {"n_feature": 3}},
        }
        torch.save(changes[content], path)
    with pytest.raises(ValueError, match="model.pt is damaged, or not written by"):
        load(path)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no saved model at .*model.pt"):
        load(tmp_path / "model.pt")
    with pytest.raises(FileNotFoundError, match="no saved model at"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="the folder .*results does not exist; make it first"):
        save(tmp_path / "results" / "model.pt", LR(N))


def test_what_cannot_be_saved_is_refused_and_leaves_no_file(tmp_path):
    class FM(nn.Module):  # a reader's own, with the name of one of the package's
        config = {}

    for model in (nn.Linear(2, 1), FM()):
        with pytest.raises(ValueError, match=f"save knows LR, FM, NFM, DeepFM of .*, not this {type(model).__name__}"):
            save(tmp_path / "model.pt", model)
    table = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"])})
    with pytest.raises(ValueError, match="a vocabulary can be saved if it holds strings and numbers only.*Timestamp"):
        save(tmp_path / "model.pt", LR(4), Encoder(["day"]).fit(table))
    with pytest.raises(ValueError, match="call encoder.fit"):
        save(tmp_path / "model.pt", LR(4), Encoder(["day"]))
    assert list(tmp_path.iterdir()) == []


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"task": "ranking"}, "task 'ranking' is unknown; choose one of 'binary', 'regression'"),
        ({"optimizer": "sgd"}, "optimizer 'sgd' is unknown; choose one of 'adam', 'adagrad'"),
        ({"schedule": "cosine"}, "schedule 'cosine' is unknown; choose one of 'constant', 'linear', 'plateau'"),
        ({"monitor": "rmse"}, "a binary task's monitor 'rmse' is unknown; choose one of 'auc', 'logloss'"),
        ({"task": "regression", "monitor": "auc"}, "regression task's monitor 'auc' is unknown; choose one of 'rmse'"),
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"batch_size": -2}, "batch_size must be a whole number of at least 1, got -2"),
        ({"batch_size": 2.0}, "batch_size must be a whole number of at least 1, got 2.0"),
        ({"epochs": None}, "epochs must be a whole number of at least 1, got None"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"patience": 0}, "patience must be a whole number of at least 1, got 0"),
        ({"lr": 0}, "lr must be a finite number above 0, got 0"),
        ({"lr": -1}, "lr must be a finite number above 0, got -1"),
        ({"lr": float("inf")}, "lr must be a finite number above 0, got inf"),
        ({"lr": float("nan")}, "lr must be a finite number above 0, got nan"),
        ({"l2_embedding": -1}, "l2_embedding must be a finite number of at least 0, got -1"),
        ({"decay_linear": -1}, "decay_linear must be a finite number of at least 0"),
        ({"decay_embedding": float("nan")}, "decay_embedding must be a finite number of at least 0"),
        ({"decay_mlp": float("inf")}, "decay_mlp must be a finite number of at least 0"),
        ({"adagrad_init": -1}, "adagrad_init must be a finite number of at least 0"),
    ],
)
def test_bad_training_settings_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**settings)


def test_training_settings_take_numpy_numbers_and_cannot_be_changed():
    config = TrainConfig(epochs=np.int64(3), lr=np.float64(0.1))
    with pytest.raises(AttributeError):
        config.epochs = 4


GOOD = examples(20)
NO_LABELS = Examples(GOOD.ids, GOOD.values, None, FIELDS)
PLUS_MINUS = Examples(GOOD.ids, GOOD.values, torch.where(torch.arange(20) < 3, 1.0, -1.0), FIELDS)
ONE_CLASS = Examples(GOOD.ids, GOOD.values, torch.ones(20), FIELDS)
PAST = Examples(torch.where(torch.arange(20)[:, None] == 17, GOOD.ids + 5, GOOD.ids), GOOD.values, GOOD.target, FIELDS)
BAD_SETS = {
    "table": (pd.DataFrame({"user": [1]}), r"models read Examples, such as encoder.transform\(table\), got DataFrame"),
    "empty": (GOOD[:0], "the {which} set is empty"),
    "no labels": (NO_LABELS, "the {which} set has no labels; does the table have the encoder's target column"),
    "labels": (PLUS_MINUS, "{which} set, row 3: label -1 is not 0 or 1.*task='binary'.*use task='regression'"),
    "ids": (PAST, "{which} set, row 17, slot 2: id 1[4-7] has no embedding; the table has ids 0 to 12. Build"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SETS)
@pytest.mark.parametrize("which", ["training", "validation"])
def test_bad_sets_are_refused_before_training(case, which):
    bad, message = BAD_SETS[case]
    model = LR(N)
    with pytest.raises(ValueError, match=message.format(which=which)):
        fit(model, *((bad, GOOD) if which == "training" else (GOOD, bad)), quick_config(), progress=False)
    assert_same_state(state(model), state(LR(N)))


def test_labels_past_0_and_1_are_for_regression():
    fit(LR(N), PLUS_MINUS, PLUS_MINUS, quick_config(task="regression"), progress=False)


@pytest.mark.parametrize("which", ["training", "validation"])
def test_labels_of_one_class_are_refused_before_training(which):
    model, sets = LR(N), (ONE_CLASS, GOOD) if which == "training" else (GOOD, ONE_CLASS)
    with pytest.raises(ValueError, match=f"all labels of the {which} set are 1; task='binary' needs both classes"):
        fit(model, *sets, quick_config(monitor="logloss"), progress=False)
    assert_same_state(state(model), state(LR(N)))
    fit(model, *sets, quick_config(task="regression"), progress=False)  # a constant is a fair target there


def test_predict_names_the_row_of_an_id_that_the_model_does_not_know():
    with pytest.raises(ValueError, match="^row 17, slot 2: id 1[4-7] has no embedding; the table has ids 0 to 12"):
        predict(FM(N), PAST, batch_size=5)
    with pytest.raises(ValueError, match="models read Examples.*got DataFrame"):
        predict(FM(N), pd.DataFrame({"user": [1]}))


@pytest.mark.parametrize("name", ["quantum", "cuda:99", "cpu:x"])
def test_unknown_devices_are_refused(name):
    with pytest.raises(ValueError, match=f"device '{name}' is not there; use 'auto' or 'cpu'"):
        pick_device(name)


def test_devices():
    assert pick_device("cpu").type == "cpu"
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_readers_own_model_reads_numbers_of_its_own_precision(task, dtype):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)

        def forward(self, ids, values):
            return self.layer(values)[:, 0]

    for given_dtype in (np.float32, np.float64):
        data, model = examples(task=task, dtype=given_dtype), Own().to(dtype)
        history = fit(model, data, data, quick_config(task=task), progress=False)
        assert history.frame["value"].notna().all() and predict(model, data).dtype == np.float64


def test_predictions_can_be_clipped_to_a_single_value():
    model, data = trained("FM")
    assert predict(model, data, clip=(0.2, 0.2)).tolist() == [0.2] * 60


# --- sparse optimisers ----------------------------------------------------------------------------------------


def wide(n_features, rows=800, dtype=np.float64, seed=0):
    """Six slots: ids that repeat in a batch, absent features (value 0) with and without the padding id."""
    rng = np.random.default_rng(seed)
    ids, values = rng.integers(1, 60, (rows, 6)) * (n_features // 60), rng.standard_normal((rows, 6)).astype(dtype)
    values[rng.random((rows, 6)) < 0.3] = 0
    ids[(values == 0) & (rng.random((rows, 6)) < 0.5)] = 0
    return Examples(ids, values, (rng.random(rows) < 0.4).astype(float))


WIDE = {
    "LR": lambda n: LR(n),
    "FM": lambda n: FM(n, 8, dropout=0.1),
    "NFM": lambda n: NFM(n, 8, dropout_bi=0.1),
    "DeepFM": lambda n: DeepFM(n, range(6), 8, batch_norm=True),
}


def fifty_steps(kind, optimizer, n_features=3_000, dtype=torch.float64, **settings):
    data, model = wide(n_features), WIDE[kind](n_features).to(dtype)
    history = fit(model, data, data[:200], quick_config(optimizer=optimizer, epochs=1, **settings), progress=False)
    return model, history


@pytest.mark.parametrize("kind", WIDE)
@pytest.mark.parametrize("settings", [
    {}, {"l2_embedding": 0.1}, {"schedule": "linear"}, {"adagrad_init": 0.1}, {"decay_mlp": 0.1},
])  # fmt: skip
def test_sparse_adagrad_is_dense_adagrad(kind, settings):
    dense, sparse = (fifty_steps(kind, name, **settings) for name in ("adagrad", "sparse_adagrad"))
    for name, tensor in dense[0].state_dict().items():
        assert_close(sparse[0].state_dict()[name], tensor, 1e-9)
    pd.testing.assert_frame_equal(sparse[1].frame, dense[1].frame, rtol=1e-9)


def lazy_adam(model, data, config):
    """Adam that moves a row, and lets its averages fade, only in a step whose batch has the row's id."""
    state, order = {}, torch.randperm(len(data), generator=torch.Generator().manual_seed(config.seed))
    for step, part in enumerate(order.split(config.batch_size), 1):
        batch, model = data[part], model.train()
        score = model(batch.ids, batch.values)
        loss = F.binary_cross_entropy_with_logits(score, batch.target)
        parameters = dict(model.named_parameters())
        for (name, p), g in zip(parameters.items(), torch.autograd.grad(loss, list(parameters.values()))):
            rows = batch.ids.unique() if name in ("linear.w", "embedding.V") else ...
            m, v = state.setdefault(name, (torch.zeros_like(p), torch.zeros_like(p)))
            m[rows] = 0.9 * m[rows] + 0.1 * g[rows]
            v[rows] = 0.999 * v[rows] + 0.001 * g[rows] ** 2
            move = m[rows] / (1 - 0.9**step) / ((v[rows] / (1 - 0.999**step)).sqrt() + 1e-8)
            with torch.no_grad():
                p[rows] = p[rows] - config.lr * move


@pytest.mark.parametrize("kind", ["LR", "FM"])
def test_sparse_adam_is_lazy_adam(kind):
    n, config = 300, quick_config(optimizer="sparse_adam", epochs=1)
    model, data = WIDE[kind](n).double(), wide(n)
    if kind == "FM":
        model.drop.p = 0.0
    with torch.no_grad():  # so that fit starts as the loop by hand does
        model.linear.w.add_(0.5)
    by_hand, dense = (WIDE[kind](n).double() for _ in range(2))
    for other in (by_hand, dense):
        other.load_state_dict(model.state_dict())
        if kind == "FM":
            other.drop.p = 0.0
    lazy_adam(by_hand, data, config)
    fit(model, data, data[:200], config, progress=False)
    for name, tensor in by_hand.state_dict().items():
        assert_close(model.state_dict()[name], tensor, 1e-7)
    fit(dense, data, data[:200], quick_config(epochs=1), progress=False)
    assert (dense.linear.w - model.linear.w).abs().max() > 1e-2  # dense Adam is another update


@pytest.mark.parametrize("optimizer", ["sparse_adagrad", "sparse_adam"])
def test_a_sparse_step_touches_only_the_rows_of_its_batch(optimizer):
    """Whatever the table: the optimiser passes over as many rows as the batch has distinct ids."""
    seen, data = [], wide(50_000)
    handle = register_optimizer_step_pre_hook(lambda o, *_: seen.append([p.shape[0] for g in o.param_groups
                                              for p in g["params"] if p.ndim]))  # fmt: skip
    model = FM(50_000, 4)
    before = state(model)
    try:
        fit(model, data, data[:200], quick_config(optimizer=optimizer, epochs=1), progress=False)
    finally:
        handle.remove()
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    assert seen == [[len(data.ids[part].unique())] * 2 for part in order.split(16)]
    used = data.ids[data.values != 0].unique()
    moved = (model.embedding.V != before["embedding.V"]).any(dim=1)
    assert model.embedding.V.shape == (50_000, 4) and moved[used].all()
    assert not model.embedding.V[~torch.isin(torch.arange(50_000), used)].any()  # never seen: zero, as ever
    assert all(parameter.grad is None for parameter in (model.embedding.V, model.linear.w))


@pytest.mark.parametrize("optimizer", ["sparse_adagrad", "sparse_adam"])
@pytest.mark.parametrize("fresh", [True, False])
def test_a_sparse_fit_keeps_the_best_weights(optimizer, fresh):
    data, model, snapshots = wide(3_000), WIDE["NFM"](3_000), []
    if not fresh:
        with torch.no_grad():
            model.linear.w.add_(0.5)
    config = quick_config(optimizer=optimizer, epochs=4)
    with scripted([0.6, 0.8, 0.7, 0.75], "auc", snapshots, model):
        fit(model, data, data[:200], config, progress=False)
    assert_same_state(state(model), snapshots[1])
    assert not torch.equal(snapshots[1]["embedding.V"], snapshots[3]["embedding.V"])


@pytest.mark.parametrize("optimizer", ["adam", "sparse_adagrad", "sparse_adam"])
@pytest.mark.parametrize("when", ["in a step", "in keeping the best"])
def test_an_interrupt_leaves_a_whole_table_with_the_best_weights(optimizer, when):
    data, model, snapshots, calls = wide(3_000), WIDE["FM"](3_000), [], iter(range(1_000))
    name = "_copy_of_weights" if when == "in keeping the best" else "LOSSES"

    def interrupted(*args, **kwargs):  # in the third epoch; the first copy is that of the start
        if next(calls) == (3 if name == "_copy_of_weights" else 120):
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    real = training._copy_of_weights if name == "_copy_of_weights" else F.binary_cross_entropy_with_logits
    fake = interrupted if name == "_copy_of_weights" else {"binary": interrupted}
    with mock.patch.object(training, name, fake), scripted([0.6, 0.8, 0.9], "auc", snapshots, model):
        with pytest.raises(KeyboardInterrupt):
            config = quick_config(optimizer=optimizer, epochs=4)
            fit(model, data, data[:200], config, progress=False)
    assert len(snapshots) == (3 if name == "_copy_of_weights" else 2)
    assert_same_state(state(model), snapshots[-1])
    assert model.history.best_epoch == len(snapshots)


@pytest.mark.parametrize("group", ["linear", "embedding"])
@pytest.mark.parametrize("optimizer", ["sparse_adagrad", "sparse_adam"])
def test_a_sparse_optimiser_refuses_to_move_every_row(group, optimizer):
    message = f"decay_{group}=0.1 would move every row of a table in every step, and '{optimizer}' moves the batch's"
    with pytest.raises(ValueError, match=message):
        TrainConfig(optimizer=optimizer, **{f"decay_{group}": 0.1})
    assert TrainConfig(optimizer=optimizer, decay_mlp=0.1).sparse and not TrainConfig(decay_linear=0.1).sparse


def test_a_sparse_optimiser_refuses_a_model_that_it_does_not_know():
    with pytest.raises(ValueError, match="'sparse_adam' trains LR, FM, NFM, DeepFM, not this Spy; use a dense optimiz"):
        fit(Spy().double(), examples(), examples(), quick_config(optimizer="sparse_adam"), progress=False)


# --- weights of examples --------------------------------------------------------------------------------------


def weighted(data, weight):
    data.weight = torch.as_tensor(np.asarray(weight, dtype=np.float32))
    return data


class Weighted(Examples):
    """Examples whose rows keep their weights when chosen, as a stand-in."""

    def __getitem__(self, index):
        part = super().__getitem__(index)
        part.__class__, part.weight = Weighted, self.weight[index]
        return part


def with_weights(data, weight):
    made = Weighted(data.ids, data.values, data.target, data.field_of_slot)
    return weighted(made, weight)


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("optimizer", ["adagrad", "sparse_adagrad"])
def test_a_whole_number_as_weight_is_that_many_copies_of_the_row(task, optimizer):
    """In one batch: the loss, its gradient, the bias at the start, the metrics; weight 0 is no row at all."""
    data, weight = examples(40, task=task), np.random.default_rng(1).integers(0, 4, 40)
    weight[:4], weight[4:8] = 0, 1
    data.ids[:4, 0], data.ids[4:, 0] = 4, data.ids[4:, 0].clamp(max=3)  # an id in rows of weight 0 only
    copies = data[np.repeat(np.arange(40), weight)]
    config = quick_config(task=task, optimizer=optimizer, batch_size=200, adagrad_init=0.1)
    one, two = (FM(N, k=4, init_std=0.3).double() for _ in range(2))
    first = fit(one, with_weights(data, weight), with_weights(data, weight), config, progress=False)
    second = fit(two, copies, copies, config, progress=False)
    pd.testing.assert_frame_equal(first.frame, second.frame, rtol=1e-6)  # the training loss is added up in float32
    for name, tensor in two.state_dict().items():
        assert_close(one.state_dict()[name], tensor, 1e-9)
    assert not one.embedding.V[4].any() and one.embedding.V[1].any()


def test_the_training_loss_of_an_epoch_is_weighted_over_its_batches():
    """Batches of other total weights, one of them without any; the rate is nearly 0, so nothing moves."""
    data = with_weights(examples(64), np.where(np.arange(64) < 60, 0, np.arange(64)))
    data.target[60:] = torch.tensor([0.0, 1, 1, 1])
    model = FM(N, k=4, init_std=0.3).double()
    history = fit(model, data, data, quick_config(lr=1e-12, epochs=1, batch_size=4), progress=False)
    expected = log_loss(data.target[60:], predict(model, data)[60:], [60, 61, 62, 63])
    assert history.curve("logloss", "train")[1] == pytest.approx(expected, rel=1e-6)
    assert history.curve("logloss")[1] == pytest.approx(expected, rel=1e-6)
    mean = (61 + 62 + 63) / (60 + 61 + 62 + 63)
    assert model.linear.w0.item() == pytest.approx(np.log(mean / (1 - mean)), rel=1e-6)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("case, message", [
    ("none", "every weight of the .* set is 0, so it has no example that counts"),
    ("one class", r"all labels of the .* set with a weight above 0 are 1; task='binary' needs both classes"),
])  # fmt: skip
def test_weights_that_leave_nothing_to_learn_are_refused(which, case, message):
    data = examples()
    weight = torch.zeros(60) if case == "none" else data.target
    sets = [examples(), examples()]
    sets[which] = with_weights(data, weight)
    with pytest.raises(ValueError, match=message):
        fit(LR(N), *sets, quick_config(), progress=False)
    if case == "one class":
        fit(LR(N), *sets, quick_config(task="regression"), progress=False)


# --- memory and imports ---------------------------------------------------------------------------------------


def test_fit_and_predict_import_no_library_before_it_is_needed():
    """Of the libraries that take long to import, `import nfm_tutorial.training` brings none but torch and pandas."""
    late = "'sklearn', 'scipy', 'matplotlib', 'ipywidgets', 'pooch'"
    code = f"import sys, nfm_tutorial.training; print([name for name in ({late}) if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


class Largest(TorchDispatchMode):
    """Remembers the bytes of the largest new tensor, and what made it."""

    def __init__(self):
        super().__init__()
        self.found = (0, None)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        given = {t.untyped_storage().data_ptr() for t in args if isinstance(t, torch.Tensor)}
        for t in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(t, torch.Tensor) and t.untyped_storage().data_ptr() not in given:
                self.found = max(self.found, (t.untyped_storage().nbytes(), str(func)), key=lambda pair: pair[0])
        return result


def test_a_sparse_epoch_makes_no_tensor_of_the_tables_size():
    """But for the optimiser's state: the start marks rows in one byte each, and copies hold the rows that occur."""
    n, data = 100_000, wide(100_000, 64, np.float32)
    model, config = FM(n, 16), quick_config(optimizer="sparse_adagrad", epochs=2)
    make_optimizer = training._optimizer

    def outside(*args):
        with torch.utils._python_dispatch._disable_current_modes():
            return make_optimizer(*args)

    with mock.patch.object(training, "_optimizer", outside), Largest() as largest:
        fit(model, data, data[:40], config, progress=False)
    assert n <= largest.found[0] <= 2 * n, largest.found


def test_an_epoch_makes_no_copy_of_the_training_set():
    data = wide(600, 5_000, np.float32)
    with Largest() as largest:
        fit(LR(600), data, data[:40], quick_config(epochs=1, batch_size=64), progress=False)
    assert largest.found[0] <= 8 * len(data), largest.found  # the order of the rows
