"""From images to the loss and its gradients, or to logits, on a CPU, a few images at a time.

The same computation as ``pixel_network(readout(states(images)))`` and its cross-entropy. Each thread takes a few
images from states to gradients before it turns to the next, in chunks of pixels that stay in cache: nothing of the
size of batch times time is ever there, and what is kept for the backward pass is gradients alone. Under
``torch.autocast`` products are made in bfloat16, from float32 parameters and states, with float32 sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from drumhead.engine import numba_failure
from drumhead.models.kernels.chunks import parts_of
from drumhead.models.kernels.hearing import Ear, HearingKernel
from drumhead.models.kernels.threads import run_parts, torch_on_one_thread
from drumhead.models.readouts import READOUTS, Readout
from drumhead.models.sources import Source

MOST_TOGETHER = 4
"""Most images whose states are made together: convolutions are faster on a few."""


class Hearing(NamedTuple):
    """What follows the states of a model."""

    readout: Readout
    """One of :mod:`drumhead.models.readouts`."""
    layers: Sequence[nn.Module]
    """Linear layers, or 1x1 convolutions in their place, with ReLU between; after the first it may be missing."""

    @property
    def modules(self) -> list[nn.Module]:
        """All that holds its parameters."""
        return [self.readout, *self.layers]

    @property
    def parameters(self) -> list[Tensor]:
        """The readout's weight, if it has one, then weight (a matrix) and bias of each layer."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Linear | nn.Conv2d)]
        pairs = [(layer.weight.flatten(1), layer.bias) for layer in layers]
        return [*self.readout.parameters(), *(tensor for pair in pairs for tensor in pair if tensor is not None)]

    @property
    def linear_first(self) -> bool:
        """Whether there is no ReLU after the first layer."""
        return len(self.layers) > 1 and not isinstance(self.layers[1], nn.ReLU)

    def obstacle(self) -> str | None:
        """Why it cannot be fused, in a sentence's end; none if it can."""
        if type(self.readout) not in READOUTS.values():
            return f"it knows the readouts {', '.join(READOUTS)}, got a {type(self.readout).__name__}"
        first, *rest = [layer for layer in self.layers if type(layer) is not nn.ReLU]
        bent = [type(layer) is nn.ReLU for layer in self.layers[1 if self.linear_first else 0 :]]
        alternating = bent == [number % 2 == 1 for number in range(len(bent))] and not bent[-1]
        pointwise = type(first) is nn.Linear or (isinstance(first, nn.Conv2d) and first.kernel_size == (1, 1))
        if alternating and pointwise and all(type(layer) is nn.Linear for layer in rest):
            return None
        return (
            f"it needs linear layers with ReLU between, got {', '.join(type(layer).__name__ for layer in self.layers)}"
        )

    def kernel(self, dtype: torch.dtype) -> HearingKernel:
        """It in cache, for states of that type."""
        return HearingKernel(
            self.readout.name,
            self.parameters,
            steps=self.readout.steps,
            channels=self.readout.channels,
            dtype=product_dtype(dtype),
            linear_first=self.linear_first,
        )


def product_dtype(dtype: torch.dtype) -> torch.dtype:
    """The type in which products of float32 are made, as autocast has it; float64 is left alone."""
    return torch.bfloat16 if dtype == torch.float32 and torch.is_autocast_enabled("cpu") else dtype


def obstacle(tensors: Sequence[Tensor], hearing: Hearing) -> str | None:
    """Why :func:`heard_loss` and :func:`heard_logits` cannot take these, in a sentence's end; none if they can."""
    if reason := hearing.obstacle():
        return reason
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") != torch.bfloat16:
        return f"under autocast it knows bfloat16, got {torch.get_autocast_dtype('cpu')}"
    parameters = hearing.parameters
    for tensor in (*tensors, *parameters):
        if tensor.device.type != "cpu":
            return f"it needs tensors on the CPU, got one on {tensor.device}"
        if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != parameters[0].dtype:
            return f"it needs all of float32 or all of float64, got {parameters[0].dtype} and {tensor.dtype}"
    return numba_failure()


