"""The evolution of a field by whichever engine suits its tensors: the plain definition, or the one fused for CPUs."""

from __future__ import annotations

from typing import get_args

from torch import Tensor

from drumhead.fields import wave
from drumhead.fields.boundaries import Boundary
from drumhead.fields.cpu import wave as cpu_wave
from drumhead.fields.engine import Engine, evolution_unsupported_reason, use_fused
from drumhead.fields.wave import Nonlinearity, check_evolution
from drumhead.modes import without_autocast


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
    engine: Engine = "auto",
) -> Tensor:
    """The field that follows when a sheet at rest is let go from ``y0``.

    The equation is in :mod:`drumhead.fields.wave`. Both engines agree to rounding, in values and gradients; the
    fused one is many times faster and keeps only the frames for the gradient, but cannot be differentiated twice.
    Its first call in an environment compiles for some seconds; the result is kept on disk. Under autocast neither
    rounds: errors would add up over time.

    Args:
        y0: initial position, ``(batch, channel, height, width)``; the initial velocity is 0.
        omega: stiffness (squared natural frequency), same shape, at least 0.
        alpha: damping (friction per unit of velocity), same shape, at least 0.
        coupling: ``(channel, channel, 3, 3)``, see :func:`drumhead.fields.laplacian`.
        dt: length of a step.
        steps: number of steps, and of frames.
        boundary: what lies beyond the edge.
        nonlinearity: what the neighbours' pull passes through.
        engine: what computes it.

    Returns:
        Positions after each step, ``(batch, steps, channel, height, width)``. ``y0`` itself is not a frame.

    Raises:
        ValueError: if ``steps`` is below 1, the shapes do not fit each other, a name is unknown, or the fused
            engine is asked for where it cannot run.

    A row of 8 oscillators, one of them lifted: after 2 steps the wave has reached its neighbours' neighbours.

    >>> from drumhead.fields import laplacian
    >>> y0 = torch.zeros(1, 1, 1, 8)
    >>> y0[..., 3] = 1.0
    >>> field = evolve(y0, 0 * y0, 0 * y0, laplacian(1), dt=0.1, steps=2)
    >>> field.shape
    torch.Size([1, 2, 1, 1, 8])
    >>> (field[0, 1, 0, 0] != 0).int().tolist()
    [0, 1, 1, 1, 1, 1, 0, 0]
    """
    check_evolution(y0, omega, alpha, coupling, dt=dt, steps=steps)
    for name, value, options in (
        ("boundary", boundary, get_args(Boundary)),
        ("nonlinearity", nonlinearity, get_args(Nonlinearity)),
        ("engine", engine, get_args(Engine)),
    ):
        if value not in options:
            raise ValueError(f"{name} must be one of {options}, got {value!r}")
    if use_fused(engine, lambda: evolution_unsupported_reason(y0, omega, alpha, coupling)):
        field: Tensor = cpu_wave.evolve_fused(y0, omega, alpha, coupling, dt, steps, boundary, nonlinearity)
        return field
    with without_autocast(y0.device):
        return wave.evolve(y0, omega, alpha, coupling, dt=dt, steps=steps, boundary=boundary, nonlinearity=nonlinearity)
