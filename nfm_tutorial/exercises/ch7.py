"""Exercises of chapter 7: the bug clinic. Ten bugs of published code, each minimised to a few lines that run."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from .declare import Bug, Case, Fail, Mistake, by_key
from .draw import F32, F64, Draw
from .values import describe_kind, number_text, to_array
from .verdict import Fault

# --- 7.1 flatten before sum -----------------------------------------------------------------------------------


def _pair_term(xv):
    out = np.zeros(len(xv))
    for i in range(xv.shape[1]):
        for j in range(i + 1, xv.shape[1]):
            out += (xv[:, i] * xv[:, j]).sum(1)
    return out


def _xv_cases():
    d = Draw(71)
    for rows, slots, k, dtype in (
        (1, 1, 2, F64),
        (2, 1, 3, F32),
        (1, 2, 1, F64),
        (1, 2, 2, F64),
        (2, 3, 2, F32),
        (3, 2, 3, F64),
        (3, 3, 3, F64),
        (6, 5, 4, F32),
        (0, 3, 2, F64),
    ):
        yield Case(d.nonzero(rows, slots, k, dtype=dtype), trivial=slots == 1 and k == 1 or rows == 0)


FLATTENED = Bug(
    id="7.1",
    title="The pair term of a lonely feature",
    symptom="The FM layer trains and its loss falls. But a row with one single feature gets a pair term that is not 0.",
    buggy="""def pair_term_buggy(xv):
    z = xv.flatten(1)                               # (B, S * k)
    return 0.5 * (z.sum(1) ** 2 - (z ** 2).sum(1))  # (B,)""",
    test='''xv = torch.randn(5, 1, 4, dtype=torch.float64)
np.testing.assert_allclose(pair_term(xv), 0, atol=1e-12, err_msg="one feature alone has no pair")''',
    spec=r"""Repair `pair_term(xv)`: `xv` is `(B, S, k)`, the vectors $x_i v_i$, float32 or float64, $S \ge 1$;
`B` may be 0. Return FM's pair term $\sum_{i<j} \langle x_i v_i, x_j v_j\rangle$ of each row, shape `(B,)`.
Leave `xv` unchanged. Example: `xv = [[[1, 2], [3, -1]]]` gives `[1]`; one feature alone gives 0.""",
    stub='''def pair_term(xv: Tensor):
    """(B, S, k) -> (B,)"""
    return TODO''',
    cases=_xv_cases,
    answer=_pair_term,
    mistakes=(
        Mistake(
            "flattened",
            "The slots and the k entries are still flattened into one axis, so entry 1 of a vector meets entry 2 "
            "of the same "
            "vector: a feature alone gets a pair term.",
            lambda xv: 0.5 * (xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))),
        ),
        Mistake(
            "summed over k first",
            "You summed over the k entries first, so entry 1 of one vector meets entry 2 of another: sum over "
            "slots, square, "
            "then sum over k.",
            lambda xv: 0.5 * (xv.sum(2).sum(1) ** 2 - (xv.sum(2) ** 2).sum(1)),
        ),
        Mistake(
            "not summed over k",
            "You did not sum over k: this is Bi-Interaction's k-vector; FM's pair term is one number per row.",
            lambda xv: 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)),
        ),
        Mistake(
            "wrong axis",
            "You summed over the k entries where the slots belong: the slots are axis 1.",
            lambda xv: 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2)).sum(1),
        ),
        Mistake("each pair twice", "Each pair counts twice: the 1/2 is missing.", lambda xv: 2 * _pair_term(xv)),
        Mistake("mean over k", "You took the mean over k; FM sums.", lambda xv: _pair_term(xv) / xv.shape[2]),
        Mistake(
            "nothing subtracted",
            "The squares of the single vectors must be subtracted.",
            lambda xv: 0.5 * (xv.sum(1) ** 2).sum(1),
        ),
        Mistake(
            "column",
            "You return one column, shape (B, 1); the result has shape (B,).",
            lambda xv: _pair_term(xv)[:, None],
        ),
        Mistake(
            "batch summed",
            "You summed over the batch, too: each row has its own pair term.",
            lambda xv: _pair_term(xv).sum(),
        ),
        Mistake(
            "flattened, one slot apart",
            "You treat a row with one feature apart, but the formula is still flattened: entry 1 meets entry 2.",
            lambda xv: _pair_term(xv) if xv.shape[1] == 1 else 0.5 * (xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))),
        ),
        Mistake(
            "self pairs",
            "You added the squares of the single vectors; they must be subtracted.",
            lambda xv: _pair_term(xv) + (xv**2).sum((1, 2)),
        ),
        Mistake(
            "half of the first part",
            "Only the square of the sum is halved; the 1/2 stands before the whole difference.",
            lambda xv: 0.5 * (xv.sum(1) ** 2).sum(1) - (xv**2).sum((1, 2)),
        ),
        Mistake(
            "sign",
            "You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.",
            lambda xv: -_pair_term(xv),
        ),
        Mistake(
            "no pairs",
            "You return 0 for every row; only a row with one feature has no pair.",
            lambda xv: np.zeros(len(xv)),
        ),
        Mistake(
            "neighbours only",
            "You paired each slot with the next one only: every i meets every later j.",
            lambda xv: (xv[:, :-1] * xv[:, 1:]).sum((1, 2)),
        ),
        Mistake(
            "product of all slots",
            "You multiplied all slots together; they are multiplied in pairs, and the pairs are added up.",
            lambda xv: xv.prod(1).sum(1),
        ),
        Mistake(
            "summed over the batch, not over k",
            "The last sum runs over the batch; it belongs over k, axis 1 of the (B, k) tensor.",
            lambda xv: 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(0),
        ),
        Mistake(
            "batch in place of the slots",
            "You summed over the batch, axis 0; the slots are axis 1.",
            lambda xv: 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum(1),
        ),
    ),
    hints=(
        "Which entries may be multiplied with each other? Entry f of one vector with entry f of another.",
        "Sum over the slots alone, xv.sum(1), square, subtract (xv ** 2).sum(1), halve; sum over k last.",
    ),
)

