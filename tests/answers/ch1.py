# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Answers to the exercises of chapter 1 as readers write them. test_exercises.py runs every cell behind the first.
# %% imports
import itertools

import numpy as np
import torch
from torch import nn


# %% 1.2 right: official
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += (V[i] * V[j]).sum() * x[i] * x[j]
    return total


# %% 1.2 right: combinations
def pair_sum(V, x):
    return sum(torch.dot(V[i], V[j]) * x[i] * x[j] for i, j in itertools.combinations(range(V.shape[0]), 2))


# %% 1.2 right: upper triangle of the Gram matrix
def pair_sum(V, x):
    xv = x.unsqueeze(1) * V
    return torch.triu(xv @ xv.T, diagonal=1).sum()


# %% 1.2 right: three Python loops with floats
def pair_sum(V: torch.Tensor, x: torch.Tensor) -> float:
    V, x = V.tolist(), x.tolist()
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            dot = 0.0
            for a, b in zip(V[i], V[j]):
                dot += a * b
            total = total + dot * x[i] * x[j]
    return total


# %% 1.2 right: NumPy einsum, all ordered pairs halved
def pair_sum(V, x):
    V, x = np.asarray(V), np.asarray(x)
    full = np.einsum("if,jf,i,j->", V, V, x, x)
    own = np.einsum("if,if,i,i->", V, V, x, x)
    return 0.5 * (full - own)


# %% 1.2 right: identity in float32, result of shape (1,)
def pair_sum(V, x, half=0.5):
    xv = (V * x[:, None]).float()
    return (half * (xv.sum(0) ** 2 - (xv**2).sum(0))).sum(0, keepdim=True)


# %% 1.2 right: a module
class PairSum(nn.Module):
    def forward(self, V, x):
        s = x @ V
        return 0.5 * (s @ s - (x**2) @ (V**2).sum(-1))


pair_sum = PairSum()


# %% 1.2 right: requires grad, prints a lot
def pair_sum(*args):
    V, x = args
    V = V.clone().requires_grad_()
    y = torch.zeros((), dtype=V.dtype)
    for i in range(len(x) - 1):
        print("feature", i)
        y = y + (V[i + 1 :] @ V[i] * x[i + 1 :]).sum() * x[i]
    return y


# %% 1.2 right: running sum of what came before
def pair_sum(V, x):
    before, total = torch.zeros_like(V[:1].sum(0)), 0
    for v, a in zip(V, x):
        total = total + (before * v * a).sum().item()
        before = before + a * v
    return total


# %% 1.2 wrong: each pair twice
def pair_sum(V, x):
    total = 0
    for i in range(len(x)):
        for j in range(len(x)):
            if i != j:
                total += V[i] @ V[j] * x[i] * x[j]
    return total


# %% 1.2 wrong: self pairs
def pair_sum(V, x):
    total = 0
    for i in range(len(x)):
        for j in range(i, len(x)):
            total += V[i].dot(V[j]) * x[i] * x[j]
    return total


# %% 1.2 wrong: self pairs
def pair_sum(V, x):
    return sum((V[i] * V[j]).sum() * x[i] * x[j] for i, j in itertools.combinations_with_replacement(range(len(x)), 2))


# %% 1.2 wrong: square of sum
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i, j in itertools.product(range(len(x)), repeat=2))


