"""What follows the states of a model, as the fused engine takes it: a readout over time and a network per pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from drumhead.fields.engine import numba_failure
from drumhead.models.cpu.hearing import HearingKernel
from drumhead.models.pixel_mlp import PixelNetwork
from drumhead.models.readouts import READOUTS, Readout


class Hearing(NamedTuple):
    """What follows the states of a model."""

    readout: Readout
    """One of :mod:`drumhead.models.readouts`."""
    layers: Sequence[nn.Module]
    """Linear layers, or 1x1 convolutions in their place, with ReLU between; after the first it may be missing."""

    @property
    def modules(self) -> list[nn.Module]:
        """All that holds its parameters."""
        return [self.readout, *self.layers]

    @property
    def parameters(self) -> list[Tensor]:
        """The readout's weight, if it has one, then weight (a matrix) and bias of each layer."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Linear | nn.Conv2d)]
        pairs = [(layer.weight.flatten(1), layer.bias) for layer in layers]
        return [*self.readout.parameters(), *(tensor for pair in pairs for tensor in pair if tensor is not None)]

    @property
    def linear_first(self) -> bool:
        """Whether there is no ReLU after the first layer."""
        return len(self.layers) > 1 and not isinstance(self.layers[1], nn.ReLU)

    def obstacle(self) -> str | None:
        """Why it cannot be fused, in a sentence's end; none if it can."""
        if type(self.readout) not in READOUTS.values():
            return f"it knows the readouts {', '.join(READOUTS)}, got a {type(self.readout).__name__}"
        first, *rest = [layer for layer in self.layers if type(layer) is not nn.ReLU]
        bent = [type(layer) is nn.ReLU for layer in self.layers[1 if self.linear_first else 0 :]]
        alternating = bent == [number % 2 == 1 for number in range(len(bent))] and not bent[-1]
        pointwise = type(first) is nn.Linear or (isinstance(first, nn.Conv2d) and first.kernel_size == (1, 1))
        biased = all(getattr(layer, "bias", None) is not None for layer in (first, *rest))
        if alternating and pointwise and biased and all(type(layer) is nn.Linear for layer in rest):
            return None
        names = ", ".join(type(layer).__name__ for layer in self.layers)
        return f"it needs linear layers with a bias and ReLU between, got {names}"

    def kernel(self, dtype: torch.dtype) -> HearingKernel:
        """It in cache, for states of that type."""
        return HearingKernel(
            self.readout.name,
            self.parameters,
            steps=self.readout.steps,
            channels=self.readout.channels,
            dtype=product_dtype(dtype),
            linear_first=self.linear_first,
        )


def layers_of(network: PixelNetwork) -> list[nn.Module]:
    """The layers of a pixel network; a subclass, which may compute something else, counts as one unknown layer."""
    return list(network.layers) if type(network) is PixelNetwork else [network]


def product_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type in which products of float32 are made, as autocast has it; float64 is left alone."""
    return torch.bfloat16 if dtype == torch.float32 and torch.is_autocast_enabled("cpu") else dtype


def obstacle(tensors: Sequence[Tensor], hearing: Hearing) -> str | None:
    """Why :mod:`drumhead.models.cpu.fused_loss` cannot take these, in a sentence's end; none if they can."""
    if reason := hearing.obstacle():
        return reason
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") != torch.bfloat16:
        return f"under autocast it knows bfloat16, got {torch.get_autocast_dtype('cpu')}"
    parameters = hearing.parameters
    for tensor in (*tensors, *parameters):
        if tensor.device.type != "cpu":
            return f"it needs tensors on the CPU, got one on {tensor.device}"
        if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != parameters[0].dtype:
            return f"it needs all of float32 or all of float64, got {parameters[0].dtype} and {tensor.dtype}"
    return numba_failure()
