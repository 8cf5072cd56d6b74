# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 7 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import itertools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from nfm_tutorial.layers import bi_interaction


# %% 7.1 right: official
def pair_term(xv):
    z = 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))  # (B, k)
    return z.sum(1)


# %% 7.1 right: pairs of slots
def pair_term(xv):
    out = torch.zeros(xv.shape[0], dtype=xv.dtype)
    for i, j in itertools.combinations(range(xv.shape[1]), 2):
        out = out + (xv[:, i] * xv[:, j]).sum(1)
    return out


# %% 7.1 right: Gram matrix in NumPy
def pair_term(xv):
    gram = np.einsum("bik,bjk->bij", xv, xv)
    return (gram.sum((1, 2)) - np.trace(gram, axis1=1, axis2=2)) / 2


# %% 7.1 right: a module in float32
class PairTerm(nn.Module):
    def forward(self, xv):
        return bi_interaction(xv.float()).sum(-1)


pair_term = PairTerm()


# %% 7.1 wrong: flattened
def pair_term(xv):
    z = xv.flatten(1)
    return 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))


# %% 7.1 wrong: summed over k first
def pair_term(xv):
    s = xv.sum(2)
    return 0.5 * (s.sum(1) ** 2 - (s**2).sum(1))


# %% 7.1 wrong: not summed over k
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))


# %% 7.1 wrong: wrong axis
def pair_term(xv):
    return 0.5 * (xv.sum(2) ** 2 - (xv**2).sum(2)).sum(1)


# %% 7.1 wrong: each pair twice
def pair_term(xv):
    return (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)


# %% 7.1 wrong: mean over k
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).mean(1)


# %% 7.1 wrong: nothing subtracted
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2).sum(1)


# %% 7.1 wrong: column
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1, keepdim=True)


# %% 7.1 wrong: batch summed
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum()


# %% 7.1 wrong: shape
def pair_term(xv):
    return (0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum(1)).squeeze()


# %% 7.1 wrong: flattened, one slot apart
def pair_term(xv):
    if xv.shape[1] == 1:
        return torch.zeros(len(xv), dtype=xv.dtype)
    z = xv.flatten(1)
    return 0.5 * (z.sum(1) ** 2 - (z**2).sum(1))


# %% 7.1 wrong: self pairs
def pair_term(xv):
    return 0.5 * ((xv.sum(1) ** 2).sum(1) + (xv**2).sum((1, 2)))


# %% 7.1 wrong: half of the first part
def pair_term(xv):
    return 0.5 * (xv.sum(1) ** 2).sum(1) - (xv**2).sum((1, 2))


# %% 7.1 wrong: sign
def pair_term(xv):
    return 0.5 * ((xv**2).sum(1) - xv.sum(1) ** 2).sum(1)


# %% 7.1 wrong: no pairs
def pair_term(xv):
    return torch.zeros(len(xv))


# %% 7.1 wrong: neighbours only
def pair_term(xv):
    return (xv[:, :-1] * xv[:, 1:]).sum((1, 2))


# %% 7.1 wrong: product of all slots
def pair_term(xv):
    return xv.prod(1).sum(1)


# %% 7.1 wrong: summed over the batch, not over k
def pair_term(xv):
    return (0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1))).sum(0)


# %% 7.1 wrong: batch in place of the slots
def pair_term(xv):
    return (0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0))).sum(1)


# %% 7.2 right: official
def design_matrix(codes, n_levels):
    return F.one_hot(codes, n_levels).float()


# %% 7.2 right: eye
def design_matrix(codes, n_levels):
    return torch.eye(n_levels)[codes]


# %% 7.2 right: comparison
def design_matrix(codes, n_levels):
    return codes[:, None] == torch.arange(n_levels)


# %% 7.2 right: scatter
def design_matrix(codes, n_levels):
    return torch.zeros(len(codes), n_levels, dtype=torch.float64).scatter(1, codes.unsqueeze(1), 1.0)


