"""The face all models share: images in, class logits out."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drumhead.config import Config
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import check_masks, pixel_weights
from drumhead.modes import evaluation_mode

NO_LABEL = -100
"""What torch's cross-entropy ignores unless told otherwise; no mask holds it."""


class SegmenterConfig(Config):
    """The base of every model's configuration."""

    name: str
    """The model."""


class Segmenter(nn.Module, ABC):
    """A network that gives every pixel a class, in two parts.

    ``forward_features`` lets information travel through the image and ends with what each pixel knows; ``forward_head``
    looks at each pixel alone. So a loss on some pixels needs ``forward_head`` for those only.

    Args:
        config: what the model was built from.
        in_channels: channels of the images.
        classes: number of classes, background included.
    """

    def __init__(self, config: SegmenterConfig, *, in_channels: int, classes: int) -> None:
        super().__init__()
        self.config = config
        self.in_channels = in_channels
        self.classes = classes

    @abstractmethod
    def forward_features(self, images: Tensor) -> Tensor:
        """What each pixel knows: ``(batch, ..., height, width)``."""

    @abstractmethod
    def forward_head(self, representation: Tensor) -> Tensor:
        """Return class logits ``(batch, class, height, width)``; each pixel depends on its own features alone."""

    def forward(self, images: Tensor) -> Tensor:
        """Class logits ``(batch, class, height, width)`` of images ``(batch, channel, height, width)``.

        Raises:
            ValueError: if the images are not of that shape, have another number of channels, or hold integers.
        """
        self.check_images(images)
        return self.forward_head(self.forward_features(images))

    def loss(
        self,
        images: Tensor,
        masks: Tensor,
        *,
        pixels: PixelSample | None = None,
        class_weights: Tensor | None = None,
        ignored_label: int | None = None,
    ) -> Tensor:
        """Cross-entropy, the mean over all pixels of all images, weighted by class if there are weights.

        Args:
            images: ``(batch, channel, height, width)``.
            masks: classes, int64 ``(batch, height, width)``.
            pixels: only these pixels of each image, with their weights, an estimate of the mean over all; by
                default all pixels.
            class_weights: what a pixel of each class counts for, ``(class,)``; by default the same.
            ignored_label: the label in ``masks`` of pixels that do not count; by default none. If all pixels of the
                batch have it, the loss is not a number.

        Raises:
            ValueError: if images or masks are not of these shapes, or masks hold a class that is not there.
        """
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        representation = self.forward_features(images)
        ignore_index = NO_LABEL if ignored_label is None else ignored_label
        if class_weights is not None:
            class_weights = class_weights.to(representation)
        if pixels is None:
            logits = self.forward_head(representation)
            return F.cross_entropy(logits, masks, weight=class_weights, ignore_index=ignore_index)
        shares = pixel_weights(
            masks, class_weights=class_weights, ignored_label=ignored_label, dtype=representation.dtype
        )
        weights = shares.flatten(1).gather(1, pixels.pixel) * shares[0].numel() * pixels.weight
        heard = representation.flatten(-2)
        index = pixels.pixel.view(len(masks), *[1] * (heard.ndim - 2), -1)
        sampled = heard.take_along_dim(index, dim=-1)[..., None]  # one pixel high for each draw, one wide
        targets = masks.flatten(1).gather(1, pixels.pixel)[..., None]
        losses = F.cross_entropy(self.forward_head(sampled), targets, reduction="none", ignore_index=ignore_index)
        return (losses.squeeze(-1) * weights).sum()

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """The class of every pixel, int64 ``(batch, height, width)``; modes are left as they were."""
        with evaluation_mode(self):
            prediction: Tensor = self(images).argmax(dim=1)
        return prediction

    def stability_warning(self, images: Tensor) -> str | None:
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