# %% 1.2 wrong: no x
def pair_sum(V, x):
    return sum(V[i] @ V[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: x as a switch
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            if x[i] != 0 and x[j] != 0:
                total += float(V[i] @ V[j])
    return total


# %% 1.2 wrong: x of one feature
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[i] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: x of the other feature
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: x squared in both factors
def pair_sum(V, x):
    xv = V * x[:, None]
    return sum(xv[i] @ xv[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: mean over k
def pair_sum(V, x):
    return sum((V[i] * V[j]).mean() * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: mean over pairs
def pair_sum(V, x):
    terms = [V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2)]
    return sum(terms) / max(len(terms), 1)


# %% 1.2 wrong: not summed over k
def pair_sum(V, x):
    out = torch.zeros_like(V).sum(0)
    for i, j in itertools.combinations(range(len(x)), 2):
        out += V[i] * V[j] * x[i] * x[j]
    return out


# %% 1.2 wrong: table of pairs
def pair_sum(V, x):
    return (V @ V.T) * x[:, None] * x


# %% 1.2 wrong: upper table of pairs
def pair_sum(V, x):
    return ((V @ V.T) * x[:, None] * x).triu(1)


# %% 1.2 wrong: neighbours only
def pair_sum(V, x):
    return sum(V[i] @ V[i + 1] * x[i] * x[i + 1] for i in range(len(x) - 1))


# %% 1.2 wrong: last feature missing
def pair_sum(V, x):
    n = len(x)
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(n - 1) for j in range(i + 1, n - 1))


# %% 1.2 wrong: first feature missing
def pair_sum(V, x):
    n = len(x)
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(1, n) for j in range(i + 1, n))


# %% 1.2 wrong: x added
def pair_sum(V, x):
    return sum(V[i] @ V[j] * (x[i] + x[j]) for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: diagonal only
def pair_sum(V, x):
    return ((V * x[:, None]) ** 2).sum()


# %% 1.2 wrong: difference the wrong way round
def pair_sum(V, x):
    return -sum(V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: exception
def pair_sum(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(1, len(x) + 1))


# %% 1.2 wrong: exception
def pair_sum(V, x):
    terms = [V[i] * V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2)]
    return torch.stack(terms).sum()


# %% 1.2 wrong: exception
def pair_sum(V, x):
    total = torch.zeros(V.shape[1])
    for i, j in itertools.combinations(range(len(x)), 2):
        total += V[i] * V[j] * x[i] * x[j]
    return total @ torch.ones(V.shape[1], dtype=torch.float64)


# %% 1.2 wrong: in place
def pair_sum(V, x):
    V *= x[:, None]
    return sum(V[i] @ V[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: value
def pair_sum(V, x):
    return sum(int(V[i] @ V[j] * x[i] * x[j]) for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: value
def pair_sum(V, x):
    return sum(abs(V[i] @ V[j] * x[i] * x[j]) for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: kind
def pair_sum(V, x):
    return (V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 right: torch.combinations
def pair_sum(V, x):
    c = torch.combinations(torch.arange(len(x)), 2)
    return ((V[c[:, 0]] * V[c[:, 1]]).sum(1) * x[c[:, 0]] * x[c[:, 1]]).sum()


# %% 1.2 wrong: cosine
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += torch.cosine_similarity(V[i], V[j], dim=0) * x[i] * x[j]
    return total


# %% 1.2 wrong: cosine
def pair_sum(V, x):
    total = 0.0
    for i, j in itertools.combinations(range(len(x)), 2):
        lengths = V[i].norm() * V[j].norm()
        if lengths > 0:
            total += float(V[i] @ V[j] / lengths) * float(x[i] * x[j])
    return total


# %% 1.2 wrong: pairs with the first feature
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += V[i] @ V[j] * x[i] * x[j]
        return total
    return total


# %% 1.2 wrong: pairs with the first feature
def pair_sum(V, x):
    return sum(V[0] @ V[j] * x[0] * x[j] for j in range(1, len(x)))


# %% 1.2 wrong: first pair only
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total += V[i] @ V[j] * x[i] * x[j]
            return total
    return total


# %% 1.2 wrong: last pair only
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            total = V[i] @ V[j] * x[i] * x[j]
    return total


# %% 1.2 wrong: neighbours left out
def pair_sum(V, x):
    total = 0.0
    for i in range(len(x)):
        for j in range(i + 2, len(x)):
            total += V[i] @ V[j] * x[i] * x[j]
    return total


# %% 1.2 wrong: sums multiplied
def pair_sum(V, x):
    return sum(V[i].sum() * V[j].sum() * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: first entry only
def pair_sum(V, x):
    V = V.tolist()

    def dot(a, b):
        total = 0.0
        for p, q in zip(a, b):
            total += p * q
            return total

    return sum(dot(V[i], V[j]) * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2))


# %% 1.2 wrong: wrong axis
def pair_sum(V, x):
    xv = V * x[:, None]
    return torch.triu(xv.T @ xv, 1).sum()


# %% 1.2 wrong: difference the wrong way round
def pair_sum(V, x):
    xv = V * x[:, None]
    return 0.5 * ((xv**2).sum() - (xv.sum(0) ** 2).sum())


# %% 1.2 wrong: exception
def pair_sum(V, x):
    return torch.stack([V[i] @ V[j] * x[i] * x[j] for i, j in itertools.combinations(range(len(x)), 2)]).sum()


# %% 1.2 wrong: kind
def pair_sum(V, x):
    if len(x) > 1:
        return torch.triu(V @ V.T * torch.outer(x, x), 1).sum()


# %% 1.3 right: official
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.3 right: matrix products
def pair_sum_fast(V, x):
    s = V.T @ x
    return (s.square() - V.T.square() @ x.square()).sum() / 2


# %% 1.3 right: one loop over features
def pair_sum_fast(V, x):
    s = q = 0
    for i in range(V.size(0)):
        s = s + x[i] * V[i]
        q = q + (x[i] * V[i]) ** 2
    return float(torch.as_tensor(0.5 * (s * s - q)).sum())


# %% 1.3 right: einsum in float32
def pair_sum_fast(V, x):
    V, x = V.float(), x.float()
    s = torch.einsum("i,if->f", x, V)
    return 0.5 * (torch.einsum("f,f->", s, s) - torch.einsum("i,if,i,if->", x, V, x, V))


# %% 1.3 right: NumPy, summed feature by feature of the k columns
def pair_sum_fast(V, x):
    V, x = V.numpy(), x.numpy()
    total = 0.0
    for f in range(V.shape[1]):
        column = V[:, f] * x
        total += column.sum() ** 2 - np.dot(column, column)
    return total * 0.5


# %% 1.3 right: the triangle in one matrix product
def pair_sum_fast(V, x):
    xv = V * x.reshape(-1, 1)
    gram = xv @ xv.t()
    return 0.5 * (gram.sum() - gram.diagonal().sum())


# %% 1.3 right: cumulative sum
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return ((xv.cumsum(0) - xv) * xv).sum().reshape(1, 1)


# %% 1.3 wrong: each pair twice
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.3 wrong: nothing subtracted
def pair_sum_fast(V, x):
    return 0.5 * ((V * x[:, None]).sum(0) ** 2).sum()


# %% 1.3 wrong: square of sum
def pair_sum_fast(V, x):
    return ((V * x[:, None]).sum(0) ** 2).sum()


# %% 1.3 wrong: half of the first part
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return (0.5 * xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.3 wrong: self pairs
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.sum(0) ** 2 + (xv**2).sum(0)).sum()


# %% 1.3 wrong: difference the wrong way round
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * ((xv**2).sum(0) - xv.sum(0) ** 2).sum()


# %% 1.3 wrong: x not squared
def pair_sum_fast(V, x):
    x = x[:, None]
    return 0.5 * ((x * V).sum(0) ** 2 - (x * V**2).sum(0)).sum()


# %% 1.3 wrong: no x in the second part
def pair_sum_fast(V, x):
    return 0.5 * ((x @ V) ** 2 - (V**2).sum(0)).sum()


# %% 1.3 wrong: no x
def pair_sum_fast(V, x):
    return 0.5 * (V.sum(0) ** 2 - (V**2).sum(0)).sum()


# %% 1.3 wrong: flattened
def pair_sum_fast(V, x):
    xv = (V * x[:, None]).flatten()
    return 0.5 * (xv.sum() ** 2 - (xv**2).sum())


# %% 1.3 wrong: not summed over k
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0))


# %% 1.3 wrong: mean over k
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).mean()


# %% 1.3 wrong: endless
def pair_sum_fast(V, x):
    return sum(V[i] @ V[j] * x[i] * x[j] for i in range(len(x)) for j in range(i + 1, len(x)))


# %% 1.3 right: Python floats over the k columns
def pair_sum_fast(V, x):
    total = 0.0
    for f in range(V.shape[1]):
        column = (x * V[:, f]).tolist()
        total += sum(column) ** 2 - sum(z * z for z in column)
    return total / 2


# %% 1.3 right: keepdim throughout, result of shape (1,)
def pair_sum_fast(V, x):
    xv = x.view(-1, 1) * V
    return (0.5 * (xv.sum(0, keepdim=True).square() - xv.square().sum(0, keepdim=True))).sum(1)


# %% 1.3 right: a parameter that requires grad
def pair_sum_fast(V, x):
    xv = nn.Parameter(V.clone()) * x.unsqueeze(1)
    return 0.5 * (xv.sum(0).pow(2).sum() - xv.pow(2).sum())


# %% 1.3 wrong: wrong axis
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.sum(1) ** 2 - (xv**2).sum(1)).sum()


# %% 1.3 wrong: wrong axis
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * ((xv.sum(dim=-1) ** 2).sum() - (xv**2).sum())


# %% 1.3 wrong: x along the columns
def pair_sum_fast(V, x):
    xv = V * x
    return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.3 wrong: half of the second part
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return ((xv.sum(0) ** 2) - 0.5 * (xv**2).sum(0)).sum()


# %% 1.3 wrong: no x in the first part
def pair_sum_fast(V, x):
    return 0.5 * (V.sum(0) ** 2 - ((V * x[:, None]) ** 2).sum(0)).sum()


# %% 1.3 wrong: v not squared
def pair_sum_fast(V, x):
    return 0.5 * ((x @ V) ** 2 - x**2 @ V).sum()


# %% 1.3 wrong: sum not squared
def pair_sum_fast(V, x):
    return 0.5 * (x @ V - x**2 @ V**2).sum()


# %% 1.3 wrong: second part summed over k
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * ((xv.sum(0) ** 2).sum() - (xv.sum(1) ** 2).sum())


# %% 1.3 wrong: first entry only
def pair_sum_fast(V, x):
    for f in range(V.shape[1]):
        xv = x * V[:, f]
        return 0.5 * (xv.sum() ** 2 - (xv**2).sum())


# %% 1.3 wrong: last entry only
def pair_sum_fast(V, x):
    for f in range(V.shape[1]):
        xv = x * V[:, f]
        result = 0.5 * (xv.sum() ** 2 - (xv**2).sum())
    return result


# %% 1.3 wrong: rounded down
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return (xv.sum(0) ** 2 - (xv**2).sum(0)).sum() // 2


# %% 1.3 wrong: mean over features
def pair_sum_fast(V, x):
    xv = V * x[:, None]
    return 0.5 * (xv.mean(0) ** 2 - (xv**2).mean(0)).sum()


# %% 1.3 wrong: in place
def pair_sum_fast(V, x):
    V *= x[:, None]
    return 0.5 * (V.sum(0) ** 2 - (V**2).sum(0)).sum()


# %% 1.4 right: official
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] * (xv.sum(0) - xv)


# %% 1.4 right: autograd
def grad_v(V, x):
    V = V.clone().requires_grad_()
    xv = V * x[:, None]
    y = 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()
    return torch.autograd.grad(y, V)[0]


# %% 1.4 right: loops into a list of lists
def grad_v(V, x):
    n, k = V.shape
    rows = []
    for i in range(n):
        row = []
        for f in range(k):
            row.append(sum(float(x[i] * x[j] * V[j, f]) for j in range(n) if j != i))
        rows.append(row)
    return rows


# %% 1.4 right: a matrix with a zero diagonal
def grad_v(V, x):
    pairs = torch.outer(x, x)
    pairs.fill_diagonal_(0)
    return pairs @ V


# %% 1.4 right: NumPy in float32
def grad_v(V, x):
    V, x = V.numpy().astype(np.float32), x.numpy().astype(np.float32)[:, np.newaxis]
    return x * ((x * V).sum(axis=0, keepdims=True) - x * V)


# %% 1.4 right: functional autograd
def grad_v(V, x):
    def y(V):
        return torch.triu((V @ V.T) * torch.outer(x, x), 1).sum()

    return torch.func.grad(y)(V)


# %% 1.4 right: stack of rows
def grad_v(V, x):
    total = x @ V
    return torch.stack([x[i] * (total - x[i] * V[i]) for i in range(len(x))])


# %% 1.4 wrong: itself not subtracted
def grad_v(V, x):
    return x[:, None] * (x[:, None] * V).sum(0)


# %% 1.4 wrong: x_i missing
def grad_v(V, x):
    xv = V * x[:, None]
    return xv.sum(0) - xv


# %% 1.4 wrong: x_j missing
def grad_v(V, x):
    return x[:, None] * (V.sum(0) - V)


# %% 1.4 wrong: x missing
def grad_v(V, x):
    return V.sum(0, keepdim=True) - V


# %% 1.4 wrong: subtracted without x
def grad_v(V, x):
    return x[:, None] * (x @ V - V)


# %% 1.4 wrong: subtracted without x
def grad_v(V, x):
    return torch.outer(x, x @ V) - x[:, None] * V


# %% 1.4 wrong: added
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] * (xv.sum(0) + xv)


# %% 1.4 wrong: twice
def grad_v(V, x):
    V = V.clone().requires_grad_()
    xv = V * x[:, None]
    (xv.sum(0) ** 2 - (xv**2).sum(0)).sum().backward()
    return V.grad


# %% 1.4 wrong: sign
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] * (xv - xv.sum(0))


# %% 1.4 wrong: transposed
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv)).T


