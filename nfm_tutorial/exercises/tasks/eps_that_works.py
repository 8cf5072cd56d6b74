"""A batch-norm eps that works."""

from __future__ import annotations

import math

import torch

from ...layers import bi_interaction
from ..exercise import Exercise, Found
from ..values import number_text, to_array

exercise = Exercise(
    title="A batch-norm eps that works",
    spec=r"""Batch norm divides by $\sqrt{\mathrm{variance} + \epsilon}$, so $\epsilon$ must be small beside the
variance of what it normalises. Write `bn_eps(init_std, n_fields)`: an $\epsilon$ for the batch norm after
Bi-Interaction that suits the start of training.

At the start every entry of $V$ is drawn from a normal distribution with mean 0 and standard deviation
`init_std` (sd), and a row has `n_fields` ($N_x$, from 2 to 100) slots with $x_i = 1$. Then each entry of $f_{BI}$
has variance $\mathrm{sd}^4 N_x (N_x - 1) / 2$. Return one number that is **at most a tenth and at least a
millionth** of that variance.

Example: $\mathrm{sd} = 0.01$ and $N_x = 10$ give the variance $4.5 \cdot 10^{-7}$, so $10^{-9}$ is fine and PyTorch's
default $10^{-5}$ is not.""",
    stub='''def bn_eps(init_std: float, n_fields: int) -> float:
    """standard deviation of V at the start, slots per row -> eps"""
    return TODO''',
    hints=(
        "A fixed number cannot suit every init_std. What does the variance depend on, and with which power?",
        "0.001 * init_std ** 4 * n_fields * (n_fields - 1) / 2: the fourth power, as each product has two entries "
        "of V.",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield 0.037, 3
    yield 0.01, 10
    yield 0.5, 2
    yield 0.05, 6
    yield 1.0, 3
    yield 0.001, 40
    yield 0.1, 2
    yield 0.3, 25
    yield 2.0, 5
    yield 0.00013, 2
    yield 0.02, 100
    yield float(f"{10 ** draw.rng.uniform(-3, 0):.3g}"), int(draw.rng.integers(5, 40))


def variance_of_f_bi(init_std, n_fields) -> float:
    """Each product of two independent normal entries has the variance sd^4."""
    return sum(init_std**4 for i in range(n_fields) for j in range(i))


@exercise.judge
def in_the_range(result, init_std, n_fields):
    variance = variance_of_f_bi(init_std, n_fields)
    if result.size != 1 or math.isnan(eps := result.item()):
        return Found("One number is expected.")
    told = {
        "expected": f"between {number_text(variance / 1e6)} and {number_text(variance / 10)}",
        "got": number_text(eps),
        "eps": number_text(eps),
        "var": f"{variance:.3g}",
    }
    if eps <= 0:
        return Found(not_positive, **told)
    if eps < variance / 1e6 * (1 - 1e-6):
        return Found(too_small, **told)
    if eps > variance / 10 * (1 + 1e-6):
        std = math.sqrt(variance / (variance + eps)) if math.isfinite(eps) else 0.0
        return Found(too_large, std=f"{std:.2f}", **told)
    return None


@exercise.observe
def called_again_if_out_of_the_range(answer, init_std, n_fields):
    """With another init_std and another n_fields, to see what the answer depends on."""
    result = to_array(answer(init_std, n_fields))
    found = in_the_range(result, init_std, n_fields)
    if found is None or found.wrong not in (too_small, too_large):
        return result
    eps, other_std = result.item(), init_std * (0.5 if found.wrong is too_large else 2)
    per_std = to_array(answer(other_std, n_fields)).item() / eps
    other_fields = n_fields - 1 if n_fields > 2 else 3
    per_fields = to_array(answer(init_std, other_fields)).item() / eps
    if not (0 < per_std < math.inf and 0 < per_fields < math.inf):
        return result
    power = round(math.log(per_std) / math.log(other_std / init_std), 1)
    per_pairs = math.comb(other_fields, 2) / math.comb(n_fields, 2)
    fixed = math.isclose(per_std, 1, rel_tol=1e-6)
    if fixed and found.wrong is too_large and math.isclose(eps, 1e-5, rel_tol=1e-6):
        found.wrong = pytorchs_default
    elif fixed:
        found.wrong = constant
        found.blanks |= {"std": number_text(init_std), "other": number_text(other_std)}
    elif power == 2 and math.isclose(per_fields, math.sqrt(per_pairs), rel_tol=1e-3):
        found.wrong = standard_deviation
    elif power == 2:
        found.wrong = second_power
    elif power not in (0, 4) and power == int(power):
        found.wrong, found.blanks["power"] = other_power, int(power)
    elif math.isclose(eps, variance_of_f_bi(init_std, n_fields), rel_tol=1e-5):
        found.wrong = whole_variance
    raise found


@exercise.example
def example():
    return (0.01, 10), 1e-9


@exercise.right
def bn_eps(init_std, n_fields):
    variance = init_std**4 * n_fields * (n_fields - 1) / 2
    return variance / 1000


@exercise.right
def bn_eps_by_drawing(init_std, n_fields):
    generator = torch.Generator().manual_seed(0)
    xv = init_std * torch.randn(20_000, n_fields, 1, generator=generator, dtype=torch.float64)  # (draws, N, k = 1)
    return bi_interaction(xv).var() / 1000


SHARE = "Compute the variance of f_BI first; then which share of it lies well between a millionth and a tenth?"


@exercise.wrong(hint=SHARE)
def not_positive(init_std, n_fields):
    """Your eps is {eps}; it must be above 0, or a column that never varies is divided by 0."""
    return 0.0


@exercise.wrong
def pytorchs_default(init_std, n_fields):
    """You return PyTorch's default 1e-5, but f_BI has variance {var} here: the batch norm would give out a standard
    deviation of {std}, not 1."""
    return 1e-5


@exercise.wrong
def constant(init_std, n_fields):
    """Your eps is {eps} for init_std = {std} and for {other} alike; the variance of f_BI ({var} here) goes with
    the fourth power of init_std, so no fixed number suits both."""
    return 1e-9


@exercise.wrong
def second_power(init_std, n_fields):
    """Your eps goes with the square of init_std, the variance of f_BI ({var}) with its fourth power: each product has
    two entries of V."""
    return init_std**2 * n_fields * (n_fields - 1) / 2000


@exercise.wrong
def other_power(init_std, n_fields):
    """Your eps goes with the power {power} of init_std, the variance of f_BI ({var}) with its fourth power: each
    product has two entries of V."""
    return init_std**3 * n_fields * (n_fields - 1) / 20


@exercise.wrong(
    hint="Batch norm adds eps under the root, to the variance. What is the variance of f_BI, in the text above?"
)
def standard_deviation(init_std, n_fields):
    """Your eps goes with the standard deviation of f_BI; it must be small beside the variance ({var})."""
    return init_std**2 * (n_fields * (n_fields - 1) / 2) ** 0.5 / 1000


@exercise.wrong(hint=SHARE)
def whole_variance(init_std, n_fields):
    """Your eps is the variance of f_BI itself ({var}): the batch norm would give out a standard deviation of 0.71, not
    1."""
    return init_std**4 * n_fields * (n_fields - 1) / 2


@exercise.wrong(hint=SHARE)
def too_large(init_std, n_fields):
    """Your eps is more than a tenth of the variance of f_BI ({var}): the batch norm would give out a standard deviation
    of {std}, not 1."""
    return init_std**4 * n_fields * (n_fields - 1) / 10


@exercise.wrong(hint=SHARE)
def too_small(init_std, n_fields):
    """Your eps is less than a millionth of the variance of f_BI ({var}): a column that hardly varies would be blown
    up."""
    return init_std**4 / 1e7
