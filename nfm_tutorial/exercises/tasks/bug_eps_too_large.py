"""The bug clinic: a batch norm whose eps is larger than the variance of its input."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import nn

from ..draw import F32
from ..exercise import Exercise, Found
from ..language import say
from ..values import describe_kind, number_text, to_array
from ..verdict import Fault

exercise = Exercise(
    title="A batch norm that hardly normalises",
    spec=r"""Repair `make_norm(z)`: `z` is a sample `(B, k)` (float32) of $f_{BI}$ at the start of training.
Return a batch norm (a module, or a function) for such inputs: in training mode every column of its output has
mean 0 and a standard deviation between 0.95 and 1.05. The variance of the columns of `z` lies between
$10^{-10}$ and 30. Leave `z` and the norm's inputs unchanged.""",
    stub='''def make_norm(z: Tensor):
    """a sample (B, k) -> a module (B, k) -> (B, k)"""
    return TODO''',
    hints=(
        "Batch norm divides by sqrt(variance + eps). Compare z.var(0) with eps.",
        "nn.BatchNorm1d(z.shape[1], eps=...) with an eps of a hundredth of the smallest z.var(0), or less.",
    ),
    factory=True,
    dtypes=(F32,),
)


@exercise.inputs
def inputs(draw):
    for stds in (  # of the columns
        (4e-4, 2e-4),
        (4e-4,),
        (4e-4, 3e-4, 5e-4),
        (1, 0.5),
        (0.01, 0.02, 0.01, 0.02),
        (2.5e-5, 5e-5),
        (4, 3, 5),
        (1.3e-5, 1.1e-5, 1.5e-5),
        (2.5e-5, 2),
        (2, 2.5e-5),
        (1, 1, 1e-4),
        (5, 1e-4, 1e-4),
    ):
        f_bi = draw.rng.normal(0, 1, (64, len(stds))) * draw.rng.normal(0, 1, (64, len(stds)))
        f_bi = (f_bi - f_bi.mean(0)) / f_bi.std(0) + 0.5
        yield (torch.from_numpy(f_bi * stds),)


