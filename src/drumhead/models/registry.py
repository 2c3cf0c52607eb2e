"""The list of models, and how one is built from its name or its configuration.

The registry follows from one list, ``FAMILIES``.
"""

from __future__ import annotations

from typing import Any

import torch

from drumhead.config import Config
from drumhead.models.cnn import CNN
from drumhead.models.config import CNNConfig, ConvRNNConfig, NWMConfig, UNetConfig, model_config
from drumhead.models.conv_rnn import ConvRNN
from drumhead.models.nwm import NWM
from drumhead.models.segmenter import Segmenter
from drumhead.models.unet import UNet

FAMILIES: dict[type[Config], type[Segmenter]] = {
    NWMConfig: NWM,
    ConvRNNConfig: ConvRNN,
    CNNConfig: CNN,
    UNetConfig: UNet,
}
"""The model class for each configuration class."""


def build(
    model: str | NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig,
    *,
    in_channels: int,
    classes: int,
    seed: int = 0,
    **fields: Any,
) -> Segmenter:
    """Build a new model with random initial weights.

    Layers are initialised as torch does by default; the NWM's coupling starts as a Laplacian.

    Args:
        model: A configuration, or one of ``MODEL_NAMES``.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.
        seed: Seed of the initial weights. The state of torch's global generator does not change.
        **fields: Changes to the configuration.

    Raises:
        ValueError: If a name or field is unknown, or a value is out of range.

    >>> build("cnn", in_channels=3, classes=6, layers=2).parameter_count
    159502
    """
    for name, count in (("in_channels", in_channels), ("classes", classes)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise ValueError(f"{name} must be a whole number, at least 1; got {count!r}")
    config = model_config(model, **fields) if isinstance(model, str) else model.replace(**fields)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return FAMILIES[type(config)](config, in_channels=in_channels, classes=classes)