# --- 7.2 label codes as magnitudes ----------------------------------------------------------------------------


def _one_hot(codes, n_levels):
    out = np.zeros((len(codes), n_levels))
    for row, code in enumerate(codes):
        out[row, code] = 1
    return out


def _code_cases():
    d = Draw(72)
    yield Case(torch.tensor([0]), 1)
    yield Case(torch.tensor([1]), 2)
    yield Case(torch.tensor([0, 2, 1]), 3)
    yield Case(torch.tensor([2, 2]), 4)
    yield Case(d.whole(0, 6, 5), 6)
    yield Case(d.whole(0, 3, 12), 9)
    yield Case(torch.zeros(0, dtype=torch.int64), 3, trivial=True)


LABEL_CODES = Bug(
    id="7.2",
    title="Genre 7 counts seven times",
    symptom="A linear model of 18 genres learns one single slope: genre 12 always scores between genre 11 and "
    "genre 13.",
    buggy="""def design_matrix_buggy(codes, n_levels):
    return codes.float()[:, None]  # (N, 1)""",
    test='''X = np.asarray(design_matrix(torch.tensor([0, 2, 1]), 3))
np.testing.assert_equal(X.shape, (3, 3), "one column per level")
np.testing.assert_equal(X.sum(1), 1, "one 1 per row")''',
    spec=r"""Repair `design_matrix(codes, n_levels)`: `codes` is `(N,)` int64, the level of a categorical field
in each row, from 0 to `n_levels - 1`; the numbers are names without order. Return the matrix that a linear
model should read, one column per level: shape `(N, n_levels)`, 1 in the column of the row's level and 0
elsewhere (any dtype). `N` may be 0. Leave `codes` unchanged. Example: `design_matrix([0, 2], 3)` is `[[1, 0,
0], [0, 0, 1]]`.""",
    stub='''def design_matrix(codes: Tensor, n_levels: int):
    """(N,) int64 -> (N, n_levels)"""
    return TODO''',
    cases=_code_cases,
    answer=_one_hot,
    mistakes=(
        Mistake(
            "magnitudes",
            "The codes are still used as magnitudes: level 7 is not seven times level 1. Give each level a column.",
            lambda codes, n: codes[:, None],
        ),
        Mistake("codes", "The codes are still used as magnitudes: give each level a column.", lambda codes, n: codes),
        Mistake(
            "scaled magnitudes",
            "Scaling the codes keeps their false order: give each level a column of its own.",
            lambda codes, n: (codes / max(n - 1, 1))[:, None],
        ),
        Mistake(
            "code in its column",
            "You wrote the code itself into its column; a 1 belongs there, and level 0 would get nothing.",
            lambda codes, n: _one_hot(codes, n) * codes[:, None],
        ),
        Mistake(
            "one level dropped",
            "You dropped the first level; here every level has a column.",
            lambda codes, n: _one_hot(codes, n)[:, 1:],
        ),
        Mistake(
            "one column too many",
            "There is one column too many: the levels are 0 to n_levels - 1.",
            lambda codes, n: np.pad(_one_hot(codes, n), ((0, 0), (0, 1))),
        ),
        Mistake(
            "transposed", "Rows and columns are exchanged: one row per example.", lambda codes, n: _one_hot(codes, n).T
        ),
        Mistake(
            "levels seen only",
            "You made columns only for the levels that occur in this batch; the model needs one for each of n_levels.",
            lambda codes, n: (codes[:, None] == np.unique(codes)).astype(float),
        ),
        Mistake(
            "cumulative",
            "You filled all columns up to the level: that is an order again. One 1 per row.",
            lambda codes, n: (np.arange(n) <= codes[:, None]).astype(float),
        ),
        Mistake("inverted", "Zeros and ones are exchanged.", lambda codes, n: 1 - _one_hot(codes, n)),
        Mistake(
            "shifted",
            "The columns are shifted by one: level 0 belongs in column 0.",
            lambda codes, n: np.roll(_one_hot(codes, n), 1, axis=1),
        ),
        Mistake(
            "last level dropped",
            "You dropped the last level; here every level has a column.",
            lambda codes, n: _one_hot(codes, n)[:, :-1],
        ),
        Mistake(
            "intercept added",
            "You added a column of ones; the result has one column per level.",
            lambda codes, n: np.column_stack([np.ones(len(codes)), _one_hot(codes, n)]),
        ),
        Mistake(
            "up to the largest code",
            "You made columns up to the largest code of this batch; the model needs n_levels of them in every batch.",
            lambda codes, n: _one_hot(codes, int(codes.max()) + 1),
        ),
        Mistake(
            "cumulative below",
            "You filled all columns below the level: that is an order again. One 1 per row.",
            lambda codes, n: (np.arange(n) < codes[:, None]).astype(float),
        ),
        Mistake(
            "shifted down",
            "The columns are shifted by one: level 0 belongs in column 0.",
            lambda codes, n: np.roll(_one_hot(codes, n), -1, axis=1),
        ),
        Mistake(
            "code + 1 in its column",
            "You wrote a number that grows with the code into its column; a 1 belongs there.",
            lambda codes, n: _one_hot(codes, n) * (codes[:, None] + 1),
        ),
        Mistake(
            "codes over the number of levels",
            "Scaling the codes keeps their false order: give each level a column of its own.",
            lambda codes, n: (codes / n)[:, None],
        ),
        Mistake(
            "code in every column",
            "You wrote the code into every column; a row has a 1 in the column of its level and 0 elsewhere.",
            lambda codes, n: np.repeat(codes[:, None], n, 1),
        ),
        Mistake(
            "binary digits",
            "You wrote the code in binary: levels then share columns. One column per level.",
            lambda codes, n: (codes[:, None] >> np.arange(n)) & 1,
        ),
        Mistake(
            "divided",
            "You divided by the number of levels; a 1 belongs in the column of the level.",
            lambda codes, n: _one_hot(codes, n) / n,
        ),
        Mistake(
            "reversed",
            "The columns are in reverse order: level 0 belongs in column 0.",
            lambda codes, n: _one_hot(codes, n)[:, ::-1],
        ),
        Mistake(
            "minus one elsewhere",
            "You wrote -1 in the other columns; 0 belongs there.",
            lambda codes, n: 2 * _one_hot(codes, n) - 1,
        ),
        Mistake(
            "counted",
            "You counted the levels over all rows; each row has a row of its own.",
            lambda codes, n: np.bincount(codes, minlength=n),
        ),
        Mistake(
            "level 0 read as level 1",
            "Level 0 is a level like any other: it has column 0.",
            lambda codes, n: _one_hot(np.maximum(codes, min(1, n - 1)), n),
        ),
    ),
    hints=(
        "How many weights does a linear model need for this field, and which of them does a row use?",
        "torch.nn.functional.one_hot(codes, n_levels), or torch.eye(n_levels)[codes].",
    ),
)

