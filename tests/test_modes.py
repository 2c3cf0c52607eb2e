"""Context managers that change a mode of a model inside a block."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from drumhead.models import build
from drumhead.modes import evaluation_mode


def mixed_model() -> nn.Sequential:
    """Return a model in training mode, one module of which is in evaluation mode."""
    return nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm2d(2).eval(), nn.ReLU()))


def modes(model: nn.Module) -> list[bool]:
    return [module.training for module in model.modules()]


def test_every_module_has_its_previous_mode_again() -> None:
    model = mixed_model()
    before = modes(model)
    with evaluation_mode(model):
        assert not any(modes(model))
    assert modes(model) == before == [True, True, True, False, True]


def test_blocks_may_be_nested() -> None:
    model = mixed_model()
    before = modes(model)
    with evaluation_mode(model):
        with evaluation_mode(model[1]):
            assert not any(modes(model))
        assert not any(modes(model))
    assert modes(model) == before


def test_an_error_restores_the_modes() -> None:
    model = mixed_model()
    before = modes(model)
    with pytest.raises(KeyError), evaluation_mode(model):
        raise KeyError
    assert modes(model) == before


def test_blocks_of_several_threads_may_end_in_any_order() -> None:
    model = mixed_model()
    before = modes(model)
    second_began, first_ended = threading.Event(), threading.Event()

    def second() -> list[bool]:
        with evaluation_mode(model):
            second_began.set()
            assert first_ended.wait(10)
            return modes(model)

    with ThreadPoolExecutor(1) as pool:
        with evaluation_mode(model):
            other = pool.submit(second)
            assert second_began.wait(10)
        first_ended.set()
        assert other.result(10) == [False] * 5  # the block that still runs keeps its mode
    assert modes(model) == before


def test_predictions_of_several_threads_leave_the_model_in_training_mode() -> None:
    model = build("unet", in_channels=1, classes=3)
    images = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    expected = model.predict(images)
    with ThreadPoolExecutor(4) as pool:
        predictions = list(pool.map(lambda _: model.predict(images), range(40)))
    assert all(torch.equal(prediction, expected) for prediction in predictions)
    assert all(modes(model))
