"""Everyday slips with a table, a model or its settings: each is refused, saying what, where and what to do."""

import copy
import os
import signal
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from nfm_tutorial import training
from nfm_tutorial.encoding import Encoder, Examples, Field
from nfm_tutorial.metrics import rmse
from nfm_tutorial.models import FM, LR, NFM, DeepFM
from nfm_tutorial.training import TrainConfig, fit, load, predict, save

FIELDS = ("user", "item", Field("tags", "multi"), Field("price", "numeric"))


def clicks(n=200, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"user": rng.integers(1, 20, n), "item": rng.choice(list("abcdefgh"), n)})
    table["tags"] = rng.choice(["x|y", "y", "", "x|z"], n)
    table["price"] = rng.standard_normal(n)
    table["label"] = np.where(rng.random(n) < 0.9, (table["user"] % 2 == 0) ^ (table["item"] < "e"), True).astype(int)
    return table


def quick(**settings):
    return TrainConfig(**{"epochs": 2, "batch_size": 64, "lr": 0.02, "device": "cpu", **settings})


def trained(table=None, model=FM, **settings):
    """(encoder, examples, model) of one table."""
    encoder = Encoder(FIELDS)
    examples = encoder.fit_transform(clicks() if table is None else table)
    fields = {"field_of_slot": encoder.field_of_slot} if model is DeepFM else {}
    made = model(encoder.n_features, **fields, k=4)
    fit(made, examples, examples, quick(**settings), progress=False)
    return encoder, examples, made


# --- two vocabularies -------------------------------------------------------------------------------------------

OTHER = "different vocabularies .* the same id means different things. Use one encoder"


def test_a_validation_set_of_another_encoder_is_refused():
    table = clicks()
    train, valid = Encoder(FIELDS).fit_transform(table[:150]), Encoder(FIELDS).fit_transform(table[150:])
    model = LR(99)
    with pytest.raises(ValueError, match="training set and the validation set belong to " + OTHER):
        fit(model, train, valid, quick(), progress=False)
    assert not any(parameter.any() for parameter in model.parameters()), "refused before training"


def test_predictions_and_further_training_with_another_encoder_are_refused():
    encoder, examples, model = trained()
    other = Encoder(FIELDS).fit_transform(clicks(150, seed=1))
    encoder.fit(clicks(150, seed=2))  # the old model does not know what this one learns
    for wrong in (other, encoder.transform(clicks()), other[3:5], other.to("cpu"), other[::-1]):
        with pytest.raises(ValueError, match=OTHER):
            predict(model, wrong)
    with pytest.raises(ValueError, match=OTHER):
        fit(model, other, other, quick(), progress=False)
    with pytest.raises(ValueError, match=OTHER):
        predict(copy.deepcopy(model), other)
    predict(model, examples[:3])
    predict(model, Examples(examples.ids, examples.values))  # made by hand: nothing is known of its vocabulary


def test_saving_with_an_encoder_that_is_not_the_models_is_refused(tmp_path):
    encoder, examples, model = trained()
    for wrong in (Encoder(FIELDS).fit(clicks(150, seed=1)), Encoder(FIELDS[:3]).fit(clicks())):
        with pytest.raises(ValueError, match=OTHER):
            save(tmp_path / "m.pt", model, wrong)
    with pytest.raises(ValueError, match="the encoder has .* features, the model 7; save the encoder that"):
        save(tmp_path / "m.pt", FM(7), encoder)
    assert list(tmp_path.iterdir()) == []
    save(tmp_path / "m.pt", model)  # without its encoder it still remembers the vocabulary
    with pytest.raises(ValueError, match=OTHER):
        predict(load(tmp_path / "m.pt")[0], Encoder(FIELDS).fit_transform(clicks(150, seed=1)))


def test_the_same_vocabulary_learned_twice_is_the_same():
    encoder, examples, model = trained()
    again = [Encoder(FIELDS, target="other").fit(clicks().sample(frac=1, random_state=seed)) for seed in range(5)]
    again.append(Encoder.from_dict(encoder.to_dict()))
    assert {other.fingerprint for other in again} == {encoder.fingerprint} == {examples.fingerprint}
    for other in again:
        assert predict(model, other.transform(clicks())) == pytest.approx(predict(model, examples), abs=1e-6)


