"""The U-Net: its structure, and how images of any size are padded and logits cropped."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from drumhead.models import UNet, build
from drumhead.models.unet import Up, padding_to_fit


def small_unet(width: int = 2) -> UNet:
    model = build("unet", in_channels=2, classes=4, width=width).double()
    assert isinstance(model, UNet)
    return model


def random_images(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def forward_by_hand(model: UNet, images: Tensor) -> Tensor:
    """Run the model step by step, for images that need no padding."""
    level0 = model.enter(images)
    level1 = model.down[0](F.max_pool2d(level0, 2))
    level2 = model.down[1](F.max_pool2d(level1, 2))
    level3 = model.down[2](F.max_pool2d(level2, 2))
    level4 = model.down[3](F.max_pool2d(level3, 2))
    up3 = model.up[0](level4, level3)
    up2 = model.up[1](up3, level2)
    up1 = model.up[2](up2, level1)
    logits: Tensor = model.leave(model.up[3](up1, level0))
    return logits


@pytest.mark.parametrize("size", [(32, 32), (64, 48), (32, 80)], ids=str)
@pytest.mark.parametrize("training", [True, False])
def test_images_that_fit_are_neither_padded_nor_cropped(size: tuple[int, int], training: bool) -> None:
    model, images = small_unet().train(training), random_images(2, 2, *size)
    assert padding_to_fit(*size) == (0, 0, 0, 0)
    assert torch.equal(model(images), forward_by_hand(model, images))


@pytest.mark.parametrize("size", [(1, 1), (5, 40), (15, 16), (31, 33), (50, 56), (75, 75)], ids=str)
def test_other_images_are_padded_below_and_to_the_right_and_cropped_back(size: tuple[int, int]) -> None:
    height, width = size
    model, images = small_unet().eval(), random_images(2, 2, height, width)
    fitted_height, fitted_width = (max(32, -(-side // 16) * 16) for side in size)
    fitted = torch.zeros(2, 2, fitted_height, fitted_width, dtype=torch.float64)
    fitted[..., :height, :width] = images
    torch.testing.assert_close(model(images), forward_by_hand(model, fitted)[..., :height, :width])


def test_a_pixel_depends_on_the_whole_image() -> None:
    model, images = small_unet(width=8).eval(), random_images(4, 2, 64, 64).requires_grad_()
    (gradient,) = torch.autograd.grad(model(images)[..., 32, 32].sum(), images)
    reached = gradient.abs().amax(dim=(0, 1)) > 0
    assert reached[:8].any()
    assert reached[-8:].any()
    assert reached[:, :8].any()
    assert reached[:, -8:].any()


def test_batch_norms_change_only_in_training_mode() -> None:
    model, images = small_unet(), random_images(2, 2, 32, 32)
    before = [buffer.clone() for buffer in model.buffers()]
    model.eval()(images)
    assert all(torch.equal(a, b) for a, b in zip(model.buffers(), before, strict=True))
    model.train()(images)
    assert not any(torch.equal(a, b) for a, b in zip(model.buffers(), before, strict=True))


def test_batch_norms_and_convolutions_are_the_published_ones() -> None:
    modules = list(small_unet().modules())
    norms = [module for module in modules if isinstance(module, torch.nn.BatchNorm2d)]
    assert len(norms) == 18
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.1, 1e-5)}
    convolutions = [module for module in modules if isinstance(module, torch.nn.Conv2d)]
    assert [module.kernel_size for module in convolutions if module.bias is not None] == [(1, 1)]


def test_the_skip_connection_comes_first_on_the_way_up() -> None:
    """Published weights have this order."""
    up = Up(4, 2).double().eval()
    low, skip = random_images(1, 4, 3, 3), random_images(1, 2, 6, 6)
    expected = up.convolve(torch.cat([skip, up.upsample(low)], dim=1))
    assert torch.equal(up(low, skip), expected)
