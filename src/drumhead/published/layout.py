"""Which tensor of a published checkpoint is which of ours, and which of them no forward pass uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.models import CNN, NWM, ConvRNN, Segmenter, UNet
from drumhead.models.unet import LEVELS

CLASSIFIER = {"readout.time": "classifier.fc_time", "pixel_network.layers": "classifier.fc_readout"}
NWM_MODULES = {
    "omega_encoder": "classifier.omega_encoder",
    "alpha_encoder": "classifier.alpha_encoder",
    "y0_encoder": "classifier.hy_encoder",
    "coupling": "classifier.cell.Wy.weight",
    **CLASSIFIER,
}
CONV_RNN_MODULES = {
    "input_encoder": "classifier.hy_encoder",
    "hidden_encoder": "classifier.hz_encoder",
    "memory_encoder": "classifier.hc_encoder",
    "cell.gates": "classifier.recurrent_cell.cell.conv",
    "cell.update": "classifier.recurrent_cell.cell.conv_z",
    "cell.reset": "classifier.recurrent_cell.cell.conv_r",
    "cell.candidate": "classifier.recurrent_cell.cell.conv_h",
    "cell.input": "classifier.recurrent_cell.cell.conv_in",
    "cell.hidden": "classifier.recurrent_cell.cell.conv_hidden",
    "next_input.layers": "classifier.recurrent_cell.transform_hidden",
    **CLASSIFIER,
}
CNN_MODULES = {"encoder": "encoder", "pixel_network.layers": "readout"}  # and the 1x1 convolution, see `modules`
UNET_MODULES = {
    "enter": "inc.double_conv",
    **{f"down.{level}": f"down{level + 1}.maxpool_conv.1.double_conv" for level in range(LEVELS)},
    **{f"up.{level}.upsample": f"up{level + 1}.up" for level in range(LEVELS)},
    **{f"up.{level}.convolve": f"up{level + 1}.conv.double_conv" for level in range(LEVELS)},
    "leave": "outc.conv",
}


class Kind(NamedTuple):
    """What a tensor must be."""

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32

    @classmethod
    def of(cls, tensor: Tensor) -> Kind:
        return cls(tuple(tensor.shape), tensor.dtype)

    def __str__(self) -> str:
        return f"{str(self.dtype).removeprefix('torch.')} {self.shape}"


class Layout(NamedTuple):
    """The tensors of a published checkpoint of one model, by their published names."""

    ours: dict[str, str]
    """Our name of each tensor that the model uses."""
    kinds: dict[str, Kind]
    """What each of these must be."""
    unused: dict[str, Kind]
    """Tensors that the authors' code stores, but whose values make no difference."""


def layout(model: Segmenter) -> Layout:
    """The layout of a model's published checkpoint; the model's own values are not looked at."""
    ours: dict[str, str] = {}
    kinds: dict[str, Kind] = {}
    for name, tensor in model.state_dict().items():
        published = published_name(name, modules(model))
        ours[published] = name
        kinds[published] = Kind.of(tensor)
    return Layout(ours, kinds, unused(model))


def modules(model: Segmenter) -> Mapping[str, str]:
    """The published name of each module, or parameter, of a model."""
    if isinstance(model, NWM):
        return NWM_MODULES
    if isinstance(model, ConvRNN):
        return CONV_RNN_MODULES
    if isinstance(model, UNet):
        return UNET_MODULES
    assert isinstance(model, CNN)
    # There, the 1x1 convolution follows the last 3x3 convolution and its ReLU in one sequence.
    return {**CNN_MODULES, "expand": f"encoder.{2 * model.config.layers}"}


def published_name(name: str, modules: Mapping[str, str]) -> str:
    """A tensor's published name.

    >>> published_name("cell.gates.bias", {"cell.gates": "classifier.recurrent_cell.cell.conv"})
    'classifier.recurrent_cell.cell.conv.bias'
    """
    module = next(module for module in modules if f"{name}.".startswith(f"{module}."))
    return modules[module] + name.removeprefix(module)


def unused(model: Segmenter) -> dict[str, Kind]:
    """A map over time where the readout is another, and a cell-state encoder where the cell has no such state."""
    found: dict[str, Kind] = {}
    if isinstance(model, NWM | ConvRNN) and model.config.readout != "linear":
        steps = model.config.steps
        found["classifier.fc_time.weight"] = Kind((steps // 2 + 1, steps))
    if isinstance(model, ConvRNN) and model.memory_encoder is None:
        for name, tensor in model.hidden_encoder.state_dict().items():  # of the same shape
            found[f"{CONV_RNN_MODULES['memory_encoder']}.{name}"] = Kind.of(tensor)
    return found
