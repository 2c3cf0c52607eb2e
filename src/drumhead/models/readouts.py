"""Readouts over time: what each pixel keeps of the time series it heard.

A readout takes a field ``(batch, time, channel, height, width)`` and returns features ``(batch, feature, height,
width)``. It knows nothing of the model the field comes from. Features of the Fourier and linear readouts are
bin-major: feature ``bin * channels + channel``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

ReadoutName = Literal["last", "mean", "max", "fft", "linear"]
"""The last frame, the mean or the maximum over time, the magnitudes of the Fourier transform over time, or a
learned linear map over time."""


class Readout(nn.Module, ABC):
    """What turns a field into one feature vector per pixel.

    Args:
        steps: frames in the field.
        channels: channels of the field.
    """

    name: ClassVar[ReadoutName]
    features_per_channel = 1

    def __init__(self, *, steps: int, channels: int) -> None:
        super().__init__()
        self.steps = steps
        self.channels = channels

    @property
    def features(self) -> int:
        """Numbers per pixel."""
        return self.features_per_channel * self.channels

    @abstractmethod
    def forward(self, field: Tensor) -> Tensor:
        """``(batch, time, channel, height, width)`` to ``(batch, feature, height, width)``."""

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
    """The magnitude of the real Fourier transform over time, unnormalised; its gradient at magnitude 0 is 0."""

    name = "fft"

    def forward(self, field: Tensor) -> Tensor:
        magnitude: Tensor = torch.fft.rfft(field, dim=1).abs()
        return magnitude.flatten(1, 2)


class LinearReadout(SpectralReadout):
    """One bias-free linear map over time, shared by all pixels and channels, to as many numbers as ``fft`` has."""

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


def build_readout(name: ReadoutName, *, steps: int, channels: int) -> Readout:
    """The readout of that name.

    Raises:
        ValueError: for an unknown name, with the names there are.

    >>> build_readout("linear", steps=100, channels=2)
    LinearReadout(
      steps=100, channels=2, features=102
      (time): Linear(in_features=100, out_features=51, bias=False)
    )
    """
    if name not in READOUTS:
        raise ValueError(f"readout must be one of {', '.join(READOUTS)}, got {name!r}")
    return READOUTS[name](steps=steps, channels=channels)
