"""LR, FM, NFM and DeepFM, against loops, hand-written gradients and an independent forward. In float64."""

import itertools
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.func import functional_call

from nfm_tutorial.models import FM, LR, MODELS, NFM, DeepFM

quick = settings(deadline=None, max_examples=25, derandomize=True)
N, S = 12, 4  # features and slots of the cases below
FIELDS = [0, 1, 1, 2]

KINDS = {
    "LR": lambda **kw: LR(N, **kw),
    "FM": lambda **kw: FM(N, k=3, init_std=0.5, **kw),
    "NFM": lambda **kw: NFM(N, k=3, hidden=(5, 4), activation="tanh", init_std=0.5, **kw),
    "NFM without layers": lambda **kw: NFM(N, k=3, hidden=(), init_std=0.5, **kw),
    "DeepFM": lambda **kw: DeepFM(N, FIELDS, k=3, hidden=(5, 4), activation="tanh", init_std=0.5, **kw),
    "DeepFM with batch norm": lambda **kw: DeepFM(N, FIELDS, k=3, hidden=(5,), batch_norm=True, init_std=0.5, **kw),
}
every_model = pytest.mark.parametrize("kind", KINDS)


def build(kind, seed=0):
    """A float64 model in eval mode, with w and the batch-norm statistics away from their initial values."""
    model = KINDS[kind](seed=seed).double().eval()
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        model.linear.w0.fill_(0.3)
        model.linear.w.copy_(torch.randn(N, generator=g))
        for norm in (m for m in model.modules() if isinstance(m, torch.nn.BatchNorm1d)):
            norm.running_mean.copy_(torch.randn(norm.num_features, generator=g))
            norm.running_var.copy_(torch.rand(norm.num_features, generator=g) + 0.5)
            norm.weight.copy_(torch.rand(norm.num_features, generator=g) + 0.5)
            norm.bias.copy_(torch.randn(norm.num_features, generator=g))
    return model


def batch(b=6, seed=0, s=S):
    """ids all different within a row, so that slot and feature are the same thing; real values, both signs."""
    g = torch.Generator().manual_seed(seed)
    ids = torch.stack([torch.randperm(N, generator=g)[:s] for _ in range(b)]) if b else torch.zeros(0, s).long()
    return ids, torch.randn(b, s, generator=g, dtype=torch.float64)


def assert_close(got, expected, tolerance=1e-12):
    expected = torch.as_tensor(expected, dtype=got.dtype).reshape(got.shape)
    torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


def naive_linear(model, ids, values):
    w0, w = model.linear.w0.item(), model.linear.w.tolist()
    rows = zip(ids.tolist(), values.tolist())
    return torch.tensor([w0 + sum(w[i] * x for i, x in zip(*row)) for row in rows], dtype=torch.float64)


def naive_pooling(model, ids, values):
    """(B, k): the sum over pairs of slots, by loops."""
    V, rows = model.embedding.V.tolist(), []
    for row in zip(ids.tolist(), values.tolist()):
        pairs = list(itertools.combinations(zip(*row), 2))
        rows.append([sum(V[i][f] * x * V[j][f] * z for (i, x), (j, z) in pairs) for f in range(len(V[0]))])
    return torch.tensor(rows, dtype=torch.float64).reshape(len(ids), len(V[0]))


def naive_fm(model, ids, values):
    return naive_linear(model, ids, values) + naive_pooling(model, ids, values).sum(dim=1)


# --- the equations --------------------------------------------------------------------------------------------


@quick
@given(st.integers(0, 2**32), st.integers(0, 6))
def test_lr_and_fm_equal_their_equations(seed, s):
    ids, values = batch(seed=seed, s=s)
    lr, fm = build("LR"), build("FM")
    assert_close(lr(ids, values), naive_linear(lr, ids, values))
    assert_close(fm(ids, values), naive_fm(fm, ids, values))


