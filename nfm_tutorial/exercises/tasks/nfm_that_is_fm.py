"""An NFM that is an FM."""

from __future__ import annotations

import copy
import itertools

import torch
from torch import nn

from ...layers import bi_interaction
from ...models import FM, NFM
from ..draw import F32, Draw
from ..exercise import Case, Exercise, Found
from ..language import mark, say
from ..values import array_text, close, describe_kind, same_value, to_array
from ..verdict import Fault

exercise = Exercise(
    title="An NFM that is an FM",
    spec=r"""Write `fm_as_nfm(fm)`: an NFM that computes exactly what a given FM computes, before training, and
that stays equal to it when both are trained with the same data and optimiser.

`fm` is an `FM` from `nfm_tutorial.models`; its weights are `fm.linear.w0` (shape `()`), `fm.linear.w` (shape
`(n,)`) and `fm.embedding.V` (shape `(n, k)`). Return a model that is called as `model(ids, values)`: an `NFM`
from `nfm_tutorial.models` with suitable arguments and the same weights, or a module of your own (but no `FM`).
Leave `fm` unchanged, and copy its tensors: training your model must not change `fm`.

Example: for `fm = FM(n_features=4, k=2)` the models `fm` and `fm_as_nfm(fm)` give the same scores for every
row, in training mode and in eval mode.""",
    stub='''def fm_as_nfm(fm: FM) -> nn.Module:
    """an FM -> an NFM with the same scores"""
    return TODO''',
    hints=(
        "Which arguments of NFM switch off hidden layers, batch norm and dropout? Then copy three tensors.",
        "nfm = NFM(n, k=k, hidden=()); nfm.load_state_dict(fm.state_dict(), strict=False), or copy_ under "
        "torch.no_grad().",
    ),
    factory=True,
    tolerance=1e-3,
    dtypes=(F32,),
    otherwise="Your model does not give the FM's scores (three rows: in training mode, in eval mode, after training).",
)


STEPS, RATE = 4, 0.05  # of the training that both models go through
BESIDE = mark("six rows of data get a score three times: in training mode, in eval mode, after {n} steps of training")


@exercise.inputs
def inputs(draw):
    for n, k in ((3, 1), (4, 2), (7, 3), (9, 4)):
        fm = FM(n, k=k)
        numbers = (lambda *shape: draw.rough(*shape, scale=0.5)) if n == 9 else draw.nonzero
        with torch.no_grad():
            fm.linear.w0.fill_(0.5)
            fm.linear.w.copy_(numbers(n))
            fm.embedding.V.copy_(numbers(n, k) / 2)
        fm.told = say("FM(n_features={n}, k={k}) with some weights", n=n, k=k)
        yield Case(fm, beside=say(BESIDE, n=STEPS))


def rows_for(fm):
    """ids, values, targets of six rows, float32."""
    n = len(fm.linear.w)
    draw = Draw(43)
    return *draw.slots(n, 6, min(3, n - 1), 1, F32), draw.nonzero(6, dtype=F32)


@exercise.oracle
def by_formula(fm):
    """(3, 6): scores before training, twice, and after it, from FM's formula without any class of the package."""
    ids, values, target = rows_for(fm)
    values, target = values.double(), target.double()
    trained = [p.detach().double().clone().requires_grad_() for p in (fm.linear.w0, fm.linear.w, fm.embedding.V)]

    def scores():
        w0, w, V = trained
        y = w0 + (w[ids] * values).sum(1)
        for s, t in itertools.combinations(range(ids.shape[1]), 2):
            y = y + (V[ids[:, s]] * V[ids[:, t]]).sum(1) * values[:, s] * values[:, t]
        return y

    before = scores().detach()
    for _ in range(STEPS):
        step(trained, (scores() - target).square().sum())
    return torch.stack([before, before, scores().detach()])


def step(parameters, loss):
    """One step of gradient descent."""
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)):
        if gradient is not None:
            parameter.data -= RATE * gradient


@exercise.observe
def behaviour(answer, fm):
    """(3, 6): scores in training mode, in eval mode, and in eval mode after training."""
    given = copy.deepcopy(fm)
    model = answer(fm)
    if isinstance(model, type) or not isinstance(model, nn.Module):
        kind, hint = describe_kind(model), say("Build an NFM, copy the weights into it, return it.")
        message = say("The result is {kind}; a model is expected.", kind=kind)
        return Fault(message, hint, "kind", expected=say("a model"), got=kind)
    if any(isinstance(module, FM) for module in model.modules()):  # also one inside another module
        return Found(fm_itself, expected=say("an NFM, or a module of your own"), got=describe_kind(model))
    shared = {p.data_ptr() for p in fm.parameters()} & {t.data_ptr() for t in model.state_dict().values()}
    rows = rows_of(copy.deepcopy(model), given)
    off = [not close(g, e, exercise.tolerance) for g, e in zip(rows.numpy(), by_formula(given).numpy())]
    if not any(off):
        return Found(shared_tensors, say("tensors of its own"), say("tensors of fm")) if shared else rows
    found = why_different(model, given, off) or rows
    if isinstance(found, Found):
        found.got = array_text(rows.numpy())
    return found


