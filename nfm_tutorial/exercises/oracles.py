"""Pieces that oracles and inputs of several exercises share, each in a plain way that can be read off its formula."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from .draw import Draw


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
