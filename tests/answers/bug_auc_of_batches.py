# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to bug_auc_of_batches, as readers write them.
# %% imports
import numpy as np
import torch

from nfm_tutorial.metrics import auc


# %% right: scikit-learn, in float32
def epoch_auc(batches):
    from sklearn.metrics import roc_auc_score

    targets, scores = zip(*batches)
    return roc_auc_score(np.hstack(targets), np.hstack(scores).astype(np.float32))


# %% right: ranks
def epoch_auc(batches):
    from scipy.stats import rankdata

    t = np.concatenate([np.asarray(t) for t, _ in batches])
    r = rankdata(np.concatenate([np.asarray(s) for _, s in batches]))
    n1 = t.sum()
    return torch.tensor((r[t == 1].sum() - n1 * (n1 + 1) / 2) / (n1 * (len(t) - n1)))


# %% wrong: This is the accuracy at a threshold of 0, not the AUC
def epoch_auc(batches):
    hits = [(s >= 0) == (t == 1) for t, s in batches]
    return np.concatenate(hits).mean()


# %% wrong: You still average over batches, those of one class left out
def epoch_auc(batches):
    values = []
    for t, s in batches:
        try:
            values.append(auc(t, s))
        except ValueError:
            pass
    return sum(values) / len(values)


# %% wrong: This is the AUC of the last batch alone
def epoch_auc(batches):
    result = 0.5
    for t, s in batches:
        if len(set(t)) == 2:
            result = auc(t, s)
    return result


# %% wrong: Rows of equal score are ranked by their position
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    rank = np.empty(len(s))
    rank[np.argsort(s, kind="stable")] = np.arange(1, len(s) + 1)
    P = t.sum()
    return (rank[t == 1].sum() - P * (P + 1) / 2) / (P * (len(t) - P))


# %% wrong: value
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc(t, s.round(2))


# %% wrong: value
def epoch_auc(batches):
    t = np.concatenate([t for t, _ in batches])
    s = np.concatenate([s for _, s in batches])
    return auc(t, s.clip(-5, 5))
