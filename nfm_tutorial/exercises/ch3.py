"""Exercises of chapter 3: serial and parallel fusion."""

from __future__ import annotations

import re

import numpy as np
import torch
from torch import nn

from .declare import Case, Choice, Code, Mistake, Value
from .draw import F32, F64, Draw

# --- 3.1 ------------------------------------------------------------------------------------------------------


def apply(module: nn.Module, array: np.ndarray) -> np.ndarray:
    """What a module in float64 makes of an array."""
    with torch.no_grad():
        return module(torch.from_numpy(np.ascontiguousarray(array))).numpy()


def set_weights(module: nn.Module, draw: Draw) -> nn.Module:
    """Short weights from the fixed seed, so that every machine checks with the same ones."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(draw.nonzero(*parameter.shape, dtype=F64) / 2)
    return module


def _crossings(xv):
    """(B, k): the sum over pairs of slots, by loops."""
    out = np.zeros((xv.shape[0], xv.shape[2]))
    for i in range(xv.shape[1]):
        for j in range(i + 1, xv.shape[1]):
            out += xv[:, i] * xv[:, j]
    return out


def _dnn(xv, mlp, out):
    return apply(out, apply(mlp, xv.reshape(len(xv), -1)))[:, 0]


def _deepfm(first_order, xv, mlp, out):
    return first_order + _crossings(xv).sum(1) + _dnn(xv, mlp, out)


def _deepfm_cases():
    d = Draw(31)
    # Not every mlp ends in a ReLU, so that one ReLU too many shows.
    for rows, fields, k, hidden, dtype, end in (
        (1, 2, 1, 2, F64, nn.ReLU),
        (1, 1, 2, 2, F64, nn.ReLU),
        (1, 2, 2, 3, F32, nn.Tanh),
        (2, 2, 1, 2, F64, nn.ReLU),
        (2, 3, 2, 3, F64, nn.Tanh),
        (3, 2, 3, 4, F32, nn.ReLU),
        (3, 3, 3, 2, F64, nn.Tanh),
        (5, 4, 2, 6, F64, nn.ReLU),
        (8, 5, 4, 5, F32, nn.Tanh),
    ):
        mlp = set_weights(nn.Sequential(nn.Linear(fields * k, hidden), end()), d).to(dtype)
        out = set_weights(nn.Linear(hidden, 1, bias=False), d).to(dtype)
        yield Case(d.nonzero(rows, dtype=dtype), d.nonzero(rows, fields, k, dtype=dtype), mlp.eval(), out.eval())


def _sigmoid(y):
    return 1 / (1 + np.exp(-y))


def _fm(first_order, xv):
    return first_order + _crossings(xv).sum(1)


def _with_pairs(pairs):
    """DeepFM with another pair term: xv -> (B,)."""
    return lambda a, xv, mlp, out: a + pairs(xv) + _dnn(xv, mlp, out)


def _with_dnn(dnn):
    """DeepFM with another DNN branch."""
    return lambda a, xv, mlp, out: _fm(a, xv) + dnn(xv, mlp, out)


DEEPFM = Code(
    id="3.1",
    title="DeepFM from its parts",
    spec=r"""Write `deepfm_forward(first_order, xv, mlp, out)`: the raw scores (logits) of DeepFM, put together
from given parts.

- `first_order`, shape `(B,)`: $w_0 + \sum_i w_i x_i$ of each row, already computed;
- `xv`, shape `(B, F, k)`: the vectors $x_i v_i$, one per field;
- `mlp`: a module from `(B, F*k)` to `(B, H)`; it reads the vectors of a row side by side: first all of field 0,
  then all of field 1;
- `out`: a module from `(B, H)` to `(B, 1)`.

Both branches read the same `xv`, and their logits are added. All parts are float32 or all float64; $B \ge 1$,
$F \ge 1$. Return shape `(B,)`. Leave the inputs unchanged.

