"""One time step of the wave equation and its adjoint, for values in registers.

The equation and its adjoint are in :mod:`drumhead.fields.wave`, with the same names.

The forward pass keeps nothing but the frames. In the backward pass ``z`` is the difference of two frames divided by
``dt``, and ``f(u)`` is computed again. It also follows from the frames, as ``(z' - z) / dt + omega y + alpha z``, but
that divides their rounding errors by ``dt`` twice.
"""

from __future__ import annotations

import triton
import triton.language as tl

from drumhead.fields.cuda.kernels.tanh import tanh


@triton.jit
def step_forward(pull, y, z, omega, alpha, dt, TANH: tl.constexpr):
    """Return the next position and velocity; ``pull`` is the neighbours' pull before the nonlinearity."""
    if TANH:
        pull = tanh(pull)
    z = z + dt * (pull - omega * y - alpha * z)
    return y + dt * z, z


@triton.jit
def step_backward(pull, y, z, omega, alpha, dt, ly, lz, grad_omega, grad_alpha, TANH: tl.constexpr):
    """Return ``lu, ly, lz, grad_omega, grad_alpha`` before the step; ``ly`` still lacks the transposed coupling's part.

    Args:
        pull: The neighbours' pull before the nonlinearity; not used without ``TANH``.
        y, z: The state before the step.
        ly, lz: The gradient of the state after the step, that of its frame included.
        grad_omega, grad_alpha: The gradients of stiffness and damping through the later steps.
    """
    grad_velocity = lz + dt * ly
    grad_force = dt * grad_velocity
    lu = grad_force
    if TANH:
        f = tanh(pull)
        lu = grad_force * (1.0 - f * f)
    grad_omega -= grad_force * y
    grad_alpha -= grad_force * z
    return lu, ly - grad_force * omega, grad_velocity - grad_force * alpha, grad_omega, grad_alpha
