"""The states of a few images as a stream of chunks, and the way back for the gradient of the loss.

The fused loss reads the states of one image after another. A :class:`StateStream` computes them in chunks, runs of
consecutive time steps, and takes the gradient of the loss with respect to each chunk. The implementation decides how
many time steps are in memory at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor

from drumhead.models.cpu.workspace import Workspace

StateStreamFactory = Callable[[Tensor, Workspace], "StateStream"]
"""Creates the stream of a few images, ``(image, ...)``, which may use the workspace as long as it lives."""

OnChunk = Callable[[Tensor, int], None]
"""Called with each chunk ``(time, channel, pixel)`` and the index of its first frame, in order of time."""


class GradProvider(Protocol):
    """Called with each chunk again, in any order, for the gradient of the loss with respect to its states."""

    def __call__(self, frames: Tensor, start: int, out: Tensor | None) -> None:
        """Process a chunk in the backward pass.

        Args:
            frames: The states ``(time, channel, pixel)`` of a chunk, or of consecutive time steps of it.
            start: The index of the first frame.
            out: Where to write the gradient, ``(time, channel, active pixel)``; None if it is not needed.
        """


class StateStream(ABC):
    """The states of a few images. Each image takes its forward pass, then at once its backward pass, if any."""

    @property
    @abstractmethod
    def dtype(self) -> torch.dtype:
        """The dtype of the states."""

    @abstractmethod
    def forward_image(self, image: int, on_chunk: OnChunk) -> None:
        """Compute the states of an image and call ``on_chunk`` with each chunk."""

    @abstractmethod
    def backward_image(self, image: int, write_gradient: GradProvider, *, pixels: Tensor | None) -> None:
        """Accumulate the gradient with respect to the states of the image of the last forward pass.

        Args:
            image: The index of that image.
            write_gradient: Called with each chunk; chunks that are not in memory any more are recomputed.
            pixels: The indices of the active pixels, int64, without duplicates; None if all are active. The gradient
                at the other pixels is 0.
        """

    @abstractmethod
    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        """Return the gradients with respect to tensors that the states were computed from, once all images are done.

        The gradient is None for a tensor that the states do not depend on.
        """


class StoredStates(StateStream):
    """States that are in memory as a whole, with the autograd graph that they were computed by.

    Args:
        fields: ``(image, time, channel, height, width)``.
        workspace: Memory for the gradient of the fields.
    """

    def __init__(self, fields: Tensor, workspace: Workspace) -> None:
        self.fields = fields
        self.states = fields.detach().contiguous().flatten(3)
        self.workspace = workspace
        self.grad_states: Tensor | None = None

    @property
    def dtype(self) -> torch.dtype:
        return self.fields.dtype

    def forward_image(self, image: int, on_chunk: OnChunk) -> None:
        on_chunk(self.states[image], 0)

    def backward_image(self, image: int, write_gradient: GradProvider, *, pixels: Tensor | None) -> None:
        if not self.fields.requires_grad:
            write_gradient(self.states[image], 0, None)
            return
        if self.grad_states is None:
            self.grad_states = self.workspace.tensor("grad states", self.states.shape, self.states.dtype)
        scatter_grad(
            write_gradient, self.states[image], 0, self.grad_states[image], pixels=pixels, workspace=self.workspace
        )

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        if self.grad_states is None:
            return [None] * len(inputs)
        return backpropagate([self.fields], [self.grad_states.view(self.fields.shape)], inputs)


def backpropagate(
    outputs: Sequence[Tensor], grad_outputs: Sequence[Tensor], inputs: Sequence[Tensor]
) -> list[Tensor | None]:
    """Return the gradients of inputs, given those of outputs; None for inputs that the outputs do not depend on."""
    pairs = [pair for pair in zip(outputs, grad_outputs, strict=True) if pair[0].requires_grad]
    if not pairs or not inputs:
        return [None] * len(inputs)
    differentiable, gradients = zip(*pairs, strict=True)
    return list(torch.autograd.grad(differentiable, inputs, gradients, allow_unused=True))


def scatter_grad(
    write_gradient: GradProvider,
    frames: Tensor,
    start: int,
    out: Tensor,
    *,
    pixels: Tensor | None,
    workspace: Workspace,
) -> None:
    """Write the gradient of a chunk at all pixels to ``out``; it is 0 at those that are not in ``pixels``."""
    if pixels is None:
        write_gradient(frames, start, out)
        return
    grad_at_pixels = workspace.tensor("grad at pixels", (*frames.shape[:-1], len(pixels)), out.dtype)
    write_gradient(frames, start, grad_at_pixels)
    out.zero_().index_copy_(2, pixels, grad_at_pixels)
