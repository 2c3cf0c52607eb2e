"""The cross-entropy and its gradients, a chunk of pixels at a time.

The head of a model, its readout and pixel network, treats each pixel on its own. So the activations and logits of one
chunk at a time are in memory. Of the size of the states, there are the states themselves and one gradient. The code is
plain torch and runs on any device; on a GPU, a CUDA graph can record it. No sum depends on the order in which a GPU
computes: see :func:`sampled_pixels`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from drumhead.models.pixel_sample import PixelSample

CHUNK_PIXELS = 1 << 16
"""The number of pixels in a chunk: enough work for a GPU, and 64 MB for an activation of 256 float32."""

Head = Callable[[Tensor], Tensor]
"""Computes logits ``(image, class, height, width)`` of features ``(image, ..., height, width)``, pixel by pixel."""


class SampledPixels(NamedTuple):
    """A sample of pixels of each image of a batch, as images of one column."""

    features: Tensor
    """The features, ``(batch, ..., sample, 1)``."""
    targets: Tensor
    """The classes, ``(batch, sample, 1)``."""
    weights: Tensor
    """The weights in the loss, ``(batch, sample, 1)``."""


def chunked_cross_entropy(
    head: Head,
    features: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    parameters: Sequence[Tensor],
    chunk_pixels: int | None = None,
) -> Tensor:
    """Return the weighted sum over all pixels of the cross-entropy, a scalar.

    If any gradient is needed, all are computed in the forward pass. They flow to the features and the parameters, and
    cannot be differentiated again.

    Args:
        head: Called once for each chunk.
        features: ``(batch, ..., height, width)``.
        targets: Classes, int64 ``(batch, height, width)``.
        weights: The weight of each pixel, ``(batch, height, width)``. It gets no gradient.
        parameters: What the head computes with besides the features, and perhaps more.
        chunk_pixels: The number of pixels in a chunk, at least one row of an image; None: ``CHUNK_PIXELS``.

    >>> layer = torch.nn.Conv2d(4, 3, 1)
    >>> features, masks = torch.rand(2, 4, 5, 7), torch.zeros(2, 5, 7, dtype=torch.int64)
    >>> weights = torch.full((2, 5, 7), 1 / 70)
    >>> loss = chunked_cross_entropy(
    ...     layer, features, masks, weights, parameters=list(layer.parameters()), chunk_pixels=14
    ... )
    >>> torch.testing.assert_close(loss, F.cross_entropy(layer(features), masks))
    """
    if not torch.is_grad_enabled():
        features, parameters = features.detach(), []
    size = chunk_pixels or CHUNK_PIXELS
    loss: Tensor = _ChunkedCrossEntropy.apply(head, size, features, targets, weights.detach(), *parameters)  # type: ignore[no-untyped-call]
    return loss


def sampled_pixels(features: Tensor, targets: Tensor, weights: Tensor, pixels: PixelSample) -> SampledPixels:
    """Return the features, classes and weights of a sample of pixels.

    A pixel that was drawn several times has its whole weight at the first of its draws, and 0 at the others. So adding
    the gradients of its draws gives the same bits in any order.

    Args:
        features: ``(batch, ..., height, width)``.
        targets: Classes, int64 ``(batch, height, width)``.
        weights: The weights in the loss on the sample (:func:`drumhead.models.pixel_weights.sampled_weights`),
            ``(batch, height, width)``.
        pixels: The sample.
    """
    pixel = pixels.pixel.sort(dim=1).values
    is_first = torch.ones_like(pixel, dtype=torch.bool)
    is_first[:, 1:] = pixel[:, 1:] != pixel[:, :-1]
    flat = features.flatten(-2)
    index = pixel.view(len(pixel), *[1] * (flat.ndim - 2), -1)
    return SampledPixels(
        flat.take_along_dim(index, dim=-1)[..., None],
        targets.flatten(1).gather(1, pixel)[..., None],
        (weights.flatten(1).gather(1, pixel) * is_first)[..., None],
    )


class _ChunkedCrossEntropy(torch.autograd.Function):
    """The loss as one autograd operation, whose gradients are computed in its forward pass."""

    @staticmethod
    def forward(
        ctx: Any, head: Head, chunk_pixels: int, features: Tensor, targets: Tensor, weights: Tensor, *parameters: Tensor
    ) -> Tensor:
        needs_features, _, _, *needs_parameters = ctx.needs_input_grad[2:]
        needed = [values for values, needs in zip(parameters, needs_parameters, strict=True) if needs]
        grad_features = torch.zeros_like(features) if needs_features else None
        grads = [torch.zeros_like(values) for values in needed]
        loss = torch.zeros((), dtype=weights.dtype, device=features.device)
        for images, rows in _chunks(features, chunk_pixels):
            chunk = features[images][..., rows, :].detach().requires_grad_(needs_features)
            with torch.enable_grad():
                losses = F.cross_entropy(head(chunk), targets[images, rows], reduction="none")
                chunk_loss = (losses.to(weights.dtype) * weights[images, rows]).sum()
            loss += chunk_loss.detach()
            inputs = [*([chunk] if needs_features else []), *needed]
            if not inputs:
                continue
            gradients = list(torch.autograd.grad(chunk_loss, inputs, allow_unused=True))
            if grad_features is not None and (grad_chunk := gradients.pop(0)) is not None:
                grad_features[images][..., rows, :] = grad_chunk
            for total, gradient in zip(grads, gradients, strict=True):
                if gradient is not None:
                    total += gradient
        ctx.needs_parameters = needs_parameters
        ctx.save_for_backward(*([] if grad_features is None else [grad_features]), *grads)
        ctx.has_features = needs_features
        return loss

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grad_outputs: Tensor) -> tuple[Tensor | None, ...]:
        (grad_loss,) = grad_outputs
        saved = [values * grad_loss.to(values.dtype) for values in ctx.saved_tensors]
        grad_features = saved.pop(0) if ctx.has_features else None
        rest = iter(saved)
        return None, None, grad_features, None, None, *(next(rest) if needs else None for needs in ctx.needs_parameters)


def _chunks(features: Tensor, chunk_pixels: int) -> Iterator[tuple[slice, slice]]:
    """Yield the images and the rows of each chunk: several whole images, or rows of one image."""
    batch, (height, width) = len(features), features.shape[-2:]
    images = max(1, chunk_pixels // max(1, height * width))
    rows = height if images > 1 else max(1, chunk_pixels // max(1, width))
    for image in range(0, batch, images):
        for row in range(0, height, rows):
            yield slice(image, image + images), slice(row, row + rows)
