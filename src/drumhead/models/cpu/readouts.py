"""Readouts over time for a chunk of pixels, frame after frame, and their gradients.

:mod:`drumhead.models.readouts` defines them. Axes: T time, S frames of a stretch of it, K bins (features per
channel), C channels, N pixels. Stretches of states ``(S, C, N)`` come one after another; what has been heard is kept
in a :class:`Heard`, and the gradient of each stretch follows from that, in any order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.models.cpu.products import add_product, multiply


class Heard(NamedTuple):
    """What a readout keeps of a chunk."""

    features: Tensor
    """``(K, C, N)``, complete once all time is heard, of the type in which products are made."""
    notes: Tensor
    """What the readout needs besides: ``(ReadoutKernel.notes, C, N)``, of the field's type."""
    incoming: Tensor
    """The loss's gradient with respect to the features, ``(K, C, N)``; in their memory if going back needs them not."""


class ReadoutKernel(ABC):
    """A readout of fields with ``steps`` frames. Threads may share one.

    Args:
        steps: T.
    """

    bins = 1
    """K."""
    notes = 0
    """Numbers to keep for each pixel and channel besides the features."""
    last_alone = False
    """Whether the last frame is all it hears."""
    returns_to_features = False
    """Whether going back needs the features themselves."""

    def __init__(self, *, steps: int) -> None:
        self.steps = steps

    @abstractmethod
    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        """Take in a stretch of states that starts with frame ``start``; the first starts with 0."""

    def turn(self, heard: Heard) -> None:  # noqa: B027  (most have nothing to do)
        """Once ``heard.incoming`` is there: make ready for the states' gradient."""

    @abstractmethod
    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        """Write the gradient of a stretch of states that starts with frame ``start``."""


class LastKernel(ReadoutKernel):
    """The last frame."""

    last_alone = True

    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        heard.features[0] = states[-1]

    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        gradient[-1] = heard.incoming[0]


class MeanKernel(ReadoutKernel):
    """The mean over time."""

    notes = 1

    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        total = states.sum(dim=0, dtype=heard.notes.dtype)
        heard.notes[0] = total if start == 0 else heard.notes[0] + total
        if start + len(states) == self.steps:
            heard.features[0] = heard.notes[0] / self.steps

    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        gradient[:] = heard.incoming / self.steps


class MaxKernel(ReadoutKernel):
    """The maximum over time; frames that share it share its gradient evenly, as in torch's ``amax``."""

    notes = 1
    returns_to_features = True

    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        highest = states.amax(dim=0)
        if start > 0:
            highest = torch.maximum(highest, heard.features[0])
        times = (states == highest).sum(dim=0).to(heard.notes.dtype)
        if start > 0:
            times += torch.where(heard.features[0] == highest, heard.notes[0], 0)
        heard.features[0], heard.notes[0] = highest, times

    def turn(self, heard: Heard) -> None:
        heard.incoming[0] /= heard.notes[0]

    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        torch.mul(states == heard.features, heard.incoming, out=gradient)


class LinearKernel(ReadoutKernel):
    """A linear map over time, the same for all channels.

    Args:
        weight: ``(K, T)``, of the type in which products are made.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__(steps=weight.shape[1])
        self.weight = weight
        self.bins = self.notes = len(weight)

    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        if len(states) == self.steps:
            self.transform(states, start, heard.features)
            return
        self.transform(states, start, heard.notes)
        if start + len(states) == self.steps:
            heard.features[:] = heard.notes

    def transform(self, states: Tensor, start: int, out: Tensor) -> None:
        """Write to ``out`` ``(K, C, N)``, or from the second stretch on add to it, this stretch's share."""
        weight, target, heard = self.weight[:, start : start + len(states)], out.flatten(1), states.flatten(1)
        if start > 0:
            add_product(target, weight, heard)
        else:
            multiply(weight, heard, out=target)

    def transform_back(self, incoming: Tensor, start: int, gradient: Tensor) -> None:
        """Write the gradient of a stretch of states, given that of what :meth:`transform` gives."""
        turned = self.weight[:, start : start + len(gradient)].T
        multiply(turned, incoming.to(turned.dtype).flatten(1), out=gradient.flatten(1))

    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        self.transform_back(heard.incoming, start, gradient)

    def add_weight_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        """Add to the weight's gradient ``(K, T)``."""
        add_product(gradient[:, start : start + len(states)], heard.incoming.flatten(1), states.flatten(1).T)


class FourierKernel(ReadoutKernel):
    """The magnitude of the real Fourier transform: a product with cosines and sines, then the length of each pair.

    Args:
        steps: T.
        dtype: in which products are made.
    """

    returns_to_features = True

    def __init__(self, *, steps: int, dtype: torch.dtype) -> None:
        super().__init__(steps=steps)
        self.bins = steps // 2 + 1
        self.notes = 2 * self.bins  # real parts, then imaginary parts
        waves = torch.fft.rfft(torch.eye(steps, dtype=torch.float64), dim=0)
        self.waves = LinearKernel(torch.cat([waves.real, waves.imag]).to(dtype))

    def hear(self, states: Tensor, start: int, heard: Heard) -> None:
        self.waves.transform(states, start, heard.notes)
        if start + len(states) == self.steps:
            heard.features[:] = torch.hypot(heard.notes[: self.bins], heard.notes[self.bins :])

    def turn(self, heard: Heard) -> None:
        pull = torch.where(heard.features == 0, 0, heard.incoming / heard.features)
        heard.notes.view(2, *heard.features.shape).mul_(pull)

    def write_gradient(self, heard: Heard, states: Tensor, start: int, gradient: Tensor) -> None:
        self.waves.transform_back(heard.notes, start, gradient)


def readout_kernel(name: str, weight: Tensor | None, *, steps: int, dtype: torch.dtype) -> ReadoutKernel:
    """The kernel of the readout of that name; ``weight`` is the linear one's ``(K, T)``, of that type."""
    if name == "linear":
        assert weight is not None
        return LinearKernel(weight)
    if name == "fft":
        return FourierKernel(steps=steps, dtype=dtype)
    return SIMPLE[name](steps=steps)


SIMPLE: dict[str, type[LastKernel] | type[MeanKernel] | type[MaxKernel]] = {
    "last": LastKernel,
    "mean": MeanKernel,
    "max": MaxKernel,
}
"""Readouts without products."""
