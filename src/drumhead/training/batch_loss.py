"""The loss of a batch whose images are shared by several processes, and whose pixels may have different weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from drumhead.models import PixelSample
from drumhead.training.processes import Processes


class BatchLoss:
    """The mean cross-entropy over the pixels of a batch, weighted by class, without the ignored pixels.

    Args:
        model: has the method ``loss`` of a :class:`drumhead.models.Segmenter`, and may synchronise gradients.
        processes: the processes that share each batch.
        class_weights: the weight of each class; equal by default.
        ignored_label: the label in masks of the pixels to ignore; none by default.
    """

    def __init__(
        self,
        model: Any,
        processes: Processes,
        *,
        class_weights: Sequence[float] | None = None,
        ignored_label: int | None = None,
    ) -> None:
        self.model, self.processes, self.ignored_label = model, processes, ignored_label
        self.class_weights = None if class_weights is None else torch.tensor(class_weights)

    def own_part(self, images: Tensor, masks: Tensor, pixels: PixelSample | None = None) -> Tensor | None:
        """Return this process's part of the loss: the mean of the parts over all processes is the loss of the batch.

        None if no pixel of the batch counts, since all are ignored or of a class with weight 0.

        Args:
            images: this process's images of the batch.
            masks: all masks of the batch.
            pixels: the sampled pixels of all images of the batch; all pixels by default.
        """
        own_slice = self.processes.batch_slice(len(masks))
        own_masks = masks[own_slice]
        own_pixels = None if pixels is None else PixelSample(*(values[own_slice] for values in pixels))
        if self.class_weights is None and self.ignored_label is None:
            loss: Tensor = self.model.loss(images, own_masks, pixels=own_pixels)
            return loss
        total, own_total = (
            total_weight(part, class_weights=self.class_weights, ignored_label=self.ignored_label)
            for part in (masks, own_masks)
        )
        if total == 0:
            return None
        if own_total == 0:
            # Nothing counts here, but every process has to take part in the backward pass.
            loss = self.model.loss(images, torch.zeros_like(own_masks), pixels=own_pixels)
            return 0 * loss
        loss = self.model.loss(
            images, own_masks, pixels=own_pixels, class_weights=self.class_weights, ignored_label=self.ignored_label
        )
        # The model divides by the weight of its own part instead of by that of an average part.
        return loss if self.processes.world_size == 1 else loss * (own_total * self.processes.world_size / total)


def total_weight(masks: Tensor, *, class_weights: Tensor | None, ignored_label: int | None) -> float:
    """Return the sum over pixels of their weights in the loss: those of their classes, and 0 where they are ignored.

    Args:
        masks: classes, int64 ``(batch, height, width)``.
        class_weights: the weight of each class, ``(class,)``; None: 1 for each.
        ignored_label: the label in the masks of pixels to ignore; None: no pixel is ignored.

    >>> masks = torch.tensor([[[0, 1, 1, 255]]])
    >>> total_weight(masks, class_weights=torch.tensor([1.0, 4.0]), ignored_label=255)
    9.0
    """
    counted = masks.flatten() if ignored_label is None else masks[masks != ignored_label]
    if class_weights is None:
        return float(counted.numel())
    pixels = counted.bincount(minlength=len(class_weights)).cpu()
    return float(class_weights.double() @ pixels.double())
