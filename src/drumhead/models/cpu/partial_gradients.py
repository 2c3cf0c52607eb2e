"""The loss and gradients of the parts of a batch, and their sum in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import torch
from torch import Tensor


class PartialGradients:
    """The loss and the gradients of a part of a batch, summed over its images; 0 at first.

    Args:
        parameters: The parameters besides those of the head that need a gradient.
        head_parameters: The parameters of the head; empty if they need no gradient.
    """

    def __init__(self, parameters: Sequence[Tensor], head_parameters: Sequence[Tensor]) -> None:
        self.loss = 0.0
        self.grad_parameters = [torch.zeros_like(parameter) for parameter in parameters]
        self.grad_head_parameters = [torch.zeros_like(parameter) for parameter in head_parameters]
        self.grad_images: list[Tensor] = []
        """The gradient of each micro-batch of images, in order; empty if images need no gradient."""

    def add(self, other: PartialGradients) -> None:
        """Add those of the next part."""
        self.loss += other.loss
        for total, gradient in zip(
            (*self.grad_parameters, *self.grad_head_parameters),
            (*other.grad_parameters, *other.grad_head_parameters),
            strict=True,
        ):
            total += gradient
        self.grad_images += other.grad_images


class OrderedSum:
    """The sum over all parts, added in the order of the parts, whatever order they finish in.

    So the sum does not depend on the number of threads. Only parts that wait for an earlier one stay in memory.

    Args:
        total: What the parts are added to.
    """

    def __init__(self, total: PartialGradients) -> None:
        self.total = total
        self._waiting: dict[int, PartialGradients] = {}
        self._added = 0
        self._lock = Lock()

    def add(self, part: int, gradients: PartialGradients) -> None:
        """Add a part, or keep it until all parts before it have been added. Any thread may call this."""
        with self._lock:
            self._waiting[part] = gradients
            while self._added in self._waiting:
                self.total.add(self._waiting.pop(self._added))
                self._added += 1
