"""Exercises of chapter 4: Neural Factorization Machines."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from ..models import FM, NFM
from .ch3 import apply, set_weights
from .declare import Case, Choice, Code, Fail, Mistake, Value, by_key
from .draw import F32, F64, Draw
from .values import describe_kind, number_text, to_array
from .verdict import Fault

# --- 4.1 ------------------------------------------------------------------------------------------------------


def _pool(V, ids, values):
    """(B, k) by loops over rows and pairs of slots."""
    out = np.zeros((len(ids), V.shape[1]))
    for b in range(len(ids)):
        for s in range(ids.shape[1]):
            for t in range(s + 1, ids.shape[1]):
                out[b] += values[b, s] * V[ids[b, s]] * values[b, t] * V[ids[b, t]]
    return out


def _xv(V, ids, values):
    return V[ids] * values[..., None]


def _n_pairs(ids):
    return ids.shape[1] * (ids.shape[1] - 1) / 2


def _one_value(V, ids, values):
    """Each pair with the value of its first slot alone."""
    out = np.zeros((len(ids), V.shape[1]))
    for s in range(ids.shape[1]):
        for t in range(s + 1, ids.shape[1]):
            out += values[:, s, None] * V[ids[:, s]] * V[ids[:, t]]
    return out


def _pool_cases():
    d = Draw(41)
    yield Case(d.nonzero(3, 2), torch.zeros(1, 0, dtype=torch.int64), torch.zeros(1, 0, dtype=F64), trivial=True)
    yield Case(d.nonzero(3, 2), torch.tensor([[1]]), torch.tensor([[2.0]], dtype=F64), trivial=True)
    yield Case(
        torch.tensor([[1.0], [2.0], [3.0]], dtype=F64),
        torch.tensor([[1, 2]]),
        torch.tensor([[1.0, -0.5]], dtype=F64),
    )
    yield Case(torch.tensor([[5.0, 7.0], [1.0, 2.0], [3.0, -1.0]]), torch.tensor([[1, 2]]), torch.tensor([[0.5, 3.0]]))
    yield Case(d.nonzero(3, 2), torch.tensor([[1, 0]]), torch.tensor([[2.0, 0.0]], dtype=F64), trivial=True)
    yield Case(d.nonzero(4, 2), torch.tensor([[1, 2, 0]]), torch.tensor([[1.0, -0.5, 0.0]], dtype=F64))
    yield Case(d.nonzero(4, 2), torch.tensor([[1, 2, 3]]), torch.tensor([[2.0, 0.0, -1.5]], dtype=F64))
    for n, k, rows, slots, padding, dtype in (
        (4, 1, 2, 2, 0, F64),
        (4, 2, 2, 3, 1, F32),
        (5, 3, 3, 3, 2, F64),
        (4, 2, 0, 3, 0, F64),
        (6, 3, 1, 4, 1, F64),
        (5, 4, 4, 4, 2, F32),
        (12, 5, 7, 8, 5, F64),
    ):
        yield Case(d.nonzero(n, k, dtype=dtype), *d.slots(n, rows, slots, padding, dtype), trivial=rows == 0)
    # A movie with one genre: the padding stands in the middle of the row.
    yield Case(d.nonzero(4, 2), torch.tensor([[1, 0, 2]]), torch.tensor([[1.5, 0.0, -1.0]], dtype=F64))


MULTI_POOL = Code(
    id="4.1",
    title="Bi-Interaction with several values per field and padding",
    spec=r"""Write `pool(V, ids, values)`: Bi-Interaction pooling, straight from encoded rows

$$f_{BI} = \sum_{i<j} x_i v_i \odot x_j v_j ,$$

summed over the pairs of slots of a row. A movie with fewer genres than slots has padding: id 0 with value 0.
Row 0 of `V` is a row like any other and **not** zero; only the value 0 keeps padding out. Slots of one field
(two genres) form a pair as well. No other id occurs twice in a row.

`V` is `(n, k)`, `ids` is `(B, S)` int64, `values` is `(B, S)`; floats are float32 or float64. `B` and `S` may
be 0 or 1; without a pair the result is 0. Return shape `(B, k)` (or a plain 0 where there is no pair). A
function or a module. Leave the inputs unchanged.

