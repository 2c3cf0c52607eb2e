"""Readouts over time for a chunk of pixels, frame after frame, and their gradients.

:mod:`drumhead.models.readouts` defines them. Axes: T time, S frames of a stretch of it, K bins (features per
channel), C channels, N pixels. Stretches of states ``(S, C, N)`` come one after another; what has been heard is kept
in a :class:`ReadoutCache`, and the gradient of each stretch follows from that, in any order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.models.cpu.products import add_product, multiply


class ReadoutCache(NamedTuple):
    """What a readout keeps of a chunk."""

    features: Tensor
    """``(K, C, N)``, complete once all frames are consumed, of the type in which products are made."""
    saved: Tensor
    """What the readout needs besides: ``(ReadoutKernel.saved, C, N)``, of the field's type."""
    grad_features: Tensor
    """The loss's gradient with respect to the features, ``(K, C, N)``; in their memory if going back needs them not."""


class ReadoutKernel(ABC):
    """A readout of fields with ``steps`` frames. Threads may share one.

    Args:
        steps: T.
    """

    bins = 1
    """K."""
    saved = 0
    """Numbers to keep for each pixel and channel besides the features."""
    last_alone = False
    """Whether the last frame is all it hears."""
    returns_to_features = False
    """Whether going back needs the features themselves."""

    def __init__(self, *, steps: int) -> None:
        self.steps = steps

    @abstractmethod
    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        """Take in a stretch of states that starts with frame ``start``; the first starts with 0."""

    def prepare_backward(self, cache: ReadoutCache) -> None:  # noqa: B027  (most have nothing to do)
        """Once ``cache.grad_features`` is there: make ready for the states' gradient."""

    @abstractmethod
    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        """Write the gradient of a stretch of states that starts with frame ``start``."""


class LastKernel(ReadoutKernel):
    """The last frame."""

    last_alone = True

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        cache.features[0] = states[-1]

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        gradient[-1] = cache.grad_features[0]


class MeanKernel(ReadoutKernel):
    """The mean over time."""

    saved = 1

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        total = states.sum(dim=0, dtype=cache.saved.dtype)
        cache.saved[0] = total if start == 0 else cache.saved[0] + total
        if start + len(states) == self.steps:
            cache.features[0] = cache.saved[0] / self.steps

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        gradient[:] = cache.grad_features / self.steps


class MaxKernel(ReadoutKernel):
    """The maximum over time; frames that share it share its gradient evenly, as in torch's ``amax``."""

    saved = 1
    returns_to_features = True

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        highest = states.amax(dim=0)
        if start > 0:
            highest = torch.maximum(highest, cache.features[0])
        times = (states == highest).sum(dim=0).to(cache.saved.dtype)
        if start > 0:
            times += torch.where(cache.features[0] == highest, cache.saved[0], 0)
        cache.features[0], cache.saved[0] = highest, times

    def prepare_backward(self, cache: ReadoutCache) -> None:
        cache.grad_features[0] /= cache.saved[0]

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        torch.mul(states == cache.features, cache.grad_features, out=gradient)


class LinearKernel(ReadoutKernel):
    """A linear map over time, the same for all channels.

    Args:
        weight: ``(K, T)``, of the type in which products are made.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__(steps=weight.shape[1])
        self.weight = weight
        self.bins = self.saved = len(weight)

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        if len(states) == self.steps:
            self.transform(states, start, cache.features)
            return
        self.transform(states, start, cache.saved)
        if start + len(states) == self.steps:
            cache.features[:] = cache.saved

    def transform(self, states: Tensor, start: int, out: Tensor) -> None:
        """Write to ``out`` ``(K, C, N)``, or from the second stretch on add to it, this stretch's share."""
        weight, target, cache = self.weight[:, start : start + len(states)], out.flatten(1), states.flatten(1)
        if start > 0:
            add_product(target, weight, cache)
        else:
            multiply(weight, cache, out=target)

    def transform_back(self, incoming: Tensor, start: int, gradient: Tensor) -> None:
        """Write the gradient of a stretch of states, given that of what :meth:`transform` gives."""
        turned = self.weight[:, start : start + len(gradient)].T
        multiply(turned, incoming.to(turned.dtype).flatten(1), out=gradient.flatten(1))

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        self.transform_back(cache.grad_features, start, gradient)

    def add_weight_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        """Add to the weight's gradient ``(K, T)``."""
        add_product(gradient[:, start : start + len(states)], cache.grad_features.flatten(1), states.flatten(1).T)


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
        self.saved = 2 * self.bins  # real parts, then imaginary parts
        waves = torch.fft.rfft(torch.eye(steps, dtype=torch.float64), dim=0)
        self.waves = LinearKernel(torch.cat([waves.real, waves.imag]).to(dtype))

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        self.waves.transform(states, start, cache.saved)
        if start + len(states) == self.steps:
            cache.features[:] = torch.hypot(cache.saved[: self.bins], cache.saved[self.bins :])

    def prepare_backward(self, cache: ReadoutCache) -> None:
        pull = torch.where(cache.features == 0, 0, cache.grad_features / cache.features)
        cache.saved.view(2, *cache.features.shape).mul_(pull)

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, gradient: Tensor) -> None:
        self.waves.transform_back(cache.saved, start, gradient)


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
