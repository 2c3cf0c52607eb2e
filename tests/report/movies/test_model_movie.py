"""Tests of the movie of a model."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests.report.toy_runs import toy_run

from drumhead.data import Dataset
from drumhead.models import RecurrentSegmenter
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.samples import load_recurrent_model
from drumhead.runs import DataRecord


@pytest.fixture(scope="module")
def lstm(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RecurrentSegmenter:
    folder = tmp_path_factory.mktemp("runs") / "LSTM"
    return load_recurrent_model(toy_run(folder, "tetrominoes-lstm-last", DataRecord.from_dataset(boards)))


def test_a_movie_has_a_frame_per_step_and_a_row_per_sample(
    boards: Dataset, lstm: RecurrentSegmenter, tmp_path: Path
) -> None:
    calls: list[tuple[int, int]] = []
    heights = []
    for samples in ([0], [0, 3, 1]):
        path = tmp_path / "waves.gif"
        model_wave_movie(
            lstm,
            boards,
            split="test",
            samples=samples,
            channels=[2],
            path=str(path),
            progress=lambda *numbers: calls.append(numbers),
        )
        with Image.open(path) as movie:
            assert getattr(movie, "n_frames", 1) == 3
            heights.append(movie.height)
    assert heights[1] - heights[0] == 2 * (192 + 16)
    assert calls[-1] == (6, 6)
    with pytest.raises(ValueError, match="channels must be from 0 to 2"):
        model_wave_movie(lstm, boards, split="test", samples=[0], channels=[3], path=tmp_path / "waves.gif")
