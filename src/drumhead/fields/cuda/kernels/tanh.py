"""The hyperbolic tangent in float32, by the rational approximation of :mod:`drumhead.fields.rational_tanh`."""

from __future__ import annotations

import triton
import triton.language as tl

from drumhead.fields import rational_tanh

LIMIT = tl.constexpr(rational_tanh.LIMIT)
P1, P2 = tl.constexpr(rational_tanh.P1), tl.constexpr(rational_tanh.P2)
P3, P4 = tl.constexpr(rational_tanh.P3), tl.constexpr(rational_tanh.P4)
Q1, Q2 = tl.constexpr(rational_tanh.Q1), tl.constexpr(rational_tanh.Q2)
Q3, Q4 = tl.constexpr(rational_tanh.Q3), tl.constexpr(rational_tanh.Q4)


@triton.jit
def tanh(x):
    """Return ``tanh(x)``: at most 1 in magnitude, 0 at 0, nan at nan, with an absolute and relative error of 5e-7."""
    x = tl.where(x < -LIMIT, -LIMIT, x)  # false for nan, which stays nan
    x = tl.where(x > LIMIT, LIMIT, x)
    u = x * x
    numerator = x * (1.0 + u * (P1 + u * (P2 + u * (P3 + u * P4))))
    denominator = 1.0 + u * (Q1 + u * (Q2 + u * (Q3 + u * Q4)))
    t = numerator / denominator
    t = tl.where(t < -1.0, -1.0, t)
    return tl.where(t > 1.0, 1.0, t)
