"""The parameters of a published run: ``params`` in the ``.hydra/config.yaml`` of its folder.

Field names are Drumhead's, and their aliases are the authors'. Parameters that no model depends on are ignored.
"""

from __future__ import annotations

import reprlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveFloat,
    TypeAdapter,
    ValidationError,
)

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.models import ModelConfig, ReadoutName, model_config
from drumhead.published.errors import ImportRunError
from drumhead.yaml_files import NoAliasLoader

PublishedReadout = Literal[
    "last",
    "mean_time",
    "max_time",
    "fft",
    "linear",
    "linear_smaller",
    "linear_smaller2",
    "linear_smaller3",
    "linear_smaller4",
]
DEFAULT_PIXEL_WIDTHS = (256, 256, 256)
READOUTS: dict[PublishedReadout, tuple[ReadoutName, tuple[int, ...]]] = {
    "last": ("last", DEFAULT_PIXEL_WIDTHS),
    "mean_time": ("mean", DEFAULT_PIXEL_WIDTHS),
    "max_time": ("max", DEFAULT_PIXEL_WIDTHS),
    "fft": ("fft", DEFAULT_PIXEL_WIDTHS),
    "linear": ("linear", DEFAULT_PIXEL_WIDTHS),
    "linear_smaller": ("linear", (64,)),
    "linear_smaller2": ("linear", ()),
    "linear_smaller3": ("linear", (32,) * 3),
    "linear_smaller4": ("linear", (32,) * 5),
}
"""The readout for each of the authors' names, and the hidden widths of the pixel network on top of it."""


Seed = Annotated[int, Field(ge=0, lt=2**32)]
Steps = Annotated[int, Field(gt=0, le=100_000)]
Size = Annotated[int, Field(gt=0, le=4096)]
"""A number of pixels, channels, classes or layers. The bound keeps a file from requesting an enormous model."""


class Params(Config, ABC):
    """The parameters of all published models."""

    model_config = ConfigDict(extra="ignore")

    dataset: Literal["new_tetronimoes", "mnist", "multi_mnist"]
    """The authors' name of the dataset that the model was trained on."""
    side: Size = Field(alias="N")
    """Side of the images, in pixels."""
    classes: Size = Field(alias="num_classes")
    """Number of classes, including the background."""
    seed: Seed
    """Seed of the run."""

    @abstractmethod
    def model(self) -> ModelConfig:
        """Return the configuration of the same model in Drumhead."""


class RecurrentParams(Params):
    """The parameters of recurrent models."""

    steps: Steps = Field(alias="max_iters")
    width: Size = Field(alias="c_mid")
    hidden_channels: Size
    readout: PublishedReadout = Field(alias="readout_type")

    def recurrent_fields(self) -> dict[str, object]:
        """Return the fields of a :class:`drumhead.models.recurrent.RecurrentConfig`."""
        readout, pixel_widths = READOUTS[self.readout]
        return {
            **self.model_dump(include={"steps", "width", "hidden_channels"}),
            "readout": readout,
            "pixel_widths": pixel_widths,
        }


class NWMParams(RecurrentParams):
    """The parameters of a neural wave machine."""

    name: Literal["cornn_model2"] = Field(alias="model_type")
    dt: PositiveFloat

    def model(self) -> ModelConfig:
        return model_config("nwm", dt=self.dt, **self.recurrent_fields())


def normalize_cell_name(value: object) -> object:
    """Normalise the authors' spellings of a cell: ``ConvLSTM``, ``conv_lstm`` and ``LSTM`` become ``lstm``."""
    return value.lower().removeprefix("conv").lstrip("_") if isinstance(value, str) else value


class ConvRNNParams(RecurrentParams):
    """The parameters of a convolutional RNN, GRU or LSTM."""

    name: Literal["conv_recurrent2"] = Field(alias="model_type")
    cell: Annotated[Literal["rnn", "gru", "lstm"], BeforeValidator(normalize_cell_name)] = Field(alias="cell_type")

    def model(self) -> ModelConfig:
        return model_config(f"conv_{self.cell}", **self.recurrent_fields())


class CNNParams(Params):
    """The parameters of a local CNN."""

    name: Literal["baseline1_flexible"] = Field(alias="model_type")
    layers: Size = Field(alias="num_layers")
    width: Size = Field(alias="c_mid")
    hidden_channels: Size

    def model(self) -> ModelConfig:
        return model_config("cnn", **self.model_dump(include={"layers", "width", "hidden_channels"}))


class UNetParams(Params):
    """The parameters of a U-Net."""

    name: Literal["unet2"] = Field(alias="model_type")
    width: Size = Field(alias="c_mid")

    def model(self) -> ModelConfig:
        return model_config("unet", width=self.width)


AnyParams = Annotated[NWMParams | ConvRNNParams | CNNParams | UNetParams, Field(discriminator="name")]


def read_params(path: Path) -> Params:
    """Read the parameters in a ``config.yaml``.

    Raises:
        ImportRunError: the file is not plain YAML, has no ``params``, or one is missing, unknown or out of range.
        OSError: the file cannot be read.
    """
    try:
        config = yaml.load(read_small_file(path), NoAliasLoader)
    except OSError:
        raise
    except Exception as error:  # the parser can raise any exception for a malformed number or date
        raise ImportRunError(f"{path} is damaged: it is not plain YAML. {' '.join(str(error).split())}") from error
    params = config.get("params") if isinstance(config, dict) else None
    if not isinstance(params, dict):
        raise ImportRunError(f"{path} must have a mapping `params`, which describes the model; it has none")
    adapter: TypeAdapter[Params] = TypeAdapter(AnyParams)
    try:
        return adapter.validate_python(params)
    except ValidationError as error:
        faults = [
            f"{'.'.join(['params', *map(str, fault['loc'])])}: {fault['msg']}"
            + ("" if fault["type"] in ("missing", "union_tag_invalid") else f", got {reprlib.repr(fault['input'])}")
            for fault in error.errors()
        ]
        raise ImportRunError("\n  ".join([f"{path} does not describe a published model:", *faults])) from error
