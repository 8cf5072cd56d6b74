"""Exercises of chapter 5: training NFM."""

from __future__ import annotations

import math

import numpy as np
import torch

from .declare import Case, Code, Mistake, Value, by_key
from .draw import F32, F64, Draw
from .values import number_text

# --- 5.1 ------------------------------------------------------------------------------------------------------


def _walk(losses, patience, better=lambda a, b: a < b):
    """(epoch of the best value seen, epoch after which training stopped), both from 1."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if better(losses[epoch], losses[best]):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            return best + 1, epoch + 1
    return best + 1, len(losses)


def _early_cases():
    yield Case([0.7], 1)
    yield Case([0.7, 0.6], 1)
    yield Case([0.6, 0.7], 1)
    yield Case([0.6, 0.7, 0.5], 1)
    yield Case([0.6, 0.7, 0.5], 2)
    yield Case([0.6, 0.6, 0.7], 3)
    yield Case([0.6, 0.5, 0.55, 0.53, 0.4], 2)
    yield Case([0.6, 0.5, 0.55, 0.53, 0.4], 3)
    yield Case([0.9, 0.8, 0.85, 0.7, 0.75, 0.6, 0.65, 0.5], 2)
    yield Case([0.69, 0.55, 0.52, 0.53, 0.51, 0.54, 0.53, 0.52, 0.3], 3)
    yield Case([0.5, 0.6, 0.7, 0.8], 5)
    yield Case([1.5, 1.2, 1.3], 1)
    yield Case([0.5, 0.49995, 0.52], 3)
    yield Case([0.5, 0.499999, 0.52], 3)
    yield Case([3.0, 2.5], 5)
    yield Case([130.0, 110.0, 120.0], 1)
    yield Case([0.6, 0.5, 0.5, 0.55, 0.4], 2)
    yield Case([0.6, 0.7, 0.6, 0.65, 0.5, 0.5, 0.55, 0.45], 3)
    rng = np.random.default_rng(51)
    for n in (6, 9, 12, 20, 30):
        for patience in (1, 2, 4):
            yield Case([float(x) for x in rng.integers(40, 70, n) / 100], patience)


def _previous(losses, patience):
    """Stops after `patience` epochs that were each no better than the one before; keeps the best seen."""
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited == patience:
            return int(np.argmin(losses[: epoch + 1])) + 1
    return int(np.argmin(losses)) + 1


def _in_total(losses, patience):
    """Counts the epochs without a new best in all, not in a row."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best + 1


def _stopped(losses, patience) -> bool:
    """Whether training stopped because of its patience, be it at the last epoch."""
    best, stop = _walk(losses, patience)
    return stop - best >= patience


def _equal_restarts(losses, patience):
    """An epoch that equals the best value starts the count afresh."""
    best, waited = 0, 0
    for epoch in range(1, len(losses)):
        if losses[epoch] <= losses[best]:
            best, waited = best if losses[epoch] == losses[best] else epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best + 1


def _from_start(start, losses, patience):
    """The best value so far starts at `start`, in epoch 0."""
    return _walk([start, *losses], patience)[0] - 1