@pytest.mark.parametrize("change", ["shorter", "swapped", "scaling"])
def test_a_saved_vocabulary_changed_by_hand_is_refused(tmp_path, change):
    encoder, _, model = trained()
    save(tmp_path / "m.pt", model, encoder)
    state = torch.load(tmp_path / "m.pt", weights_only=True)
    words = state["encoder"]["vocabulary"][0]
    if change == "shorter":
        words.pop()
    elif change == "swapped":
        words[0], words[1] = words[1], words[0]
    else:
        state["encoder"]["scaling"][3] = [0.0, 2.0]
    torch.save(state, tmp_path / "m.pt")
    found = "is damaged" if change == "shorter" else "vocabulary was changed after saving"
    with pytest.raises(ValueError, match=found):
        load(tmp_path / "m.pt")


# --- ids of another type ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "learned, read, message",
    [
        ([1, 2, 3], ["1", "2", "3"], "column 'id', row 0: '1' has '1', text, but the encoder learned numbers here"),
        (["1", "2"], [2, 1], "column 'id', row 0: 2 has 2, numbers, but the encoder learned text here, such as '1'"),
        ([1, 2, 3], [1, "x"], "column 'id', row 1: 'x' has 'x', text"),
        ([1.0, np.nan], ["1.0", None], "text, but the encoder learned numbers"),
    ],
)
def test_ids_read_as_another_type_are_refused(learned, read, message):
    encoder = Encoder(["id"]).fit(pd.DataFrame({"id": learned}))
    with pytest.raises(ValueError, match=message):
        encoder.transform(pd.DataFrame({"id": pd.Series(read, dtype=object)}))


def test_multi_values_read_as_another_type_are_refused():
    numbers = Encoder([Field("ids", "multi")]).fit(pd.DataFrame({"ids": [[1, 2], [3]]}))
    with pytest.raises(ValueError, match="column 'ids', row 1: '1|2' has '1', text, but the encoder learned numbers"):
        numbers.transform(pd.DataFrame({"ids": [[1], "1|2"]}))
    texts = Encoder([Field("ids", "multi")]).fit(pd.DataFrame({"ids": ["1|2", "3"]}))
    with pytest.raises(ValueError, match="learned text here"):
        texts.transform(pd.DataFrame({"ids": [3, 1]}))


def test_integers_that_missing_values_turned_into_floats_are_the_same_ids():
    encoder = Encoder(["id"]).fit(pd.DataFrame({"id": [1, 2, 3]}))
    assert encoder.transform(pd.DataFrame({"id": [2, np.nan, 1.0]})).ids[:, 0].tolist() == [3, 1, 2]


def test_a_column_of_strangers_is_said_aloud():
    encoder = Encoder(FIELDS).fit(clicks())
    new = clicks()
    new.loc[:119, "user"] += 1000
    with pytest.warns(UserWarning, match="column 'user': 60% of the values are unknown"):
        encoder.transform(new)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder.transform(new[:10])  # a stranger or ten are no news
        encoder.transform(new[80:])  # nor is a third


def test_several_unknown_values_of_a_cell_are_one():
    encoder = Encoder([Field("tags", "multi", max_values=3)]).fit(pd.DataFrame({"tags": ["a|b|c"]}))
    examples = encoder.transform(pd.DataFrame({"tags": ["p|q|a"]}))
    assert examples.ids.tolist() == [[1, 2, 0]] and examples.values[0, :2].tolist() == pytest.approx([0.5**0.5] * 2)


# --- tables -----------------------------------------------------------------------------------------------------


def with_column(name, values, base=None):
    return (clicks(3) if base is None else base).assign(**{name: values})