Example: with one row, `first_order = [1]`, `xv = [[[2], [3]]]`, an `mlp` that passes its input through and an
`out` that adds its inputs, the score is $1 + 2 \cdot 3 + (2 + 3) = 12$.""",
    stub='''def deepfm_forward(first_order: Tensor, xv: Tensor, mlp: nn.Module, out: nn.Module):
    """(B,), (B, F, k), two modules -> (B,)"""
    return TODO''',
    cases=_deepfm_cases,
    answer=_deepfm,
    mistakes=(
        Mistake(
            "sigmoid",
            "You applied the sigmoid: the raw score is asked; the loss applies the sigmoid.",
            lambda a, xv, mlp, out: _sigmoid(_deepfm(a, xv, mlp, out)),
        ),
        Mistake(
            "sum of sigmoids",
            "You applied a sigmoid to each branch; the logits of the two branches are added as they are.",
            lambda a, xv, mlp, out: _sigmoid(a + _crossings(xv).sum(1)) + _sigmoid(_dnn(xv, mlp, out)),
        ),
        Mistake(
            "sigmoid on the DNN",
            "You applied the sigmoid to the DNN branch; the logits of the two branches are added as they are.",
            _with_dnn(lambda xv, mlp, out: _sigmoid(_dnn(xv, mlp, out))),
        ),
        Mistake(
            "sigmoid on the FM",
            "You applied the sigmoid to the FM branch; the logits of the two branches are added as they are.",
            lambda a, xv, mlp, out: _sigmoid(_fm(a, xv)) + _dnn(xv, mlp, out),
        ),
        Mistake(
            "mean of sigmoids",
            "You averaged two probabilities; DeepFM adds the logits of the two branches.",
            lambda a, xv, mlp, out: (_sigmoid(_fm(a, xv)) + _sigmoid(_dnn(xv, mlp, out))) / 2,
        ),
        Mistake(
            "ReLU on the DNN's logit",
            "You applied a ReLU to the DNN's logit; a logit may be negative.",
            _with_dnn(lambda xv, mlp, out: np.maximum(_dnn(xv, mlp, out), 0)),
        ),
        Mistake(
            "tanh on the DNN's logit",
            "You applied tanh to the DNN's logit; the logits of the two branches are added as they are.",
            _with_dnn(lambda xv, mlp, out: np.tanh(_dnn(xv, mlp, out))),
        ),
        Mistake(
            "one ReLU too many",
            "You put a ReLU between mlp and out; mlp has its activations in it.",
            _with_dnn(lambda xv, mlp, out: apply(out, np.maximum(apply(mlp, xv.reshape(len(xv), -1)), 0))[:, 0]),
            "An mlp that ends in tanh hands on negative numbers as well.",
        ),
        Mistake(
            "out not used",
            "You added up what mlp gives; out makes the logit of it, with weights of its own.",
            _with_dnn(lambda xv, mlp, out: apply(mlp, xv.reshape(len(xv), -1)).sum(1)),
        ),
        Mistake(
            "DNN summed over the batch",
            "You summed the DNN's logits over the batch: each row has one of its own.",
            _with_dnn(lambda xv, mlp, out: _dnn(xv, mlp, out).sum()),
        ),
        Mistake(
            "DNN subtracted",
            "You subtracted the DNN's logit; the logits of the two branches are added.",
            _with_dnn(lambda xv, mlp, out: -_dnn(xv, mlp, out)),
        ),
        Mistake(
            "wrong axis",
            "In the FM branch you summed over k before squaring; sum over the fields, axis 1 of (B, F, k).",
            _with_pairs(lambda xv: 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2)).sum(1)),
            "Which axis of xv counts the fields?",
        ),
        Mistake(
            "pairs over the batch",
            "In the FM branch you summed over the rows of the batch; sum over the fields, axis 1 of (B, F, k).",
            _with_pairs(lambda xv: 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()),
            "Which axis of xv counts the fields?",
        ),
        Mistake(
            "pair term subtracted",
            "The pair term has the wrong sign: it is half of (the square of the sum minus the sum of the squares).",
            _with_pairs(lambda xv: -_crossings(xv).sum(1)),
        ),
        Mistake(
            "half of the first part",
            "In the FM branch the 1/2 belongs to the whole difference, not to one of its two parts.",
            _with_pairs(lambda xv: (0.5 * xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)),
        ),
        Mistake(
            "squares added",
            "In the FM branch you added the sum of the squares; it is subtracted.",
            _with_pairs(lambda xv: 0.5 * (xv.sum(1) ** 2 + (xv**2).sum(1)).sum(1)),
        ),
        Mistake(
            "vectors added up",
            "In the FM branch you added up the entries of the vectors; the pair term multiplies two fields.",
            _with_pairs(lambda xv: xv.sum((1, 2))),
        ),
        Mistake(
            "product of all fields",
            "In the FM branch you multiplied all fields; the pair term takes two at a time.",
            _with_pairs(lambda xv: xv.prod(1).sum(1)),
        ),
        Mistake(
            "neighbours only",
            "In the FM branch you paired each field with the next one only: every field meets every later one.",
            _with_pairs(lambda xv: (xv[:, :-1] * xv[:, 1:]).sum((1, 2))),
        ),
        Mistake(
            "no pair term",
            "The pair term of the FM branch is missing.",
            lambda a, xv, mlp, out: a + _dnn(xv, mlp, out),
        ),
        Mistake(
            "no linear part",
            "The first-order part is missing; it belongs to the FM branch.",
            lambda a, xv, mlp, out: _deepfm(0 * a, xv, mlp, out),
        ),
        Mistake(
            "no DNN", "This is FM alone: the DNN branch is missing.", lambda a, xv, mlp, out: a + _crossings(xv).sum(1)
        ),
        Mistake("DNN alone", "This is the DNN branch alone.", lambda a, xv, mlp, out: _dnn(xv, mlp, out)),
        Mistake(
            "linear part twice",
            "You added the first-order part twice.",
            lambda a, xv, mlp, out: a + _deepfm(a, xv, mlp, out),
        ),
        Mistake(
            "each pair twice",
            "In the FM branch each pair counts twice: the 1/2 of the identity is missing.",
            lambda a, xv, mlp, out: _deepfm(a, xv, mlp, out) + _crossings(xv).sum(1),
        ),
        Mistake(
            "nothing subtracted",
            "In the FM branch the sum of the squares is not subtracted.",
            lambda a, xv, mlp, out: a + 0.5 * (xv.sum(1) ** 2).sum(1) + _dnn(xv, mlp, out),
        ),
        Mistake(
            "mean over k",
            "In the FM branch you took the mean over k: FM sums the k entries.",
            lambda a, xv, mlp, out: a + _crossings(xv).mean(1) + _dnn(xv, mlp, out),
        ),
        Mistake(
            "flattened pair term",
            "In the FM branch you flattened before summing, so entry 1 of one field meets entry 2 of another.",
            lambda a, xv, mlp, out: a + 0.5 * (xv.sum((1, 2)) ** 2 - (xv**2).sum((1, 2))) + _dnn(xv, mlp, out),
        ),
        Mistake(
            "averaged",
            "You averaged the two branches; DeepFM adds their logits.",
            lambda a, xv, mlp, out: _deepfm(a, xv, mlp, out) / 2,
        ),
        Mistake(
            "multiplied",
            "You multiplied the two branches; DeepFM adds their logits.",
            lambda a, xv, mlp, out: (a + _crossings(xv).sum(1)) * _dnn(xv, mlp, out),
        ),
        Mistake(
            "order of the columns",
            "The DNN reads the columns in another order: first all k entries of field 0, then all of field 1.",
            lambda a, xv, mlp, out: (
                _deepfm(a, xv, mlp, out) - _dnn(xv, mlp, out) + _dnn(xv.transpose(0, 2, 1), mlp, out)
            ),
        ),
        Mistake(
            "column",
            "You return one column, shape (B, 1); the scores have shape (B,). Compared with labels of shape (B,) a "
            "column would broadcast to (B, B).",
            lambda a, xv, mlp, out: _deepfm(a, xv, mlp, out)[:, None],
            "out(...) has shape (B, 1): drop that axis with squeeze(1).",
        ),
        Mistake(
            "broadcast",
            "You added shapes (B,) and (B, 1), which broadcasts to (B, B): every row's FM part meets every row's DNN "
            "part.",
            lambda a, xv, mlp, out: (a + _crossings(xv).sum(1)) + _dnn(xv, mlp, out)[:, None],
            "out(...) has shape (B, 1): drop that axis with squeeze(1) before adding.",
        ),
        Mistake(
            "not summed over k",
            "In the FM branch you did not sum over k: FM's pair term is one number per row.",
            lambda a, xv, mlp, out: a[:, None] + _crossings(xv) + _dnn(xv, mlp, out)[:, None],
        ),
    ),
    hints=(
        "Three terms of shape (B,): the first-order part, the pair term summed over k, and out(mlp(...)) without its "
        "last axis.",
        "pairs = 0.5 * (xv.sum(1) ** 2 - (xv ** 2).sum(1)).sum(1); deep = out(mlp(xv.flatten(1))).squeeze(1).",
    ),
)

# --- 3.2 ------------------------------------------------------------------------------------------------------


def _concat(xv, field_of_slot, n_fields):
    rows, _, k = xv.shape
    out = np.zeros((rows, n_fields, k))
    for s, f in enumerate(field_of_slot):
        out[:, int(f)] += xv[:, s]
    return out.reshape(rows, n_fields * k)


def _concat_mean(xv, field_of_slot, n_fields):
    rows, _, k = xv.shape
    counts = np.maximum(np.bincount(field_of_slot, minlength=n_fields), 1)
    return (_concat(xv, field_of_slot, n_fields).reshape(rows, n_fields, k) / counts[:, None]).reshape(rows, -1)


def _concat_root(xv, field_of_slot, n_fields):
    counts = np.maximum(np.bincount(field_of_slot, minlength=n_fields), 1)
    return _concat(xv, field_of_slot, n_fields) / np.repeat(counts**0.5, xv.shape[2])


def _by_appearance(xv, field_of_slot, n_fields):
    order = list(dict.fromkeys([*field_of_slot.tolist(), *range(n_fields)]))
    return np.concatenate([xv[:, field_of_slot == f].sum(1) for f in order], axis=1)


def _concat_one(xv, field_of_slot, n_fields, last=True):
    rows, _, k = xv.shape
    out, filled = np.zeros((rows, n_fields, k)), set()
    for s, f in enumerate(field_of_slot):
        if last or int(f) not in filled:
            out[:, int(f)] = xv[:, s]
        filled.add(int(f))
    return out.reshape(rows, -1)


def _concat_cases():
    d = Draw(32)
    for rows, k, fields, n_fields, dtype in (
        (1, 1, [0], 1, F64),
        (1, 2, [0, 1], 2, F64),
        (1, 2, [0, 0], 1, F32),
        (1, 2, [0, 1, 1], 2, F64),
        (2, 2, [0, 1, 1, 1, 2], 3, F64),
        (2, 3, [0, 0, 1], 2, F32),
        (3, 1, [0, 1, 1, 2, 2], 3, F64),
        (1, 2, [1, 0], 2, F64),
        (3, 3, [1, 0, 2, 0], 3, F64),
        (2, 2, [0, 2], 5, F64),
        (6, 4, [0, 1, 2, 2, 2, 3, 4], 5, F32),
        (1, 2, [1], 3, F64),
    ):
        yield Case(d.nonzero(rows, len(fields), k, dtype=dtype), torch.tensor(fields), n_fields)


CONCAT = Code(
    id="3.2",
    title="What DeepFM's network reads when a movie has several genres",
    spec=r"""DeepFM's DNN has one place of width $k$ per *field*, but a row has one vector per *slot*, and