@exercise.observe
def in_training_mode(answer, z):
    """The norm's output for z, if it passes for a second batch with other statistics as well."""
    norm = answer(z)
    if isinstance(norm, type) or not callable(norm):
        message = say("The result is {kind}; a module or function is expected.", kind=describe_kind(norm))
        return Fault(message, key="kind")
    norm = copy.deepcopy(norm)
    if isinstance(norm, nn.Module):
        norm.train()
    given = z.clone()
    out = norm(given)
    if not torch.equal(given, z):
        return Found(input_changed)
    second = z[: len(z) // 2] * 2 + z.std(0)
    if not wrong_with(out, z) and wrong_with(norm(second.clone()), second):
        return Found(fixed_statistics)
    return out


def wrong_with(out, z):
    return normalised(to_array(out), z.double().numpy())


@exercise.judge
def normalised(out, z):
    """Whether each column has mean 0 and standard deviation 1; if not, which wrong answer gives this output."""
    if out.shape != z.shape:
        shapes = {"got": out.shape, "expected": z.shape}
        return Fault(say("The output has shape {got}; it must keep the shape {expected}.", **shapes), key="shape")
    if not np.isfinite(out).all():
        return Fault(say("The output holds NaN or infinity."), key="nan")
    wanted = (z - z.mean(0)) / z.std(0)
    if agrees(out, wanted, 0.1) and np.abs(out.std(0) - 1).max() <= 0.05 and np.abs(out.mean(0)).max() <= 0.05:
        return None
    sample = torch.from_numpy(z)
    for wrong in (unchanged, centred_only, layer_norm, one_number, by_the_variance, between_0_and_1, by_the_largest):
        if agrees(out, wrong(sample)(sample).numpy(), 0.02):
            return Found(wrong)
    std, worst = out.std(0), int(np.abs(out.std(0) - 1).argmax())
    if np.abs(out.mean(0)).max() > 0.05:
        return Found(not_centred, "0", number_text(round(float(np.abs(out.mean(0)).max()), 2)))
    if abs(std[worst] - 1) <= 0.05:
        return Found(another_shape)
    if std[worst] < 1 and agrees(out, wanted * std, 0.02):
        return Found(eps_too_large, "1", f"{std[worst]:.2g}", std=f"{std[worst]:.2g}", var=f"{z.var(0)[worst]:.1g}")
    return Found(another_spread, "1", f"{std[worst]:.2g}", std=f"{std[worst]:.2g}")


def agrees(out, wanted, share):
    """Whether no entry is further off than that share of its column's largest: B or B - 1 in a variance is all one."""
    return bool((np.abs(out - wanted).max(0) <= share * np.abs(wanted).max(0)).all())


@exercise.example
def example():
    return ([[1.0], [3.0]],), [[-1.0], [1.0]]


@exercise.right
def make_norm(z):
    smallest = float(z.var(dim=0).min())
    return nn.BatchNorm1d(z.shape[1], eps=smallest / 1000)


@exercise.right
class Scaled(nn.Module):
    def __init__(self, z):
        super().__init__()
        self.register_buffer("scale", 1 / z.std(dim=0))
        self.norm = nn.BatchNorm1d(z.shape[1])

    def forward(self, z):
        return self.norm(z * self.scale)


@exercise.wrong(shown=True)
def eps_too_large(z):
    """The output's standard deviation is {std}, not 1: eps is still not small beside the variance of the input
    ({var})."""
    return nn.BatchNorm1d(z.shape[1])


@exercise.tested
def test_make_norm(make_norm):
    z = 4e-4 * torch.randn(256, 3)  # f_BI at the start has a variance near 1e-7
    norm = make_norm(z)
    norm = norm.train() if isinstance(norm, nn.Module) else norm
    std = norm(z).std(0).detach()
    np.testing.assert_allclose(std, 1, atol=0.05, err_msg="the output must have standard deviation 1")


COLUMNS = "For each column f by itself: (z[:, f] - its mean over the batch) / its standard deviation over the batch."


@exercise.wrong
def unchanged(z):
    """Your norm gives its input back unchanged."""
    return nn.Identity()


@exercise.wrong
def centred_only(z):
    """You subtract the mean, but do not divide by the standard deviation."""
    return lambda y: y - y.mean(0)


@exercise.wrong(hint=COLUMNS)
def layer_norm(z):
    """You normalise each row over its k entries (layer norm); batch norm normalises each column over the batch."""
    return lambda y: (y - y.mean(1, keepdim=True)) / (y.var(1, correction=0, keepdim=True) + 1e-14).sqrt()


@exercise.wrong(hint=COLUMNS)
def one_number(z):
    """You normalise all columns with one mean and one standard deviation."""
    return lambda y: (y - y.mean()) / y.std()


@exercise.wrong(hint=COLUMNS)
def by_the_variance(z):
    """You divide by the variance; divide by its root, the standard deviation."""
    return lambda y: (y - y.mean(0)) / y.var(0)


@exercise.wrong(hint=COLUMNS)
def between_0_and_1(z):
    """You scale each column to 0 to 1, by its smallest and largest entry; batch norm subtracts the mean and divides by
    the standard deviation."""
    return lambda y: (y - y.min(0).values) / (y.max(0).values - y.min(0).values)


@exercise.wrong(hint=COLUMNS)
def by_the_largest(z):
    """You divide by the largest entry of each column; divide by the standard deviation."""
    return lambda y: (y - y.mean(0)) / (y - y.mean(0)).abs().max(0).values


@exercise.wrong(hint="Take mean and standard deviation of the norm's argument, not those of z.")
def fixed_statistics(z):
    """Your norm keeps the mean or the standard deviation of the sample z; in training mode batch norm takes those of
    the batch it gets."""
    return lambda y: (y - z.mean(0)) / z.std(0)


@exercise.wrong(hint=COLUMNS)
def not_centred(z):
    """The output's mean is not 0: batch norm subtracts the mean of each column."""
    return lambda y: y / y.std(0)


@exercise.wrong(hint=COLUMNS)
def another_spread(z):
    """The output's standard deviation is {std}, not 1."""
    return lambda y: 2 * (y - y.mean(0)) / y.std(0)


@exercise.wrong(hint=COLUMNS)
def another_shape(z):
    """Mean and standard deviation are right, but the output is not (z - mean) / std."""
    return lambda y: ((y - y.mean(0)) / y.std(0)).flip(0)


@exercise.wrong(hint="Compute new values.")
def input_changed(z):
    """Your norm changes its input, which belongs to the caller."""
    return lambda y: y.sub_(y.mean(0)).div_(y.std(0))
