"""The parts that FM, NFM and DeepFM are made of.

Symbols: B examples in a batch, S slots of an example, n features, k embedding size, x_i the value in a slot,
v_i in R^k the embedding of the feature in that slot.
"""

from __future__ import annotations

from numbers import Integral

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

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


def fused_bi_interaction(V: Tensor, ids: Tensor, values: Tensor) -> Tensor:
    """`bi_interaction(V[ids] * values[..., None])` without building the (B, S, k) tensor, for batches with many slots.

    V: (n, k) embedding table; ids: (B, S) int64; values: (B, S). Returns (B, k), with gradients for V and values.
    It passes over the whole table a few times, so with fewer slots in the batch than features in the table (B S < n)
    the plain way is faster, and taken.
    Raises ValueError for an id outside the table or shapes that do not belong together.
    """
    check_slots(ids, values)
    if V.shape[1] == 0 or ids.shape[1] < 2 or not _many_slots(ids, V):
        return _Pooling.apply(look_up(V, ids, values))
    try:
        return _FusedBiInteraction.apply(V, ids, values.to(V.dtype))
    except RuntimeError as error:
        raise _explained(error, ids, V.shape[0]) from error


class _Pooling(torch.autograd.Function):
    """`bi_interaction` with its gradient written out, which builds fewer (B, S, k) tensors than autograd's."""

    @staticmethod
    def forward(ctx, xv: Tensor) -> Tensor:
        total = xv.sum(dim=1)  # (B, k)
        ctx.save_for_backward(xv, total)
        return 0.5 * (total.square() - xv.square().sum(dim=1))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        xv, total = ctx.saved_tensors
        return (total[:, None] - xv) * grad[:, None]


class _FusedBiInteraction(torch.autograd.Function):
    """Weighted sums of table rows, forward per example and backward per feature: `embedding_bag` does both."""

    @staticmethod
    def forward(ctx, V: Tensor, ids: Tensor, values: Tensor) -> Tensor:
        total = F.embedding_bag(ids, V, mode="sum", per_sample_weights=values)  # (B, k) sum x_i v_i
        squares = F.embedding_bag(ids, V.square(), mode="sum", per_sample_weights=values.square())  # (B, k)
        ctx.save_for_backward(V, ids, values, total)
        return 0.5 * (total.square() - squares)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        # d f_BI / d v_i = x_i (total - x_i v_i): the first part is one vector for all slots of an example.
        V, ids, values, total = ctx.saved_tensors
        weighted = grad * total  # (B, k)
        grad_V = grad_values = None
        if ctx.needs_input_grad[0]:
            slots = _SlotsByFeature(ids, V.shape[0])
            grad_V = slots.sum_rows(values, weighted)
            if grad.stride(1) == 0:  # FM sums over k, so one number stands for all k entries of grad
                grad_V.addcmul_(slots.sum_numbers(values.square() * grad[:, :1])[:, None], V, value=-1)
            else:
                grad_V.addcmul_(slots.sum_rows(values.square(), grad), V, value=-1)
        if ctx.needs_input_grad[2]:
            v = V[ids]  # (B, S, k); nothing trains x, so this path may be slow
            grad_values = (v * weighted[:, None]).sum(2) - values * (v.square() * grad[:, None]).sum(2)
        return grad_V, None, grad_values


class _LookUp(torch.autograd.Function):
    """x_i v_i of every slot, with the gradient of V added up per feature by `embedding_bag`."""

    @staticmethod
    def forward(ctx, V: Tensor, ids: Tensor, values: Tensor) -> Tensor:
        ctx.save_for_backward(V, ids, values)
        return V.index_select(0, ids.flatten()).unflatten(0, ids.shape) * values[..., None]  # (B, S, k)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        V, ids, values = ctx.saved_tensors
        grad_V = grad_values = None
        if ctx.needs_input_grad[0]:
            grad_V = _SlotsByFeature(ids, V.shape[0]).sum_rows(values, grad.flatten(0, 1))
        if ctx.needs_input_grad[2]:
            grad_values = (V[ids] * grad).sum(2)
        return grad_V, None, grad_values


