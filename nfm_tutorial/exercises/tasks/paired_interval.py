"""The interval of a paired difference."""

from __future__ import annotations

import math
import statistics

import numpy as np
from scipy import stats

from ..exercise import Exercise

exercise = Exercise(
    title="The interval of a paired difference",
    spec=r"""Two models were trained with the same $n$ seeds, and seed by seed they saw the same split. Write
`interval_of_pairs(a, b, t)`: mean and 95 % interval of the differences `a[s] - b[s]`,

$$\bar d \pm t \, \frac{s_d}{\sqrt n}, \qquad s_d^2 = \frac{1}{n - 1} \sum_s (d_s - \bar d)^2 .$$

`a` and `b` are lists of $n \ge 2$ numbers, `t` is the quantile of Student's distribution (given, e.g. 2.776 for
$n = 5$; another $t$ gives another level). Return three numbers: `(mean, low, high)`. Leave the inputs unchanged.

Example: `a = [1, 2, 3]`, `b = [0, 0, 1]`, `t = 4.303`: the differences are 1, 2, 2 with mean 1.667 and $s_d =
0.577$; the result is `(1.667, 0.232, 3.101)`.""",
    stub='''def interval_of_pairs(a: list[float], b: list[float], t: float):
    """n and n numbers, the t quantile -> (mean, low, high)"""
    return TODO''',
    hints=(
        "Form the list of differences first, and forget a and b: everything else is about that one list.",
        "d = np.subtract(a, b); half = t * d.std(ddof=1) / np.sqrt(len(d)).",
    ),
)


GIVEN = "The third argument is what stands before s_d, whatever n is."


@exercise.inputs
def inputs(draw):
    yield [3.0, 1.0], [1.0, 1.0], 12.706
    yield [1.0, 2.0, 3.0], [0.0, 0.0, 1.0], 4.303
    yield [2.0, 5.0, 11.0, 20.0], [1.0, 4.0, 9.0, 18.0], 3.182
    yield [2.0, 3.0], [1.0, 2.0], 12.706  # no spread
    yield [1.0, 2.0, 4.0], [0.0, 1.0, 1.0], 2.0  # another level
    for n, t in ((3, 4.303), (5, 2.776), (10, 2.262), (6, 4.032)):
        level = draw.real(n) * 4
        yield (level + draw.real(n)).tolist(), level.tolist(), t
    for common, own in ((0.05, 0.05), (5, 0.1), (1, 5)):  # luck that a seed's two models share, and their own
        level = draw.rough(8, scale=common)
        yield (level + draw.rough(8, scale=own)).tolist(), level.tolist(), 2.365


@exercise.oracle
def by_sums(a, b, t):
    d = [p - q for p, q in zip(a, b)]
    mean = math.fsum(d) / len(d)
    half = t * math.sqrt(math.fsum((x - mean) ** 2 for x in d) / (len(d) - 1)) / math.sqrt(len(d))
    return mean, mean - half, mean + half


@exercise.example
def example():
    return ([1, 2, 3], [0, 0, 1], 4.303), (1.667, 0.232, 3.101)


@exercise.right
def interval_of_pairs(a, b, t):
    d = np.subtract(a, b)  # (n,)
    half = t * d.std(ddof=1) / np.sqrt(len(d))
    return d.mean(), d.mean() - half, d.mean() + half


@exercise.right
def interval_by_statistics(a, b, t):
    d = [x - y for x, y in zip(a, b)]
    mean, half = statistics.mean(d), t * statistics.stdev(d) / math.sqrt(len(d))
    return [mean, mean - half, mean + half]


