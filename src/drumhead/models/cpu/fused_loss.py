"""From images to the cross-entropy and its gradients on a CPU, a few images at a time.

The result equals the cross-entropy of ``pixel_network(readout(states(images)))``. Each thread takes a micro-batch of
images from states to gradients before it starts the next, and computes in blocks of pixels that stay in cache. No
tensor of the size of batch times time is ever in memory, and only gradients are kept for the backward pass. Under
``torch.autocast``, matrix products have bfloat16 operands, rounded from float32, and float32 sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from drumhead.models.cpu.graph_break import graph_break
from drumhead.models.cpu.image_pass import ImagePass
from drumhead.models.cpu.micro_batches import micro_batches, split_evenly
from drumhead.models.cpu.partial_gradients import OrderedSum, PartialGradients
from drumhead.models.cpu.readout_head import ReadoutHeadKernel
from drumhead.models.cpu.state_stream import StateStream, StateStreamFactory
from drumhead.models.cpu.threads import run_parts
from drumhead.models.cpu.workspace import Workspace, acquire_workspace
from drumhead.models.readout_head import ReadoutHead
from drumhead.modes import single_threaded


@graph_break
def fused_cross_entropy(
    make_stream: StateStreamFactory,
    images: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    head: ReadoutHead,
    parameters: Sequence[Tensor],
    workspaces: list[Workspace],
) -> Tensor:
    """Return the weighted sum over all pixels of the cross-entropy, a scalar.

    If any gradient is needed, all are computed in the forward pass. They flow to the images and the parameters, and
    cannot be differentiated again.

    Args:
        make_stream: Creates the stream of states of a micro-batch of the images. It is called in several threads, each
            with other images, with torch on one thread.
        images: ``(batch, ...)``.
        targets: Classes, int64 ``(batch, height, width)``.
        weights: The weight of each pixel, ``(batch, height, width)``, in the dtype of the states. A pixel of weight 0
            takes almost no time after its states. Weights get no gradient.
        head: The readout and layers after the states. Forward hooks on them are not called.
        parameters: What the states are computed from besides the images.
        workspaces: Memory of earlier calls, which is reused and added to.

    >>> from drumhead.models import PixelMLP, build_readout
    >>> from drumhead.models.cpu.state_stream import StoredStates
    >>> field, masks = torch.zeros(1, 8, 2, 5, 7), torch.zeros(1, 5, 7, dtype=torch.int64)
    >>> readout = build_readout("linear", steps=8, channels=2)
    >>> network = PixelMLP(readout.features, 3, widths=[16])
    >>> head = ReadoutHead(readout, list(network.layers))
    >>> weights = torch.ones(1, 5, 7) / 35
    >>> loss = fused_cross_entropy(StoredStates, field, masks, weights, head=head, parameters=[], workspaces=[])
    >>> torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(network(readout(field)), masks))
    """
    call = _Call(make_stream, images, targets, weights, head, parameters, workspaces)
    loss: Tensor = _FusedCrossEntropy.apply(call, images, *parameters, *head.parameters)  # type: ignore[no-untyped-call]
    return loss


class _FusedCrossEntropy(torch.autograd.Function):
    """:func:`fused_cross_entropy` for autograd: the forward pass saves the gradients, the backward pass scales them."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *inputs: Tensor) -> Tensor:
        total = call.compute()
        ctx.save_for_backward(*call.input_gradients(total))
        return call.weights.new_tensor(total.loss)

    @staticmethod
    def backward(ctx: Any, grad_loss: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise NotImplementedError("the fused loss cannot be differentiated twice; use engine='plain' for that")
        with single_threaded():
            return None, *(None if gradient is None else gradient * grad_loss for gradient in ctx.saved_tensors)


class _Call:
    """One call of :func:`fused_cross_entropy`: its arguments and which gradients it needs."""

    def __init__(
        self,
        make_stream: StateStreamFactory,
        images: Tensor,
        targets: Tensor,
        weights: Tensor,
        head: ReadoutHead,
        parameters: Sequence[Tensor],
        workspaces: list[Workspace],
    ) -> None:
        self.make_stream, self.images, self.head, self.parameters = make_stream, images, head, parameters
        self.workspaces = workspaces
        self.targets, self.weights = targets.flatten(1), weights.detach().flatten(1)
        self.head_parameters = [values.detach() for values in head.parameters]
        recording = torch.is_grad_enabled()
        self.needs_grad_images = recording and images.requires_grad
        self.differentiated_parameters = [values for values in parameters if recording and values.requires_grad]
        self.needs_grad_head = recording and any(values.requires_grad for values in head.parameters)
        self.needs_grad_states = self.needs_grad_images or bool(self.differentiated_parameters)

    def compute(self) -> PartialGradients:
        """Compute the loss and the gradients of the whole batch."""
        with single_threaded() as threads:
            self.kernel = ReadoutHeadKernel(self.head, states_dtype=self.weights.dtype)
            self.active = self.weights != 0
            parts = split_evenly(micro_batches(len(self.images)))
            ordered_sum = OrderedSum(self._zero_gradients())
            run_parts(lambda part: ordered_sum.add(part, self._run_part(parts[part])), len(parts), threads=threads)
        return ordered_sum.total

    def input_gradients(self, total: PartialGradients) -> list[Tensor | None]:
        """Return the gradients of images, parameters and parameters of the head; None where they are not needed."""
        grad_images = None
        if self.needs_grad_images:
            grad_images = torch.cat([self.images[:0], *total.grad_images])
        gradients = dict(zip(map(id, self.differentiated_parameters), total.grad_parameters, strict=True))
        grad_parameters = [gradients.get(id(values)) for values in self.parameters]
        grad_head: Sequence[Tensor | None] = total.grad_head_parameters or [None] * len(self.head_parameters)
        return [grad_images, *grad_parameters, *grad_head]

    def _zero_gradients(self) -> PartialGradients:
        return PartialGradients(self.differentiated_parameters, self.head_parameters if self.needs_grad_head else [])

    def _run_part(self, part: Sequence[slice]) -> PartialGradients:
        """Compute the loss and the gradients of some micro-batches."""
        total = self._zero_gradients()
        with acquire_workspace(self.workspaces) as workspace:
            for micro_batch in part:
                self._run_micro_batch(ImagePass(self.kernel, workspace), micro_batch, total)
        return total

    def _run_micro_batch(self, image_pass: ImagePass, micro_batch: slice, total: PartialGradients) -> None:
        """Add the loss and the gradients of a micro-batch to ``total``."""
        images = self.images[micro_batch].detach().requires_grad_(self.needs_grad_images)
        with torch.set_grad_enabled(self.needs_grad_states):
            stream = self.make_stream(images, image_pass.workspace)
        for image, index in enumerate(range(micro_batch.start, micro_batch.stop)):
            self._run_image(image_pass, stream, image, index, total)
        inputs = [*self.differentiated_parameters, *([images] if self.needs_grad_images else [])]
        gradients = stream.gradients(inputs)
        for parameter_total, gradient in zip(total.grad_parameters, gradients, strict=False):
            if gradient is not None:
                parameter_total += gradient
        if self.needs_grad_images:
            grad_images = gradients[-1]
            # A copy, since the gradient may be in the workspace.
            total.grad_images.append(torch.zeros_like(images) if grad_images is None else grad_images.clone())

    def _run_image(
        self, image_pass: ImagePass, stream: StateStream, image: int, index: int, total: PartialGradients
    ) -> None:
        """Run both passes of an image; ``image`` is its index in the stream, ``index`` that in the batch."""
        grad_head = total.grad_head_parameters
        grad_readout_weight = grad_head[0] if grad_head and self.head.readout.name == "linear" else None
        needs_backward = self.needs_grad_states or grad_readout_weight is not None
        weights = self.weights[index]
        image_pass.begin(len(weights), dtype=stream.dtype, active=self.active[index])
        stream.forward_image(image, image_pass.consume)
        total.loss += image_pass.loss(
            self.targets[index], weights, grad_parameters=grad_head, needs_grad_states=needs_backward
        )
        if needs_backward:
            write_gradient = partial(image_pass.write_gradient, grad_readout_weight=grad_readout_weight)
            stream.backward_image(image, write_gradient, pixels=image_pass.pixels)
