"""Training in several processes: the numbers of one process but for rounding, one writer, and a common end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.data import Dataset
from drumhead.models import build
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.runs import Run, RunBusyError, RunError, lock_folder
from drumhead.scores import ImageCounts
from drumhead.training import ProcessLostError, TrainingDivergedError, train

from .multiprocess import fit_in_processes, in_processes, largest_difference, train_one_rank
from .tiny_runs import DEMO, EventRecorder, Stop, assert_same_training, best_weights, fit, last_weights, tiny_experiment


def assert_alike(one: Run, other: Run, *, losses: float, weights: float) -> None:
    """Assert that two runs are equal within tolerances: relative ones for losses, largest_difference for weights."""
    for left, right in zip(one.metrics(), other.metrics(), strict=True):
        for name in ("train_loss", "val_loss", "val_loss_foreground"):
            assert left[name] == pytest.approx(right[name], rel=losses)
        assert [left[name] for name in ("epoch", "step", "kept")] == [right[name] for name in ("epoch", "step", "kept")]
    assert largest_difference(last_weights(one), last_weights(other)) < weights
    assert largest_difference(best_weights(one), best_weights(other)) < weights
    scores, expected = one.scores(), other.scores()
    assert scores is not None
    assert expected is not None
    assert scores.images == expected.images
    assert scores.loss == pytest.approx(expected.loss, rel=losses)


def ends_with(error_type: type[BaseException], function: Callable[[], object], message: str | None = None) -> None:
    with pytest.raises(error_type, match=message):
        function()


WEIGHTS = {"nwm": 1e-4, "conv_lstm": 1e-4, "cnn": 1e-4, "unet": 1e-2}
"""The tolerance of weights by model. Before a batch normalisation some gradients are almost 0, and Adam, which divides
each by its size, amplifies their rounding errors; test_batch_norm.py compares the gradients in float64."""


@pytest.mark.parametrize("model", WEIGHTS)
def test_two_processes_train_as_one(model: str, boards: Dataset, tmp_path: Path) -> None:
    """The recipe samples pixels, clips gradients, and has a number of validation images that 2 does not divide."""
    experiment = tiny_experiment(model, **{**DEMO, "epochs": 2})
    one = fit(experiment, boards, tmp_path / "one")
    two = fit_in_processes(experiment, boards, tmp_path / "two")
    assert_alike(two, one, losses=1e-5, weights=WEIGHTS[model])


def test_two_processes_train_as_one_in_bfloat16(boards: Dataset, tmp_path: Path) -> None:
    """Images, states and weights are float32 in each process, as on one device."""
    experiment = tiny_experiment(**{**DEMO, "epochs": 2, "precision": "bf16"})
    one = fit(experiment, boards, tmp_path / "one")
    two = fit_in_processes(experiment, boards, tmp_path / "two")
    assert_alike(two, one, losses=1e-3, weights=1e-2)


def test_four_processes_with_all_pixels_train_as_one(boards: Dataset, tmp_path: Path) -> None:
    """There are fewer batches of validation images than processes."""
    experiment = tiny_experiment(epochs=2)
    assert_alike(
        fit_in_processes(experiment, boards, tmp_path / "four", count=4),
        fit(experiment, boards, tmp_path / "one"),
        losses=1e-5,
        weights=1e-4,
    )


def test_training_in_processes_is_deterministic(boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(**{**DEMO, "epochs": 1})
    assert_same_training(*(fit_in_processes(experiment, boards, tmp_path / name) for name in ("one", "other")))


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_an_interrupted_run_resumes_with_another_number_of_processes(
    before: int, after: int, boards: Dataset, tmp_path: Path
) -> None:
    experiment, folder = tiny_experiment(**DEMO), tmp_path / "run"
    stop = Stop(after_step=7)  # in the second epoch
    if before == 1:
        with pytest.raises(KeyboardInterrupt):
            fit(experiment, boards, folder, stop)
    else:
        in_processes(
            lambda: ends_with(KeyboardInterrupt, lambda: train_one_rank(experiment, boards, folder, stop)),
            lambda: ends_with(ProcessLostError, lambda: train_one_rank(experiment, boards, folder)),
        )
    assert len(Run.open(folder).metrics()) == 1
    run = (fit if after == 1 else fit_in_processes)(experiment, boards, folder)
    assert_alike(run, fit(experiment, boards, tmp_path / "uninterrupted"), losses=1e-5, weights=1e-4)


def test_only_the_first_process_writes_and_notifies(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forbidden(EventRecorder):
        def started(self, run: Run, epochs_done: int) -> None:
            raise AssertionError("notified")

    def forbid_writing() -> None:
        def forbidden(*_: Any, **__: Any) -> None:
            raise AssertionError("written")

        for name in ("atomic_replace", "write", "save_checkpoint"):
            monkeypatch.setattr(Run, name, forbidden)

    experiment, folder = tiny_experiment(epochs=1), tmp_path / "run"

    def first() -> list[str]:
        events = EventRecorder()
        train_one_rank(experiment, boards, folder, events)
        return events.names

    def other() -> None:
        forbid_writing()
        train_one_rank(experiment, boards, folder, Forbidden())

    events, _ = in_processes(first, other)
    assert events == [
        "started after 0",
        *["stepped"] * 5,
        "scored 1 of 1",
        "epoch 1 ended",
        "scored 1 of 1",
        "ended",
    ]
    run = Run.open(folder)
    names = {path.name for path in folder.iterdir()} - {".lock"}
    assert names == {"config.json", "last.ckpt", "metrics.csv", "model.safetensors", "scores.json"}
    machine = run.config.machine
    assert (machine["devices"], machine["nodes"], machine["strategy"]) == ("2", "1", "ddp")


def test_a_loss_that_is_not_finite_in_one_process_ends_all_alike(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loss, steps = FusedSegmenter.loss, [0]

    def spoiled(self: FusedSegmenter, *batch: Tensor, **options: Any) -> Tensor:
        steps[0] += 1
        return loss(self, *batch, **options) * (float("nan") if steps[0] == 7 else 1)

    message = "the loss is nan in epoch 2, after 6 steps; the state after epoch 1 is in"

    def other() -> None:
        monkeypatch.setattr(FusedSegmenter, "loss", spoiled)
        train_one_rank(tiny_experiment(), boards, tmp_path)

    in_processes(
        lambda: ends_with(TrainingDivergedError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path), message),
        lambda: ends_with(TrainingDivergedError, other, message),
    )
    run = Run.open(tmp_path)
    assert run.state == "diverged"
    assert str(run.divergence()).startswith(message)


def test_a_validation_that_is_not_finite_in_one_process_ends_all_alike(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(*_: Tensor, **__: Any) -> ImageCounts:
        raise FloatingPointError("logits are nan")

    message = "validation after epoch 1: logits are nan"

    def other() -> None:
        monkeypatch.setattr("drumhead.scores.model_scores.count_logits", spoiled)
        train_one_rank(tiny_experiment(), boards, tmp_path)

    in_processes(
        lambda: ends_with(TrainingDivergedError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path), message),
        lambda: ends_with(TrainingDivergedError, other, message),
    )
    assert Run.open(tmp_path).state == "diverged"


def test_clocks_that_differ_end_a_timed_training_together(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other process's clock is 1000 times faster; that of the first process counts, also for the learning rate."""
    clock = time.perf_counter
    experiment = tiny_experiment(**{**DEMO, "epochs": 1000, "seconds": 0.4})
    run = fit_in_processes(
        experiment,
        boards,
        tmp_path,
        others_first=[
            lambda: monkeypatch.setattr("drumhead.training.trainer.time.perf_counter", lambda: 1000 * clock())
        ],
    )
    (*before, last) = run.metrics()
    assert last["seconds"] >= 0.4
    assert all(row["seconds"] < 0.4 for row in before)
    assert len(before) < 999


