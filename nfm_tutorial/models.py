"""LR, FM, NFM and DeepFM, each on one screen.

Every model maps ids (B, S) int64 and values (B, S) to (B,) raw scores: logits for a binary task, predictions for
a regression task. No model applies a sigmoid; the loss does. `config` holds the constructor's arguments, so that a
model can be built again from a file. `seed` fixes the initial weights and leaves PyTorch's own random state alone.
This module knows neither data nor training.
"""

import torch
from torch import Tensor, nn

from . import checks
from .layers import FeatureEmbedding, LinearTerm, mlp
from .recording import recorded


class LR(nn.Module):
    """Logistic (or linear) regression on one-hot features: y = w_0 + sum_i w_i x_i.

    n_features: n, padding included. Raises ValueError if it is below 1.
    """

    @recorded
    def __init__(self, n_features: int, seed: int = 0):
        super().__init__()
        self.linear = LinearTerm(n_features)

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        return self.linear(ids, values)  # (B,)


class FM(nn.Module):
    """Factorization Machine: y = w_0 + sum_i w_i x_i + sum_{i<j} <v_i, v_j> x_i x_j (Rendle 2010, equation 1).

    k: embedding size; 0 gives linear regression. init_std: standard deviation of V at the start. dropout: share of the
    k pooled crossings set to zero in training. Raises ValueError for sizes below their minimum, dropout outside [0, 1).
    """

    @recorded
    def __init__(self, n_features: int, k: int = 16, init_std: float = 0.05, dropout: float = 0.0, seed: int = 0):
        super().__init__()
        self.linear = LinearTerm(n_features)
        self.embedding = FeatureEmbedding(n_features, k, init_std)
        self.drop = nn.Dropout(checks.dropout_rate("dropout", dropout))

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        pooled = self.drop(self.embedding.pool(ids, values))  # (B, k)
        return self.linear(ids, values) + pooled.sum(dim=1)  # (B,): FM sums the k crossings to one number


class NFM(nn.Module):
    """Neural Factorization Machine: y = w_0 + sum_i w_i x_i + h . MLP(f_BI(x)) (arXiv 1708.05027, equations 2 to 7).

    hidden: sizes of the hidden layers. dropout_bi, dropout_hidden: share set to zero after Bi-Interaction and in each
    hidden layer. batch_norm: after Bi-Interaction and in each hidden layer; None: if there is a hidden layer. bn_eps:
    the constant batch norm adds to the variance. activation: relu, sigmoid, tanh, identity. With hidden=() the vector
    h is fixed to ones, and without batch norm and dropout the model is FM. Raises ValueError for sizes below their
    minimum, an unknown activation, dropout outside [0, 1).
    """

    @recorded
    def __init__(
        self, n_features: int, k: int = 16, hidden: tuple[int, ...] = (64,), dropout_bi: float = 0.0,
        dropout_hidden: float = 0.0, batch_norm: bool | None = None, bn_eps: float = 1e-5, activation: str = "relu",
        init_std: float = 0.05, seed: int = 0,
    ):  # fmt: skip
        super().__init__()
        hidden = checks.layer_sizes(hidden)
        batch_norm = bool(hidden) if batch_norm is None else checks.true_or_false("batch_norm", batch_norm)
        checks.whole_number("k", k, 1 if hidden or batch_norm else 0)
        self.linear = LinearTerm(n_features)
        self.embedding = FeatureEmbedding(n_features, k, init_std)
        self.norm_bi = nn.BatchNorm1d(k, eps=bn_eps) if batch_norm else nn.Identity()
        self.drop_bi = nn.Dropout(checks.dropout_rate("dropout_bi", dropout_bi))
        self.mlp = mlp(k, hidden, activation, batch_norm, bn_eps, checks.dropout_rate("dropout_hidden", dropout_hidden))
        if hidden:
            self.h = nn.Parameter(torch.randn(hidden[-1]) / hidden[-1] ** 0.5)
        else:
            self.register_buffer("h", torch.ones(k))  # trained, it would no longer be FM

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        z = self.embedding.pool(ids, values)  # (B, k): NFM keeps the k crossings
        z = self.drop_bi(self.norm_bi(z))  # (B, k)
        z = self.mlp(z)  # (B, hidden[-1])
        return self.linear(ids, values) + z @ self.h  # (B,)


class DeepFM(nn.Module):
    """DeepFM (Guo et al. 2017): y = y_FM + y_DNN, two logits added, one table V read by both branches.

    field_of_slot: (S,) the field of each slot, as in `Examples.field_of_slot`. The DNN reads the field embeddings side
    by side; the slots of one field are summed first, so that several genres take the room of one.
    hidden: sizes of the DNN's layers. dropout: in each of them. Raises ValueError as FM and NFM do, and for a
    field_of_slot without slots or with anything but whole numbers from 0 on.
    """

    @recorded
    def __init__(
        self, n_features: int, field_of_slot, k: int = 16, hidden: tuple[int, ...] = (64, 64), dropout: float = 0.0,
        batch_norm: bool = False, bn_eps: float = 1e-5, activation: str = "relu", init_std: float = 0.05, seed: int = 0,
    ):  # fmt: skip
        super().__init__()
        checks.whole_number("k", k, 1)
        hidden, field_of_slot = checks.layer_sizes(hidden), checks.field_of_each_slot(field_of_slot)
        self.linear = LinearTerm(n_features)
        self.embedding = FeatureEmbedding(n_features, k, init_std)
        self.register_buffer("field_of_slot", torch.tensor(field_of_slot))  # (S,)
        self.n_fields = max(field_of_slot) + 1
        self.one_slot_per_field = list(field_of_slot) == list(range(self.n_fields))
        n_in = self.n_fields * k
        self.mlp = mlp(n_in, hidden, activation, batch_norm, bn_eps, dropout)
        self.out = nn.Linear(hidden[-1] if hidden else n_in, 1, bias=False)

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        xv = self.embedding(ids, values)  # (B, S, k)
        if xv.shape[1] != len(self.field_of_slot):
            raise ValueError(f"this DeepFM was built for {len(self.field_of_slot)} slots, got {xv.shape[1]}")
        y_fm = self.linear(ids, values) + self.embedding.pool(ids, values, xv).sum(dim=1)  # (B,)
        fields = xv  # (B, F, k), after the slots of a field are added up
        if not self.one_slot_per_field:
            fields = xv.new_zeros(xv.shape[0], self.n_fields, xv.shape[2]).index_add(1, self.field_of_slot, xv)
        y_dnn = self.out(self.mlp(fields.flatten(1))).squeeze(1)  # (B, F*k) -> (B, 1) -> (B,)
        return y_fm + y_dnn


MODELS = {model.__name__: model for model in (LR, FM, NFM, DeepFM)}
