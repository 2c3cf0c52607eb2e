"""The neural wave machine (NWM): an image sets a sheet of oscillators swinging, every pixel listens."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian, stability_limit
from drumhead.fields.cpu.wave import WaveKernel
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.wave_states import WaveStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.recurrent import RecurrentConfig, RecurrentSegmenter


class NWMConfig(RecurrentConfig):
    """A neural wave machine; the defaults are the paper's for tetrominoes and MNIST."""

    name: Literal["nwm"] = "nwm"
    """The model."""
    steps: PositiveInt = 100
    """Steps in time T, and frames of the field."""
    dt: PositiveFloat = 0.1
    """Length of a step."""
    boundary: Boundary = "circular"
    """What lies beyond the sheet's edge."""
    nonlinearity: Nonlinearity = "tanh"
    """What the neighbours' pull passes through."""
    initial_stiffness: NonNegativeFloat = 0.0
    """Added, at the start of training, to the bias the stiffness comes from. A ReLU makes it: a channel in which it is
    0 for all images gets no gradient and stays so, which happens to some seeds without this."""
    initial_damping: NonNegativeFloat = 0.0
    """The same of the damping."""
    chunk_steps: PositiveInt | None = None
    """Time steps that the fused engine keeps in memory at once; earlier ones are recomputed in the backward pass
    (gradient checkpointing). None: as many as fit in 128 MB, which is all of them except in long or large fields."""


class WaveParameters(NamedTuple):
    """What an image makes of the sheet, each ``(batch, channel, height, width)``."""

    y0: Tensor
    """Initial position, in [-1, 1]; the initial velocity is 0."""
    omega: Tensor
    """Stiffness, at least 0."""
    alpha: Tensor
    """Damping, at least 0."""


class NWM(RecurrentSegmenter):
    """Neural wave machine: three local encoders, a sheet of coupled oscillators, a readout over time.

    Args:
        config: sizes, step, boundary, readout.
        in_channels: channels of the images.
        classes: number of classes, background included.

    Source: Jacobs et al. 2025; the dynamics are in :mod:`drumhead.fields.wave`.

    >>> model = NWM(NWMConfig(steps=10), in_channels=3, classes=6)
    >>> images = torch.zeros(1, 3, 20, 31)
    >>> model.states(images).shape, model(images).shape
    (torch.Size([1, 10, 2, 20, 31]), torch.Size([1, 6, 20, 31]))
    """

    config: NWMConfig

    def __init__(self, config: NWMConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        width, channels = config.width, config.hidden_channels
        self.omega_encoder = convolution_stack([in_channels, width, width, channels], last=nn.ReLU())
        self.alpha_encoder = convolution_stack([in_channels, width, width, channels], last=nn.ReLU())
        self.y0_encoder = convolution_stack([in_channels, width, width, width, channels], last=nn.Tanh())
        self.coupling = nn.Parameter(laplacian(channels))
        _raise_bias(self.omega_encoder, config.initial_stiffness)
        _raise_bias(self.alpha_encoder, config.initial_damping)

    def encode(self, images: Tensor) -> WaveParameters:
        """The sheet an image makes: where it starts, how stiff and how damped it is."""
        self.check_images(images)
        encoders = (self.y0_encoder, self.omega_encoder, self.alpha_encoder)
        return WaveParameters(*(encoder(images).to(images.dtype) for encoder in encoders))  # autocast may have rounded

    def states(self, images: Tensor) -> Tensor:
        return evolve(
            *self.encode(images),
            self.coupling,
            dt=self.config.dt,
            steps=self.config.steps,
            boundary=self.config.boundary,
            nonlinearity=self.config.nonlinearity,
            engine=self.config.engine,
        )

    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        drum, config = self.encode(images), self.config
        settings: dict[str, Any] = {name: getattr(config, name) for name in ("dt", "boundary", "nonlinearity")}
        sheets = WaveKernel(drum.omega, drum.alpha, self.coupling, **settings)
        return WaveStates(
            drum, self.coupling, sheets=sheets, steps=config.steps, stretch=config.chunk_steps, workspace=workspace
        )

    @torch.no_grad()
    def stability_limit(self, images: Tensor) -> float:
        """The longest stable step for the sheets these images make, see :mod:`drumhead.fields.stability`."""
        drum = self.encode(images)
        return stability_limit(drum.omega, drum.alpha, self.coupling)

    def stability_warning(self, images: Tensor) -> str | None:
        limit = self.stability_limit(images)
        if self.config.dt <= limit:
            return None
        return (
            f"dt = {self.config.dt:g} is past the stability limit {limit:.3g} for the stiffness, damping and coupling "
            f"of this network: its shortest waves are the scheme's own, not the equation's. Use a smaller dt."
        )


@torch.no_grad()
def _raise_bias(encoder: nn.Sequential, amount: float) -> None:
    """Add to the bias of an encoder's last convolution."""
    *_, convolution, _ = encoder
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.bias is not None
    convolution.bias += amount
