"""The boundaries of a field, and the 3x3 convolution that applies them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F

from drumhead.fields.options import Boundary


def convolve(values: Tensor, kernel: Tensor, bias: Tensor | None = None, *, boundary: Boundary) -> Tensor:
    """Convolve with a 3x3 kernel; height and width stay the same.

    Args:
        values: ``(batch, channel, height, width)``.
        kernel: ``(out channel, channel, 3, 3)``.
        bias: ``(out channel,)``, or None for no bias.
        boundary: What lies beyond the edge.

    Returns:
        ``(batch, out channel, height, width)``.

    Raises:
        ValueError: If ``boundary`` is unknown.

    A constant field is not pulled at a free edge, but at a fixed one:

    >>> import torch
    >>> from drumhead.fields import laplacian
    >>> values = torch.ones(1, 1, 1, 3)
    >>> convolve(values, laplacian(1), boundary="free").flatten().tolist()
    [0.0, 0.0, 0.0]
    >>> convolve(values, laplacian(1), boundary="fixed").flatten().tolist()
    [-3.0, -2.0, -3.0]
    """
    if boundary == "circular":
        return F.conv2d(F.pad(values, (1, 1, 1, 1), mode="circular"), kernel, bias)
    if boundary == "free":
        return F.conv2d(F.pad(values, (1, 1, 1, 1), mode="replicate"), kernel, bias)
    if boundary == "fixed":
        return F.conv2d(values, kernel, bias, padding=1)
    raise ValueError(f"boundary must be 'circular', 'fixed' or 'free', got {boundary!r}")