def batch_norm(z, norm, training):
    if training:
        mean, var = z.mean(dim=0), z.var(dim=0, unbiased=False)
    else:
        mean, var = norm.running_mean, norm.running_var
    return (z - mean) / (var + norm.eps).sqrt() * norm.weight + norm.bias


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (5,), (5, 4)])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_nfm_is_bi_interaction_norm_dropout_layers_projection(training, norm, hidden, activation):
    """The order of the paper and of its authors' code, written again with functional calls.

    The same random state gives the same dropout masks only if the dropouts come in the same order and shapes.
    """
    model = NFM(N, 3, hidden, 0.4, 0.3, norm, bn_eps=1e-3, activation=activation, init_std=0.5).double()
    model.train(training)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1)
    ids, values = batch()
    linear = naive_linear(model, ids, values)

    torch.manual_seed(7)
    z = naive_pooling(model, ids, values)
    if norm:
        z = batch_norm(z, model.norm_bi, training)
    z = F.dropout(z, 0.4, training)
    modules = list(model.mlp)
    for _ in hidden:
        dense = modules.pop(0)
        z = z @ dense.weight.T + dense.bias
        if norm:
            z = batch_norm(z, modules.pop(0), training)
        modules.pop(0)
        z = z.clamp(min=0) if activation == "relu" else torch.tanh(z)
        z = F.dropout(z, 0.3, training)
        modules.pop(0)
    assert not modules
    expected = linear + (z * model.h).sum(dim=1)

    torch.manual_seed(7)
    assert_close(model(ids, values), expected.detach())


@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize("hidden", [(), (5,), (5, 4)])
@pytest.mark.parametrize("field_of_slot", [[0, 1, 1, 2], [0, 1, 2, 3], [2, 0, 3, 1], [1, 1, 1, 1]])
def test_deepfm_adds_fm_and_a_network_on_the_field_embeddings(norm, hidden, field_of_slot):
    model = DeepFM(N, field_of_slot, 3, hidden, batch_norm=norm, init_std=0.5).double().eval()
    n_fields = max(field_of_slot) + 1
    ids, values = batch()
    V = model.embedding.V.tolist()
    fields = torch.zeros(len(ids), n_fields, 3, dtype=torch.float64)  # (B, fields, k)
    for b, row in enumerate(zip(ids.tolist(), values.tolist())):
        for slot, (i, x) in enumerate(zip(*row)):
            for f in range(3):
                fields[b, field_of_slot[slot], f] += x * V[i][f]
    z = fields.reshape(len(ids), n_fields * 3)
    modules = list(model.mlp)
    for _ in hidden:
        dense = modules.pop(0)
        z = z @ dense.weight.T + dense.bias
        z = (batch_norm(z, modules.pop(0), training=False) if norm else z).clamp(min=0)
        modules.pop(0)
    assert not modules and model.out.bias is None
    expected = naive_fm(model, ids, values) + (z * model.out.weight[0]).sum(dim=1)
    assert_close(model(ids, values), expected.detach())


@every_model
def test_no_model_applies_a_sigmoid_or_rescales_its_score(kind):
    """The score is a logit: it moves one to one with w0, and goes as far as w0 does."""
    model, (ids, values) = build(kind), batch()
    before = model(ids, values)
    with torch.no_grad():
        model.linear.w0 += 100
    assert_close(model(ids, values) - before, torch.full_like(before, 100), 1e-10)


# --- gradients ------------------------------------------------------------------------------------------------


def test_fm_gradients_are_the_formulas():
    """dy/dv_i = x_i (sum_j x_j v_j - x_i v_i), dy/dw_i = x_i, dy/dw0 = 1, for one example at a time."""
    model, (ids, values) = build("FM"), batch()
    V = model.embedding.V.detach()
    for row in range(len(ids)):
        model.zero_grad()
        model(ids[[row]], values[[row]]).backward()
        w, v = torch.zeros(N, dtype=torch.float64), torch.zeros_like(V)
        total = sum(x * V[i] for i, x in zip(ids[row], values[row]))
        for i, x in zip(ids[row], values[row]):
            w[i], v[i] = x, x * (total - x * V[i])
        assert float(model.linear.w0.grad) == 1
        assert_close(model.linear.w.grad, w)
        assert_close(model.embedding.V.grad, v)


