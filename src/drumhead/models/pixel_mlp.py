"""The pixel network: the same fully connected layers at each pixel, from features to class logits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class PixelMLP(nn.Module):
    """Fully connected layers with a ReLU between two layers, shared by all pixels.

    Args:
        features: Number of features per pixel.
        classes: Number of logits per pixel.
        widths: Widths of the hidden layers; empty for a single linear map.

    >>> import torch
    >>> PixelMLP(10, 6, widths=[32])(torch.zeros(1, 10, 5, 7)).shape
    torch.Size([1, 6, 5, 7])
    """

    def __init__(self, features: int, classes: int, *, widths: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for in_features, out_features in pairwise([features, *widths, classes]):
            layers += [nn.Linear(in_features, out_features), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Tensor) -> Tensor:
        """Return logits ``(batch, class, height, width)`` of features ``(batch, feature, height, width)``."""
        logits: Tensor = self.layers(features.movedim(1, -1))  # faster on a CPU than 1x1 convolutions
        return logits.movedim(-1, 1)
