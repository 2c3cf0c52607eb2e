"""The forward and the backward pass of a readout head for one image: from states to logits or loss, and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from drumhead.models.cpu.elementwise import take_columns, write_argmax
from drumhead.models.cpu.pixel_blocks import active_pixels
from drumhead.models.cpu.readout_head import ReadoutHeadKernel
from drumhead.models.cpu.readouts import LinearKernel, ReadoutCache
from drumhead.models.cpu.workspace import Workspace


class ImagePass:
    """The passes of one image at a time, in one thread.

    For each image call :meth:`begin`, then :meth:`consume` with each chunk of states, then one of :meth:`write_logits`,
    :meth:`write_classes` and :meth:`loss`, and after :meth:`loss` :meth:`write_gradient` with each chunk again. Logits,
    loss and their gradients are computed in blocks of pixels.

    Args:
        kernel: The readout head.
        workspace: Memory for all intermediate results.
    """

    def __init__(self, kernel: ReadoutHeadKernel, workspace: Workspace) -> None:
        self.kernel = kernel
        self.workspace = workspace

    def begin(self, pixel_count: int, *, dtype: torch.dtype, active: Tensor | None = None) -> None:
        """Start with another image.

        Args:
            pixel_count: The number of its pixels.
            dtype: The dtype of its states.
            active: Whether each pixel is needed, bool ``(pixel,)``; all by default.
        """
        self.pixels = None if active is None else active_pixels(active)
        self.pixel_count = pixel_count if self.pixels is None else len(self.pixels)
        readout = self.kernel.readout
        features = self._tensor("features", readout.bins, self.kernel.dtype)
        grad_features = features
        if readout.backward_needs_features:
            grad_features = self._tensor("grad features", readout.bins, self.kernel.dtype)
        saved = self._tensor("saved", readout.saved_rows, dtype)
        self.cache = ReadoutCache(features=features, saved=saved, grad_features=grad_features)

    def consume(self, frames: Tensor, start: int) -> None:
        """Update the readout with a contiguous chunk ``(time, channel, pixel)`` whose first frame is ``start``.

        Chunks come in order of time; ``start`` of the first is 0.
        """
        if self.kernel.readout.last_frame_only:  # the last frame of every chunk, since any chunk may be the last
            start, frames = start + len(frames) - 1, frames[-1:]
        self._select_states(frames, start)
        self.kernel.readout.consume(self.states, start, self.cache)

    def write_logits(self, out: Tensor) -> None:
        """Write the logits ``(class, pixel)`` of the image, whose pixels must all be active."""
        for block, logits in self._logits():
            out[:, block] = logits

    def write_classes(self, out: Tensor) -> None:
        """Write the class with the largest logit, int64 ``(pixel,)``; the pixels must all be active."""
        for block, logits in self._logits():
            write_argmax(logits.to(self.cache.saved.dtype), out[block])

    def loss(
        self, targets: Tensor, weights: Tensor, *, grad_parameters: Sequence[Tensor], needs_grad_states: bool
    ) -> float:
        """Return the weighted sum of the cross-entropy of the image's pixels, and compute gradients.

        Args:
            targets: The class of each pixel, int64 ``(pixel,)``.
            weights: The weight of each pixel, ``(pixel,)``.
            grad_parameters: Where the gradients of the head's parameters are added, in the order of the parameters;
                empty if they are not needed. That of the linear readout's weight is added by :meth:`write_gradient`.
            needs_grad_states: Whether :meth:`write_gradient` will be called.
        """
        if self.pixels is not None:
            targets, weights = targets[self.pixels], weights[self.pixels]
        layers, workspace = self.kernel.layers, self.workspace
        features, grad_features = self.cache.features.flatten(0, 1), self.cache.grad_features.flatten(0, 1)
        loss = 0.0
        for block in self._pixel_blocks():
            target, weight = targets[None, block], weights[block]
            activations = layers.activations(features[:, block], workspace)
            log_probability = torch.log_softmax(activations[-1].to(weight.dtype), dim=0)
            loss -= torch.dot(log_probability.gather(0, target)[0], weight).item()
            if not grad_parameters and not needs_grad_states:
                continue
            # The gradient of the logits is weight * (probability - one-hot target).
            grad_logits = log_probability.exp_()
            grad_logits.scatter_add_(0, target, grad_logits.new_full((1, 1), -1).expand_as(target)).mul_(weight)
            layers.backward(
                activations,
                grad_logits.to(self.kernel.dtype),
                workspace,
                grad_parameters=grad_parameters[self.kernel.readout_weights :],
                out=grad_features[:, block] if needs_grad_states else None,
            )
        if needs_grad_states:
            self.kernel.readout.prepare_backward(self.cache)
        return loss

    def write_gradient(
        self, frames: Tensor, start: int, out: Tensor | None, *, grad_readout_weight: Tensor | None
    ) -> None:
        """Write the gradient of the states of a chunk; a :class:`~drumhead.models.cpu.state_stream.GradProvider`.

        Args:
            frames: The states ``(time, channel, pixel)`` of a chunk, or of consecutive time steps of it.
            start: The index of the first frame.
            out: Where to write the gradient, ``(time, channel, active pixel)``; None if it is not needed.
            grad_readout_weight: Where the gradient of the linear readout's weight is added; None if it is not needed.
        """
        readout = self.kernel.readout
        if out is not None and readout.last_frame_only:
            out.zero_()
            start, frames, out = start + len(frames) - 1, frames[-1:], out[-1:]
            if start < readout.steps - 1:
                return
        states = self._selected_states(frames, start)
        if grad_readout_weight is not None:
            assert isinstance(readout, LinearKernel)
            readout.add_weight_gradient(self.cache, states, start, grad_readout_weight)
        if out is not None:
            readout.write_gradient(self.cache, states, start, out)

    def _logits(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield each block of pixels with its logits ``(class, pixel)``."""
        features = self.cache.features.flatten(0, 1)
        for block in self._pixel_blocks():
            yield block, self.kernel.layers.activations(features[:, block], self.workspace)[-1]

    def _pixel_blocks(self) -> list[slice]:
        size = self.kernel.block_size
        return [slice(start, start + size) for start in range(0, self.pixel_count, size)]

    def _tensor(self, name: str, rows: int, dtype: torch.dtype) -> Tensor:
        return self.workspace.tensor(name, (rows, self.kernel.channels, self.pixel_count), dtype)

    def _selected_states(self, frames: Tensor, start: int) -> Tensor:
        """Return the result of :meth:`_select_states` for these frames, which may still be in memory."""
        offset = start - self.start
        if not 0 <= offset <= len(self.states) - len(frames):
            self._select_states(frames, start)
            offset = 0
        return self.states[offset : offset + len(frames)]

    def _select_states(self, frames: Tensor, start: int) -> None:
        """Set ``self.states`` to the states at the active pixels, in the dtype of the products."""
        shape = (*frames.shape[:-1], self.pixel_count)
        if self.pixels is not None:
            states = self.workspace.tensor("states", shape, self.kernel.dtype)
            take_columns(frames.flatten(0, 1), self.pixels, out=states.flatten(0, 1))
        elif frames.dtype != self.kernel.dtype:
            states = self.workspace.tensor("states", shape, self.kernel.dtype).copy_(frames)
        else:
            states = frames
        self.states, self.start = states, start
