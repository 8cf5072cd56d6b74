"""Inputs for the checks: drawn from a fixed seed, varied, and short to read.

Most numbers are multiples of 1/4 between -2 and 2, so that float32 holds them exactly and a reader can work with them.
Half precision holds them, too: `rough` draws the numbers that tell it from the real thing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

F32, F64 = torch.float32, torch.float64


class Draw:
    def __init__(self, seed: int = 0):
        self.rng = np.random.default_rng(seed)

    def real(self, *shape: int, dtype: torch.dtype = F64) -> Tensor:
        """Positive, negative and some zero entries."""
        quarters = self.rng.integers(1, 9, shape) * self.rng.choice([-1, 1, 1, 0, -1, 1], shape)
        return torch.from_numpy(np.asarray(quarters / 4)).to(dtype)

    def nonzero(self, *shape: int, dtype: torch.dtype = F64) -> Tensor:
        quarters = self.rng.integers(1, 9, shape) * self.rng.choice([-1, 1], shape)
        return torch.from_numpy(np.asarray(quarters / 4)).to(dtype)

    def rough(self, *shape: int, scale: float = 4.0, dtype: torch.dtype = F64) -> Tensor:
        """Numbers with many decimals, some of them beyond 5 and -5: for one large case of every exercise."""
        drawn = np.asarray(self.rng.uniform(0.5, 2, shape) * self.rng.choice([-1, 1], shape) * scale)
        return torch.from_numpy(drawn).to(dtype)

    def slots(self, n: int, rows: int, slots: int, padding: int = 0, dtype: torch.dtype = F64) -> tuple[Tensor, Tensor]:
        """ids (rows, slots) from 1 to n - 1, none twice in a row, and values; each row ends with up to `padding`
        slots of id 0 and value 0."""
        ids = np.zeros((rows, slots), dtype=np.int64)
        values = self.nonzero(rows, slots, dtype=dtype)
        for row in range(rows):
            pad = int(self.rng.integers(0, padding + 1)) if row or rows > 1 else padding
            kept = slots - min(pad, slots)
            ids[row, :kept] = self.rng.permutation(np.arange(1, n))[:kept]
            values[row, kept:] = 0
        return torch.from_numpy(ids), values

    def whole(self, low: int, high: int, *shape: int) -> Tensor:
        """Integers from low to high, high left out."""
        return torch.from_numpy(np.asarray(self.rng.integers(low, high, shape), dtype=np.int64))
