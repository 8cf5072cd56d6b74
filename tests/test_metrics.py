"""Metrics against scikit-learn, counting by hand and exact arithmetic."""

import decimal
import math
from fractions import Fraction

import numpy as np
import pytest
import sklearn.metrics as sk
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nfm_tutorial.metrics import METRICS, TASKS, auc, evaluate, log_loss, paired_interval, rmse

quick = settings(deadline=None, max_examples=25, derandomize=True)

# labels of both classes, with scores that often tie
two_classes = st.lists(st.tuples(st.integers(0, 1), st.integers(-4, 4)), min_size=2, max_size=20).filter(
    lambda rows: len({label for label, _ in rows}) == 2
)


def columns(rows):
    return tuple(np.array(column, dtype=float) for column in zip(*rows))


@quick
@given(two_classes)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows):
    positives = [score for label, score in rows if label == 1]
    negatives = [score for label, score in rows if label == 0]
    wins = sum(Fraction(1 + (p > n) - (p < n), 2) for p in positives for n in negatives)  # a tie counts half
    target, score = columns(rows)
    assert auc(target, score) == pytest.approx(float(wins / (len(positives) * len(negatives))), abs=1e-12)
    assert auc(target, score) == pytest.approx(sk.roc_auc_score(target, score), abs=1e-12)
    assert auc(target, np.exp(score)) == pytest.approx(auc(target, score), abs=1e-12)  # only the order counts
    assert auc(target, -score) == pytest.approx(1 - auc(target, score), abs=1e-12)


@quick
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(-15, 15)), min_size=1, max_size=20))
def test_log_loss_is_scikit_learns_on_probabilities(rows):
    target, logit = columns(rows)
    probability = 1 / (1 + np.exp(-logit))
    assert log_loss(target, logit) == pytest.approx(sk.log_loss(target, probability, labels=[0, 1]), rel=1e-8)


@pytest.mark.parametrize("logit", [-800.0, -40.0, -1.5, 0.0, 30.0, 36.5, 40.0, 700.0])
@pytest.mark.parametrize("label", [0, 1])
def test_log_loss_is_exact_for_any_logit(label, logit):
    with decimal.localcontext(decimal.Context(prec=400)):
        exact = (1 + (decimal.Decimal(logit) * (1 - 2 * label)).exp()).ln()
    assert log_loss([label], [logit]) == pytest.approx(float(exact), rel=1e-12, abs=1e-300)


def test_log_loss_of_knowing_nothing_is_log_2():
    assert log_loss([0, 1, 1], [0, 0, 0]) == pytest.approx(math.log(2), abs=1e-15)


@quick
@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=20))
def test_rmse_is_the_root_of_the_mean_square(rows):
    target, prediction = columns(rows)
    expected = math.sqrt(Fraction(sum((a - b) ** 2 for a, b in rows), len(rows)))
    assert rmse(target, prediction) == pytest.approx(expected, abs=1e-12)
    assert rmse(target, prediction) == pytest.approx(sk.root_mean_squared_error(target, prediction), abs=1e-12)


