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
    return sum(
        (V[i] * V[j]).sum() * x[i] * x[j] for i, j in itertools.combinations_with_replacement(range(len(x)), 2)
    )


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
