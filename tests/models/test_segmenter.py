"""The loss of a segmenter on all pixels and on a weighted sample of pixels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from drumhead.models import MODEL_NAMES, PixelSample, Segmenter, build, sample_pixels

SMALL: dict[str, dict[str, Any]] = {
    **{name: {"steps": 5, "width": 4, "pixel_widths": (8,)} for name in ("nwm", "conv_rnn", "conv_gru", "conv_lstm")},
    "cnn": {"layers": 2, "width": 4, "pixel_widths": (8,)},
    "unet": {"width": 2},
}
BATCH, HEIGHT, WIDTH, CLASSES = 3, 6, 7, 4
every_model = pytest.mark.parametrize("name", MODEL_NAMES)


def some_model(name: str) -> Segmenter:
    return build(name, in_channels=2, classes=CLASSES, **SMALL[name]).double()


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Return images, and masks that are mostly background; the last is all background."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(BATCH, 2, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    masks = torch.randint(CLASSES, (BATCH, HEIGHT, WIDTH), generator=generator)
    masks[torch.rand(masks.shape, generator=generator) < 0.7] = 0
    masks[-1] = 0
    return images, masks


def gradients(model: Segmenter, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.parameters())))


@every_model
def test_the_loss_is_the_mean_cross_entropy_over_all_pixels(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    log_probability = model(images).log_softmax(dim=1).gather(1, masks[:, None])
    torch.testing.assert_close(model.loss(images, masks), -log_probability.mean())
    torch.testing.assert_close(model.loss(images, masks), F.cross_entropy(model(images), masks))


@every_model
def test_a_sample_of_every_pixel_gives_the_same_loss_and_gradient(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    generator = torch.Generator().manual_seed(1)
    pixel = torch.stack([torch.randperm(HEIGHT * WIDTH, generator=generator) for _ in range(BATCH)])
    sample = PixelSample(pixel, torch.full(pixel.shape, 1 / (HEIGHT * WIDTH), dtype=torch.float64))
    whole, sampled = model.loss(images, masks), model.loss(images, masks, pixels=sample)
    torch.testing.assert_close(sampled, whole)
    for one, other in zip(gradients(model, sampled), gradients(model, whole), strict=True):
        torch.testing.assert_close(one, other)


@every_model
def test_a_sample_of_one_pixel_gives_the_loss_at_that_pixel(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    row, column = 4, 2
    sample = PixelSample(torch.full((BATCH, 1), row * WIDTH + column), torch.ones(BATCH, 1, dtype=torch.float64))
    expected = F.cross_entropy(model(images)[..., row, column], masks[:, row, column])
    torch.testing.assert_close(model.loss(images, masks, pixels=sample), expected)


def test_the_sampled_loss_is_unbiased() -> None:
    model, (images, masks) = some_model("cnn"), batch()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        # Large weights, so that the losses of the pixels differ widely.
        for parameter in model.parameters():
            parameter.mul_(3)
        whole = model.loss(images, masks)
        losses = torch.stack(
            [model.loss(images, masks, pixels=sample_pixels(masks, 5, generator=generator)) for _ in range(2000)]
        )
    standard_error = losses.std() / len(losses) ** 0.5
    assert standard_error < 0.02 * whole  # so that the next bound is a strict one
    assert (losses.mean() - whole).abs() < 4 * standard_error
