# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to lr_to_fm_by_k, as readers write them.
# %% imports
import itertools

import numpy as np
import torch


# %% right: loops
def fm_scores(w0, w, V, ids, values):
    scores = []
    for row, x in zip(ids.tolist(), values.tolist()):
        y = w0.item()
        for s in range(len(row)):
            y += w[row[s]].item() * x[s]
            for t in range(s + 1, len(row)):
                y += float(V[row[s]] @ V[row[t]]) * x[s] * x[t]
        scores.append(y)
    return scores


# %% right: pairs of slots by combinations
def fm_scores(w0, w, V, ids, values):
    y = w0 + torch.einsum("bs,bs->b", w[ids], values)
    e = torch.nn.functional.embedding(ids, V) * values.unsqueeze(-1)
    for s, t in itertools.combinations(range(ids.shape[1]), 2):
        y = y + (e[:, s] * e[:, t]).sum(-1)
    return y


# %% right: batched Gram matrix in NumPy
def fm_scores(w0, w, V, ids, values):
    w0, w, V, ids, values = (np.asarray(t) for t in (w0, w, V, ids, values))
    e = V[ids] * values[:, :, None]
    gram = np.einsum("bsf,btf->bst", e, e)
    upper = np.triu(np.ones(gram.shape[1:]), 1)
    return w0 + (w[ids] * values).sum(axis=1) + (gram * upper).sum(axis=(1, 2))


# %% right: embedding_bag, with a gradient
def fm_scores(w0, w, V, ids, values):
    if V.shape[1] == 0:
        return w0 + (w[ids] * values).sum(1)
    s = torch.nn.functional.embedding_bag(ids, V, per_sample_weights=values, mode="sum")
    q = torch.nn.functional.embedding_bag(ids, V**2, per_sample_weights=values**2, mode="sum")
    return (w0 + (w[ids] * values).sum(1) + (s**2 - q).sum(1) / 2).requires_grad_()


# %% right: row by row without padding
def fm_scores(w0, w, V, ids, values):
    rows = []
    for i, x in zip(ids, values):
        i, x = i[i != 0], x[i != 0]
        xv = V[i] * x[:, None]
        rows.append(w0 + w[i] @ x + 0.5 * ((xv.sum(0) ** 2).sum() - (xv**2).sum()))
    return rows


# %% wrong: You took the mean over k
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + (pairs.mean(1) if V.shape[1] else 0)


# %% wrong: You took the mean over k: FM sums the k entries. (With k = 0 a mean is 0/0.) (Only where k < 1
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + pairs.mean(1) * V.shape[1]


# %% wrong: You stop at the first padding id
def fm_scores(w0, w, V, ids, values):
    rows = []
    for i, x in zip(ids, values):
        end = i.tolist().index(0) if 0 in i else len(i)
        xv = V[i[:end]] * x[:end, None]
        rows.append(w0 + w[i[:end]] @ x[:end] + 0.5 * ((xv.sum(0) ** 2).sum() - (xv**2).sum()))
    return rows


# %% wrong: You summed over B
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return (w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)).sum()


# %% wrong: shape
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    pairs = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
    return (w0 + (w[ids] * values).sum(1) + pairs).squeeze()


# %% wrong: value
def fm_scores(w0, w, V, ids, values):
    z = (V[ids] * values[..., None]).squeeze(1)
    if z.ndim == 3:
        p = 0.5 * (z.sum(1) ** 2 - (z**2).sum(1)).sum(1)
    else:
        p = 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))
    return w0 + (w[ids] * values).sum(1) + p


# %% wrong: in place
def fm_scores(w0, w, V, ids, values):
    w[0] = 0
    values[ids == 0] = 0
    xv = V[ids] * values[..., None]
    return w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% wrong: The result is not the expected one. The inputs that fail are exactly those where values holds a negative
def fm_scores(w0, w, V, ids, values):
    values = values.abs()
    xv = V[ids] * values[..., None]
    return w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% wrong: The result is not the expected one
def fm_scores(w0, w, V, ids, values):
    xv = V[ids] * values[..., None]
    return -w0 + (w[ids] * values).sum(1) + 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)