# --- 7.3 double sigmoid ---------------------------------------------------------------------------------------


def _log_loss(z, y):
    return float(np.mean(np.logaddexp(0, z) - y * z))


def _sigmoid(z):
    return 1 / (1 + np.exp(-z))


def _cut_loss(z, y, edge=0.0):
    """The log loss of scores that were cut to 0 to 1; PyTorch's logarithm stops at -100."""
    p = np.clip(z, edge, 1 - edge)
    with np.errstate(divide="ignore"):
        return -float(np.mean(y * np.maximum(np.log(p), -100) + (1 - y) * np.maximum(np.log(1 - p), -100)))


def _softmax_loss(z, y):
    p = np.exp(z) / np.exp(z).sum()
    return _cut_loss(p, y)


def _score_cases():
    d = Draw(73)
    yield Case(torch.tensor([2.0], dtype=F64), torch.tensor([1.0], dtype=F64))
    yield Case(torch.tensor([-3.0]), torch.tensor([0.0]))
    yield Case(torch.tensor([0.0, 4.0], dtype=F64), torch.tensor([0.0, 1.0], dtype=F64))
    for n, dtype in ((3, F32), (5, F64), (20, F64), (50, F32)):
        yield Case(2 * d.real(n, dtype=dtype), d.whole(0, 2, n).to(dtype))


