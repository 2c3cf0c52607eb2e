"""From the states of an image to its share of the loss and back, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from drumhead.models.cpu.elementwise import write_argmax
from drumhead.models.cpu.pixel_blocks import active_pixels
from drumhead.models.cpu.readout_head import ReadoutHeadKernel
from drumhead.models.cpu.readouts import LinearKernel, ReadoutCache
from drumhead.models.cpu.workspace import Workspace


class ImagePass:
    """One thread's head: an image's field, stretch by stretch; then its logits, or its loss and gradients.

    Args:
        kernel: what it hears with.
        workspace: where all that it makes is.
    """

    def __init__(self, kernel: ReadoutHeadKernel, workspace: Workspace) -> None:
        self.kernel = kernel
        self.workspace = workspace

    def begin(self, pixels: int, *, dtype: torch.dtype, counted: Tensor | None = None) -> None:
        """Turn to another image.

        Args:
            pixels: how many it has.
            dtype: the type of its states.
            counted: which of them are wanted, bool ``(pixel,)``; all by default.
        """
        self.pixel = None if counted is None else active_pixels(counted)
        self.count = pixels if self.pixel is None else len(self.pixel)
        readout = self.kernel.readout
        features = self._tensor("features", readout.bins, self.kernel.dtype)
        apart = readout.returns_to_features
        self.cache = ReadoutCache(
            features=features,
            saved=self._tensor("saved", readout.saved, dtype),
            grad_features=self._tensor("grad features", readout.bins, self.kernel.dtype) if apart else features,
        )

    def consume(self, frames: Tensor, start: int) -> None:
        """Take in a stretch ``(time, channel, pixel)`` of the field, contiguous; the first starts with frame 0."""
        if self.kernel.readout.last_alone:  # of each stretch, until one is the last
            start, frames = start + len(frames) - 1, frames[-1:]
        self._take_in(frames, start)
        self.kernel.readout.consume(self.states, start, self.cache)

    def write_logits(self, out: Tensor) -> None:
        """Write the logits ``(class, pixel)`` of what was heard; all pixels are wanted."""
        for some, logits in self._logits():
            out[:, some] = logits

    def write_classes(self, out: Tensor) -> None:
        """Write the class of the largest logit of what was cache, int64 ``(pixel,)``; all pixels are wanted."""
        for some, logits in self._logits():
            write_argmax(logits.to(self.cache.saved.dtype), out[some])

    def loss(self, targets: Tensor, weights: Tensor, *, parameter_gradients: Sequence[Tensor], of_field: bool) -> float:
        """The image's share of the loss: the weighted sum of the cross-entropy of its pixels.

        Args:
            targets: classes, int64 ``(pixel,)``.
            weights: what each pixel counts for, ``(pixel,)``.
            parameter_gradients: where to add the gradients with respect to the parameters, in their order, but that of
                the linear readout's weight, which :meth:`write_gradient` adds; empty for none.
            of_field: whether :meth:`write_gradient` will be called.
        """
        if self.pixel is not None:
            targets, weights = targets[self.pixel], weights[self.pixel]
        layers, workspace = self.kernel.layers, self.workspace
        features, of_features = self.cache.features.flatten(0, 1), self.cache.grad_features.flatten(0, 1)
        loss = 0.0
        for some in self._chunks():
            target, weight = targets[None, some], weights[some]
            activations = layers.activations(features[:, some], workspace)
            log_probability = torch.log_softmax(activations[-1].to(weight.dtype), dim=0)
            loss -= torch.dot(log_probability.gather(0, target)[0], weight).item()
            if not parameter_gradients and not of_field:
                continue
            incoming = log_probability.exp_()
            incoming.scatter_add_(0, target, incoming.new_full((1, 1), -1).expand_as(target)).mul_(weight)
            layers.backward(
                activations,
                incoming.to(self.kernel.dtype),
                workspace,
                parameters=parameter_gradients[self.kernel.readout_weights :],
                out=of_features[:, some] if of_field else None,
            )
        if of_field:
            self.kernel.readout.prepare_backward(self.cache)
        return loss

    def write_gradient(self, frames: Tensor, start: int, out: Tensor | None, *, of_readout: Tensor | None) -> None:
        """The gradient of a stretch that was cache.

        Args:
            frames: the stretch.
            start: its first frame.
            out: where to write the gradient at the pixels that count; none to leave it out.
            of_readout: where to add the gradient of the linear readout's weight; none to leave it out.
        """
        readout = self.kernel.readout
        if out is not None and readout.last_alone:
            out.zero_()
            start, frames, out = start + len(frames) - 1, frames[-1:], out[-1:]
            if start < readout.steps - 1:
                return
        states = self._taken_in(frames, start)
        if of_readout is not None:
            assert isinstance(readout, LinearKernel)
            readout.add_weight_gradient(self.cache, states, start, of_readout)
        if out is not None:
            readout.write_gradient(self.cache, states, start, out)

    def _logits(self) -> Iterator[tuple[slice, Tensor]]:
        """Some pixels after others, with their logits ``(class, pixel)``."""
        features = self.cache.features.flatten(0, 1)
        for some in self._chunks():
            yield some, self.kernel.layers.activations(features[:, some], self.workspace)[-1]

    def _chunks(self) -> list[slice]:
        size = self.kernel.block_size
        return [slice(at, at + size) for at in range(0, self.count, size)]

    def _tensor(self, name: str, rows: int, dtype: torch.dtype) -> Tensor:
        return self.workspace.tensor(name, (rows, self.kernel.channels, self.count), dtype)

    def _taken_in(self, frames: Tensor, start: int) -> Tensor:
        """The states of frames that were heard; they are there still if they are of the last stretch."""
        at = start - self.start
        if not 0 <= at <= len(self.states) - len(frames):
            self._take_in(frames, start)
            at = 0
        return self.states[at : at + len(frames)]

    def _take_in(self, frames: Tensor, start: int) -> None:
        """Keep the states of a stretch, at the pixels that are wanted, in the type in which products are made."""
        rows = (*frames.shape[:-1], self.count)
        if self.pixel is not None:
            chosen = self.workspace.tensor("chosen", rows, frames.dtype)
            torch.index_select(frames.flatten(0, 1), 1, self.pixel, out=chosen.flatten(0, 1))
            frames = chosen
        if frames.dtype != self.kernel.dtype:
            frames = self.workspace.tensor("states", rows, self.kernel.dtype).copy_(frames)
        self.states, self.start = frames, start
