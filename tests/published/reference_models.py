"""Reference implementations of the published models, as functions of a state dict with the authors' names.

They follow the equations and use nothing of the package. Computed in float64, their logits are what the package's
float32 logits approximate.
"""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.nn import functional as F

State = dict[str, Tensor]
Params = dict[str, Any]

CHANNELS = {"new_tetronimoes": 3, "mnist": 1, "multi_mnist": 1}
SIDES = {"new_tetronimoes": 64, "mnist": 56, "multi_mnist": 128}
CLASSES = {"new_tetronimoes": 6, "mnist": 11, "multi_mnist": 11}
HIDDEN = {"linear_smaller": [64], "linear_smaller2": [], "linear_smaller3": [32] * 3, "linear_smaller4": [32] * 5}
FEATURES_PER_CHANNEL = 49


def params(model_type: str, dataset: str = "new_tetronimoes", **changes: Any) -> Params:
    """Return a published ``params`` with the paper's values."""
    return {
        "model_type": model_type,
        "readout_type": "linear",
        "dataset": dataset,
        "N": SIDES[dataset],
        "num_classes": CLASSES[dataset],
        "max_iters": 20 if model_type == "conv_recurrent2" else 100,
        "min_iters": 20,
        "dt": 0.1,
        "c_mid": 16,
        "hidden_channels": 2,
        "cell_type": "lstm",
        "num_layers": 8,
        "rnn_kernel": 3,
        "kernel_init": "laplacian",
        "normalize": False,
        "seed": 2203,
        **changes,
    }


def write(folder: Path, params: Params, state: State) -> Path:
    """Write a run folder of the authors' code."""
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "config.yaml").write_text(yaml.safe_dump({"params": params}))
    torch.save(state, folder / "cp.pt")
    return folder


# Checkpoints with random values in the published layout.


def random_state(params: Params) -> State:
    """Return a state dict of the model, with random values of a typical scale."""
    generator = torch.Generator().manual_seed(11)
    state: State = {}
    for name, shape in shapes(params).items():
        values = torch.randn(shape, generator=generator)
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(47_100)
        elif name.endswith("running_var"):
            state[name] = 0.5 + values.abs()
        elif name.endswith("Wy.weight"):
            state[name] = laplacian(params["hidden_channels"]) + 0.02 * values
        else:
            fan_in = math.prod(shape[1:])
            state[name] = values / math.sqrt(fan_in) if len(shape) > 1 else 0.2 * values
    return state


def laplacian(channels: int) -> Tensor:
    stencil = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
    return torch.einsum("ij,hw->ijhw", torch.eye(channels), stencil)


