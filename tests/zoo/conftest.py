"""A zoo of two tiny networks, made by the same command as the real one."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.tiny_runs import BOARDS, fit, tiny_experiment

from drumhead.data import DATASETS, Dataset, ReferenceDataset, make_dataset
from drumhead.runs import Run
from drumhead.zoo import folders
from pretrained import add_entry

NAMES = {"tetrominoes-nwm-linear": "nwm", "tetrominoes-cnn-2": "cnn"}


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("zoo") / "boards")


@pytest.fixture(scope="session")
def trained(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Return the runs that become entries, by the entry's name."""
    folder = tmp_path_factory.mktemp("trained")
    experiments = {
        name: tiny_experiment(model, epochs=1).replace(name=name, dataset=BOARDS) for name, model in NAMES.items()
    }
    return {name: fit(experiment, boards, folder / name) for name, experiment in experiments.items()}


@pytest.fixture(autouse=True)
def standard_boards(boards: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the tiny boards be a standard dataset."""
    reference = ReferenceDataset("the set of tiny boards", boards.manifest.splits)
    monkeypatch.setitem(DATASETS, "tetrominoes", DATASETS["tetrominoes"]._replace(reference=reference))


@pytest.fixture
def zoo(trained: dict[str, Run], standard_boards: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a zoo that takes the place of the package's; the current directory is a new one."""
    folder = tmp_path / "pretrained"
    for run in trained.values():
        add_entry(run, zoo=folder)
    monkeypatch.setattr(folders, "PRETRAINED_FOLDER", folder.resolve())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder
