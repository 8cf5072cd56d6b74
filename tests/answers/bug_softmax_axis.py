# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to bug_softmax_axis, as readers write them.
# %% imports
import numpy as np
import torch
import torch.nn.functional as F


# %% right: squeezed, batched product
def attention_pool(pairs, score):
    weight = score.squeeze(-1).softmax(-1)
    return torch.bmm(weight.unsqueeze(1), pairs).squeeze(1)


# %% right: exponentials by hand
def attention_pool(pairs, score):
    e = torch.exp(score - score.max(dim=1, keepdim=True).values)
    return torch.einsum("bpo,bpk->bk", e / e.sum(1, keepdim=True), pairs)


# %% wrong: no gradient
def attention_pool(pairs, score):
    return (torch.softmax(score, 1) * pairs).sum(1).detach()


# %% wrong: no gradient
def attention_pool(pairs, score):
    rows = []
    for p, s in zip(pairs.detach().numpy(), score.detach().numpy()):
        w = np.exp(s[:, 0]) / np.exp(s[:, 0]).sum()
        rows.append(w @ p)
    return rows


# %% wrong: squeeze() without an axis drops
def attention_pool(pairs, score):
    weight = F.softmax(score.squeeze(), dim=-1)
    return (weight.reshape(score.shape) * pairs).sum(1)


# %% wrong: value
def attention_pool(pairs, score):
    weight = torch.softmax(score.clamp(-5, 5), dim=1)
    return (weight * pairs).sum(1)


# %% wrong: You summed over k, axis 1 of the result
def attention_pool(pairs, score):
    return (torch.softmax(score, 1) * pairs).sum((1, 2))


# %% wrong: Every result is multiplied by P
def attention_pool(pairs, score):
    return (torch.softmax(score, 1) * pairs).sum(1) * pairs.shape[1]