EARLY_STOPPING = Code(
    id="5.1",
    title="Which epoch does early stopping keep?",
    spec=r"""Write `epoch_to_keep(losses, patience)`: `losses` is a list with the validation log loss after each
epoch that training would run (at least one). Training stops as soon as `patience` epochs in a row (at least 1)
brought no new best value; what comes later in the list is never seen. Return the number of the epoch, **counted
from 1**, with the best value seen, whose weights are kept. An epoch that only equals the best value is no new
best. Leave `losses` unchanged.

Example: `epoch_to_keep([0.6, 0.5, 0.55, 0.53, 0.4], 2)` is 2: epochs 3 and 4 bring no new best, training stops,
and 0.4 is never reached. With patience 3 it is 5.""",
    stub='''def epoch_to_keep(losses: list[float], patience: int) -> int:
    """validation log loss per epoch -> the epoch to keep, from 1"""
    return TODO''',
    cases=_early_cases,
    answer=lambda losses, patience: _walk(losses, patience)[0],
    number=True,
    mistakes=(
        Mistake(
            "higher is better",
            "You look for the highest log loss: for log loss lower is better.",
            lambda losses, patience: _walk(losses, patience, lambda a, b: a > b)[0],
        ),
        Mistake(
            "highest of all",
            "You return the epoch with the highest log loss: for log loss lower is better.",
            lambda losses, patience: int(np.argmax(losses)) + 1,
        ),
        Mistake(
            "counted from 0",
            "Your epochs count from 0; the first epoch is number 1.",
            lambda losses, patience: _walk(losses, patience)[0] - 1,
        ),
        Mistake(
            "counted from 0, patience ignored",
            "You take the best of all epochs, counted from 0: training stops earlier, and the first epoch is number 1.",
            lambda losses, patience: int(np.argmin(losses)),
        ),
        Mistake(
            "patience ignored",
            "You take the best of all epochs: after `patience` epochs without a new best training stops, and "
            "later ones "
            "are never run.",
            lambda losses, patience: int(np.argmin(losses)) + 1,
        ),
        Mistake(
            "epoch of the stop",
            "You return the epoch after which training stopped; the weights to keep are those of the best epoch.",
            lambda losses, patience: _walk(losses, patience)[1],
        ),
        Mistake(
            "stop minus patience",
            "You step back by patience from the last epoch; if training ran to the end, the best epoch is "
            "somewhere else.",
            lambda losses, patience: max(_walk(losses, patience)[1] - patience, 1),
        ),
        Mistake(
            "compared with the epoch before",
            "You compare each epoch with the one before; it must be compared with the best so far.",
            _previous,
        ),
        Mistake(
            "in total",
            "You count the epochs without a new best in total; a new best starts the count afresh.",
            _in_total,
        ),
        Mistake(
            "one epoch too patient",
            "You stop one epoch too late: stop as soon as `patience` epochs in a row brought no new best.",
            lambda losses, patience: _walk(losses, patience + 1)[0],
        ),
        Mistake(
            "one epoch too early",
            "You stop one epoch too early: `patience` epochs in a row without a new best are allowed to happen first.",
            lambda losses, patience: _walk(losses, patience - 1)[0] if patience > 1 else 1,
        ),
        Mistake(
            "equal counts as better",
            "You take an epoch that equals the best value for a new best; only a lower value is one.",
            lambda losses, patience: _walk(losses, patience, lambda a, b: a <= b)[0],
        ),
        Mistake(
            "value instead of epoch",
            "You return the log loss; asked is the number of the epoch.",
            lambda losses, patience: losses[_walk(losses, patience)[0] - 1],
        ),
        Mistake(
            "equal restarts the count",
            "An epoch that equals the best value starts your count afresh; it is no new best, so it counts.",
            _equal_restarts,
        ),
        Mistake(
            "smallest improvement",
            "You ask for a smallest improvement; any lower value is a new best.",
            lambda losses, patience: _walk(losses, patience, lambda a, b: a < b - 1e-4)[0],
        ),
        Mistake(
            "best starts at 1",
            "Your best value starts at a number that a loss may exceed; start with math.inf or with the first epoch.",
            lambda losses, patience: _from_start(1.0, losses, patience),
        ),
        Mistake(
            "best starts at 0",
            "Your best value starts at 0, and no log loss is lower; start with math.inf or with the first epoch.",
            lambda losses, patience: 0,
        ),
        Mistake(
            "nothing without a stop",
            "You return nothing where training runs to the end of the list; the best epoch is asked there, too.",
            lambda losses, patience: _walk(losses, patience)[0] if _stopped(losses, patience) else 0,
        ),
        Mistake(
            "last epoch",
            "You return the last epoch of the list; the weights to keep are those of the best epoch.",
            lambda losses, patience: len(losses),
        ),
        Mistake(
            "first epochs only",
            "You take the best of the first epochs only; each new best gives training `patience` epochs more.",
            lambda losses, patience: int(np.argmin(losses[: patience + 1])) + 1,
        ),
        Mistake(
            "one epoch too early, patience 1 never stops",
            "You stop one epoch too early, and with patience 1 never: stop when the count reaches patience.",
            lambda losses, patience: _walk(losses, patience - 1)[0],
        ),
    ),
    hints=(
        "Walk through the epochs with three variables: best value, its epoch, and how many epochs ago that was.",
        "for epoch, loss in enumerate(losses, 1): if loss < best: remember both; elif epoch - best_epoch >= patience: "
        "break.",
    ),
)