DOUBLE_SIGMOID = Bug(
    id="7.3",
    title="A loss that stays high",
    symptom="The ranking is fine, AUC 0.9. But the training loss never falls below 0.31, however long one trains.",
    buggy="""def train_loss_buggy(scores, labels):
    probability = torch.sigmoid(scores)
    return F.binary_cross_entropy_with_logits(probability, labels)""",
    test='''scores, labels = torch.tensor([12.0, -12.0]), torch.tensor([1.0, 0.0])
np.testing.assert_array_less(train_loss(scores, labels), 0.01, "sure and right must cost almost nothing")''',
    spec=r"""Repair `train_loss(scores, labels)`: the mean log loss (in nats) of raw scores (logits) $z$ and
labels 0 or 1. `scores` and `labels` are `(N,)` float tensors of one dtype, float32 or float64, $N \ge 1$,
scores between -4 and 4 in the check. Return one number. Leave the inputs unchanged. Example: `train_loss([2],
[1])` is $\ln(1 + e^{-2}) = 0.1269$.""",
    stub='''def train_loss(scores: Tensor, labels: Tensor):
    """(N,), (N,) -> one number"""
    return TODO''',
    cases=_score_cases,
    answer=_log_loss,
    number=True,
    mistakes=(
        Mistake(
            "two sigmoids",
            "The sigmoid is still applied twice: once here, once in the loss 'with logits'.",
            lambda z, y: _log_loss(_sigmoid(z), y),
        ),
        Mistake(
            "three sigmoids",
            "The sigmoid is applied even more often than before; once is enough.",
            lambda z, y: _log_loss(_sigmoid(_sigmoid(z)), y),
        ),
        Mistake(
            "summed",
            "You summed over the examples; the mean is asked.",
            lambda z, y: _log_loss(z, y) * len(z),
        ),
        Mistake(
            "not averaged",
            "You return one loss per example; the mean is asked.",
            lambda z, y: np.logaddexp(0, z) - y * z,
        ),
        Mistake("labels exchanged", "The labels are the other way round.", lambda z, y: _log_loss(z, 1 - y)),
        Mistake(
            "sign", "The sign is the other way round: a log loss is never negative.", lambda z, y: -_log_loss(z, y)
        ),
        Mistake(
            "positives only",
            "You left out the part of the negatives, (1 - y) ln(1 - p).",
            lambda z, y: -float(np.mean(y * np.log(_sigmoid(z)))),
        ),
        Mistake(
            "squared loss",
            "This is the squared error of the probability, not the log loss.",
            lambda z, y: float(np.mean((_sigmoid(z) - y) ** 2)),
        ),
        Mistake(
            "base 2",
            "You took the logarithm to base 2; natural logarithms (nats) are asked.",
            lambda z, y: _log_loss(z, y) / np.log(2),
        ),
        Mistake(
            "arguments exchanged",
            "The arguments of the loss are exchanged: first the scores, then the labels.",
            lambda z, y: _log_loss(y, z),
        ),
        Mistake(
            "no sigmoid, cut",
            "You took the scores for probabilities and cut them to 0 to 1; they need a sigmoid, or a loss with logits.",
            _cut_loss,
        ),
        Mistake(
            "no sigmoid, cut inside",
            "You took the scores for probabilities and cut them to 0 to 1; they need a sigmoid, or a loss with logits.",
            lambda z, y: _cut_loss(z, y, 1e-7),
        ),
        Mistake(
            "squared error of the scores",
            "This is the squared error of the scores, not the log loss.",
            lambda z, y: float(np.mean((z - y) ** 2)),
        ),
        Mistake("half", "There is a factor 1/2 too many.", lambda z, y: _log_loss(z, y) / 2),
        Mistake(
            "base 10",
            "You took the logarithm to base 10; natural logarithms (nats) are asked.",
            lambda z, y: _log_loss(z, y) / np.log(10),
        ),
        Mistake(
            "all labels 1",
            "You treat every label as 1: a row with label 0 costs -ln(1 - p).",
            lambda z, y: float(np.mean(np.logaddexp(0, -z))),
        ),
        Mistake(
            "labels -1 and 1",
            "ln(1 + exp(-y z)) is for labels -1 and 1; here they are 0 and 1.",
            lambda z, y: float(np.mean(np.logaddexp(0, -y * z))),
        ),
        Mistake(
            "hinge",
            "This is the hinge loss of a support vector machine; the log loss is asked.",
            lambda z, y: float(np.mean(np.maximum(0, 1 - (2 * y - 1) * z))),
        ),
        Mistake(
            "thresholded",
            "You cut the scores to a decision of 0 or 1 first; the loss needs the scores themselves.",
            lambda z, y: 100 * float(np.mean((z > 0) != (y == 1))),
        ),
        Mistake(
            "error rate",
            "This is the share of wrong decisions, not the log loss.",
            lambda z, y: float(np.mean((z > 0) != (y == 1))),
        ),
        Mistake(
            "softmax",
            "You took a softmax over the rows; each row has its own probability, the sigmoid of its score.",
            _softmax_loss,
        ),
        Mistake(
            "tanh",
            "You sent the scores through tanh first; the loss with logits takes them as they are.",
            lambda z, y: _log_loss(np.tanh(z), y),
        ),
        Mistake(
            "cut to -1 to 1",
            "You cut the scores to the range -1 to 1; the loss takes them as they are.",
            lambda z, y: _log_loss(np.clip(z, -1, 1), y),
        ),
        Mistake(
            "classes weighted alike",
            "You averaged each class by itself; the mean runs over all rows.",
            lambda z, y: float(np.mean([_log_loss(z[y == v], y[y == v]) for v in np.unique(y)])),
        ),
        Mistake(
            "multi-class loss",
            "You used the cross entropy over classes; here each row has one score and a label 0 or 1.",
            lambda z, y: float(np.sum(y) * np.logaddexp.reduce(z) - y @ z),
        ),
    ),
    hints=(
        "What does 'with logits' in the loss's name say about its input?",
        "Hand the scores to F.binary_cross_entropy_with_logits as they are.",
    ),
)

