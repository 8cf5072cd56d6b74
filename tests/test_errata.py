"""What docs/errata.md corrects, as far as no other test shows it: small examples, in float64."""

import json
import math

import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from nfm_tutorial.data import data_folder, movielens
from nfm_tutorial.encoding import Encoder, Field
from nfm_tutorial.layers import bi_interaction
from nfm_tutorial.metrics import auc
from nfm_tutorial.models import FM, NFM
from nfm_tutorial.training import predict

IDS = torch.tensor([[1, 4, 6], [2, 4, 7], [3, 5, 6]])  # (B, S)
X = torch.tensor([[1.0, 2.0, -0.5], [1.0, 1.0, 1.5], [0.5, -1.0, 1.0]], dtype=torch.float64)
Y = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)


def test_both_models_train_one_table_by_one_rule():
    """V is a parameter with the same start; its gradient is J * x_i (sum_j x_j v_j - x_i v_i), J = 1 in FM."""
    models = FM(10, 4, init_std=0.5, seed=3), NFM(10, 4, hidden=(5,), batch_norm=False, init_std=0.5, seed=3)
    tables = [model.double().embedding.V for model in models]
    assert torch.equal(*tables) and all(isinstance(V, torch.nn.Parameter) and V.is_leaf for V in tables)
    for model, V in zip(models, tables):
        xv = (V[IDS] * X[..., None]).detach()  # (B, S, k)
        pooled = bi_interaction(xv).requires_grad_()
        read = pooled.sum(1) if isinstance(model, FM) else model.mlp(pooled) @ model.h  # (B,)
        (J,) = torch.autograd.grad(read.sum(), pooled)
        slots = J[:, None] * X[..., None] * (xv.sum(1, keepdim=True) - xv)
        rule = torch.zeros_like(V).index_add(0, IDS.flatten(), slots.flatten(0, 1).detach())
        (gradient,) = torch.autograd.grad(model(IDS, X).sum(), V)
        torch.testing.assert_close(gradient, rule, rtol=0, atol=1e-12)
        assert gradient.any() and bool((J == 1).all()) == isinstance(model, FM)
        binary_cross_entropy_with_logits(model(IDS, X), Y).backward()
        torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert not torch.allclose(*tables)  # the signal differs, so the tables part


def test_a_trained_h_can_make_three_features_repel_each_other_and_fm_with_k_1_cannot():
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)  # (8, 3)
    truth = -corners.sum(1) * (corners.sum(1) - 1) / 2  # minus the number of pairs that are on
    loss = {}
    for trained in (False, True):
        v, h = (torch.ones(n, dtype=torch.float64).requires_grad_(on) for n, on in ((3, True), (1, trained)))
        optimizer = torch.optim.SGD([v, h] if trained else [v], lr=0.2)
        for _ in range(300):
            optimizer.zero_grad()
            error = mse_loss(bi_interaction((corners * v)[..., None]) @ h, truth)
            error.backward()
            optimizer.step()
        loss[trained] = error.item()
    assert loss[False] > 0.05 and loss[True] < 1e-3 and h.item() < 0


