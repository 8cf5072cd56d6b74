"""Exercises of chapter 7: the bug clinic. Ten bugs, each or a relative of it seen in public code, in a few lines."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from .declare import Bug, Case, Fail, Mistake, by_key
from .draw import F32, Draw
from .values import describe_kind, is_whole, number_text, to_array
from .verdict import Fault

# --- 7.6 batch norm on a tiny variance ------------------------------------------------------------------------

NORM_MISTAKES = (
    Mistake(
        "eps too large",
        "The output's standard deviation is {std}, not 1: eps is still not small beside the variance of the input "
        "({var}).",
    ),
    Mistake(
        "layer norm",
        "You normalise each row over its k entries (layer norm); batch norm normalises each column over the batch.",
    ),
    Mistake("unchanged", "Your norm gives its input back unchanged."),
    Mistake("centred only", "You subtract the mean, but do not divide by the standard deviation."),
    Mistake("one number for all columns", "You normalise all columns with one mean and one standard deviation."),
    Mistake("divided by the variance", "You divide by the variance; divide by its root, the standard deviation."),
    Mistake(
        "fixed statistics",
        "Your norm keeps the mean or the standard deviation of the sample z; in training mode batch norm takes those "
        "of the batch it gets.",
    ),
    Mistake("too large", "The output's standard deviation is {std}, not 1."),
    Mistake("input changed", "Your norm changes its input, which belongs to the caller.", hint="Compute new values."),
    Mistake("not centred", "The output's mean is not 0: batch norm subtracts the mean of each column."),
)
_norm = by_key(NORM_MISTAKES)


def _pooled_sample(scale: float, k: int, seed: int = 76):
    """(64, k): f_BI of two fields whose embeddings have standard deviation `scale`."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(0, scale, (64, k)) * rng.normal(0, scale, (64, k))).to(F32)


def _norm_cases():
    for scale, k in ((0.02, 2), (0.02, 1), (0.02, 3), (1.0, 2), (0.1, 4), (0.005, 2), (2.0, 3), (0.0036, 3)):
        yield Case(_pooled_sample(scale, k))
    yield Case(torch.cat([_pooled_sample(0.005, 1), _pooled_sample(1.5, 1, seed=77)], 1))
    yield Case(torch.cat([_pooled_sample(1.5, 1, seed=77), _pooled_sample(0.005, 1)], 1))