# --- 7.4 (B, 1) against (B,) ----------------------------------------------------------------------------------


def _mse(prediction, target):
    return sum((float(p) - float(t)) ** 2 for p, t in zip(prediction[:, 0], target)) / len(target)


def _column_cases():
    d = Draw(74)
    yield Case(torch.tensor([[1.0]], dtype=F64), torch.tensor([3.0], dtype=F64))
    yield Case(torch.tensor([[1.0], [2.0]], dtype=F64), torch.tensor([1.0, 2.0], dtype=F64))
    for n, dtype in ((2, F32), (3, F64), (5, F64), (12, F32)):
        yield Case(d.nonzero(n, 1, dtype=dtype), d.real(n, dtype=dtype))


BROADCAST = Bug(
    id="7.4",
    title="A model that only learns the mean",
    symptom="The loss falls a little and stops; every prediction ends near the mean of the labels. PyTorch does "
    "not complain.",
    buggy="""def mse_buggy(prediction, target):
    return ((prediction - target) ** 2).mean()""",
    test='''prediction, target = torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 2.0])
np.testing.assert_allclose(mse(prediction, target), 0, err_msg="perfect predictions have no error")''',
    spec=r"""Repair `mse(prediction, target)`: the mean squared error over the rows. `prediction` is `(B, 1)`,
as a last layer `Linear(..., 1)` gives it, `target` is `(B,)`; float32 or float64, $B \ge 1$. Return one number.
Leave the inputs unchanged. Example: `mse([[1], [2]], [1, 4])` is 2.""",
    stub='''def mse(prediction: Tensor, target: Tensor):
    """(B, 1), (B,) -> one number"""
    return TODO''',
    cases=_column_cases,
    answer=_mse,
    number=True,
    mistakes=(
        Mistake(
            "broadcast",
            "Shapes (B, 1) and (B,) still broadcast to (B, B): every prediction is compared with every target.",
            lambda p, t: ((p - t) ** 2).mean(),
        ),
        Mistake(
            "broadcast, summed over targets",
            "Shapes (B, 1) and (B,) still broadcast to (B, B); dividing by B does not help.",
            lambda p, t: ((p - t) ** 2).sum() / len(t),
        ),
        Mistake("summed", "You summed over the rows; the mean is asked.", lambda p, t: _mse(p, t) * len(t)),
        Mistake("root", "You took the root; the mean squared error is asked.", lambda p, t: _mse(p, t) ** 0.5),
        Mistake("not averaged", "You return one error per row; their mean is asked.", lambda p, t: (p[:, 0] - t) ** 2),
        Mistake(
            "absolute errors",
            "You took absolute errors; the squared ones are asked.",
            lambda p, t: np.abs(p[:, 0] - t).mean(),
        ),
        Mistake("half", "There is a factor 1/2 too many.", lambda p, t: _mse(p, t) / 2),
        Mistake(
            "difference of the means",
            "You squared the difference of the means; take the difference row by row, square, then average.",
            lambda p, t: (p.mean() - t.mean()) ** 2,
        ),
        Mistake(
            "broadcast, one per row",
            "Shapes (B, 1) and (B,) still broadcast to (B, B): you return one mean per prediction.",
            lambda p, t: ((p - t) ** 2).mean(1),
        ),
        Mistake(
            "broadcast, one per target",
            "Shapes (B, 1) and (B,) still broadcast to (B, B): you return one mean per target.",
            lambda p, t: ((p - t) ** 2).mean(0),
        ),
        Mistake(
            "variance",
            "This is the variance of the errors: their mean was subtracted first.",
            lambda p, t: np.var(p[:, 0] - t),
        ),
        Mistake(
            "variance over n - 1",
            "This is the variance of the errors: their mean was subtracted first.",
            lambda p, t: np.var(p[:, 0] - t, ddof=1),
        ),
        Mistake(
            "over n - 1",
            "You divided by B - 1; a mean divides by B.",
            lambda p, t: _mse(p, t) * len(t) / max(1, len(t) - 1),
        ),
        Mistake("over n squared", "You divided by B twice; a mean divides once.", lambda p, t: _mse(p, t) / len(t)),
        Mistake(
            "mean error",
            "You took the mean of the errors; they must be squared first.",
            lambda p, t: (p[:, 0] - t).mean(),
        ),
        Mistake(
            "mean of the targets",
            "You compared with the mean of the targets; each row has its own.",
            lambda p, t: ((p - t.mean()) ** 2).mean(),
        ),
        Mistake(
            "mean of the predictions",
            "You compared with the mean of the predictions; each row has its own.",
            lambda p, t: ((p.mean() - t) ** 2).mean(),
        ),
        Mistake(
            "difference of the squares",
            "You subtracted the squares; subtract first, then square.",
            lambda p, t: (p[:, 0] ** 2 - t**2).mean(),
        ),
        Mistake(
            "first prediction only",
            "prediction[0] is the first row; the column is prediction[:, 0].",
            lambda p, t: ((p[0] - t) ** 2).mean(),
        ),
        Mistake(
            "sorted",
            "You sorted both; then a prediction no longer meets its own target.",
            lambda p, t: ((np.sort(p[:, 0]) - np.sort(t)) ** 2).mean(),
        ),
    ),
    hints=(
        "Print the shape of prediction - target for B = 3.",
        "Give both the same shape first: prediction.squeeze(1), or target[:, None].",
    ),
)