class _SlotsByFeature:
    """The slots of a batch sorted by feature, to add up what belongs to each feature.

    Sorting turns this scatter into `embedding_bag`, several times faster on a CPU than adding row by row, and the
    result does not depend on the number of threads. ids: (B, S); n: rows of the table.
    """

    def __init__(self, ids: Tensor, n: int):
        self.n, self.n_slots, self.flat = n, ids.shape[1], ids.flatten()
        if self.flat.is_cpu and n <= 2**16:  # NumPy sorts 16-bit numbers by radix
            self.order = torch.from_numpy(np.argsort(self.flat.numpy().astype(np.uint16), kind="stable"))
        else:
            self.order = torch.argsort(self.flat, stable=True)
        count = torch.bincount(self.flat, minlength=n)
        self.starts = count.cumsum(0) - count  # where a feature's slots begin

    def sum_rows(self, weights: Tensor, rows: Tensor) -> Tensor:
        """(n, k): the sum of weight * row over each feature's slots; rows: (B S, k), or (B, k), one for all S slots."""
        one_per_slot = len(rows) == len(self.flat)
        which = self.order if one_per_slot else torch.div(self.order, self.n_slots, rounding_mode="floor")
        weights = weights.flatten()[self.order]
        return F.embedding_bag(which, rows.contiguous(), self.starts, mode="sum", per_sample_weights=weights)

    def sum_numbers(self, numbers: Tensor) -> Tensor:
        """(n,): the sum of the numbers (B, S) over each feature's slots."""
        return numbers.new_zeros(self.n).index_add_(0, self.flat, numbers.flatten())


class LinearTerm(nn.Module):
    """w_0 + sum_i w_i x_i, the first-order part of every model here. Starts at zero.

    n_features: n. Attributes: w0 (), w (n,). forward(ids (B, S), values (B, S)) -> (B,).
    """

    def __init__(self, n_features: int):
        super().__init__()
        self.w0 = nn.Parameter(torch.zeros(()))
        self.w = nn.Parameter(torch.zeros(check_size("n_features", n_features, 1)))

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        check_slots(ids, values)
        return self.w0 + look_up(self.w, ids, values).sum(dim=1)


class FeatureEmbedding(nn.Module):
    """The table V of embeddings: row i is v_i, FM's hidden vector and NFM's embedding alike.

    n_features: n. k: embedding size. init_std: standard deviation of the normal initial values.
    Attribute: V (n, k). forward(ids (B, S), values (B, S)) -> (B, S, k), the vectors x_i v_i.
    """

    def __init__(self, n_features: int, k: int, init_std: float = 0.05):
        super().__init__()
        if not init_std >= 0:
            raise ValueError(f"init_std is a standard deviation and must be at least 0, got {init_std}")
        shape = (check_size("n_features", n_features, 1), check_size("k", k, 0))
        self.V = nn.Parameter(torch.randn(shape) * init_std)

    def forward(self, ids: Tensor, values: Tensor) -> Tensor:
        check_slots(ids, values)
        return look_up(self.V, ids, values)

    def pool(self, ids: Tensor, values: Tensor, xv: Tensor | None = None) -> Tensor:
        """(B, k): `bi_interaction(self(ids, values))`, by way of `fused_bi_interaction`.

        xv: (B, S, k), what `self(ids, values)` gave, from a caller who has it; spares small batches a second look-up.
        """
        if xv is not None and not _many_slots(ids, self.V):
            return _Pooling.apply(xv)
        return fused_bi_interaction(self.V, ids, values)

    def penalty(self, ids: Tensor, values: Tensor) -> Tensor:
        """(): the batch mean of sum_i ||x_i v_i||^2, so only features that occur are pulled towards zero.

        Computed from how often each feature occurs: sum_i c_i ||v_i||^2, c_i the batch mean of x_i^2.
        """
        counts = self.V.new_zeros(self.V.shape[0])
        counts.index_add_(0, ids.flatten(), values.detach().to(counts.dtype).square().flatten())
        return counts @ self.V.square().sum(dim=1) / max(len(ids), 1)