def shapes(params: Params) -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor by its name."""
    colours, width, C = CHANNELS[params["dataset"]], params["c_mid"], params["hidden_channels"]
    classes, T = params["num_classes"], params["max_iters"]
    if params["model_type"] == "unet2":
        return unet_shapes(colours, width, classes)
    if params["model_type"] == "baseline1_flexible":
        features = FEATURES_PER_CHANNEL * C
        layers = params["num_layers"]
        return {
            **convolutions("encoder", [colours, *[width] * (layers - 1), C]),
            **convolution(f"encoder.{2 * layers}", C, features, side=1),
            **linears("readout", [features, 256, 256, 256, classes]),
        }
    bins = T // 2 + 1
    features = C * bins if params["readout_type"].startswith(("linear", "fft")) else C
    hidden = HIDDEN.get(params["readout_type"], [256] * 3)
    tensor_shapes = {
        "classifier.fc_time.weight": (bins, T),
        **linears("classifier.fc_readout", [features, *hidden, classes]),
        **convolutions("classifier.hy_encoder", [colours, width, width, width, C]),
    }
    if params["model_type"] == "cornn_model2":
        return {
            **tensor_shapes,
            **convolutions("classifier.omega_encoder", [colours, width, width, C]),
            **convolutions("classifier.alpha_encoder", [colours, width, width, C]),
            "classifier.cell.Wy.weight": (C, C, 3, 3),
        }
    cell = "classifier.recurrent_cell.cell"
    gates = {
        "lstm": convolution(f"{cell}.conv", 2 * C, 4 * C),
        "gru": {key: shape for gate in "zrh" for key, shape in convolution(f"{cell}.conv_{gate}", 2 * C, C).items()},
        "rnn": {**convolution(f"{cell}.conv_in", C, C), **convolution(f"{cell}.conv_hidden", C, C)},
    }
    return {
        **tensor_shapes,
        **convolutions("classifier.hz_encoder", [colours, width, width, C]),
        **convolutions("classifier.hc_encoder", [colours, width, width, C]),
        **gates[params["cell_type"]],
        **linears("classifier.recurrent_cell.transform_hidden", [C, 2 * C, C]),
    }


def convolution(name: str, c_in: int, c_out: int, side: int = 3) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (c_out, c_in, side, side), f"{name}.bias": (c_out,)}


def convolutions(name: str, channels: list[int]) -> dict[str, tuple[int, ...]]:
    tensor_shapes: dict[str, tuple[int, ...]] = {}
    for i, (c_in, c_out) in enumerate(pairwise(channels)):
        tensor_shapes |= convolution(f"{name}.{2 * i}", c_in, c_out)
    return tensor_shapes


def linears(name: str, widths: list[int]) -> dict[str, tuple[int, ...]]:
    tensor_shapes: dict[str, tuple[int, ...]] = {}
    for i, (c_in, c_out) in enumerate(pairwise(widths)):
        tensor_shapes |= {f"{name}.{2 * i}.weight": (c_out, c_in), f"{name}.{2 * i}.bias": (c_out,)}
    return tensor_shapes


def unet_shapes(colours: int, width: int, classes: int) -> dict[str, tuple[int, ...]]:
    def double(name: str, c_in: int, c_out: int) -> dict[str, tuple[int, ...]]:
        tensor_shapes: dict[str, tuple[int, ...]] = {}
        for i, channels in ((0, c_in), (3, c_out)):
            tensor_shapes[f"{name}.double_conv.{i}.weight"] = (c_out, channels, 3, 3)
            for key in ("weight", "bias", "running_mean", "running_var"):
                tensor_shapes[f"{name}.double_conv.{i + 1}.{key}"] = (c_out,)
            tensor_shapes[f"{name}.double_conv.{i + 1}.num_batches_tracked"] = ()
        return tensor_shapes

    tensor_shapes = double("inc", colours, width)
    for level in (1, 2, 3, 4):
        tensor_shapes |= double(f"down{level}.maxpool_conv.1", width * 2 ** (level - 1), width * 2**level)
    for level in (1, 2, 3, 4):
        low, high = width * 2 ** (5 - level), width * 2 ** (4 - level)
        tensor_shapes |= {f"up{level}.up.weight": (low, high, 2, 2), f"up{level}.up.bias": (high,)}
        tensor_shapes |= double(f"up{level}.conv", low, high)
    return {**tensor_shapes, **convolution("outc.conv", width, classes, side=1)}


# The forward passes.


def logits(params: Params, state: State, images: Tensor) -> Tensor:
    """Return class logits (batch, class, height, width) for images (batch, channel, height, width)."""
    model = {
        "cornn_model2": nwm,
        "conv_recurrent2": conv_rnn,
        "baseline1_flexible": cnn,
        "unet2": unet,
    }[params["model_type"]]
    return model(params, {name: tensor.double() for name, tensor in state.items()}, images.double())


def convolve(state: State, name: str, x: Tensor) -> Tensor:
    """Convolve with zero padding."""
    return F.conv2d(x, state[f"{name}.weight"], state.get(f"{name}.bias"), padding="same")


def convolve_circular(state: State, name: str, x: Tensor) -> Tensor:
    """Convolve with circular padding."""
    padded = torch.cat([x[..., -1:], x, x[..., :1]], dim=-1)
    padded = torch.cat([padded[..., -1:, :], padded, padded[..., :1, :]], dim=-2)
    return F.conv2d(padded, state[f"{name}.weight"], state.get(f"{name}.bias"))


def encode(state: State, name: str, x: Tensor, layers: int) -> Tensor:
    """Apply convolutions with a ReLU between them and none after the last."""
    for i in range(layers):
        x = convolve(state, f"{name}.{2 * i}", torch.relu(x) if i else x)
    return x


def pixel_network(state: State, name: str, x: Tensor) -> Tensor:
    """Apply fully connected layers to each pixel, with a ReLU between them and none after the last."""
    x = x.permute(0, 2, 3, 1)
    i = 0
    while f"{name}.{i}.weight" in state:
        x = F.linear(torch.relu(x) if i else x, state[f"{name}.{i}.weight"], state[f"{name}.{i}.bias"])
        i += 2
    return x.permute(0, 3, 1, 2)


def forward_head(params: Params, state: State, field: Tensor) -> Tensor:
    """Apply a readout over time, then the pixel network; ``field`` is (batch, time, channel, height, width)."""
    batch, T, _, height, width = field.shape
    readout = params["readout_type"]
    if readout == "last":
        features = field[:, T - 1]
    elif readout == "mean_time":
        features = field.sum(1) / T
    elif readout == "max_time":
        features = field.max(dim=1).values
    else:
        if readout == "fft":
            angle = 2 * math.pi * torch.outer(torch.arange(T // 2 + 1.0), torch.arange(T * 1.0)).double() / T
            real, imaginary = (torch.einsum("kt,btchw->bkchw", wave, field) for wave in (angle.cos(), angle.sin()))
            bins = (real**2 + imaginary**2).sqrt()
        else:
            bins = torch.einsum("kt,btchw->bkchw", state["classifier.fc_time.weight"], field)
        features = bins.reshape(batch, -1, height, width)
    return pixel_network(state, "classifier.fc_readout", features)


def nwm(params: Params, state: State, images: Tensor) -> Tensor:
    omega = torch.relu(encode(state, "classifier.omega_encoder", images, 3))
    alpha = torch.relu(encode(state, "classifier.alpha_encoder", images, 3))
    y = torch.tanh(encode(state, "classifier.hy_encoder", images, 4))
    z = torch.zeros_like(y)
    dt, frames = params["dt"], []
    for _ in range(params["max_iters"]):
        f = torch.tanh(convolve_circular(state, "classifier.cell.Wy", y))
        z = z + dt * (f - omega * y - alpha * z)
        y = y + dt * z
        frames.append(y)
    return forward_head(params, state, torch.stack(frames, dim=1))


def conv_rnn(params: Params, state: State, images: Tensor) -> Tensor:
    cell = "classifier.recurrent_cell.cell"
    x = torch.tanh(encode(state, "classifier.hy_encoder", images, 4))
    h = encode(state, "classifier.hz_encoder", images, 3)
    c = encode(state, "classifier.hc_encoder", images, 3)
    frames = []
    for _ in range(params["max_iters"]):
        both = torch.cat([x, h], dim=1)
        if params["cell_type"] == "lstm":
            i, f, g, o = convolve_circular(state, f"{cell}.conv", both).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        elif params["cell_type"] == "gru":
            z = convolve_circular(state, f"{cell}.conv_z", both).sigmoid()
            r = convolve_circular(state, f"{cell}.conv_r", both).sigmoid()
            candidate = convolve_circular(state, f"{cell}.conv_h", torch.cat([x, r * h], dim=1)).tanh()
            h = (1 - z) * h + z * candidate
        else:
            h = torch.relu(
                convolve_circular(state, f"{cell}.conv_in", x) + convolve_circular(state, f"{cell}.conv_hidden", h)
            )
        x = pixel_network(state, "classifier.recurrent_cell.transform_hidden", h)
        frames.append(x)
    return forward_head(params, state, torch.stack(frames, dim=1))


def cnn(params: Params, state: State, images: Tensor) -> Tensor:
    layers = params["num_layers"]
    x = torch.relu(encode(state, "encoder", images, layers))
    return pixel_network(state, "readout", convolve(state, f"encoder.{2 * layers}", x))


def unet(params: Params, state: State, images: Tensor) -> Tensor:
    def double(name: str, x: Tensor) -> Tensor:
        for i in (0, 3):
            x = convolve(state, f"{name}.double_conv.{i}", x)
            mean, variance, weight, bias = (
                state[f"{name}.double_conv.{i + 1}.{key}"][:, None, None]
                for key in ("running_mean", "running_var", "weight", "bias")
            )
            x = torch.relu((x - mean) / (variance + 1e-5).sqrt() * weight + bias)
        return x

    levels = [double("inc", images)]
    for level in (1, 2, 3, 4):
        levels.append(double(f"down{level}.maxpool_conv.1", F.max_pool2d(levels[-1], 2)))
    x = levels.pop()
    for level in (1, 2, 3, 4):
        upsampled = F.conv_transpose2d(x, state[f"up{level}.up.weight"], state[f"up{level}.up.bias"], stride=2)
        x = double(f"up{level}.conv", torch.cat([levels.pop(), upsampled], dim=1))
    return convolve(state, "outc.conv", x)