# %% 1.4 wrong: gradient of x
def grad_v(V, x):
    x = x.clone().requires_grad_()
    xv = V * x[:, None]
    return torch.autograd.grad(0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum(), x)[0]


# %% 1.4 wrong: summed over features
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv)).sum(0)


# %% 1.4 wrong: summed over k
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv)).sum(1)


# %% 1.4 wrong: x_i squared
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] ** 2 * (xv.sum(0) - xv)


# %% 1.4 wrong: shape
def grad_v(V, x):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv))[None]


# %% 1.4 right: einsum
def grad_v(V, x):
    return torch.einsum("i,j,jk->ik", x, x, V) - torch.einsum("i,ik->ik", x**2, V)


# %% 1.4 right: list of tensors
def grad_v(V, x):
    total = x @ V
    return [x[i] * (total - x[i] * V[i]) for i in range(len(x))]


# %% 1.4 right: central differences
def grad_v(V, x):
    V, x, h = V.double(), x.double(), 1e-4
    grad = torch.zeros_like(V)

    def y(V):
        xv = V * x[:, None]
        return 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    for i, f in itertools.product(range(V.shape[0]), range(V.shape[1])):
        step = torch.zeros_like(V)
        step[i, f] = h
        grad[i, f] = (y(V + step) - y(V - step)) / (2 * h)
    return grad


