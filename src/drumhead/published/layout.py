"""The correspondence between a published checkpoint's tensor names and Drumhead's, and the tensors that are unused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.models import CNN, NWM, ConvRNN, Segmenter, UNet
from drumhead.models.unet import LEVELS

READOUT_MODULES = {"readout.time": "classifier.fc_time", "pixel_network.layers": "classifier.fc_readout"}
NWM_MODULES = {
    "omega_encoder": "classifier.omega_encoder",
    "alpha_encoder": "classifier.alpha_encoder",
    "y0_encoder": "classifier.hy_encoder",
    "coupling": "classifier.cell.Wy.weight",
    **READOUT_MODULES,
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
    **READOUT_MODULES,
}
CNN_MODULES = {"encoder": "encoder", "pixel_network.layers": "readout"}  # and the 1x1 convolution, see `module_names`
UNET_MODULES = {
    "enter": "inc.double_conv",
    **{f"down.{level}": f"down{level + 1}.maxpool_conv.1.double_conv" for level in range(LEVELS)},
    **{f"up.{level}.upsample": f"up{level + 1}.up" for level in range(LEVELS)},
    **{f"up.{level}.convolve": f"up{level + 1}.conv.double_conv" for level in range(LEVELS)},
    "leave": "outc.conv",
}


class TensorSpec(NamedTuple):
    """The shape and dtype of a tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype = torch.float32

    @classmethod
    def of(cls, tensor: Tensor) -> TensorSpec:
        return cls(tuple(tensor.shape), tensor.dtype)

    def __str__(self) -> str:
        return f"{str(self.dtype).removeprefix('torch.')} {self.shape}"


class CheckpointLayout(NamedTuple):
    """The tensors of a published checkpoint of one model, by their published names."""

    own_names: dict[str, str]
    """Drumhead's name of each tensor that the model uses."""
    specs: dict[str, TensorSpec]
    """The required shape and dtype of each of these."""
    unused: dict[str, TensorSpec]
    """Tensors that the authors' code stores but that no forward pass uses."""


def checkpoint_layout(model: Segmenter) -> CheckpointLayout:
    """Return the layout of a model's published checkpoint; the model's own values are not read."""
    own_names: dict[str, str] = {}
    specs: dict[str, TensorSpec] = {}
    for name, tensor in model.state_dict().items():
        published = published_name(name, module_names(model))
        own_names[published] = name
        specs[published] = TensorSpec.of(tensor)
    return CheckpointLayout(own_names, specs, unused_tensors(model))


def module_names(model: Segmenter) -> Mapping[str, str]:
    """Return the published name of each module, or parameter, of a model."""
    if isinstance(model, NWM):
        return NWM_MODULES
    if isinstance(model, ConvRNN):
        return CONV_RNN_MODULES
    if isinstance(model, UNet):
        return UNET_MODULES
    assert isinstance(model, CNN)
    # In the authors' code, the 1x1 convolution follows the last 3x3 convolution and its ReLU in one sequence.
    return {**CNN_MODULES, "expand": f"encoder.{2 * model.config.layers}"}


def published_name(name: str, module_names: Mapping[str, str]) -> str:
    """Return a tensor's published name.

    >>> published_name("cell.gates.bias", {"cell.gates": "classifier.recurrent_cell.cell.conv"})
    'classifier.recurrent_cell.cell.conv.bias'
    """
    module = next(module for module in module_names if f"{name}.".startswith(f"{module}."))
    return module_names[module] + name.removeprefix(module)


def unused_tensors(model: Segmenter) -> dict[str, TensorSpec]:
    """Return the specs of the tensors that no forward pass uses.

    These are the linear map over time if the readout is not linear, and the cell state's encoder if the cell has no
    cell state.
    """
    specs: dict[str, TensorSpec] = {}
    if isinstance(model, NWM | ConvRNN) and model.config.readout != "linear":
        steps = model.config.steps
        specs["classifier.fc_time.weight"] = TensorSpec((steps // 2 + 1, steps))
    if isinstance(model, ConvRNN) and model.memory_encoder is None:
        for name, tensor in model.hidden_encoder.state_dict().items():  # the shapes are the same
            specs[f"{CONV_RNN_MODULES['memory_encoder']}.{name}"] = TensorSpec.of(tensor)
    return specs
