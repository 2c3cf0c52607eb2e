"""The neural wave machine (NWM): an image sets the parameters of a field of coupled oscillators, one per pixel."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from torch import Tensor, nn
from typing_extensions import Self

from drumhead.fields import Boundary, Nonlinearity, coupling_norm, evolve, laplacian, stability_limit
from drumhead.fields.cpu.wave import WaveKernel
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.wave_states import WaveStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.recurrent import RecurrentConfig, RecurrentSegmenter

Coupling = Literal["learned", "laplacian", "none"]
"""How neighbouring pixels are coupled: by a learned kernel, by the Laplacian, or not at all."""

STIFFNESS_SHARE, DAMPING_SHARE, COUPLING_SHARE = 0.1, 0.1, 0.79
"""With ``keep_stable``, the shares of the stability limit ``omega dt^2 + norm dt^2 + 2 alpha dt <= 4`` that stiffness,
damping and the coupling's norm may use (:mod:`drumhead.fields.stability`)."""


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
    (gradient checkpointing). None: as many as fit in 128 MB, which is all of them except in long or large fields."""


class WaveParameters(NamedTuple):
    """The parameters of the wave equation for a batch of images, each ``(batch, channel, height, width)``."""

    y0: Tensor
    """Initial position, in [-1, 1]; the initial velocity is 0."""
    omega: Tensor
    """Stiffness, at least 0."""
    alpha: Tensor
    """Damping, at least 0."""


class NWM(RecurrentSegmenter):
    """Neural wave machine: three local encoders, a field of coupled oscillators, a readout over time.

    Args:
        config: Sizes, time step, boundary, readout.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.

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
        strength = 0.0 if config.coupling == "none" else config.initial_speed**2
        self.coupling = nn.Parameter(strength * laplacian(channels), requires_grad=config.coupling == "learned")
        _raise_bias(self.omega_encoder, config.initial_stiffness)
        _raise_bias(self.alpha_encoder, config.initial_damping)

    def encode(self, images: Tensor) -> WaveParameters:
        """Return the initial position, stiffness and damping that the encoders compute for these images."""
        self.check_images(images)
        encoders = (self.y0_encoder, self.omega_encoder, self.alpha_encoder)
        # In the images' dtype: under autocast the encoders compute in bfloat16.
        y0, omega, alpha = (encoder(images).to(images.dtype) for encoder in encoders)
        if self.config.keep_stable:
            dt = self.config.dt
            omega, alpha = omega.clamp(max=4 * STIFFNESS_SHARE / dt**2), alpha.clamp(max=2 * DAMPING_SHARE / dt)
        return WaveParameters(y0, omega, alpha)

    @torch.no_grad()
    def constrain_parameters(self) -> None:
        if self.config.keep_stable:
            largest = 4 * COUPLING_SHARE / self.config.dt**2
            self.coupling.mul_(min(1.0, largest / max(coupling_norm(self.coupling), largest)))

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
        wave, config = self.encode(images), self.config
        kernel = WaveKernel(
            wave.omega,
            wave.alpha,
            self.coupling,
            dt=config.dt,
            boundary=config.boundary,
            nonlinearity=config.nonlinearity,
        )
        return WaveStates(
            wave,
            self.coupling,
            kernel=kernel,
            steps=config.steps,
            chunk_steps=config.chunk_steps,
            workspace=workspace,
        )

    @torch.no_grad()
    def stability_limit(self, images: Tensor) -> float:
        """Return the largest stable ``dt`` for these images, see :mod:`drumhead.fields.stability`."""
        wave = self.encode(images)
        return stability_limit(wave.omega, wave.alpha, self.coupling)

    def stability_warning(self, images: Tensor) -> str | None:
        limit = self.stability_limit(images)
        if self.config.dt <= limit:
            return None
        return (
            f"dt = {self.config.dt:g} is past the stability limit {limit:.3g} for the stiffness, damping and coupling "
            f"of this network: its shortest waves are artefacts of the time step. Use a smaller dt."
        )


@torch.no_grad()
def _raise_bias(encoder: nn.Sequential, amount: float) -> None:
    """Add ``amount`` to the bias of the last convolution of an encoder."""
    *_, convolution, _ = encoder
    assert isinstance(convolution, nn.Conv2d)
    assert convolution.bias is not None
    convolution.bias += amount
