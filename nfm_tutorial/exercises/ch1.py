"""Pieces of chapter 1 that an exercise of chapter 6 uses."""

from __future__ import annotations

import numpy as np

from .declare import Case
from .draw import F32, F64, Draw


def _grad_v(V, x):
    n, k = V.shape
    grad = np.zeros((n, k))
    for i in range(n):
        for j in range(n):
            if i != j:
                grad[i] += x[i] * x[j] * V[j]
    return grad


def _total(V, x):
    return (V * x[:, None]).sum(0)


def _grad_cases(with_head: bool = False):
    d = Draw(14)
    for n, k, dtype in ((1, 2, F64), (2, 1, F64), (2, 2, F32), (3, 1, F64), (3, 2, F64), (4, 4, F64), (5, 3, F32)):
        args = (d.nonzero(n, k, dtype=dtype), d.nonzero(n, dtype=dtype))
        yield Case(*args, *((d.nonzero(k, dtype=dtype),) if with_head else ()), trivial=n == 1)
    for n, k, dtype in ((4, 2, F64), (6, 3, F32), (9, 5, F64)):
        args = (d.real(n, k, dtype=dtype), d.real(n, dtype=dtype))
        yield Case(*args, *((d.real(k, dtype=dtype),) if with_head else ()))