@every_model
@pytest.mark.parametrize("b", [2, 6])
@pytest.mark.parametrize("training", [False, True])
def test_gradients_pass_gradcheck(kind, b, training):
    model, (ids, values) = build(kind).train(training), batch(b)
    names, parameters = zip(*model.named_parameters())
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}

    def score(values, *parameters):
        state = {name: buffer.clone() for name, buffer in buffers.items()} | dict(zip(names, parameters))
        return functional_call(model, state, (ids, values))

    inputs = [values.requires_grad_(), *(p.detach().clone().requires_grad_() for p in parameters)]
    assert torch.autograd.gradcheck(score, inputs, fast_mode=True)


def test_both_branches_of_deepfm_share_and_teach_one_table():
    model, (ids, values) = build("DeepFM"), batch()
    assert [name for name, p in model.named_parameters() if p.shape == (N, 3)] == ["embedding.V"]
    fm = FM(N, k=3).double()
    fm.load_state_dict({name: p for name, p in model.state_dict().items() if name in fm.state_dict()})
    both, alone = (torch.autograd.grad(m(ids, values).sum(), m.embedding.V)[0] for m in (model, fm))
    network = torch.autograd.grad((model(ids, values) - fm(ids, values).detach()).sum(), model.embedding.V)[0] - alone
    assert network.abs().max() > 1e-3 and alone.abs().max() > 1e-3
    assert_close(both, alone + network)


# --- one model inside another ---------------------------------------------------------------------------------