# --- 7.5 a trained h called FM --------------------------------------------------------------------------------

HEAD_MISTAKES = (
    Mistake(
        "trained h",
        "Your head has numbers that are trained; FM's sum over k has none. After a few steps it is no longer a sum.",
    ),
    Mistake("mean", "Your head takes the mean over k; FM sums."),
    Mistake("batch summed", "Your head sums over the batch; it must sum over k, axis 1."),
    Mistake("sigmoid", "Your head applies a sigmoid; the pair term is part of a raw score."),
    Mistake("half", "Your head gives half of the sum; the 1/2 of the identity is in the pooled crossings already."),
    Mistake("relu", "Your head cuts negative numbers off; crossings and pair term may be negative."),
    Mistake("norm", "Your head gives the length of the vector; FM sums the entries."),
    Mistake("not a sum", "Your head does not give the sum over k."),
    Mistake("column", "Your head returns one column, shape (B, 1); scores have shape (B,)."),
    Mistake(
        "one row",
        "For a batch of one row your head does not give the shape (1,) with the row's sum.",
        hint="squeeze() without an axis drops the batch as well when it holds one row.",
    ),
    Mistake("input changed", "Your head changes its input, which belongs to the caller.", hint="Compute new values."),
    Mistake("forgot to call", "Your head returns its input unchanged; it must sum over k."),
)
_head = by_key(HEAD_MISTAKES)


