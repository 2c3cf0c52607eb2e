"""Stacks of 3x3 convolutions that read an image: stride 1, zero padding 1, ReLU between."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def convolution_stack(channels: list[int], *, last: nn.Module | None = None) -> nn.Sequential:
    """Convolutions from each number of channels to the next.

    Args:
        channels: channels in, between the layers, and out.
        last: what follows the last convolution; nothing by default.

    >>> convolution_stack([3, 16, 2], last=nn.Tanh())
    Sequential(
      (0): Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (1): ReLU()
      (2): Conv2d(16, 2, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
      (3): Tanh()
    )
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(channels):
        layers += [nn.Conv2d(before, after, kernel_size=3, padding=1), nn.ReLU()]
    layers.pop()
    return nn.Sequential(*layers) if last is None else nn.Sequential(*layers, last)
