"""The hyperbolic tangent inside the kernels: a quotient of polynomials in float32, the library's in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

# tanh(x) / x as (P0 + P1 u + ...) / (1 + Q1 u + ...) with u = x * x: the quotient of this degree whose largest
# relative error on [0, LIMIT] is smallest (8e-8, found by linear programming). Beyond LIMIT, tanh is 1 in float32.
LIMIT = np.float32(9.01)
P0, P1, P2 = np.float32(0.9999999230650849), np.float32(0.13354195267740365), np.float32(3.4623805951049416e-3)
P3, P4 = np.float32(2.000881294639899e-5), np.float32(1.2428936022818523e-8)
Q1, Q2 = np.float32(0.4668752953858985), np.float32(0.025754164903968726)
Q3, Q4 = np.float32(3.228977679154222e-4), np.float32(7.41703535618806e-7)
ONE = np.float32(1)


def fast_tanh(x: Any) -> Any:
    """``tanh(x)`` of one number, for use in kernels.

    float32: a few multiplications and one division. The largest error is 4e-7, relative and absolute (about 6 units
    of the last digit just below 1); never beyond 1 in size; 0 at 0, nan at nan, 1 at infinity. float64: exact to
    the last digits.
    """
    return math.tanh(x)


@overload(fast_tanh)
def _compiled_fast_tanh(x: Any) -> Callable[[Any], Any]:
    return _quotient if x == types.float32 else _exact


def _exact(x: Any) -> Any:
    return math.tanh(x)


def _quotient(x: Any) -> Any:
    x = -LIMIT if x < -LIMIT else x  # a comparison with nan is false: it passes
    x = LIMIT if x > LIMIT else x
    u = x * x
    above = x * (P0 + u * (P1 + u * (P2 + u * (P3 + u * P4))))
    below = ONE + u * (Q1 + u * (Q2 + u * (Q3 + u * Q4)))
    t = above / below
    t = -ONE if t < -ONE else t
    return ONE if t > ONE else t