# %% 7.2 right: NumPy loop
def design_matrix(codes, n_levels):
    X = np.zeros((len(codes), n_levels), dtype=int)
    X[np.arange(len(codes)), codes] = 1
    return X


# %% 7.2 right: lists
def design_matrix(codes, n_levels):
    return [[1 if c == level else 0 for level in range(n_levels)] for c in codes]


# %% 7.2 wrong: magnitudes
def design_matrix(codes, n_levels):
    return codes.float()[:, None]


# %% 7.2 wrong: codes
def design_matrix(codes, n_levels):
    return codes


# %% 7.2 wrong: scaled magnitudes
def design_matrix(codes, n_levels):
    return codes[:, None] / max(n_levels - 1, 1)


# %% 7.2 wrong: code in its column
def design_matrix(codes, n_levels):
    return F.one_hot(codes, n_levels) * codes[:, None]


# %% 7.2 wrong: one level dropped
def design_matrix(codes, n_levels):
    return F.one_hot(codes, n_levels)[:, 1:]


# %% 7.2 wrong: one column too many
def design_matrix(codes, n_levels):
    return torch.eye(n_levels + 1)[codes]


# %% 7.2 wrong: transposed
def design_matrix(codes, n_levels):
    return torch.eye(n_levels)[:, codes]


# %% 7.2 wrong: levels seen only
def design_matrix(codes, n_levels):
    return F.one_hot(torch.unique(codes, return_inverse=True)[1])


# %% 7.2 wrong: cumulative
def design_matrix(codes, n_levels):
    return torch.arange(n_levels) <= codes[:, None]


# %% 7.2 wrong: inverted
def design_matrix(codes, n_levels):
    return 1 - F.one_hot(codes, n_levels)


# %% 7.2 wrong: shifted
def design_matrix(codes, n_levels):
    return F.one_hot((codes + 1) % n_levels, n_levels)


# %% 7.2 wrong: last level dropped
def design_matrix(codes, n_levels):
    return torch.nn.functional.one_hot(codes, n_levels)[:, :-1]


# %% 7.2 wrong: intercept added
def design_matrix(codes, n_levels):
    return torch.cat([torch.ones(len(codes), 1), torch.nn.functional.one_hot(codes, n_levels)], 1)


# %% 7.2 wrong: up to the largest code
def design_matrix(codes, n_levels):
    return torch.nn.functional.one_hot(codes) if len(codes) else torch.zeros(0, n_levels)


# %% 7.2 wrong: cumulative below
def design_matrix(codes, n_levels):
    return (torch.arange(n_levels) < codes[:, None]).float()


# %% 7.2 wrong: shifted down
def design_matrix(codes, n_levels):
    return torch.eye(n_levels)[codes - 1]


# %% 7.2 wrong: code + 1 in its column
def design_matrix(codes, n_levels):
    return torch.nn.functional.one_hot(codes, n_levels) * (codes[:, None] + 1)


# %% 7.2 wrong: codes over the number of levels
def design_matrix(codes, n_levels):
    return codes[:, None] / n_levels


# %% 7.2 wrong: code in every column
def design_matrix(codes, n_levels):
    return codes[:, None].expand(-1, n_levels)


# %% 7.2 wrong: binary digits
def design_matrix(codes, n_levels):
    return (codes[:, None] >> torch.arange(n_levels)) & 1


# %% 7.2 wrong: divided
def design_matrix(codes, n_levels):
    return torch.nn.functional.one_hot(codes, n_levels) / n_levels


# %% 7.2 wrong: reversed
def design_matrix(codes, n_levels):
    return torch.nn.functional.one_hot(codes, n_levels).flip(1)


# %% 7.2 wrong: minus one elsewhere
def design_matrix(codes, n_levels):
    return 2 * torch.nn.functional.one_hot(codes, n_levels) - 1


