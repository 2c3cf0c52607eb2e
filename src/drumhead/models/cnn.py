"""The local CNN: its receptive field grows only with its depth."""

from __future__ import annotations

from torch import Tensor, nn

from drumhead.models.config import CNNConfig
from drumhead.models.cpu.state_stream import StateStream, StoredStates
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.readout_head import ReadoutHead, mlp_layers
from drumhead.models.readouts import LastReadout


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
