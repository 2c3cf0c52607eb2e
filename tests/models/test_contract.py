"""The contract of all models; recurrent models are tested with every readout."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from drumhead.models import MODEL_NAMES, ReadoutName, RecurrentSegmenter, Segmenter, UNet, build

CLASSES = 4
RECURRENT = ("nwm", "conv_rnn", "conv_gru", "conv_lstm")
SMALL: dict[str, dict[str, Any]] = {
    **{name: {"steps": 6, "width": 4, "pixel_widths": (8,)} for name in RECURRENT},
    "cnn": {"layers": 3, "width": 4, "pixel_widths": (8,)},
    "unet": {"width": 2},
}
WIDE: dict[str, dict[str, Any]] = {
    **{name: {"steps": 6, "width": 32, "hidden_channels": 8, "pixel_widths": (64,)} for name in RECURRENT},
    "cnn": {"layers": 3, "hidden_channels": 8, "pixel_widths": (64,)},
    "unet": {"width": 4},
}
VARIANTS = [
    *[pytest.param(name, readout, id=f"{name}-{readout}") for name in RECURRENT for readout in get_args(ReadoutName)],
    *[pytest.param(name, None, id=name) for name in ("cnn", "unet")],
]
every_model = pytest.mark.parametrize("name", MODEL_NAMES)
every_variant = pytest.mark.parametrize(("name", "readout"), VARIANTS)


def small(name: str, readout: str | None = None, *, in_channels: int = 3, seed: int = 0) -> Segmenter:
    fields = SMALL[name] if readout is None else {**SMALL[name], "readout": readout}
    return build(name, in_channels=in_channels, classes=CLASSES, seed=seed, **fields)


def uniform(*shape: int, seed: int = 1, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def some_masks(batch: int, height: int, width: int) -> Tensor:
    return torch.randint(CLASSES, (batch, height, width), generator=torch.Generator().manual_seed(2))


def equal_weights(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_every_model_is_tested_here() -> None:
    assert set(SMALL) == set(MODEL_NAMES)
    assert {variant.values[0] for variant in VARIANTS} == set(MODEL_NAMES)


@every_variant
@pytest.mark.parametrize("size", [(16, 16), (17, 23), (5, 40), (1, 1)], ids=str)
def test_any_size_gives_logits_of_that_size(name: str, readout: str | None, size: tuple[int, int]) -> None:
    model = small(name, readout)
    for batch in (1, 3):
        logits = model(uniform(batch, 3, *size))
        assert logits.shape == (batch, CLASSES, *size)
        assert torch.isfinite(logits).all()


@every_variant
def test_the_loss_reaches_every_parameter(name: str, readout: str | None) -> None:
    wide = {
        **WIDE[name],
        **({} if readout is None else {"readout": readout}),
    }  # in a narrow model, a ReLU may be dead from the start
    model = build(name, in_channels=3, classes=CLASSES, **wide)
    loss = model.loss(uniform(2, 3, 17, 12) - 0.5, some_masks(2, 17, 12))
    names, parameters = zip(*model.named_parameters(), strict=True)
    for parameter_name, gradient in zip(names, torch.autograd.grad(loss, parameters), strict=True):
        assert torch.isfinite(gradient).all(), parameter_name
        assert gradient.abs().max() > 0, parameter_name


@every_variant
def test_saved_weights_give_equal_outputs(name: str, readout: str | None, tmp_path: Path) -> None:
    model, images = small(name, readout).eval(), uniform(2, 3, 9, 11)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    other = small(name, readout, seed=1).eval()
    assert not torch.equal(other(images), model(images))
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert torch.equal(other(images), model(images))


@every_variant
def test_copies_give_equal_outputs_and_share_nothing(name: str, readout: str | None) -> None:
    model, images = small(name, readout).eval(), uniform(1, 3, 9, 11)
    expected = model(images)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(images), expected)
        assert twin.config == model.config
        with torch.no_grad():
            for parameter in twin.parameters():
                parameter.zero_()
    assert torch.equal(model(images), expected)


@every_variant
def test_double_precision(name: str, readout: str | None) -> None:
    images = uniform(2, 3, 9, 11, dtype=torch.float64)
    model = small(name, readout).eval()
    single = model(images.float())
    double = model.double()(images)
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)
    loss = model.loss(images, some_masks(2, 9, 11))
    assert loss.dtype == torch.float64
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(loss, list(model.parameters())))


@every_model
def test_images_of_a_batch_do_not_affect_each_other(name: str) -> None:
    model, images = small(name).eval(), uniform(3, 3, 9, 11)
    one_by_one = torch.cat([model(image[None]) for image in images])
    torch.testing.assert_close(model(images), one_by_one, rtol=1e-4, atol=1e-5)


@every_model
@pytest.mark.parametrize("training", [True, False])
def test_predict_is_the_largest_logit_and_keeps_every_mode(name: str, training: bool) -> None:
    model, images = small(name), uniform(2, 3, 9, 11)
    model.train(training)
    first = next(iter(model.children()))
    first.train(not training)
    modes = [module.training for module in model.modules()]
    weights = copy.deepcopy(model.state_dict())
    prediction = model.predict(images)
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(model.state_dict()[key], weights[key]) for key in weights)
    assert prediction.dtype == torch.int64
    assert not prediction.requires_grad
    assert torch.equal(prediction, model.eval()(images).argmax(dim=1))


@every_model
def test_predict_keeps_every_mode_when_it_fails(name: str) -> None:
    model = small(name).train()
    with pytest.raises(ValueError, match="images must be"):
        model.predict(uniform(3, 9, 11))
    assert all(module.training for module in model.modules())


@every_model
def test_the_weights_depend_only_on_the_seed(name: str) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = small(name, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert equal_weights(one, small(name, seed=3))
    assert not equal_weights(one, small(name, seed=4))


@every_model
def test_the_loss_draws_no_random_numbers(name: str) -> None:
    model = small(name).train()
    before = torch.get_rng_state()
    first, second = (model.loss(uniform(2, 3, 9, 11), some_masks(2, 9, 11)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(torch.get_rng_state(), before)


@every_model
@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (torch.zeros(3, 9, 9), r"\(batch, 3, height, width\).*got shape \(3, 9, 9\)"),
        (torch.zeros(1, 1, 9, 9), r"\(batch, 3, height, width\).*got shape \(1, 1, 9, 9\)"),
        (torch.zeros(1, 9, 9, 3), r"\(batch, 3, height, width\).*got shape \(1, 9, 9, 3\)"),
        (torch.zeros(1, 3, 9, 9, dtype=torch.uint8), r"floating point.*got torch.uint8"),
    ],
    ids=["3-D", "grey", "channels last", "bytes"],
)
def test_wrong_images_are_refused(name: str, images: Tensor, rule: str) -> None:
    model = small(name)
    with pytest.raises(ValueError, match=rule):
        model(images)
    with pytest.raises(ValueError, match=rule):
        model.loss(images, some_masks(1, 9, 9))
    if isinstance(model, RecurrentSegmenter):
        with pytest.raises(ValueError, match=rule):
            model.states(images)


@every_model
def test_memory_format_does_not_matter(name: str) -> None:
    model, images = small(name).eval(), uniform(2, 3, 9, 11)
    channels_last = images.to(memory_format=torch.channels_last)
    torch.testing.assert_close(model(channels_last), model(images), rtol=1e-4, atol=1e-5)


@every_model
def test_parameter_count_leaves_out_frozen_parameters(name: str) -> None:
    model = small(name)
    total = sum(parameter.numel() for parameter in model.parameters())
    assert model.parameter_count == total
    first = next(model.parameters())
    first.requires_grad_(False)
    assert model.parameter_count == total - first.numel()


def test_a_unet_in_training_accepts_a_single_image_of_one_pixel() -> None:
    model = small("unet").train()
    assert isinstance(model, UNet)
    assert model.loss(uniform(1, 3, 1, 1), some_masks(1, 1, 1)).isfinite()
