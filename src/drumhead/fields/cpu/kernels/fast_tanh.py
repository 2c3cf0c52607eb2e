"""The hyperbolic tangent for use in kernels: an approximation (:mod:`drumhead.fields.rational_tanh`) in float32,
the C library's in float64.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload
from numpy.typing import NDArray

from drumhead.fields import rational_tanh
from drumhead.fields.cpu.kernels.compiling import compiled

LIMIT = np.float32(rational_tanh.LIMIT)
P1, P2 = np.float32(rational_tanh.P1), np.float32(rational_tanh.P2)
P3, P4 = np.float32(rational_tanh.P3), np.float32(rational_tanh.P4)
Q1, Q2 = np.float32(rational_tanh.Q1), np.float32(rational_tanh.Q2)
Q3, Q4 = np.float32(rational_tanh.Q3), np.float32(rational_tanh.Q4)
ONE = np.float32(1)


def fast_tanh(x: Any) -> Any:
    """Return ``tanh(x)`` of one number; kernels compile it inline.

    In float32 it takes a few multiplications and one division. Its relative and its absolute error are at most 5e-7;
    its magnitude is never above 1, and equals 1 from 9.05 on; it is 0 at 0 and nan at nan. In float64 it is exact to
    the last digits.
    """
    return math.tanh(x)


@compiled
def tanh_(values: NDArray[Any]) -> None:
    """Replace the numbers of a flat array by their hyperbolic tangent, in place."""
    for i in range(values.size):
        values[i] = fast_tanh(values[i])


@overload(fast_tanh)
def _compiled_fast_tanh(x: Any) -> Callable[[Any], Any]:
    return _rational_tanh if x == types.float32 else _library_tanh


def _library_tanh(x: Any) -> Any:
    return math.tanh(x)


def _rational_tanh(x: Any) -> Any:
    x = -LIMIT if x < -LIMIT else x  # false for nan, which stays nan
    x = LIMIT if x > LIMIT else x
    u = x * x
    numerator = x * (ONE + u * (P1 + u * (P2 + u * (P3 + u * P4))))
    denominator = ONE + u * (Q1 + u * (Q2 + u * (Q3 + u * Q4)))
    t = numerator / denominator
    t = -ONE if t < -ONE else t
    return ONE if t > ONE else t
