"""Estimates of the time that planned runs will take, from similar runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.tiny_runs import BOARDS, STEPS_PER_EPOCH, Stop, fit, tiny_experiment

from drumhead.data import Dataset
from drumhead.runs import Run
from drumhead.sweeps import PlannedRun, estimate_plan


def test_remaining_steps_and_seconds(boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment("cnn", epochs=4, seed=0).replace(dataset=BOARDS)
    run = fit(experiment, boards, tmp_path / "done")
    half = PlannedRun(experiment.replace(seed=1), tmp_path / "half")
    with pytest.raises(KeyboardInterrupt):
        fit(half.experiment, boards, half.folder, Stop(after_epoch=1))
    rows = [{**row, "seconds": 10.0 * row["epoch"]} for row in run.metrics()]
    for folder, kept in ((run.folder, rows), (half.folder, rows[:1])):
        Run.open(folder).write_metrics([{**row, "kept": 0} for row in kept])
    longer = experiment.replace(recipe=experiment.recipe.replace(epochs=8))
    wider = experiment.replace(model=experiment.model.replace(width=5))
    plan = [
        PlannedRun(experiment, run.folder),
        half,
        PlannedRun(experiment.replace(seed=2), tmp_path / "missing"),
        PlannedRun(longer, tmp_path / "longer"),
        PlannedRun(wider, tmp_path / "wider"),
    ]
    estimates = estimate_plan(plan, tmp_path)
    assert [each.steps for each in estimates] == [each * STEPS_PER_EPOCH for each in (0, 3, 4, 8, 4)]
    assert [each.seconds for each in estimates] == [0.0, pytest.approx(30), pytest.approx(40), pytest.approx(80), None]


def test_without_measured_runs_or_image_counts_estimates_are_none(tmp_path: Path) -> None:
    experiment = tiny_experiment("cnn", epochs=4)
    plan = [PlannedRun(experiment, tmp_path / "run", tmp_path / "cells")]
    assert estimate_plan(plan, tmp_path / "nowhere") == [(None, None)]