@pytest.mark.parametrize(
    "act, message",
    [
        (lambda: Encoder(["user"]).fit(pd.concat([clicks(3), clicks(3)[["user"]]], axis=1)), "several columns called"),
        (
            lambda: Encoder(["user"]).fit_transform(pd.concat([clicks(3), clicks(3)[["label"]]], axis=1)),
            "several columns called 'label', as after concat or merge; keep one",
        ),
        (
            lambda: Encoder(["user"]).fit(pd.concat({"a": clicks(3)}, axis=1)),
            "column names have several levels; give each column one name",
        ),
        (lambda: Encoder(["user", "label"]), "'label' is the target, so it must not be a field"),
        (
            lambda: Encoder([Field("tags", "multi")]).fit(with_column("tags", ["a", "b | c", "a"])),
            r"column 'tags', row 1: 'b \| c' has spaces round the separator '\|'.*replace the separator",
        ),
        (
            lambda: Encoder([Field("tags", "multi")]).fit(with_column("tags", ["a", "b,c", "a"])),
            r"no text of column 'tags' has the separator '\|', but some have ',': use Field\('tags', 'multi', sep=','",
        ),
        (
            lambda: Encoder([Field("price", "numeric")]).fit(with_column("price", [1.0, 1e200, 2.0])),
            r"column 'price', row 1: 1e\+200 is too large to standardise",
        ),
        (
            lambda: Encoder([Field("price", "numeric")]).fit(clicks()).transform(with_column("price", [1, 2, 1e60])),
            r"column 'price', row 2: 1e\+60 is too large for a 32-bit number; take its logarithm",
        ),
        (
            lambda: Encoder(["user"]).fit(clicks()).transform(with_column("label", [np.nan] * 3)),
            "the label column 'label' is empty: drop it, or fill in the labels",
        ),
        (lambda: Encoder(["item"]).fit(clicks(3).rename(columns={"item": "item "})), "'user', 'item ', 'tags'"),
        (lambda: Field(0), r"column, got 0; make the names text first: frame.columns = frame.columns.map\(str\)"),
        (lambda: Encoder(["0"]).fit(pd.DataFrame([[1, 2]])), r"no column '0'; its columns are 0, 1; make the names"),
    ],
)
def test_slips_with_tables(act, message):
    with pytest.raises(ValueError, match=message):
        act()


def test_spaces_inside_values_and_other_separators_stay_allowed():
    table = pd.DataFrame({"tags": ["Science Fiction|Film Noir", "Drama"], "label": [0, 1]})
    assert Encoder([Field("tags", "multi")]).fit(table).n_features == 5
    table = pd.DataFrame({"tags": ["a | b", "b"], "label": [0, 1]})
    assert Encoder([Field("tags", "multi", sep=" | ")]).fit(table).n_features == 4


# --- arguments of the wrong type --------------------------------------------------------------------------------

GOOD = Encoder(FIELDS).fit_transform(clicks(50))


