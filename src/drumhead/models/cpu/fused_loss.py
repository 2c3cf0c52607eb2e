"""From images to the loss and its gradients, or to logits, on a CPU, a few images at a time.

The same computation as ``pixel_network(readout(states(images)))`` and its cross-entropy. Each thread takes a few
images from states to gradients before it turns to the next, in chunks of pixels that stay in cache: nothing of the
size of batch times time is ever there, and what is kept for the backward pass is gradients alone. Under
``torch.autocast`` products are made in bfloat16, from float32 parameters and states, with float32 sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from drumhead.models.cpu.image_pass import ImagePass
from drumhead.models.cpu.pixel_blocks import split_evenly
from drumhead.models.cpu.readout_head import ReadoutHeadKernel
from drumhead.models.cpu.state_stream import StateStream, StateStreamFactory
from drumhead.models.cpu.threads import run_parts
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.readout_head import ReadoutHead
from drumhead.modes import single_threaded

MICRO_BATCH = 2
"""Most images whose states are made together: convolutions are faster on a few, and need as much more memory."""


@torch.compiler.disable  # type: ignore[untyped-decorator]
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
    """The weighted sum over pixels of the cross-entropy of what is heard, a scalar.

    Gradients are made at once if they are needed at all; they flow to the images and the parameters, and cannot be
    differentiated again.

    Args:
        make_stream: gives the fields of some of the images; called in several threads, each with images of its own,
            with torch on one thread.
        images: ``(batch, ...)``.
        targets: classes, int64 ``(batch, height, width)``.
        weights: what each pixel counts for, of the field's type, ``(batch, height, width)``; a pixel of weight 0 costs
            next to nothing after the states. It gets no gradient.
        head: what follows the states. Forward hooks on its parts are not called.
        parameters: what the fields are made from, besides the images.
        workspaces: memory from earlier calls, used and added to.

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
    job = _Call(make_stream, images, targets, weights, head, parameters, workspaces)
    loss: Tensor = _FusedCrossEntropy.apply(job, images, *parameters, *head.parameters)  # type: ignore[no-untyped-call]
    return loss


@torch.compiler.disable  # type: ignore[untyped-decorator]
def fused_logits(
    make_stream: StateStreamFactory, images: Tensor, *, head: ReadoutHead, classes: int, workspaces: list[Workspace]
) -> Tensor:
    """Return class logits ``(batch, class, height, width)`` without gradients.

    The arguments are those of :func:`fused_cross_entropy`.
    """
    batch, height, width = len(images), *images.shape[-2:]
    logits = images.new_empty(batch, classes, height * width)
    _listen_to_all(make_stream, images, head, workspaces, lambda ear, number: ear.write_logits(logits[number]))
    return logits.view(batch, classes, height, width)


@torch.compiler.disable  # type: ignore[untyped-decorator]
def fused_predict(
    make_stream: StateStreamFactory, images: Tensor, *, head: ReadoutHead, workspaces: list[Workspace]
) -> Tensor:
    """The class of the largest logit, int64 ``(batch, height, width)``; arguments as in :func:`fused_cross_entropy`."""
    batch, height, width = len(images), *images.shape[-2:]
    found = torch.empty(batch, height * width, dtype=torch.int64)
    _listen_to_all(make_stream, images, head, workspaces, lambda ear, number: ear.write_classes(found[number]))
    return found.view(batch, height, width)


def _listen_to_all(
    make_stream: StateStreamFactory,
    images: Tensor,
    head: ReadoutHead,
    workspaces: list[Workspace],
    write: Callable[[ImagePass, int], None],
) -> None:
    """OnChunk every image, and call ``write`` with who heard it and its number in the batch."""
    with torch.no_grad(), single_threaded() as threads:
        parts = split_evenly(micro_batches(len(images)))
        kernel, pixels = ReadoutHeadKernel(head, states_dtype=images.dtype), images.shape[-2] * images.shape[-1]

        def run(part: int) -> None:
            with acquire_workspace(workspaces) as workspace:
                ear = ImagePass(kernel, workspace)
                for group in parts[part]:
                    source = make_stream(images[group], workspace)
                    for image, number in enumerate(range(group.start, group.stop)):
                        ear.begin(pixels, dtype=source.dtype)
                        source.forward_image(image, ear.consume)
                        write(ear, number)

        run_parts(run, len(parts), threads=threads)


@contextmanager
def acquire_workspace(workspaces: list[Workspace]) -> Iterator[Workspace]:
    """One of the workspaces, or a new one if other threads have them all; it is there again afterwards."""
    try:
        workspace = workspaces.pop()
    except IndexError:
        workspace = Workspace()
    try:
        yield workspace
    finally:
        workspaces.append(workspace)


