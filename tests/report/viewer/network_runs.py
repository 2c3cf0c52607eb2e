"""Networks run by the viewer's JavaScript in Node, and by the package, on the same images."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from tests.report.viewer.node import run_js
from torch import Tensor

from drumhead.models import NWM, RecurrentSegmenter, build, model_config
from drumhead.report.viewer.network_data import WeightType, network_data

Floats = npt.NDArray[np.float32]

RUN = """
const text = (values) => values && Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");
return input.map(({ network, image, height, width }) => {
  let states, maps, logits;
  for (const part of new Segmenter(network).run(decodeFloats(image, "float32"), height, width)) {
    if (part?.type === "frame") states = part.states;
    if (part?.type === "maps") maps = part;
    if (part?.type === "logits") logits = part.logits;
  }
  return { states: text(states), logits: text(logits), stiffness: text(maps.stiffness), damping: text(maps.damping) };
});
"""


class Outputs(NamedTuple):
    """What a network computes from one image."""

    states: Floats
    """(frame, channel, height, width); the first frame is the initial state."""
    logits: Floats
    """(class, height, width)"""
    maps: tuple[Floats, ...]
    """Stiffness and damping of a wave network, (channel, height, width)."""

    @property
    def classes(self) -> npt.NDArray[np.int64]:
        """The most probable class of each pixel."""
        classes: npt.NDArray[np.int64] = self.logits.argmax(axis=0)
        return classes


class Case(NamedTuple):
    """A network and an image ``(channel, height, width)``."""

    model: RecurrentSegmenter
    image: Tensor


def toy_case(name: str, size: tuple[int, int] = (9, 13), *, in_channels: int = 3, **fields: Any) -> Case:
    """Return a small network with random weights, none of them symmetric, and a random image."""
    config = model_config(name, **{"steps": 8, "width": 4, "pixel_widths": (9, 6), "engine": "plain", **fields})
    model = build(config, in_channels=in_channels, classes=4, seed=1)
    assert isinstance(model, RecurrentSegmenter)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for part, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.add_(0.3 * parameter.std(correction=0) * noise)
            if part != "coupling":  # states and logits depend on the image more than on biases
                grows = name == "conv_rnn" and part.startswith(("cell", "next_input"))
                parameter.mul_(0.3 if parameter.ndim == 1 else 1.7 if grows else 3)
        logits = model(torch.rand((1, in_channels, 12, 12), generator=generator))
        model.get_parameter(f"pixel_network.layers.{2 * len(model.config.pixel_widths)}.bias").sub_(
            logits.mean((0, 2, 3))
        )
    return Case(model.eval(), torch.rand((in_channels, *size), generator=generator))


def run_in_node(cases: Sequence[Case], *, dtype: WeightType) -> list[Outputs]:
    """Return what the JavaScript computes, in one process for all cases."""
    jobs = [
        {
            "network": network_data(model, class_names=[f"class {n}" for n in range(model.classes)], dtype=dtype),
            "image": encode(image.numpy()),
            "height": image.shape[1],
            "width": image.shape[2],
        }
        for model, image in cases
    ]
    imports = {"network/segmenter.js": "Segmenter", "shared/float16.js": "decodeFloats"}
    results = run_js(imports, RUN, jobs)
    return [_outputs(case, result) for case, result in zip(cases, results, strict=True)]


def run_in_package(case: Case) -> Outputs:
    """Return what the package computes."""
    model, images = case.model, case.image[None]
    with torch.inference_mode():
        states = model.states(images)
        logits = model.forward_head(states)
        if isinstance(model, NWM):
            initial, *maps = model.encode(images)
        else:
            initial, maps = model.start(images)[0], []  # type: ignore[operator]  # a ConvRNN
    frames = torch.cat([initial[:, None], states], dim=1)[0]
    return Outputs(frames.numpy(), logits[0].numpy(), tuple(values[0].numpy() for values in maps))


def encode(values: npt.NDArray[Any]) -> str:
    """Return float32 numbers in base64."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def decode(text: str, *shape: int) -> Floats:
    """Return float32 numbers from base64."""
    return np.frombuffer(base64.b64decode(text), "<f4").reshape(shape)


def _outputs(case: Case, result: dict[str, str | None]) -> Outputs:
    channels = case.model.config.hidden_channels
    size = case.image.shape[1:]
    assert result["states"] is not None
    assert result["logits"] is not None
    maps = [result[name] for name in ("stiffness", "damping")]
    return Outputs(
        decode(result["states"], -1, channels, *size),
        decode(result["logits"], -1, *size),
        tuple(decode(values, channels, *size) for values in maps if values is not None),
    )


def largest_difference(ours: Floats, theirs: Floats) -> float:
    """Return the largest difference, relative to the largest value."""
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())