# --- 5.2 ------------------------------------------------------------------------------------------------------

EPS_MISTAKES = (
    Mistake("not positive", "Your eps is {eps}; it must be above 0, or a column that never varies is divided by 0."),
    Mistake(
        "PyTorch's default",
        "You return PyTorch's default 1e-5, but f_BI has variance {var} here: the batch norm would give out a standard "
        "deviation of {std}, not 1.",
    ),
    Mistake(
        "second power",
        "Your eps goes with the square of init_std, the variance of f_BI ({var}) with its fourth power: each product "
        "has two entries of V.",
    ),
    Mistake(
        "standard deviation",
        "Your eps goes with the standard deviation of f_BI; it must be small beside the variance ({var}).",
    ),
    Mistake(
        "whole variance",
        "Your eps is the variance of f_BI itself ({var}): the batch norm would give out a standard deviation of 0.71, "
        "not 1.",
    ),
    Mistake(
        "too large",
        "Your eps is more than a tenth of the variance of f_BI ({var}): the batch norm would give out a standard "
        "deviation "
        "of {std}, not 1.",
    ),
    Mistake(
        "too small",
        "Your eps is less than a millionth of the variance of f_BI ({var}): a column that hardly varies would be "
        "blown up.",
    ),
)
_eps = by_key(EPS_MISTAKES)


def _f_bi_variance(init_std, n_fields) -> float:
    """Each of the N (N - 1) / 2 products of two independent normal entries has variance sigma^4."""
    return sum(init_std**4 for i in range(n_fields) for j in range(i + 1, n_fields))


def _why_too_large(eps, variance, init_std, n_fields) -> str:
    def a_share_of(*numbers) -> bool:
        """Whether eps is one of them, perhaps by a power of ten smaller."""
        shares = [math.log10(x / eps) for x in numbers if eps < x * 1.01]
        return any(abs(s - round(s)) < 1e-5 and s < 6.5 for s in shares)

    if abs(eps / 1e-5 - 1) < 1e-6:
        return "PyTorch's default"
    if abs(eps / variance - 1) < 1e-5:
        return "whole variance"
    n_pairs = n_fields * (n_fields - 1) / 2
    if a_share_of(*(init_std**2 * f for f in (1, n_fields, n_fields**2, n_pairs, 2 * n_pairs))):
        return "second power"
    return "standard deviation" if a_share_of(math.sqrt(variance)) else "too large"


def _judge_eps(args, got):
    variance, eps = _f_bi_variance(*args), float(got.reshape(-1)[0]) if got.size == 1 else math.nan
    if math.isnan(eps):
        return Mistake("number", "One number is expected.").fault()
    wanted = f"between {number_text(variance / 1e6)} and {number_text(variance / 10)}"
    blanks = {"eps": number_text(eps), "var": f"{variance:.3g}"}
    if eps <= 0:
        return _eps["not positive"].fault(wanted, **blanks)
    blanks["std"] = f"{math.sqrt(variance / (variance + eps)):.2f}" if math.isfinite(eps) else "0.00"
    if eps > variance / 10 * (1 + 1e-6):
        return _eps[_why_too_large(eps, variance, *args)].fault(wanted, **blanks)
    if eps < variance / 1e6 * (1 - 1e-6):
        return _eps["too small"].fault(wanted, **blanks)
    return None


def _eps_cases():
    # In the first case no wrong power of init_std gives 1e-5, which would be taken for PyTorch's default.
    for init_std, n_fields in ((0.037, 3), (0.01, 10), (0.5, 2), (0.05, 6), (1.0, 3), (0.001, 40), (0.1, 2), (0.3, 25)):
        yield Case(init_std, n_fields)
    yield Case(2.0, 5)
    yield Case(0.00013, 2)
    yield Case(0.02, 100)