Example: `V = [[9, 9], [1, 2], [3, -1]]`, `ids = [[1, 2, 0]]`, `values = [[1, 0.5, 0]]` give `[[1.5, -1]]`.""",
    stub='''def pool(V: Tensor, ids: Tensor, values: Tensor):
    """(n, k), (B, S), (B, S) -> (B, k)"""
    return TODO''',
    cases=_pool_cases,
    answer=_pool,
    zero=True,
    mistakes=(
        Mistake(
            "stopped at padding",
            "You stop at the first padding; slots behind it count, too (a field after the genres).",
            lambda V, ids, x: _pool(V, ids, x * np.cumprod(ids != 0, axis=1)),
        ),
        Mistake(
            "each pair twice",
            "Each pair counts twice: the 1/2 of the identity is missing, or the sum takes (i, j) and (j, i).",
            lambda V, ids, x: 2 * _pool(V, ids, x),
        ),
        Mistake(
            "summed over k",
            "You summed over k: the result must keep its k entries, one vector per row. Summing them is what FM does.",
            lambda V, ids, x: _pool(V, ids, x).sum(1),
        ),
        Mistake(
            "summed over k, axis kept",
            "You summed over k: the result must keep its k entries, one vector per row. Summing them is what FM does.",
            lambda V, ids, x: _pool(V, ids, x).sum(1, keepdims=True),
        ),
        Mistake(
            "flattened",
            "You flattened slots and k before summing, so entry 1 of one vector meets entry 2 of another.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).sum((1, 2)) ** 2 - (_xv(V, ids, x) ** 2).sum((1, 2))),
        ),
        Mistake(
            "wrong axis",
            "You summed over the k entries instead of over the slots: the slots are axis 1.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).sum(2) ** 2 - (_xv(V, ids, x) ** 2).sum(2)),
        ),
        Mistake(
            "summed over the batch",
            "You summed over the batch, axis 0: rows have nothing to do with each other.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).sum(0) ** 2 - (_xv(V, ids, x) ** 2).sum(0)),
        ),
        Mistake(
            "no values",
            "You left out the values: padding and every other slot then count in full.",
            lambda V, ids, x: _pool(V, ids, np.ones_like(x)),
        ),
        Mistake(
            "values as a switch",
            "You used the values only to see which slots are filled; x is real-valued and scales v_i.",
            lambda V, ids, x: _pool(V, ids, (x != 0).astype(float)),
        ),
        Mistake(
            "values not squared",
            "In the second part the values are not squared: it is the sum of (x_i v_i)^2.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).sum(1) ** 2 - (_xv(V**2, ids, x)).sum(1)),
        ),
        Mistake(
            "no values in the second part",
            "In the second part the values are missing, so padding is subtracted: it is the sum of (x_i v_i)^2.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).sum(1) ** 2 - (V[ids] ** 2).sum(1)),
        ),
        Mistake(
            "nothing subtracted",
            "You took half the square of the sum; the sum of the squares must be subtracted first.",
            lambda V, ids, x: 0.5 * _xv(V, ids, x).sum(1) ** 2,
        ),
        Mistake(
            "square of sum",
            "This is the square of the sum: every slot with every slot, itself included.",
            lambda V, ids, x: _xv(V, ids, x).sum(1) ** 2,
        ),
        Mistake(
            "self pairs",
            "You counted each slot with itself: the sum runs over i < j. (In the identity the sum of squares is "
            "subtracted, not added.)",
            lambda V, ids, x: _pool(V, ids, x) + (_xv(V, ids, x) ** 2).sum(1),
        ),
        Mistake(
            "sign",
            "You subtracted the wrong way round: it is the square of the sum minus the sum of the squares.",
            lambda V, ids, x: -_pool(V, ids, x),
        ),
        Mistake(
            "mean over pairs",
            "You took the mean over the pairs: Bi-Interaction adds them up.",
            lambda V, ids, x: _pool(V, ids, x) / _n_pairs(ids),
        ),
        Mistake(
            "mean over slots",
            "You took the mean over the slots: Bi-Interaction adds up.",
            lambda V, ids, x: 0.5 * (_xv(V, ids, x).mean(1) ** 2 - (_xv(V, ids, x) ** 2).mean(1)),
        ),
        Mistake(
            "divided by the slots",
            "You divided by the number of slots: Bi-Interaction adds up.",
            lambda V, ids, x: _pool(V, ids, x) / ids.shape[1],
        ),
        Mistake(
            "plain sum",
            "You added the vectors up; nothing is crossed yet: multiply them pair by pair, entry by entry.",
            lambda V, ids, x: _xv(V, ids, x).sum(1),
        ),
        Mistake(
            "product of all slots",
            "You multiplied all slots together; the slots are multiplied in pairs, and the pairs are added up.",
            lambda V, ids, x: _xv(V, ids, x).prod(1),
        ),
        Mistake(
            "transposed",
            "The result is transposed: one row per example, shape (B, k).",
            lambda V, ids, x: _pool(V, ids, x).T,
        ),
        Mistake(
            "no values in the first part",
            "In the first part the values are missing: it is the square of the sum of x_i v_i.",
            lambda V, ids, x: 0.5 * ((V[ids]).sum(1) ** 2 - (_xv(V, ids, x) ** 2).sum(1)),
        ),
        Mistake(
            "neighbours only",
            "You paired each slot with the next one only: every i meets every later j.",
            lambda V, ids, x: (_xv(V, ids, x)[:, :-1] * _xv(V, ids, x)[:, 1:]).sum(1),
        ),
        Mistake(
            "negative values left out",
            "You left out slots with a negative value: only the value 0 marks padding.",
            lambda V, ids, x: _pool(V, ids, np.maximum(x, 0)),
        ),
        Mistake(
            "squares only",
            "You added up the squares, each slot with itself; the pairs i < j are asked.",
            lambda V, ids, x: (_xv(V, ids, x) ** 2).sum(1),
        ),
        Mistake(
            "half of the first part",
            "Only the square of the sum is halved; the 1/2 stands before the whole difference.",
            lambda V, ids, x: 0.5 * _xv(V, ids, x).sum(1) ** 2 - (_xv(V, ids, x) ** 2).sum(1),
        ),
        Mistake(
            "half of the second part",
            "Only the sum of the squares is halved; the 1/2 stands before the whole difference.",
            lambda V, ids, x: _xv(V, ids, x).sum(1) ** 2 - 0.5 * (_xv(V, ids, x) ** 2).sum(1),
        ),
        Mistake(
            "first slot only",
            "You paired the first slot with the others and stopped: every i meets every later j.",
            lambda V, ids, x: (_xv(V, ids, x)[:, :1] * _xv(V, ids, x)[:, 1:]).sum(1),
        ),
        Mistake(
            "last slot left out",
            "You left out the last slot; it is not always padding.",
            lambda V, ids, x: _pool(V, ids[:, :-1], x[:, :-1]),
        ),
        Mistake(
            "one value of two",
            "Only x_i of a pair is multiplied in; both vectors carry their value: x_i v_i and x_j v_j.",
            _one_value,
        ),
        Mistake(
            "product of the filled slots",
            "You multiplied all filled slots together; the slots are multiplied in pairs, and the pairs are added up.",
            lambda V, ids, x: np.where((x == 0)[..., None], 1, _xv(V, ids, x)).prod(1),
        ),
        Mistake(
            "one slot returned",
            "A slot alone has no pair: the result is 0, not x_i v_i.",
            lambda V, ids, x: _xv(V, ids, x)[:, 0] if ids.shape[1] == 1 else _pool(V, ids, x),
        ),
    ),
    hints=(
        "xv = V[ids] * values[..., None] has shape (B, S, k), zero where there is padding. Sum over the slots, axis 1.",
        "0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)), of shape (B, k): the sum over k does not belong here.",
    ),
)

# --- 4.2 ------------------------------------------------------------------------------------------------------


class Norm(nn.BatchNorm1d):
    """A batch norm as it stands after training, in eval mode."""

    def __init__(self, k: int, draw: Draw, dtype):
        super().__init__(k)
        with torch.no_grad():
            self.weight.copy_(draw.nonzero(k))
            self.bias.copy_(draw.nonzero(k))
            self.running_mean.copy_(draw.nonzero(k))
            self.running_var.copy_(draw.nonzero(k).abs())
        self.to(dtype).eval()
        self.told = f"a batch norm over {k} columns, in eval mode"


class FixedDropout(nn.Module):
    """A dropout that drops the same columns in every call, so that its place in the order can be seen."""

    def __init__(self, k: int, dtype):
        super().__init__()
        kept = torch.tensor([float(i % 2 == 0) for i in range(k)], dtype=dtype)
        self.register_buffer("scale", kept * 2)
        dropped = ", ".join(str(i) for i in range(1, k, 2)) or "none"
        self.told = f"a dropout (0.5) over {k} columns that drops column {dropped} and doubles the others"

    def forward(self, z):
        return z * self.scale if self.training else z


class BatchStatistics(nn.Module):
    """A batch norm in training mode that keeps no count, so that a call does not change it."""

    def __init__(self, k: int, draw: Draw, dtype):
        super().__init__()
        self.register_buffer("mean", draw.nonzero(k).to(dtype))
        self.register_buffer("std", draw.nonzero(k).abs().to(dtype))
        self.told = f"a batch norm over {k} columns, in training mode"

    def forward(self, z):
        if not self.training:
            return (z - self.mean) / self.std
        return (z - z.mean(0)) / (z.var(0, correction=0) + 1e-5).sqrt()


def _first_order_free(xv, norm, drop, mlp, h):
    return apply(mlp, apply(drop, apply(norm, _bi(xv)))) @ h


def _bi(xv):
    out = np.zeros((xv.shape[0], xv.shape[2]))
    for i in range(xv.shape[1]):
        for j in range(i + 1, xv.shape[1]):
            out += xv[:, i] * xv[:, j]
    return out


def _net(z, norm, drop, mlp):
    """Batch norm, dropout and hidden layers, in this order."""
    return apply(mlp, apply(drop, apply(norm, z)))


def _in_mode(training: bool):
    """What comes out with all parts switched to training mode, or to eval mode."""

    def wrong(a, xv, *parts_and_h):
        *parts, h = parts_and_h
        return a + _net(_bi(xv), *[copy.deepcopy(part).train(training) for part in parts]) @ h

    return wrong


def _normed_slots(a, xv, norm, drop, mlp, h):
    slots = apply(norm, xv.reshape(-1, xv.shape[2])).reshape(xv.shape)
    return a + apply(mlp, apply(drop, _bi(slots))) @ h


def _nfm(a, xv, norm, drop, mlp, h):
    return a + _first_order_free(xv, norm, drop, mlp, h)


def _nfm_cases():
    d = Draw(42)
    for rows, slots, k, hidden, dtype in (
        (1, 2, 2, 2, F64),
        (2, 2, 2, 2, F64),
        (1, 3, 2, 3, F32),
        (2, 3, 3, 3, F64),
        (3, 3, 1, 2, F64),
        (3, 1, 3, 3, F64),
        (4, 4, 3, 4, F32),
        (6, 5, 4, 4, F64),
        (3, 3, 2, 1, F64),
    ):
        mlp = set_weights(nn.Sequential(nn.Linear(k, hidden), nn.ReLU()), d).to(dtype).eval()
        with torch.no_grad():
            mlp[0].bias += 0.25
        yield Case(
            d.nonzero(rows, dtype=dtype),
            d.nonzero(rows, slots, k, dtype=dtype),
            Norm(k, d, dtype),
            FixedDropout(k, dtype),
            mlp,
            d.nonzero(hidden, dtype=dtype),
        )
    for rows, slots, k, hidden, last, norm in (
        (2, 2, 2, 3, nn.Tanh, Norm),
        (3, 3, 2, 2, nn.Identity, Norm),
        (4, 3, 2, 2, nn.ReLU, BatchStatistics),
        (5, 3, 3, 3, nn.Tanh, BatchStatistics),
    ):
        yield Case(
            d.nonzero(rows),
            d.nonzero(rows, slots, k),
            norm(k, d, F64),
            FixedDropout(k, F64),
            set_weights(nn.Sequential(nn.Linear(k, hidden), last()), d).double(),
            d.nonzero(hidden),
        )


def _sigmoid(y):
    return 1 / (1 + np.exp(-y))


CALLED_TWICE = Mistake(
    "called twice",
    "You called {name} {times} times; call each module once. In training a second call draws another mask, or "
    "counts a batch twice.",
)


def _called_once(candidate, first_order, xv, norm, drop, mlp, h):
    calls = dict.fromkeys(("norm", "drop", "mlp"), 0)

    def counted(name):
        def hook(*_):
            calls[name] += 1

        return hook

    for name, part in zip(calls, (norm, drop, mlp)):
        part.register_forward_hook(counted(name))
    result = candidate(first_order, xv, norm, drop, mlp, h)
    for name, times in calls.items():
        if times > 1:
            raise Fail(CALLED_TWICE.fault(name=name, times=times))
    return result


NFM_FORWARD = Code(
    id="4.2",
    title="NFM from its parts, in the paper's order",
    spec=r"""Write `nfm_forward(first_order, xv, norm, drop, mlp, h)`: the raw scores of NFM, put together from
