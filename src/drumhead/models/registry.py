"""The list of models, and how one is built from its name or its configuration.

The registry follows from one list, ``FAMILIES``.
"""

from __future__ import annotations

from typing import Annotated, Any, cast, get_args

import torch
from pydantic import Field, ValidationError

from drumhead.config import Config
from drumhead.models.cnn import CNN, CNNConfig
from drumhead.models.conv_rnn import ConvRNN, ConvRNNConfig
from drumhead.models.nwm import NWM, NWMConfig
from drumhead.models.segmenter import Segmenter
from drumhead.models.unet import UNet, UNetConfig
from drumhead.validation_errors import explain_validation_error

ModelConfig = Annotated[NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig, Field(discriminator="name")]
"""The configuration of any model; its ``name`` says which."""

FAMILIES: dict[type[Config], type[Segmenter]] = {
    NWMConfig: NWM,
    ConvRNNConfig: ConvRNN,
    CNNConfig: CNN,
    UNetConfig: UNet,
}
"""The model class for each configuration class."""

MODEL_NAMES: tuple[str, ...] = tuple(
    name for config in FAMILIES for name in get_args(config.model_fields["name"].annotation)
)
"""The names that :func:`build` accepts: nwm, conv_rnn, conv_gru, conv_lstm, cnn, unet."""


def model_config(name: str, **fields: Any) -> NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig:
    """Return the configuration of a model by name; fields that are not given have the paper's values.

    Raises:
        ValueError: If the name or a field is unknown, or a value is out of range. The message lists the names.

    >>> model_config("nwm", steps=50).steps
    50
    """
    if name not in MODEL_NAMES:
        raise ValueError(f"model must be one of {', '.join(MODEL_NAMES)}, got {name!r}")
    (family,) = (config for config in FAMILIES if name in get_args(config.model_fields["name"].annotation))
    try:
        config = family.model_validate({"name": name, **fields})
    except ValidationError as error:
        raise ValueError(f"model {name}: {explain_validation_error(error)}") from error
    return cast(NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig, config)


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