BN_EPS = Code(
    id="5.2",
    title="A batch-norm eps that works",
    spec=r"""Batch norm divides by $\sqrt{\mathrm{variance} + \epsilon}$, so $\epsilon$ must be small beside the
variance of what it normalises. Write `bn_eps(init_std, n_fields)`: an $\epsilon$ for the batch norm after
Bi-Interaction that suits the start of training.

At the start every entry of $V$ is drawn from a normal distribution with mean 0 and standard deviation
`init_std` ($\sigma$), and a row has `n_fields` ($N$, from 2 to 100) slots with $x_i = 1$. Then each entry of $f_{BI}$
has variance $\sigma^4 N (N - 1) / 2$. Return one number that is **at most a tenth and at least a millionth** of
that variance.

Example: $\sigma = 0.01$ and $N = 10$ give the variance $4.5 \cdot 10^{-7}$, so $10^{-9}$ is fine and PyTorch's
default $10^{-5}$ is not.""",
    stub='''def bn_eps(init_std: float, n_fields: int) -> float:
    """standard deviation of V at the start, slots per row -> eps"""
    return TODO''',
    cases=_eps_cases,
    answer=lambda *_: None,
    judge=_judge_eps,
    number=True,
    mistakes=EPS_MISTAKES,
    hints=(
        "A fixed number cannot suit every init_std. What does the variance depend on, and with which power?",
        "0.001 * init_std ** 4 * n_fields * (n_fields - 1) / 2: the fourth power, as each product has two entries "
        "of V.",
    ),
)

# --- 5.3 ------------------------------------------------------------------------------------------------------


def _penalty(V, ids, values) -> float:
    total = 0.0
    for row, x in zip(ids, values):
        for i, x_i in zip(row, x):
            total += sum((x_i * v) ** 2 for v in V[i])
    return total / len(ids)


def _norms(V, ids, values):
    """(B, S) of ||x_i v_i||."""
    return np.sqrt(((V[ids] * values[..., None]) ** 2).sum(2))


def _distinct_rows(V, ids, values):
    """As if equal rows of the batch were one."""
    rows = {(*map(int, i), *map(float, x)): b for b, (i, x) in enumerate(zip(ids, values))}
    kept = list(rows.values())
    return _penalty(V, ids[kept], values[kept])


def _last_values(V, ids, values):
    x = dict(zip(ids.ravel(), values.ravel()))
    return sum(((V[i] * x[i]) ** 2).sum() for i in x)


def _crossings(V, ids, values):
    xv = V[ids] * values[..., None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1).mean()


def _penalty_cases():
    d = Draw(53)
    yield Case(torch.tensor([[0.0], [2.0]], dtype=F64), torch.tensor([[1]]), torch.tensor([[1.0]], dtype=F64))
    yield Case(torch.tensor([[9.0, 9.0], [3.0, 4.0]]), torch.tensor([[1], [1]]), torch.tensor([[1.0], [0.5]]))
    yield Case(
        torch.tensor([[9.0, 9.0], [3.0, 4.0], [1.0, 0.0], [5.0, 5.0]], dtype=F64),
        torch.tensor([[1, 2], [1, 2], [2, 0]]),
        torch.tensor([[1.0, 0.5], [1.0, 0.5], [-2.0, 0.0]], dtype=F64),
    )
    for n, k, rows, slots, padding, dtype in (
        (4, 1, 1, 2, 0, F64),
        (4, 2, 2, 2, 1, F64),
        (6, 3, 3, 3, 1, F32),
        (5, 2, 4, 4, 2, F64),
        (15, 4, 6, 5, 2, F64),
        (9, 5, 8, 3, 1, F32),
    ):
        yield Case(d.nonzero(n, k, dtype=dtype), *d.slots(n, rows, slots, padding, dtype))
    yield Case(d.nonzero(4, 2), torch.tensor([[1, 0, 2]]), torch.tensor([[1.5, 0.0, -1.0]], dtype=F64))
    yield Case(d.nonzero(4, 1), torch.tensor([[1], [3]]), torch.tensor([[1.5], [-1.0]], dtype=F64))