# %% 1.4 wrong: x_j missing in the sum
def grad_v(V, x):
    return x[:, None] * (V.sum(0) - x[:, None] * V)


# %% 1.4 wrong: halved
def grad_v(V, x):
    xv = V * x[:, None]
    return 0.5 * x[:, None] * (xv.sum(0) - xv)


# %% 1.4 wrong: subtracted twice
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] * (xv.sum(0) - 2 * xv)


# %% 1.4 wrong: wrong axis
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] * (xv.sum(1, keepdim=True) - xv)


# %% 1.4 wrong: x along the columns
def grad_v(V, x):
    xv = V * x
    return x[:, None] * (xv.sum(0) - xv)


# %% 1.4 wrong: x along the columns throughout
def grad_v(V, x):
    return x * (x @ V - x * V)


# %% 1.4 wrong: later features only
def grad_v(V, x):
    grad = torch.zeros_like(V)
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            grad[i] += x[i] * x[j] * V[j]
    return grad


# %% 1.4 wrong: earlier features only
def grad_v(V, x):
    total, rows = torch.zeros_like(V[0]), []
    for i in range(len(x)):
        rows.append(x[i] * total)
        total = total + x[i] * V[i]
    return torch.stack(rows)


# %% 1.4 wrong: in place
def grad_v(V, x):
    V *= x[:, None]
    return x[:, None] * (V.sum(0) - V)


