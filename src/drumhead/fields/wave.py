r"""The sheet of oscillators: the wave equation, its step and its evolution. The equation stands here and nowhere else.

Every pixel and channel has a position ``y`` and a velocity ``z``. With stiffness ``omega``, damping ``alpha``
and a 3x3 ``coupling`` to the neighbours,

    dy/dt = z
    dz/dt = f(coupling * y) - omega y - alpha z

where ``f`` is tanh (the paper) or the identity (``linear``, a damped wave equation on a lattice). One step is
semi-implicit Euler: the velocity moves first, then the position moves with the *new* velocity. It is of first
order in ``dt``. For a linear field with a symmetric restoring force ``A = omega - coupling`` and no damping it
conserves ``z.z + y.Ay - dt z.Ay``, which differs from (twice) the true energy by O(dt): waves neither grow nor
fade by the scheme's own doing, as they would with explicit Euler. A wave of eigenvalue ``a`` of A has the
frequency ``Omega`` with ``4 / dt^2 sin^2(Omega dt / 2) = a``, and nothing travels more than a pixel a step. The
limit on ``dt`` is in :mod:`drumhead.fields.stability`.

Source: Jacobs et al. 2025, section "Wave-based recurrent networks".
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from drumhead.fields.boundaries import Boundary, convolve

Nonlinearity = Literal["tanh", "linear"]
"""What the neighbours' pull passes through: ``tanh`` (the paper) or ``linear`` (nothing)."""


class WaveState(NamedTuple):
    """The two states of every oscillator, each ``(batch, channel, height, width)``."""

    y: Tensor
    """Position."""
    z: Tensor
    """Velocity, position per unit of time."""


def laplacian(channels: int, *, dtype: torch.dtype | None = None) -> Tensor:
    """The coupling every network starts from: each channel feels its own neighbours and no other channel.

    Returns:
        ``(channels, channels, 3, 3)``, the five-point Laplacian on the diagonal, 0 elsewhere.

    >>> laplacian(2)[1, 1]
    tensor([[ 0.,  1.,  0.],
            [ 1., -4.,  1.],
            [ 0.,  1.,  0.]])
    """
    stencil = torch.tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]], dtype=dtype or torch.get_default_dtype())
    return torch.eye(channels, dtype=stencil.dtype)[:, :, None, None] * stencil


def step(
    state: WaveState,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    *,
    dt: float,
    boundary: Boundary = "circular",
    nonlinearity: Nonlinearity = "tanh",
) -> WaveState:
    """One step of length ``dt``; arguments as in :func:`drumhead.fields.evolve`."""
    y, z = state
    pull = convolve(y, coupling, boundary=boundary)
    if nonlinearity == "tanh":
        pull = torch.tanh(pull)
    elif nonlinearity != "linear":
        raise ValueError(f"nonlinearity must be 'tanh' or 'linear', got {nonlinearity!r}")
    z = z + dt * (pull - omega * y - alpha * z)
    y = y + dt * z
    return WaveState(y, z)


def evolve(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    *,
    dt: float,
    steps: int,
    boundary: Boundary = "circular",
    nonlinearity: Nonlinearity = "tanh",
) -> Tensor:
    """The plain definition of :func:`drumhead.fields.evolve`, which tells of the arguments: one step after another.

    Any device and type, and as many derivatives as wanted.
    """
    check_evolution(y0, omega, alpha, coupling, dt=dt, steps=steps)
    state = WaveState(y0, torch.zeros_like(y0))
    frames = []
    for _ in range(steps):
        state = step(state, omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)
        frames.append(state.y)
    return torch.stack(frames, dim=1)


def check_evolution(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, *, dt: float, steps: int) -> None:
    """Raise ``ValueError`` where the arguments of :func:`drumhead.fields.evolve` do not fit each other."""
    if y0.ndim != 4:
        raise ValueError(f"y0 must be (batch, channel, height, width), got shape {tuple(y0.shape)}")
    for name, values in (("omega", omega), ("alpha", alpha)):
        if values.shape != y0.shape:
            raise ValueError(f"{name} must have y0's shape {tuple(y0.shape)}, got {tuple(values.shape)}")
    channels = y0.shape[1]
    if coupling.shape != (channels, channels, 3, 3):
        raise ValueError(
            f"coupling must be ({channels}, {channels}, 3, 3) for {channels} channels, got {tuple(coupling.shape)}"
        )
    if not 0 < dt < float("inf"):
        raise ValueError(f"dt must be positive and finite, got {dt}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
