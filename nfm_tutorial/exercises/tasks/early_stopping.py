"""Which epoch does early stopping keep?"""

from __future__ import annotations

import math

from ..exercise import Exercise

exercise = Exercise(
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
    hints=(
        "Walk through the epochs with three variables: best value, its epoch, and how many epochs ago that was.",
        "for epoch, loss in enumerate(losses, 1): if loss < best: remember both; elif epoch - best_epoch >= patience: "
        "break.",
    ),
    number=True,
)


@exercise.inputs
def inputs(draw):
    yield [0.7], 1
    yield [0.7, 0.6], 1
    yield [0.6, 0.7], 1
    yield [0.6, 0.7, 0.5], 1
    yield [0.6, 0.7, 0.5], 2
    yield [0.6, 0.6, 0.7], 3
    yield [0.6, 0.5, 0.55, 0.53, 0.4], 2
    yield [0.6, 0.5, 0.55, 0.53, 0.4], 3
    yield [0.9, 0.8, 0.85, 0.7, 0.75, 0.6, 0.65, 0.5], 2
    yield [0.7, 0.56, 0.52, 0.54, 0.5, 0.55, 0.53, 0.52, 0.3], 3
    yield [0.5, 0.6, 0.7, 0.8], 5
    yield [0.5, 0.49995, 0.52], 3  # one that differs in the fifth decimal
    yield [0.5, 0.499999, 0.52], 3
    for large in (1.5, 3.5, 12.5, 130.5):  # larger than the numbers that a best value may start at
        yield [large, large - 0.3, large - 0.2], 1
    yield [0.6, 0.5, 0.5, 0.55, 0.4], 2  # equal ones
    yield [0.6, 0.7, 0.6, 0.65, 0.5, 0.5, 0.55, 0.45], 3
    yield [0.6, 0.7, 0.6, 0.7, 0.7, 0.5], 3
    for epochs in (6, 9, 12, 20, 30):
        for patience in (1, 2, 4):
            yield [x / 50 for x in draw.whole(20, 35, epochs).tolist()], patience


@exercise.oracle
def by_prefixes(losses, patience):
    """Cut the list after each epoch: training ends at the first one whose best value is `patience` epochs old."""
    for end in range(1, len(losses) + 1):
        best = losses.index(min(losses[:end])) + 1
        if end - best == patience:
            break
    return best


@exercise.example
def example():
    return ([0.6, 0.5, 0.55, 0.53, 0.4], 2), 2


@exercise.right
def epoch_to_keep(losses, patience):
    best, best_epoch = math.inf, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best:
            best, best_epoch = loss, epoch
        elif epoch - best_epoch >= patience:
            break  # `patience` epochs in a row without a new best
    return best_epoch


@exercise.right
def epoch_to_keep_by_looking_ahead(losses, patience):
    for epoch in range(1, len(losses)):
        if min(losses[epoch : epoch + patience]) >= losses[epoch - 1]:
            return epoch
    return len(losses)


@exercise.right
def epoch_to_keep_with_a_counter(losses, patience):
    best, waited = 0, 0
    for i in range(1, len(losses)):
        if losses[i] < losses[best]:
            best, waited = i, 0
        else:
            waited += 1
            if waited == patience:
                break
    return best + 1


