"""Observers are notified of every event, in order, when the files are already written."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.data import Dataset
from drumhead.runs import Run
from drumhead.training import EpochReport, Observer

from .tiny_runs import STEPS_PER_EPOCH, EventRecorder, StepRecorder, Stop, fit, tiny_experiment

EPOCH = [*["stepped"] * STEPS_PER_EPOCH, "scored 1 of 2", "scored 2 of 2"]
TEST = ["scored 1 of 2", "scored 2 of 2"]


def test_the_order_of_events(boards: Dataset, tmp_path: Path) -> None:
    events = EventRecorder()
    fit(tiny_experiment(epochs=2), boards, tmp_path, events)
    assert events.names == ["started after 0", *EPOCH, "epoch 1 ended", *EPOCH, "epoch 2 ended", *TEST, "ended"]


def test_an_interruption_is_an_end_too_and_a_resumed_run_knows_its_epochs(boards: Dataset, tmp_path: Path) -> None:
    stopped, resumed = EventRecorder(), EventRecorder()
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(epochs=2), boards, tmp_path, stopped, Stop(after_step=7))
    fit(tiny_experiment(epochs=2), boards, tmp_path, resumed)
    assert stopped.names == ["started after 0", *EPOCH, "epoch 1 ended", "stepped", "stepped", "ended"]
    assert resumed.names == ["started after 1", *EPOCH, "epoch 2 ended", *TEST, "ended"]


def test_observers_are_notified_in_the_order_given(boards: Dataset, tmp_path: Path) -> None:
    notified: list[str] = []

    class Named(Observer):
        def __init__(self, name: str) -> None:
            self.name = name

        def ended(self) -> None:
            notified.append(self.name)

    fit(tiny_experiment(epochs=1), boards, tmp_path, Named("first"), Named("second"))
    assert notified == ["first", "second"]


def test_an_epoch_is_on_disk_when_observers_are_notified(boards: Dataset, tmp_path: Path) -> None:
    class Reader(Observer):
        def epoch_ended(self, report: EpochReport) -> None:
            run = Run.open(tmp_path)
            row = run.metrics()[-1]
            reported = {name: value for name, value in report._asdict().items() if value is not None}
            assert row == pytest.approx(reported)
            state = run.load_checkpoint()
            assert state is not None
            assert state["epoch"] == report.epoch
            assert run.load_model()
            assert run.state == "unfinished"

    assert fit(tiny_experiment(epochs=2), boards, tmp_path, Reader()).state == "done"


def test_reports_agree_with_each_other(boards: Dataset, tmp_path: Path) -> None:
    steps = StepRecorder()
    (row,) = fit(tiny_experiment(epochs=1, patience=5, scored_training_images=4), boards, tmp_path, steps).metrics()
    assert row["train_loss"] == pytest.approx(sum(report.loss for report in steps.reports) / STEPS_PER_EPOCH)
    assert row["step"] == steps.reports[-1].step
    assert row["learning_rate"] == steps.reports[-1].learning_rate
    assert row["seconds"] > 0
    assert list(row) == list(EpochReport._fields)
