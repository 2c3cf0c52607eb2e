"""The face all models share: images in, class logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.models.pixel_sample import PixelSample

if TYPE_CHECKING:
    from drumhead.models import ModelConfig


class Segmenter(nn.Module, ABC):
    """A network that gives every pixel a class, in two parts.

    ``represent`` lets information travel through the image and ends with what each pixel knows; ``classify``
    looks at each pixel alone. So a loss on some pixels needs ``classify`` for those only.

    Args:
        config: what the model was built from.
        in_channels: channels of the images.
        classes: number of classes, background included.
    """

    def __init__(self, config: ModelConfig, *, in_channels: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.in_channels = in_channels
        self.classes = classes

    @abstractmethod
    def represent(self, images: Tensor) -> Tensor:
        """What each pixel knows: ``(batch, ..., height, width)``."""

    @abstractmethod
    def classify(self, representation: Tensor) -> Tensor:
        """Class logits ``(batch, class, height, width)`` of what :meth:`represent` gave, each pixel by itself."""

    def forward(self, images: Tensor) -> Tensor:
        """Class logits ``(batch, class, height, width)`` of images ``(batch, channel, height, width)``.

        Raises:
            ValueError: if the images are not of that shape, have another number of channels, or hold integers.
        """
        self.check_images(images)
        return self.classify(self.represent(images))

    def loss(self, images: Tensor, masks: Tensor, *, pixels: PixelSample | None = None) -> Tensor:
        """Cross-entropy, the mean over all pixels of all images.

        Args:
            images: ``(batch, channel, height, width)``.
            masks: classes, int64 ``(batch, height, width)``.
            pixels: only these pixels of each image, with their weights; all pixels by default.
        """
        self.check_images(images)
        representation = self.represent(images)
        if pixels is None:
            return F.cross_entropy(self.classify(representation), masks)
        heard = representation.flatten(-2)
        index = pixels.pixel.view(len(images), *[1] * (heard.ndim - 2), -1)
        sampled = heard.take_along_dim(index, dim=-1)[..., None]  # one pixel high for each draw, one wide
        targets = masks.flatten(1).gather(1, pixels.pixel)[..., None]
        losses = F.cross_entropy(self.classify(sampled), targets, reduction="none")
        return (losses.squeeze(-1) * pixels.weight).sum(dim=1).mean()

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """The class of every pixel, int64 ``(batch, height, width)``; modes are left as they were."""
        modes = {module: module.training for module in self.modules()}
        self.eval()
        try:
            prediction: Tensor = self(images).argmax(dim=1)
        finally:
            for module, mode in modes.items():
                module.training = mode
        return prediction

    def diagnose(self, images: Tensor) -> str | None:
        """What makes the numbers for these images doubtful, in a sentence for the user; none if nothing does."""
        return None

    @property
    def parameter_count(self) -> int:
        """How many numbers training may change."""
        return sum(parameter.numel() for parameter in self.parameters() if parameter.requires_grad)

    def check_images(self, images: Tensor) -> None:
        """Raise ``ValueError`` where images are not floating point ``(batch, in_channels, height, width)``."""
        if images.ndim != 4 or images.shape[1] != self.in_channels:
            raise ValueError(
                f"images must be (batch, {self.in_channels}, height, width) for this model, "
                f"got shape {tuple(images.shape)}"
            )
        if not images.is_floating_point():
            raise ValueError(f"images must be floating point, from 0 to 1, got {images.dtype}: scale them")
