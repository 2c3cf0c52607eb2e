"""Tests of the command that repeats a run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from tests.report.toy_runs import toy_dataset

import drumhead.cli.train as command
from drumhead.cli import OK
from drumhead.experiments import Experiment, find_experiment
from drumhead.report.page.train_command import train_command
from drumhead.runs import DataRecord, Run, RunConfig


def run_of(experiment: Experiment, data: DataRecord, imported_from: str | None = None) -> Run:
    config = RunConfig(experiment=experiment, data=data, versions={}, machine={}, imported_from=imported_from)
    return Run(Path("run"), config)


@pytest.mark.parametrize("data_given", [False, True])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"seed": 7},
        {"recipe": {"epochs": 5, "clip": None, "learning_rate": 3e-5}},
        {"recipe": {"class_weights": (1.0, 4.5, 0.0, 1.0, 1.0, 1.0)}},
        {"recipe": {"class_weights": "balanced"}},
        {"model": {"steps": 50, "pixel_widths": (8, 4), "readout": "fft"}, "recipe": {"min_delta": 0.5}},
    ],
)
@pytest.mark.parametrize("recipe", ["paper", "lite", "smoke"])
def test_the_command_trains_the_same_experiment(
    recipe: Any, changes: dict[str, Any], data_given: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = toy_dataset(tmp_path / "my data")
    experiment = find_experiment("tetrominoes-nwm-linear", recipe)
    for name, value in changes.items():
        part = getattr(experiment, name)
        experiment = experiment.replace(**{name: part.replace(**value) if isinstance(value, dict) else value})
    if data_given:
        experiment = experiment.replace(dataset=None)
    line = train_command(run_of(experiment, DataRecord.from_dataset(data)))
    assert line is not None
    args = shlex.split(line)
    assert args[:2] == ["drumhead", "train"]
    trained: list[Experiment] = []

    def record(experiment: Experiment, *_: object, **__: object) -> int:
        trained.append(experiment)
        return OK

    monkeypatch.setattr(command, "run_training", record)
    monkeypatch.setattr(command, "prepare_dataset", lambda *_, **__: data)
    command.main(args[2:])
    assert trained == [experiment]


def test_there_is_no_command_for_imported_and_unlisted_experiments(tmp_path: Path) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data"))
    experiment = find_experiment("tetrominoes-cnn-2")
    assert train_command(run_of(experiment, data, imported_from="theirs")) is None
    assert train_command(run_of(experiment.replace(name="mine"), data)) is None
