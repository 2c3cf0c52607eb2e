"""The recording of training steps, with a recorder for CPUs that calls the recorded function at each replay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from drumhead.data import Dataset
from drumhead.experiments import Recipe
from drumhead.models import PixelSample, Segmenter, build, sample_pixels
from drumhead.training import graphed_loss
from drumhead.training.graphed_loss import GraphedLoss, graph_unsupported_reason

from .tiny_runs import assert_same_training, fit, tiny_experiment


class FakeRecorder:
    """Calls the function once before a recording, as :class:`CudaRecorder` does, and at each replay."""

    def __init__(self) -> None:
        self.replays = 0

    def record(self, function: Callable[[], None]) -> None:
        function()
        self.function = function

    def replay(self) -> None:
        self.replays += 1
        self.function()


class FailingRecorder(FakeRecorder):
    def record(self, function: Callable[[], None]) -> None:
        raise RuntimeError("operation not permitted when stream is capturing")


def batch(seed: int, *, side: int = 6) -> tuple[Tensor, Tensor, PixelSample]:
    generator = torch.Generator().manual_seed(seed)
    masks = torch.randint(3, (2, side, side), generator=generator)
    return torch.rand(2, 1, side, side, generator=generator), masks, sample_pixels(masks, 5, generator=generator)


def graphed(model: Segmenter, make_recorder: Callable[[], Any]) -> GraphedLoss:
    return GraphedLoss(
        lambda images, masks, pixels: model.loss(images, masks, pixels=pixels),
        list(model.parameters()),
        make_recorder=make_recorder,
    )


@pytest.mark.parametrize("sampled", [False, True])
def test_loss_and_gradients_of_each_batch_are_those_without_a_recording(sampled: bool) -> None:
    model = build("nwm", in_channels=1, classes=3, steps=3, pixel_widths=(4,), coupling="laplacian")
    recorder = FakeRecorder()
    recorded = graphed(model, lambda: recorder)
    for seed in range(3):
        images, masks, sample = batch(seed)
        pixels = sample if sampled else None
        assert recorded.accepts(images, masks, pixels)
        model.zero_grad()
        expected = model.loss(images, masks, pixels=pixels)
        expected.backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad if p.grad is None else p.grad.clone() for p in model.parameters()]
        loss = recorded(images, masks, pixels)
        assert loss is not None
        assert torch.equal(loss, expected.detach())
        for parameter, gradient in zip(model.parameters(), gradients, strict=True):
            assert (gradient is None) == (not parameter.requires_grad)
            if gradient is not None:
                assert parameter.grad is not None
                assert torch.equal(parameter.grad, gradient)
    assert recorder.replays == 3


def test_results_are_always_in_the_same_memory() -> None:
    model = build("cnn", in_channels=1, classes=3, layers=1, pixel_widths=(4,))
    recorded = graphed(model, FakeRecorder)
    places = []
    for seed in range(2):
        loss = recorded(*batch(seed))
        assert loss is not None
        places.append([loss.data_ptr(), *(p.grad.data_ptr() for p in model.parameters() if p.grad is not None)])
    assert places[0] == places[1]


def test_a_batch_of_another_shape_is_not_accepted() -> None:
    model = build("cnn", in_channels=1, classes=3, layers=1, pixel_widths=(4,))
    recorded = graphed(model, FakeRecorder)
    images, masks, pixels = batch(0)
    recorded(images, masks, pixels)
    assert recorded.accepts(*batch(1))
    assert not recorded.accepts(*batch(0, side=7))
    assert not recorded.accepts(images, masks, None)
    assert not recorded.accepts(images.double(), masks, pixels)


def test_without_a_recording_training_goes_on_after_one_warning() -> None:
    model = build("cnn", in_channels=1, classes=3, layers=1, pixel_widths=(4,))
    recorded = graphed(model, FailingRecorder)
    with pytest.warns(UserWarning, match="not recorded as a CUDA graph: operation not permitted"):
        assert recorded(*batch(0)) is None
    assert not recorded.accepts(*batch(0))


def reason(**changes: Any) -> str | None:
    given: dict[str, Any] = {"device": torch.device("cuda"), "processes": 1, "weighted": False, **changes}
    recipe, model = given.pop("recipe", Recipe()), given.pop("model", nn.Linear(2, 2))
    return graph_unsupported_reason(recipe, model, **given)


def test_what_is_recorded() -> None:
    assert reason() is None
    for changes, message in (
        ({"recipe": Recipe(cuda_graph=False)}, "recipe"),
        ({"device": torch.device("cpu")}, "not cpu"),
        ({"processes": 2}, "several processes"),
        ({"weighted": True}, "different in each batch"),
        ({"model": nn.BatchNorm2d(2)}, "buffers"),
    ):
        assert message in str(reason(**changes))


@pytest.mark.parametrize("recipe", [{}, {"pixels": 0.25, "clip": 1.0, "precision": "bf16"}], ids=["all", "sampled"])
def test_a_training_with_a_recording_is_bit_identical(
    recipe: dict[str, Any], boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = tiny_experiment(epochs=2, **recipe)
    plain = fit(experiment, boards, tmp_path / "plain")
    recorders: list[FakeRecorder] = []

    def make_recorder() -> FakeRecorder:
        recorders.append(FakeRecorder())
        return recorders[-1]

    monkeypatch.setattr(graphed_loss, "graph_unsupported_reason", lambda *args, **kwargs: None)
    monkeypatch.setattr(graphed_loss, "CudaRecorder", make_recorder)
    recorded = fit(experiment, boards, tmp_path / "recorded")
    assert [recorder.replays for recorder in recorders] == [10]
    assert_same_training(recorded, plain)
