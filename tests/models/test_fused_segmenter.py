"""The loss and the predictions of models are the same with the fused engine as with the plain one."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.models import (
    NWM,
    READOUTS,
    ConvRNN,
    ConvRNNConfig,
    NWMConfig,
    PixelSample,
    ReadoutName,
    RecurrentSegmenter,
    build,
    sample_pixels,
)
from drumhead.models.fused_segmenter import FusedSegmenter

NAMES: tuple[ReadoutName, ...] = tuple(READOUTS)
every_readout = pytest.mark.parametrize("name", NAMES)


def plain_and_fused(**fields: Any) -> Iterator[NWM]:
    """Yield a network with the plain engine, then the same with the fused engine."""
    for engine in ("plain", "fused"):
        torch.manual_seed(1)
        config = NWMConfig(steps=6, pixel_widths=(16,), engine=engine, **fields)
        yield NWM(config, in_channels=1, classes=4).double()


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("ignored", [None, 2, 255])
@pytest.mark.parametrize("weighted", [False, True])
def test_weights_and_ignored_pixels_as_in_cross_entropy(sampled: bool, ignored: int | None, weighted: bool) -> None:
    images, masks = torch.rand(3, 1, 9, 8, dtype=torch.float64), torch.randint(4, (3, 9, 8))
    if ignored == 255:
        masks[torch.rand(masks.shape) < 0.3] = 255
    options: dict[str, Any] = {"ignored_label": ignored}
    if weighted:
        options["class_weights"] = torch.tensor([0.2, 1.0, 3.0, 0.0])
    if sampled:
        options["pixels"] = sample_pixels(masks, 40, generator=torch.Generator().manual_seed(3))
    gradients = []
    for model in plain_and_fused():
        loss = model.loss(images, masks, **options)
        gradients.append([loss, *torch.autograd.grad(loss, list(model.parameters()))])
    for plain, fused in zip(*gradients, strict=True):
        torch.testing.assert_close(fused, plain, rtol=1e-6 if sampled else 1e-9, atol=1e-10)


@every_readout
def test_an_image_whose_pixels_are_all_ignored_adds_nothing(name: ReadoutName) -> None:
    images, masks = torch.rand(3, 1, 9, 8, dtype=torch.float64), torch.randint(4, (3, 9, 8))
    masks[1] = 255
    for model in plain_and_fused(readout=name):
        others = [0, 2]
        losses = model.loss(images, masks, ignored_label=255), model.loss(images[others], masks[others])
        torch.testing.assert_close(*losses)
        for grad, expected in zip(*(torch.autograd.grad(x, list(model.parameters())) for x in losses), strict=True):
            torch.testing.assert_close(grad, expected)


def test_a_sample_of_every_pixel_gives_the_loss_on_all_pixels() -> None:
    """This holds with class weights and ignored pixels too: the mean is over the whole mask, not over the draws."""
    images, masks = torch.rand(2, 1, 5, 6, dtype=torch.float64), torch.randint(4, (2, 5, 6))
    pixel = torch.arange(30).repeat(2, 2)  # every pixel twice
    sample = PixelSample(pixel, torch.full(pixel.shape, 1 / 60, dtype=torch.float64))
    options: dict[str, Any] = {"class_weights": torch.tensor([0.2, 1.0, 3.0, 0.5]), "ignored_label": 1}
    for model in plain_and_fused():
        whole = model.loss(images, masks, **options)
        torch.testing.assert_close(model.loss(images, masks, pixels=sample, **options), whole)


def test_the_loss_is_nan_if_every_pixel_is_ignored() -> None:
    for model in plain_and_fused():
        images, masks = torch.rand(1, 1, 4, 4, dtype=torch.float64), torch.full((1, 4, 4), 9)
        assert model.loss(images, masks, ignored_label=9).isnan()


def test_masks_must_fit() -> None:
    images = torch.rand(1, 1, 4, 4, dtype=torch.float64)
    for model in plain_and_fused():
        with pytest.raises(ValueError, match="from 0 to 3, got 0 to 9"):
            model.loss(images, torch.tensor([0, 9]).repeat(8).view(1, 4, 4))
        with pytest.raises(ValueError, match="int64"):
            model.loss(images, torch.zeros(1, 4, 5, dtype=torch.int64))


def test_logits_and_predictions() -> None:
    images = torch.rand(2, 1, 7, 5, dtype=torch.float64)
    plain, fused = plain_and_fused(readout="fft")
    with torch.no_grad():
        torch.testing.assert_close(fused(images), plain(images))
    assert torch.equal(fused.predict(images), plain.predict(images))
    assert fused(images).requires_grad


def test_a_recurrent_model_without_compiled_cell() -> None:
    images, masks = torch.rand(2, 1, 6, 5), torch.randint(3, (2, 6, 5))
    losses = []
    for engine in ("plain", "fused"):
        torch.manual_seed(2)
        config = ConvRNNConfig(name="conv_gru", steps=4, engine=engine)
        losses.append(ConvRNN(config, in_channels=1, classes=3).loss(images, masks))
    torch.testing.assert_close(losses[0], losses[1])


# torch looks at that attribute itself after a graph break.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_the_loss_works_inside_compiled_code() -> None:
    _, model = plain_and_fused()
    images, masks = torch.rand(2, 1, 6, 5, dtype=torch.float64), torch.randint(4, (2, 6, 5))
    compiled = torch.compile(lambda images, masks: 2 * model.loss(images.sqrt(), masks), backend="aot_eager")
    compiled_loss, loss = compiled(images, masks), 2 * model.loss(images.sqrt(), masks)
    torch.testing.assert_close(compiled_loss, loss)
    parameters = list(model.parameters())
    gradients, expected = (torch.autograd.grad(value, parameters) for value in (compiled_loss, loss))
    for gradient, reference in zip(gradients, expected, strict=True):
        torch.testing.assert_close(gradient, reference)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_does_not_hang_in_a_forked_process() -> None:
    """Torch hangs there if it uses its own threads after the parent has used them.

    The process also shows that the fused engine does not import torch's compiler, which takes seconds.
    """
    script = """