given parts in the order of the authors' code: Bi-Interaction, batch norm, dropout, hidden layers, $h$; the
linear part is added at the end.

- `first_order`, shape `(B,)`: $w_0 + \sum_i w_i x_i$ of each row, already computed;
- `xv`, shape `(B, S, k)`: the vectors $x_i v_i$;
- `norm`, `drop`: modules from `(B, k)` to `(B, k)`; `mlp`: a module from `(B, k)` to `(B, H)`; `h`, shape
  `(H,)`.

All parts are float32 or all float64, $B \ge 1$, $S \ge 1$. Call each module once; they are in the mode they
should be in. Return shape `(B,)`. Leave the inputs unchanged.

Example: one row, `first_order = [1]`, `xv = [[[2], [3]]]`, modules that pass their input through and `h = [10]`
give $1 + 10 \cdot (2 \cdot 3) = 61$.""",
    stub='''def nfm_forward(first_order: Tensor, xv: Tensor, norm, drop, mlp, h: Tensor):
    """(B,), (B, S, k), three modules, (H,) -> (B,)"""
    return TODO''',
    cases=_nfm_cases,
    answer=_nfm,
    call=_called_once,
    mistakes=(
        CALLED_TWICE,
        Mistake(
            "dropout before batch norm",
            "You dropped before the batch norm: the order is Bi-Interaction, batch norm, dropout, hidden layers.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(norm, apply(drop, _bi(xv)))) @ h,
        ),
        Mistake(
            "no batch norm",
            "The batch norm after Bi-Interaction is missing.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(drop, _bi(xv))) @ h,
        ),
        Mistake(
            "no dropout",
            "The dropout after Bi-Interaction is missing.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(norm, _bi(xv))) @ h,
        ),
        Mistake(
            "no batch norm, no dropout",
            "The batch norm and the dropout after Bi-Interaction are missing.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, _bi(xv)) @ h,
        ),
        Mistake(
            "no linear part",
            "The linear part is missing: NFM keeps it beside the network.",
            lambda a, xv, norm, drop, mlp, h: _first_order_free(xv, norm, drop, mlp, h),
        ),
        Mistake(
            "hidden layers first",
            "You sent Bi-Interaction through the hidden layers before batch norm and dropout.",
            lambda a, xv, norm, drop, mlp, h: a + apply(drop, apply(norm, apply(mlp, _bi(xv)))) @ h,
        ),
        Mistake(
            "dropout after the hidden layers",
            "You dropped after the hidden layers; this dropout belongs between batch norm and hidden layers.",
            lambda a, xv, norm, drop, mlp, h: a + apply(drop, apply(mlp, apply(norm, _bi(xv)))) @ h,
        ),
        Mistake(
            "h left out",
            "You added up the hidden units; NFM takes their inner product with h.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(drop, apply(norm, _bi(xv)))).sum(1),
        ),
        Mistake(
            "no hidden layers",
            "The hidden layers are missing.",
            lambda a, xv, norm, drop, mlp, h: a + apply(drop, apply(norm, _bi(xv))) @ h,
        ),
        Mistake(
            "each pair twice",
            "In Bi-Interaction each pair counts twice: the 1/2 of the identity is missing.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(drop, apply(norm, 2 * _bi(xv)))) @ h,
        ),
        Mistake(
            "nothing subtracted",
            "In Bi-Interaction the sum of the squares is not subtracted.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(drop, apply(norm, 0.5 * xv.sum(1) ** 2))) @ h,
        ),
        Mistake(
            "no crossing",
            "You pooled the vectors by adding them up: nothing is crossed. Bi-Interaction multiplies them in pairs.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(drop, apply(norm, xv.sum(1)))) @ h,
        ),
        Mistake(
            "sigmoid",
            "You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.",
            lambda *parts: _sigmoid(_nfm(*parts)),
        ),
        Mistake(
            "FM's pairs added",
            "You added FM's pair term as well; NFM has the crossings in its network alone. (With both it would be a "
            "parallel model.)",
            lambda a, xv, *parts: _nfm(a, xv, *parts) + _bi(xv).sum(1),
        ),
        Mistake(
            "column",
            "You return one column, shape (B, 1); the scores have shape (B,).",
            lambda *parts: _nfm(*parts)[:, None],
            "z @ h has shape (B,) already; z @ h[:, None] has one axis more.",
        ),
        Mistake(
            "broadcast",
            "You added shapes (B,) and (B, 1), which broadcasts to (B, B).",
            lambda a, *parts: a + _first_order_free(*parts)[:, None],
            "z @ h has shape (B,) already; z @ h[:, None] has one axis more.",
        ),
        Mistake(
            "h not summed",
            "You multiplied by h without adding up: the inner product with h is one number per row.",
            lambda a, xv, norm, drop, mlp, h: a[:, None] + apply(mlp, apply(drop, apply(norm, _bi(xv)))) * h,
        ),
        Mistake(
            "linear part inside",
            "You added the linear part before h; it is added to the score at the end.",
            lambda a, xv, norm, drop, mlp, h: (apply(mlp, apply(drop, apply(norm, _bi(xv)))) + a[:, None]) @ h,
        ),
        Mistake(
            "activation after h",
            "You applied an activation after h; the score is linear in the last hidden layer.",
            lambda a, *parts: a + np.maximum(_first_order_free(*parts), 0),
        ),
        Mistake(
            "batch norm after the hidden layers",
            "You sent the hidden layers' output through the batch norm; it belongs right behind Bi-Interaction.",
            lambda a, xv, norm, drop, mlp, h: a + apply(norm, apply(mlp, apply(drop, _bi(xv)))) @ h,
        ),
        Mistake(
            "batch norm last",
            "Batch norm comes first, then dropout, then the hidden layers; you turned the order round.",
            lambda a, xv, norm, drop, mlp, h: a + apply(norm, apply(drop, apply(mlp, _bi(xv)))) @ h,
        ),
        Mistake(
            "batch norm before pooling",
            "You normalised the vectors x_i v_i; the batch norm comes behind Bi-Interaction.",
            _normed_slots,
        ),
        Mistake(
            "dropout before pooling",
            "You dropped entries of the vectors x_i v_i; the dropout comes behind Bi-Interaction and batch norm.",
            lambda a, xv, norm, drop, mlp, h: a + apply(mlp, apply(norm, _bi(apply(drop, xv)))) @ h,
        ),
        Mistake(
            "mean over h",
            "You took the mean over the hidden units; the inner product with h is a sum.",
            lambda a, xv, norm, drop, mlp, h: a + _first_order_free(xv, norm, drop, mlp, h) / len(h),
        ),
        Mistake(
            "mean of the hidden units",
            "You took the mean of the hidden units; NFM takes their inner product with h.",
            lambda a, xv, norm, drop, mlp, h: a + _net(_bi(xv), norm, drop, mlp).mean(1),
        ),
        Mistake(
            "sum times sum",
            "You multiplied the sum of the hidden units by the sum of h; multiply entry by entry, then add up.",
            lambda a, xv, norm, drop, mlp, h: a + _net(_bi(xv), norm, drop, mlp).sum(1) * h.sum(),
        ),
        Mistake(
            "activation at the end",
            "You applied an activation to the score; the raw score may be negative.",
            lambda a, xv, norm, drop, mlp, h: np.maximum(a + _first_order_free(xv, norm, drop, mlp, h), 0),
        ),
        Mistake(
            "another activation",
            "You applied another activation to the hidden layers' output; mlp holds its activations already.",
            lambda a, xv, norm, drop, mlp, h: a + np.maximum(_net(_bi(xv), norm, drop, mlp), 0) @ h,
        ),
        Mistake(
            "mean of the slots",
            "You pooled by the mean of the vectors: nothing is crossed. Bi-Interaction multiplies them in pairs.",
            lambda a, xv, norm, drop, mlp, h: a + _net(xv.mean(1), norm, drop, mlp) @ h,
        ),
        Mistake(
            "square of sum",
            "You pooled by the square of the sum; subtract the sum of the squares, then halve.",
            lambda a, xv, norm, drop, mlp, h: a + _net(xv.sum(1) ** 2, norm, drop, mlp) @ h,
        ),
        Mistake(
            "squares only",
            "You pooled by the sum of the squares, each vector with itself; Bi-Interaction takes the pairs i < j.",
            lambda a, xv, norm, drop, mlp, h: a + _net((xv**2).sum(1), norm, drop, mlp) @ h,
        ),
        Mistake(
            "product of all slots",
            "You multiplied all vectors together; Bi-Interaction multiplies them in pairs and adds the pairs up.",
            lambda a, xv, norm, drop, mlp, h: a + _net(xv.prod(1), norm, drop, mlp) @ h,
        ),
        Mistake(
            "linear part twice",
            "The linear part is added twice.",
            lambda a, xv, norm, drop, mlp, h: 2 * a + _first_order_free(xv, norm, drop, mlp, h),
        ),
        Mistake(
            "linear part summed",
            "You summed the linear parts of all rows; each row has its own.",
            lambda a, xv, norm, drop, mlp, h: a.sum() + _first_order_free(xv, norm, drop, mlp, h),
        ),
        Mistake(
            "linear part averaged",
            "You averaged the linear parts of all rows; each row has its own.",
            lambda a, xv, norm, drop, mlp, h: a.mean() + _first_order_free(xv, norm, drop, mlp, h),
        ),
        Mistake(
            "subtracted",
            "You subtracted the network's part; it is added to the linear part.",
            lambda a, xv, norm, drop, mlp, h: a - _first_order_free(xv, norm, drop, mlp, h),
        ),
        Mistake(
            "skip connection",
            "You added the input of the hidden layers to their output; NFM has no such shortcut.",
            lambda a, xv, norm, drop, mlp, h: (
                a + (_net(_bi(xv), norm, drop, mlp) + apply(drop, apply(norm, _bi(xv)))) @ h
            ),
        ),
        Mistake(
            "linear part into the network",
            "You sent the linear part through the network; it is added to the score at the end.",
            lambda a, xv, norm, drop, mlp, h: a * 0 + _net(_bi(xv) + a[:, None], norm, drop, mlp) @ h,
        ),
        Mistake(
            "FM",
            "This is FM: the crossings are summed, and batch norm, dropout, hidden layers and h are missing.",
            lambda a, xv, norm, drop, mlp, h: a + _bi(xv).sum(1),
        ),
        Mistake(
            "eval mode", "You switched the parts to eval mode; they are in the mode they should be in.", _in_mode(False)
        ),
        Mistake(
            "training mode",
            "You switched the parts to training mode; they are in the mode they should be in.",
            _in_mode(True),
        ),
    ),
    hints=(
        "Five steps in the order of the text; write the shape after each: (B, k), (B, k), (B, k), (B, H), (B,).",
        "z = 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)); z = drop(norm(z)); return first_order + mlp(z) @ h.",
    ),
)

# --- 4.3 ------------------------------------------------------------------------------------------------------

_STEPS, _RATE = 4, 0.05


def _fm_cases():
    for n, k, seed in ((3, 1, 0), (4, 2, 1), (7, 3, 2)):
        fm = FM(n, k=k, init_std=0.5, seed=seed)
        d = Draw(seed)
        with torch.no_grad():
            fm.linear.w0.copy_(torch.tensor(0.5))
            fm.linear.w.copy_(d.nonzero(n))
            fm.embedding.V.copy_(d.nonzero(n, k) / 2)
        fm.told = f"FM(n_features={n}, k={k}) with some weights"
        yield Case(fm)


def _fm_data(fm):
    n = fm.embedding.V.shape[0]
    d = Draw(43)
    ids, values = d.slots(n, 6, min(3, n - 1), 1, F32)
    return ids, values, d.nonzero(6, dtype=F32)


FM_MISTAKES = (
    Mistake(
        "FM itself",
        "Your model is an FM or holds one; the task is an NFM that computes the same.",
        hint="NFM(...) from nfm_tutorial.models, with arguments that switch off what FM does not have.",
    ),
    Mistake(
        "hidden layer",
        "Your NFM still has a hidden layer; without any, h is a vector of ones.",
        hint="NFM without hidden layers is NFM(..., hidden=()).",
    ),
    Mistake("batch norm", "Your NFM still has a batch norm after Bi-Interaction; FM has none."),
    Mistake("dropout", "Your NFM still has dropout, so it differs from the FM in training mode."),
    Mistake("linear part not copied", "The linear part was not copied: w0 and w are other ones than the FM's."),
    Mistake("w0 not copied", "w0 was not copied: all scores are off by the same amount."),
    Mistake("w not copied", "w was not copied: the linear part differs."),
    Mistake("V not copied", "V was not copied: the crossings are other ones than the FM's."),
    Mistake(
        "h not ones",
        "Your h is not a vector of ones: FM sums the k crossings.",
        hint="A mean over k would be h = 1/k.",
    ),
    Mistake(
        "trained h",
        "At first the scores agree, but not after training: your h is trained, and FM has no h to train.",
        hint="A tensor that the optimiser must not touch is a buffer (register_buffer), not a Parameter.",
    ),
    Mistake(
        "frozen",
        "After training the scores differ: something that the FM trains is not trained in your model.",
        hint="V, w and w0 must be parameters of the model; a copy of their numbers as plain tensors is not.",
    ),
    Mistake("no linear part", "The linear part is missing: w0 and the sum of w_i x_i belong to FM's score."),
    Mistake("each pair twice", "Each pair counts twice: the 1/2 of the identity is missing."),
    Mistake("mean over k", "You took the mean over the k crossings; FM sums them."),
    Mistake("no values", "x is missing in the crossings: the vectors that are multiplied are x_i v_i."),
    Mistake("no values in the linear part", "x is missing in the linear part: it is the sum of w_i x_i."),
    Mistake("sigmoid", "You applied the sigmoid; the FM gives out raw scores."),
    Mistake(
        "more trained",
        "At first the scores agree, but not after training: your model trains a number that the FM does not have.",
    ),
    Mistake("training mode", "In training mode your model does not give the FM's scores."),
    Mistake("eval mode", "Your model does not give the FM's scores."),
    Mistake("after training", "At first the scores agree, but not after training: the two models train differently."),
)
_differs = by_key(FM_MISTAKES)


def _behaviour(model, fm):
    """(3, 6): scores in training mode, in eval mode, and in eval mode after a few steps of gradient descent."""
    if isinstance(model, type) or not isinstance(model, nn.Module):
        hint = "Build an NFM, copy the weights into it, return it."
        raise Fail(Fault(f"The result is {describe_kind(model)}; a model is expected.", hint, key="kind"))
    if any(isinstance(module, FM) for module in model.modules()):  # also one inside another module
        raise Fail(_differs["FM itself"].fault())
    model = copy.deepcopy(model)
    untrained = copy.deepcopy(model)
    ids, values, target = _fm_data(fm)
    with torch.no_grad():
        rows = [_scores(model.train(), ids, values), _scores(model.eval(), ids, values)]
    trained = [p for p in model.parameters() if p.requires_grad]
    model.train()
    for _ in range(_STEPS if trained else 0):
        loss = (_scores(model, ids, values) - target).square().sum()
        gradients = torch.autograd.grad(loss, trained, allow_unused=True)
        with torch.no_grad():
            for parameter, gradient in zip(trained, gradients):
                if gradient is not None:
                    parameter -= _RATE * gradient
    with torch.no_grad():
        rows.append(_scores(model.eval(), ids, values))
    rows = torch.stack([row.detach().double() for row in rows])
    fault = _compare_with_fm(untrained, fm, rows.numpy())
    if fault:
        raise Fail(fault)
    return rows


def _compare_with_fm(model, fm, got):
    expected = _fm_behaviour(fm).numpy()
    off = [not (np.abs(g - e).max() <= 1e-3 * max(1, np.abs(e).max())) for g, e in zip(got, expected)]
    if not any(off):
        return None
    row = 1 if off[1] else off.index(True)
    when = ("in training mode", "in eval mode", f"after {_STEPS} training steps")[row]
    shown = [f"{when}: {', '.join(number_text(round(float(x), 4)) for x in r[row][:3])}, ..." for r in (expected, got)]
    return _differs[_why_different(model, fm, row, got[1])].fault(*shown)


def _why_different(model, fm, row, got) -> str:
    """The key of the mistake, read off the parts of an NFM as far as it has them."""
    if any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules()) and row == 0:
        return "dropout"
    if isinstance(model, NFM):
        if len(model.mlp):
            return "hidden layer"
        if not isinstance(model.norm_bi, nn.Identity):
            return "batch norm"
        same = {
            name: np.array_equal(to_array(a), to_array(b))
            for name, a, b in (
                ("w0", model.linear.w0, fm.linear.w0),
                ("w", model.linear.w, fm.linear.w),
                ("V", model.embedding.V, fm.embedding.V),
            )
        }
        if row == 1 and not (same["w0"] or same["w"]):
            return "linear part not copied"
        wrong = [name for name in ("w0", "w", "V") if not same[name]]
        if row == 1 and wrong:
            return f"{wrong[0]} not copied"
        if row == 1 and not bool((model.h == 1).all()):
            return "h not ones"
    if row == 1:
        return next((key for key, y in _near_misses(fm).items() if np.abs(got - y).max() <= 1e-3), "eval mode")
    if row == 2:
        # FM trains 1 + n + n k numbers: more means a trained h, fewer means something is frozen.
        count = sum(p.numel() for p in model.parameters() if p.requires_grad)
        wanted = sum(p.numel() for p in fm.parameters())
        wider = isinstance(model, NFM) and model.embedding.V.shape != fm.embedding.V.shape
        if count > wanted and (wider or sum(p.ndim == 0 for p in model.parameters() if p.requires_grad) > 1):
            return "more trained"
        return "trained h" if count > wanted else "frozen" if count < wanted else "after training"
    return "training mode" if row == 0 else "after training"


def _near_misses(fm) -> dict[str, np.ndarray]:
    """The scores that known mistakes in a module of one's own lead to."""
    ids, values, _ = (a.numpy() for a in _fm_data(fm))
    w0, w, V = (p.detach().double().numpy() for p in (fm.linear.w0, fm.linear.w, fm.embedding.V))
    linear, pairs = (w[ids] * values).sum(1), _bi(V[ids] * values[..., None])
    return {
        "w0 not copied": linear + pairs.sum(1),
        "w not copied": w0 + pairs.sum(1),
        "V not copied": w0 + linear,
        "no linear part": pairs.sum(1),
        "each pair twice": w0 + linear + 2 * pairs.sum(1),
        "mean over k": w0 + linear + pairs.mean(1),
        "no values": w0 + linear + _bi(V[ids]).sum(1),
        "no values in the linear part": w0 + w[ids].sum(1) + pairs.sum(1),
        "sigmoid": _sigmoid(w0 + linear + pairs.sum(1)),
    }


