"""The loss in chunks of pixels, as on a GPU, against the definition: values and gradients, on the CPU."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.models import build, sample_pixels
from drumhead.models.cuda import chunked_loss
from drumhead.models.cuda.chunked_loss import chunked_cross_entropy, sampled_pixels
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.models.pixel_sample import PixelSample

SIZE = (5, 7)


def model_and_batch(name: str, **fields: Any) -> tuple[FusedSegmenter, Tensor, Tensor]:
    model = build(name, in_channels=2, classes=4, pixel_widths=(8, 6), engine="plain", **fields).double()
    assert isinstance(model, FusedSegmenter)
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(3, 2, *SIZE, generator=generator, dtype=torch.float64)
    return model, images, torch.randint(4, (3, *SIZE), generator=generator)


def gradients(model: FusedSegmenter, loss: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("chunk_pixels", [1, 14, 70, 1000], ids=["rows", "two rows", "two images", "all"])
@pytest.mark.parametrize("name", ["nwm", "cnn", "conv_lstm"])
def test_equals_the_definition(name: str, chunk_pixels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunked_loss, "CHUNK_PIXELS", chunk_pixels)
    model, images, masks = model_and_batch(name, **({} if name == "cnn" else {"steps": 4}))
    options: dict[str, Any] = {"class_weights": torch.tensor([1.0, 2.0, 0.0, 0.5]), "ignored_label": 3}
    expected, loss = model.loss(images, masks, **options), model.chunked_loss(images, masks, **options)
    torch.testing.assert_close(loss, expected)
    expected_gradients, found = gradients(model, expected), gradients(model, loss)
    assert found.keys() >= expected_gradients.keys()
    for parameter, gradient in found.items():
        torch.testing.assert_close(gradient, expected_gradients.get(parameter, 0 * gradient))


def test_a_sample_of_pixels_equals_the_definition() -> None:
    model, images, masks = model_and_batch("nwm", steps=4)
    pixels = sample_pixels(masks, 60, generator=torch.Generator().manual_seed(1))  # many pixels more than once
    expected, loss = model.loss(images, masks, pixels=pixels), model.chunked_loss(images, masks, pixels=pixels)
    torch.testing.assert_close(loss, expected)
    expected_gradients, found = gradients(model, expected), gradients(model, loss)
    for parameter, gradient in expected_gradients.items():
        torch.testing.assert_close(found[parameter], gradient)


@pytest.mark.parametrize("readout", ["last", "mean", "max", "fft", "linear"])
@pytest.mark.parametrize("sampled", [False, True])
def test_chunks_of_time_steps_equal_the_definition(readout: str, sampled: bool) -> None:
    model, images, masks = model_and_batch("nwm", steps=7, readout=readout, chunk_steps=3, boundary="free")
    pixels = sample_pixels(masks, 9, generator=torch.Generator().manual_seed(1)) if sampled else None
    expected, loss = model.loss(images, masks, pixels=pixels), model.chunked_loss(images, masks, pixels=pixels)
    torch.testing.assert_close(loss, expected)
    expected_gradients, found = gradients(model, expected), gradients(model, loss)
    for parameter, gradient in expected_gradients.items():
        torch.testing.assert_close(found[parameter], gradient)


def test_only_the_first_draw_of_a_pixel_has_a_weight() -> None:
    pixels = PixelSample(torch.tensor([[4, 1, 4, 0, 4]]), torch.ones(1, 5))
    weights = torch.arange(6.0).view(1, 2, 3)
    features = torch.arange(12.0).view(1, 2, 2, 3)
    sample = sampled_pixels(features, torch.arange(6).view(1, 2, 3), weights, pixels)
    assert sample.targets.flatten().tolist() == [0, 1, 4, 4, 4]
    assert sample.weights.flatten().tolist() == [0, 1, 4, 0, 0]
    assert sample.features[0, 1].flatten().tolist() == [6, 7, 10, 10, 10]


def test_the_head_gets_no_more_pixels_than_a_chunk() -> None:
    seen: list[int] = []

    def head(features: Tensor) -> Tensor:
        seen.append(features[:, 0].numel())
        return features

    features, masks = torch.rand(3, 4, 5, 7), torch.zeros(3, 5, 7, dtype=torch.int64)
    for chunk_pixels in (7, 20, 35, 80):
        seen.clear()
        chunked_cross_entropy(head, features, masks, torch.ones(3, 5, 7), parameters=[], chunk_pixels=chunk_pixels)
        assert max(seen) <= chunk_pixels
        assert sum(seen) == 3 * 35


def test_without_gradients_nothing_is_differentiated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.autograd, "grad", None)
    model, images, masks = model_and_batch("cnn")
    with torch.no_grad():
        torch.testing.assert_close(model.chunked_loss(images, masks), model.loss(images, masks))
