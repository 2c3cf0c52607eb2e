"""The models that the fused engine can train: those that end with a readout over time and a pixel network."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from drumhead.fields.engine import use_fused
from drumhead.models.config import FusedSegmenterConfig
from drumhead.models.cpu.fused_inference import fused_logits, fused_predict
from drumhead.models.cpu.fused_loss import fused_cross_entropy
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.cuda.chunked_loss import Head, chunked_cross_entropy, sampled_pixels
from drumhead.models.engine import loss_unsupported_reason
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import check_masks, known_classes, pixel_weights, sampled_weights
from drumhead.models.readout_head import ReadoutHead
from drumhead.models.segmenter import Segmenter
from drumhead.modes import evaluation_mode, single_threaded


class FusedSegmenter(Segmenter):
    """A segmenter whose loss and predictions the fused engine can compute: on a CPU a few images at a time.

    On a GPU it computes waves by compiled kernels and the loss a chunk of pixels at a time (:meth:`chunked_loss`). Its
    states are a field in time or, as in the CNN, a single frame. ``config.engine`` says which engine computes.
    """

    config: FusedSegmenterConfig

    def __init__(self, config: FusedSegmenterConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.workspaces: list[Workspace] = []  # reused from step to step, see Workspace

    @property
    @abstractmethod
    def head(self) -> ReadoutHead:
        """The readout and the layers after the states."""

    @abstractmethod
    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        """Return the states of a few images as a stream for the fused engine.

        Args:
            images: A micro-batch ``(image, channel, height, width)``.
            workspace: Memory that the stream may use as long as it lives.
        """

    def _make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        """Make the stream from images whose channels lie side by side: encoders take two thirds of the time then."""
        # Not contiguous(), which leaves images of one channel as they are: then later layers have the slow layout.
        return self.make_stream(images.to(memory_format=torch.channels_last), workspace)

    def forward(self, images: Tensor) -> Tensor:
        recording = torch.is_grad_enabled() and any(t.requires_grad for t in (images, *self.parameters()))
        if recording or images.device.type != "cpu" or not self._use_fused(images):
            return super().forward(images)
        self.check_images(images)
        logits: Tensor = fused_logits(
            self._make_stream, images, head=self.head, classes=self.classes, workspaces=self.workspaces
        )
        return logits

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """See :meth:`Segmenter.predict`. The fused engine does not keep logits."""
        if images.device.type != "cpu" or not self._use_fused(images, own_hooks=True):
            return super().predict(images)
        self.check_images(images)
        with evaluation_mode(self):
            classes: Tensor = fused_predict(self._make_stream, images, head=self.head, workspaces=self.workspaces)
        return classes

    def loss(
        self,
        images: Tensor,
        masks: Tensor,
        *,
        pixels: PixelSample | None = None,
        class_weights: Tensor | None = None,
        ignored_label: int | None = None,
    ) -> Tensor:
        """See :meth:`Segmenter.loss`. The fused engine computes the gradients at once and does not keep activations."""
        if not self._use_fused(images):
            return super().loss(images, masks, pixels=pixels, class_weights=class_weights, ignored_label=ignored_label)
        if images.device.type != "cpu":
            return self.chunked_loss(
                images, masks, pixels=pixels, class_weights=class_weights, ignored_label=ignored_label
            )
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        with single_threaded():
            weights = pixel_weights(masks, class_weights=class_weights, ignored_label=ignored_label, dtype=images.dtype)
            if pixels is not None:
                weights = sampled_weights(weights, pixels)
            targets = known_classes(masks, ignored_label)
        head = self.head
        head_ids = {id(parameter) for module in head.modules for parameter in module.parameters()}
        others = [parameter for parameter in self.parameters() if id(parameter) not in head_ids]
        loss: Tensor = fused_cross_entropy(
            self._make_stream, images, targets, weights, head=head, parameters=others, workspaces=self.workspaces
        )
        return loss

    def chunked_loss(
        self,
        images: Tensor,
        masks: Tensor,
        *,
        pixels: PixelSample | None = None,
        class_weights: Tensor | None = None,
        ignored_label: int | None = None,
    ) -> Tensor:
        """Return the loss of :meth:`loss`, computed a chunk of pixels at a time, on any device.

        The fused engine computes it so on a GPU: logits and activations of all pixels are never in memory together.
        """
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        features, head = self.features_and_head(images)
        weights = pixel_weights(masks, class_weights=class_weights, ignored_label=ignored_label, dtype=images.dtype)
        targets = known_classes(masks, ignored_label)
        if pixels is not None:
            features, targets, weights = sampled_pixels(features, targets, sampled_weights(weights, pixels), pixels)
        parameters = list(self.parameters())  # of which the head may use any
        return chunked_cross_entropy(head, features, targets, weights, parameters=parameters)

    def features_and_head(self, images: Tensor) -> tuple[Tensor, Head]:
        """Return features of :meth:`chunked_loss` and what computes logits of them, pixel by pixel."""
        return self.forward_features(images), self.forward_head

    def fused_unsupported_reason(self, images: Tensor, *, own_hooks: bool = False) -> str | None:
        """Return why the fused engine cannot compute for these images, as the end of a sentence; None if it can.

        Args:
            images: The images.
            own_hooks: Whether the hooks of the model itself count too, not only those of the modules inside it.
        """
        modules = {name or "the model": module for name, module in self.named_modules() if name or own_hooks}
        return loss_unsupported_reason([images, *self.parameters()], modules, self.head)

    def _use_fused(self, images: Tensor, *, own_hooks: bool = False) -> bool:
        """Return whether the fused engine computes for these images; the arguments are those of the method above.

        Raises:
            ValueError: If ``config.engine`` is ``"fused"`` and the fused engine cannot run here.
        """
        return use_fused(self.config.engine, lambda: self.fused_unsupported_reason(images, own_hooks=own_hooks))