# %% 7.2 wrong: counted
def design_matrix(codes, n_levels):
    return torch.bincount(codes, minlength=n_levels)


# %% 7.2 wrong: level 0 read as level 1
def design_matrix(codes, n_levels):
    return torch.eye(n_levels)[codes.clamp(min=min(1, n_levels - 1))]


# %% 7.3 right: official
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(scores, labels)


# %% 7.3 right: sigmoid, then the plain loss
def train_loss(scores, labels):
    return F.binary_cross_entropy(torch.sigmoid(scores), labels)


# %% 7.3 right: softplus
def train_loss(scores, labels):
    return (F.softplus(scores) - labels * scores).mean().item()


# %% 7.3 right: by hand in float32 NumPy
def train_loss(scores, labels):
    p = 1 / (1 + np.exp(-scores.numpy().astype(np.float32)))
    y = labels.numpy().astype(np.float32)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


# %% 7.3 right: a module
train_loss = nn.BCEWithLogitsLoss()


# %% 7.3 right: cross entropy of two classes
def train_loss(scores, labels):
    return F.cross_entropy(torch.stack([torch.zeros_like(scores), scores], 1), labels.long())


# %% 7.3 wrong: two sigmoids
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(torch.sigmoid(scores), labels)


# %% 7.3 wrong: three sigmoids
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(scores.sigmoid().sigmoid(), labels)


# %% 7.3 wrong: two sigmoids
def train_loss(scores, labels):
    return F.binary_cross_entropy(scores.sigmoid().sigmoid(), labels)


# %% 7.3 wrong: summed
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="sum")


# %% 7.3 wrong: not averaged
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(scores, labels, reduction="none")


# %% 7.3 wrong: labels exchanged
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(-scores, labels)


# %% 7.3 wrong: sign
def train_loss(scores, labels):
    p = torch.sigmoid(scores)
    return (labels * p.log() + (1 - labels) * (1 - p).log()).mean()


# %% 7.3 wrong: positives only
def train_loss(scores, labels):
    return -(labels * torch.sigmoid(scores).log()).mean()


# %% 7.3 wrong: squared loss
def train_loss(scores, labels):
    return F.mse_loss(torch.sigmoid(scores), labels)


# %% 7.3 wrong: base 2
def train_loss(scores, labels):
    p = torch.sigmoid(scores)
    return -(labels * p.log2() + (1 - labels) * (1 - p).log2()).mean()


# %% 7.3 wrong: arguments exchanged
def train_loss(scores, labels):
    return F.binary_cross_entropy_with_logits(labels, scores)


# %% 7.3 wrong: nan
def train_loss(scores, labels):
    return -(labels * scores.log() + (1 - labels) * (1 - scores).log()).mean()


# %% 7.3 wrong: no sigmoid, cut
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy(scores.clamp(0, 1), labels)


# %% 7.3 wrong: no sigmoid, cut inside
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy(scores.double().clamp(1e-7, 1 - 1e-7), labels.double())


# %% 7.3 wrong: squared error of the scores
def train_loss(scores, labels):
    return ((scores - labels) ** 2).mean()


# %% 7.3 wrong: half
def train_loss(scores, labels):
    return 0.5 * torch.nn.functional.binary_cross_entropy_with_logits(scores, labels)


# %% 7.3 wrong: base 10
def train_loss(scores, labels):
    p = torch.sigmoid(scores)
    return -(labels * p.log10() + (1 - labels) * (1 - p).log10()).mean()


# %% 7.3 wrong: all labels 1
def train_loss(scores, labels):
    return torch.nn.functional.softplus(-scores).mean()


# %% 7.3 wrong: labels -1 and 1
def train_loss(scores, labels):
    return torch.log(1 + torch.exp(-labels * scores)).mean()


# %% 7.3 wrong: hinge
def train_loss(scores, labels):
    return torch.relu(1 - (2 * labels - 1) * scores).mean()


