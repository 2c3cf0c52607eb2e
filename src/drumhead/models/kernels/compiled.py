"""ReLU, its gradient, and argmax, compiled: torch is several times slower. Importing this imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.kernels.compiling import kernel

INFINITY = np.int16(0x7F80)
SIGN = np.int16(0x7FFF)
ZERO = np.int16(0)


@kernel
def rectify(values: NDArray[Any]) -> None:
    """Negative numbers become 0; nan stays nan."""
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] = zero if values[i] < zero else values[i]


@kernel
def rectify_bfloat16(values: NDArray[np.int16]) -> None:
    """The same for bfloat16, given as integers: larger than 0, or nan, or 0."""
    for i in range(values.size):
        value = values[i]
        values[i] = value if value > ZERO or (value & SIGN) > INFINITY else ZERO


@kernel
def silence(gradient: NDArray[Any], activation: NDArray[Any]) -> None:
    """The gradient becomes 0 where the activation is."""
    zero = gradient.dtype.type(0)
    for i in range(gradient.size):
        gradient[i] = gradient[i] if activation[i] != zero else zero


@kernel
def largest(logits: NDArray[Any], out: NDArray[np.int64]) -> None:
    """The first row that holds the largest number of each column, or the first that holds nan."""
    out[:] = 0
    best = logits[0].copy()
    for row in range(1, logits.shape[0]):
        for i in range(best.size):
            value = logits[row, i]
            if value > best[i] or (value != value and best[i] == best[i]):
                best[i] = value
                out[i] = row