def test_a_failure_to_write_ends_all(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError("no space left on device")

    def first() -> None:
        monkeypatch.setattr(Run, "save_checkpoint", full)
        train_one_rank(tiny_experiment(), boards, tmp_path)

    in_processes(
        lambda: ends_with(OSError, first, "no space left"),
        lambda: ends_with(ProcessLostError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path)),
    )
    assert fit(tiny_experiment(epochs=4), boards, tmp_path).state == "done"


def test_a_failure_of_one_process_ends_all(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Tensor:
        raise MemoryError

    def other() -> None:
        monkeypatch.setattr(FusedSegmenter, "loss", broken)
        train_one_rank(tiny_experiment(), boards, tmp_path)

    in_processes(
        lambda: ends_with(ProcessLostError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path)),
        lambda: ends_with(MemoryError, other),
    )


def test_a_busy_folder_ends_all(boards: Dataset, tmp_path: Path) -> None:
    with lock_folder(tmp_path):
        in_processes(
            lambda: ends_with(RunBusyError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path)),
            lambda: ends_with(ProcessLostError, lambda: train_one_rank(tiny_experiment(), boards, tmp_path)),
        )


def test_a_finished_run_is_left_alone(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=1), boards, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    again = fit_in_processes(tiny_experiment(epochs=1), boards, tmp_path)
    assert again.scores() == run.scores()
    assert {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before


def test_a_batch_that_cannot_be_shared_is_rejected_before_any_work(boards: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="3 devices cannot share a batch of 4 images evenly"):
        train(tiny_experiment(), boards, tmp_path / "run", accelerator="cpu", devices=3)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("engine", ["plain", "fused"])
@pytest.mark.parametrize("model", ["nwm", "conv_rnn", "conv_gru", "conv_lstm", "cnn"])
def test_every_parameter_has_a_gradient(model: str, engine: str) -> None:
    """Without a gradient for each, the processes would wait for each other."""
    options = {"layers": 2} if model == "cnn" else {"steps": 3}
    network = build(model, in_channels=1, classes=3, pixel_widths=(8,), engine=engine, **options)
    loss = network.loss(torch.rand(2, 1, 9, 8), torch.randint(3, (2, 9, 8)))
    loss.backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in network.parameters())
