"""Readouts over time: the features of each pixel, computed from its time series.

A readout takes a field ``(batch, time, channel, height, width)`` and returns features ``(batch, feature, height,
width)``. It does not depend on the model that the field comes from. Features of the Fourier and linear readouts are
bin-major: feature ``bin * channels + channel``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn

from drumhead.models.config import ReadoutName


class Readout(nn.Module, ABC):
    """A module that turns a field into one feature vector per pixel.

    Args:
        steps: Number of frames T of the field.
        channels: Number of channels of the field.
    """

    name: ClassVar[ReadoutName]
    features_per_channel = 1

    def __init__(self, *, steps: int, channels: int) -> None:
        super().__init__()
        self.steps = steps
        self.channels = channels

    @property
    def features(self) -> int:
        """Number of features per pixel."""
        return self.features_per_channel * self.channels

    @abstractmethod
    def forward(self, field: Tensor) -> Tensor:
        """Return features ``(batch, feature, height, width)`` of a field ``(batch, time, channel, height, width)``."""

    def extra_repr(self) -> str:
        return f"steps={self.steps}, channels={self.channels}, features={self.features}"


class LastReadout(Readout):
    """The last frame."""

    name = "last"

    def forward(self, field: Tensor) -> Tensor:
        return field[:, -1]


class MeanReadout(Readout):
    """The mean over time."""

    name = "mean"

    def forward(self, field: Tensor) -> Tensor:
        return field.mean(dim=1)


class MaxReadout(Readout):
    """The maximum over time."""

    name = "max"

    def forward(self, field: Tensor) -> Tensor:
        return field.amax(dim=1)


class SpectralReadout(Readout):
    """A readout with one feature per channel for each of the ``steps // 2 + 1`` frequencies of a real signal."""

    def __init__(self, *, steps: int, channels: int) -> None:
        super().__init__(steps=steps, channels=channels)
        self.features_per_channel = steps // 2 + 1


class FourierReadout(SpectralReadout):
    """The magnitude of the real Fourier transform over time, not normalised. Its gradient at magnitude 0 is 0."""

    name = "fft"

    def forward(self, field: Tensor) -> Tensor:
        magnitude: Tensor = torch.fft.rfft(field, dim=1).abs()
        return magnitude.flatten(1, 2)


class LinearReadout(SpectralReadout):
    """A linear map over time without bias, shared by all pixels and channels, with as many features as ``fft``."""

    name = "linear"

    def __init__(self, *, steps: int, channels: int) -> None:
        super().__init__(steps=steps, channels=channels)
        self.time = nn.Linear(steps, self.features_per_channel, bias=False)

    def forward(self, field: Tensor) -> Tensor:
        batch, _, channels, height, width = field.shape
        features: Tensor = self.time.weight @ field.flatten(2)  # (bin, time) @ (batch, time, channel * pixel)
        return features.reshape(batch, self.features_per_channel * channels, height, width)


READOUTS: dict[ReadoutName, type[Readout]] = {
    readout.name: readout for readout in (LastReadout, MeanReadout, MaxReadout, FourierReadout, LinearReadout)
}
"""The class of each readout name."""


def build_readout(name: ReadoutName, *, steps: int, channels: int) -> Readout:
    """Build a readout by name.

    Args:
        name: One of ``READOUTS``.
        steps: Number of frames T of the field.
        channels: Number of channels of the field.

    Raises:
        ValueError: If the name is unknown. The message lists the names.

    >>> build_readout("linear", steps=100, channels=2)
    LinearReadout(
      steps=100, channels=2, features=102
      (time): Linear(in_features=100, out_features=51, bias=False)
    )
    """
    if name not in READOUTS:
        raise ValueError(f"readout must be one of {', '.join(READOUTS)}, got {name!r}")
    return READOUTS[name](steps=steps, channels=channels)
