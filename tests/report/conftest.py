"""A small dataset, runs on it, and a study of areas, made once for all tests of what is shown."""

from __future__ import annotations

import pytest
from tests.report.toy_runs import STUDY_BOARDS, toy_dataset, toy_run

from drumhead.analysis.square_area import AreaStudy, study_areas
from drumhead.data import Dataset, make_dataset
from drumhead.models import RecurrentSegmenter
from drumhead.report.samples import load_recurrent_model
from drumhead.runs import DataRecord, Run


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A dataset of tetrominoes with four test images."""
    return toy_dataset(tmp_path_factory.mktemp("data") / "boards")


@pytest.fixture(scope="session")
def study_boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A dataset of tetrominoes with eight test images, enough for a study of classes."""
    return make_dataset(STUDY_BOARDS, tmp_path_factory.mktemp("data") / "boards")


@pytest.fixture(scope="session")
def runs(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Runs of an NWM of 6 steps, an LSTM of 3 steps, and a CNN."""
    folder = tmp_path_factory.mktemp("runs")
    names = {"NWM": "tetrominoes-nwm-linear", "LSTM": "tetrominoes-lstm-last", "CNN": "tetrominoes-cnn-2"}
    return {title: toy_run(folder / title, name, DataRecord.from_dataset(boards)) for title, name in names.items()}


@pytest.fixture(scope="session")
def waves(runs: dict[str, Run]) -> dict[str, RecurrentSegmenter]:
    """The models of the recurrent runs."""
    return {title: load_recurrent_model(runs[title]) for title in ("NWM", "LSTM")}


@pytest.fixture(scope="session")
def area_study() -> AreaStudy:
    """A study of two square drums."""
    return study_areas((5, 9), duration=160, strikes=2, points=4)