# %% 1.4 wrong: nan
def grad_v(V, x):
    xv = V * x[:, None]
    return x[:, None] ** 2 * (xv.sum(0) - xv) / x[:, None]


# %% 1.5 right: official
def change_when_doubled(w, V, x, i):
    others = (V * x[:, None]).sum(0) - V[i] * x[i]
    return w[i] * x[i] + x[i] * (V[i] @ others)


# %% 1.5 right: new minus old
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    x2 = x.clone()
    x2[i] *= 2
    return y(x2) - y(x)


# %% 1.5 right: loop over the other features
def change_when_doubled(w, V, x, i):
    change = float(w[i] * x[i])
    for j in range(len(x)):
        if j == i:
            continue
        change += float(torch.dot(V[i], V[j]) * x[i] * x[j])
    return change


# %% 1.5 right: the slope of y by autograd times x_i
def change_when_doubled(w, V, x, i):
    x = x.clone().requires_grad_(True)
    xv = V * x.unsqueeze(-1)
    y = (w * x).sum() + 0.5 * ((xv.sum(0)) ** 2 - (xv**2).sum(0)).sum()
    (slope,) = torch.autograd.grad(y, x)
    return slope[i] * x[i]


# %% 1.5 right: NumPy with a mask
def change_when_doubled(w, V, x, i):
    w, V, x = np.array(w), np.array(V), np.array(x)
    mask = np.arange(x.size) != i
    return np.float64(x[i] * (w[i] + V[i] @ (V[mask] * x[mask, None]).sum(axis=0)))