@pytest.mark.parametrize(
    "act, message",
    [
        (lambda: FM(None), "n_features must be a whole number of at least 1, got None"),
        (lambda: FM("10"), "n_features must be a whole number"),
        (lambda: FM(5, k=4.0), "k must be a whole number of at least 0, got 4.0"),
        (lambda: FM(5, seed=1.5), "seed must be a whole number of at least 0, got 1.5"),
        (lambda: FM(5, seed=None), "seed must be a whole number of at least 0, got None"),
        (lambda: FM(5, init_std=float("inf")), "init_std is a standard deviation and must be a finite number"),
        (lambda: FM(5, init_std="0.1"), "init_std .* got '0.1'"),
        (lambda: FM(5, dropout=None), "dropout is the share of entries set to zero .* got None"),
        (lambda: FM(5, kk=3), r"FM: got an unexpected keyword argument 'kk'; it takes \(n_features: "),
        (lambda: FM(), "FM: missing a required argument: 'n_features'"),
        (lambda: NFM(5, batch_norm="no"), "batch_norm must be True or False, got 'no'"),
        (lambda: NFM(5, hidden=None), r"hidden lists the sizes of the hidden layers, \(\) for none; got None"),
        (lambda: NFM(5, hidden="64"), "hidden lists the sizes of the hidden layers"),
        (lambda: NFM(5, bn_eps=None), "bn_eps is added to a variance and must be a finite number above 0, got None"),
        (lambda: NFM(5, activation=None), "activation None is unknown"),
        (lambda: DeepFM(5, 16), r"field_of_slot lists the field of each slot, such as encoder.field_of_slot.*got 16"),
        (lambda: DeepFM(5, [0], batch_norm=1), "batch_norm must be True or False, got 1"),
        (lambda: FM(10**10, k=10**4), r"needs [\d,]+ GB of memory to train, and this machine has .*number the ids"),
        (lambda: Field("a", "multi", max_values=True), "max_values must be a whole number of at least 1, got True"),
        (lambda: Field("a", sep=None), "sep must be a non-empty string, got None"),
        (lambda: Field("a", "numeric", standardize="no"), "standardize must be True or False, got 'no'"),
        (lambda: TrainConfig(task=None), "task None is unknown"),
        (lambda: TrainConfig(optimizer=torch.optim.Adam), "optimizer <class .* is unknown; choose one of 'adam'"),
        (lambda: TrainConfig(lr="0.1"), "lr must be a finite number above 0, got '0.1'"),
        (lambda: TrainConfig(decay_mlp=None), "decay_mlp must be a finite number of at least 0, got None"),
        (lambda: TrainConfig(seed=1.5), "seed must be a whole number of at least 0, got 1.5"),
        (lambda: fit(LR(99), GOOD, GOOD, {"lr": 0.1}), r"config must be a TrainConfig, got dict; give TrainConfig\("),
        (lambda: fit(LR, GOOD, GOOD), r"the first argument is a model, .*; build it first: LR\(...\)"),
        (lambda: fit(None, GOOD, GOOD), "the first argument is a model, .* got NoneType"),
        (lambda: fit(LR(99), GOOD, GOOD, TrainConfig(device="meta")), "device 'meta' is not there; use 'auto'"),
        (lambda: fit(nn.Identity(), GOOD, GOOD), "this Identity has no parameters, so there is nothing to train"),
        (lambda: predict(LR, GOOD), "build it first"),
        (lambda: predict(LR(99), GOOD, clip=5), r"clip must be \(low, high\) with low <= high, got 5"),
        (lambda: predict(LR(99), GOOD, clip=("a", "b")), r"clip must be \(low, high\)"),
        (lambda: predict(LR(99), GOOD, batch_size=None), "batch_size must be a whole number"),
        (lambda: predict(LR(99), GOOD, kind=["score"]), "kind .* is unknown"),
        (lambda: save(LR(9), "m.pt"), r"save\(path, model, encoder\) takes the path first"),
        (lambda: save("m.pt", LR), "save knows LR, FM, NFM, DeepFM of nfm_tutorial.models, not this LR"),
        (lambda: save(None, LR(9)), "the path of a file is needed, got NoneType"),
        (lambda: save("m.pt", LR(9), {"user": 1}), "the third argument is the Encoder, got dict"),
        (lambda: load(None), "load takes the path of a file that save wrote, got NoneType"),
        (lambda: load(LR(9)), "load takes the path of a file"),
    ],
)
def test_arguments_of_the_wrong_type(act, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=message):
        act()
    assert list(tmp_path.iterdir()) == []


def test_numpy_numbers_are_numbers_and_survive_save(tmp_path):
    model = NFM(np.int64(9), k=np.int32(3), hidden=[np.int64(4)], batch_norm=np.bool_(False), seed=np.uint8(3))
    save(tmp_path / "m.pt", model)
    again, _ = load(tmp_path / "m.pt")
    assert again.config == model.config == {**model.config, "k": 3, "hidden": (4,), "batch_norm": False, "seed": 3}


def test_a_range_of_fields_is_a_list_of_fields():
    assert DeepFM(5, range(3)).config["field_of_slot"] == (0, 1, 2)


def test_a_negative_step_slices_examples():
    assert torch.equal(GOOD[::-1].ids, GOOD.ids.flip(0)) and torch.equal(GOOD[10:2:-3].ids, GOOD.ids[[10, 7, 4]])
    assert len(GOOD[2:10:-1]) == 0 and torch.equal(GOOD[::2].target, GOOD.target[::2])


# --- a reader's own model ---------------------------------------------------------------------------------------


