"""The coefficients of a rational approximation of the hyperbolic tangent, for compiled code in float32.

tanh(x) / x is approximated by (1 + P1 u + ...) / (1 + Q1 u + ...) with u = x * x, the quotient of the least relative
error on [0, LIMIT]: 2e-7 before rounding, found by linear programming. It is constrained to be 1 at 0, and to make tanh
slightly larger than 1 at LIMIT.
"""

from __future__ import annotations

LIMIT = 9.05
P1, P2 = 0.13277635145438635, 3.3727573602358135e-3
P3, P4 = 1.8611727949116434e-5, 1.0683897716944603e-8
Q1, Q2 = 0.46610983999933553, 0.025409500966804388
Q3, Q4 = 3.0854536966704575e-4, 6.660221752248678e-7
