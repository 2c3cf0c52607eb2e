"""The neural wave machine (NWM): an image sets the parameters of a field of coupled oscillators, one per pixel."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from drumhead.fields import coupling_norm, evolve, laplacian, stability_limit
from drumhead.fields.chunked_evolution import evolve_in_chunks
from drumhead.fields.cpu.wave import WaveKernel
from drumhead.models.config import COUPLING_SHARE, DAMPING_SHARE, STIFFNESS_SHARE, NWMConfig
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.wave_states import WaveStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.cuda.chunked_loss import Head
from drumhead.models.cuda.chunked_readout import combine_parts, readout_part
from drumhead.models.encoders import convolution_stack
from drumhead.models.readouts import READOUTS
from drumhead.models.recurrent import RecurrentSegmenter
from drumhead.short_repr import short_repr


@short_repr
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

    def features_and_head(self, images: Tensor) -> tuple[Tensor, Head]:
        """See :meth:`FusedSegmenter.features_and_head`. With ``chunk_steps``, one chunk of states is in memory."""
        config = self.config
        if config.chunk_steps is None or type(self.readout) not in READOUTS.values():
            return super().features_and_head(images)
        wave = self.encode(images)
        parts = evolve_in_chunks(
            *wave,
            self.coupling,
            lambda frames, first: readout_part(self.readout, frames, first),
            dt=config.dt,
            steps=config.steps,
            chunk_steps=config.chunk_steps,
            boundary=config.boundary,
            nonlinearity=config.nonlinearity,
        )
        return combine_parts(self.readout, parts, wave.y0.shape), self.pixel_network

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
