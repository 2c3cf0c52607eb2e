"""Encoders: stacks of 3x3 convolutions with stride 1, zero padding 1 and a ReLU between two convolutions."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def convolution_stack(channels: list[int], *, last: nn.Module | None = None) -> nn.Sequential:
    """Return a stack of 3x3 convolutions.

    Args:
        channels: Number of channels of the input, after each convolution but the last, and of the output.
        last: The module after the last convolution; none by default.

    >>> convolution_stack([3, 16, 2], last=nn.Tanh())
    Sequential(
      (0): Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU()
      (2): Conv2d(16, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (3): Tanh()
    )
    """
    layers: list[nn.Module] = []
    for in_channels, out_channels in pairwise(channels):
        layers += [nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1), nn.ReLU()]
    layers.pop()
    return nn.Sequential(*layers) if last is None else nn.Sequential(*layers, last)
