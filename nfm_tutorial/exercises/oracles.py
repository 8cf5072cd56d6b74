"""Pieces that oracles and inputs of several exercises share, each in a plain way that can be read off its formula."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from .draw import Draw


def rows_of_features(draw: Draw) -> Iterator[tuple[Tensor, Tensor]]:
    """V (n, k) and x (n,): no feature, one, several, equal vectors, x with zeros, and numbers with many decimals."""
    yield torch.zeros(0, 3), torch.zeros(0)
    yield draw.nonzero(1, 2), draw.nonzero(1)
    yield torch.tensor([[2.0], [3.0]]), torch.tensor([1.0, -2.0])
    yield torch.tensor([[1.0, 2.0], [3.0, -1.0]]), torch.tensor([0.5, 3.0])
    yield torch.tensor([[1.0, 2.0], [3.0, -1.0], [0.0, 2.0]]), torch.tensor([1.0, 2.0, -1.0])
    yield torch.tensor([[1.5], [-2.0], [0.5]]), torch.tensor([2.0, 1.0, -1.0])
    yield draw.nonzero(2, 4), draw.nonzero(2)
    yield draw.nonzero(3, 3), draw.nonzero(3)
    yield draw.real(4, 3), torch.tensor([0.0, -1.5, 0.0, 2.0])
    yield draw.nonzero(4, 3)[[0, 1, 1, 0]], draw.nonzero(4)
    yield draw.real(5, 2), torch.zeros(5)
    yield draw.real(9, 6), draw.real(9)
    for n, k in ((6, 4), (5, 3), (8, 2)):
        yield draw.rough(n, k), draw.rough(n)


def pairs_of_slots(xv: np.ndarray) -> np.ndarray:
    """(B, S, k) -> (B, k): Bi-Interaction by loops, the sum over the pairs i < j of xv_i * xv_j."""
    out = np.zeros((xv.shape[0], xv.shape[2]))
    for i in range(xv.shape[1]):
        for j in range(i + 1, xv.shape[1]):
            out += xv[:, i] * xv[:, j]
    return out


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def apply(module: nn.Module, array: np.ndarray) -> np.ndarray:
    """What a module in float64 makes of an array."""
    with torch.no_grad():
        return module(torch.from_numpy(np.ascontiguousarray(array))).numpy()


def set_weights(module: nn.Module, draw: Draw) -> nn.Module:
    """Short weights, so that every machine checks with the same ones; in float64."""
    with torch.no_grad():
        for parameter in module.double().parameters():
            parameter.copy_(draw.nonzero(*parameter.shape) / 2)
    return module
