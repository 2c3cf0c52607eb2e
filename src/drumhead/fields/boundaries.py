"""What a field meets at the edge of the image: the one place where a convolution's surroundings are chosen."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

Boundary = Literal["circular", "fixed", "free"]
"""``circular``: the sheet wraps around (the paper). ``fixed``: a drum's rim, zero outside. ``free``: the edge
moves with its neighbour, so nothing pulls on it."""


def convolve(values: Tensor, kernel: Tensor, bias: Tensor | None = None, *, boundary: Boundary) -> Tensor:
    """A 3x3 convolution that keeps height and width.

    Args:
        values: ``(batch, channel, height, width)``.
        kernel: ``(out channel, channel, 3, 3)``.
        bias: ``(out channel,)`` or none.
        boundary: what lies beyond the edge.

    Returns:
        ``(batch, out channel, height, width)``.
    """
    if boundary == "circular":
        return F.conv2d(F.pad(values, (1, 1, 1, 1), mode="circular"), kernel, bias)
    if boundary == "free":
        return F.conv2d(F.pad(values, (1, 1, 1, 1), mode="replicate"), kernel, bias)
    if boundary == "fixed":
        return F.conv2d(values, kernel, bias, padding=1)
    raise ValueError(f"boundary must be 'circular', 'fixed' or 'free', got {boundary!r}")