def _scores(model, ids, values):
    scores = model(ids, values)
    if not isinstance(scores, torch.Tensor) or scores.shape != (len(ids),):
        shape = tuple(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__
        raise Fail(Fault(f"Your model returns {shape} for 6 rows; scores of shape (6,) are expected.", key="shape"))
    return scores


def _fm_behaviour(fm):
    """The same three rows from FM's formula and its gradients, without any class of the package."""
    ids, values, target = _fm_data(fm)
    values, target = values.double(), target.double()
    w0, w, V = (p.detach().double().clone().requires_grad_() for p in (fm.linear.w0, fm.linear.w, fm.embedding.V))

    def scores():
        y = w0 + (w[ids] * values).sum(1)
        for s in range(ids.shape[1]):
            for t in range(s + 1, ids.shape[1]):
                y = y + (V[ids[:, s]] * V[ids[:, t]]).sum(1) * values[:, s] * values[:, t]
        return y

    before = scores().detach()
    for _ in range(_STEPS):
        grads = torch.autograd.grad((scores() - target).square().sum(), (w0, w, V))
        with torch.no_grad():
            for p, g in zip((w0, w, V), grads):
                p -= _RATE * g
    return torch.stack([before, before, scores().detach()])


AS_NFM = Code(
    id="4.3",
    title="An NFM that is an FM",
    spec=r"""Write `fm_as_nfm(fm)`: an NFM that computes exactly what a given FM computes, before training, and
that stays equal to it when both are trained with the same data and optimiser.

`fm` is an `FM` from `nfm_tutorial.models`; its weights are `fm.linear.w0` (shape `()`), `fm.linear.w` (shape
`(n,)`) and `fm.embedding.V` (shape `(n, k)`). Return a model that is called as `model(ids, values)`: an `NFM`
from `nfm_tutorial.models` with suitable arguments and the same weights, or a module of your own (but no `FM`).
Leave `fm` unchanged.

Example: for `fm = FM(n_features=4, k=2)` the models `fm` and `fm_as_nfm(fm)` give the same scores for every
row, in training mode and in eval mode.""",
    stub='''def fm_as_nfm(fm: FM) -> nn.Module:
    """an FM -> an NFM with the same scores"""
    return TODO''',
    cases=_fm_cases,
    answer=_fm_behaviour,
    observe=_behaviour,
    factory=True,
    tolerance=1e-3,
    mistakes=FM_MISTAKES,
    hints=(
        "Which arguments of NFM switch off hidden layers, batch norm and dropout? Then copy three tensors.",
        "nfm = NFM(n, k=k, hidden=()); nfm.load_state_dict(fm.state_dict(), strict=False), or copy_ under "
        "torch.no_grad().",
    ),
)

# --- 4.4, 4.5, 4.6 --------------------------------------------------------------------------------------------


def _bi_by_hand():
    x, v = (1, 2, -1), ((1, 3), (1, -1), (0, 2))
    xv = np.array([[a * b for b in row] for a, row in zip(x, v)], dtype=float)
    return _bi(xv[None])[0]


BI_BY_HAND = Value(
    id="4.4",
    title="Bi-Interaction by hand",
    kind="pencil and paper",
    spec=r"""Work out $f_{BI}$ for $x = (1, 2, -1)$ and $v_1 = (1, 3)$, $v_2 = (1, -1)$, $v_3 = (0, 2)$ with
pencil and paper, once pair by pair and once by the identity. Answer with the two entries, such as `(0, 1)`.""",
    stub="answer = TODO  # two numbers, as in (0, 1)",
    answer=_bi_by_hand,
    hints=(
        "Write down the three vectors x_i v_i first. Then each entry on its own: the sum of the products over the "
        "three pairs.",
        "The vectors x_i v_i are (1, 3), (2, -2) and (0, -2). Their sum is (3, -1); their squares add up to (5, 17).",
    ),
    wrong=(
        (-6.0, "This is the sum of the two entries: FM's pair term. Bi-Interaction keeps the entries apart."),
        ((4.0, -16.0), "Each pair counts twice: the 1/2 of the identity is missing."),
        ((1.0, 1.0), "You left x out: the vectors that are multiplied are x_i v_i."),
        ((2.0, -4.0), "x_3 is -1, and its sign is lost: x_3 v_3 is (0, -2)."),
        ((4.5, 0.5), "You took half the square of the sum; the sum of the squares must be subtracted first."),
        ((9.0, 1.0), "This is the square of the sum; subtract the sum of the squares, then halve."),
        ((7.0, 9.0), "You added the sum of the squares; it must be subtracted."),
        ((-2.0, 8.0), "You subtracted the wrong way round: square of the sum minus sum of the squares."),
        ((-8.0, 2.0), "The two entries are exchanged."),
        ((3.0, -1.0), "This is the sum of the vectors; nothing is crossed yet."),
        ((3.0, -3.0), "Check the squares: x_i is squared as well, (x_i v_i)^2."),
        ((5.0, 17.0), "These are the sums of the squares; they are subtracted from the square of the sum."),
        ((3.5, -6.5), "x is missing in the sum of the squares: it is the sum of (x_i v_i)^2."),
        ((-0.5, -16.5), "Only the square of the sum is halved; the 1/2 stands before the whole difference."),
        ((2.0, -6.0), "This is the pair of v_1 and v_2 alone; there are three pairs."),
        ((2.0, -12.0), "The pair of v_2 and v_3 is missing."),
        ((2.0, -2.0), "The pair of v_1 and v_3 is missing."),
        ((0.0, -2.0), "The pair of v_1 and v_2 is missing."),
        ((2 / 3, -8 / 3), "You took the mean over the three pairs; they are added up."),
        ((0.0, 12.0), "You multiplied all three vectors; they are multiplied in pairs, and the pairs are added."),
    ),
    fallback="This is not f_BI; compare pair by pair with the identity.",
)

HIDDEN_VECTORS = Choice(
    id="4.5",
    title="Where the hidden vectors come from",
    spec=r"""How do the hidden vectors $v_i$ of FM and those of NFM come about?""",
    choices=(
        (
            "FM's are found by factorising the table of ratings beforehand; NFM's are found by a neural network.",
            "Neither is found beforehand: both models start from random vectors and train them together with "
            "everything "
            "else.",
        ),
        (
            "FM's are trained; NFM's are the output of its hidden layers.",
            "NFM's hidden layers read the pooled crossings of the v_i; they do not produce the v_i.",
        ),
        (
            "They are the same vectors: train an FM, and its V is what NFM would learn.",
            "The gradient of v_i passes through the MLP in NFM, so its vectors become other ones; starting from "
            "FM's is "
            "possible but not the same as ending there.",
        ),
        (
            "Both are rows of a table that gradient descent trains end to end. What differs is what reads the "
            "crossings: FM adds up "
            "the k entries, NFM hands the k-vector to an MLP.",
            "",
        ),
    ),
    hints=(
        "Compare the two models' code: where is V made, and which line differs?",
        "In both models V is an nn.Parameter that starts at random. Look at what happens after f_BI.",
    ),
)

TRAINED_H = Choice(
    id="4.6",
    title="What a trained h changes",
    spec=r"""You take an NFM without hidden layers, batch norm and dropout, and let $h$ be trained, starting
from ones. What has changed, compared with FM at the same $k$?""",
    choices=(
        (
            "The pair weights are now $V \\mathrm{diag}(h) V^T$, which may have negative eigenvalues: with $k < n - 1$ "
            "the model can express more than FM.",
            "",
        ),
        (
            "Nothing: $h$ can always be absorbed into $V$ by rescaling its columns.",
            "That needs the square root of each h_f; where h_f is negative there is none. With k = 1 and h = -1 three "
            "pair weights can be negative; no V of FM does that.",
        ),
        (
            "Nothing, as $h$ starts at ones.",
            "Training moves h away from ones with its first step.",
        ),
        (
            "It can now express crossings of three features.",
            "h multiplies the entries of f_BI and adds them up: every term still has two features.",
        ),
    ),
    hints=(
        "Write the pair weight of features i and j as a sum over f with h_f in it.",
        "Take k = 1 and h = -1: can FM with k = 1 have three negative pair weights among three features?",
    ),
)

EXERCISES = (MULTI_POOL, NFM_FORWARD, AS_NFM, BI_BY_HAND, HIDDEN_VECTORS, TRAINED_H)
