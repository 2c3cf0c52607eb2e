"""What follows the states of a model: a readout over time and the layers of a network at every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor, nn

from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.readouts import Readout


class ReadoutHead(NamedTuple):
    """The modules between the states of a model and its class logits, in the form that a fused engine takes."""

    readout: Readout
    """A readout of :mod:`drumhead.models.readouts`."""
    layers: Sequence[nn.Module]
    """Linear layers, or 1x1 convolutions in place of linear layers, with a ReLU between two layers. The ReLU after the
    first layer may be missing."""

    @property
    def modules(self) -> list[nn.Module]:
        """All modules that hold parameters of the head."""
        return [self.readout, *self.layers]

    @property
    def parameters(self) -> list[Tensor]:
        """The weight of the readout, if it has one, then the weight (as a matrix) and the bias of each layer."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Linear | nn.Conv2d)]
        pairs = [(layer.weight.flatten(1), layer.bias) for layer in layers]
        return [*self.readout.parameters(), *(tensor for pair in pairs for tensor in pair if tensor is not None)]

    @property
    def linear_first(self) -> bool:
        """Whether no ReLU follows the first layer."""
        return len(self.layers) > 1 and not isinstance(self.layers[1], nn.ReLU)


def mlp_layers(mlp: PixelMLP) -> list[nn.Module]:
    """Return the layers of a pixel MLP; a subclass may compute something else, so it counts as one unknown layer."""
    return list(mlp.layers) if type(mlp) is PixelMLP else [mlp]
