"""The configurations of all models, which can be read and checked without torch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, ValidationError, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.fields import Boundary, Engine, Nonlinearity
from drumhead.validation_errors import explain_validation_error

ReadoutName = Literal["last", "mean", "max", "fft", "linear"]
"""``last`` frame, ``mean`` or ``max`` over time, ``fft`` (magnitudes of the Fourier transform over time) or ``linear``
(a learned linear map over time)."""

Coupling = Literal["learned", "laplacian", "none"]
"""How neighbouring pixels are coupled: by a learned kernel, by the Laplacian, or not at all."""

STIFFNESS_SHARE, DAMPING_SHARE, COUPLING_SHARE = 0.1, 0.1, 0.79
"""With ``keep_stable``, the shares of the stability limit ``omega dt^2 + norm dt^2 + 2 alpha dt <= 4`` that stiffness,
damping and the coupling's norm may use (:mod:`drumhead.fields.stability`)."""


class SegmenterConfig(Config):
    """The base of every model's configuration."""

    name: str
    """Name of the model."""


class FusedSegmenterConfig(SegmenterConfig):
    """The base of the configurations of models that the fused engine can train."""

    engine: Engine = "auto"
    """Engine: plain torch, fused (compiled for CPUs and GPUs of NVIDIA), or auto (fused where it can run)."""


class RecurrentConfig(FusedSegmenterConfig):
    """The base of the configurations of recurrent models: number of steps, readout and sizes."""

    hidden_channels: PositiveInt = 2
    """Number of channels C of the field."""
    width: PositiveInt = 16
    """Number of channels between the layers of the encoders."""
    steps: PositiveInt
    """Number of time steps T."""
    readout: ReadoutName = "linear"
    """Readout over time: last frame, mean, max, fft (Fourier magnitudes) or linear (a learned map over time)."""
    pixel_widths: tuple[PositiveInt, ...] = (256, 256, 256)
    """Widths of the hidden layers of the pixel network."""


class NWMConfig(RecurrentConfig):
    """A neural wave machine. The defaults are the paper's for tetrominoes and MNIST."""

    name: Literal["nwm"] = "nwm"
    """Name of the model."""
    steps: PositiveInt = 100
    """Number of time steps T."""
    dt: PositiveFloat = 0.1
    """Length of a time step, above 0. The stability limit is about 0.7 for a new network."""
    boundary: Boundary = "circular"
    """Edge of the image: circular wraps around (the paper), fixed is 0 outside, free repeats the values at the edge."""
    nonlinearity: Nonlinearity = "tanh"
    """Function applied to the force of the coupling: tanh (the paper) or linear (none)."""
    initial_stiffness: NonNegativeFloat = 0.0
    """Added to the initial bias of the stiffness encoder, at least 0. Stiffness passes through a ReLU: a channel that
    starts at 0 for every image gets no gradient. Some seeds need this to avoid it."""
    initial_damping: NonNegativeFloat = 0.0
    """Added to the initial bias of the damping encoder, at least 0, for the same reason."""
    initial_speed: PositiveFloat = 1.0
    """Speed of the waves in a new network, in pixels per unit of time, above 0. The coupling starts as the Laplacian
    times its square. 1 is the paper's. The stability limit of dt allows at most 0.7 / dt: 7 with dt = 0.1."""
    coupling: Coupling = "learned"
    """The coupling between neighbouring pixels: learned (the paper), laplacian (it stays as it starts), or none (0: no
    waves, every pixel stays alone with what the encoders see). The last two are ablations."""
    keep_stable: bool = False
    """Keep the field within the stability limit of dt, whatever the network learns: stiffness is limited to
    0.4 / dt^2 and damping to 0.2 / dt, and after each training step the coupling is scaled down if its norm exceeds
    3.16 / dt^2. Initial speeds above 0.628 / dt are refused. The paper has no such limits."""

    @model_validator(mode="after")
    def _starts_stable(self) -> Self:
        if self.keep_stable and self.initial_speed > (limit := (COUPLING_SHARE / 2) ** 0.5 / self.dt):
            raise ValueError(
                f"initial_speed must be at most {limit:.3g} with keep_stable and dt = {self.dt:g}, got "
                f"{self.initial_speed:g}; use a smaller dt or speed"
            )
        return self

    chunk_steps: PositiveInt | None = None
    """Time steps that the fused engine keeps in memory at once; earlier ones are recomputed in the backward pass
    (gradient checkpointing). None: as many as fit in 128 MB, which is all of them except in long or large fields; on a
    GPU, all."""


class ConvRNNConfig(RecurrentConfig):
    """A convolutional RNN, GRU or LSTM. The defaults are the paper's LSTM."""

    name: Literal["conv_rnn", "conv_gru", "conv_lstm"] = "conv_lstm"
    """Name of the model: the kind of its cell."""
    steps: PositiveInt = 20
    """Number of time steps T."""
    boundary: Boundary = "circular"
    """Edge of the image: circular wraps around (the paper), fixed is 0 outside, free repeats the values at the edge."""


class CNNConfig(FusedSegmenterConfig):
    """A local CNN. The paper's models have 2, 4, 8, 16 or 32 layers."""

    name: Literal["cnn"] = "cnn"
    """Name of the model."""
    layers: PositiveInt = 8
    """Number of 3x3 convolutions. The class of a pixel depends on pixels up to ``layers`` away."""
    width: PositiveInt = 16
    """Number of channels between the 3x3 convolutions."""
    hidden_channels: PositiveInt = 2
    """Number of channels C after the last 3x3 convolution."""
    features_per_channel: PositiveInt = 49
    """Number of features per channel that the 1x1 convolution computes for the pixel network."""
    pixel_widths: tuple[PositiveInt, ...] = (256, 256, 256)
    """Widths of the hidden layers of the pixel network."""


class UNetConfig(SegmenterConfig):
    """A U-Net. The paper's models have widths 2, 3, 4 and 5."""

    name: Literal["unet"] = "unet"
    """Name of the model."""
    width: PositiveInt = 4
    """Number of channels at the highest level; it doubles at each level down."""


ModelConfig = Annotated[NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig, Field(discriminator="name")]
"""The configuration of any model; its ``name`` says which."""

CONFIGS = (NWMConfig, ConvRNNConfig, CNNConfig, UNetConfig)

MODEL_NAMES: tuple[str, ...] = tuple(
    name for config in CONFIGS for name in get_args(config.model_fields["name"].annotation)
)
"""The names of models: nwm, conv_rnn, conv_gru, conv_lstm, cnn, unet."""


def model_config(name: str, **fields: Any) -> NWMConfig | ConvRNNConfig | CNNConfig | UNetConfig:
    """Return the configuration of a model by name; fields that are not given have the paper's values.

    Raises:
        ValueError: If the name or a field is unknown, or a value is out of range. The message lists the names.

    >>> model_config("nwm", steps=50).steps
    50
    """
    if name not in MODEL_NAMES:
        raise ValueError(f"model must be one of {', '.join(MODEL_NAMES)}, got {name!r}")
    (family,) = (config for config in CONFIGS if name in get_args(config.model_fields["name"].annotation))
    try:
        return family.model_validate({"name": name, **fields})
    except ValidationError as error:
        raise ValueError(f"model {name}: {explain_validation_error(error)}") from error
