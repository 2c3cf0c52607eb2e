"""The evolution of a field, by plain torch or by the fused engine for a CPU or a GPU."""

from __future__ import annotations

from typing import get_args

from torch import Tensor

from drumhead.fields import wave
from drumhead.fields.cpu import wave as cpu_wave
from drumhead.fields.cuda import wave as cuda_wave
from drumhead.fields.engine import evolution_unsupported_reason, use_fused
from drumhead.fields.options import Boundary, Engine, Nonlinearity
from drumhead.fields.wave import check_evolution
from drumhead.modes import without_autocast

# Here, because torch.compile of torch 2.6 on Python 3.10 does not follow get_args.
BOUNDARIES, NONLINEARITIES, ENGINES = get_args(Boundary), get_args(Nonlinearity), get_args(Engine)


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
    """Return the evolution of a grid of oscillators that starts at rest at position ``y0``.

    The equation is in :mod:`drumhead.fields.wave`. Both engines agree up to rounding, in values and gradients. The
    fused engine is many times faster and keeps only the frames for the backward pass, but it cannot be differentiated
    twice. Its first call in an environment compiles it, which takes some seconds (on a GPU for each size of the image);
    the compiled code is cached on disk.
    Both engines ignore autocast, because rounding errors would accumulate over time.

    Args:
        y0: The initial position, ``(batch, channel, height, width)``; the initial velocity is 0.
        omega: Stiffness (squared natural frequency), same shape, at least 0.
        alpha: Damping (friction per unit of velocity), same shape, at least 0.
        coupling: ``(channel, channel, 3, 3)``, see :func:`drumhead.fields.laplacian`.
        dt: The length of a step.
        steps: The number of steps, and of frames.
        boundary: What lies beyond the edge of the grid.
        nonlinearity: The function of the neighbours' pull.
        engine: What computes it.

    Returns:
        The positions after each step, ``(batch, steps, channel, height, width)``. ``y0`` itself is not a frame.

    Raises:
        TypeError: If ``y0``, ``omega``, ``alpha`` or ``coupling`` is not a tensor.
        ValueError: If these differ in type or device, ``steps`` is below 1, ``dt`` is not positive and finite, the
            shapes do not match, a name is unknown, or ``engine`` is ``"fused"`` and the fused engine cannot run.

    In a row of 8 oscillators, one is displaced. After 2 steps the wave has reached its neighbours' neighbours:

    >>> import torch
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
        ("boundary", boundary, BOUNDARIES),
        ("nonlinearity", nonlinearity, NONLINEARITIES),
        ("engine", engine, ENGINES),
    ):
        if value not in options:
            raise ValueError(f"{name} must be one of {options}, got {value!r}")
    if use_fused(engine, lambda: evolution_unsupported_reason(y0, omega, alpha, coupling)):
        evolve_fused = cuda_wave.evolve_fused if y0.device.type == "cuda" else cpu_wave.evolve_fused
        field: Tensor = evolve_fused(y0, omega, alpha, coupling, dt, steps, boundary, nonlinearity)
        return field
    with without_autocast(y0.device):
        return wave.evolve(y0, omega, alpha, coupling, dt=dt, steps=steps, boundary=boundary, nonlinearity=nonlinearity)