class Own(nn.Module):
    """A reader's first FM: one number per row, but in a column."""

    def __init__(self, n, squeeze=False):
        super().__init__()
        self.squeeze, self.w = squeeze, nn.Embedding(n, 1)

    def forward(self, ids, values):
        score = (self.w(ids)[..., 0] * values).sum(1, keepdim=True)
        return score.squeeze(1) if self.squeeze else score


def test_a_model_that_returns_a_column_is_refused_before_the_first_epoch():
    model = Own(99)
    before = copy.deepcopy(model.state_dict())
    message = r"Own must return one score per example, shape \(B,\)=.*, and returns .*1\); for \(B, 1\) add .squeeze"
    with pytest.raises(ValueError, match=message):
        fit(model, GOOD, GOOD, quick(), progress=False)
    with pytest.raises(ValueError, match=message):
        predict(model, GOOD)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    fit(Own(99, squeeze=True), GOOD, GOOD, quick(), progress=False)


def test_a_model_with_a_short_table_is_refused_before_the_first_epoch():
    largest = int(GOOD.ids.max())
    model = Own(largest, squeeze=True)  # one row too few
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(ValueError, match=f"Own fails on ids .* up to {largest}: .* needs {largest + 1} rows or more"):
        fit(model, GOOD, GOOD, quick(), progress=False)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


# --- an interrupt -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["a step", "validation"])
def test_an_interrupted_fit_leaves_the_best_weights_and_the_history(where, monkeypatch):
    encoder = Encoder(FIELDS)
    data, model = encoder.fit_transform(clicks()), NFM(encoder.n_features, k=4)
    after_epoch, real = [], training.evaluate

    def evaluate(*args):
        after_epoch.append(copy.deepcopy(model.state_dict()))
        if where == "validation" and len(after_epoch) == 3:
            raise KeyboardInterrupt
        scores = real(*args)
        return {**scores, "auc": [0.6, 0.8, 0.7, 0.7][len(after_epoch) - 1]}

    monkeypatch.setattr(training, "evaluate", evaluate)
    if where == "a step":
        real_step, steps = torch.optim.Adam.step, []

        def step(self, *args):
            steps.append(None)
            if len(steps) == 10:  # four per epoch
                raise KeyboardInterrupt
            return real_step(self, *args)

        monkeypatch.setattr(torch.optim.Adam, "step", step)
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, data, quick(epochs=9, patience=None), progress=False)
    assert not model.training
    assert all(torch.equal(after_epoch[1][name], value) for name, value in model.state_dict().items())
    assert (model.history.best_epoch, model.history.best_value) == (2, 0.8)
    assert model.history.frame["epoch"].max() == 2 and "2 epochs" in repr(model.history)


def test_an_interrupt_in_the_first_epoch_leaves_the_start(monkeypatch):
    data, model = GOOD, FM(99)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *args: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        fit(model, data, data, quick(), progress=False)
    assert not model.training and not model.linear.w.any()
    assert repr(model.history) == "History: no epoch was finished" and model.history.frame.empty


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_is_such_an_interrupt():
    code = (
        "import tests.test_slips as t\nd, m, real = t.GOOD, t.FM(99), t.training.evaluate\n"
        "def evaluate(*args):\n    print('go', flush=True)\n    return real(*args)\n"
        "t.training.evaluate = evaluate\n"
        "try:\n    t.fit(m, d, d, t.quick(epochs=10**6, patience=None), progress=False)\n"
        "except KeyboardInterrupt:\n    print(m.training, m.history)\n"
    )
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout.readline() == "go\n"  # the first epoch is being validated
    assert process.stdout.readline() == "go\n"
    for left in reversed(range(6)):  # Python drops an interrupt that arrives in a destructor: people press again
        process.send_signal(signal.SIGINT)
        try:
            said = process.communicate(timeout=10)[0]
            break
        except subprocess.TimeoutExpired:
            assert left, "six interrupts did not stop it"
    assert said.splitlines()[-1].startswith("False History: ")


# --- a target far from 0, and ids that training never saw -------------------------------------------------------


def stars(n=400, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"user": rng.integers(0, 200, n), "item": rng.integers(0, 300, n)})
    return table.assign(label=rng.integers(1, 6, n) + 20.0)