# %% 7.3 wrong: thresholded
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy((scores > 0).to(scores.dtype), labels)


# %% 7.3 wrong: error rate
def train_loss(scores, labels):
    return ((scores > 0) != (labels == 1)).double().mean()


# %% 7.3 wrong: softmax
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy(torch.softmax(scores.double(), 0), labels.double())


# %% 7.3 wrong: tanh
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy_with_logits(torch.tanh(scores), labels)


# %% 7.3 wrong: cut to -1 to 1
def train_loss(scores, labels):
    return torch.nn.functional.binary_cross_entropy_with_logits(scores.clamp(-1, 1), labels)


# %% 7.3 wrong: classes weighted alike
def train_loss(scores, labels):
    parts = [
        torch.nn.functional.binary_cross_entropy_with_logits(scores[labels == v], labels[labels == v])
        for v in labels.unique()
    ]
    return torch.stack(parts).mean()


# %% 7.3 wrong: multi-class loss
def train_loss(scores, labels):
    return torch.nn.functional.cross_entropy(scores[None], labels[None])


# %% 7.4 right: official
def mse(prediction, target):
    return ((prediction.squeeze(1) - target) ** 2).mean()


# %% 7.4 right: target as a column
def mse(prediction, target):
    return F.mse_loss(prediction, target[:, None])


# %% 7.4 right: view_as
def mse(prediction, target):
    return (prediction - target.view_as(prediction)).pow(2).mean().item()


# %% 7.4 right: flatten and NumPy
def mse(prediction, target):
    return np.mean((prediction.numpy().ravel() - target.numpy()) ** 2, keepdims=True)


# %% 7.4 right: a loop
def mse(prediction, target):
    return sum((p.item() - t.item()) ** 2 for p, t in zip(prediction, target)) / len(target)


# %% 7.4 wrong: broadcast
def mse(prediction, target):
    return ((prediction - target) ** 2).mean()


# %% 7.4 wrong: broadcast
def mse(prediction, target):
    return F.mse_loss(prediction, target)


# %% 7.4 wrong: broadcast, summed over targets
def mse(prediction, target):
    return ((prediction - target) ** 2).sum() / len(target)


# %% 7.4 wrong: summed
def mse(prediction, target):
    return ((prediction[:, 0] - target) ** 2).sum()


# %% 7.4 wrong: root
def mse(prediction, target):
    return ((prediction[:, 0] - target) ** 2).mean() ** 0.5


# %% 7.4 wrong: not averaged
def mse(prediction, target):
    return (prediction[:, 0] - target) ** 2


# %% 7.4 wrong: absolute errors
def mse(prediction, target):
    return F.l1_loss(prediction[:, 0], target)


# %% 7.4 wrong: half
def mse(prediction, target):
    return 0.5 * ((prediction[:, 0] - target) ** 2).mean()


# %% 7.4 wrong: difference of the means
def mse(prediction, target):
    return (prediction.mean() - target.mean()) ** 2


# %% 7.4 wrong: in place
def mse(prediction, target):
    target -= prediction[:, 0]
    return (target**2).mean()


# %% 7.4 wrong: broadcast, one per row
def mse(prediction, target):
    return ((prediction - target) ** 2).mean(1)


# %% 7.4 wrong: broadcast, one per target
def mse(prediction, target):
    return ((prediction - target) ** 2).mean(0)


# %% 7.4 wrong: variance
def mse(prediction, target):
    return (prediction[:, 0] - target).var(correction=0)


# %% 7.4 wrong: variance over n - 1
def mse(prediction, target):
    return (prediction[:, 0] - target).var()


# %% 7.4 wrong: over n - 1
def mse(prediction, target):
    return ((prediction[:, 0] - target) ** 2).sum() / max(1, len(target) - 1)


# %% 7.4 wrong: over n squared
def mse(prediction, target):
    return ((prediction[:, 0] - target) ** 2).mean() / len(target)