def train(model, steps=20, seed=0):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for step in range(steps):
        ids, values = batch(8, seed + step)
        target = torch.sin(values.sum(dim=1) + ids[:, 0])
        loss = F.mse_loss(model(ids, values), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def test_nfm_without_layers_is_fm_and_stays_fm_in_training():
    nfm, fm = NFM(N, k=5, hidden=()).double(), FM(N, k=5).double()
    assert "h" not in dict(nfm.named_parameters()) and torch.equal(nfm.h, torch.ones(5, dtype=torch.float64))
    assert dict(nfm.named_buffers()).keys() == {"h"}
    ids, values = batch(20, seed=1)
    assert_close(nfm(ids, values), fm(ids, values))
    before = fm(ids, values).detach()
    train(nfm), train(fm)
    assert (fm(ids, values) - before).abs().max() > 0.1
    assert_close(nfm(ids, values), fm(ids, values))
    for name, parameter in fm.named_parameters():
        assert_close(dict(nfm.named_parameters())[name], parameter)
    assert torch.equal(nfm.h, torch.ones(5, dtype=torch.float64))


def test_a_trainable_h_is_another_model():
    model = NFM(N, k=5, hidden=(4,))
    assert isinstance(model.h, torch.nn.Parameter) and model.h.shape == (4,)
    assert sum(p.numel() for p in model.parameters()) == 1 + N + N * 5 + 2 * 5 + (5 * 4 + 4) + 2 * 4 + 4  # h: no bias


@pytest.mark.parametrize("make", [lambda: FM(N, k=0), lambda: NFM(N, k=0, hidden=())])
def test_k_zero_is_linear_regression(make):
    model, lr = make().double(), LR(N).double()
    ids, values = batch(20, seed=1)
    train(model), train(lr)
    assert_close(model(ids, values), lr(ids, values))
    assert model.embedding.V.shape == (N, 0)
    # and that is what least squares says it is
    dense = torch.zeros(30, N, dtype=torch.float64)
    ids, values = batch(30, seed=2)
    dense.scatter_(1, ids, values)
    target = torch.randn(30, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    solution = torch.linalg.lstsq(torch.cat([torch.ones(30, 1).double(), dense], dim=1), target).solution
    with torch.no_grad():
        model.linear.w0.copy_(solution[0])
        model.linear.w.copy_(solution[1:])
    gradient = torch.autograd.grad(F.mse_loss(model(ids, values), target), [model.linear.w0, model.linear.w])
    assert max(float(g.abs().max()) for g in gradient) < 1e-12


def test_fm_of_user_and_item_is_biased_matrix_factorisation():
    model = build("FM")
    users, items = torch.arange(1, 6), torch.arange(6, 12)
    P, Q = model.embedding.V[users], model.embedding.V[items]
    expected = model.linear.w0 + model.linear.w[users][:, None] + model.linear.w[items] + P @ Q.T
    ids = torch.cartesian_prod(users, items)
    assert_close(model(ids, torch.ones(30, 2, dtype=torch.float64)), expected.detach())


def test_deepfm_with_a_zero_network_is_fm():
    deepfm, fm = build("DeepFM"), FM(N, k=3).double()
    fm.load_state_dict({name: p for name, p in deepfm.state_dict().items() if name in fm.state_dict()})
    with torch.no_grad():
        for name, parameter in deepfm.named_parameters():
            if name.startswith(("mlp", "out")):
                parameter.zero_()
    ids, values = batch()
    assert_close(deepfm(ids, values), fm(ids, values).detach())


# --- slots, padding, batches ----------------------------------------------------------------------------------


@every_model
@quick
@given(st.permutations(range(S)), st.integers(0, 99))
def test_slot_order_does_not_matter(kind, order, seed):
    model, (ids, values) = build(kind), batch(seed=seed)
    expected = model(ids, values)
    if isinstance(model, DeepFM):  # its slots have fields: move them along
        moved = DeepFM(**{**model.config, "field_of_slot": [FIELDS[s] for s in order]}).double().eval()
        state = {k: v for k, v in model.state_dict().items() if k != "field_of_slot"}
        moved.load_state_dict(state, strict=False)
        model = moved
    assert_close(model(ids[:, order], values[:, order]), expected)


def test_deepfm_does_depend_on_the_field_of_a_slot():
    model, (ids, values) = build("DeepFM"), batch()
    order = [1, 0, 2, 3]
    assert not torch.allclose(model(ids[:, order], values[:, order]), model(ids, values))


@every_model
@pytest.mark.parametrize("what", ["padding", "absent features"])
@pytest.mark.parametrize("training", [False, True])
def test_slots_of_value_zero_change_neither_output_nor_gradient(kind, what, training):
    model, (ids, values) = build(kind).train(training), batch()
    extra = torch.zeros(6, 3).long() if what == "padding" else torch.randint(N, (6, 3))
    more_ids, more_values = torch.cat([ids, extra], 1), torch.cat([values, torch.zeros(6, 3).double()], 1)
    wider = model
    if isinstance(model, DeepFM):
        wider = DeepFM(**{**model.config, "field_of_slot": [*FIELDS, 2, 1, 0]}).double().train(training)
        state = {k: v for k, v in model.state_dict().items() if k != "field_of_slot"}
        wider.load_state_dict(state, strict=False)
    results = []
    for m, i, x in ((model, ids, values), (wider, more_ids, more_values)):
        score = m(i, x)
        results.append((score.detach(), torch.autograd.grad(score.square().sum(), list(m.parameters()))))
    assert_close(results[1][0], results[0][0])
    for got, expected in zip(results[1][1], results[0][1]):
        assert_close(got, expected, 1e-11)


@every_model
def test_the_padding_row_gets_no_gradient(kind):
    model, (ids, values) = build(kind), batch()
    ids, values = torch.where(ids == 0, 1, ids), values.clone()
    ids[:, -1], values[:, -1] = 0, 0
    model(ids, values).square().sum().backward()
    assert float(model.linear.w.grad[0]) == 0
    if hasattr(model, "embedding"):
        assert (model.embedding.V.grad[0] == 0).all()


@every_model
@pytest.mark.parametrize("n", [N, 500])  # more slots in the batch than features, and fewer
def test_a_score_does_not_depend_on_batch_mates(kind, n):
    model, (ids, values) = build(kind), batch(20)
    together = model(ids, values)
    assert together.shape == (20,)
    for row in range(20):
        alone = model(ids[[row]], values[[row]])
        assert alone.shape == (1,)
        assert_close(alone, together[[row]])
    assert model(ids[:0], values[:0]).shape == (0,)
    assert torch.equal(model(ids, values), together)


@every_model
def test_a_double_model_takes_float32_values(kind):
    model, (ids, values) = build(kind), batch()
    assert_close(model(ids, values.float()), model(ids, values.float().double()))


# --- dropout --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda p: FM(N, k=8, init_std=1.0, dropout=p),
    lambda p: NFM(N, k=8, init_std=1.0, dropout_bi=p),
    lambda p: NFM(N, k=8, init_std=1.0, dropout_hidden=p),
    lambda p: NFM(N, k=8, hidden=(), init_std=1.0, dropout_bi=p),
    lambda p: DeepFM(N, FIELDS, k=8, init_std=1.0, dropout=p),
])  # fmt: skip
def test_dropout_acts_in_training_only(make):
    ids, values = batch(30)
    model, plain = make(0.5).double(), make(0.0).double()
    plain.load_state_dict({k: v for k, v in zip(plain.state_dict(), model.state_dict().values())})
    assert torch.equal(model.eval()(ids, values), model(ids, values))
    assert_close(model(ids, values), plain.eval()(ids, values))
    model.train(), plain.train()
    assert not torch.equal(model(ids, values), model(ids, values))
    assert torch.equal(plain(ids, values), plain(ids, values))