exercise.slips(
    """
math.inf, 0 -> -math.inf, 0
loss < best -> loss > best
    You look for the highest log loss: for log loss lower is better.
return best_epoch -> return losses.index(max(losses)) + 1
    You return the epoch with the highest log loss: for log loss lower is better.
return best_epoch -> return best_epoch - 1
    Your epochs count from 0; the first epoch is number 1.
return best_epoch -> return losses.index(min(losses))
    You take the best of all epochs, counted from 0: training stops earlier, and the first epoch is number 1.
    hint: stop
return best_epoch -> return losses.index(min(losses)) + 1
    You take the best of all epochs: after `patience` epochs without a new best training stops, and later ones are never
    run. hint: stop
return best_epoch -> return epoch
    You return the epoch after which training stopped; the weights to keep are those of the best epoch.
return best_epoch -> return max(epoch - patience, 1)
    You step back by patience from the last epoch; if training ran to the end, the best epoch is somewhere else.
return best_epoch -> return len(losses)
    You return the last epoch of the list; the weights to keep are those of the best epoch.
return best_epoch -> return 1
    You return 1 for every list; the answer depends on losses and patience.
return best_epoch -> return best
    You return the log loss; asked is the number of the epoch.
return best_epoch -> return 0
break -> return best_epoch
    You return nothing where training runs to the end of the list; the best epoch is asked there, too.
return best_epoch -> return losses.index(min(losses[: patience + 1])) + 1
    You take the best of the first epochs only; each new best gives training `patience` epochs more.
losses[i] < losses[best] -> losses[i] < losses[i - 1]
    You compare each epoch with the one before; it must be compared with the best so far.
best, waited = i, 0 -> best = i
    You count the epochs without a new best in total; a new best starts the count afresh.
>= patience -> > patience
    You stop one epoch too late: stop as soon as `patience` epochs in a row brought no new best.
    hint: count
>= patience -> >= patience - 1
    You stop one epoch too early: `patience` epochs in a row without a new best are allowed to happen first.
    hint: count
elif epoch - best_epoch >= patience -> if epoch - best_epoch >= patience - 1
    You stop one epoch too early: `patience` epochs in a row without a new best are allowed to happen first.
    hint: count
waited == patience -> waited == patience - 1
    You stop one epoch too early, and with patience 1 never: stop when the count reaches patience.
    hint: count
>= patience -> >= 1
    You stop at the first epoch without a new best, whatever patience is.
>= patience -> >= 2
    You stop after 2 epochs in a row without a new best, whatever patience is: is a number written into your code?
>= patience -> >= 3
    You stop after 3 epochs in a row without a new best, whatever patience is: is a number written into your code?
loss < best -> loss <= best
    You take an epoch that equals the best value for a new best; only a lower value is one.
waited += 1 -> waited = waited + 1 if losses[i] > losses[best] else 0
    An epoch that equals the best value starts your count afresh; it is no new best, so it counts.
    hint: equal
waited += 1 -> waited += losses[i] > losses[best]
    An epoch that equals the best value leaves your count as it is; it is no new best, so it counts.
    hint: equal
loss < best -> loss < best - 1e-4
    You ask for a smallest improvement; any lower value is a new best.
math.inf, 0 -> 0.0, 0
    Your best value starts at 0, and no log loss is lower; start with float('inf') or with the first epoch.
math.inf, 0 -> 1.0, 0
    Your best value starts at a number that a loss may exceed; start with float('inf') or with the first epoch.
math.inf, 0 -> 2.0, 0
    Your best value starts at a number that a loss may exceed; start with float('inf') or with the first epoch.
math.inf, 0 -> 10.0, 0
    Your best value starts at a number that a loss may exceed; start with float('inf') or with the first epoch.
math.inf, 0 -> 100.0, 0
    Your best value starts at a number that a loss may exceed; start with float('inf') or with the first epoch.
""",
    stop="Where does your code stop reading the list? With patience 1, [0.6, 0.7, 0.5] ends after epoch 2.",
    count="Count the epochs since the best one (itself not counted): training stops when there are `patience` of them.",
    equal="Only two cases: the loss is lower than the best (the count starts at 0), or it is not (one more).",
)


@exercise.wrong
def compared_with_the_epoch_before(losses, patience):
    """You compare each epoch with the one before; it must be compared with the best so far."""
    waited, seen = 0, losses[:1]
    for previous, loss in zip(losses, losses[1:]):
        seen.append(loss)
        waited = 0 if loss < previous else waited + 1
        if waited == patience:
            break
    return seen.index(min(seen)) + 1