def micro_batches(batch: int) -> list[slice]:
    """The images of a batch, a few at a time; how many does not depend on the number of threads.

    >>> micro_batches(4), len(micro_batches(64))
    ([slice(0, 1, None), slice(1, 2, None), slice(2, 3, None), slice(3, 4, None)], 32)
    """
    together = min(MICRO_BATCH, max(1, batch // 4))
    return [slice(at, min(at + together, batch)) for at in range(0, batch, together)]


class _PartialGrads:
    """A part's share of the loss and of the gradients of what wants one.

    Args:
        job: what it is a part of.
    """

    def __init__(self, job: _Call) -> None:
        self.loss = 0.0
        self.of_parameters = [torch.zeros_like(parameter) for parameter in job.of_parameters]
        self.of_heard = [torch.zeros_like(parameter) for parameter in job.heard if job.of_heard]
        self.of_images: list[Tensor] = []

    def add(self, other: _PartialGrads) -> None:
        """Add another part's."""
        self.loss += other.loss
        for total, gradient in zip(
            (*self.of_parameters, *self.of_heard), (*other.of_parameters, *other.of_heard), strict=True
        ):
            total += gradient
        self.of_images += other.of_images


class _OrderedSum:
    """The shares of all parts, added up in the order of the parts, whichever is ready first.

    So sums do not depend on the number of threads, and no share stays in memory but those that wait for an earlier one.

    Args:
        share: what they are added to.
    """

    def __init__(self, share: _PartialGrads) -> None:
        self.share = share
        self.waiting: dict[int, _PartialGrads] = {}
        self.added = 0
        self.lock = Lock()

    def add(self, part: int, share: _PartialGrads) -> None:
        """Add the share of a part once those of all parts before it are there."""
        with self.lock:
            self.waiting[part] = share
            while self.added in self.waiting:
                self.share.add(self.waiting.pop(self.added))
                self.added += 1


class _Call:
    """What :func:`fused_cross_entropy` was asked for."""

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
        self.heard = [values.detach() for values in head.parameters]
        recording = torch.is_grad_enabled()
        self.of_images = recording and images.requires_grad
        self.of_parameters = [values for values in parameters if recording and values.requires_grad]
        self.of_heard = recording and any(values.requires_grad for values in head.parameters)
        self.of_states = self.of_images or bool(self.of_parameters)

    def run(self) -> _PartialGrads:
        """Make the loss and the gradients."""
        with single_threaded() as threads:
            self.kernel = ReadoutHeadKernel(self.head, states_dtype=self.weights.dtype)
            self.counted = self.weights != 0
            parts = split_evenly(micro_batches(len(self.images)))
            total = _OrderedSum(_PartialGrads(self))
            run_parts(lambda part: total.add(part, self._listen(parts[part])), len(parts), threads=threads)
        return total.share

    def gradients(self, total: _PartialGrads) -> list[Tensor | None]:
        """The gradients of images, parameters and head's parameters; none where not wanted."""
        of_images = None
        if self.of_images:
            of_images = torch.cat([self.images[:0], *total.of_images])
        found = iter(total.of_parameters)
        wanted = set(map(id, self.of_parameters))
        of_parameters = [next(found) if id(values) in wanted else None for values in self.parameters]
        of_heard: Sequence[Tensor | None] = total.of_heard or [None] * len(self.heard)
        return [of_images, *of_parameters, *of_heard]

    def _listen(self, groups: Sequence[slice]) -> _PartialGrads:
        """Take some groups of images from states to gradients."""
        share = _PartialGrads(self)
        with acquire_workspace(self.workspaces) as workspace:
            for group in groups:
                self._listen_to_group(ImagePass(self.kernel, workspace), group, share)
        return share

    def _listen_to_group(self, ear: ImagePass, group: slice, share: _PartialGrads) -> None:
        images = self.images[group].detach().requires_grad_(self.of_images)
        with torch.set_grad_enabled(self.of_states):
            source = self.make_stream(images, ear.workspace)
        for image, number in enumerate(range(group.start, group.stop)):
            self._hear(ear, source, image, number, share)
        found = source.gradients([*self.of_parameters, *([images] if self.of_images else [])])
        for total, gradient in zip(share.of_parameters, found, strict=False):
            if gradient is not None:
                total += gradient
        if self.of_images:
            # A copy: it may lie in the workspace.
            share.of_images.append(torch.zeros_like(images) if found[-1] is None else found[-1].clone())

    def _hear(self, ear: ImagePass, source: StateStream, image: int, number: int, share: _PartialGrads) -> None:
        """OnChunk an image of a source, which has a number in the batch, and forward_image back what was heard."""
        of_readout = share.of_heard[0] if share.of_heard and self.head.readout.name == "linear" else None
        back = self.of_states or of_readout is not None
        weights = self.weights[number]
        ear.begin(len(weights), dtype=source.dtype, counted=self.counted[number])
        source.forward_image(image, ear.consume)
        share.loss += ear.loss(self.targets[number], weights, parameter_gradients=share.of_heard, of_field=back)
        if back:
            source.backward_image(image, partial(ear.write_gradient, of_readout=of_readout), pixel=ear.pixel)


class _FusedCrossEntropy(torch.autograd.Function):
    """:func:`fused_cross_entropy` for autograd."""

    @staticmethod
    def forward(ctx: Any, job: _Call, *inputs: Tensor) -> Tensor:
        share = job.run()
        ctx.save_for_backward(*job.gradients(share))
        return job.weights.new_tensor(share.loss)

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise NotImplementedError("the fused loss cannot be differentiated twice; use engine='plain' for that")
        with single_threaded():
            return None, *(None if gradient is None else gradient * incoming for gradient in ctx.saved_tensors)
