"""The loss of a batch and its gradients as a recording that a GPU replays (CUDA graph).

A training step launches hundreds of small kernels, and starting each from Python takes longer than most of them run. A
recording starts them all at once. It reads its inputs from fixed memory and writes loss and gradients to fixed memory,
so it needs batches of one shape. The optimiser's step is not recorded: its learning rate changes.

A replay runs the same kernels as the recorded call, so the numbers are the same. What this needs of a GPU is in
:class:`CudaRecorder`; everything else also runs on a CPU.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from drumhead.experiments import Recipe
from drumhead.models import PixelSample, Segmenter
from drumhead.training.precision import Precision, autocast

LossFunction = Callable[[Tensor, Tensor, PixelSample | None], Tensor]
"""Computes the loss of images, masks and, if they are given, sampled pixels."""


class Recorder(Protocol):
    """Records what a function does, and does it again."""

    def record(self, function: Callable[[], None]) -> None:
        """Record a function. Before that it may call it a few times, so it must not matter how often it runs."""

    def replay(self) -> None:
        """Do what the function does, with the same memory, which may hold other numbers."""


class CudaRecorder:
    """A CUDA graph. No test has run it yet: there was no GPU."""

    def __init__(self) -> None:
        self.graph = torch.cuda.CUDAGraph()

    def record(self, function: Callable[[], None]) -> None:
        """See :class:`Recorder`. The calls before it compile kernels and load libraries, which cannot be recorded."""
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                function()
        torch.cuda.current_stream().wait_stream(stream)
        with torch.cuda.graph(self.graph):
            function()

    def replay(self) -> None:
        """See :class:`Recorder`."""
        self.graph.replay()


class GraphedLoss:
    """The loss of batches of one shape, and the gradients of the parameters, by a recording.

    Args:
        compute: Computes the loss. It must not wait for the device, nor change anything but its results.
        parameters: The parameters, of which some may need no gradient.
        make_recorder: Makes the recorder; None: ``CudaRecorder``.
    """

    def __init__(
        self,
        compute: LossFunction,
        parameters: list[nn.Parameter],
        *,
        make_recorder: Callable[[], Recorder] | None = None,
    ) -> None:
        self.compute = compute
        self.parameters = [parameter for parameter in parameters if parameter.requires_grad]
        self.make_recorder = make_recorder or CudaRecorder
        self.recorder: Recorder | None = None
        self.inputs: list[Tensor] = []
        self.has_failed = False

    def accepts(self, images: Tensor, masks: Tensor, pixels: PixelSample | None) -> bool:
        """Return whether the recording, if there is one already, is for tensors like these."""
        if self.has_failed or self.recorder is None:
            return not self.has_failed
        given = [images, masks, *(pixels or ())]
        return [_kind(each) for each in given] == [_kind(each) for each in self.inputs]

    def __call__(self, images: Tensor, masks: Tensor, pixels: PixelSample | None) -> Tensor | None:
        """Return the loss, and set the parameters' gradients; return None if this batch has no recording.

        The first call makes the recording. If that fails, it warns, and this and all further calls return None.
        """
        if not self.accepts(images, masks, pixels):
            return None
        given = [images, masks, *(pixels or ())]
        if self.recorder is None and not self._record(given):
            return None
        assert self.recorder is not None
        for memory, values in zip(self.inputs, given, strict=True):
            memory.copy_(values)
        self.recorder.replay()
        for parameter, gradient in zip(self.parameters, self.gradients, strict=True):
            parameter.grad = gradient
        return self.loss

    def _record(self, given: list[Tensor]) -> bool:
        """Make the recording for tensors like these, and return whether that worked."""
        self.inputs = [each.detach().clone() for each in given]
        self.gradients = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.loss = given[0].new_zeros(())
        recorder = self.make_recorder()
        try:
            recorder.record(self._run)
        except RuntimeError as error:
            warnings.warn(f"training steps are not recorded as a CUDA graph: {error}", stacklevel=3)
            self.has_failed = True
            return False
        self.recorder = recorder
        return True

    def _run(self) -> None:
        """Compute the loss and the gradients from the fixed inputs; this is what is recorded."""
        images, masks, *sample = self.inputs
        loss = self.compute(images, masks, PixelSample(*sample) if sample else None)
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        self.loss.copy_(loss.detach())
        for memory, gradient in zip(self.gradients, gradients, strict=True):
            if gradient is not None:
                memory.copy_(gradient)


def make_graphed_loss(
    model: Segmenter, recipe: Recipe, device: torch.device, *, precision: Precision, processes: int, weighted: bool
) -> GraphedLoss | None:
    """Return the loss of a training as a recording, which the first step makes; None if it cannot be recorded.

    Args:
        precision: The precision of the products.
        model, ...: The others are those of :func:`graph_unsupported_reason`.
    """
    if graph_unsupported_reason(recipe, model, device, processes=processes, weighted=weighted):
        return None

    def compute(images: Tensor, masks: Tensor, pixels: PixelSample | None) -> Tensor:
        with autocast(precision, device, cache=False):
            return model.loss(images, masks, pixels=pixels)

    return GraphedLoss(compute, list(model.parameters()))


def graph_unsupported_reason(
    recipe: Recipe, model: nn.Module, device: torch.device, *, processes: int, weighted: bool
) -> str | None:
    """Return why the steps of a training are not recorded, as the end of a sentence; None if they are.

    Args:
        recipe: The recipe of the training.
        model: The model.
        device: The device of this process.
        processes: How many processes train the model together.
        weighted: Whether classes have weights or some pixels are ignored.
    """
    if not recipe.cuda_graph:
        return "the recipe says so"
    if device.type != "cuda":
        return f"only CUDA devices record, not {device}"
    if processes > 1:
        return "several processes exchange gradients during the backward pass"
    if weighted:
        return "the number of pixels that count is different in each batch"
    if any(True for _ in model.buffers()):
        return "the model changes buffers, such as the means of batch normalisation, in each call"
    return None


def _kind(values: Tensor) -> tuple[torch.Size, torch.dtype, torch.device]:
    return values.shape, values.dtype, values.device
