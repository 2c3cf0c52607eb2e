"""The loss on all pixels, and on a weighted sample of them."""

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
    """Images, and masks of which the last is all background."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(BATCH, 2, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    masks = torch.randint(CLASSES, (BATCH, HEIGHT, WIDTH), generator=generator)
    masks[torch.rand(masks.shape, generator=generator) < 0.7] = 0
    masks[-1] = 0
    return images, masks


def gradients(model: Segmenter, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.parameters())))


@every_model
def test_it_is_the_mean_cross_entropy_over_all_pixels(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    log_probability = model(images).log_softmax(dim=1).gather(1, masks[:, None])
    torch.testing.assert_close(model.loss(images, masks), -log_probability.mean())
    torch.testing.assert_close(model.loss(images, masks), F.cross_entropy(model(images), masks))


@every_model
def test_every_pixel_once_gives_the_whole_loss_and_gradient(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    generator = torch.Generator().manual_seed(1)
    pixel = torch.stack([torch.randperm(HEIGHT * WIDTH, generator=generator) for _ in range(BATCH)])
    sample = PixelSample(pixel, torch.full(pixel.shape, 1 / (HEIGHT * WIDTH), dtype=torch.float64))
    whole, sampled = model.loss(images, masks), model.loss(images, masks, pixels=sample)
    torch.testing.assert_close(sampled, whole)
    for one, other in zip(gradients(model, sampled), gradients(model, whole), strict=True):
        torch.testing.assert_close(one, other)


@every_model
def test_a_pixel_drawn_is_the_pixel_judged(name: str) -> None:
    model, (images, masks) = some_model(name), batch()
    row, column = 4, 2
    sample = PixelSample(torch.full((BATCH, 1), row * WIDTH + column), torch.ones(BATCH, 1, dtype=torch.float64))
    expected = F.cross_entropy(model(images)[..., row, column], masks[:, row, column])
    torch.testing.assert_close(model.loss(images, masks, pixels=sample), expected)


def test_the_sampled_loss_is_unbiased() -> None:
    model, (images, masks) = some_model("cnn"), batch()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        # Logits far apart, so that the pixels' losses differ widely.
        for parameter in model.parameters():
            parameter.mul_(3)
        whole = model.loss(images, masks)
        losses = torch.stack(
            [model.loss(images, masks, pixels=sample_pixels(masks, 5, generator=generator)) for _ in range(2000)]
        )
    standard_error = losses.std() / len(losses) ** 0.5
    assert standard_error < 0.02 * whole  # the bound below says something
    assert (losses.mean() - whole).abs() < 4 * standard_error


@pytest.mark.parametrize("image", range(BATCH), ids=["foreground", "other foreground", "background only"])
def test_the_expected_sum_of_weights_is_one(image: int) -> None:
    _, masks = batch()
    sums = sample_pixels(masks[image : image + 1], 20_000, generator=torch.Generator().manual_seed(3)).weight.sum()
    assert float(sums) == pytest.approx(1.0, rel=0.02)


def test_half_of_the_draws_are_for_the_foreground() -> None:
    masks = torch.zeros(1, 10, 10, dtype=torch.int64)
    masks[0, 2, 3:7] = 1  # 4 % of the image
    draws = 20_000
    sample = sample_pixels(masks, draws, generator=torch.Generator().manual_seed(4))
    foreground = masks.flatten(1).gather(1, sample.pixel) != 0
    assert float(foreground.float().mean()) == pytest.approx(0.5 + 0.5 * 0.04, abs=0.015)
    assert set(sample.pixel[foreground].tolist()) == {23, 24, 25, 26}
    # The inverse of each pixel's probability, a pixel being one in a hundred.
    probability = torch.where(foreground, 0.5 / 4 + 0.5 / 100, 0.5 / 100)
    torch.testing.assert_close(sample.weight, 1 / (draws * 100 * probability))


def test_an_image_without_foreground_is_drawn_from_evenly() -> None:
    sample = sample_pixels(torch.zeros(1, 2, 3, dtype=torch.int64), 6_000, generator=torch.Generator().manual_seed(5))
    assert sample.pixel.shape == sample.weight.shape == (1, 6_000)
    counts = sample.pixel.flatten().bincount(minlength=6)
    assert counts.min() > 850
    assert counts.max() < 1150
    torch.testing.assert_close(sample.weight, torch.full_like(sample.weight, 1 / 6_000))


def test_an_image_all_foreground_is_drawn_from_evenly() -> None:
    sample = sample_pixels(torch.ones(2, 2, 3, dtype=torch.int64), 600, generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(sample.weight, torch.full_like(sample.weight, 1 / 600))


def test_the_generator_alone_decides_the_draws() -> None:
    _, masks = batch()
    torch.manual_seed(1)
    one = sample_pixels(masks, 50, generator=torch.Generator().manual_seed(7))
    torch.manual_seed(2)
    before = torch.get_rng_state()
    same = sample_pixels(masks, 50, generator=torch.Generator().manual_seed(7))
    other = sample_pixels(masks, 50, generator=torch.Generator().manual_seed(8))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one.pixel, same.pixel)
    assert not torch.equal(one.pixel, other.pixel)


@pytest.mark.parametrize("count", [0, -3])
def test_a_sample_has_at_least_one_pixel(count: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1, got {count}"):
        sample_pixels(batch()[1], count, generator=torch.Generator())