import os, signal, sys, torch
from drumhead.models import NWM, NWMConfig
torch.set_num_threads(2)
model = NWM(NWMConfig(steps=3, engine="fused"), in_channels=1, classes=3)
images, masks = torch.rand(4, 1, 6, 6), torch.ones(4, 6, 6, dtype=torch.int64)
model.loss(images, masks).backward()
assert "torch._dynamo" not in sys.modules
torch.ones(1_000_000).exp()  # starts torch's threads
child = os.fork()
signal.alarm(20)
loss = model.loss(images, masks)  # computes the gradients too
if child:
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60, env={**os.environ, "OMP_NUM_THREADS": "2"})


@pytest.mark.parametrize("name", ["nwm", "conv_lstm", "cnn"])
def test_losses_and_predictions_reuse_memory(name: str) -> None:
    """A call reuses the memory of earlier calls, of any size, in inference mode or not. Copies have none at first."""
    model = build(name, in_channels=1, classes=3, pixel_widths=(8,), engine="fused")
    assert isinstance(model, FusedSegmenter)
    unused = copy.deepcopy(model)
    images, masks = torch.rand(3, 1, 20, 24), torch.randint(3, (3, 20, 24))
    with torch.inference_mode():
        first = model(images)
    torch.autograd.backward(model.loss(images, masks))
    model.loss(images[:, :, :5], masks[:, :5])
    assert model.workspaces
    with torch.inference_mode():
        assert torch.equal(model(images), first)
    loss = model.loss(images, masks)
    assert torch.equal(loss, unused.loss(images, masks))
    duplicate = copy.deepcopy(model)
    assert not any(workspace.memory for workspace in duplicate.workspaces)
    assert pickle.loads(pickle.dumps(model)).loss(images, masks) == loss


def flat_gradients(model: NWM, images: Tensor, masks: Tensor, *, autocast: bool = False) -> Tensor:
    """Return all gradients, concatenated, in float64."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        loss = model.loss(images, masks)
    return torch.cat([g.flatten().double() for g in torch.autograd.grad(loss, list(model.parameters()))])


@every_readout
@pytest.mark.parametrize("chunk_steps", [None, 7])
def test_gradients_with_bfloat16_products_are_close_to_exact(name: ReadoutName, chunk_steps: int | None) -> None:
    """Only products are rounded: so the gradient differs from that in float64 by less than 2 %."""
    torch.manual_seed(4)
    config = NWMConfig(steps=30, readout=name, pixel_widths=(64, 64), engine="fused", chunk_steps=chunk_steps)
    model = NWM(config, in_channels=1, classes=4)
    images = torch.rand(4, 1, 24, 24)
    # The masks can be learned from the images: with random masks the gradient nearly vanishes.
    masks = (images[:, 0] > 0.5).long() + 2 * (images[:, 0] > 0.8)
    exact = flat_gradients(copy.deepcopy(model).double(), images.double(), masks)
    single, half = flat_gradients(model, images, masks), flat_gradients(model, images, masks, autocast=True)
    assert (single - exact).norm() < 1e-4 * exact.norm()
    assert (half - exact).norm() < 0.02 * exact.norm()
    assert (half - exact).norm() > 1e-4 * exact.norm()  # products were in bfloat16


def test_states_stay_in_float32_under_autocast() -> None:
    for name in ("nwm", "conv_lstm", "conv_gru", "conv_rnn"):
        for engine in ("plain", "auto"):
            model = build(name, in_channels=1, classes=3, steps=5, engine=engine)
            assert isinstance(model, RecurrentSegmenter)
            images = torch.rand(1, 1, 9, 9)
            with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
                field = model.states(images)
            assert field.dtype == torch.float32
            torch.testing.assert_close(field, model.states(images).detach(), rtol=0.05, atol=0.02)
            assert not torch.equal(field, field.bfloat16().float())
