"""Where the fields of a few images come from, and where the loss's gradient with respect to them goes.

The fused loss hears one image after another, each in one or more stretches of time, and gives the gradient of each
stretch back. Whoever makes the fields decides how much of them is there at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from drumhead.models.cpu.workspace import Workspace

StateStreamFactory = Callable[[Tensor, Workspace], "StateStream"]
"""Gives the fields of a few images, with memory to use for them."""

OnChunk = Callable[[Tensor, int], None]
"""Called with each stretch ``(time, channel, pixel)`` and its first frame, in order."""


class GradProvider(Protocol):
    """Called with each stretch that was heard, in any order."""

    def __call__(self, frames: Tensor, start: int, out: Tensor | None) -> None:
        """Write to ``out`` the gradient of a stretch ``(time, channel, pixel)`` with first frame ``start``, at the
        pixels that count, or leave it out."""


class StateStream(ABC):
    """The fields of a few images."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """Of the states."""

    @abstractmethod
    def forward_image(self, image: int, hear: OnChunk) -> None:
        """Play an image's field."""

    @abstractmethod
    def backward_image(self, image: int, tell: GradProvider, *, pixel: Tensor | None) -> None:
        """Play again the field that was played last, and keep the gradient that is told of it.

        ``pixel``: numbers of the pixels that count, int64, each once; all if none. The gradient of others is 0.
        """

    @abstractmethod
    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        """The gradients of what the fields were made from, once each image has been played back.

        None for what they do not depend on.
        """


class StoredStates(StateStream):
    """Fields that are there as a whole, with what torch recorded of how they were made.

    Args:
        fields: ``(image, time, channel, height, width)``.
        workspace: where their gradient is.
    """

    def __init__(self, fields: Tensor, workspace: Workspace) -> None:
        self.fields = fields
        self.states = fields.detach().contiguous().flatten(3)
        self.workspace = workspace
        self.incoming: Tensor | None = None

    @property
    def dtype(self) -> torch.dtype:
        return self.fields.dtype

    def forward_image(self, image: int, hear: OnChunk) -> None:
        hear(self.states[image], 0)

    def backward_image(self, image: int, tell: GradProvider, *, pixel: Tensor | None) -> None:
        if not self.fields.requires_grad:
            tell(self.states[image], 0, None)
            return
        if self.incoming is None:
            self.incoming = self.workspace.tensor("incoming fields", self.states.shape, self.states.dtype)
        scatter_grad(tell, self.states[image], 0, self.incoming[image], pixel=pixel, workspace=self.workspace)

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        if self.incoming is None or not inputs:
            return [None] * len(inputs)
        incoming = self.incoming.view(self.fields.shape)
        return list(torch.autograd.grad(self.fields, inputs, incoming, allow_unused=True))


def scatter_grad(
    tell: GradProvider, frames: Tensor, start: int, out: Tensor, *, pixel: Tensor | None, workspace: Workspace
) -> None:
    """Write to ``out`` the gradient of a stretch at all pixels: 0 at those that are not in ``pixel``."""
    if pixel is None:
        tell(frames, start, out)
        return
    grad_at_pixels = workspace.tensor("grad at pixels", (*frames.shape[:-1], len(pixel)), out.dtype)
    tell(frames, start, grad_at_pixels)
    out.zero_().index_copy_(2, pixel, grad_at_pixels)