def test_a_symmetric_matrix_need_not_be_v_times_its_transpose():
    W = torch.tensor([[0.0, -1.0], [-1.0, 0.0]], dtype=torch.float64)
    assert torch.linalg.eigvalsh(W)[0] < 0  # and a^T V V^T a = ||V^T a||^2 is never negative
    V = torch.randn(2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.linalg.eigvalsh(V @ V.T)[0] >= 0
    pair = torch.tensor([[1.0], [-1.0]], dtype=torch.float64)  # off the diagonal FM can have the -1 all the same
    assert (pair @ pair.T)[0, 1] == -1


def test_fm_has_no_pair_term_without_both_features_but_trains_its_weight_without_the_pair():
    """Rows (1, 4), (2, 4) and (2, 3): the weight of the pair (1, 3) moves, though no row holds the pair."""
    model = FM(5, k=2, init_std=1.0).double()
    V, ids = model.embedding.V, torch.tensor([[1, 4], [2, 4], [2, 3]])
    alone = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    pair = torch.tensor([[1, 3]])
    assert model(pair, alone).item() == model.linear(pair, alone).item()  # x_3 = 0: no pair term
    before = (V[1] @ V[3]).item()
    binary_cross_entropy_with_logits(model(ids, torch.ones(3, 2).double()), Y).backward()
    torch.optim.SGD(model.parameters(), lr=0.5).step()
    assert abs((V[1] @ V[3]).item() - before) > 1e-3


def test_pooling_carries_terms_of_first_order_on_one_hot_fields():
    effect = torch.tensor([1.0, -1.0], dtype=torch.float64)  # of the two levels of each field
    V = torch.zeros(5, 2, dtype=torch.float64)
    V[1:3, 0], V[3:5, 0] = effect, 1.0  # coordinate 1: field 1 and a constant partner
    V[1:3, 1], V[3:5, 1] = 1.0, effect  # coordinate 2: the other way round
    rows = torch.cartesian_prod(torch.arange(1, 3), torch.arange(3, 5))  # (4, 2)
    assert torch.equal(bi_interaction(V[rows]), torch.stack([effect[rows[:, 0] - 1], effect[rows[:, 1] - 3]], dim=1))


def test_a_second_sigmoid_has_floors():
    perfect, labels = torch.tensor([1e3, -1e3], dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)
    twice = binary_cross_entropy_with_logits(torch.sigmoid(perfect), labels, reduction="none")
    assert [round(loss, 3) for loss in twice.tolist()] == [0.313, 0.693]
    assert binary_cross_entropy_with_logits(perfect, labels) < 1e-12


def test_first_order_weights_from_a_standard_normal_start_far_above_a_coin():
    ids = torch.arange(1, 2001).view(200, 10)  # 200 rows of 10 fields, every feature once
    labels = torch.arange(200).remainder(2).float()
    model = FM(2001, k=8, init_std=0.01)
    small = binary_cross_entropy_with_logits(model(ids, torch.ones(200, 10)), labels)
    with torch.no_grad():
        model.linear.w.normal_(generator=torch.Generator().manual_seed(0))
        large = binary_cross_entropy_with_logits(model(ids, torch.ones(200, 10)), labels)
    assert abs(small - math.log(2)) < 1e-3 and large > math.log(2) + 0.5


def test_float32_loses_the_identity_for_one_huge_value():
    huge = torch.tensor([30000.0, 3.0, -3.0]).view(1, 3, 1)  # the pairs give 90000 - 90000 - 9
    assert bi_interaction(huge.double()).item() == -9 and bi_interaction(huge).item() != -9


def test_a_number_takes_part_in_the_crossing():
    table = pd.DataFrame({"user": ["ann", "bob"], "hours": [1.0, 2.0], "label": [1, 0]})
    encoder = Encoder([Field("user"), Field("hours", "numeric", standardize=False)])
    rows = encoder.fit_transform(table)
    model = FM(encoder.n_features, k=3, init_std=1.0).double()
    V = model.embedding.V.detach()
    for row, (user, hours) in enumerate(zip(table["user"], table["hours"])):
        pair = hours * (V[encoder.id_of("user", user)] @ V[encoder.spans[1].start + 1]).item()
        assert math.isclose(predict(model, rows)[row], pair, abs_tol=1e-6) and abs(pair) > 1e-3


def test_batch_norm_and_ones_for_h_start_far_from_a_constant():
    """A sum of k standardised numbers has variance k: this NFM without layers is not the authors', who train h."""
    ids = torch.arange(1, 5001).view(1000, 5)
    for batch_norm, low, high in ((False, 0, 0.1), (True, 12, 20)):
        model = NFM(5001, k=16, hidden=(), batch_norm=batch_norm, bn_eps=1e-12, init_std=0.05).train()
        assert low <= model(ids, torch.ones(1000, 5)).var().item() < high


def test_pairs_come_back_in_frappe_and_not_in_this_projects_movielens():
    facts = json.loads((data_folder() / "frappe.json").read_text(encoding="utf-8"))["facts"]
    assert facts["share of validation positives that repeat such a pair"] > 0.8
    train, _, test = movielens(seed=0)
    assert not set(zip(train["user"], train["movie"])) & set(zip(test["user"], test["movie"]))


def test_one_number_can_tell_all_sign_patterns_of_five_fields_apart():
    """Then a network that reads it, with one input and enough ReLU units, can say anything about the 32 patterns."""
    two = torch.randn(5, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)  # k = 1: v of either sign
    patterns = torch.cartesian_prod(*[torch.arange(2)] * 5)  # (32, 5)
    pooled = bi_interaction(two[torch.arange(5), patterns][..., None])[:, 0].sort().values  # (32,)
    assert len(pooled) == 32 and pooled.diff().min() > 1e-3


def test_on_frappe_nfm_leads_by_rmse_hardly_by_auc_and_not_by_log_loss():
    record = json.loads((data_folder() / "frappe.json").read_text(encoding="utf-8"))
    (rmse,) = [d for d in record["differences"] if (d["metric"], d["k"], *d["models"]) == ("rmse", 128, "FM", "NFM")]
    (by_auc,) = [d for d in record["differences"] if (d["metric"], d["k"], *d["models"]) == ("auc", 64, "FM", "NFM")]
    assert min(*rmse["seeds"], *rmse["users"]) > 0  # FM minus NFM
    assert max(*by_auc["seeds"], *by_auc["users"]) < 0 and -by_auc["mean"] < (0.9804 - 0.9671) / 3  # of BARS' lead
    runs = [row for row in record["rows"] if row["task"] == "binary" and row["k"] == 64]
    loss = pd.DataFrame([{"model": row["model"], "loss": row["test"]["logloss"]} for row in runs])
    loss = loss.groupby("model")["loss"].mean()
    assert loss["FM"] < loss["NFM"]


def test_the_best_of_a_hundred_looks_good_on_the_rows_that_chose_it():
    draw = torch.Generator().manual_seed(0)
    labels, fresh = torch.arange(100) % 2, torch.arange(10_000) % 2
    scores = torch.rand(100, 100, generator=draw)  # of 100 models that know nothing, on 100 rows
    best = max(auc(labels, model) for model in scores)
    assert best > 0.6 and abs(auc(fresh, torch.rand(10_000, generator=draw)) - 0.5) < 0.02
