"""What the wave network and the convolutional RNNs share: a field in time, a readout, a pixel network."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import PositiveInt
from torch import Tensor

from drumhead.models.cpu.state_stream import StateStream, StoredStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.fused_segmenter import FusedSegmenter, FusedSegmenterConfig
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.readout_head import ReadoutHead, mlp_layers
from drumhead.models.readouts import ReadoutName, build_readout


class RecurrentConfig(FusedSegmenterConfig):
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


class RecurrentSegmenter(FusedSegmenter):
    """A model whose hidden state is a field: states in time, a readout over time, a network per pixel."""

    config: RecurrentConfig

    def __init__(self, config: RecurrentConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.readout = build_readout(config.readout, steps=config.steps, channels=config.hidden_channels)
        self.pixel_network = PixelMLP(self.readout.features, classes, widths=config.pixel_widths)

    @abstractmethod
    def states(self, images: Tensor) -> Tensor:
        """The field, ``(batch, time, channel, height, width)``; the initial state is not among the frames."""

    def forward_features(self, images: Tensor) -> Tensor:
        return self.states(images)

    def forward_head(self, representation: Tensor) -> Tensor:
        logits: Tensor = self.pixel_network(self.readout(representation))
        return logits

    @property
    def head(self) -> ReadoutHead:
        return ReadoutHead(self.readout, mlp_layers(self.pixel_network))

    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        return StoredStates(self.states(images), workspace)
