# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to split_by_time, as readers write them.
# %% imports
import math

import numpy as np
import pandas as pd
import torch


# %% right: NumPy, partition
def held_out(times, share):
    t = times.numpy()
    wanted = int(np.ceil(share * len(t)))
    return t >= np.partition(t, len(t) - wanted)[len(t) - wanted]


# %% right: topk
def held_out(times, share):
    return times >= times.topk(math.ceil(share * len(times))).values[-1]


# %% right: pandas, rank of the latest
def held_out(times, share):
    return (pd.Series(times.numpy()).rank(method="min", ascending=False) <= math.ceil(share * len(times))).tolist()


# %% right: whole moments, from the latest on
def held_out(times, share):
    held = torch.zeros(len(times), dtype=torch.bool)
    for moment in sorted(set(times.tolist()), reverse=True):
        if held.sum() >= share * len(times):
            break
        held |= times == moment
    return held


# %% right: zeros and ones
def held_out(times, share):
    cut = sorted(times.tolist())[-math.ceil(share * len(times))]
    return [int(time >= cut) for time in times.tolist()]


# %% wrong: You cut through rows of the same time
def held_out(times, share):
    held = np.zeros(len(times), dtype=bool)
    held[np.argsort(-times.numpy(), kind="stable")[: math.ceil(share * len(times))]] = True
    return held


# %% wrong: You return the positions of the rows
def held_out(times, share):
    cut = sorted(times.tolist())[-math.ceil(share * len(times))]
    return [i for i, time in enumerate(times.tolist()) if time >= cut]


# %% wrong: You return the positions of the rows
def held_out(times, share):
    return times.topk(math.ceil(share * len(times))).indices


# %% wrong: You hold out only rows after the cut
def held_out(times, share):
    cut = sorted(times.tolist(), reverse=True)[math.ceil(share * len(times)) - 1]
    return [time > cut for time in times.tolist()]


# %% wrong: You hold out the last rows of the table
def held_out(times, share):
    n = math.ceil(share * len(times))
    return [i >= len(times) - n for i in range(len(times))]


# %% wrong: You hold out the earliest rows
def held_out(times, share):
    return times <= sorted(times.tolist())[math.ceil(share * len(times)) - 1]


# %% wrong: You return the rows for training
def held_out(times, share):
    cut = sorted(times.tolist(), reverse=True)[math.ceil(share * len(times)) - 1]
    return times < cut


# %% wrong: You hold out the last part of the time span
def held_out(times, share):
    return times >= times.max() - share * (times.max() - times.min())


# %% wrong: You round the number of rows down
def held_out(times, share):
    n = max(1, int(len(times) * share))
    return times >= times.sort(descending=True).values[n - 1]
