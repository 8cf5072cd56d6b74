# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to hit_rate_at_k, as readers write them.
# %% imports
import math

import numpy as np
import torch


# %% right: sorted by score, the clicked one last among equals
def hit_rate_at_k(scores, clicked, K):
    hits = []
    for row, own in zip(np.asarray(scores), np.asarray(clicked)):
        order = np.lexsort((np.arange(len(row)) == own, -row))
        hits.append(own in order[:K])
    return np.mean(hits)


# %% right: the clicked one made a little worse
def hit_rate_at_k(scores, clicked, K):
    lowered = scores.double().clone()
    rows = torch.arange(len(scores))
    lowered[rows, clicked] = torch.nextafter(lowered[rows, clicked], torch.tensor(-math.inf).double())
    top = lowered.topk(min(K, scores.shape[1]), dim=1).indices
    return (top == clicked[:, None]).any(1).float().mean()


# %% right: a mask without the clicked one
def hit_rate_at_k(scores, clicked, K):
    s = scores.numpy()
    rows = np.arange(len(s))
    own = s[rows, clicked.numpy()][:, None]
    others = np.ones(s.shape, dtype=bool)
    others[rows, clicked.numpy()] = False
    return ((s >= own) & others).sum(1).__lt__(K).mean()


# %% wrong: You take one place too many
def hit_rate_at_k(scores, clicked, K):
    own = scores[torch.arange(len(scores)), clicked]
    rank = (scores >= own[:, None]).sum(1) - 1
    return sum(int(r) <= K for r in rank) / len(rank)


# %% wrong: You count a tie for the model
def hit_rate_at_k(scores, clicked, K):
    own = scores[torch.arange(len(scores)), clicked]
    return ((scores > own[:, None]).sum(1) < K).float().mean()


# %% wrong: Of equal scores, your sort puts the candidate with the smaller column first
def hit_rate_at_k(scores, clicked, K):
    hits = 0
    for row, own in zip(scores.tolist(), clicked.tolist()):
        order = sorted(range(len(row)), key=lambda c: -row[c])
        hits += own in order[:K]
    return hits / len(scores)


# %% wrong: Of equal scores, your sort puts the candidate with the larger column first
def hit_rate_at_k(scores, clicked, K):
    order = np.argsort(scores.numpy(), axis=1, kind="stable")[:, ::-1]
    return np.mean([own in row[:K] for own, row in zip(clicked.numpy(), order)])


# %% wrong: You sort from the lowest score
def hit_rate_at_k(scores, clicked, K):
    own = scores[torch.arange(len(scores)), clicked][:, None]
    return (((scores <= own).sum(1) - 1) < K).double().mean()


# %% wrong: You return the number of hits
def hit_rate_at_k(scores, clicked, K):
    own = scores[torch.arange(len(scores)), clicked][:, None]
    return (((scores >= own).sum(1) - 1) < K).sum()


# %% wrong: Of equal scores, topk takes some in an order of its own
def hit_rate_at_k(scores, clicked, K):
    return (scores.topk(K, dim=1).indices == clicked[:, None]).any(1).double().mean()


# %% wrong: You discount a hit by its rank
def hit_rate_at_k(scores, clicked, K):
    total = 0.0
    for row, own in zip(scores.tolist(), clicked.tolist()):
        rank = sum(s >= row[own] for s in row)
        total += 1 / math.log2(rank + 1) if rank <= K else 0.0
    return total / len(scores)