# %% 1.5 right: where, in float32
def change_when_doubled(w, V, x, i):
    w, V, x = w.float(), V.float(), x.float()
    onehot = torch.zeros_like(x)
    onehot[i] = 1.0

    def y(x):
        G = (V @ V.T) * torch.outer(x, x)
        return (w * x).sum() + (G.sum() - G.trace()) / 2

    return (y(x + onehot * x) - y(x)).item()


# %% 1.5 wrong: no linear part
def change_when_doubled(w, V, x, i):
    return sum(V[i] @ V[j] * x[i] * x[j] for j in range(len(x)) if j != i)


# %% 1.5 wrong: linear part only
def change_when_doubled(w, V, x, i):
    return w[i] * x[i]


# %% 1.5 wrong: pair with itself
def change_when_doubled(w, V, x, i):
    return w[i] * x[i] + x[i] * (V[i] @ (x @ V))


# %% 1.5 wrong: pair with itself, three times
def change_when_doubled(w, V, x, i):
    def y(x):
        n = len(x)
        return w @ x + sum(V[a] @ V[b] * x[a] * x[b] for a in range(n) for b in range(a, n))

    new = x.clone()
    new[i] = 2 * new[i]
    return y(new) - y(x)


# %% 1.5 wrong: all doubled
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    return y(2 * x) - y(x)


# %% 1.5 wrong: twice the change
def change_when_doubled(w, V, x, i):
    return 2 * (w[i] * x[i] + sum(V[i] @ V[j] * x[i] * x[j] for j in range(len(x)) if j != i))


# %% 1.5 wrong: new value
def change_when_doubled(w, V, x, i):
    x = x.clone()
    x[i] *= 2
    xv = V * x[:, None]
    return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.5 wrong: old value
def change_when_doubled(w, V, x, i):
    xv = V * x[:, None]
    return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()


# %% 1.5 wrong: sign
def change_when_doubled(w, V, x, i):
    return -w[i] * x[i] - sum(V[i] @ V[j] * x[i] * x[j] for j in range(len(x)) if j != i)


# %% 1.5 wrong: no x_j
def change_when_doubled(w, V, x, i):
    return x[i] * (w[i] + V[i] @ (V.sum(0) - V[i]))


