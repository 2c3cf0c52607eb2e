"""Readouts over time for a block of states, chunk after chunk, and their gradients.

:mod:`drumhead.models.readouts` defines the readouts. Axes: T time, S time steps of a chunk, K bins (features per
channel), C channels, N pixels. Chunks of states ``(S, C, N)`` come one after another. What the backward pass needs of
them is kept in a :class:`ReadoutCache`; from it follows the gradient of each chunk, in any order of chunks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.models.cpu.products import add_product, multiply


class ReadoutCache(NamedTuple):
    """What a readout keeps of the states of an image."""

    features: Tensor
    """The features ``(K, C, N)`` in the dtype of the products; complete once all frames are consumed."""
    saved: Tensor
    """Intermediate results ``(ReadoutKernel.saved_rows, C, N)`` in the dtype of the states."""
    grad_features: Tensor
    """The gradient of the loss with respect to the features, ``(K, C, N)``. It shares memory with the features if the
    backward pass does not need them."""


class ReadoutKernel(ABC):
    """A readout of fields with ``steps`` frames. Several threads may share one.

    Args:
        steps: T.
    """

    bins = 1
    """K."""
    saved_rows = 0
    """How many numbers are kept for each pixel and channel besides the features."""
    last_frame_only = False
    """Whether the features depend on the last frame alone."""
    backward_needs_features = False
    """Whether the backward pass needs the features themselves."""

    def __init__(self, *, steps: int) -> None:
        self.steps = steps

    @abstractmethod
    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        """Update the cache with a chunk of states whose first frame is ``start``; the first chunk has ``start`` 0."""

    def prepare_backward(self, cache: ReadoutCache) -> None:  # noqa: B027  (most readouts have nothing to prepare)
        """Prepare the cache for :meth:`write_gradient`, once ``cache.grad_features`` is complete."""

    @abstractmethod
    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        """Write the gradient of a chunk of states whose first frame is ``start``."""


class LastKernel(ReadoutKernel):
    """The last frame."""

    last_frame_only = True

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        cache.features[0] = states[-1]

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        out[-1] = cache.grad_features[0]


class MeanKernel(ReadoutKernel):
    """The mean over time. The saved row is the sum."""

    saved_rows = 1

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        total = states.sum(dim=0, dtype=cache.saved.dtype)
        cache.saved[0] = total if start == 0 else cache.saved[0] + total
        if start + len(states) == self.steps:
            cache.features[0] = cache.saved[0] / self.steps

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        out[:] = cache.grad_features / self.steps


class MaxKernel(ReadoutKernel):
    """The maximum over time. The saved row is the number of frames that reach it.

    These frames share the gradient evenly, as in torch's ``amax``.
    """

    saved_rows = 1
    backward_needs_features = True

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        maximum = states.amax(dim=0)
        if start > 0:
            maximum = torch.maximum(maximum, cache.features[0])
        ties = (states == maximum).sum(dim=0).to(cache.saved.dtype)
        if start > 0:
            ties += torch.where(cache.features[0] == maximum, cache.saved[0], 0)
        cache.features[0], cache.saved[0] = maximum, ties

    def prepare_backward(self, cache: ReadoutCache) -> None:
        cache.grad_features[0] /= cache.saved[0]

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        torch.mul(states == cache.features, cache.grad_features, out=out)


class LinearKernel(ReadoutKernel):
    """A linear map over time, the same for all channels. The saved rows are the sums over the chunks so far.

    Args:
        weight: ``(K, T)``, in the dtype of the products.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__(steps=weight.shape[1])
        self.weight = weight
        self.bins = self.saved_rows = len(weight)

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        if len(states) == self.steps:
            self.project(states, start, cache.features)
            return
        self.project(states, start, cache.saved)
        if start + len(states) == self.steps:
            cache.features[:] = cache.saved

    def project(self, states: Tensor, start: int, out: Tensor) -> None:
        """Write the product of the weight and the first chunk to ``out``, ``(K, C, N)``; add that of later chunks."""
        weight = self.weight[:, start : start + len(states)]
        if start > 0:
            add_product(out.flatten(1), weight, states.flatten(1))
        else:
            multiply(weight, states.flatten(1), out=out.flatten(1))

    def project_backward(self, grad_projection: Tensor, start: int, out: Tensor) -> None:
        """Write the gradient of a chunk of states, given the gradient of the result of :meth:`project`."""
        transposed = self.weight[:, start : start + len(out)].T
        multiply(transposed, grad_projection.to(transposed.dtype).flatten(1), out=out.flatten(1))

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        self.project_backward(cache.grad_features, start, out)

    def add_weight_gradient(self, cache: ReadoutCache, states: Tensor, start: int, grad_weight: Tensor) -> None:
        """Add what a chunk of states contributes to the gradient of the weight, ``(K, T)``."""
        add_product(grad_weight[:, start : start + len(states)], cache.grad_features.flatten(1), states.flatten(1).T)


class FourierKernel(ReadoutKernel):
    """The magnitude of the real Fourier transform: a product with cosines and sines, then the length of each pair.

    The saved rows are the real parts, then the imaginary parts; in the backward pass, their gradients.

    Args:
        steps: T.
        dtype: The dtype of the products.
    """

    backward_needs_features = True

    def __init__(self, *, steps: int, dtype: torch.dtype) -> None:
        super().__init__(steps=steps)
        self.bins = steps // 2 + 1
        self.saved_rows = 2 * self.bins
        transform = torch.fft.rfft(torch.eye(steps, dtype=torch.float64), dim=0)
        self.transform = LinearKernel(torch.cat([transform.real, transform.imag]).to(dtype))

    def consume(self, states: Tensor, start: int, cache: ReadoutCache) -> None:
        self.transform.project(states, start, cache.saved)
        if start + len(states) == self.steps:
            cache.features[:] = torch.hypot(cache.saved[: self.bins], cache.saved[self.bins :])

    def prepare_backward(self, cache: ReadoutCache) -> None:
        ratio = torch.where(cache.features == 0, 0, cache.grad_features / cache.features)
        cache.saved.view(2, *cache.features.shape).mul_(ratio)

    def write_gradient(self, cache: ReadoutCache, states: Tensor, start: int, out: Tensor) -> None:
        self.transform.project_backward(cache.saved, start, out)


SIMPLE_KERNELS: dict[str, type[LastKernel] | type[MeanKernel] | type[MaxKernel]] = {
    "last": LastKernel,
    "mean": MeanKernel,
    "max": MaxKernel,
}
"""The readouts that need no matrix products."""


def readout_kernel(name: str, weight: Tensor | None, *, steps: int, dtype: torch.dtype) -> ReadoutKernel:
    """Return the kernel of a readout by name.

    Args:
        name: One of ``drumhead.models.READOUTS``.
        weight: The weight ``(K, T)`` of the linear readout, in ``dtype``; None for the others.
        steps: T.
        dtype: The dtype of the products.
    """
    if name == "linear":
        assert weight is not None
        return LinearKernel(weight)
    if name == "fft":
        return FourierKernel(steps=steps, dtype=dtype)
    return SIMPLE_KERNELS[name](steps=steps)
