"""The weights of pixels in the loss."""

from __future__ import annotations

import torch

from drumhead.models import sample_pixels
from drumhead.models.pixel_weights import pixel_weights, sampled_weights


def test_sampled_weights_equal_the_weights_on_average() -> None:
    masks = torch.tensor([[[0, 0, 0, 1], [0, 2, 0, 0]]])
    weights = pixel_weights(masks, class_weights=torch.tensor([1.0, 2.0, 4.0]), dtype=torch.float64)
    draws = sample_pixels(masks, 100_000, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(sampled_weights(weights, draws), weights, rtol=0.03, atol=0)
