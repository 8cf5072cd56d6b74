"""What makes the layers quick: look-up and Bi-Interaction with their gradients written out.

Every function here equals a readable line of layers.py, in its result and in its gradient, to rounding. This module
knows tensors and nothing else: no model, no data.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import checks


def look_up(table: Tensor, ids: Tensor, values: Tensor) -> Tensor:
    """The table's row for each slot, times the slot's value: (n, k) gives (B, S, k), (n,) gives (B, S).

    It is `table[ids]` times values, with a faster gradient. ValueError for an id outside the table.
    """
    values = values.to(table.dtype)
    try:
        if table.ndim == 2 and table.shape[1] and many_slots(ids, table) and not values.requires_grad:
            return _LookUp.apply(table, ids, values)
        rows = table.index_select(0, ids.flatten()).unflatten(0, ids.shape)
    except (IndexError, RuntimeError) as error:
        raise checks.outside_table(ids, table.shape[0]) or error from None
    return rows * (values if table.ndim == 1 else values[..., None])


def many_slots(ids: Tensor, table: Tensor) -> bool:
    """Whether a few passes over the table cost less than going slot by slot; never so in torch.export."""
    return not torch.compiler.is_compiling() and ids.numel() >= table.shape[0]


def fused_bi_interaction(V: Tensor, ids: Tensor, values: Tensor) -> Tensor:
    """`bi_interaction(V[ids] * values[..., None])` without building the (B, S, k) tensor, for batches with many slots.

    V: (n, k) embedding table; ids: (B, S) int64; values: (B, S). Returns (B, k), with gradients for V and values.
    It passes over the whole table a few times, so with fewer slots in the batch than features in the table (B S < n)
    the plain way is faster, and taken, as it is for a gradient of values, which training does not need.
    Raises ValueError for an id outside the table or shapes that do not belong together.
    """
    checks.slots(ids, values)
    if V.shape[1] == 0 or ids.shape[1] < 2 or values.requires_grad or not many_slots(ids, V):
        return pool(look_up(V, ids, values))
    try:
        return _FusedBiInteraction.apply(V, ids, values.to(V.dtype))
    except RuntimeError as error:
        raise checks.outside_table(ids, V.shape[0]) or error from None


def pool(xv: Tensor) -> Tensor:
    """`bi_interaction(xv)`, (B, S, k) to (B, k), with fewer tensors of xv's size in its gradient than autograd's."""
    return _Pooling.apply(xv)


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
        slots = _SlotsByFeature(ids, V.shape[0])
        if grad.stride(1) == 0:  # FM sums over k, so one number stands for all k entries of grad
            numbers = (values.square() * grad[:, :1]).flatten()
            second = grad.new_zeros(V.shape[0]).index_add_(0, slots.flat, numbers)[:, None]
        else:
            second = slots.sum_rows(values.square(), grad)
        return slots.sum_rows(values, grad * total).addcmul_(second, V, value=-1), None, None


class _LookUp(torch.autograd.Function):
    """x_i v_i of every slot, with the gradient of V added up per feature by `embedding_bag`."""

    @staticmethod
    def forward(ctx, V: Tensor, ids: Tensor, values: Tensor) -> Tensor:
        ctx.save_for_backward(ids, values)
        ctx.n = V.shape[0]
        return V.index_select(0, ids.flatten()).unflatten(0, ids.shape) * values[..., None]  # (B, S, k)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad: Tensor):
        ids, values = ctx.saved_tensors
        return _SlotsByFeature(ids, ctx.n).sum_rows(values, grad.flatten(0, 1)), None, None


class _SlotsByFeature:
    """The slots of a batch sorted by feature, to add up what belongs to each feature.

    Sorting turns this scatter into `embedding_bag`, several times faster on a CPU than adding row by row, and the
    result does not depend on the number of threads. ids: (B, S); n: rows of the table.
    """

    def __init__(self, ids: Tensor, n: int):
        self.n_slots, self.flat = ids.shape[1], ids.flatten()
        if self.flat.is_cpu and n <= 2**16:  # NumPy sorts 16-bit numbers by radix
            self.order = torch.from_numpy(np.argsort(self.flat.numpy().astype(np.uint16), kind="stable"))
        else:
            self.order = torch.argsort(self.flat, stable=True)
        count = torch.bincount(self.flat, minlength=n)
        self.starts = count.cumsum(0) - count  # where a feature's slots begin

    def sum_rows(self, weights: Tensor, rows: Tensor) -> Tensor:
        """(n, k): the sum of weight * row over each feature's slots; rows: (B S, k), or (B, k), one for all S slots."""
        which = self.order if len(rows) == len(self.flat) else self.order // self.n_slots
        weights = weights.flatten()[self.order]
        return F.embedding_bag(which, rows.contiguous(), self.starts, mode="sum", per_sample_weights=weights)
