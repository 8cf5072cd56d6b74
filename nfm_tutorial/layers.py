"""The parts that FM, NFM and DeepFM are made of.

Symbols: B examples in a batch, S slots of an example, n features, k embedding size, x_i the value in a slot,
v_i in R^k the embedding of the feature in that slot. This module knows neither data nor training.
"""

import torch
from torch import Tensor, nn

from . import checks
from .gradients import fused_bi_interaction, look_up, many_slots, pool

ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "identity": nn.Identity}


def bi_interaction(xv: Tensor) -> Tensor:
    """Bi-Interaction pooling: the sum over all pairs of slots of (x_i v_i) * (x_j v_j), element by element.

    xv: (B, S, k), the vectors x_i v_i. Returns (B, k). There is nothing to learn in it.
    f_BI = 1/2 [ (sum_i x_i v_i)^2 - sum_i (x_i v_i)^2 ], NFM paper (arXiv 1708.05027) equations 3 and 4:
    k additions per slot instead of k multiplications per pair of slots. With one slot or none there is no pair, and
    both terms are the same number: the result is exactly 0.

    Raises ValueError if xv does not have three dimensions.
    """
    if xv.ndim != 3:
        raise ValueError(f"bi_interaction needs xv of shape (B, S, k), got {tuple(xv.shape)}")
    square_of_sum = xv.sum(dim=1).square()  # (B, k)
    sum_of_squares = xv.square().sum(dim=1)  # (B, k)
    return 0.5 * (square_of_sum - sum_of_squares)


class LinearTerm(nn.Module):
    """w_0 + sum_i w_i x_i, the first-order part of every model here. Starts at zero.

    n_features: n. Attributes: w0 (), w (n,). forward(ids (B, S), values (B, S)) -> (B,).
    """

    def __init__(self, n_features: int):
        super().__init__()
        self.w0 = nn.Parameter(torch.zeros(()))
        self.w = nn.Parameter(torch.zeros(checks.table_shape(n_features, 1)[0]))

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        checks.slots(ids, values)
        return self.w0 + look_up(self.w, ids, values).sum(dim=1)


class FeatureEmbedding(nn.Module):
    """The table V of embeddings: row i is v_i, FM's hidden vector and NFM's embedding alike.

    n_features: n. k: embedding size. init_std: standard deviation of the normal initial values.
    Attribute: V (n, k). forward(ids (B, S), values (B, S)) -> (B, S, k), the vectors x_i v_i.
    """

    def __init__(self, n_features: int, k: int, init_std: float = 0.05):
        super().__init__()
        init_std = checks.number("init_std", init_std, least=0, why="a standard deviation")
        self.V = nn.Parameter(torch.randn(checks.table_shape(n_features, k)).mul_(init_std))

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        checks.slots(ids, values)
        return look_up(self.V, ids, values)

    def pool(self, ids: Tensor, values: Tensor, xv: Tensor | None = None) -> Tensor:
        """(B, k): `bi_interaction(self(ids, values))`, by way of `fused_bi_interaction`.

        xv: (B, S, k), what `self(ids, values)` gave, from a caller who has it; spares small batches a second look-up.
        """
        if xv is not None and not many_slots(ids, self.V):
            return pool(xv)
        return fused_bi_interaction(self.V, ids, values)

    def penalty(self, ids: Tensor, values: Tensor) -> Tensor:
        """(): the batch mean of sum_i ||x_i v_i||^2, so only features that occur are pulled towards zero.

        Computed from how often each feature occurs: sum_i c_i ||v_i||^2, c_i the batch mean of x_i^2.
        """
        counts = self.V.new_zeros(self.V.shape[0])
        counts.index_add_(0, ids.flatten(), values.detach().to(counts.dtype).square().flatten())
        return counts @ self.V.square().sum(dim=1) / max(len(ids), 1)


def mlp(
    n_in: int, hidden: tuple[int, ...], activation: str = "relu", batch_norm: bool = False, bn_eps: float = 1e-5,
    dropout: float = 0.0,
) -> nn.Sequential:  # fmt: skip
    """Hidden layers: (dense -> batch norm -> activation -> dropout) for each size in `hidden`; () gives no layer.

    Maps (B, n_in) to (B, hidden[-1]). The order is that of the NFM authors' code.
    Raises ValueError for sizes below 1, an unknown activation, `bn_eps` that is not positive, dropout outside [0, 1).
    """
    hidden = checks.layer_sizes(hidden)
    bn_eps = checks.number("bn_eps", bn_eps, above=0, why="added to a variance")
    checks.one_of("activation", activation, ACTIVATIONS)
    checks.dropout_rate("dropout", dropout)
    checks.true_or_false("batch_norm", batch_norm)
    layers: list[nn.Module] = []
    for n_out in hidden:
        layers.append(nn.Linear(n_in, n_out))
        if batch_norm:
            layers.append(nn.BatchNorm1d(n_out, eps=bn_eps))
        layers.append(ACTIVATIONS[activation]())
        if dropout:
            layers.append(nn.Dropout(dropout))
        n_in = n_out
    return nn.Sequential(*layers)
