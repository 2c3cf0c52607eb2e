"""The pictures of loggers: predictions on samples, and a movie of the waves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.training.tiny_runs import BOARDS, fit, tiny_experiment

from drumhead.data import Dataset, make_dataset
from drumhead.report.colours import colour_masks
from drumhead.report.logged_pictures import GAP, SAMPLES, draw_samples, write_movie


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("pictures") / "boards")


def test_samples_are_rows_of_image_truth_and_prediction(boards: Dataset, tmp_path: Path) -> None:
    model = fit(tiny_experiment("cnn", epochs=1), boards, tmp_path).load_model()
    picture = draw_samples(model, boards)
    side = 24 + GAP
    assert picture.shape == (SAMPLES * side - GAP, 3 * side - GAP, 3)
    assert picture.dtype == np.uint8
    images, masks, _ = boards.splits["val"]
    for number in range(SAMPLES):
        row = picture[number * side : number * side + 24]
        assert np.array_equal(row[:, :24], images[number])
        assert np.array_equal(row[:, side : side + 24], colour_masks(masks[number]))


def test_only_models_with_waves_have_a_movie(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment("nwm", epochs=1), boards, tmp_path / "nwm")
    assert write_movie(run, boards, tmp_path / "waves.gif")
    with Image.open(tmp_path / "waves.gif") as movie:
        assert getattr(movie, "n_frames", 1) == 6
    run = fit(tiny_experiment("unet", epochs=1), boards, tmp_path / "unet")
    assert not write_movie(run, boards, tmp_path / "none.gif")