@quick
@given(two_classes, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    for metric in (auc, log_loss, rmse):
        assert metric(*columns(shuffled)) == pytest.approx(metric(*columns(rows)), abs=1e-12)


def test_a_metric_of_the_whole_set_is_not_the_average_over_batches():
    target, score = np.array([0, 1, 0, 1]), np.array([0.0, 1.0, 2.0, 3.0])
    assert auc(target, score) == 0.75
    assert (auc(target[:2], score[:2]) + auc(target[2:], score[2:])) / 2 == 1


def test_evaluate_gives_every_metric_of_the_task():
    target, score = [0, 1, 1], [-1.0, 0.5, 2.0]
    assert evaluate(target, score, "binary") == {"auc": 1.0, "logloss": log_loss(target, score)}
    assert evaluate(target, score, "regression") == {"rmse": rmse(target, score)}
    assert TASKS == {"binary": ("auc", "logloss"), "regression": ("rmse",)}  # the first picks the best epoch
    assert {name: metric.higher_is_better for name, metric in METRICS.items()} == {
        "auc": True, "logloss": False, "rmse": False
    }  # fmt: skip
    assert all(type(value) is float for value in evaluate(target, score, "binary").values())


def test_lists_arrays_and_tensors_give_the_same():
    target, score = [0, 1, 1, 0], [-1.0, 0.5, -2.0, 1.0]
    for metric in (auc, log_loss, rmse):
        one = metric(target, score)
        assert metric(np.array(target, dtype=bool), np.array(score, dtype=np.float32)) == pytest.approx(one)
        assert metric(torch.tensor(target), torch.tensor(score)) == pytest.approx(one)


# --- intervals ------------------------------------------------------------------------------------------------


def test_paired_interval_by_the_table_of_students_t():
    """Five differences 1 to 5: mean 3, standard error sqrt(2.5 / 5), t with 4 degrees of freedom 2.776 (95 %)."""
    mean, low, high = paired_interval([1, 2, 3, 4, 5])
    assert mean == 3
    assert high - mean == pytest.approx(2.776445 * math.sqrt(2.5 / 5), rel=1e-6)
    assert mean - low == pytest.approx(high - mean)


@quick
@given(st.lists(st.integers(-99, 99), min_size=2, max_size=9).filter(lambda d: len(set(d)) > 1), st.floats(0.5, 0.99))
def test_paired_interval_is_scipys(differences, level):
    interval = stats.ttest_1samp(differences, 0).confidence_interval(level)
    expected = (np.mean(differences), interval.low, interval.high)
    assert paired_interval(differences, level) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_paired_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        _, low, high = paired_interval(rng.normal(1.0, 2.0, 5), 0.8)
        covered += low <= 1.0 <= high
    assert 0.74 < covered / 400 < 0.86


# --- bad input ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [auc, log_loss, rmse])
@pytest.mark.parametrize(
    "target, score, message",
    [
        ([], [], "no examples to evaluate"),
        ([0, 1], [0.5], r"both have shape \(N,\), got \(2,\) and \(1,\)"),
        ([[0], [1]], [[0.5], [0.1]], r"both have shape \(N,\), got \(2, 1\) and \(2, 1\)"),
        ([0, 1], [[0.5], [0.1]], r"got \(2,\) and \(2, 1\)"),
        ([0, 1, 1], [0.1, math.nan, 1], "row 1: the score is nan, not a finite number"),
        ([0, 1, 1], [0.1, 0.2, math.inf], "row 2: the score is inf"),
        ([0, math.nan, 1], [0.1, 0.2, 0.3], "row 1: the target is nan"),
    ],
)
def test_bad_input_is_refused(metric, target, score, message):
    with pytest.raises(ValueError, match=message):
        metric(target, score)


@pytest.mark.parametrize("metric", [auc, log_loss])
def test_labels_other_than_0_and_1_are_refused(metric):
    with pytest.raises(ValueError, match="row 2: label -1 is not 0 or 1, which a binary metric needs"):
        metric([0, 1, -1], [0.1, 0.2, 0.3])


@pytest.mark.parametrize("label", [0, 1])
def test_auc_of_a_single_class_is_refused(label):
    with pytest.raises(ValueError, match=f"AUC compares positives with negatives, but all 3 labels are {label}"):
        auc([label] * 3, [0.1, 0.2, 0.3])
    assert log_loss([label] * 3, [0.0] * 3) == pytest.approx(math.log(2))  # the loss of one class is defined


@pytest.mark.parametrize(
    "arguments, message",
    [
        (([0.1],), "at least two differences, got 1"),
        (([],), "at least two differences, got 0"),
        (([0.1, math.nan],), "difference 1 is not a finite number"),
        (([0.1, 0.2], 1.0), "level is a probability between 0 and 1, got 1.0"),
        (([0.1, 0.2], 95), "level is a probability between 0 and 1, got 95"),
        (([0.1, 0.2], "0.95"), "level is a probability and must be a finite number, got '0.95'"),
        (([0.1, 0.2], None), "level is a probability and must be a finite number, got None"),
        (("abc",), "differences must hold numbers: could not convert string to float: 'abc'"),
        (({"a": 1},), "differences must hold numbers: "),
    ],
)
def test_bad_intervals_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        paired_interval(*arguments)


def test_unknown_tasks_are_refused():
    with pytest.raises(ValueError, match="task 'ranking' is unknown; choose one of 'binary', 'regression'"):
        evaluate([0, 1], [0.1, 0.2], "ranking")


@pytest.mark.parametrize("task", [None, ["binary"], {"binary"}, 1])
def test_a_task_is_a_text(task):
    with pytest.raises(ValueError, match="task .* is unknown; choose one of 'binary', 'regression'"):
        evaluate([0, 1], [0.1, 0.2], task)


@pytest.mark.parametrize("metric", [auc, log_loss, rmse, lambda *given: evaluate(*given, "binary")])
@pytest.mark.parametrize(
    "target, score, message",
    [
        ("abc", [0.1, 0.2], "target must hold numbers: could not convert string to float: 'abc'"),
        ([0, 1], ["low", "high"], "score must hold numbers: could not convert string to float: 'low'"),
        ([0, 1], {"a": 1}, "score must hold numbers: "),
        ([0, 1], [[0.1], [0.1, 0.2]], "score must hold numbers: "),
        (None, [0.1, 0.2], r"both have shape \(N,\), got \(\) and \(2,\)"),
    ],
)
def test_what_holds_no_numbers_is_refused(metric, target, score, message):
    with pytest.raises(ValueError, match=message):
        metric(target, score)


def test_a_tensor_that_needs_a_gradient_is_read():
    score = torch.tensor([-1.0, 0.5, 2.0], requires_grad=True)
    assert evaluate([0, 1, 1], score, "binary") == evaluate([0, 1, 1], score.detach(), "binary")
    assert paired_interval(score) == paired_interval(score.tolist())


def test_results_are_plain_floats():
    assert {type(metric([0, 1], [0.5, 0.1])) for metric in (auc, log_loss, rmse)} == {float}
    assert all(type(number) is float for number in paired_interval([1, 2, 4]))


@pytest.mark.parametrize("level", [0, 1, -0.5])
def test_levels_at_the_ends_are_refused(level):
    with pytest.raises(ValueError, match="level is a probability between 0 and 1, got"):
        paired_interval([0.1, 0.2], level)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_whole_number_as_weight_counts_a_row_that_often(task):
    rng = np.random.default_rng(0)
    target, score = rng.integers(0, 2, 50).astype(float), rng.standard_normal(50)
    weight = rng.integers(0, 4, 50)
    copies = np.repeat(np.arange(50), weight)
    weighted = evaluate(target, score, task, weight)
    assert weighted == pytest.approx(evaluate(target[copies], score[copies], task), rel=1e-12)
    assert weighted != pytest.approx(evaluate(target, score, task), rel=1e-3)
    assert evaluate(target, score, task, np.ones(50)) == pytest.approx(evaluate(target, score, task), rel=1e-12)


@pytest.mark.parametrize("weight, message", [
    ([1, 1], r"there must be one weight for each of the 3 rows, got shape \(2,\)"),
    ([1, np.nan, 1], "row 1: the weight is nan, not a finite number"),
    ([1, -1, 1], "weights must be 0 or more, and not all 0; they are -1 to 1"),
    ([0, 0, 0], "weights must be 0 or more, and not all 0; they are 0 to 0"),
])  # fmt: skip
@pytest.mark.parametrize("metric", [auc, log_loss, rmse])
def test_weights_that_cannot_be_are_refused(metric, weight, message):
    with pytest.raises(ValueError, match=message):
        metric([0, 1, 1], [0.1, 0.2, 0.3], weight)


def test_auc_needs_both_classes_among_the_rows_that_count():
    with pytest.raises(ValueError, match="but all 2 labels are 1"):
        auc([0, 1, 1], [0.1, 0.2, 0.3], [0, 1, 1])
