"""Samples of pixels: their distribution and their weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from drumhead.models import sample_pixels


def random_masks() -> Tensor:
    """Return masks of three images, mostly background; the last is all background."""
    generator = torch.Generator().manual_seed(0)
    masks = torch.randint(4, (3, 6, 7), generator=generator)
    masks[torch.rand(masks.shape, generator=generator) < 0.7] = 0
    masks[-1] = 0
    return masks


@pytest.mark.parametrize("image", range(3), ids=["foreground", "other foreground", "background only"])
def test_the_expected_sum_of_weights_is_one(image: int) -> None:
    masks = random_masks()
    sums = sample_pixels(masks[image : image + 1], 20_000, generator=torch.Generator().manual_seed(3)).weight.sum()
    assert float(sums) == pytest.approx(1.0, rel=0.02)


def test_half_of_the_draws_are_from_the_foreground() -> None:
    masks = torch.zeros(1, 10, 10, dtype=torch.int64)
    masks[0, 2, 3:7] = 1  # 4 % of the image
    draws = 20_000
    sample = sample_pixels(masks, draws, generator=torch.Generator().manual_seed(4))
    foreground = masks.flatten(1).gather(1, sample.pixel) != 0
    assert float(foreground.float().mean()) == pytest.approx(0.5 + 0.5 * 0.04, abs=0.015)
    assert set(sample.pixel[foreground].tolist()) == {23, 24, 25, 26}
    # The weight is the inverse of the probability of the pixel, divided by the number of draws and of pixels.
    probability = torch.where(foreground, 0.5 / 4 + 0.5 / 100, 0.5 / 100)
    torch.testing.assert_close(sample.weight, 1 / (draws * 100 * probability))


def test_draws_are_uniform_without_foreground() -> None:
    sample = sample_pixels(torch.zeros(1, 2, 3, dtype=torch.int64), 6_000, generator=torch.Generator().manual_seed(5))
    assert sample.pixel.shape == sample.weight.shape == (1, 6_000)
    counts = sample.pixel.flatten().bincount(minlength=6)
    assert counts.min() > 850
    assert counts.max() < 1150
    torch.testing.assert_close(sample.weight, torch.full_like(sample.weight, 1 / 6_000))


def test_draws_are_uniform_without_background() -> None:
    sample = sample_pixels(torch.ones(2, 2, 3, dtype=torch.int64), 600, generator=torch.Generator().manual_seed(6))
    torch.testing.assert_close(sample.weight, torch.full_like(sample.weight, 1 / 600))


def test_the_draws_depend_only_on_the_generator() -> None:
    masks = random_masks()
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
        sample_pixels(random_masks(), count, generator=torch.Generator())


@pytest.mark.parametrize("side", [4096, 4100])
def test_large_images_are_sampled_evenly(side: int) -> None:
    """Both sets of draws are uniform: the image by bands of rows, the foreground by bands of its own rows."""
    masks = torch.zeros(1, side, side, dtype=torch.uint8)
    masks[:, :, : side // 4] = 2
    sample = sample_pixels(masks, 200_000, generator=torch.Generator().manual_seed(9))
    rows, columns = sample.pixel[0] // side, sample.pixel[0] % side
    in_foreground = columns < side // 4
    assert float(in_foreground.float().mean()) == pytest.approx(0.5 + 0.5 * 0.25, abs=0.005)
    for draws in (rows[in_foreground], rows[~in_foreground]):
        bands = (draws * 8 // side).bincount(minlength=8).double() / len(draws) * 8
        torch.testing.assert_close(bands, torch.ones(8, dtype=torch.float64), rtol=0, atol=0.04)
    assert float(sample.weight.double().sum()) == pytest.approx(1.0, abs=0.01)


def test_ignored_pixels_are_not_foreground() -> None:
    masks = torch.zeros(2, 10, 10, dtype=torch.int64)
    masks[0, 0, :2], masks[0, 5:] = 1, 255
    masks[1, 5:] = 255
    draws = 20_000
    sample = sample_pixels(masks, draws, generator=torch.Generator().manual_seed(10), ignored_label=255)
    foreground = sample.pixel[0] < 2
    assert float(foreground.float().mean()) == pytest.approx(0.5 + 0.5 * 0.02, abs=0.015)
    probability = torch.where(foreground, 0.5 / 2 + 0.5 / 100, 0.5 / 100)
    torch.testing.assert_close(sample.weight[0], 1 / (draws * 100 * probability))
    torch.testing.assert_close(sample.weight[1], torch.full((draws,), 1 / draws))  # an image without foreground