L2_PENALTY = Code(
    id="5.3",
    title="The L2 penalty on the embeddings of a batch",
    spec=r"""Write `l2_penalty(V, ids, values)`: the penalty this series uses, the mean over the rows of a batch
of

$$\sum_{i} \lVert x_i v_i \rVert^2 ,$$

summed over the slots of the row. A feature that occurs in several rows counts in each of them, and never twice
in a row; padding (id 0, value 0) counts nothing, wherever it stands; there is no factor 1/2.

`V` is `(n, k)`, `ids` is `(B, S)` int64, `values` is `(B, S)`; floats are float32 or float64; $B \ge 1$, $S \ge
1$. Return one number: a float or a tensor with one entry. Leave the inputs unchanged.

Example: `V = [[9, 9], [3, 4]]`, `ids = [[1], [1]]`, `values = [[1], [0.5]]`: $(25 + 6.25) / 2 = 15.625$.""",
    stub='''def l2_penalty(V: Tensor, ids: Tensor, values: Tensor):
    """(n, k), (B, S), (B, S) -> one number"""
    return TODO''',
    cases=_penalty_cases,
    answer=_penalty,
    number=True,
    mistakes=(
        Mistake(
            "stopped at padding",
            "You stop at the first padding; slots behind it count, too.",
            lambda V, ids, x: _penalty(V, ids, x * np.cumprod(ids != 0, axis=1)),
        ),
        Mistake(
            "norm, not squared",
            "You summed the norms; the penalty sums the squared norms. Their gradients differ: a norm pulls as "
            "hard on a "
            "short vector as on a long one.",
            lambda V, ids, x: _norms(V, ids, x).sum(1).mean(),
        ),
        Mistake(
            "root of the total",
            "You took a root of the whole: the penalty is the sum of squares itself.",
            lambda V, ids, x: math.sqrt((_norms(V, ids, x) ** 2).sum()),
        ),
        Mistake(
            "root of the mean",
            "You took a root at the end: the penalty is the mean of the sums of squares itself.",
            lambda V, ids, x: math.sqrt(_penalty(V, ids, x)),
        ),
        Mistake(
            "root per row",
            "You took a root per row: the penalty is the sum of squares itself.",
            lambda V, ids, x: np.sqrt((_norms(V, ids, x) ** 2).sum(1)).mean(),
        ),
        Mistake(
            "whole table",
            "You penalise the whole table V; only the features that occur in the batch count.",
            lambda V, ids, x: (V**2).sum(),
        ),
        Mistake(
            "summed over the batch",
            "You summed over the rows; the mean makes the penalty independent of the batch size.",
            lambda V, ids, x: _penalty(V, ids, x) * len(ids),
        ),
        Mistake(
            "mean over slots",
            "You took the mean over slots, too; within a row the slots are summed.",
            lambda V, ids, x: _penalty(V, ids, x) / ids.shape[1],
        ),
        Mistake(
            "mean over everything",
            "You took the mean over slots and entries, too; within a row everything is summed, only rows are averaged.",
            lambda V, ids, x: _penalty(V, ids, x) / (ids.shape[1] * V.shape[1]),
        ),
        Mistake(
            "mean over k",
            "You took the mean over the k entries; a squared norm is their sum.",
            lambda V, ids, x: _penalty(V, ids, x) / V.shape[1],
        ),
        Mistake(
            "x missing",
            "x is missing: the vectors are x_i v_i, and padding has x = 0.",
            lambda V, ids, x: _penalty(V, ids, np.ones_like(x)),
        ),
        Mistake(
            "x as a switch",
            "x only switches features on and off; it also scales v_i: the vectors are x_i v_i.",
            lambda V, ids, x: _penalty(V, ids, (x != 0).astype(float)),
        ),
        Mistake(
            "x not squared",
            "x is not squared: the squared norm of x_i v_i is x_i^2 times that of v_i.",
            lambda V, ids, x: (x * (V[ids] ** 2).sum(2)).sum(1).mean(),
        ),
        Mistake(
            "each feature once",
            "You count a feature once however often it occurs in the batch; it counts in every row that has it.",
            lambda V, ids, x: sum((V[i] ** 2).sum() for i in np.unique(ids[x != 0])),
        ),
        Mistake(
            "half",
            "There is a factor 1/2 too many.",
            lambda V, ids, x: _penalty(V, ids, x) / 2,
        ),
        Mistake(
            "sum before square",
            "You added the vectors of a row before squaring; each x_i v_i is squared on its own.",
            lambda V, ids, x: ((V[ids] * x[..., None]).sum(1) ** 2).sum(1).mean(),
        ),
        Mistake("each row once", "You count equal rows of the batch once; every row counts.", _distinct_rows),
        Mistake(
            "each feature once, over the rows",
            "You count a feature once however often it occurs in the batch; it counts in every row that has it.",
            lambda V, ids, x: sum((V[i] ** 2).sum() for i in np.unique(ids[x != 0])) / len(ids),
        ),
        Mistake(
            "each feature and the padding once",
            "You count a feature and the padding once; a feature counts in every row that has it, padding never.",
            lambda V, ids, x: (V[np.unique(ids)] ** 2).sum(),
        ),
        Mistake(
            "each feature and the padding once, over the rows",
            "You count a feature and the padding once; a feature counts in every row that has it, padding never.",
            lambda V, ids, x: (V[np.unique(ids)] ** 2).sum() / len(ids),
        ),
        Mistake(
            "each feature once, with its last value",
            "You count a feature once however often it occurs in the batch; it counts in every row that has it.",
            _last_values,
        ),
        Mistake(
            "each feature once, with its last value, over the rows",
            "You count a feature once however often it occurs in the batch; it counts in every row that has it.",
            lambda V, ids, x: _last_values(V, ids, x) / len(ids),
        ),
        Mistake(
            "whole table over the rows",
            "You penalise the whole table V; only the features that occur in the batch count.",
            lambda V, ids, x: (V**2).sum() / len(ids),
        ),
        Mistake(
            "absolute x",
            "x is not squared, only its sign is dropped: the squared norm of x_i v_i is x_i^2 times that of v_i.",
            lambda V, ids, x: _penalty(V, ids, np.sqrt(np.abs(x))),
        ),
        Mistake(
            "absolute values",
            "You summed absolute values (L1); the penalty sums squares.",
            lambda V, ids, x: np.abs(V[ids] * x[..., None]).sum((1, 2)).mean(),
        ),
        Mistake(
            "not squared",
            "Nothing is squared: positive and negative entries cancel.",
            lambda V, ids, x: (V[ids] * x[..., None]).sum((1, 2)).mean(),
        ),
        Mistake(
            "entries added before square",
            "You added the k entries of a vector before squaring; a squared norm squares each entry.",
            lambda V, ids, x: ((V[ids] * x[..., None]).sum(2) ** 2).sum(1).mean(),
        ),
        Mistake(
            "over the features",
            "You divided by the number of features, the rows of V; the mean is over the rows of the batch.",
            lambda V, ids, x: _penalty(V, ids, x) * len(ids) / len(V),
        ),
        Mistake(
            "over the filled slots",
            "You divided by the number of filled slots; the mean is over the rows.",
            lambda V, ids, x: _penalty(V, ids, x) * len(ids) / (x != 0).sum(),
        ),
        Mistake(
            "first row only",
            "You return the penalty of the first row alone; the mean over the rows is asked.",
            lambda V, ids, x: _penalty(V, ids[:1], x[:1]),
        ),
        Mistake(
            "crossings",
            "You added up the crossings of the vectors; the penalty squares each vector on its own.",
            lambda V, ids, x: _crossings(V, ids, x),
        ),
        Mistake(
            "sign",
            "The sign is the other way round: a penalty is never negative.",
            lambda V, ids, x: -_penalty(V, ids, x),
        ),
    ),
    hints=(
        "xv = V[ids] * values[..., None], shape (B, S, k). Which axes are summed, which one is averaged?",
        "(xv ** 2).sum((1, 2)).mean().",
    ),
)