# %% 7.4 wrong: mean error
def mse(prediction, target):
    return (prediction[:, 0] - target).mean()


# %% 7.4 wrong: mean of the targets
def mse(prediction, target):
    return ((prediction[:, 0] - target.mean()) ** 2).mean()


# %% 7.4 wrong: mean of the predictions
def mse(prediction, target):
    return ((prediction.mean() - target) ** 2).mean()


# %% 7.4 wrong: difference of the squares
def mse(prediction, target):
    return (prediction[:, 0] ** 2 - target**2).mean()


# %% 7.4 wrong: first prediction only
def mse(prediction, target):
    return ((prediction[0] - target) ** 2).mean()


# %% 7.4 wrong: sorted
def mse(prediction, target):
    return ((prediction[:, 0].sort().values - target.sort().values) ** 2).mean()


# %% 7.5 right: official
class Head(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.register_buffer("h", torch.ones(k))

    def forward(self, z):
        return z @ self.h


def fm_head(k):
    return Head(k)


# %% 7.5 right: a function
def fm_head(k):
    return lambda z: z.sum(dim=1)


# %% 7.5 right: a parameter that is not trained
class Frozen(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.h = nn.Parameter(torch.ones(k), requires_grad=False)

    def forward(self, z):
        return (z * self.h).sum(-1)


fm_head = Frozen


# %% 7.5 right: a frozen linear layer
def fm_head(k):
    layer = nn.Linear(k, 1, bias=False).requires_grad_(False)
    layer.weight.fill_(1.0)
    return nn.Sequential(layer, nn.Flatten(0))


# %% 7.5 wrong: trained h
class Trained(nn.Module):
    def __init__(self, k):
        super().__init__()
        self.h = nn.Parameter(torch.ones(k))

    def forward(self, z):
        return z @ self.h


def fm_head(k):
    return Trained(k)


# %% 7.5 wrong: one row
def fm_head(k):
    return lambda z: z.sum(1).squeeze()


# %% 7.5 wrong: input changed
def fm_head(k):
    return lambda z: z.cumsum_(1)[:, -1]


# %% 7.5 wrong: trained h
def fm_head(k):
    layer = nn.Linear(k, 1, bias=False)
    nn.init.ones_(layer.weight)
    return nn.Sequential(layer, nn.Flatten(0))


# %% 7.5 wrong: trained h
def fm_head(k):
    h = torch.ones(k, requires_grad=True)
    return lambda z: z @ h


# %% 7.5 wrong: mean
def fm_head(k):
    return lambda z: z.mean(1)


# %% 7.5 wrong: not a sum
def fm_head(k):
    h = torch.ones(k)
    h[-1] = 0
    return lambda z: z @ h


# %% 7.5 wrong: batch summed
def fm_head(k):
    return lambda z: z.sum()


# %% 7.5 wrong: column
def fm_head(k):
    return lambda z: z.sum(1, keepdim=True)


# %% 7.5 wrong: forgot to call
def fm_head(k):
    return nn.Identity()


# %% 7.5 wrong: kind
def fm_head(k):
    return torch.ones(k)


# %% 7.5 wrong: batch summed
def fm_head(k):
    return lambda z: z.sum(0)


# %% 7.5 wrong: sigmoid
def fm_head(k):
    return lambda z: torch.sigmoid(z.sum(1))


# %% 7.5 wrong: half
def fm_head(k):
    return lambda z: 0.5 * z.sum(1)


# %% 7.5 wrong: relu
def fm_head(k):
    return lambda z: torch.relu(z).sum(1)


# %% 7.5 wrong: norm
def fm_head(k):
    return lambda z: z.norm(dim=1)


# %% 7.5 wrong: batch summed
def fm_head(k):
    return torch.sum


# %% 7.5 wrong: relu
def fm_head(k):
    return lambda z: torch.relu(z.sum(1))


