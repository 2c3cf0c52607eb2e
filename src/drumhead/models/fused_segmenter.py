"""What the fused engine can train: models that end with a readout over time and a network per pixel."""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor

from drumhead.fields.engine import Engine, use_fused
from drumhead.models.cpu.fused_loss import fused_cross_entropy, fused_logits, fused_predict
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.engine import loss_unsupported_reason
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import check_masks, known_classes, pixel_weights, sampled_weights
from drumhead.models.readout_head import ReadoutHead
from drumhead.models.segmenter import Segmenter, SegmenterConfig
from drumhead.modes import evaluation_mode, single_threaded


class FusedSegmenterConfig(SegmenterConfig):
    """The base of the configurations of models that a fused engine can train."""

    engine: Engine = "auto"
    """What computes the waves (NWM), the loss and the predictions: plain torch, the engine fused for CPUs, or with
    ``auto`` the fused one where it can run."""


class FusedSegmenter(Segmenter):
    """A segmenter whose loss and predictions can be made a few images at a time, in cache, on a CPU.

    It does not matter to it whether there is a field in time or, as in the CNN, a single frame. Its
    ``config.engine`` says which engine computes.
    """

    config: FusedSegmenterConfig

    def __init__(self, config: FusedSegmenterConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.workspaces: list[Workspace] = []  # kept from step to step: fresh memory is slow

    @property
    @abstractmethod
    def head(self) -> ReadoutHead:
        """What follows the states."""

    @abstractmethod
    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        """The states of a few images, for the fused engine to hear.

        Args:
            images: some of a batch.
            workspace: memory that is free while these are heard.
        """

    def forward(self, images: Tensor) -> Tensor:
        recording = torch.is_grad_enabled() and any(t.requires_grad for t in (images, *self.parameters()))
        if recording or not self._use_fused(images):
            return super().forward(images)
        self.check_images(images)
        logits: Tensor = fused_logits(
            self.make_stream, images, head=self.head, classes=self.classes, workspaces=self.workspaces
        )
        return logits

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """See :meth:`Segmenter.predict`. The fused engine keeps no logits, and calls no forward hooks."""
        if not self._use_fused(images):
            return super().predict(images)
        self.check_images(images)
        with evaluation_mode(self):
            classes: Tensor = fused_predict(self.make_stream, images, head=self.head, workspaces=self.workspaces)
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
        """See :meth:`Segmenter.loss`. The fused engine makes the gradients at once, and keeps no activations."""
        if not self._use_fused(images):
            return super().loss(images, masks, pixels=pixels, class_weights=class_weights, ignored_label=ignored_label)
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        with single_threaded():
            weights = pixel_weights(masks, class_weights=class_weights, ignored_label=ignored_label, dtype=images.dtype)
            if pixels is not None:
                weights = sampled_weights(weights, pixels)
            targets = known_classes(masks, ignored_label)
        head = self.head
        heard = {id(parameter) for module in head.modules for parameter in module.parameters()}
        others = [parameter for parameter in self.parameters() if id(parameter) not in heard]
        loss: Tensor = fused_cross_entropy(
            self.make_stream, images, targets, weights, head=head, parameters=others, workspaces=self.workspaces
        )
        return loss

    def _use_fused(self, images: Tensor) -> bool:
        """Return whether the fused engine computes for these images; raise ``ValueError`` if it must but cannot."""
        return use_fused(self.config.engine, lambda: loss_unsupported_reason([images, *self.parameters()], self.head))