def mlp(
    n_in: int,
    hidden: tuple[int, ...],
    activation: str = "relu",
    batch_norm: bool = False,
    bn_eps: float = 1e-5,
    dropout: float = 0.0,
) -> nn.Sequential:
    """Hidden layers: (dense -> batch norm -> activation -> dropout) for each size in `hidden`; () gives no layer.

    Maps (B, n_in) to (B, hidden[-1]). The order is that of the NFM authors' code.
    Raises ValueError for sizes below 1, an unknown activation, `bn_eps` that is not positive, dropout outside [0, 1).
    """
    if isinstance(hidden, Integral):
        raise ValueError(f"hidden lists the sizes of the hidden layers; for one layer write ({hidden},)")
    if not bn_eps > 0:
        raise ValueError(f"bn_eps is added to a variance and must be positive, got {bn_eps}")
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r} is unknown; choose one of {', '.join(ACTIVATIONS)}")
    check_dropout("dropout", dropout)
    layers: list[nn.Module] = []
    for n_out in hidden:
        check_size("a hidden layer's size", n_out, 1)
        layers.append(nn.Linear(n_in, n_out))
        if batch_norm:
            layers.append(nn.BatchNorm1d(n_out, eps=bn_eps))
        layers.append(ACTIVATIONS[activation]())
        if dropout:
            layers.append(nn.Dropout(dropout))
        n_in = n_out
    return nn.Sequential(*layers)


def look_up(table: Tensor, ids: Tensor, values: Tensor) -> Tensor:
    """The table's row for each slot, times the slot's value: (n, k) gives (B, S, k), (n,) gives (B, S).

    It is `table[ids]` times values, with a faster gradient. ValueError for an id outside the table.
    """
    values = values.to(table.dtype)
    try:
        if table.ndim == 2 and table.shape[1] and _many_slots(ids, table):
            return _LookUp.apply(table, ids, values)
        rows = table.index_select(0, ids.flatten()).unflatten(0, ids.shape)
    except (IndexError, RuntimeError) as error:
        raise _explained(error, ids, table.shape[0]) from error
    return rows * (values if table.ndim == 1 else values[..., None])


def _many_slots(ids: Tensor, table: Tensor) -> bool:
    """Whether a few passes over the whole table cost less than handling the batch slot by slot."""
    return ids.numel() >= table.shape[0]


def check_slots(ids: Tensor, values: Tensor) -> None:
    """Raises ValueError unless ids is (B, S) int64 and values is (B, S) floating point."""
    if not (isinstance(ids, Tensor) and isinstance(values, Tensor)):
        raise ValueError(
            f"ids and values must be torch tensors, got {type(ids).__name__} and {type(values).__name__}; "
            "Examples hold them as .ids and .values"
        )
    if ids.ndim != 2 or ids.shape != values.shape:
        raise ValueError(
            f"ids and values must both have shape (B, S), got {tuple(ids.shape)} and {tuple(values.shape)}; "
            "for a single example use ids[None], values[None]"
        )
    if ids.dtype != torch.int64:
        raise ValueError(f"ids must be int64, got {ids.dtype}; ids are names, not magnitudes")
    if not values.is_floating_point():
        raise ValueError(f"values must be floating point, got {values.dtype}")


def check_size(name: str, size: int, smallest: int) -> int:
    """`size` itself; ValueError unless it is a whole number of at least `smallest`."""
    if isinstance(size, bool) or not isinstance(size, Integral) or size < smallest:
        raise ValueError(f"{name} must be a whole number of at least {smallest}, got {size!r}")
    return int(size)


def check_dropout(name: str, rate: float) -> float:
    """`rate` itself; ValueError unless it lies in [0, 1)."""
    if not 0 <= rate < 1:
        raise ValueError(f"{name} is the share of entries set to zero and must lie in [0, 1), got {rate}")
    return rate


def _explained(error: Exception, ids: Tensor, n: int) -> Exception:
    """The ValueError that says which id is outside a table of n rows, or the original error if none is."""
    outside = (ids < 0) | (ids >= n)
    if not outside.any():
        return error
    row, slot = (int(i) for i in outside.nonzero()[0])
    return ValueError(
        f"row {row}, slot {slot}: id {int(ids[row, slot])} has no embedding; the table has ids 0 to {n - 1}. "
        "Build the model with encoder.n_features of the encoder that made these ids."
    )
