"""Readouts over time for a chunk of pixels, and their gradients; :mod:`drumhead.models.readouts` defines them.

Axes: T time, K bins (features per channel), C channels, N pixels. States are ``(T, C, N)``, features ``(K, C, N)``,
of any strides over T and C.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from drumhead.models.kernels.threads import Workspace


class ReadoutKernel(ABC):
    """A readout of fields with ``steps`` frames.

    Args:
        steps: T.
        workspace: where intermediate matrices are.
    """

    bins = 1
    """Features per channel, K."""

    def __init__(self, *, steps: int, workspace: Workspace) -> None:
        self.steps = steps
        self.workspace = workspace

    @abstractmethod
    def write_features(self, states: Tensor, features: Tensor) -> None:
        """Write the features of the states."""

    @abstractmethod
    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        """Write the states' gradient, given the features and theirs (``incoming``)."""


class LastKernel(ReadoutKernel):
    """The last frame."""

    def write_features(self, states: Tensor, features: Tensor) -> None:
        features[0] = states[-1]

    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        gradient[:-1] = 0
        gradient[-1] = incoming[0]


class MeanKernel(ReadoutKernel):
    """The mean over time."""

    def write_features(self, states: Tensor, features: Tensor) -> None:
        torch.mean(states, dim=0, keepdim=True, out=features)

    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        gradient[:] = incoming / self.steps


class MaxKernel(ReadoutKernel):
    """The maximum over time; frames that share it share its gradient evenly, as in torch's ``amax``."""

    def write_features(self, states: Tensor, features: Tensor) -> None:
        torch.amax(states, dim=0, keepdim=True, out=features)

    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        highest = states == features
        torch.mul(highest, incoming / highest.sum(dim=0), out=gradient)


class LinearKernel(ReadoutKernel):
    """A linear map over time, the same for all channels.

    Args:
        weight: ``(K, T)``.
        workspace: where intermediate matrices are.
    """

    def __init__(self, weight: Tensor, *, workspace: Workspace) -> None:
        super().__init__(steps=weight.shape[1], workspace=workspace)
        self.weight = weight
        self.bins = len(weight)

    def write_features(self, states: Tensor, features: Tensor) -> None:
        for channel in range(states.shape[1]):
            torch.mm(self.weight, states[:, channel], out=features[:, channel])

    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        for channel in range(states.shape[1]):
            torch.mm(self.weight.T, incoming[:, channel], out=gradient[:, channel])

    def add_weight_gradient(self, states: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        """Add to the weight's gradient ``(K, T)``."""
        for channel in range(states.shape[1]):
            gradient.addmm_(incoming[:, channel], states[:, channel].T)


class FourierKernel(ReadoutKernel):
    """The magnitude of the real Fourier transform: a product with cosines and sines, then the length of each pair.

    Args:
        steps: T.
        workspace: where intermediate matrices are.
    """

    def __init__(self, *, steps: int, workspace: Workspace) -> None:
        super().__init__(steps=steps, workspace=workspace)
        self.bins = steps // 2 + 1
        waves = torch.fft.rfft(torch.eye(steps, dtype=torch.float64), dim=0)
        self.waves = LinearKernel(torch.cat([waves.real, waves.imag]).to(workspace.like), workspace=workspace)

    def write_features(self, states: Tensor, features: Tensor) -> None:
        spectrum = self._spectrum(states)
        self.waves.write_features(states, spectrum)
        torch.hypot(spectrum[: self.bins], spectrum[self.bins :], out=features)

    def write_state_gradient(self, states: Tensor, features: Tensor, incoming: Tensor, gradient: Tensor) -> None:
        spectrum = self._spectrum(states)  # as write_features left it for this chunk
        pull = torch.where(features == 0, 0, incoming / features)
        spectrum.view(2, *features.shape).mul_(pull)
        self.waves.write_state_gradient(states, spectrum, spectrum, gradient)

    def _spectrum(self, states: Tensor) -> Tensor:
        """Real parts, then imaginary parts: ``(2K, C, N)``."""
        _, channels, pixels = states.shape
        return self.workspace.matrix("spectrum", 2 * self.bins * channels, pixels).view(-1, channels, pixels)


def readout_kernel(name: str, weight: Tensor | None, *, steps: int, workspace: Workspace) -> ReadoutKernel:
    """The kernel of the readout of that name; ``weight`` is the linear one's ``(K, T)``."""
    if name == "linear":
        assert weight is not None
        return LinearKernel(weight, workspace=workspace)
    return KERNELS[name](steps=steps, workspace=workspace)


KERNELS: dict[str, type[LastKernel] | type[MeanKernel] | type[MaxKernel] | type[FourierKernel]] = {
    "last": LastKernel,
    "mean": MeanKernel,
    "max": MaxKernel,
    "fft": FourierKernel,
}
"""Readouts without parameters."""