@torch.compiler.disable  # type: ignore[untyped-decorator]
def heard_loss(
    make_source: Callable[[Tensor], Source],
    images: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    hearing: Hearing,
    parameters: Sequence[Tensor],
) -> Tensor:
    """The weighted sum over pixels of the cross-entropy of what is heard, a scalar.

    Gradients are made at once if they are needed at all; they flow to the images and the parameters, and cannot be
    differentiated again.

    Args:
        make_source: gives the fields of some of the images; called in several threads, each with images of its own,
            with torch on one thread.
        images: ``(batch, ...)``.
        targets: classes, int64 ``(batch, height, width)``.
        weights: what each pixel counts for, of the field's type, ``(batch, height, width)``; a pixel of weight 0 costs
            nothing after the states. It gets no gradient.
        hearing: what follows the states. Forward hooks on its parts are not called.
        parameters: what the fields are made from, besides the images.

    >>> from drumhead.models.readouts import build_readout
    >>> field, masks = torch.zeros(1, 8, 2, 5, 7), torch.zeros(1, 5, 7, dtype=torch.int64)
    >>> readout = build_readout("linear", steps=8, channels=2)
    >>> network = PixelNetwork(readout.features, 3, widths=[16])
    >>> hearing = Hearing(readout, list(network.layers))
    >>> loss = heard_loss(WholeFields, field, masks, torch.ones(1, 5, 7) / 35, hearing=hearing, parameters=[])
    >>> torch.testing.assert_close(loss, nn.functional.cross_entropy(network(readout(field)), masks))
    """
    job = _Job(make_source, images, targets, weights, hearing, parameters)
    loss: Tensor = _HeardLoss.apply(job, images, *parameters, *hearing.parameters)  # type: ignore[no-untyped-call]
    return loss


@torch.compiler.disable  # type: ignore[untyped-decorator]
def heard_logits(make_source: Callable[[Tensor], Source], images: Tensor, *, hearing: Hearing, classes: int) -> Tensor:
    """Class logits ``(batch, class, height, width)``, without gradients; arguments as in :func:`heard_loss`."""
    batch, height, width = len(images), *images.shape[-2:]
    logits = images.new_empty(batch, classes, height * width)
    with torch.no_grad(), torch_on_one_thread() as threads:
        parts = parts_of(groups_of(batch))
        kernel = hearing.kernel(images.dtype)

        def run(part: int) -> None:
            ear = Ear(kernel)
            for group in parts[part]:
                source = make_source(images[group])
                for image, out in enumerate(logits[group]):
                    ear.listen(height * width, dtype=source.dtype)
                    source.play(image, ear.hear)
                    ear.write_logits(out)

        run_parts(run, len(parts), threads=threads)
    return logits.view(batch, classes, height, width)


