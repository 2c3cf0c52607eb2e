"""The ``config.json`` of a model without a run."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveInt

from drumhead.config import Config
from drumhead.data import MAX_CLASSES
from drumhead.models import ModelConfig
from drumhead.string_types import SingleLine


class HubConfig(Config):
    """All that is needed to build a model, apart from its weights."""

    library: Literal["drumhead"] = "drumhead"
    """The package that opens the model, which tells this file from the configuration of a run."""
    version: SingleLine
    """The version of the package that wrote it."""
    model: ModelConfig
    """The configuration of the model."""
    in_channels: PositiveInt
    """The number of channels of the images."""
    classes: int = Field(ge=1, le=MAX_CLASSES)
    """The number of classes, background included."""
