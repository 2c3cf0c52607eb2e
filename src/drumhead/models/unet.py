"""The U-Net: the non-local yardstick.

Source: Ronneberger, Fischer, Brox 2015, with batch normalisation, padded convolutions (so that output and input
have one size) and 2x2 transposed convolutions upwards, halving the channels at each level.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.models.segmenter import Segmenter, SegmenterConfig

LEVELS = 4
SMALLEST_SIDE = 2 ** (LEVELS + 1)
"""Images are padded to at least this side: 2 pixels at the lowest level, so that its batch norm has a variance."""


class UNetConfig(SegmenterConfig):
    """A U-Net; the paper's have base widths 2, 3, 4 and 5."""

    name: Literal["unet"] = "unet"
    """The model."""
    width: PositiveInt = 4
    """Channels at the highest level; they double at each level down."""


class DoubleConvolution(nn.Sequential):
    """Two 3x3 convolutions without bias, each followed by batch normalisation and ReLU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(),
        )


class Up(nn.Module):
    """A transposed convolution to twice the side and half the channels, then a double one on [skip, upsampled]."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)
        self.convolve = DoubleConvolution(2 * out_channels, out_channels)

    def forward(self, low: Tensor, skip: Tensor) -> Tensor:
        result: Tensor = self.convolve(torch.cat([skip, self.upsample(low)], dim=1))
        return result


class UNet(Segmenter):
    """Four levels down and up with skip connections; images of any size are padded to fit and cropped back.

    Args:
        config: the base width.
        in_channels: channels of the images.
        classes: number of classes, background included.

    >>> UNet(UNetConfig(width=2), in_channels=1, classes=11)(torch.zeros(1, 1, 50, 33)).shape
    torch.Size([1, 11, 50, 33])
    """

    config: UNetConfig

    def __init__(self, config: UNetConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        widths = [config.width * 2**level for level in range(LEVELS + 1)]
        self.enter = DoubleConvolution(in_channels, widths[0])
        self.down = nn.ModuleList(DoubleConvolution(widths[i], widths[i + 1]) for i in range(LEVELS))
        self.up = nn.ModuleList(Up(widths[i + 1], widths[i]) for i in reversed(range(LEVELS)))
        self.leave = nn.Conv2d(widths[0], classes, kernel_size=1)

    def forward_features(self, images: Tensor) -> Tensor:
        height, width = images.shape[-2:]
        level = self.enter(F.pad(images, padding_to_fit(height, width)))
        skips = []
        for down in self.down:
            skips.append(level)
            level = down(F.max_pool2d(level, 2))
        for up in self.up:
            level = up(level, skips.pop())
        representation: Tensor = level[..., :height, :width]
        return representation

    def forward_head(self, representation: Tensor) -> Tensor:
        logits: Tensor = self.leave(representation)
        return logits


def padding_to_fit(height: int, width: int) -> tuple[int, int, int, int]:
    """Zeros to add on the left, right, top and bottom (only right and bottom) so that every level halves evenly.

    >>> padding_to_fit(64, 64), padding_to_fit(50, 20)
    ((0, 0, 0, 0), (0, 12, 0, 14))
    """
    multiple = 2**LEVELS
    right, bottom = (max(SMALLEST_SIDE, -(-side // multiple) * multiple) - side for side in (width, height))
    return 0, right, 0, bottom
