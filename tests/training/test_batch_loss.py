"""The loss of a batch with ignored pixels and class weights, and its gradient, against cross-entropy by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from drumhead.models import Segmenter, build, sample_pixels
from drumhead.models.unet import UNet
from drumhead.training.batch_loss import BatchLoss, total_weight
from drumhead.training.devices import Devices, make_fabric
from drumhead.training.processes import Processes

MODELS: dict[str, dict[str, Any]] = {
    "nwm": {"steps": 5, "width": 4, "pixel_widths": (8,)},
    "conv_lstm": {"steps": 3, "width": 4, "pixel_widths": (8,)},
    "cnn": {"layers": 2, "width": 4, "pixel_widths": (8,)},
    "unet": {"width": 2},
}
WEIGHTS = (0.5, 4.0, 0.0)


def batch() -> tuple[Tensor, Tensor]:
    """Return three images of 9 x 11 pixels with masks of three classes; a third of the pixels is ignored."""
    generator = torch.Generator().manual_seed(0)
    masks = torch.randint(3, (3, 9, 11), generator=generator)
    masks[torch.rand(masks.shape, generator=generator) < 0.3] = 255
    masks[2] = 255
    return torch.rand(3, 2, 9, 11, generator=generator), masks


def loss_by_hand(model: Segmenter, images: Tensor, masks: Tensor, weights: Tensor | None) -> Tensor:
    """Return the weighted mean over a list of the pixels that count."""
    logits = model(images).permute(0, 2, 3, 1)[masks != 255]
    return cross_entropy(logits, masks[masks != 255], weight=weights)


def one_process() -> Processes:
    return Processes(make_fabric(Devices(accelerator="cpu")))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("name", MODELS)
def test_loss_and_gradient_are_those_over_the_pixels_that_count(name: str, weights: tuple[float, ...] | None) -> None:
    images, masks = batch()
    model = build(name, in_channels=2, classes=3, seed=0, **MODELS[name]).train()
    expected = loss_by_hand(model, images, masks, None if weights is None else torch.tensor(weights))
    expected_grads = torch.autograd.grad(expected, list(model.parameters()), allow_unused=True)
    loss = BatchLoss(model, one_process(), class_weights=weights, ignored_label=255).own_part(images, masks)
    assert loss is not None
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    for grad, expected_grad in zip(
        torch.autograd.grad(loss, list(model.parameters()), allow_unused=True), expected_grads, strict=True
    ):
        if expected_grad is not None:
            torch.testing.assert_close(grad, expected_grad, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["cnn", "unet"])
def test_a_sample_of_pixels_is_unbiased(name: str) -> None:
    images, masks = batch()
    model = build(name, in_channels=2, classes=3, seed=0, **MODELS[name]).eval()
    batch_loss = BatchLoss(model, one_process(), class_weights=(1, 4, 2), ignored_label=255)
    pixels = sample_pixels(masks, 60_000, generator=torch.Generator().manual_seed(0), ignored_label=255)
    with torch.no_grad():
        sampled, exact = batch_loss.own_part(images, masks, pixels), batch_loss.own_part(images, masks)
    assert sampled is not None
    assert exact is not None
    assert float(sampled) == pytest.approx(float(exact), rel=0.01)


def test_no_loss_if_nothing_counts() -> None:
    images, masks = batch()
    model = build("cnn", in_channels=2, classes=3, seed=0, **MODELS["cnn"])
    ignored = torch.full_like(masks, 255)
    assert BatchLoss(model, one_process(), ignored_label=255).own_part(images, ignored) is None
    assert BatchLoss(model, one_process(), class_weights=WEIGHTS).own_part(images, torch.full_like(masks, 2)) is None
    zero = BatchLoss(model, one_process(), ignored_label=0)  # a label may be any number
    assert zero.own_part(images, torch.zeros_like(masks)) is None


def test_the_total_weight_by_hand() -> None:
    masks = torch.tensor([[[0, 1, 1, 2, 9]]])
    assert total_weight(masks, class_weights=None, ignored_label=None) == 5
    assert total_weight(masks, class_weights=None, ignored_label=9) == 4
    assert total_weight(masks, class_weights=torch.tensor([0.5, 4, 1]), ignored_label=9) == 0.5 + 8 + 1


@pytest.mark.parametrize("is_sampled", [False, True])
def test_the_gradient_is_zero_at_the_logits_of_ignored_pixels(is_sampled: bool) -> None:
    images, masks = batch()
    model = build("unet", in_channels=2, classes=3, seed=0, width=2)
    assert isinstance(model, UNet)
    grads: list[Tensor] = []
    model.leave.register_full_backward_hook(lambda module, grad_inputs, grad_outputs: grads.extend(grad_outputs))
    pixels = sample_pixels(masks, 50, generator=torch.Generator().manual_seed(0), ignored_label=255)
    loss = BatchLoss(model, one_process(), ignored_label=255).own_part(images, masks, pixels if is_sampled else None)
    assert loss is not None
    loss.backward()  # type: ignore[no-untyped-call]
    labels = masks.flatten(1).gather(1, pixels.pixel) if is_sampled else masks.flatten(1)
    by_pixel = grads[0].flatten(2).abs().sum(dim=1)
    assert not by_pixel[labels == 255].any()
    assert (by_pixel[labels != 255] > 0).all()