def _head_cases():
    for k in (3, 1, 5):
        yield Case(k)


def _head_input(k):
    return Draw(75).nonzero(4, k, dtype=F32)


def _head_scores(head, k):
    """(2, 4): what the head makes of four rows, before and after training that tries to change it."""
    if isinstance(head, type) or not callable(head):
        raise Fail(Fault(f"The result is {describe_kind(head)}; a module or function is expected.", key="kind"))
    head = copy.deepcopy(head)
    z = _head_input(k)
    expected = z.double().sum(1).numpy()
    given = z.clone()
    raw = head(given)
    before = to_array(raw)
    if not torch.equal(given, z):
        raise Fail(_head["input changed"].fault())
    if before.shape == (4, 1):
        raise Fail(_head["column"].fault("shape (4,)", "shape (4, 1)"))
    if before.shape != (4,):
        key = (
            "forgot to call"
            if before.shape == (4, k)
            else "batch summed"
            if before.shape in ((), (k,))
            else "not a sum"
        )
        raise Fail(_head[key].fault("shape (4,)", f"shape {before.shape}"))
    if np.abs(before - expected).max() > 1e-4:
        near = {
            "mean": expected / k,
            "sigmoid": 1 / (1 + np.exp(-expected)),
            "half": expected / 2,
            "relu": np.maximum(expected, 0),
            "norm": z.double().norm(dim=1).numpy(),
        }
        near["relu of the entries"] = z.double().clamp(min=0).sum(1).numpy()
        key = next((key for key, y in near.items() if np.abs(before - y).max() < 1e-4), "not a sum")
        key = "relu" if key.startswith("relu") else key
        raise Fail(_head[key].fault(_numbers(expected), _numbers(before)))
    trained = [p for p in head.parameters() if p.requires_grad] if isinstance(head, nn.Module) else []
    if trained or (isinstance(raw, torch.Tensor) and raw.requires_grad):  # also a tensor that a function keeps
        raise Fail(_head["trained h"].fault())
    single = to_array(head(z[:1].clone()))
    if single.shape != (1,) or abs(single[0] - expected[0]) > 1e-4:
        raise Fail(_head["one row"].fault("shape (1,)", f"shape {single.shape}"))
    return np.stack([before, to_array(head(z.clone()))])


