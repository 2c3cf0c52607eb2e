r"""The grid of oscillators: its wave equation, one step, and the evolution. The equation is written only here.

Every pixel and channel has a position ``y`` and a velocity ``z``. With stiffness ``omega``, damping ``alpha``
and a 3x3 ``coupling`` to the neighbours,

    dy/dt = z
    dz/dt = f(coupling * y) - omega y - alpha z

where ``f`` is tanh (the paper) or the identity (``linear``, a damped wave equation on a lattice). One step is
semi-implicit Euler: first the velocity is updated, then the position with the *new* velocity. The scheme is of first
order in ``dt``. For a linear field with a symmetric restoring force ``A = omega - coupling`` and no damping it
conserves ``z.z + y.Ay - dt z.Ay``, which differs from twice the true energy by O(dt). So the scheme itself neither
amplifies nor damps waves, whereas explicit Euler amplifies them. An eigenvector of A with eigenvalue ``a`` oscillates
at the angular frequency ``Omega`` that solves ``4 / dt^2 sin^2(Omega dt / 2) = a``. Nothing travels further than one
pixel per step. The limit on ``dt`` is in :mod:`drumhead.fields.stability`.

The engines compute the gradients by the adjoint of a step. Let ``u`` be the neighbours' pull before the nonlinearity
``f``, and let ``ly``, ``lz`` and ``lu`` be the gradients of the loss with respect to ``y``, ``z`` and ``u``. Backward
through the step that starts at ``(y, z)``,

    lz <- lz + dt ly
    lu  = dt lz f'(u)
    grad omega -= dt lz y
    grad alpha -= dt lz z
    grad coupling += lu correlated with y
    ly <- ly - dt lz omega + lu convolved with the transposed coupling + the gradient of y's frame
    lz <- lz - dt lz alpha

Source: Jacobs et al. 2025, section "Wave-based recurrent networks".
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.fields.boundaries import convolve
from drumhead.fields.options import Boundary, Nonlinearity


class WaveState(NamedTuple):
    """The state of every oscillator, each ``(batch, channel, height, width)``."""

    y: Tensor
    """Position."""
    z: Tensor
    """Velocity, position per unit of time."""


def laplacian(channels: int, *, dtype: torch.dtype | None = None) -> Tensor:
    """Return the Laplacian as a coupling, the initial value in every network: channels are not coupled to each other.

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
    """Take one step of length ``dt``; the arguments are those of :func:`drumhead.fields.evolve`.

    Returns:
        The next state. The input is not modified.

    Raises:
        ValueError: If ``boundary`` or ``nonlinearity`` is unknown.

    A single oscillator of stiffness 3 starts at position 1, at rest:

    >>> y = torch.ones(1, 1, 1, 1)
    >>> step(WaveState(y, 0 * y), 3 * y, 0 * y, torch.zeros(1, 1, 3, 3), dt=0.5)
    WaveState(y=tensor([[[[0.2500]]]]), z=tensor([[[[-1.5000]]]]))
    """
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
    """Compute :func:`drumhead.fields.evolve`, which describes the arguments, by repeated steps in plain torch.

    It runs on any device and in any dtype, and can be differentiated any number of times.
    """
    check_evolution(y0, omega, alpha, coupling, dt=dt, steps=steps)
    state = WaveState(y0, torch.zeros_like(y0))
    frames = []
    for _ in range(steps):
        state = step(state, omega, alpha, coupling, dt=dt, boundary=boundary, nonlinearity=nonlinearity)
        frames.append(state.y)
    return torch.stack(frames, dim=1)


def check_evolution(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, *, dt: float, steps: int) -> None:
    """Raise an error if a type, shape, ``dt`` or ``steps`` is not valid for :func:`drumhead.fields.evolve`."""
    for name, values in (("y0", y0), ("omega", omega), ("alpha", alpha), ("coupling", coupling)):
        if not isinstance(values, Tensor):
            raise TypeError(f"{name} must be a torch tensor, got {type(values).__name__}; use torch.as_tensor({name})")
        if not values.is_floating_point():
            raise ValueError(f"{name} must hold floating-point numbers, got {values.dtype}; use {name}.float()")
        if (values.dtype, values.device) != (y0.dtype, y0.device):
            raise ValueError(
                f"{name} must have y0's type and device, {y0.dtype} on {y0.device}; got {values.dtype} on "
                f"{values.device}; use {name}.to(y0)"
            )
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
