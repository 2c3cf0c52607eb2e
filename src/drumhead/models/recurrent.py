"""The common part of recurrent models: states in time, a readout, a pixel network."""

from __future__ import annotations

from abc import abstractmethod

from torch import Tensor

from drumhead.models.config import RecurrentConfig
from drumhead.models.cpu.state_stream import StateStream, StoredStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.readout_head import ReadoutHead, mlp_layers
from drumhead.models.readouts import build_readout


class RecurrentSegmenter(FusedSegmenter):
    """A model whose hidden states are a field in time, followed by a readout over time and a pixel network.

    Args:
        config: Number of steps, readout and sizes.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.
    """

    config: RecurrentConfig

    def __init__(self, config: RecurrentConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.readout = build_readout(config.readout, steps=config.steps, channels=config.hidden_channels)
        self.pixel_network = PixelMLP(self.readout.features, classes, widths=config.pixel_widths)

    @abstractmethod
    def states(self, images: Tensor) -> Tensor:
        """Return the field ``(batch, time, channel, height, width)`` of images ``(batch, channel, height, width)``.

        The initial state is not among the frames.
        """

    def forward_features(self, images: Tensor) -> Tensor:
        return self.states(images)

    def forward_head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.pixel_network(self.readout(features))
        return logits

    @property
    def head(self) -> ReadoutHead:
        return ReadoutHead(self.readout, mlp_layers(self.pixel_network))

    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        return StoredStates(self.states(images), workspace)