# %% 1.5 wrong: no x_i
def change_when_doubled(w, V, x, i):
    return w[i] + V[i] @ (x @ V - x[i] * V[i])


# %% 1.5 wrong: later features only
def change_when_doubled(w, V, x, i):
    return w[i] * x[i] + sum(V[i] @ V[j] * x[i] * x[j] for j in range(i + 1, len(x)))


# %% 1.5 wrong: counted from one
def change_when_doubled(w, V, x, i):
    i = i - 1
    n = len(x)
    return w[i] * x[i] + sum(V[i] @ V[j] * x[i] * x[j] for j in range(n) if j != i % n)


# %% 1.5 wrong: no x_i
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] += 1
    return y(new) - y(x)


# %% 1.5 wrong: x unchanged
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x
    new[i] *= 2
    return y(new) - y(x)


# %% 1.5 wrong: in place
def change_when_doubled(w, V, x, i):
    def y():
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    old = y()
    x[i] *= 2
    return y() - old


# %% 1.5 right: one-hot step, a default argument
def change_when_doubled(w, V, x, i):
    w0 = 0.3

    def y(x):
        xv = V * x[:, None]
        return w0 + w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] = 2 * new[i]
    return (y(new) - y(x)).reshape(1)


# %% 1.5 wrong: pairs fourfold
def change_when_doubled(w, V, x, i):
    c = x[i] * (V[i] @ (x @ V - x[i] * V[i]))
    return w[i] * x[i] + 3 * c


# %% 1.5 wrong: pairs fourfold
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] *= 2
    V2 = V.clone()
    V2[i] *= 2
    old, V = y(x), V2
    return y(new) - old


# %% 1.5 wrong: pairs four times
def change_when_doubled(w, V, x, i):
    c = x[i] * (V[i] @ (x @ V - x[i] * V[i]))
    return w[i] * x[i] + 4 * c


# %% 1.5 wrong: pairs twice
def change_when_doubled(w, V, x, i):
    c = x[i] * (V[i] @ (x @ V - x[i] * V[i]))
    return w[i] * x[i] + 2 * c


# %% 1.5 wrong: pairs twice
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] *= 2
    return y(new) - y(x)


# %% 1.5 wrong: nothing subtracted in y
def change_when_doubled(w, V, x, i):
    def y(x):
        return w @ x + 0.5 * ((x @ V) ** 2).sum()

    new = x.clone()
    new[i] *= 2
    return y(new) - y(x)


# %% 1.5 wrong: absolute value
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] *= 2
    return abs(y(new) - y(x))


# %% 1.5 wrong: squared
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] = new[i] ** 2
    return y(new) - y(x)


# %% 1.5 wrong: two added
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] += 2
    return y(new) - y(x)


# %% 1.5 wrong: ratio
def change_when_doubled(w, V, x, i):
    def y(x):
        xv = V * x[:, None]
        return w @ x + 0.5 * (xv.sum(0) ** 2 - (xv**2).sum(0)).sum()

    new = x.clone()
    new[i] *= 2
    return y(new) / y(x)


# %% 1.5 wrong: w_i without x_i
def change_when_doubled(w, V, x, i):
    c = x[i] * (V[i] @ (x @ V - x[i] * V[i]))
    return w[i] + c


# %% 1.5 wrong: whole linear part
def change_when_doubled(w, V, x, i):
    c = x[i] * (V[i] @ (x @ V - x[i] * V[i]))
    return w @ x + c


# %% 1.5 wrong: earlier features only
def change_when_doubled(w, V, x, i):
    return x[i] * (w[i] + sum(V[i] @ V[j] * x[j] for j in range(i)))


# %% 1.5 wrong: value
def change_when_doubled(w, V, x, i):
    c = x[i] * (w[i] + V[i] @ (x @ V - x[i] * V[i]))
    return 0.5 * c


# %% 1.5 wrong: always the first
def change_when_doubled(w, V, x, i):
    return x[0] * (w[0] + V[0] @ (x @ V - x[0] * V[0]))
