"""What the wave network and the convolutional RNNs share: a field in time, a readout, a pixel network."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from pydantic import PositiveInt
from torch import Tensor

from drumhead.config import Config
from drumhead.fields.engine import Engine
from drumhead.models.cpu.state_stream import Source, WholeFields
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.fused_segmenter import Listener
from drumhead.models.hearing import Hearing, layers_of
from drumhead.models.pixel_mlp import PixelNetwork
from drumhead.models.readouts import ReadoutName, build_readout

if TYPE_CHECKING:
    from drumhead.models.conv_rnn import ConvRNNConfig
    from drumhead.models.nwm import NWMConfig


class HearingConfig(Config):
    """How long a recurrent model listens, and with what."""

    hidden_channels: PositiveInt = 2
    """Channels C of the field."""
    width: PositiveInt = 16
    """Channels between the layers of the encoders."""
    steps: PositiveInt
    """Steps in time T, and frames of the field."""
    readout: ReadoutName = "linear"
    """What each pixel keeps of its time series."""
    pixel_widths: tuple[PositiveInt, ...] = (256, 256, 256)
    """Hidden layers of the pixel network."""
    engine: Engine = "auto"
    """What computes the NWM's waves, the loss, and predictions: plain torch, fused for CPUs, or the best there is."""


class RecurrentSegmenter(Listener):
    """A model whose hidden state is a field: states in time, a readout over time, a network per pixel."""

    config: NWMConfig | ConvRNNConfig

    def __init__(self, config: NWMConfig | ConvRNNConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.readout = build_readout(config.readout, steps=config.steps, channels=config.hidden_channels)
        self.pixel_network = PixelNetwork(self.readout.features, classes, widths=config.pixel_widths)

    @abstractmethod
    def states(self, images: Tensor) -> Tensor:
        """The field, ``(batch, time, channel, height, width)``; the initial state is not among the frames."""

    def represent(self, images: Tensor) -> Tensor:
        return self.states(images)

    def classify(self, representation: Tensor) -> Tensor:
        logits: Tensor = self.pixel_network(self.readout(representation))
        return logits

    @property
    def hearing(self) -> Hearing:
        return Hearing(self.readout, layers_of(self.pixel_network))

    def make_source(self, images: Tensor, workspace: Workspace) -> Source:
        return WholeFields(self.states(images), workspace)
