"""What the fused engine can train: models that end with a readout over time and a network per pixel."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from drumhead.models.cpu.fused_loss import heard_classes, heard_logits, heard_loss
from drumhead.models.cpu.state_stream import Source
from drumhead.models.cpu.threads import torch_on_one_thread
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.hearing import Hearing, obstacle
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import check_masks, known_classes, pixel_shares, sampled_shares
from drumhead.models.segmenter import Segmenter
from drumhead.modes import evaluation_mode

if TYPE_CHECKING:
    from drumhead.models.cnn import CNNConfig
    from drumhead.models.conv_rnn import ConvRNNConfig
    from drumhead.models.nwm import NWMConfig


class Listener(Segmenter):
    """A segmenter whose loss and predictions can be made a few images at a time, in cache, on a CPU.

    It does not matter to it whether there is a field in time or, as in the CNN, a single frame. Its
    ``config.engine`` says which engine computes.
    """

    config: NWMConfig | ConvRNNConfig | CNNConfig

    def __init__(self, config: NWMConfig | ConvRNNConfig | CNNConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.workspaces: list[Workspace] = []  # kept from step to step: fresh memory is slow

    @property
    @abstractmethod
    def hearing(self) -> Hearing:
        """What follows the states."""

    @abstractmethod
    def make_source(self, images: Tensor, workspace: Workspace) -> Source:
        """The states of a few images, for the fused engine to hear.

        Args:
            images: some of a batch.
            workspace: memory that is free while these are heard.
        """

    def forward(self, images: Tensor) -> Tensor:
        recording = torch.is_grad_enabled() and any(t.requires_grad for t in (images, *self.parameters()))
        if recording or not self._fuses(images):
            return super().forward(images)
        self.check_images(images)
        logits: Tensor = heard_logits(
            self.make_source, images, hearing=self.hearing, classes=self.classes, workspaces=self.workspaces
        )
        return logits

    @torch.no_grad()
    def predict(self, images: Tensor) -> Tensor:
        """See :meth:`Segmenter.predict`. The fused engine keeps no logits, and calls no forward hooks."""
        if not self._fuses(images):
            return super().predict(images)
        self.check_images(images)
        with evaluation_mode(self):
            classes: Tensor = heard_classes(self.make_source, images, hearing=self.hearing, workspaces=self.workspaces)
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
        if not self._fuses(images):
            return super().loss(images, masks, pixels=pixels, class_weights=class_weights, ignored_label=ignored_label)
        self.check_images(images)
        check_masks(masks, images, classes=self.classes, ignored_label=ignored_label)
        with torch_on_one_thread():
            weights = pixel_shares(masks, class_weights=class_weights, ignored_label=ignored_label, dtype=images.dtype)
            if pixels is not None:
                weights = sampled_shares(weights, pixels)
            targets = known_classes(masks, ignored_label)
        hearing = self.hearing
        heard = {id(parameter) for module in hearing.modules for parameter in module.parameters()}
        others = [parameter for parameter in self.parameters() if id(parameter) not in heard]
        loss: Tensor = heard_loss(
            self.make_source, images, targets, weights, hearing=hearing, parameters=others, workspaces=self.workspaces
        )
        return loss

    def _fuses(self, images: Tensor) -> bool:
        """Whether the fused engine takes these images; it raises ``ValueError`` if it must but cannot."""
        if self.config.engine == "plain":
            return False
        reason = obstacle([images, *self.parameters()], self.hearing)
        if reason and self.config.engine == "fused":
            raise ValueError(f"engine='fused' cannot run here: {reason}; use engine='plain' or 'auto'")
        return reason is None
