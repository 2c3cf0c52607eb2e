"""The network every pixel asks: the same fully connected layers at each pixel, features in, class logits out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class PixelMLP(nn.Module):
    """Fully connected layers with ReLU between, shared by all pixels.

    Args:
        features: numbers each pixel brings.
        classes: logits each pixel gets.
        widths: sizes of the hidden layers; none makes it a single linear map.

    >>> import torch
    >>> PixelMLP(10, 6, widths=[32])(torch.zeros(1, 10, 5, 7)).shape
    torch.Size([1, 6, 5, 7])
    """

    def __init__(self, features: int, classes: int, *, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise([features, *widths, classes]):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """``(batch, feature, height, width)`` to ``(batch, class, height, width)``."""
        logits: Tensor = self.layers(features.movedim(1, -1))  # faster on a CPU than 1x1 convolutions
        return logits.movedim(-1, 1)
