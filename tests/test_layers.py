"""The parts of the models, against naive loops, exact integers and autograd. Everything in float64 unless stated."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from nfm_tutorial import checks
from nfm_tutorial.layers import (
    FeatureEmbedding,
    LinearTerm,
    bi_interaction,
    fused_bi_interaction,
    look_up,
    mlp,
)

quick = settings(deadline=None, max_examples=50, derandomize=True)


@st.composite
def slots(draw, max_slots=6, max_k=4):
    """(V, ids, values) in float64: ids repeat within a row and across rows, a third of the values are 0."""
    b, s, k = draw(st.integers(0, 5)), draw(st.integers(0, max_slots)), draw(st.integers(0, max_k))
    n = draw(st.integers(1, 8))
    g = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    V = torch.randn(n, k, generator=g, dtype=torch.float64)
    ids = torch.randint(n, (b, s), generator=g)
    values = torch.randn(b, s, generator=g, dtype=torch.float64)
    values[torch.rand(b, s, generator=g) < 1 / 3] = 0
    return V, ids, values


def many_slots(n=5, b=4, s=3, k=3, seed=0, dtype=torch.float64):
    """A case with at least as many slots in the batch as rows in the table, so that the fused way is taken."""
    g = torch.Generator().manual_seed(seed)
    values = torch.randn(b, s, generator=g, dtype=dtype)
    if b * s > 4:
        values[0, 0] = values[-1, -1] = 0
    return torch.randn(n, k, generator=g, dtype=dtype), torch.randint(n, (b, s), generator=g), values


def naive_pairs(xv):
    """(B, k) nested lists: the sum over pairs i < j, one number at a time."""
    return [
        [math.fsum(row[i][f] * row[j][f] for i, j in itertools.combinations(range(len(row)), 2)) for f in range(k)]
        for row, k in ((row, xv.shape[2]) for row in xv.tolist())
    ]


def reference(V, ids, values):
    return bi_interaction(V[ids] * values[..., None])


def assert_close(got, expected, tolerance=1e-12):
    expected = torch.as_tensor(expected, dtype=got.dtype).reshape(got.shape)
    torch.testing.assert_close(got, expected, rtol=tolerance, atol=tolerance)


# --- the readable Bi-Interaction ------------------------------------------------------------------------------


@quick
@given(slots())
def test_bi_interaction_is_the_sum_over_pairs(case):
    V, ids, values = case
    xv = V[ids] * values[..., None]
    pooled = bi_interaction(xv)
    assert pooled.shape == (len(ids), V.shape[1])
    assert_close(pooled, naive_pairs(xv))


@quick
@given(st.integers(0, 7), st.integers(0, 2**32))
def test_bi_interaction_of_integers_is_exact(s, seed):
    xv = torch.randint(-9, 10, (3, s, 2), generator=torch.Generator().manual_seed(seed)).double()
    assert bi_interaction(xv).tolist() == naive_pairs(xv)


@pytest.mark.parametrize("s", [0, 1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_no_pair_gives_exactly_zero_and_a_zero_gradient(s, dtype):
    xv = (torch.randn(50, s, 4, generator=torch.Generator().manual_seed(0)) * 1e3).to(dtype).requires_grad_()
    pooled = bi_interaction(xv)
    assert torch.equal(pooled, torch.zeros(50, 4, dtype=dtype))
    pooled.sum().backward()
    assert torch.equal(xv.grad, torch.zeros_like(xv))
    V, ids, values = torch.randn(3, 4, dtype=dtype), torch.randint(3, (50, s)), torch.randn(50, s, dtype=dtype)
    assert torch.equal(fused_bi_interaction(V, ids, values), torch.zeros(50, 4, dtype=dtype))


@quick
@given(slots(), st.floats(-5, 5))
def test_scaling_x_by_c_scales_crossings_by_c_squared(case, c):
    V, ids, values = case
    assert_close(reference(V, ids, c * values), c**2 * reference(V, ids, values), 1e-11)
    assert_close(fused_bi_interaction(V, ids, c * values), c**2 * fused_bi_interaction(V, ids, values), 1e-11)


def test_bi_interaction_has_nothing_to_learn_and_is_differentiable():
    assert not isinstance(bi_interaction, nn.Module)
    xv = torch.randn(3, 4, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(bi_interaction, xv)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 4, 5)])
def test_bi_interaction_needs_three_dimensions(shape):
    with pytest.raises(ValueError, match=r"needs xv of shape \(B, S, k\), got " + str(shape).replace("(", r"\(")[:-1]):
        bi_interaction(torch.zeros(shape))


# --- the fused Bi-Interaction ---------------------------------------------------------------------------------


@quick
@given(slots())
def test_fused_equals_the_reference(case):
    V, ids, values = case
    assert_close(fused_bi_interaction(V, ids, values), reference(V, ids, values))


@quick
@given(slots())
def test_fused_gradients_equal_autograd_through_the_reference(case):
    V, ids, values = case
    weight = torch.randn(len(ids), V.shape[1], generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for loss in (
        lambda z: (z * weight).sum(),  # every entry of the incoming gradient differs: NFM
        lambda z: (z.sum(dim=1) * weight.sum(dim=1)).sum(),  # the same for all k entries of an example: FM
        lambda z: (z.sum(dim=0) * torch.arange(1.0, V.shape[1] + 1)).sum(),  # the same for all examples
        lambda z: z.sum(),  # the same for all
    ):
        inputs = [V.clone().requires_grad_(), values.clone().requires_grad_()]
        expected = torch.autograd.grad(loss(reference(inputs[0], ids, inputs[1])), inputs)
        got = torch.autograd.grad(loss(fused_bi_interaction(inputs[0], ids, inputs[1])), inputs)
        for a, b in zip(got, expected):
            assert_close(a, b)


@pytest.mark.parametrize("s", [0, 1, 2, 5])
@pytest.mark.parametrize("k", [0, 1, 3])
@pytest.mark.parametrize("loss", [lambda z: z, lambda z: z.sum(dim=1)])
def test_fused_passes_gradcheck(s, k, loss):
    V, ids, values = many_slots(s=s, k=k)
    assert torch.autograd.gradcheck(
        lambda V, values: loss(fused_bi_interaction(V, ids, values)), (V.requires_grad_(), values.requires_grad_())
    )


@pytest.mark.parametrize("row", [[2, 2, 2], [2, 2, 1], [0, 0, 3]])
def test_a_feature_repeated_in_a_row_is_paired_with_itself(row):
    V, _, values = many_slots()
    ids = torch.tensor([row] * 4)
    assert_close(fused_bi_interaction(V, ids, values), naive_pairs(V[ids] * values[..., None]))


@pytest.mark.parametrize("wanted", ["V", "values"])
def test_fused_gives_only_the_gradient_that_is_wanted(wanted):
    V, ids, values = many_slots()
    inputs = {"V": V, "values": values}
    expected = torch.autograd.grad(reference(V.requires_grad_(), ids, values.requires_grad_()).sum(), inputs[wanted])[0]
    other = inputs["values" if wanted == "V" else "V"].requires_grad_(False)
    fused_bi_interaction(V, ids, values).sum().backward()
    assert_close(inputs[wanted].grad, expected)
    assert other.grad is None


@pytest.mark.parametrize("n", [3, 2**16, 2**16 + 1])
def test_fused_is_right_for_small_and_large_tables(n):
    g = torch.Generator().manual_seed(0)
    s = 3 + 2 * n // 1000
    ids = torch.randint(n, (max(1, n // s) + 1, s), generator=g)
    ids[0, 0], ids[-1, -1] = n - 1, 0
    assert ids.numel() >= n  # else the reference would be compared with itself
    V = torch.randn(n, 2, generator=g, dtype=torch.float64, requires_grad=True)
    values = torch.randn(ids.shape, generator=g, dtype=torch.float64)
    weight = torch.randn(len(ids), 2, generator=g, dtype=torch.float64)
    expected = torch.autograd.grad((reference(V, ids, values) * weight).sum(), V)[0]
    got = torch.autograd.grad((fused_bi_interaction(V, ids, values) * weight).sum(), V)[0]
    assert_close(got, expected, 1e-10)


def test_fused_takes_tensors_that_are_not_contiguous():
    V, ids, values = many_slots(n=4, b=6, s=3, k=3)
    V2 = V.T.contiguous().T.requires_grad_()
    ids2, values2 = ids.T.contiguous().T, values.T.contiguous().T.requires_grad_()
    assert not any(t.is_contiguous() for t in (V2, ids2, values2))
    grad = torch.randn(3, 6, dtype=torch.float64).T  # (B, k), not contiguous either
    expected = torch.autograd.grad(reference(V2, ids, values2), (V2, values2), grad)
    got = torch.autograd.grad(fused_bi_interaction(V2, ids2, values2), (V2, values2), grad)
    for a, b in zip(got, expected):
        assert_close(a, b)
    ones = torch.ones(1, 1, dtype=torch.float64).expand(6, 3)
    assert_close(fused_bi_interaction(V, ids, ones), reference(V, ids, ones))


@pytest.mark.parametrize("seed", range(5))
def test_fused_equals_the_reference_in_float32(seed):
    V, ids, values = many_slots(n=50, b=40, s=10, k=8, seed=seed, dtype=torch.float32)
    magnitude = (V[ids] * values[..., None]).abs().sum(dim=1).square()  # (B, k): rounding errors are relative to this
    error = (fused_bi_interaction(V, ids, values) - reference(V, ids, values)).abs()
    assert (error <= 1e-6 * magnitude).all()
    exact = reference(V.double(), ids, values.double())
    assert ((fused_bi_interaction(V, ids, values) - exact).abs() <= 1e-6 * magnitude).all()


@quick
@given(slots(), st.booleans())
def test_look_up_is_indexing_with_the_same_gradients(case, wide):
    """Few slots and many take different ways; one column takes a third."""
    V, ids, values = case
    if wide:
        ids, values = ids.repeat(1, 4), values.repeat(1, 4)
    table = V if V.shape[1] else torch.randn(len(V), dtype=torch.float64)
    inputs = [table.clone().requires_grad_(), values.clone().requires_grad_()]
    got = look_up(inputs[0], ids, inputs[1])
    expected = inputs[0][ids] * (inputs[1] if table.ndim == 1 else inputs[1][..., None])
    assert_close(got.detach(), expected.detach())
    weight = torch.randn(got.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for a, b in zip(torch.autograd.grad(got, inputs, weight), torch.autograd.grad(expected, inputs, weight)):
        assert_close(a, b)


@pytest.mark.parametrize("n", [5, 100])
def test_pooling_may_use_what_was_looked_up_already(n):
    V, ids, values = many_slots(n=n)
    embedding = FeatureEmbedding(n, 3).double()
    xv = embedding(ids, values)
    for pooled in (embedding.pool(ids, values), embedding.pool(ids, values, xv)):
        assert_close(pooled, bi_interaction(xv))


def test_precision_follows_the_table():
    V, ids, values = many_slots()
    exact = fused_bi_interaction(V, ids, values.float().double())
    assert torch.equal(fused_bi_interaction(V, ids, values.float()), exact)
    assert fused_bi_interaction(V.float(), ids, values).dtype == torch.float32
    assert look_up(V, ids, values.float()).dtype == torch.float64
    assert look_up(V.float(), ids, values).dtype == torch.float32


# --- cost -----------------------------------------------------------------------------------------------------


class Cost(TorchDispatchMode):
    """Counts the elementary operations of every call into PyTorch and keeps the size of the largest tensor made.

    A sum over bags of rows costs one operation per slot and column, another view of a tensor nothing, anything else one
    per element read or written, whichever is more.
    """

    def __init__(self):
        super().__init__()
        self.operations, self.largest = 0, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if any(r.alias_info is not None and not r.alias_info.is_write for r in func._schema.returns):
            return result  # a view
        made = [t.numel() for t in tree_leaves(result) if torch.is_tensor(t)]
        self.largest = max([self.largest, *made])
        if "embedding_bag" in func.name():
            rows, slots = args[:2]
            self.operations += slots.numel() * rows.shape[1]
        else:
            self.operations += max(made + [t.numel() for t in tree_leaves(args) if torch.is_tensor(t)], default=0)
        return result


def cost(function, s, k, b=16, n=30):
    """(operations, largest tensor) of `function` forward and backward on b examples with s slots."""
    V, ids, values = many_slots(n=n, b=b, s=s, k=k)
    V.requires_grad_()
    with Cost() as counted:
        function(V, ids, values).sum(dim=1).square().sum().backward()
    return counted.operations, counted.largest


def pairwise(V, ids, values):
    xv = V[ids] * values[..., None]
    return sum(xv[:, i] * xv[:, j] for i, j in itertools.combinations(range(xv.shape[1]), 2))


@pytest.mark.parametrize("function", [reference, fused_bi_interaction])
def test_cost_is_linear_in_slots_and_in_k(function):
    by_slots = [cost(function, s, k=8)[0] for s in (4, 8, 12)]
    by_k = [cost(function, 6, k)[0] for k in (4, 8, 12)]
    assert by_slots[2] - by_slots[1] == by_slots[1] - by_slots[0] > 0
    assert by_k[2] - by_k[1] == by_k[1] - by_k[0] > 0


def test_the_count_sees_that_naive_pairs_are_quadratic():
    naive = [cost(pairwise, s, k=8)[0] for s in (4, 8, 12)]
    assert naive[2] - naive[1] > 1.4 * (naive[1] - naive[0])
    assert naive[2] > 3 * cost(reference, 12, k=8)[0]


@pytest.mark.parametrize("s", [4, 12, 40])
def test_fused_never_builds_the_tensor_of_all_slots_and_k(s):
    b, n, k = 64, 30, 16
    assert cost(reference, s, k, b, n)[1] == b * s * k
    assert cost(fused_bi_interaction, s, k, b, n)[1] == max(b * s, b * k, n * k)


# --- modules --------------------------------------------------------------------------------------------------


@quick
@given(slots())
def test_linear_term_is_a_sum_over_slots(case):
    V, ids, values = case
    linear = LinearTerm(len(V)).double()
    assert linear(ids, values).tolist() == [0] * len(ids)  # starts at zero
    with torch.no_grad():
        linear.w0.fill_(0.25)
        linear.w.copy_(torch.arange(len(V)) - 1.5)
    expected = [0.25 + sum((i - 1.5) * x for i, x in zip(*row)) for row in zip(ids.tolist(), values.tolist())]
    assert linear(ids, values).shape == (len(ids),)
    assert_close(linear(ids, values), expected)


@quick
@given(slots())
def test_embedding_scales_rows_pools_and_penalises(case):
    V, ids, values = case
    embedding = FeatureEmbedding(len(V), V.shape[1]).double()
    with torch.no_grad():
        embedding.V.copy_(V)
    xv = embedding(ids, values)
    rows = [[[x * v for v in V[i].tolist()] for i, x in zip(*row)] for row in zip(ids.tolist(), values.tolist())]
    assert xv.tolist() == rows
    assert_close(embedding.pool(ids, values), bi_interaction(xv))
    # the penalty: the batch mean of sum_i ||x_i v_i||^2, and its gradient 2 x_i^2 v_i / B summed over occurrences
    b = max(len(ids), 1)
    assert_close(embedding.penalty(ids, values), math.fsum(v * v for row in rows for slot in row for v in slot) / b)
    gradient = torch.zeros_like(V)
    for i, x in zip(ids.flatten().tolist(), values.flatten().tolist()):
        gradient[i] += 2 * x * x * V[i] / b
    assert_close(torch.autograd.grad(embedding.penalty(ids, values), embedding.V)[0], gradient)


def test_penalty_takes_values_of_another_precision():
    embedding = FeatureEmbedding(4, 2).double()
    assert embedding.penalty(torch.tensor([[1, 2]]), torch.ones(1, 2)).dtype == torch.float64


def test_sizes_are_plain_whole_numbers():
    assert checks.whole_number("k", np.int64(3), 1) == 3 and type(checks.whole_number("k", np.int64(3), 1)) is int


def test_initial_embeddings_have_the_stated_spread():
    torch.manual_seed(0)
    V = FeatureEmbedding(20_000, 8, init_std=0.03).V.detach()
    assert V.shape == (20_000, 8)
    assert abs(float(V.std()) / 0.03 - 1) < 0.01 and abs(float(V.mean())) < 0.001
    assert (FeatureEmbedding(5, 2, init_std=0).V == 0).all()


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_mlp_layers_come_in_the_stated_order(batch_norm, dropout):
    layers = mlp(3, (5, 4), "tanh", batch_norm, 1e-3, dropout)
    block = [nn.Linear] + [nn.BatchNorm1d] * batch_norm + [nn.Tanh] + [nn.Dropout] * (dropout > 0)
    assert [type(layer) for layer in layers] == 2 * block
    sizes = [(layer.in_features, layer.out_features) for layer in layers if isinstance(layer, nn.Linear)]
    assert sizes == [(3, 5), (5, 4)]
    assert all(layer.eps == 1e-3 for layer in layers if isinstance(layer, nn.BatchNorm1d))
    assert all(layer.p == 0.5 for layer in layers if isinstance(layer, nn.Dropout))
    assert layers(torch.randn(2, 3)).shape == (2, 4)


def test_mlp_without_layers_changes_nothing():
    z = torch.randn(2, 3)
    assert len(mlp(3, ())) == 0 and torch.equal(mlp(3, ())(z), z)


@pytest.mark.parametrize("name, function", [
    ("relu", lambda z: z.clamp(min=0)), ("sigmoid", lambda z: 1 / (1 + (-z).exp())),
    ("tanh", lambda z: (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())), ("identity", lambda z: z),
])  # fmt: skip
def test_activations_are_what_their_names_say(name, function):
    layers = mlp(2, (3,), name).double()
    z = torch.randn(4, 2, dtype=torch.float64)
    assert_close(layers(z), function(z @ layers[0].weight.T + layers[0].bias))


# --- bad input ------------------------------------------------------------------------------------------------

IDS, VALUES = torch.tensor([[1, 2], [3, 4], [0, 0]]), torch.ones(3, 2)
BAD_SLOTS = {
    "id past the table": (
        (torch.tensor([[1, 2], [3, 5], [9, 0]]), VALUES),
        "row 1, slot 1: id 5 has no embedding; the table has ids 0 to 4",
    ),
    "negative id": (
        (torch.tensor([[1, -1], [3, 4], [0, 0]]), VALUES),
        "row 0, slot 1: id -1 has no embedding.*encoder.n_features",
    ),
    "values of another shape": ((IDS, torch.ones(3, 1)), r"both have shape \(B, S\), got \(3, 2\) and \(3, 1\)"),
    "a single example": ((IDS[0], VALUES[0]), r"got \(2,\) and \(2,\); for a single example use ids\[None\]"),
    "float ids": ((IDS.float(), VALUES), "ids must be int64, got torch.float32; ids are names, not magnitudes"),
    "int32 ids": ((IDS.int(), VALUES), "ids must be int64, got torch.int32"),
    "whole-number values": ((IDS, IDS), "values must be floating point, got torch.int64"),
    "arrays": ((IDS.numpy(), VALUES.numpy()), "must be torch tensors, got ndarray and ndarray.*Examples hold them"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SLOTS)
@pytest.mark.parametrize("layer", [FeatureEmbedding(5, 2).pool, FeatureEmbedding(5, 2), LinearTerm(5)])
def test_bad_slots_are_refused(case, layer):
    arguments, message = BAD_SLOTS[case]
    with pytest.raises(ValueError, match=message):
        layer(*arguments)


def test_an_id_past_a_large_table_is_refused():
    with pytest.raises(ValueError, match="row 0, slot 1: id 100 has no embedding; the table has ids 0 to 99"):
        fused_bi_interaction(torch.zeros(100, 2), torch.tensor([[1, 100]]), torch.ones(1, 2))


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: LinearTerm(0), "n_features must be a whole number of at least 1, got 0"),
        (lambda: LinearTerm(2.0), "n_features must be a whole number of at least 1, got 2.0"),
        (lambda: FeatureEmbedding(-3, 2), "n_features must be a whole number of at least 1, got -3"),
        (lambda: FeatureEmbedding(3, -1), "k must be a whole number of at least 0, got -1"),
        (lambda: FeatureEmbedding(3, True), "k must be a whole number of at least 0, got True"),
        (lambda: FeatureEmbedding(3, 2, -0.1), "init_std is a standard deviation and must be .* at least 0, got -0.1"),
        (lambda: FeatureEmbedding(3, 2, math.nan), "init_std is a standard deviation"),
        (lambda: mlp(3, (4, 0)), "a hidden layer's size must be a whole number of at least 1, got 0"),
        (lambda: mlp(3, (4.5,)), "a hidden layer's size must be a whole number of at least 1, got 4.5"),
        (lambda: mlp(3, 64), r"hidden lists the sizes of the hidden layers; for one layer write \(64,\)"),
        (lambda: mlp(3, (4,), "gelu"), "activation 'gelu' is unknown; choose one of 'relu', 'sigmoid', 'tanh', 'ide"),
        (lambda: mlp(3, (4,), dropout=1.0), r"dropout is the share.*must lie in \[0, 1\), got 1.0"),
        (lambda: mlp(3, (4,), dropout=-0.1), r"dropout is the share.*got -0.1"),
        (lambda: mlp(3, (4,), bn_eps=0), "bn_eps is added to a variance and must be a finite number above 0, got 0"),
        (lambda: checks.dropout_rate("dropout_bi", math.nan), "dropout_bi is the share of entries set to zero"),
        (lambda: checks.whole_number("k", "8", 1), "k must be a whole number of at least 1, got '8'"),
    ],
)
def test_bad_sizes_and_rates_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