def _numbers(row):
    return ", ".join(number_text(round(float(x), 4)) for x in row)


TRAINED_H = Bug(
    id="7.5",
    title="An FM that is none",
    symptom='"NFM without hidden layers is FM", says the code, and at first they agree. After training they do not.',
    buggy="""class HeadBuggy(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.h = nn.Parameter(torch.ones(k))

    def forward(self, z):  # (B, k) -> (B,)
        return z @ self.h

def fm_head_buggy(k):
    return HeadBuggy(k)""",
    test='''head = fm_head(3)
parameters = head.parameters() if isinstance(head, nn.Module) else []
np.testing.assert_equal([p for p in parameters if p.requires_grad], [], "FM has no h to train")''',
    spec=r"""Repair `fm_head(k)`: it returns what turns the pooled crossings `(B, k)` (float32) into FM's pair
term `(B,)`, the sum over $k$. A module without parameters to train, or a function; it must stay the sum however
long one trains, and leave its input unchanged. Example: `fm_head(2)` maps `[[1, 2], [3, 4]]` to `[3, 7]`.""",
    stub='''def fm_head(k: int):
    """-> a module or function (B, k) -> (B,)"""
    return TODO''',
    cases=_head_cases,
    answer=lambda k: np.stack([_head_input(k).double().sum(1).numpy()] * 2),
    observe=_head_scores,
    factory=True,
    mistakes=HEAD_MISTAKES,
    hints=(
        "What may the optimiser change? Everything that head.parameters() lists and that requires a gradient.",
        'register_buffer("h", torch.ones(k)) instead of nn.Parameter, or no h at all: z.sum(1).',
    ),
)

EXERCISES = (
    FLATTENED,
    LABEL_CODES,
    DOUBLE_SIGMOID,
    BROADCAST,
    TRAINED_H,
)