several slots can belong to one field (three genres). Write `concat_fields(xv, field_of_slot, n_fields)`: add up
the vectors of the slots that belong to one field, then put the fields side by side, field 0 first.

`xv` is `(B, S, k)`, float32 or float64, the vectors $x_i v_i$ (zero for padding); `field_of_slot` is `(S,)`
int64, from 0 to `n_fields - 1`, in any order. A field without a slot is zero. $B \ge 1$, $S \ge 1$. Return
shape `(B, n_fields * k)`. Leave the inputs unchanged.

Example: `xv = [[[1, 2], [3, 4], [5, 6]]]`, `field_of_slot = [0, 1, 1]`, `n_fields = 2` give `[[1, 2, 8, 10]]`.""",
    stub='''def concat_fields(xv: Tensor, field_of_slot: Tensor, n_fields: int):
    """(B, S, k), (S,) int64 -> (B, n_fields * k)"""
    return TODO''',
    cases=_concat_cases,
    answer=_concat,
    mistakes=(
        Mistake(
            "mean",
            "You took the mean over the slots of a field; add them up (the 1/sqrt(number) is in x already).",
            _concat_mean,
        ),
        Mistake(
            "divided by the root",
            "You divided by the square root of the number of slots; that factor is in x already, so just add.",
            _concat_root,
        ),
        Mistake(
            "divided by all slots",
            "You divided by the number of slots S; just add the slots of a field.",
            lambda xv, f, n: _concat(xv, f, n) / xv.shape[1],
        ),
        Mistake(
            "product",
            "You multiplied the slots of a field; add them up.",
            lambda xv, f, n: np.concatenate(
                [xv[:, f == g].prod(1) if (f == g).any() else 0 * xv[:, 0] for g in range(n)], axis=1
            ),
        ),
        Mistake(
            "empty fields left out",
            "A field without a slot keeps its place: k zeros.",
            lambda xv, f, n: np.concatenate([xv[:, f == g].sum(1) for g in np.unique(f)], axis=1),
            "The number of places is n_fields, whatever field_of_slot holds.",
        ),
        Mistake(
            "empty fields at the end",
            "The zeros of a field without a slot stand at its own place, not at the end.",
            lambda xv, f, n: np.concatenate(
                [xv[:, f == g].sum(1) for g in np.unique(f)] + [0 * xv[:, 0]] * (n - len(np.unique(f))), axis=1
            ),
        ),
        Mistake(
            "last fields left out",
            "You took the number of fields from field_of_slot; there are n_fields places, also where the last ones are "
            "empty.",
            lambda xv, f, n: _concat(xv, f, int(f.max()) + 1),
        ),
        Mistake(
            "as many fields as occur",
            "You took as many fields as occur in field_of_slot; there are n_fields places, also where some are empty.",
            lambda xv, f, n: np.concatenate([xv[:, f == g].sum(1) for g in range(len(np.unique(f)))], axis=1),
        ),
        Mistake(
            "order of appearance",
            "You put the fields in the order in which they occur in field_of_slot; field 0 comes first.",
            _by_appearance,
        ),
        Mistake(
            "slots taken as sorted",
            "You took the slots as sorted by field; field_of_slot may come in any order.",
            lambda xv, f, n: _concat(xv, np.sort(f), n),
        ),
        Mistake(
            "counted from one",
            "You counted the fields from 1: they are 0 to n_fields - 1.",
            lambda xv, f, n: np.concatenate([xv[:, f == g].sum(1) for g in range(1, n + 1)], axis=1),
        ),
        Mistake(
            "first slots",
            "You took the first n_fields slots; field_of_slot says which slots belong to a field.",
            lambda xv, f, n: xv[:, :n].reshape(len(xv), -1),
        ),
        Mistake(
            "all slots everywhere",
            "You put the sum of all slots at every place; each field gets its own slots only.",
            lambda xv, f, n: np.tile(xv.sum(1), (1, n)),
        ),
        Mistake(
            "summed over k",
            "You summed over k: each field keeps a place of width k.",
            lambda xv, f, n: _concat(xv, f, n).reshape(len(xv), n, -1).sum(2),
        ),
        Mistake(
            "summed over the batch",
            "You summed over the batch: each row keeps its own numbers.",
            lambda xv, f, n: _concat(xv, f, n).sum(0),
        ),
        Mistake(
            "last slot only",
            "Only the last slot of each field is left: assigning overwrites the earlier ones; add instead.",
            _concat_one,
            "Note that out[:, field_of_slot] += xv adds only once per field, too; use index_add or a loop.",
        ),
        Mistake(
            "first slot only",
            "Only the first slot of each field is used: add all slots of a field.",
            lambda xv, f, n: _concat_one(xv, f, n, last=False),
        ),
        Mistake(
            "every slot side by side",
            "You put every slot side by side, S * k wide; slots of one field are added first.",
            lambda xv, f, n: xv.reshape(len(xv), -1),
        ),
        Mistake(
            "not flattened",
            "You return shape (B, n_fields, k); put the fields side by side, shape (B, n_fields * k).",
            lambda xv, f, n: _concat(xv, f, n).reshape(len(xv), n, -1),
        ),
        Mistake(
            "order of the columns",
            "The columns are in another order: first all k entries of field 0, then all of field 1.",
            lambda xv, f, n: _concat(xv, f, n).reshape(len(xv), n, -1).transpose(0, 2, 1).reshape(len(xv), -1),
        ),
        Mistake(
            "summed over fields",
            "You added all slots to one vector: fields keep places of their own.",
            lambda xv, f, n: xv.sum(1),
        ),
        Mistake(
            "maximum",
            "You took the maximum over the slots of a field; add them up.",
            lambda xv, f, n: np.concatenate(
                [xv[:, f == g].max(1) if (f == g).any() else 0 * xv[:, 0] for g in range(n)], axis=1
            ),
        ),
    ),
    hints=(
        "Start from zeros of shape (B, n_fields, k) and add every slot to its field; flatten at the end.",
        "xv.new_zeros(B, n_fields, k).index_add(1, field_of_slot, xv).flatten(1); a loop over the slots does as well.",
    ),
)

# --- 3.3, 3.4 -------------------------------------------------------------------------------------------------


def _n_parameters(n=1000, fields=5, k=8, hidden=16) -> int:
    return 1 + n + n * k + (fields * k * hidden + hidden) + hidden


class _WholeNumber(Value):
    """Reads "9,672" as 9672: no whole number needs a decimal comma."""

    def examine(self, candidate):
        if isinstance(candidate, str) and re.fullmatch(r"\s*\d{1,3}([,.']\d{3})+\s*", candidate):
            candidate = re.sub(r"[,.']", "", candidate)
        return super().examine(candidate)


PARAMETERS = _WholeNumber(
    id="3.3",
    title="Count DeepFM's parameters",
    kind="pencil and paper",
    spec=r"""A DeepFM has $n = 1000$ features in 5 fields and $k = 8$. Its DNN reads the 5 embeddings side by