def _normalised(norm, z):
    if isinstance(norm, type) or not callable(norm):
        raise Fail(Fault(f"The result is {describe_kind(norm)}; a module or function is expected.", key="kind"))
    norm = copy.deepcopy(norm)
    if isinstance(norm, nn.Module):
        norm.train()
    given = z.clone()
    out = norm(given)
    first = to_array(out)
    if not torch.equal(given, z):
        raise Fail(_norm["input changed"].fault())
    if _judge_norm((z.double().numpy(),), first) is None:
        # A second batch: half of the rows, doubled and moved, so that its statistics are others.
        batch = (z[: len(z) // 2] * 2 + z.std(0)).to(F32)
        if _judge_norm((batch.double().numpy(),), to_array(norm(batch.clone()))) is not None:
            raise Fail(_norm["fixed statistics"].fault())
    return out


def _why_not_normal(z, out) -> str:
    """The key of the mistake, or "" if it is none of those that the output shows by itself."""
    centred = z - z.mean(0)
    near = {
        "unchanged": z,
        "centred only": centred,
        "divided by the variance": centred / z.var(0, ddof=1),
    }
    if z.shape[1] > 1:
        near["one number for all columns"] = (z - z.mean()) / z.std(ddof=1)
    for key, y in near.items():
        if np.abs(out - y).max() <= 0.02 * np.abs(y).max():
            return key
    return ""


def _judge_norm(args, out):
    (z,) = args
    if out.shape != z.shape:
        return Fault(f"The output has shape {out.shape}; it must keep the shape {z.shape}.", key="shape")
    if not np.isfinite(out).all():
        return Fault("The output holds NaN or infinity.", key="nan")
    if np.abs(out.mean(1)).max() <= 1e-3 * np.abs(out).max():
        return _norm["layer norm"].fault()
    std, variance = out.std(0), z.var(0)
    worst = int(np.abs(std - 1).argmax())
    blanks = {"std": f"{std[worst]:.2f}", "var": f"{variance[worst]:.1g}"}
    if np.abs(std - 1).max() > 0.05:
        known = _why_not_normal(z, out)
        if known:
            return _norm[known].fault("1", f"{std[worst]:.2g}")
        return _norm["eps too large" if std[worst] < 1 else "too large"].fault("1", f"{std[worst]:.2f}", **blanks)
    if np.abs(out.mean(0)).max() > 0.05:
        return _norm["not centred"].fault("0", number_text(round(float(np.abs(out.mean(0)).max()), 2)))
    return None


TINY_VARIANCE = Bug(
    id="7.6",
    title="A batch norm that hardly normalises",
    symptom="There is a batch norm after Bi-Interaction, yet the first layer's inputs have a standard deviation "
    "of 0.2 or less, "
    "and training starts slowly.",
    buggy="""def make_norm_buggy(z):
    return nn.BatchNorm1d(z.shape[1])""",
    test='''z = 4e-4 * torch.randn(256, 3)  # f_BI at the start has a variance near 1e-7
norm = make_norm(z)
norm = norm.train() if isinstance(norm, nn.Module) else norm
std = norm(z).std(0).detach()
np.testing.assert_allclose(std, 1, atol=0.05, err_msg="the output must have standard deviation 1")''',
    spec=r"""Repair `make_norm(z)`: `z` is a sample `(B, k)` (float32) of $f_{BI}$ at the start of training.
Return a batch norm (a module, or a function) for such inputs: in training mode every column of its output has
mean 0 and a standard deviation between 0.95 and 1.05. The variance of the columns of `z` lies between
$10^{-10}$ and 30. Leave `z` and the norm's inputs unchanged.""",
    stub='''def make_norm(z: Tensor):
    """a sample (B, k) -> a module (B, k) -> (B, k)"""
    return TODO''',
    cases=_norm_cases,
    answer=lambda z: None,
    observe=_normalised,
    factory=True,
    judge=_judge_norm,
    mistakes=NORM_MISTAKES,
    hints=(
        "Batch norm divides by sqrt(variance + eps). Compare z.var(0) with eps.",
        "nn.BatchNorm1d(z.shape[1], eps=...) with an eps of a hundredth of the smallest z.var(0), or less.",
    ),
)

# --- 7.7 an id that reads the next field's row ----------------------------------------------------------------


def _rows(local, sizes):
    out = np.zeros(local.shape, dtype=np.int64)
    for b in range(local.shape[0]):
        for f in range(local.shape[1]):
            known = 0 <= local[b, f] < sizes[f]
            out[b, f] = sum(sizes[:f]) + (local[b, f] if known else 0)
    return out


def _starts(sizes):
    return np.cumsum([0, *sizes[:-1]]).astype(np.int64)


def _first_field_checked(local, sizes):
    known = (local >= 0) & (local < np.asarray(sizes))
    known[:, 1:] = True
    return np.where(known, local, 0) + _starts(sizes)


def _local_cases():
    d = Draw(77)
    yield Case(torch.tensor([[1]]), [2])
    yield Case(torch.tensor([[2, 0]]), [2, 2])
    yield Case(torch.tensor([[0, 2]]), [2, 2])
    yield Case(torch.tensor([[-1, 1]]), [3, 2])
    yield Case(torch.tensor([[1, -1], [5, 1]]), [2, 3])
    yield Case(torch.tensor([[2, 1, 7], [4, 3, 0], [0, 9, 1]]), [4, 3, 2])
    for rows, sizes in ((5, [3, 1, 4]), (12, [5, 2, 6, 3])):
        yield Case(torch.stack([d.whole(-2, size + 3, rows) for size in sizes], dim=1), sizes)
    yield Case(torch.tensor([[5], [1]]), [3])
    yield Case(torch.zeros(0, 2, dtype=torch.int64), [3, 4], trivial=True)


def _whole_rows(raw, *_):
    array = to_array(raw)
    if array.size and not is_whole(raw):
        raise Fail(Fault("Your rows are not integers; an embedding lookup refuses them.", key="not integer"))
    return array


NEXT_FIELD = Bug(
    id="7.7",
    title="A new user who looks like a movie",
    symptom="Predictions for new users are strange but plausible: their id, one past the last known user, reads "
    "the embedding of a movie.",
    buggy="""def rows_buggy(local, sizes):
    starts = torch.tensor([0] + sizes[:-1]).cumsum(0)
    return local + starts""",
    test='''found = np.asarray(rows(torch.tensor([[3, 0]]), [3, 4]))
np.testing.assert_equal(found, [[0, 3]], "an unknown id stays in its field")''',
    spec=r"""Repair `rows(local, sizes)`: `local` is `(B, F)` int64, ids within each field; field $f$ owns
`sizes[f]` rows of $V$, right behind those of the field before (field 0 starts at row 0). In each field the
local id 0 is "unknown". A local id outside 0 to `sizes[f] - 1`, too large or negative, must read its own
field's unknown row. Return integers of shape `(B, F)`; `B` may be 0. Leave the inputs unchanged. Example:
`rows([[3, 0], [2, 9]], [3, 4])` is `[[0, 3], [2, 3]]`.""",
    stub='''def rows(local: Tensor, sizes: list[int]):
    """(B, F) int64 and F sizes -> (B, F) rows of V"""
    return TODO''',
    cases=_local_cases,
    answer=_rows,
    observe=_whole_rows,
    mistakes=(
        Mistake(
            "not checked",
            "An id past its field's range still reads a row of the next field.",
            lambda local, sizes: local + _starts(sizes),
        ),
        Mistake(
            "negative not checked",
            "A negative id still reads a row of the field before.",
            lambda local, sizes: np.where(local >= np.asarray(sizes), 0, local) + _starts(sizes),
        ),
        Mistake(
            "off by one",
            "The id equal to the size is still let through: the last known id is size - 1.",
            lambda local, sizes: np.where((local > np.asarray(sizes)) | (local < 0), 0, local) + _starts(sizes),
        ),
        Mistake(
            "clamped",
            "You cut ids to the last one of the field, so a new value gets the embedding of a known one; it must "
            "read row "
            '"unknown", local id 0.',
            lambda local, sizes: np.clip(local, 0, np.asarray(sizes) - 1) + _starts(sizes),
        ),
        Mistake(
            "modulo",
            'You took the remainder, so a new value gets the embedding of a known one; it must read "unknown", id 0.',
            lambda local, sizes: local % np.asarray(sizes) + _starts(sizes),
        ),
        Mistake(
            "row 0 for all",
            "Unknown ids of every field read row 0 of V, which belongs to field 0: each field has its own unknown row.",
            lambda local, sizes: np.where((local >= 0) & (local < np.asarray(sizes)), local + _starts(sizes), 0),
        ),
        Mistake(
            "no offset",
            "The offsets are missing: field f starts behind the fields before it.",
            lambda local, sizes: np.where((local >= 0) & (local < np.asarray(sizes)), local, 0),
        ),
        Mistake(
            "own size included",
            "Your offset includes the field's own size: field 0 starts at row 0.",
            lambda local, sizes: np.where((local >= 0) & (local < np.asarray(sizes)), local, 0) + np.cumsum(sizes),
        ),
        Mistake(
            "total size checked",
            "You compared with the size of the whole table; each field has a range of its own.",
            lambda local, sizes: (
                np.where((local + _starts(sizes) >= sum(sizes)) | (local < 0), 0, local) + _starts(sizes)
            ),
        ),
        Mistake(
            "last id refused",
            'The last id of a field, size - 1, is known; you send it to "unknown".',
            lambda local, sizes: np.where((local >= 0) & (local < np.asarray(sizes) - 1), local, 0) + _starts(sizes),
        ),
        Mistake(
            "last row",
            'Unknown ids read the last row of their field, which belongs to a known value; local id 0 is "unknown".',
            lambda local, sizes: (
                np.where((local >= 0) & (local < np.asarray(sizes)), local, np.asarray(sizes) - 1) + _starts(sizes)
            ),
        ),
        Mistake(
            "sizes not added up",
            "Your offset is the size of the field before alone; add up the sizes of all fields before.",
            lambda local, sizes: (
                np.where((local >= 0) & (local < np.asarray(sizes)), local, 0) + np.array([0, *sizes[:-1]])
            ),
        ),
        Mistake(
            "minus one",
            "Unknown ids give -1, which is no row of V: it reads the last one. Each field has its own unknown row.",
            lambda local, sizes: np.where((local >= 0) & (local < np.asarray(sizes)), local + _starts(sizes), -1),
        ),
        Mistake(
            "row behind the table",
            "Unknown ids read a row behind the table; each field has its own unknown row, local id 0.",
            lambda local, sizes: np.where(
                (local >= 0) & (local < np.asarray(sizes)), local + _starts(sizes), sum(sizes)
            ),
        ),
        Mistake(
            "sign dropped",
            'You dropped the sign of negative ids, so they read known rows; they must read "unknown", id 0.',
            lambda local, sizes: np.where(np.abs(local) < np.asarray(sizes), np.abs(local), 0) + _starts(sizes),
        ),
        Mistake(
            "largest size checked",
            "You compared with the largest of the sizes; each field has its own.",
            lambda local, sizes: np.where((local >= 0) & (local < max(sizes)), local, 0) + _starts(sizes),
        ),
        Mistake(
            "smallest size checked",
            "You compared with the smallest of the sizes; each field has its own.",
            lambda local, sizes: np.where((local >= 0) & (local < min(sizes)), local, 0) + _starts(sizes),
        ),
        Mistake(
            "whole row unknown",
            "One unknown id makes your whole row unknown; each field is checked by itself.",
            lambda local, sizes: (
                np.where(((local >= 0) & (local < np.asarray(sizes))).all(1, keepdims=True), local, 0) + _starts(sizes)
            ),
        ),
        Mistake(
            "first field only", "You checked the first field only; every field has unknown ids.", _first_field_checked
        ),
        Mistake(
            "one row too far",
            "Your rows are one too far: field 0 starts at row 0, and local id 0 is its first row.",
            lambda local, sizes: _rows(local, sizes) + 1,
        ),
        Mistake(
            "one row too early",
            "Your ids are one too low: local id 1 is the second row of its field.",
            lambda local, sizes: (
                np.where((local >= 0) & (local < np.asarray(sizes)), np.maximum(local - 1, 0), 0) + _starts(sizes)
            ),
        ),
        Mistake(
            "total size checked, own unknown row",
            "You compared with the size of the whole table; each field has a range of its own.",
            lambda local, sizes: (
                np.where((local + _starts(sizes) >= 0) & (local + _starts(sizes) < sum(sizes)), local, 0)
                + _starts(sizes)
            ),
        ),
        Mistake(
            "total size checked, row 0",
            "You compared with the size of the whole table; each field has a range and an unknown row of its own.",
            lambda local, sizes: np.where(
                (local + _starts(sizes) >= 0) & (local + _starts(sizes) < sum(sizes)), local + _starts(sizes), 0
            ),
        ),
    ),
    hints=(
        "Check the local id against its own field's size before the offset is added. Ids can be negative as well.",
        "known = (local >= 0) & (local < torch.tensor(sizes)); torch.where(known, local, 0) + starts.",
    ),
)

# --- 7.8 selection on test ------------------------------------------------------------------------------------


def _selected(valid, test):
    best = 0
    for epoch in range(1, len(valid)):
        if valid[epoch] > valid[best]:
            best = epoch
    return best + 1, test[best]


def _from_half(valid, test):
    """The best value so far starts at 0.5, in epoch 0."""
    best = _selected([0.5, *valid], test + test)[0] - 1
    return best, test[best - 1]


def _first_peak(valid, test):
    best = 0
    while best + 1 < len(valid) and valid[best + 1] > valid[best]:
        best += 1
    return best + 1, test[best]


def _closest(valid, test):
    best = int(np.argmin(np.abs(np.subtract(valid, test))))
    return best + 1, test[best]


def _curve_cases():
    yield Case([0.7], [0.6])
    yield Case([0.7, 0.8], [0.75, 0.7])
    yield Case([0.8, 0.7, 0.6], [0.6, 0.7, 0.8])
    yield Case([0.6, 0.8, 0.8, 0.7], [0.5, 0.7, 0.9, 0.6])
    yield Case([0.8, 0.8], [0.9, 0.6])
    yield Case([0.40, 0.45, 0.35], [0.5, 0.42, 0.55])
    yield Case([0.7, 0.80125, 0.80375, 0.75], [0.6, 0.65, 0.62, 0.7])
    rng = np.random.default_rng(78)
    for n in (4, 6, 10):
        yield Case([float(x) for x in rng.integers(60, 95, n) / 100], [float(x) for x in rng.integers(60, 95, n) / 100])


SELECTED_ON_TEST = Bug(
    id="7.8",
    title="Better than reality",
    symptom="The reported test AUC is higher than any new sample of test rows confirms, and the gap grows with "
    "the number of epochs tried.",
    buggy="""def report_buggy(valid, test):
    best = max(range(len(test)), key=lambda epoch: test[epoch])
    return best + 1, test[best]""",
    test='''epoch, value = report([0.7, 0.8], [0.75, 0.70])
np.testing.assert_equal((epoch, value), (2, 0.70), "the choice must not look at the test set")''',
    spec=r"""Repair `report(valid, test)`: two lists with the AUC (higher is better) on validation and test rows
after each epoch, of the same length of at least 1. Return `(epoch, value)`: the epoch (from 1) that may be
chosen without looking at the test set, and the test AUC to report for it. Of equal epochs take the first. Leave
the lists unchanged. Example: `report([0.7, 0.8], [0.75, 0.70])` is `(2, 0.70)`.""",
    stub='''def report(valid: list[float], test: list[float]):
    """validation and test AUC per epoch -> (epoch from 1, test AUC)"""
    return TODO''',
    cases=_curve_cases,
    answer=_selected,
    mistakes=(
        Mistake(
            "chosen on test",
            "The epoch is still chosen by the test AUC, which makes the reported value too good.",
            lambda valid, test: (int(np.argmax(test)) + 1, max(test)),
        ),
        Mistake(
            "best test value",
            "The epoch is chosen by validation, but the value reported is the best of all epochs on test.",
            lambda valid, test: (_selected(valid, test)[0], max(test)),
        ),
        Mistake(
            "validation value",
            "You report the validation AUC, which was used for choosing and is too good; report the test AUC of "
            "that epoch.",
            lambda valid, test: (_selected(valid, test)[0], max(valid)),
        ),
        Mistake(
            "counted from 0",
            "Your epochs count from 0; the first epoch is number 1.",
            lambda valid, test: (_selected(valid, test)[0] - 1, _selected(valid, test)[1]),
        ),
        Mistake(
            "one epoch late",
            "You report the test AUC of the epoch after the chosen one: the lists count from 0.",
            lambda valid, test: (_selected(valid, test)[0], [*test, test[-1]][_selected(valid, test)[0]]),
        ),
        Mistake(
            "lowest",
            "You chose the lowest validation AUC; higher is better.",
            lambda valid, test: (int(np.argmin(valid)) + 1, test[int(np.argmin(valid))]),
        ),
        Mistake(
            "both looked at",
            "You chose by validation and test together; the choice must not look at the test set.",
            lambda valid, test: (
                int(np.argmax(np.add(valid, test))) + 1,
                test[int(np.argmax(np.add(valid, test)))],
            ),
        ),
        Mistake(
            "last epoch",
            "You report the last epoch; validation chooses an earlier one.",
            lambda valid, test: (len(test), test[-1]),
        ),
        Mistake(
            "last of equals",
            "Of equal validation values the first epoch is asked.",
            lambda valid, test: (
                len(valid) - int(np.argmax(valid[::-1])),
                test[len(valid) - 1 - int(np.argmax(valid[::-1]))],
            ),
        ),
        Mistake(
            "order",
            "The order is (epoch, value).",
            lambda valid, test: _selected(valid, test)[::-1],
        ),
        Mistake(
            "starts at 0.5",
            "Your best value starts at 0.5, and an AUC can be lower; start with the first epoch.",
            _from_half,
        ),
        Mistake(
            "rounded first",
            "You rounded the validation AUC before comparing; a small difference decides as well.",
            lambda valid, test: _selected([round(v, 2) for v in valid], test),
        ),
        Mistake(
            "mean of the test values",
            "The value is the mean over all epochs; report the test AUC of the chosen epoch.",
            lambda valid, test: (_selected(valid, test)[0], np.mean(test)),
        ),
        Mistake(
            "best test epoch",
            "The value belongs to the epoch that validation chose, but the epoch is the best one on test.",
            lambda valid, test: (int(np.argmax(test)) + 1, _selected(valid, test)[1]),
        ),
        Mistake(
            "stopped at the first fall",
            "You stopped at the first epoch that is no better than the one before; the best of all epochs is asked.",
            _first_peak,
        ),
        Mistake(
            "closest",
            "You took the epoch where both lists are closest, which looks at the test set; choose by validation.",
            _closest,
        ),
        Mistake(
            "value rounded",
            "You rounded the test AUC; report it in full.",
            lambda valid, test: (_selected(valid, test)[0], round(_selected(valid, test)[1], 1)),
        ),
        Mistake(
            "value alone",
            "You return one number; the chosen epoch and its test AUC are asked.",
            lambda valid, test: _selected(valid, test)[1],
        ),
        Mistake(
            "epoch alone",
            "You return the epoch alone; its test AUC is asked, too.",
            lambda valid, test: _selected(valid, test)[0],
        ),
        Mistake(
            "both values",
            "You return three numbers; (epoch, test AUC) is asked.",
            lambda valid, test: (_selected(valid, test)[0], max(valid), _selected(valid, test)[1]),
        ),
    ),
    hints=(
        "Which of the two lists may decide, and which one may only be read off?",
        "best = the position of the highest validation AUC; return best + 1, test[best].",
    ),
)

# --- 7.9 a metric averaged over batches -----------------------------------------------------------------------


def _auc(target, score) -> float:
    won, pairs = 0.0, 0
    for p in score[target == 1]:
        for q in score[target == 0]:
            won += 1.0 if p > q else 0.5 if p == q else 0.0
            pairs += 1
    return won / pairs


def _whole_auc(batches):
    return _auc(np.concatenate([t for t, _ in batches]), np.concatenate([s for _, s in batches]))


def _batch_cases():
    def batch(target, score):
        return np.array(target, dtype=np.float64), np.array(score, dtype=np.float64)

    yield Case([batch([1, 0], [0.75, 0.25])])
    yield Case([batch([1, 0], [0.75, 0.25]), batch([0, 1], [0.875, 1.0])])
    yield Case([batch([1, 0], [2.0, 1.0]), batch([0, 1], [-1.0, 0.0])])
    yield Case([batch([1, 1], [0.5, 0.75]), batch([0], [0.5])])
    yield Case([batch([0, 1, 1], [0.1, 0.4, 0.9]), batch([0, 0], [0.5, 0.6]), batch([1], [0.55])])
    yield Case([batch([1, 0, 0], [0.125, 0.5, 0.875])])
    yield Case([batch([1, 0], [50.0, 40.0]), batch([0, 1], [45.0, 60.0])])
    d = Draw(79)
    for sizes in ((3, 3, 2), (5, 5, 5, 1), (16, 16, 7)):
        batches = []
        for size in sizes:
            target = d.rng.integers(0, 2, size)
            batches.append(batch(target, d.rng.integers(0, 12, size) / 4 + 0.75 * target + len(batches)))
        yield Case(batches)


def _mixed(batches):
    """The batches with labels of both classes."""
    return [(t, s) for t, s in batches if 0 < t.sum() < len(t)]


def _mean_auc(batches, weighted=False):
    kept = _mixed(batches)
    values, sizes = [_auc(t, s) for t, s in kept], [len(t) for t, _ in kept]
    return float(np.average(values, weights=sizes if weighted else None))


def _filled_mean(batches, filler):
    return float(np.mean([_auc(t, s) if 0 < t.sum() < len(t) else filler for t, s in batches]))


def _pair_weighted(batches):
    kept = _mixed(batches)
    return float(np.average([_auc(t, s) for t, s in kept], weights=[t.sum() * (1 - t).sum() for t, s in kept]))


def _tied_auc(batches, tie):
    target, score = (np.concatenate(parts) for parts in zip(*batches))
    p, q = score[target == 1][:, None], score[target == 0]
    return float(((p > q) + tie * (p == q)).mean())


def _auc_by_position(batches):
    target, score = (np.concatenate(parts) for parts in zip(*batches))
    position = np.empty(len(score))
    position[np.argsort(score, kind="stable")] = np.arange(len(score))
    return _auc(target, position)


AVERAGED = Bug(
    id="7.9",
    title="An AUC that depends on the batch size",
    symptom="The same model and the same rows give a validation AUC of 0.91 with batches of 64 and 0.86 with all "
    "rows at once; some batches end in an "
    "error.",
    buggy="""def epoch_auc_buggy(batches):
    return np.mean([auc(target, score) for target, score in batches])""",
    test='''one = [(np.array([1, 0, 0, 1]), np.array([2.0, 1.0, -1.0, 0.0]))]
two = [(t[:2], s[:2]) for t, s in one] + [(t[2:], s[2:]) for t, s in one]
np.testing.assert_allclose(epoch_auc(two), epoch_auc(one), err_msg="the metric must not depend on the batches")''',
    spec=r"""Repair `epoch_auc(batches)`: `batches` is a list of pairs `(target, score)` of NumPy arrays of
equal length, the labels (0 or 1) and scores of one batch. Return the AUC over all rows of all batches (a tie
counts one half). A single batch may hold labels of one class only; all together hold both. Leave the inputs
unchanged. You may use `nfm_tutorial.metrics.auc(target, score)` or scikit-learn. Example: the batches `([1, 0],
[2, 1])` and `([0, 1], [-1, 0])` give 0.75, while each batch alone gives 1.""",
    stub='''def epoch_auc(batches: list[tuple[np.ndarray, np.ndarray]]):
    """pairs (target, score) -> one number"""
    return TODO''',
    cases=_batch_cases,
    answer=_whole_auc,
    number=True,
    mistakes=(
        Mistake(
            "mean over batches",
            "You still average over batches: pairs of a positive and a negative from two batches are never compared.",
            lambda batches: _mean_auc(batches),
        ),
        Mistake(
            "weighted mean over batches",
            "Weighting the batches by size does not help: pairs from two batches are never compared.",
            lambda batches: _mean_auc(batches, weighted=True),
        ),
        Mistake("last batch", "This is the AUC of the last batch alone.", lambda batches: _auc(*_mixed(batches)[-1])),
        Mistake("first batch", "This is the AUC of the first batch alone.", lambda batches: _auc(*_mixed(batches)[0])),
        Mistake(
            "exchanged",
            "The result is 1 minus the AUC: positives must score above negatives.",
            lambda batches: 1 - _whole_auc(batches),
        ),
        Mistake(
            "accuracy",
            "This is the accuracy at a threshold of 0.5, not the AUC.",
            lambda batches: float(np.mean(np.concatenate([(s > 0.5) == (t == 1) for t, s in batches]))),
        ),
        Mistake(
            "ranked per batch",
            "You shift or rank the scores within each batch; scores of two batches are compared as they are.",
            lambda batches: _whole_auc([(t, s - s.mean()) for t, s in batches]),
        ),
        Mistake(
            "mean with 0.5 for one class",
            "You count a batch of one class as 0.5 and average over batches; pairs from two batches never meet.",
            lambda batches: _filled_mean(batches, 0.5),
        ),
        Mistake(
            "mean with 0 for one class",
            "You count a batch of one class as 0 and average over batches; pairs from two batches never meet.",
            lambda batches: _filled_mean(batches, 0.0),
        ),
        Mistake(
            "mean weighted by pairs",
            "Weighting the batches by their pairs does not help: pairs from two batches are never compared.",
            _pair_weighted,
        ),
        Mistake(
            "median over batches",
            "You took the median over batches: pairs from two batches are never compared.",
            lambda batches: float(np.median([_auc(t, s) for t, s in _mixed(batches)])),
        ),
        Mistake(
            "best batch",
            "This is the AUC of the best batch alone.",
            lambda batches: max(_auc(t, s) for t, s in _mixed(batches)),
        ),
        Mistake(
            "summed over batches",
            "You summed over batches; join all rows, then compute one AUC.",
            lambda batches: sum(_auc(t, s) for t, s in _mixed(batches)),
        ),
        Mistake(
            "batches of one class left out",
            "You left out the batches of one class; their rows meet the rows of the other batches.",
            lambda batches: _whole_auc(_mixed(batches)),
        ),
        Mistake("ties lost", "A tie counts one half, not nothing.", lambda batches: _tied_auc(batches, 0.0)),
        Mistake("ties won", "A tie counts one half, not one.", lambda batches: _tied_auc(batches, 1.0)),
        Mistake(
            "ties by position",
            "Rows of equal score are ranked by their position; a tie counts one half.",
            _auc_by_position,
        ),
        Mistake(
            "scores cut at 0",
            "You cut the scores to 0 or 1 first, at 0; the AUC needs their order.",
            lambda batches: _whole_auc([(t, (s > 0) * 1.0) for t, s in batches]),
        ),
        Mistake(
            "sigmoid first",
            "You sent the scores through a sigmoid first: large scores become equal there, and ties count one half.",
            lambda batches: _whole_auc([(t, 1 / (1 + np.exp(-s))) for t, s in batches]),
        ),
        Mistake(
            "scores cut at 0.5",
            "You cut the scores to 0 or 1 first, at 0.5; the AUC needs their order.",
            lambda batches: _whole_auc([(t, (s > 0.5) * 1.0) for t, s in batches]),
        ),
        Mistake("Gini", "This is 2 AUC - 1, the Gini coefficient.", lambda batches: 2 * _whole_auc(batches) - 1),
        Mistake(
            "arguments exchanged",
            "Targets and scores are exchanged: auc(target, score).",
            lambda batches: _auc(np.concatenate([s > 0 for _, s in batches]), np.concatenate([t for t, _ in batches])),
        ),
        Mistake(
            "positions per batch",
            "You shift or rank the scores within each batch; scores of two batches are compared as they are.",
            lambda batches: _whole_auc(
                [(t, (s[:, None] > s).sum(1) + 0.5 * (s[:, None] == s).sum(1)) for t, s in batches]
            ),
        ),
        Mistake(
            "last batch left out",
            "You left out the last batch, which may be shorter; its rows count as well.",
            lambda batches: _whole_auc(batches[:-1]),
        ),
    ),
    hints=(
        "Which pairs of rows does the AUC of a whole set compare that no batch ever sees?",
        "Join all targets and all scores with np.concatenate, then compute one AUC.",
    ),
)

EXERCISES = (
    TINY_VARIANCE,
    NEXT_FIELD,
    SELECTED_ON_TEST,
    AVERAGED,
)