# --- 5.4, 5.5 -------------------------------------------------------------------------------------------------

BN_OUTPUT = Value(
    id="5.4",
    title="What the default eps does to f_BI",
    kind="predict",
    spec=r"""At the start an entry of $f_{BI}$ has mean 0 and variance $2.4 \cdot 10^{-6}$ ($\sigma = 0.02$, six
fields). Batch norm with PyTorch's default $\epsilon = 10^{-5}$ normalises it. What is the standard deviation of
its output? Guess first: 1? Then compute; two decimals will do.""",
    stub="answer = TODO  # a number",
    answer=lambda: math.sqrt(_f_bi_variance(0.02, 6) / (_f_bi_variance(0.02, 6) + 1e-5)),
    tolerance=0.005,  # 0.44 and its like are in, 0.43 (cut too early) and 0.45 are out
    hints=(
        "Batch norm divides by sqrt(variance + eps). Which of the two is larger here?",
        "The output's variance is variance / (variance + eps); the standard deviation is its root.",
    ),
    wrong=(
        (1.0, "That would be so if eps were small beside the variance; here it is four times as large."),
        (0.4, "You rounded too far, or cut: two decimals are asked, rounded."),
        (0.43, "Rounded to two decimals it is another number; keep more decimals on the way."),
        (
            math.sqrt(2.4e-6 / 1e-5),
            "You divided by the root of eps alone; batch norm divides by sqrt(variance + eps).",
        ),
        (
            math.sqrt(2.4e-6) / (math.sqrt(2.4e-6) + math.sqrt(1e-5)),
            "You added the two roots; batch norm adds variance and eps first and takes one root.",
        ),
        (
            math.sqrt(2.4e-6) / (math.sqrt(2.4e-6) + 1e-5),
            "You added eps to the standard deviation; it is added to the variance, under the root.",
        ),
        (-0.44, "A standard deviation is never negative."),
        (44.0, "This is in percent; a plain number is asked."),
        (0.19355, "This is the variance of the output; the standard deviation is its root."),
        (
            0.00155,
            "This is as small as f_BI before the batch norm, which divides by sqrt(variance + eps), far below 1.",
        ),
        (2.273, "This is the other way round: the variance stands above, variance plus eps below."),
        (0.21, "This is the number for sigma = 0.01 and ten fields, which the chapter prints; compute the one asked."),
    ),
    fallback="This is not the standard deviation of the output.",
)