def test_fm_drops_whole_crossings_and_scales_the_rest():
    model = FM(N, k=1, init_std=1.0, dropout=0.75).double().train()
    ids, values = batch(200)
    crossing = model.eval()(ids, values)
    ratio = model.train()(ids, values) / crossing
    assert set(ratio.round(decimals=9).tolist()) == {0.0, 4.0}
    assert 0.1 < float((ratio > 0).double().mean()) < 0.4


# --- construction ---------------------------------------------------------------------------------------------


def weights(model):
    return [tensor.clone() for tensor in model.state_dict().values()]


def same(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


@every_model
def test_the_seed_alone_decides_the_initial_weights(kind):
    torch.manual_seed(1)
    one = weights(KINDS[kind](seed=3))
    torch.manual_seed(2)
    assert same(one, weights(KINDS[kind](seed=3)))
    if kind != "LR":
        assert not same(one, weights(KINDS[kind](seed=4)))


@every_model
def test_building_leaves_the_global_random_states_alone(kind):
    states = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    KINDS[kind](seed=3)
    assert torch.equal(states[0], torch.get_rng_state())
    assert states[1:] == (np.random.get_state()[1].tolist(), random.getstate())


@every_model
def test_config_builds_the_model_again(kind):
    model = KINDS[kind](seed=5)
    again = MODELS[type(model).__name__](**model.config)
    assert type(again) is type(model) and again.config == model.config and same(weights(model), weights(again))


def test_config_holds_every_argument_as_a_plain_value():
    model = NFM(np.int64(9), k=np.int64(3), hidden=np.array([4, 2]), init_std=np.float64(0.1), seed=np.int64(7))
    assert model.config == {
        "n_features": 9, "k": 3, "hidden": (4, 2), "dropout_bi": 0.0, "dropout_hidden": 0.0, "batch_norm": None,
        "bn_eps": 1e-5, "activation": "relu", "init_std": 0.1, "seed": 7,
    }  # fmt: skip
    assert [type(model.config[name]) for name in ("n_features", "init_std", "seed")] == [int, float, int]
    for fields in (torch.tensor(FIELDS), np.array(FIELDS), FIELDS):
        assert DeepFM(N, fields).config["field_of_slot"] == (0, 1, 1, 2)


def test_initial_weights():
    model = NFM(5000, k=16, hidden=(400,), init_std=0.03)
    assert abs(float(model.embedding.V.detach().std()) / 0.03 - 1) < 0.02
    assert abs(float(model.h.detach().std()) * 20 - 1) < 0.15  # 1/sqrt(width): scores start small whatever the width
    assert model.linear.w0.item() == 0 and not model.linear.w.any()  # so the first log loss is about log 2


@pytest.mark.parametrize(
    "hidden, batch_norm, expected", [((4, 3), None, 3), ((4,), False, 0), ((), None, 0), ((), True, 1)]
)
def test_nfm_has_batch_norm_when_there_are_layers(hidden, batch_norm, expected):
    model = NFM(N, hidden=hidden, batch_norm=batch_norm, bn_eps=1e-4)
    norms = [m for m in model.modules() if hasattr(m, "running_var")]
    assert len(norms) == expected and all(norm.eps == 1e-4 for norm in norms)


def test_a_small_eps_keeps_batch_norm_working_on_small_crossings():
    """std of f_BI at the start is sigma^2 sqrt(N_x (N_x - 1) / 2): 6.7e-4 for sigma = 0.01 and 10 fields."""
    ids = torch.arange(4000).reshape(400, 10)
    for eps, low, high in ((1e-5, 0.18, 0.24), (1e-12, 0.97, 1.03)):
        model = NFM(4000, k=16, init_std=0.01, bn_eps=eps, seed=1).double().train()
        pooled = model.embedding.pool(ids, torch.ones(400, 10).double())
        assert 6.3e-4 < float(pooled.detach().std()) < 7.1e-4
        assert low < float(model.norm_bi(pooled).detach().std()) < high


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LR(0), "n_features must be a whole number of at least 1, got 0"),
        (lambda: FM(-5), "n_features must be a whole number of at least 1, got -5"),
        (lambda: FM(N, k=-1), "k must be a whole number of at least 0, got -1"),
        (lambda: NFM(N, k=0), "k must be a whole number of at least 1, got 0"),
        (lambda: NFM(N, k=0, hidden=(), batch_norm=True), "k must be a whole number of at least 1, got 0"),
        (lambda: DeepFM(N, FIELDS, k=0), "k must be a whole number of at least 1, got 0"),
        (lambda: NFM(N, hidden=(4, -2)), "a hidden layer's size must be a whole number of at least 1, got -2"),
        (lambda: NFM(N, hidden=64), r"for one layer write \(64,\)"),
        (lambda: DeepFM(N, FIELDS, hidden=64), r"for one layer write \(64,\)"),
        (lambda: FM(N, dropout=1), r"dropout is the share of entries set to zero and must lie in \[0, 1\), got 1"),
        (lambda: NFM(N, dropout_bi=-0.1), r"dropout_bi is the share.*got -0.1"),
        (lambda: NFM(N, dropout_hidden=1.5), r"dropout_hidden is the share.*got 1.5"),
        (lambda: DeepFM(N, FIELDS, dropout=float("nan")), "dropout is the share.*got nan"),
        (lambda: NFM(N, activation="gelu"), "activation 'gelu' is unknown; choose one of 'relu', 'sigmoid', 'tanh'"),
        (lambda: FM(N, init_std=-1), "init_std is a standard deviation and must be .* of at least 0, got -1"),
        (lambda: NFM(N, hidden=(), bn_eps=-1), "bn_eps is added to a variance and must be .* above 0, got -1"),
        (lambda: DeepFM(N, []), "field_of_slot lists the field of each slot, such as encoder.field_of_slot"),
        (lambda: DeepFM(N, [0, -1]), "a field must be a whole number of at least 0, got -1"),
        (lambda: DeepFM(N, [0.0, 1.0]), "a field must be a whole number of at least 0, got 0.0"),
    ],
)
def test_bad_settings_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@every_model
def test_ids_the_model_does_not_know_are_refused(kind):
    ids, values = batch()
    ids[2, 1] = N
    with pytest.raises(ValueError, match=f"row 2, slot 1: id {N} has no embedding; the table has ids 0 to {N - 1}"):
        build(kind)(ids, values)


def test_deepfm_refuses_another_number_of_slots():
    with pytest.raises(ValueError, match="this DeepFM was built for 4 slots, got 3"):
        build("DeepFM")(*batch(s=3))


@pytest.mark.parametrize("n", [50, 5_000])  # a table that is smaller than a batch's slots, and one that is larger
@pytest.mark.parametrize("kind", ["LR", "FM", "NFM", "DeepFM"])
def test_a_model_can_be_exported_for_batches_of_any_size(kind, n):
    model = {
        "LR": lambda: LR(n),
        "FM": lambda: FM(n, k=4),
        "NFM": lambda: NFM(n, k=4, hidden=(6,)),
        "DeepFM": lambda: DeepFM(n, [0, 1, 2, 2], k=4, hidden=(6,)),
    }[kind]().eval()
    ids, values = torch.randint(1, n, (200, 4)), torch.randn(200, 4)
    batch = {0: torch.export.Dim("batch", min=1)}
    exported = torch.export.export(model, (ids[:7], values[:7]), dynamic_shapes=(batch, batch)).module()
    for size in (1, 3, 200):
        torch.testing.assert_close(exported(ids[:size], values[:size]), model(ids[:size], values[:size]))