exercise.slips(
    """
d.std(ddof=1) / np.sqrt(len(d)) -> np.sqrt(np.var(a, ddof=1) / len(a) + np.var(b, ddof=1) / len(b))
    You added the variances of the two lists; the pairs share their seed, so take the variance of the differences.
d.std(ddof=1) / np.sqrt(len(d)) -> np.sqrt((np.var(a) + np.var(b)) / len(d))
    You added the variances of the two lists (with n below); take the variance of the differences (n - 1).
d.std(ddof=1) -> abs(np.std(a, ddof=1) - np.std(b, ddof=1))
    You subtracted the standard deviations of the two lists; take that of the differences.
d.std(ddof=1) -> (np.std(a, ddof=1) + np.std(b, ddof=1))
    You added the standard deviations of the two lists; take that of the differences.
d.std(ddof=1) -> np.std(a, ddof=1)
    You took the standard deviation of a; that of the differences is asked.
d.std(ddof=1) -> d.std()
    You divided by n in the variance; an estimate from n differences divides by n - 1 (ddof=1).
    hint: half
/ np.sqrt(len(d)) -> * 1
    The 1/sqrt(n) is missing: this is the spread of single differences, not of their mean.
    hint: half
np.sqrt(len(d)) -> len(d)
    You divided by n; the standard deviation of a mean shrinks with the root of n.
    hint: half
np.sqrt(len(d)) -> np.sqrt(len(d) - 1)
    You divided by the root of n - 1; n - 1 stands in the variance, behind it comes the root of n.
    hint: half
d.std(ddof=1) / np.sqrt(len(d)) -> d.std()
    The 1/sqrt(n) is missing, and the variance of an estimate divides by n - 1 (ddof=1).
    hint: half
d.std(ddof=1) / np.sqrt(len(d)) -> d.std() / len(d)
    You divided by n twice: the variance divides by n - 1 (ddof=1), and behind it comes the root of n.
    hint: half
d.std(ddof=1) -> d.var(ddof=1)
    You used the variance; its root, the standard deviation, is asked.
    hint: half
d.std(ddof=1) / np.sqrt(len(d)) -> d.var(ddof=1) / len(d)
    You took no root: the half width is t times the root of variance / n.
    hint: half
d.std(ddof=1) -> np.abs(d - d.mean()).mean()
    You took the mean absolute deviation; the standard deviation is asked.
    hint: half
d.std(ddof=1) -> np.sqrt((d**2).sum() / (len(d) - 1))
    You did not subtract the mean before squaring: s_d is the spread around the mean difference.
    hint: half
t * d.std -> d.std
    The factor t is missing.
    hint: half
t * d.std -> 1.96 * d.std
    You used 1.96 of the normal distribution; with few seeds Student's t is larger.
    hint: t
t * d.std -> 2.776 * d.std
    You used a fixed t of 2.776, which is right for n = 5; t is given.
    hint: t
t * d.std -> 0.5 * t * d.std
    You halved the width: the interval reaches from mean - half to mean + half with half = t s_d / sqrt(n).
    hint: half
t * d.std -> 2 * t * d.std
    You doubled the width: the interval reaches from mean - half to mean + half with half = t s_d / sqrt(n).
    hint: half
np.subtract(a, b) -> np.subtract(b, a)
    You subtracted a from b; the difference is a - b.
np.subtract(a, b) -> np.abs(np.subtract(a, b))
    You took absolute differences; the sign says which model is ahead.
np.subtract(a, b) -> np.array(a)
    You took the list a alone; the differences a - b are asked.
np.subtract(a, b) -> np.add(a, b)
    You added a and b; the differences a - b are asked.
np.subtract(a, b) -> np.sort(a) - np.sort(b)
    You sorted the lists first; then a[s] and b[s] no longer belong to the same seed.
    hint: Seed s gave a[s] and b[s]: keep them together.
np.subtract(a, b) -> np.trunc(np.subtract(a, b))
    You cut the differences to whole numbers.
    hint: Leave out int() and // on the way to the differences.
return d.mean(), d.mean() - half, d.mean() + half -> return np.median(d), np.median(d) - half, np.median(d) + half
    You took the median of the differences; the mean is asked.
return d.mean(), -> return np.median(d),
    You took the median of the differences as the first number; the mean is asked.
statistics.mean(d) -> statistics.median(d)
statistics.stdev(d) -> math.sqrt(sum((x - statistics.median(d)) ** 2 for x in d) / (len(d) - 1))
    You took the median of the differences, and the spread around it; the mean is asked, twice.
return d.mean(), d.mean() - half, d.mean() + half -> return d.sum(), d.sum() - half, d.sum() + half
    You took the sum of the differences; their mean is asked.
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean(), half
    You return the half width of the interval; its two ends are asked: mean - half and mean + half.
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean(), half, half
    You return the half width; the two ends are asked: mean - half and mean + half.
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean(), -half, half
    You return -half and half; the two ends are asked: mean - half and mean + half.
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean()
    You return the mean only; the two ends of the interval come behind it.
    hint: three
return d.mean(), d.mean() - half -> return d.mean() - half
    You return the two ends only; the mean comes first.
    hint: three
return d.mean(), d.mean() - half, -> return d.mean() - half, d.mean(),
    The order is (mean, low, high).
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean() - half, d.mean() + half, d.mean()
    The order is (mean, low, high); the mean comes first.
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean() + half, d.mean() - half, d.mean()
    The order is (mean, low, high); yours is turned round.
    hint: three
return d.mean(), d.mean() - half, d.mean() + half -> return d.mean(), d.mean() + half, d.mean() - half
    Low and high are exchanged: the order is (mean, low, high).
    hint: three
d.mean() - half, d.mean() + half -> d.min(), d.max()
    You return the smallest and the largest difference; the interval is mean - half to mean + half.
    hint: half
d.mean() - half, d.mean() + half -> *np.percentile(d, [2.5, 97.5])
    You return percentiles of the differences; the interval of their mean is asked.
    hint: half
d.mean() - half, -> max(0.0, d.mean() - half),
    You cut the lower end at 0; differences may be negative.
    hint: Nothing is cut off: an interval that reaches below 0 is a finding.
""",
    half="half is t times s_d over the root of n; s_d is the root of the sum of (d - mean)^2 over n - 1.",
    t=GIVEN,
    three="Three numbers, in this order: the mean, the mean minus half, the mean plus half.",
)


@exercise.wrong(hint=GIVEN)
def looked_up(a, b, t):
    """You looked t up for a level of 95 %; t is given, and another t gives another level."""
    return interval_of_pairs(a, b, stats.t.ppf(0.975, len(a) - 1))
