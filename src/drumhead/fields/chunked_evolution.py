"""The evolution of a field in chunks of time steps, of which one at a time is in memory (gradient checkpointing).

It is for fields on a GPU that are too long for its memory. On a CPU, the fused engine has chunks of its own
(:mod:`drumhead.models.cpu.wave_states`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from drumhead.fields import wave
from drumhead.fields.cuda.wave import evolve_from
from drumhead.fields.options import Boundary, Nonlinearity
from drumhead.fields.wave import WaveState

Use = Callable[[Tensor, int], Tensor]
"""Computes something of a chunk of frames, ``(batch, time, channel, height, width)``, and the first one's number."""


def evolve_in_chunks(
    y0: Tensor,
    omega: Tensor,
    alpha: Tensor,
    coupling: Tensor,
    use: Use,
    *,
    dt: float,
    steps: int,
    chunk_steps: int,
    boundary: Boundary,
    nonlinearity: Nonlinearity,
) -> list[Tensor]:
    """Return ``use(frames, first)`` for each chunk of ``chunk_steps`` frames, in order of time.

    The backward pass computes the frames of each chunk again, from the state at its start. The fused engine computes
    them on a CUDA device, which it must support; elsewhere plain torch does. The other arguments are those of
    :func:`drumhead.fields.evolve`.

    >>> from drumhead.fields import laplacian
    >>> y0 = torch.rand(1, 1, 4, 5)
    >>> parts = evolve_in_chunks(
    ...     y0, 0 * y0, 0 * y0, laplacian(1), lambda frames, first: frames.sum(1),
    ...     dt=0.1, steps=7, chunk_steps=3, boundary="circular", nonlinearity="tanh",
    ... )
    >>> len(parts)
    3
    """

    def chunk(y: Tensor, z: Tensor, *parameters: Tensor, first: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
        if y.is_cuda:
            frames, z = evolve_from(y, z, *parameters, dt, count, boundary, nonlinearity)
        else:
            state, positions = WaveState(y, z), []
            for _ in range(count):
                state = wave.step(state, *parameters, dt=dt, boundary=boundary, nonlinearity=nonlinearity)
                positions.append(state.y)
            frames, z = torch.stack(positions, dim=1), state.z
        return use(frames, first), frames[:, -1].clone(), z

    results, y, z = [], y0, torch.zeros_like(y0)
    for first in range(0, steps, chunk_steps):
        count = min(chunk_steps, steps - first)
        result, y, z = checkpoint(
            chunk, y, z, omega, alpha, coupling, first=first, count=count, use_reentrant=False, preserve_rng_state=False
        )
        results.append(result)
    return results
