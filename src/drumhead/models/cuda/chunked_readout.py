"""Readouts of fields that come in chunks of time steps, in plain torch.

:mod:`drumhead.models.readouts` defines the readouts. Each is a part for every chunk and a combination of the parts.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from drumhead.models.readouts import FourierReadout, LastReadout, LinearReadout, MaxReadout, MeanReadout, Readout


def readout_part(readout: Readout, frames: Tensor, first: int) -> Tensor:
    """Return what a readout needs of a chunk.

    Args:
        readout: One of :mod:`drumhead.models.readouts`.
        frames: ``(batch, time, channel, height, width)``.
        first: The number of the first frame.
    """
    if isinstance(readout, LastReadout):
        return frames[:, -1].clone()
    if isinstance(readout, MeanReadout):
        return frames.sum(dim=1)
    if isinstance(readout, MaxReadout):
        return frames.amax(dim=1)
    if isinstance(readout, LinearReadout):
        matrix = readout.time.weight
    else:
        assert isinstance(readout, FourierReadout)
        matrix = fourier_matrix(readout.steps, frames)
    part: Tensor = matrix[:, first : first + frames.shape[1]] @ frames.flatten(2)
    return part.to(frames.dtype)


def combine_parts(readout: Readout, parts: Sequence[Tensor], shape: Sequence[int]) -> Tensor:
    """Return the features, ``(batch, feature, height, width)``, of the parts of all chunks in order of time.

    Args:
        readout: The readout.
        parts: What :func:`readout_part` returned.
        shape: The shape of a frame, ``(batch, channel, height, width)``.
    """
    if isinstance(readout, LastReadout):
        return parts[-1]
    if isinstance(readout, MaxReadout):
        return torch.stack(list(parts)).amax(dim=0)
    total = torch.stack(list(parts)).sum(dim=0)
    if isinstance(readout, MeanReadout):
        return total / readout.steps
    batch, _, *size = shape
    if isinstance(readout, FourierReadout):
        total = torch.linalg.vector_norm(total.view(batch, 2, -1, total.shape[-1]), dim=1)  # its gradient at 0 is 0
    return total.reshape(batch, -1, *size)


def fourier_matrix(steps: int, like: Tensor) -> Tensor:
    """Return the real Fourier transform as a matrix, ``(2 (steps // 2 + 1), steps)``: the real parts come first."""
    time = torch.arange(steps, dtype=torch.float64, device=like.device)
    turns = torch.outer(torch.arange(steps // 2 + 1, dtype=torch.float64, device=like.device), time) % steps
    angle = 2 * torch.pi * turns / steps
    return torch.cat([angle.cos(), -angle.sin()]).to(like.dtype)