def groups_of(batch: int) -> list[slice]:
    """The images of a batch, a few at a time; how many does not depend on the number of threads.

    >>> groups_of(4), len(groups_of(64))
    ([slice(0, 1, None), slice(1, 2, None), slice(2, 3, None), slice(3, 4, None)], 16)
    """
    together = min(MOST_TOGETHER, max(1, batch // 4))
    return [slice(at, min(at + together, batch)) for at in range(0, batch, together)]


class _Share:
    """A part's share of the loss and of the gradients of what wants one.

    Args:
        job: what it is a part of.
    """

    def __init__(self, job: _Job) -> None:
        self.loss = 0.0
        self.of_parameters = [torch.zeros_like(parameter) for parameter in job.of_parameters]
        self.of_heard = [torch.zeros_like(parameter) for parameter in job.heard if job.of_heard]
        self.of_images: list[Tensor] = []

    def add(self, other: _Share) -> None:
        """Add another part's."""
        self.loss += other.loss
        for total, gradient in zip(
            (*self.of_parameters, *self.of_heard), (*other.of_parameters, *other.of_heard), strict=True
        ):
            total += gradient
        self.of_images += other.of_images


class _Job:
    """What :func:`heard_loss` was asked for."""

    def __init__(
        self,
        make_source: Callable[[Tensor], Source],
        images: Tensor,
        targets: Tensor,
        weights: Tensor,
        hearing: Hearing,
        parameters: Sequence[Tensor],
    ) -> None:
        self.make_source, self.images, self.hearing, self.parameters = make_source, images, hearing, parameters
        self.targets, self.weights = targets.flatten(1), weights.detach().flatten(1)
        self.heard = [values.detach() for values in hearing.parameters]
        recording = torch.is_grad_enabled()
        self.of_images = recording and images.requires_grad
        self.of_parameters = [values for values in parameters if recording and values.requires_grad]
        self.of_heard = recording and any(values.requires_grad for values in hearing.parameters)
        self.of_states = self.of_images or bool(self.of_parameters)

    def run(self) -> _Share:
        """Make the loss and the gradients."""
        with torch_on_one_thread() as threads:
            self.kernel = self.hearing.kernel(self.weights.dtype)
            self.counted = self.weights != 0
            parts = parts_of(groups_of(len(self.images)))
            shares = [_Share(self) for _ in parts]
            run_parts(lambda part: self._listen(parts[part], shares[part]), len(parts), threads=threads)
            total = _Share(self)
            for share in shares:  # in this order, whichever was ready first
                total.add(share)
        return total

    def gradients(self, total: _Share) -> list[Tensor | None]:
        """The gradients of images, parameters and hearing's parameters; none where not wanted."""
        of_images = None
        if self.of_images:
            of_images = torch.cat([self.images[:0], *total.of_images])
        found = iter(total.of_parameters)
        wanted = set(map(id, self.of_parameters))
        of_parameters = [next(found) if id(values) in wanted else None for values in self.parameters]
        of_heard: Sequence[Tensor | None] = total.of_heard or [None] * len(self.heard)
        return [of_images, *of_parameters, *of_heard]

    def _listen(self, groups: Sequence[slice], share: _Share) -> None:
        """Take some groups of images from states to gradients."""
        ear = Ear(self.kernel)
        for group in groups:
            images = self.images[group].detach().requires_grad_(self.of_images)
            with torch.set_grad_enabled(self.of_states):
                source = self.make_source(images)
            for image, number in enumerate(range(group.start, group.stop)):
                self._hear(ear, source, image, number, share)
            found = source.gradients([*self.of_parameters, *([images] if self.of_images else [])])
            for total, gradient in zip(share.of_parameters, found, strict=False):
                if gradient is not None:
                    total += gradient
            if self.of_images:
                share.of_images.append(found[-1] if found[-1] is not None else torch.zeros_like(images))

    def _hear(self, ear: Ear, source: Source, image: int, number: int, share: _Share) -> None:
        """Hear an image of a source, which has a number in the batch, and play back what was heard."""
        of_readout = share.of_heard[0] if share.of_heard and self.hearing.readout.name == "linear" else None
        back = self.of_states or of_readout is not None
        weights = self.weights[number]
        ear.listen(len(weights), dtype=source.dtype, counted=self.counted[number])
        source.play(image, ear.hear)
        share.loss += ear.loss(self.targets[number], weights, parameter_gradients=share.of_heard, of_field=back)
        if back:
            source.play_back(image, partial(ear.write_gradient, of_readout=of_readout))


class _HeardLoss(torch.autograd.Function):
    """:func:`heard_loss` for autograd."""

    @staticmethod
    def forward(ctx: Any, job: _Job, *inputs: Tensor) -> Tensor:
        share = job.run()
        ctx.save_for_backward(*job.gradients(share))
        return job.weights.new_tensor(share.loss)

    @staticmethod
    def backward(ctx: Any, incoming: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise NotImplementedError("the fused loss cannot be differentiated twice; use engine='plain' for that")
        return None, *(None if gradient is None else gradient * incoming for gradient in ctx.saved_tensors)
