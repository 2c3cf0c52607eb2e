"""What the wave network and the convolutional RNNs share: a field in time, a readout, a pixel network."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

import torch
from pydantic import PositiveInt
from torch import Tensor

from drumhead.config import Config
from drumhead.engine import Engine
from drumhead.models.pixel_loss import fused_logits, fused_loss, obstacle
from drumhead.models.pixel_network import PixelNetwork
from drumhead.models.pixel_sample import PixelSample
from drumhead.models.pixel_weights import known_classes, pixel_shares, sampled_shares
from drumhead.models.readouts import ReadoutName, build_readout
from drumhead.models.segmenter import Segmenter

if TYPE_CHECKING:
    from drumhead.models.conv_rnn import ConvRNNConfig
    from drumhead.models.nwm import NWMConfig


class HearingConfig(Config):
    """How long a recurrent model listens, and with what."""

    hidden_channels: PositiveInt = 2
    """Channels C of the field."""
    width: PositiveInt = 16
    """Channels between the layers of the encoders."""
    steps: PositiveInt
    """Steps in time T, and frames of the field."""
    readout: ReadoutName = "linear"
    """What each pixel keeps of its time series."""
    pixel_widths: tuple[PositiveInt, ...] = (256, 256, 256)
    """Hidden layers of the pixel network."""
    engine: Engine = "auto"
    """What computes the NWM's waves, the loss, and predictions: plain torch, fused for CPUs, or the best there is."""


class RecurrentSegmenter(Segmenter):
    """A model whose hidden state is a field: states in time, a readout over time, a network per pixel."""

    config: NWMConfig | ConvRNNConfig

    def __init__(self, config: NWMConfig | ConvRNNConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        self.readout = build_readout(config.readout, steps=config.steps, channels=config.hidden_channels)
        self.pixel_network = PixelNetwork(self.readout.features, classes, widths=config.pixel_widths)

    @abstractmethod
    def states(self, images: Tensor) -> Tensor:
        """The field, ``(batch, time, channel, height, width)``; the initial state is not among the frames."""

    def represent(self, images: Tensor) -> Tensor:
        return self.states(images)

    def classify(self, representation: Tensor) -> Tensor:
        tensors = (representation, *self.readout.parameters(), *self.pixel_network.parameters())
        recording = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
        if not recording and self._fuses(representation):
            return fused_logits(representation, readout=self.readout, pixel_network=self.pixel_network)
        logits: Tensor = self.pixel_network(self.readout(representation))
        return logits

    def loss_of(
        self,
        representation: Tensor,
        masks: Tensor,
        *,
        pixels: PixelSample | None = None,
        class_weights: Tensor | None = None,
        ignored_label: int | None = None,
    ) -> Tensor:
        if not self._fuses(representation):
            return super().loss_of(
                representation, masks, pixels=pixels, class_weights=class_weights, ignored_label=ignored_label
            )
        weights = pixel_shares(
            masks, class_weights=class_weights, ignored_label=ignored_label, dtype=representation.dtype
        )
        if pixels is not None:
            weights = sampled_shares(weights, pixels)
        targets = known_classes(masks, ignored_label)
        return fused_loss(representation, targets, weights, readout=self.readout, pixel_network=self.pixel_network)

    def _fuses(self, field: Tensor) -> bool:
        """Whether the fused engine reads this field; it raises ``ValueError`` if it must but cannot."""
        if self.config.engine == "auto":
            return obstacle(field, self.readout, self.pixel_network) is None
        return self.config.engine == "fused"
