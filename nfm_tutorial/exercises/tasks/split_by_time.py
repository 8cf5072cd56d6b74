"""Which rows to hold out when a log is split by time."""

from __future__ import annotations

import math

import torch

from ..exercise import Exercise, Found
from ..values import array_text, is_whole, to_array

exercise = Exercise(
    title="Hold out the latest rows",
    spec=r"""Write `held_out(times, share)`: which rows of a log to hold out for testing. `times` is `(N,)`, the
time of each row; the rows are in *any* order. Return `(N,)`, True for a row that is held out, so that

- no row that is kept for training is as late as a row that is held out (so rows of the same time stay together);
- at least `share * N` rows are held out, and as few as the first condition permits.

`share` is above 0 and at most 1. Example: `times = [5, 1, 3, 3, 9, 3]` and `share = 0.5` ask for at least three rows.
The third latest time is 3, and three rows have it, so five rows are held out:
`[True, False, True, True, True, True]`.""",
    stub='''def held_out(times: Tensor, share: float):
    """(N,) -> (N,)"""
    return TODO''',
    hints=(
        "Sort the times, find the time of the last row that you must hold out, and compare every row with it.",
        "wanted = int(np.ceil(share * len(times))); cut = times.sort().values[-wanted]; return times >= cut",
    ),
)


@exercise.inputs
def inputs(draw):
    yield torch.tensor([3.0, 1.0, 2.0]), 0.5  # first, as two rows or one hardly show what is wrong
    yield torch.tensor([4.0]), 0.5
    yield torch.tensor([1.0, 2.0]), 0.5
    yield torch.tensor([5.0, 1.0, 3.0, 3.0, 9.0, 3.0]), 0.5
    yield torch.tensor([2.0, 8.0, 8.0, 8.0, 1.0, 4.0, 3.0]), 0.25
    yield torch.tensor([100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), 0.25  # most of the time span has no rows
    yield torch.tensor([7.0, 7.0, 7.0]), 0.25
    yield torch.tensor([2.0, 1.0, 3.0]), 1.0
    yield draw.rough(17), 0.25
    yield 9.0 + draw.rough(24) / 5000, 0.125  # close to each other, all beyond 5
    for rows, share in ((12, 0.25), (21, 0.125), (40, 0.5), (33, 0.75), (64, 0.0625)):
        yield draw.whole(0, rows // 3, rows).double(), share


@exercise.oracle
def by_counting(times, share):
    later = [sum(other > time for other in times) for time in times]  # rows strictly after each row
    return [count < share * len(times) for count in later]


@exercise.observe
def rows(answer, times, share):
    held = answer(times, share)
    if is_whole(held):
        found = to_array(held).ravel().tolist()  # in any order, and perhaps with a tie cut in two
        if 0 < len(found) == len(set(found) & set(range(len(times)))) < len(times):
            return Found(positions, got=array_text(to_array(held)))
    return held


@exercise.example
def example():
    return ([5.0, 1.0, 3.0, 3.0, 9.0, 3.0], 0.5), [True, False, True, True, True, True]


@exercise.right
def held_out(times, share):
    wanted = math.ceil(share * len(times))
    cut = times.sort(descending=True).values[wanted - 1]  # the latest time that must be held out
    return times >= cut


@exercise.right
def held_out_by_counting(times, share):
    later = (times[None, :] > times[:, None]).sum(1)  # (N,): rows strictly after each row
    return later < share * len(times)


exercise.slips("""
times >= cut -> times > cut
    You hold out only rows after the cut: then fewer than `share` of the rows are held out.
times >= cut -> times < cut
    You return the rows for training; the rows that are held out are asked.
times >= cut -> times <= times.sort().values[wanted - 1]
    You hold out the earliest rows; the latest are asked.
values[wanted - 1] -> values[min(wanted, len(times) - 1)]
    You hold out one row too many: the cut is the time of the wanted-th latest row, at position wanted - 1.
math.ceil(share * len(times)) -> max(int(share * len(times)), 1)
    You round the number of rows down: then fewer than `share` of them can be held out.
math.ceil(share * len(times)) -> math.ceil((1 - share) * len(times)) or 1
    You took share for the part that is kept for training; it is the part that is held out.
math.ceil(share * len(times)) -> int(share * len(times)) + 1
    You hold out one row too many where share * N is a whole number.
""")


@exercise.wrong
def last_rows_of_the_table(times, share):
    """You hold out the last rows of the table, whatever their times are. The rows are in any order."""
    held = torch.zeros(len(times), dtype=torch.bool)
    held[len(times) - math.ceil(share * len(times)) :] = True
    return held


@exercise.wrong
def first_rows_of_the_table(times, share):
    """You hold out the first rows of the table, whatever their times are. The rows are in any order."""
    return torch.arange(len(times)) < math.ceil(share * len(times))


@exercise.wrong
def tie_cut_in_two(times, share):
    """You cut through rows of the same time: some are in training, some held out. They belong together."""
    held = torch.zeros(len(times), dtype=torch.bool)
    held[times.argsort(descending=True, stable=True)[: math.ceil(share * len(times))]] = True
    return held


@exercise.wrong
def other_tie_cut_in_two(times, share):
    """You cut through rows of the same time: some are in training, some held out. They belong together."""
    held = torch.zeros(len(times), dtype=torch.bool)
    held[times.argsort(stable=True)[len(times) - math.ceil(share * len(times)) :]] = True
    return held


@exercise.wrong(hint="A comparison of all rows with one number gives (N,) of True and False: times >= cut.")
def positions(times, share):
    """You return the positions of the rows that are held out; return True or False for every row."""
    return held_out(times, share).nonzero().squeeze(1)


@exercise.wrong
def share_of_the_span(times, share):
    """You hold out the last part of the time span. A share of the rows is asked: rows do not come evenly in time."""
    return times >= times.max() - share * (times.max() - times.min())


@exercise.wrong
def distinct_times(times, share):
    """You took the share of the distinct times; the share of the rows is asked."""
    distinct = times.unique().flip(0)
    return times >= distinct[math.ceil(share * len(distinct)) - 1]


@exercise.wrong
def sorted_order(times, share):
    """Your answer is in the order of the sorted times; it must be in the order of the rows."""
    return held_out(times, share)[times.argsort(stable=True)]
