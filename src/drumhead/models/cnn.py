"""The local CNN: its receptive field grows only with its depth."""

from __future__ import annotations

from typing import Literal

from pydantic import PositiveInt
from torch import Tensor, nn

from drumhead.models.cpu.state_stream import StateStream, StoredStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.fused_segmenter import FusedSegmenter, FusedSegmenterConfig
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.readout_head import ReadoutHead, mlp_layers
from drumhead.models.readouts import LastReadout


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


class CNN(FusedSegmenter):
    """3x3 convolutions with ReLU, a 1x1 convolution to more features, and the pixel network.

    Args:
        config: Depth and widths.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.

    >>> import torch
    >>> model = CNN(CNNConfig(layers=4), in_channels=3, classes=6)
    >>> model(torch.zeros(1, 3, 20, 31)).shape, model.receptive_field
    (torch.Size([1, 6, 20, 31]), 9)
    """

    config: CNNConfig

    def __init__(self, config: CNNConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        channels = [in_channels, *[config.width] * (config.layers - 1), config.hidden_channels]
        features = config.features_per_channel * config.hidden_channels
        self.encoder = convolution_stack(channels, last=nn.ReLU())
        self.expand = nn.Conv2d(config.hidden_channels, features, kernel_size=1)
        self.pixel_network = PixelMLP(features, classes, widths=config.pixel_widths)

    @property
    def receptive_field(self) -> int:
        """Side, in pixels, of the square that the class of a pixel depends on."""
        return 2 * self.config.layers + 1

    @property
    def head(self) -> ReadoutHead:
        single_frame = LastReadout(steps=1, channels=self.config.hidden_channels)
        return ReadoutHead(single_frame, [self.expand, *mlp_layers(self.pixel_network)])

    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        return StoredStates(self.forward_features(images).to(images.dtype)[:, None], workspace)

    def forward_features(self, images: Tensor) -> Tensor:
        features: Tensor = self.encoder(images)
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.pixel_network(self.expand(features))
        return logits