DOUBLE_SIGMOID = Value(
    id="5.5",
    title="The floor of a double sigmoid",
    kind="pencil and paper",
    spec=r"""A model applies a sigmoid to its score, and the loss (binary cross-entropy "with logits") applies
another one. However well the model learns a positive example ($y = 1$), its loss stays above a floor. Which?
The loss of a logit $z$ for $y = 1$ is $\ln(1 + e^{-z})$. Three decimals.""",
    stub="answer = TODO  # a number",
    answer=lambda: math.log(1 + math.exp(-1)),
    tolerance=5e-4,  # three decimals, rounded
    hints=(
        "Which values can the first sigmoid hand to the loss, at best?",
        "The best logit that the loss can see is 1. Put z = 1 into the formula.",
    ),
    wrong=(
        (0.0, "0 is the floor without the first sigmoid; here the loss sees a logit of at most 1."),
        (math.log(2), "This is the loss at z = 0; it is the floor for a negative example, where the best logit is 0."),
        (math.log(1 + math.e), "This is the loss of a negative example at z = 1; for y = 1 it is ln(1 + e^-z)."),
        (0.31, "You rounded too far: three decimals are asked."),
        (math.log(1 + math.exp(-0.5)), "You put in z = 1/2, the sigmoid of 0; the sigmoid of a large score is higher."),
        (math.log(1 + math.exp(-2)), "You put in z = 2; the first sigmoid hands on at most 1."),
        (
            1 / (1 + math.e),
            "This is the probability that is left for y = 0; the negative logarithm of the other is the loss.",
        ),
        (math.log2(1 + math.exp(-1)), "You took the logarithm to base 2; ln is the natural one."),
        (math.log10(1 + math.exp(-1)), "You took the logarithm to base 10; ln is the natural one."),
        (math.exp(-1), "This is e^-1; the logarithm of 1 plus it is asked."),
        (
            1 / (1 + math.exp(-1)),
            "This is the probability that the second sigmoid gives out at best; its negative logarithm is the loss.",
        ),
        (-math.log(1 + math.exp(-1)), "The sign: a log loss is never negative."),
        (1.0, "1 is the best logit that the loss can see; the loss there is asked."),
    ),
    fallback="Find the largest logit that the first sigmoid can hand on, and put it into the formula.",
)

EXERCISES = (EARLY_STOPPING, BN_EPS, L2_PENALTY, BN_OUTPUT, DOUBLE_SIGMOID)
