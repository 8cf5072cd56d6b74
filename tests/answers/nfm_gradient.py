# ruff: noqa: B023, E501, E701, E702, E704, E731, F811, F841
# Other answers to nfm_gradient, as readers write them.
# %% imports
import numpy as np
import torch


# %% right: loops
def grad_v_nfm(V, x, J):
    out = torch.zeros_like(V)
    for i in range(len(x)):
        for j in range(len(x)):
            if j != i:
                out[i] += J * x[i] * x[j] * V[j]
    return out


# %% right: matrices in NumPy float32
def grad_v_nfm(V, x, J):
    V, x, J = (np.asarray(t, dtype=np.float32) for t in (V, x, J))
    pairs = np.outer(x, x)
    np.fill_diagonal(pairs, 0)
    return pairs @ V @ np.diag(J)


# %% right: vector-Jacobian product
def grad_v_nfm(V, x, J):
    def f_bi(V):
        xv = V * x.unsqueeze(-1)
        return 0.5 * (xv.sum(0).square() - xv.square().sum(0))

    return torch.autograd.functional.vjp(f_bi, V, J)[1]


# %% wrong: You did not take v_i itself out
def grad_v_nfm(V, x, J):
    return torch.outer(x, x) @ V @ torch.diag(J)


# %% wrong: You summed over k
def grad_v_nfm(V, x, J):
    xv = V * x[:, None]
    return (x[:, None] * (xv.sum(0) - xv)) @ J[:, None]


# %% wrong: transposed
def grad_v_nfm(V, x, J):
    xv = (V * x[:, None]).T
    return J[:, None] * x * (xv.sum(1, keepdim=True) - xv)


# %% wrong: in place
def grad_v_nfm(V, x, J):
    V *= x[:, None]
    return J * x[:, None] * (V.sum(0) - V)
