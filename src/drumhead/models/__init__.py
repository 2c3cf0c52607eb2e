"""Images in, class logits out: the wave network and the models it is compared with.

The registry follows from one list, ``FAMILIES``. :func:`build` makes a model from its configuration or its name.
"""

from __future__ import annotations

from typing import Annotated, Any, get_args

import torch
from pydantic import Field, TypeAdapter

from drumhead.config import Config
from drumhead.models.cnn import CNN, CNNConfig
from drumhead.models.conv_rnn import ConvRNN, ConvRNNConfig
from drumhead.models.nwm import NWM, Drum, NWMConfig
from drumhead.models.pixel_mlp import PixelNetwork
from drumhead.models.pixel_sample import PixelSample, sample_pixels
from drumhead.models.readouts import READOUTS, Readout, ReadoutName, build_readout
from drumhead.models.recurrent import RecurrentSegmenter
from drumhead.models.segmenter import Segmenter
from drumhead.models.unet import UNet, UNetConfig

__all__ = [
    "CNN",
    "FAMILIES",
    "MODEL_NAMES",
    "NWM",
    "READOUTS",
    "CNNConfig",
    "ConvRNN",
    "ConvRNNConfig",
    "Drum",
    "ModelConfig",
    "NWMConfig",
    "PixelNetwork",
    "PixelSample",
    "Readout",
    "ReadoutName",
    "RecurrentSegmenter",
    "Segmenter",
    "UNet",
    "UNetConfig",
    "build",
    "build_readout",
    "model_config",
    "sample_pixels",
]

ModelConfig = Annotated[NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig, Field(discriminator="name")]
"""The configuration of any model; its ``name`` tells which."""

FAMILIES: dict[type[Config], type[Segmenter]] = {
    NWMConfig: NWM,
    ConvRNNConfig: ConvRNN,
    CNNConfig: CNN,
    UNetConfig: UNet,
}
"""The model each configuration is for."""

MODEL_NAMES: tuple[str, ...] = tuple(
    name for config in FAMILIES for name in get_args(config.model_fields["name"].annotation)
)
"""What :func:`build` knows by name: nwm, conv_rnn, conv_gru, conv_lstm, cnn, unet."""


def model_config(name: str, **fields: Any) -> NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig:
    """The configuration of the model of that name, with the paper's values where no field is given.

    Raises:
        ValueError: for an unknown name or field, or a value out of range, with the names there are.

    >>> model_config("nwm", steps=50).steps
    50
    """
    if name not in MODEL_NAMES:
        raise ValueError(f"model must be one of {', '.join(MODEL_NAMES)}, got {name!r}")
    adapter: TypeAdapter[Any] = TypeAdapter(ModelConfig)
    config: NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig = adapter.validate_python({"name": name, **fields})
    return config


def build(
    model: str | NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig,
    *,
    in_channels: int,
    classes: int,
    seed: int = 0,
    **fields: Any,
) -> Segmenter:
    """A new model, initialised as torch does (and the NWM's coupling as a Laplacian).

    Args:
        model: a configuration, or one of ``MODEL_NAMES``.
        in_channels: channels of the images.
        classes: number of classes, background included.
        seed: of the initial weights. Torch's global generator is left as it was.
        **fields: changes to the configuration.

    Raises:
        ValueError: for an unknown name or field, or a value out of range.

    >>> build("cnn", in_channels=3, classes=6, layers=2).parameter_count
    159502
    """
    config = model_config(model, **fields) if isinstance(model, str) else model.replace(**fields)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FAMILIES[type(config)](config, in_channels=in_channels, classes=classes)