def rows_of(model, fm):
    """(3, 6): what `behaviour` compares; trains the model."""
    ids, values, target = rows_for(fm)
    rows = [scores_of(model.train(), ids, values).detach(), scores_of(model.eval(), ids, values).detach()]
    trained = [p for p in model.train().parameters() if p.requires_grad]
    for _ in range(STEPS if trained else 0):
        step(trained, (scores_of(model, ids, values) - target).square().sum())
    return torch.stack([*rows, scores_of(model.eval(), ids, values).detach()]).double()


@exercise.example
def example():
    fm = FM(4, k=2, init_std=0.5)
    return (fm,), rows_of(copy.deepcopy(fm), fm)


def scores_of(model, ids, values):
    scores = model(ids, values)
    if not isinstance(scores, torch.Tensor) or scores.shape != (len(ids),):
        shape = tuple(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__
        message = say("Your model returns {shape} for 6 rows; scores of shape (6,) are expected.", shape=shape)
        raise Found(message, "(6,)", str(shape))
    return scores


def why_different(model, fm, off):
    """The reason as far as it can be read off the parts of the model; off: which of the three rows of scores differ."""
    if off[0] and any(isinstance(m, nn.Dropout) and m.p > 0 for m in model.modules()):
        return Found(dropout)
    if isinstance(model, NFM) and len(model.mlp):
        return Found(hidden_layer if any(off[:2]) else layer_that_passes)
    if isinstance(model, NFM) and not isinstance(model.norm_bi, nn.Identity):
        return Found(batch_norm)
    if off[1] and isinstance(model, NFM):
        pairs = ((model.linear.w0, fm.linear.w0), (model.linear.w, fm.linear.w), (model.embedding.V, fm.embedding.V))
        missing = [not same_value(to_array(a), to_array(b)) for a, b in pairs]
        if missing[0] and missing[1]:
            return Found(linear_part_not_copied)
        if any(missing):
            return Found((w0_not_copied, w_not_copied, v_not_copied)[missing.index(True)])
        return None if (model.h == 1).all() else Found(h_not_ones)
    if off[1]:
        return None
    if off[0]:
        return Found(training_mode)
    # FM trains 1 + n + n k numbers: more means a trained h or bias, fewer means something is frozen.
    count, wanted = (sum(p.numel() for p in m.parameters() if p.requires_grad) for m in (model, fm))
    shapes = [p.shape for p in model.parameters() if p.requires_grad]
    if count > wanted:
        h = fm.embedding.V.shape[1]
        return Found(trained_h if count == wanted + h and shapes.count(()) < 2 else more_trained)
    return Found(frozen if count < wanted else after_training)


@exercise.right
def fm_as_nfm(fm):
    n, k = fm.embedding.V.shape
    nfm = NFM(n, k=k, hidden=())  # no layers: no batch norm by default, and h is a buffer of ones
    nfm.load_state_dict(fm.state_dict(), strict=False)  # copies w0, w and V; h is not among FM's weights
    return nfm


@exercise.right
class OwnNFM(nn.Module):
    def __init__(self, fm, train_h=False):
        super().__init__()
        self.w0, self.w, self.V = (
            nn.Parameter(t.detach().clone()) for t in (fm.linear.w0, fm.linear.w, fm.embedding.V)
        )
        h = torch.ones(self.V.shape[1], dtype=self.V.dtype)
        if train_h:
            self.h = nn.Parameter(h)
        else:
            self.register_buffer("h", h)

    def forward(self, ids, values):
        xv = self.V[ids] * values[..., None]  # (B, S, k)
        return self.w0 + (self.w[ids] * values).sum(1) + bi_interaction(xv) @ self.h  # (B,)


@exercise.wrong(hint="NFM(...) from nfm_tutorial.models, with arguments that switch off what FM does not have.")
def fm_itself(fm):
    """Your model is an FM or holds one; the task is an NFM that computes the same."""
    return fm


@exercise.wrong(hint="Copy the numbers: load_state_dict or copy_ under no_grad; clone or deepcopy for a whole layer.")
def shared_tensors(fm):
    """Your model shares tensors with fm: training your model would change fm as well."""
    nfm = fm_as_nfm(fm)
    nfm.embedding = fm.embedding
    return nfm


@exercise.wrong(hint="NFM without hidden layers is NFM(..., hidden=()).")
def hidden_layer(fm):
    """Your NFM still has a hidden layer; without any, h is a vector of ones."""
    nfm = NFM(*fm.embedding.V.shape, batch_norm=False)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


@exercise.wrong(hint="With NFM(..., hidden=()) nothing that is trained stands between f_BI and the score.")
def layer_that_passes(fm):
    """Before training the scores agree, but not after it: your hidden layer passes the sum on, until it is trained."""
    n, k = fm.embedding.V.shape
    nfm = NFM(n, k=k, hidden=(2,), batch_norm=False)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    with torch.no_grad():  # relu(s) - relu(-s) = s
        nfm.mlp[0].weight.copy_(torch.tensor([[1.0], [-1.0]]).expand(2, k))
        nfm.mlp[0].bias.zero_()
        nfm.h.copy_(torch.tensor([1.0, -1.0]))
    return nfm


@exercise.wrong
def batch_norm(fm):
    """Your NFM still has a batch norm after Bi-Interaction; FM has none."""
    nfm = NFM(*fm.embedding.V.shape, hidden=(), batch_norm=True)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


@exercise.wrong
def dropout(fm):
    """Your NFM still has dropout, so it differs from the FM in training mode."""
    nfm = NFM(*fm.embedding.V.shape, hidden=(), dropout_bi=0.5)
    nfm.load_state_dict(fm.state_dict(), strict=False)
    return nfm


@exercise.wrong
def linear_part_not_copied(fm):
    """The linear part was not copied: w0 and w are other ones than the FM's."""
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.embedding.load_state_dict(fm.embedding.state_dict())
    return nfm


@exercise.wrong
def w0_not_copied(fm):
    """w0 was not copied: all scores are off by the same amount."""
    nfm = fm_as_nfm(fm)
    nfm.linear.w0.data.zero_()
    return nfm


@exercise.wrong
def w_not_copied(fm):
    """w was not copied: the linear part differs."""
    nfm = fm_as_nfm(fm)
    nfm.linear.w.data.zero_()
    return nfm


@exercise.wrong
def v_not_copied(fm):
    """V was not copied: the crossings are other ones than the FM's."""
    nfm = NFM(*fm.embedding.V.shape, hidden=())
    nfm.linear.load_state_dict(fm.linear.state_dict())
    return nfm


@exercise.wrong(hint="A mean over k would be h = 1/k.")
def h_not_ones(fm):
    """Your h is not a vector of ones: FM sums the k crossings."""
    nfm = fm_as_nfm(fm)
    nfm.h.fill_(0.3)
    return nfm


@exercise.wrong(hint="A tensor that the optimiser must not touch is a buffer (register_buffer), not a Parameter.")
def trained_h(fm):
    """At first the scores agree, but not after training: your h is trained, and FM has no h to train."""
    return OwnNFM(fm, train_h=True)


@exercise.wrong(hint="V, w and w0 must be parameters of the model; a copy of their numbers as plain tensors is not.")
def frozen(fm):
    """After training the scores differ: something that the FM trains is not trained in your model."""
    return fm_as_nfm(fm).requires_grad_(False)


@exercise.wrong
def more_trained(fm):
    """At first the scores agree, but not after training: your model trains a number that the FM does not have."""
    n, k = fm.embedding.V.shape
    model = NFM(n, k=k + 1, hidden=())
    model.linear.load_state_dict(fm.linear.state_dict())
    model.embedding.V.data.fill_(0.01)[:, :k].copy_(fm.embedding.V.data)
    return model


exercise.slips(
    """
self.w0 + (self.w[ids] * values).sum(1) + bi_interaction(xv) @ -> bi_interaction(xv) @
    The linear part is missing: w0 and the sum of w_i x_i belong to FM's score.
self.w0 + (self.w[ids] -> (self.w[ids]
    w0 is missing: all scores are off by the same amount.
.sum(1) + bi_interaction(xv) @ self.h -> .sum(1)
    The crossings are missing: only the linear part is left.
bi_interaction(xv) @ -> 2 * bi_interaction(xv) @
    Each pair counts twice: the 1/2 of the identity is missing.
bi_interaction(xv) @ self.h -> bi_interaction(xv).mean(1)
    You took the mean over the k crossings; FM sums them.
xv = self.V[ids] * values[..., None] -> xv = self.V[ids]
    x is missing in the crossings: the vectors that are multiplied are x_i v_i.
(self.w[ids] * values) -> self.w[ids]
    x is missing in the linear part: it is the sum of w_i x_i.
return self.w0 -> return torch.sigmoid(self.w0
@ self.h  # (B,) -> @ self.h)
    You applied the sigmoid; the FM gives out raw scores.
""",
)


@exercise.wrong
class training_mode(OwnNFM):
    """In training mode your model does not give the FM's scores."""

    def forward(self, ids, values):
        return super().forward(ids, values * (1 + self.training))


@exercise.wrong
class after_training(OwnNFM):
    """At first the scores agree, but not after training: the two models train differently."""

    def forward(self, ids, values):
        return super().forward(ids, values) + (self.w0 - self.w0.detach())
