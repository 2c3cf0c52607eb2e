"""The U-Net: the non-local baseline.

Source: Ronneberger, Fischer, Brox 2015. Here it has batch normalisation, padded convolutions (so that the output has
the size of the input) and, on the way up, 2x2 transposed convolutions that halve the channels at each level.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.models.config import UNetConfig
from drumhead.models.segmenter import Segmenter

LEVELS = 4
"""How many times the image is halved."""
MIN_SIDE = 2 ** (LEVELS + 1)
"""Images are padded to at least this side: 2 pixels at the lowest level, so that its batch norm has a variance."""


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
    """A transposed convolution to twice the side and half the channels, then two convolutions on [skip, upsampled]."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)
        self.convolve = DoubleConvolution(2 * out_channels, out_channels)

    def forward(self, low: Tensor, skip: Tensor) -> Tensor:
        result: Tensor = self.convolve(torch.cat([skip, self.upsample(low)], dim=1))
        return result


class UNet(Segmenter):
    """Four levels down and up with skip connections; images of any size are padded to fit and logits cropped back.

    Args:
        config: The number of channels at the highest level.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.

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
        features: Tensor = level[..., :height, :width]
        return features

    def forward_head(self, features: Tensor) -> Tensor:
        logits: Tensor = self.leave(features)
        return logits


def padding_to_fit(height: int, width: int) -> tuple[int, int, int, int]:
    """Return the zeros to add on the left, right, top and bottom so that every level has even sides.

    Only the right and the bottom are padded.

    >>> padding_to_fit(64, 64), padding_to_fit(50, 20)
    ((0, 0, 0, 0), (0, 12, 0, 14))
    """
    multiple = 2**LEVELS
    # No branch and no negative number is divided, so that an exported model has the right padding at every size: in
    # ONNX, -3 // 2 is -1.
    right, bottom = (
        torch.sym_max(MIN_SIDE, (side + multiple - 1) // multiple * multiple) - side  # type: ignore[no-untyped-call]
        for side in (width, height)
    )
    return 0, right, 0, bottom