@pytest.mark.parametrize("model", [LR, FM, NFM, DeepFM])
def test_defaults_are_not_behind_the_mean_on_a_target_far_from_zero(model):
    encoder = Encoder(["user", "item"]).fit(stars())
    train, valid = encoder.transform(stars()), encoder.transform(stars(200, seed=1))
    fields = {"field_of_slot": encoder.field_of_slot} if model is DeepFM else {}
    network = model(encoder.n_features, **fields)
    fit(network, train, valid, TrainConfig(task="regression"), progress=False)
    constant = rmse(valid.target, np.full(len(valid), float(train.target.mean())))
    assert rmse(valid.target, predict(network, valid)) < 1.02 * constant  # without the start it is 10 times that


@pytest.mark.parametrize("task, bias", [("binary", np.log(3)), ("regression", 0.75)])
def test_the_bias_of_a_new_model_starts_at_what_the_training_labels_say(task, bias):
    target = torch.tensor([1.0, 1, 1, 0] * 5)
    train = Examples(torch.ones(20, 1, dtype=torch.int64), torch.zeros(20, 1), target)
    valid = Examples(train.ids, train.values, 1 - target)  # must not matter
    for model in (LR(5), FM(5), NFM(5), DeepFM(5, [0])):
        fit(model, train, valid, quick(task=task, lr=1e-9, epochs=1), progress=False)
        assert float(model.linear.w0.detach()) == pytest.approx(bias, abs=1e-6)


def bias_after_a_tiny_fit(model, data):
    fit(model, data, data, quick(task="regression", lr=1e-9, epochs=1), progress=False)
    return float(model.linear.w0.detach())


def test_a_model_that_has_learned_keeps_its_bias_and_its_embeddings(tmp_path):
    encoder = Encoder(["user", "item"]).fit(stars())
    first, second = encoder.transform(stars()), encoder.transform(stars().assign(label=-5.0)[:50])
    fm = FM(encoder.n_features, k=4)
    fit(fm, first, first, quick(task="regression"), progress=False)
    bias, V = float(fm.linear.w0.detach()), fm.embedding.V.detach().clone()
    save(tmp_path / "m.pt", fm, encoder)

    assert bias_after_a_tiny_fit(load(tmp_path / "m.pt")[0], second) == pytest.approx(bias, abs=1e-5)  # loaded
    nfm = NFM(encoder.n_features, k=4)
    nfm.load_state_dict(fm.state_dict(), strict=False)  # FM's weights put into an NFM
    assert bias_after_a_tiny_fit(nfm, second) == pytest.approx(bias, abs=1e-5)
    torch.testing.assert_close(nfm.embedding.V.detach(), V, atol=1e-6, rtol=0)
    assert bias_after_a_tiny_fit(fm, second) == pytest.approx(bias, abs=1e-5)  # a second fit
    own = FM(encoder.n_features, k=4)
    with torch.no_grad():
        own.linear.w0.fill_(3.0)  # set by hand
    assert bias_after_a_tiny_fit(own, second) == pytest.approx(3, abs=1e-5)


def test_a_readers_own_model_keeps_its_bias():
    class Child(FM):
        pass

    data = Examples(GOOD.ids, GOOD.values, GOOD.target + 7)
    assert bias_after_a_tiny_fit(Child(99), data) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("model", [FM, NFM, DeepFM])
def test_what_training_never_saw_adds_nothing(model):
    encoder, examples, network = trained(model=model)
    unknown = [span.start for span in encoder.spans]
    assert not network.embedding.V[unknown].any() and not network.linear.w[unknown].any()
    seen = examples.ids[examples.values != 0].unique()
    assert network.embedding.V[seen].all()
    stranger = encoder.transform(pd.DataFrame({"user": [999], "item": ["a"], "tags": [""], "price": [0.5]}))
    absent = Examples(stranger.ids, stranger.values * (stranger.ids != unknown[0]), None, stranger.field_of_slot)
    assert predict(network, stranger) == pytest.approx(predict(network, absent), abs=1e-6)


def test_weight_decay_keeps_the_zeros():
    encoder, examples, network = trained(decay_embedding=0.1, decay_linear=0.1, l2_embedding=0.1)
    assert not network.embedding.V[[span.start for span in encoder.spans]].any()
