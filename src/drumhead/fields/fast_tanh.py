"""The hyperbolic tangent inside the compiled kernels: a quotient of polynomials in float32, exact in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

LIMIT = np.float32(9.01)
"""Beyond it, tanh is 1 to the last digit of float32."""
P0, P1, P2, P3, P4 = (
    np.float32(p) for p in (0.9999999230650849, 0.13354195267740365, 3.4623805951049416e-3, 2.000881294639899e-5,
                            1.2428936022818523e-8)
)
Q1, Q2, Q3, Q4 = (
    np.float32(q) for q in (0.4668752953858985, 0.025754164903968726, 3.228977679154222e-4, 7.41703535618806e-7)
)
"""``tanh(x) / x`` as a quotient in ``x * x``: the smallest largest relative error on [0, 9.01], by linear programming."""
ONE = np.float32(1)


def fast_tanh(x: Any) -> Any:
    """``tanh(x)`` of one number, for use in kernels: a few multiplications and a division in float32.

    float32: the largest error, relative and absolute, is 4e-7 (3.2 units of the last digit at 1); never beyond 1
    in size; 0 at 0; nan at nan; 1 at infinity. float64: the library's tanh.
    """
    return math.tanh(x)


@overload(fast_tanh)  # type: ignore[untyped-decorator, unused-ignore]
def _compiled_fast_tanh(x: Any) -> Callable[[Any], Any]:
    return _quotient if x == types.float32 else math_tanh


def math_tanh(x: Any) -> Any:
    return math.tanh(x)


def _quotient(x: Any) -> Any:
    x = -LIMIT if x < -LIMIT else x  # comparisons with nan are false: it passes
    x = LIMIT if x > LIMIT else x
    u = x * x
    above = x * (P0 + u * (P1 + u * (P2 + u * (P3 + u * P4))))
    below = ONE + u * (Q1 + u * (Q2 + u * (Q3 + u * Q4)))
    t = above / below
    t = -ONE if t < -ONE else t
    return ONE if t > ONE else t
