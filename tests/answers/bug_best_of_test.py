# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to bug_best_of_test, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: NumPy
def report(valid, test):
    best = np.argmax(valid)
    return np.array([best + 1, test[best]])


# %% right: a loop
def report(valid, test):
    best_value, result = float("-inf"), None
    for epoch, (v, t) in enumerate(zip(valid, test), start=1):
        if v > best_value:
            best_value, result = v, (epoch, t)
    return result


# %% right: in float32
def report(valid, test):
    best = torch.tensor(valid).argmax()
    return [best + 1, torch.tensor(test)[best]]


# %% wrong: You rounded to 2 decimals
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1, round(test[best], 2)


# %% wrong: You rounded to 1 decimals
def report(valid, test):
    best = valid.index(max(valid))
    return best + 1, round(test[best], 1)


# %% wrong: Of equal validation values you took the one with the higher test AUC
def report(valid, test):
    top = [(t, -e) for e, (v, t) in enumerate(zip(valid, test), 1) if v == max(valid)]
    value, epoch = max(top)
    return -epoch, value


# %% wrong: value
def report(valid, test):
    rounded = [round(v, 4) for v in valid]
    best = rounded.index(max(rounded))
    return best + 1, test[best]


# %% wrong: in place
def report(valid, test):
    best = max(valid)
    epoch = 1
    while valid[0] != best:
        valid.pop(0)
        epoch += 1
    return epoch, test[epoch - 1]