side, has one hidden layer of 16 units with biases, and an output layer without a bias. Both branches read one
$V$. How many numbers are trained? Don't forget $w_0$ and $w$.""",
    stub="answer = TODO  # a whole number",
    answer=_n_parameters,
    hints=(
        "Four groups: w_0 and w; V; the hidden layer's weights and biases; the output layer's weights.",
        "V has 1000 times 8 entries. The hidden layer reads 5 times 8 numbers. The output layer has 16 weights.",
    ),
    wrong=(
        (_n_parameters() + 8000, "You counted V twice: the two branches share one table."),
        (
            _n_parameters() - 16,
            "The biases of the hidden layer, or the weights of the output layer, are missing: 16 each.",
        ),
        (_n_parameters() + 1, "You gave the output layer a bias; here it has none."),
        (_n_parameters() - 1, "w_0 is missing."),
        (_n_parameters() - 1000, "The first-order weights w are missing: one per feature."),
        (_n_parameters() - 1001, "The first-order part is missing: w_0, and one w per feature."),
        (
            _n_parameters() - 4 * 8 * 16,
            "Your hidden layer reads k = 8 numbers, as in NFM; DeepFM's reads the 5 fields side by side.",
        ),
        (_n_parameters() - 8000, "The table V is missing."),
        (_n_parameters() - 32, "The hidden layer has biases, and the output layer has weights: 16 each."),
        (
            _n_parameters() - 15,
            "You gave the output layer a bias and the hidden layer none; it is the other way round.",
        ),
        (_n_parameters() - 17, "w_0 is missing, and so are 16 numbers of the DNN: biases or output weights."),
        (_n_parameters() + 24, "The hidden layer has one bias per unit, 16, not one per number that it reads."),
        (_n_parameters() + 10, "FM has no weight per pair of fields: a pair weight is an inner product of rows of V."),
        (9001, "This is FM alone: w_0, w and V. The DNN is missing."),
        (672, "This is the DNN alone: w_0, w and V are missing."),
        (_n_parameters() + 4 * 8000, "V has one row per feature; the 5 fields share its 1000 rows."),
        (_n_parameters() - 995, "w has one weight per feature, not one per field."),
        (_n_parameters() / 1000, "Python reads a point as the decimal point: write the number without it."),
        (
            divmod(_n_parameters(), 1000),
            "Python reads a comma between two numbers as a pair: write the number without it.",
        ),
    ),
    fallback="This is not the number; count the four groups one by one.",
)

SHARED_V = Choice(
    id="3.4",
    title="The gradient that reaches V",
    spec=r"""In DeepFM both branches read one table $V$, and their logits are added. Which gradient does
back-propagation put on a row $v_i$?""",
    choices=(
        (
            "The mean of the two gradients, one from each branch.",
            "Nothing divides by two: y is the sum of the branches, and the derivative of a sum is the sum of the "
            "derivatives.",
        ),
        ("The sum of the two gradients, one from each branch.", ""),
        (
            "The FM branch's alone: the DNN reads a concatenation, which is a copy.",
            "A concatenation copies numbers, but gradients flow back through it to the entries they came from.",
        ),
        (
            "None of the two as such: V keeps one gradient per branch, and the optimiser takes turns.",
            "A parameter has one gradient; what arrives from several uses is added up there.",
        ),
    ),
    hints=(
        "y is a sum of two functions of v_i. What is the derivative of a sum?",
        "In PyTorch, what does backward() do with a tensor that was used twice: replace .grad, or add to it?",
    ),
)

EXERCISES = (DEEPFM, CONCAT, PARAMETERS, SHARED_V)
