"""A network as data of the viewer's page, where ``js/network`` runs it: its configuration and weights as JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from drumhead.models import FAMILIES, RecurrentSegmenter, Segmenter
from drumhead.models.half_precision import may_be_float16

WeightType = Literal["float16", "float32"]
"""How numbers are stored: float16 has 11 significant bits and half the size."""

MAX_WEIGHTS = 4_000_000
"""Maximum number of weights of a network in a page, also in ``js/network/weights.js``."""
MAX_SIZE = 4096
"""Maximum number of steps, channels, features or classes, also in ``js/network/network_config.js``."""


def network_data(
    model: Segmenter, *, class_names: Sequence[str], dtype: WeightType = "float16", where: str = "the model"
) -> dict[str, Any]:
    """Return a network as JSON values.

    Args:
        model: a recurrent model, on the CPU.
        class_names: the name of each of its classes.
        dtype: how the weight matrices of the readout and the pixel network are stored; all other weights are float32.
        where: what the model is called in errors, such as the folder of its run.

    Returns:
        ``config`` (as in ``config.json``), ``classes`` (their names), ``channels`` (of the images), ``parameters``
        (their number) and ``weights``: for each name in the state dict the ``shape``, ``dtype`` and ``data``, little
        endian in base64.

    Raises:
        ValueError: if the model is not recurrent, is too large for a page, or has weights that are not finite or
            outside the range of ``dtype``, or there is not one name for each class.

    >>> from drumhead.models import build
    >>> model = build("nwm", in_channels=1, classes=2, steps=5, pixel_widths=(8,))
    >>> data = network_data(model, class_names=["background", "digit"])
    >>> data["config"]["steps"], data["weights"]["pixel_network.layers.0.weight"]["shape"]
    (5, [8, 6])
    """
    if not isinstance(model, RecurrentSegmenter):
        recurrent = [config for config, family in FAMILIES.items() if issubclass(family, RecurrentSegmenter)]
        names = [name for config in recurrent for name in get_args(config.model_fields["name"].annotation)]
        raise ValueError(
            f"{where} is a {model.config.name}, which has no states over time; a page can run {', '.join(names)}"
        )
    if len(class_names) != model.classes:
        raise ValueError(f"class_names must be {model.classes} names, one for each class; got {len(class_names)}")
    if dtype not in get_args(WeightType):
        raise ValueError(f"dtype must be one of {', '.join(get_args(WeightType))}; got {dtype!r}")
    weights = model.state_dict()
    _check_sizes(model, weights, where=where)
    return {
        "config": model.config.model_dump(mode="json"),
        "classes": list(class_names),
        "channels": model.in_channels,
        "parameters": model.parameter_count,
        "weights": {
            name: _weight(name, values, dtype if may_be_float16(name, values) else "float32", where=where)
            for name, values in weights.items()
        },
    }


def sample_data(
    index: int, image: np.ndarray[Any, np.dtype[np.floating[Any]]], mask: np.ndarray[Any, Any] | None
) -> dict[str, Any]:
    """Return a sample as JSON values.

    Args:
        index: the number of the sample in its split.
        image: ``(channel, height, width)`` in [0, 1].
        mask: the true classes ``(height, width)``, from 0 to 255, or None if they are unknown.

    Returns:
        ``index``, ``height``, ``width``, ``image`` (float32 in base64) and ``mask`` (uint8 in base64, or None).

    Raises:
        ValueError: if the image is not finite, or the mask has another size or a value that is not from 0 to 255.

    >>> sample_data(3, np.zeros((1, 1, 2)), None)
    {'index': 3, 'height': 1, 'width': 2, 'image': 'AAAAAAAAAAA=', 'mask': None}
    """
    _, height, width = image.shape
    if not np.isfinite(image).all():
        raise ValueError(f"the values of an image must be finite; those of sample {index} are not")
    if mask is not None and (mask.shape != (height, width) or not 0 <= mask.min() <= mask.max() <= 255):
        raise ValueError(
            f"a mask must be {height} x {width} numbers from 0 to 255; that of sample {index} has shape {mask.shape} "
            f"and numbers from {mask.min()} to {mask.max()}"
        )
    return {
        "index": index,
        "height": height,
        "width": width,
        "image": _base64(image.astype("<f4")),
        "mask": None if mask is None else _base64(mask.astype(np.uint8)),
    }


def _check_sizes(model: RecurrentSegmenter, weights: dict[str, Tensor], *, where: str) -> None:
    count = sum(values.numel() for values in weights.values())
    if count > MAX_WEIGHTS:
        raise ValueError(f"a network in a page may have at most {MAX_WEIGHTS:,} weights; {where} has {count:,}")
    config = model.config
    sizes = {
        "steps": config.steps,
        "hidden_channels": config.hidden_channels,
        "width": config.width,
        "pixel_widths": max(config.pixel_widths, default=1),
        "channels of the images": model.in_channels,
        "classes": model.classes,
    }
    for name, value in sizes.items():
        if value > MAX_SIZE:
            raise ValueError(f"the {name} of a network in a page must be at most {MAX_SIZE}; {where} has {value}")


def _weight(name: str, values: Tensor, dtype: WeightType, *, where: str) -> dict[str, Any]:
    values = values.detach().float()
    if not torch.isfinite(values).all():
        raise ValueError(f"the weights of {where} must be finite; those of {name} are not")
    if dtype == "float16" and values.abs().max() > (limit := torch.finfo(torch.float16).max):
        raise ValueError(
            f"the weights of {where} must be at most {limit:.0f} to be stored as float16; {name} has "
            f"{float(values.abs().max()):g}. Store them as float32"
        )
    numbers = values.numpy().astype("<f2" if dtype == "float16" else "<f4")
    return {"shape": list(values.shape), "dtype": dtype, "data": _base64(numbers)}


def _base64(values: np.ndarray[Any, Any]) -> str:
    return base64.b64encode(values.tobytes()).decode("ascii")
