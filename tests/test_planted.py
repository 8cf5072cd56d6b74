"""Planted truth: the data hold what is planted, and the floors are the smallest losses of their order."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.metrics import log_loss

from nfm_tutorial import data
from nfm_tutorial.encoding import Encoder
from nfm_tutorial.layers import bi_interaction

TASKS = ["regression", "binary"]
FEATURES = ["f1", "f2", "f3", "f4", "f5", "f6"]


def signs_of(frame):
    """(N, 6) hidden signs, looked up level by level."""
    signs = data.planted_signs()
    return np.column_stack([frame[name].map(signs[name]) for name in FEATURES])


def test_signs_are_balanced_and_fixed():
    signs = data.planted_signs()
    assert signs.shape == (8, 6) and list(signs.columns) == FEATURES and list(signs.index) == list("abcdefgh")
    assert (signs.sum() == 0).all() and set(signs.to_numpy().ravel()) == {-1, 1}
    assert signs.equals(data.planted_signs())
    assert not signs.T.duplicated().all()


@pytest.mark.parametrize("coding", ["categorical", "signed"])
@pytest.mark.parametrize("task", TASKS)
def test_truth_column_is_the_planted_function(task, coding):
    frame = data.planted(500, task, seed=3, coding=coding)
    assert list(frame.columns) == [*FEATURES, "label", "truth"]
    s1, s2, s3, s4, s5, s6 = (signs_of(frame) if coding == "categorical" else frame[FEATURES].to_numpy()).T
    a, b, c = {"regression": (0.3, 0.3, 0.4), "binary": (0.8, 0.8, 1.2)}[task]
    np.testing.assert_allclose(frame["truth"], a * s1 + b * s2 * s3 + c * s4 * s5 * s6, atol=1e-15)


@pytest.mark.parametrize("task", TASKS)
def test_both_codings_hold_the_same_examples(task):
    levels, signed = (data.planted(300, task, seed=5, coding=coding) for coding in ("categorical", "signed"))
    assert (signs_of(levels) == signed[FEATURES].to_numpy()).all()
    assert (levels[["label", "truth"]] == signed[["label", "truth"]]).all().all()


@pytest.mark.parametrize("task", TASKS)
def test_levels_are_uniform_and_labels_follow_the_truth(task):
    frame = data.planted(60_000, task)
    for name in FEATURES:
        assert frame[name].value_counts(normalize=True).sub(1 / 8).abs().max() < 0.01
    assert set(frame["label"]) == ({-1, 1} if task == "regression" else {0, 1})
    truth = frame["truth"].round(6)
    expected = truth if task == "regression" else 1 / (1 + np.exp(-truth))
    gap = (frame["label"] - expected).groupby(truth).agg(["mean", "size"])
    assert len(gap) >= 6 and (gap["mean"].abs() < 4.5 / np.sqrt(gap["size"])).all()


def test_seed_draws_rows_but_never_the_truth():
    one, same, other = (data.planted(200, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    rows = pd.concat([data.planted(20_000, seed=seed, coding="signed") for seed in (1, 2)])
    assert (rows.groupby(FEATURES)["truth"].nunique() == 1).all()


def test_splits_are_different_rows_of_one_truth():
    splits = data.planted_splits(500, 200, 300, task="binary", seed=4, coding="signed")
    assert [len(frame) for frame in splits] == [500, 200, 300]
    assert all(list(frame.index) == list(range(len(frame))) for frame in splits)
    assert not splits.train.head(200).equals(splits.valid)
    pd.testing.assert_frame_equal(pd.concat(splits, ignore_index=True), data.planted(1000, "binary", 4, "signed"))
    for name in ("n_train", "n_valid", "n_test"):
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1, got 0"):
            data.planted_splits(**{name: 0})


@pytest.mark.parametrize(("coding", "n_features"), [("categorical", 55), ("signed", 13)])
def test_fields_encode_both_codings(coding, n_features):
    frame = data.planted(400, coding=coding)
    examples = Encoder(data.planted_fields(coding)).fit_transform(frame)
    assert examples.n_slots == 6 and examples.n_features == n_features
    assert {span.kind for span in examples.spans} == {"categorical" if coding == "categorical" else "numeric"}
    if coding == "signed":
        np.testing.assert_array_equal(examples.values, frame[FEATURES])  # x as it is, not standardised


# --- floors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "published"), [("regression", [1, 0.9539, 0.9055, 0.8124]), ("binary", [0.6931, 0.6561, 0.6158, 0.4938])]
)
def test_floors_are_the_published_ones(task, published):
    floors = data.planted_floors(task)
    assert list(floors) == [0, 1, 2, 3]
    assert [round(floor, 4) for floor in floors.values()] == published


def test_squared_floors_have_a_closed_form():
    explained = np.cumsum([0, 0.3**2, 0.3**2, 0.4**2])
    np.testing.assert_allclose(list(data.planted_floors().values()), np.sqrt(1 - explained), rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_log_loss_floors_agree_with_another_optimiser(order):
    """The best function of the planted crossings up to `order` alone, found by BFGS with the labels as weights."""
    sign = np.array(np.meshgrid(*[[-1, 1]] * 6)).reshape(6, -1)
    crossings = np.array([sign[0], sign[1] * sign[2], sign[3] * sign[4] * sign[5]])
    chance = 1 / (1 + np.exp(-np.array([0.8, 0.8, 1.2]) @ crossings))

    def loss(c):
        z = c @ crossings[:order]
        return log_loss(np.repeat([1, 0], 64), 1 / (1 + np.exp(-np.tile(z, 2))), sample_weight=[*chance, *(1 - chance)])

    found = minimize(loss, np.zeros(order), method="BFGS", options={"gtol": 1e-9}).fun
    assert abs(data.planted_floors("binary")[order] - found) < 1e-10


@pytest.fixture(scope="module")
def every_input():
    """(262144, 6) all combinations of levels, equally likely, and their signs."""
    level = np.indices([8] * 6).reshape(6, -1).T
    return level, np.take_along_axis(data.planted_signs().to_numpy(), level, axis=0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(TASKS), st.integers(1, 3), st.integers(0, 2**32), st.floats(0.001, 3))
def test_no_function_of_an_order_beats_its_floor(every_input, task, order, seed, scale):
    """The planted terms up to the order plus random tables, one entry per combination of levels of `order` fields."""
    level, sign = every_input
    terms = {(0,): (0.3, 0.8), (1, 2): (0.3, 0.8), (3, 4, 5): (0.4, 1.2)}
    parts = [(f, a[TASKS.index(task)] * sign[:, f].prod(axis=1)) for f, a in terms.items()]
    truth = sum(part for _, part in parts)
    score = sum(part for fields, part in parts if len(fields) <= order)
    rng = np.random.default_rng(seed)
    fields = rng.permutation(6)[:order]
    noise = rng.normal(scale=scale, size=[8] * order)[tuple(level[:, f] for f in fields)]
    found = data.planted_loss(score + noise, truth, task)
    floor = data.planted_floors(task)[order]
    assert floor < found < floor + 0.02 + scale * 3


@pytest.mark.parametrize("task", TASKS)
def test_loss_integrates_the_label_noise_out(task):
    frame = data.planted(200_000, task, seed=9)
    score = frame["truth"] * 0.7 + 0.1
    if task == "regression":
        drawn = np.sqrt(np.mean((frame["label"] - score) ** 2))
    else:
        drawn = log_loss(frame["label"], 1 / (1 + np.exp(-score)))
    assert data.planted_loss(score, frame["truth"], task) == pytest.approx(drawn, abs=0.004)
    # The truth itself reaches the Bayes floor, up to the drawn x.
    assert data.planted_loss(frame["truth"], frame["truth"], task) == pytest.approx(
        data.planted_floors(task)[3], abs=0.002
    )


# --- parity -----------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 6), st.booleans(), st.sampled_from(["signed", "categorical"]), st.integers(0, 99)
)
def test_parity_is_the_product_of_its_inputs(n, order, constant, coding, seed):
    examples = data.parity(n, order, constant, coding, seed)
    assert len(examples) == n and examples.n_slots == order + constant
    again = data.parity(n, order, constant, coding, seed)
    assert torch.equal(examples.ids, again.ids) and torch.equal(examples.values, again.values)
    if coding == "signed":
        x = examples.values[:, :order]
        assert set(x.flatten().tolist()) <= {-1.0, 1.0}
        assert torch.equal(examples.target, x.prod(dim=1))
        assert len(set(map(tuple, examples.ids.tolist()))) == 1  # the same features in every row: the values differ
    else:
        assert set(examples.values.flatten().tolist()) == {1.0}
    if constant:
        assert set(examples.values[:, -1].tolist()) == {1.0} and len(examples.ids[:, -1].unique()) == 1


def test_categorical_parity_has_one_id_per_level():
    examples, signed = data.parity(200, 3, coding="categorical"), data.parity(200, 3)
    levels = (examples.ids - examples.ids.min(dim=0).values) * 2 - 1
    assert torch.equal(levels.float(), signed.values) and torch.equal(examples.target, signed.target)


def test_different_seeds_draw_different_parity_rows():
    assert not torch.equal(data.parity(50, 3, seed=1).values, data.parity(50, 3, seed=2).values)


@pytest.mark.parametrize("constant", [False, True])
def test_signed_inputs_make_f_bi_even_unless_there_is_a_constant(constant):
    examples = data.parity(64, 3, constant)
    V = torch.randn(examples.n_features, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    x, flipped = examples.values.double(), examples.values.double()
    flipped[:, :3] *= -1  # the constant stays 1
    f = [bi_interaction(V[examples.ids] * values[..., None]) for values in (x, flipped)]
    assert torch.equal(f[0], f[1]) != constant


# --- wrong arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: data.planted(0), "n must be a whole number of at least 1, got 0"),
        (lambda: data.planted(10.5), "n must be a whole number of at least 1, got 10.5"),
        (lambda: data.planted(10, seed=-1), "seed must be a whole number of at least 0, got -1"),
        (lambda: data.planted(10, "auc"), "task 'auc' is unknown; choose one of 'regression', 'binary'"),
        (lambda: data.planted(10, coding="real"), "coding 'real' is unknown; choose one of 'categorical', 'signed'"),
        (lambda: data.planted_splits(task="rmse"), "task 'rmse' is unknown"),
        (lambda: data.planted_floors("logloss"), "task 'logloss' is unknown"),
        (lambda: data.planted_fields("real"), "coding 'real' is unknown"),
        (lambda: data.parity(10, 0), "order must be a whole number of at least 1, got 0"),
        (lambda: data.parity(0, 3), "n must be a whole number"),
        (lambda: data.parity(10, 3, coding="xor"), "coding 'xor' is unknown"),
        (lambda: data.planted_loss([1.0, 2.0], [1.0]), "same shape (N,), N > 0; got (2,) and (1,)"),
        (lambda: data.planted_loss(np.zeros((3, 1)), np.zeros((3, 1))), "same shape (N,)"),
        (lambda: data.planted_loss(np.zeros(3), np.zeros((3, 1))), "got (3,) and (3, 1)"),
        (lambda: data.planted_loss([], []), "N > 0"),
        (lambda: data.planted_loss([1.0, np.nan], [1.0, 1.0]), "row 1: score or truth is not a finite number"),
        (lambda: data.planted_loss([1.0], [1.0], "mse"), "task 'mse' is unknown"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()


def test_splits_by_default():
    splits = data.planted_splits()
    assert [len(frame) for frame in splits] == [24_000, 6_000, 24_000]
    pd.testing.assert_frame_equal(splits.train, data.planted(54_000, "regression", 0, "categorical").head(24_000))


@pytest.mark.parametrize("task", TASKS)
def test_losses_are_plain_floats(task):
    assert type(data.planted_loss([0.1], [0.2], task)) is float
    assert {type(floor) for floor in data.planted_floors(task).values()} == {float}


def test_a_wrong_seed_of_parity_is_named():
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, got -1"):
        data.parity(10, 3, seed=-1)


def test_the_hidden_signs_never_change():
    signs = data.planted_signs().map({1: "+", -1: "-"}.get).agg("".join)
    assert signs.to_dict() == {
        "f1": "+--++--+", "f2": "++--++--", "f3": "++---++-", "f4": "-+++-+--", "f5": "-++-+--+", "f6": "-++---++"
    }  # fmt: skip
