"""Figures and movies of run folders: what they show is what the models compute; what cannot be shown is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.data import Dataset, DatasetError, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import RecurrentSegmenter
from drumhead.report.colours import class_colours
from drumhead.report.figures.run_figures import sample_waves_figure, samples_figure
from drumhead.report.movies.run_movie import sample_movie
from drumhead.report.samples import check_samples, hear, recurrent_model, shared_dataset
from drumhead.runs import DataRecord, Run


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_dataset(tmp_path_factory.mktemp("data") / "boards")


@pytest.fixture(scope="module")
def runs(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    folder = tmp_path_factory.mktemp("runs")
    names = {"NWM": "tetrominoes-nwm-linear", "LSTM": "tetrominoes-lstm-last", "CNN": "tetrominoes-cnn-2"}
    return {title: toy_run(folder / title, name, DataRecord.from_dataset(boards)) for title, name in names.items()}


@pytest.fixture(scope="module")
def waves(runs: dict[str, Run]) -> dict[str, RecurrentSegmenter]:
    return {title: recurrent_model(runs[title]) for title in ("NWM", "LSTM")}


def test_a_sample_is_heard_as_the_model_hears_it(boards: Dataset, waves: dict[str, RecurrentSegmenter]) -> None:
    images, masks = to_tensors(boards.splits["test"], [2])
    heard = hear(waves["LSTM"], boards, split="test", sample=2, channels=[2, 0])
    with torch.inference_mode():
        field = waves["LSTM"].states(images)[0].numpy()
    np.testing.assert_array_equal(heard.field, field[:, [2, 0]])
    np.testing.assert_array_equal(heard.prediction, waves["LSTM"].predict(images)[0].numpy())
    np.testing.assert_array_equal(heard.image, images[0].numpy())
    assert heard.mask is not None
    np.testing.assert_array_equal(heard.mask, masks[0].numpy())
    assert heard.title == "test 2"


def test_samples_figure_shows_the_predictions_of_any_models(boards: Dataset, runs: dict[str, Run]) -> None:
    models = {title: run.load_model() for title, run in runs.items()}
    figure = samples_figure(models, boards, split="test", samples=[3, 1], dpi=100)
    panels = np.stack([np.asarray(axes.images[0].get_array()) for axes in figure.axes]).reshape(5, 2, 24, 24, 3)
    images, masks = to_tensors(boards.splits["test"], [3, 1])
    np.testing.assert_array_equal(panels[1], class_colours(6)[masks])
    for row, model in enumerate(models.values(), start=2):
        np.testing.assert_array_equal(panels[row], class_colours(6)[model.predict(images)])
    words = [text.get_text() for text in figure.texts]
    assert words == ["input", "test 3", "test 1", "truth", "NWM", "LSTM", "CNN"]


def test_waves_figure_of_models_with_other_numbers_of_steps(
    boards: Dataset, waves: dict[str, RecurrentSegmenter]
) -> None:
    figure = sample_waves_figure(waves, boards, split="test", sample=0, channel=1, dpi=100)
    words = [text.get_text() for text in figure.texts]
    assert {"step 6", "step 3", "bin 3\nperiod 2", "bin 1\nperiod 3"} <= set(words)
    limit = figure.axes[4 + 6].get_ylim()[1]  # input, truth, two predictions; six states; their bar
    field = hear(waves["NWM"], boards, split="test", sample=0, channels=[1]).field
    assert limit == pytest.approx(np.percentile(np.abs(field), 99.5))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"times": [4]}, r"times must be from 1 to 3 for LSTM, which has 3 steps; got 4"),
        ({"times": [0, 2]}, r"times must be from 1 to 6 for NWM.*; got 0"),
        ({"bins": [2]}, r"bins must be from 0 to 1 for LSTM"),
        ({"channel": 2}, r"channels must be from 0 to 1 for this nwm; got 2"),
        ({"sample": 4}, r"samples must be from 0 to 3 in test of .*boards; got 4"),
    ],
)
def test_waves_figure_refuses(
    boards: Dataset, waves: dict[str, RecurrentSegmenter], given: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        sample_waves_figure(waves, boards, **{"split": "test", "sample": 0, **given})  # type: ignore[arg-type]


def test_a_movie_has_a_frame_per_step_and_a_row_per_sample(
    boards: Dataset, waves: dict[str, RecurrentSegmenter], tmp_path: Path
) -> None:
    told: list[tuple[int, int]] = []
    heights = []
    for samples in ([0], [0, 3, 1]):
        path = tmp_path / "waves.gif"
        sample_movie(
            waves["LSTM"],
            boards,
            split="test",
            samples=samples,
            channels=[2],
            path=path,
            progress=lambda *numbers: told.append(numbers),
        )
        with Image.open(path) as movie:
            assert getattr(movie, "n_frames", 1) == 3
            heights.append(movie.height)
    assert heights[1] - heights[0] == 2 * (192 + 16)
    assert told[-1] == (6, 6)
    with pytest.raises(ValueError, match="channels must be from 0 to 2"):
        sample_movie(waves["LSTM"], boards, split="test", samples=[0], channels=[3], path=tmp_path / "waves.gif")


def test_a_doubt_about_the_waves_is_told_once(boards: Dataset, runs: dict[str, Run]) -> None:
    model = recurrent_model(runs["NWM"])
    with torch.no_grad():
        model.get_parameter("coupling").mul_(1000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for sample in (0, 0):
            hear(model, boards, split="test", sample=sample, channels=[0])
    assert [warning.category for warning in caught] == [StabilityWarning]


def test_a_model_without_waves_is_refused(runs: dict[str, Run]) -> None:
    message = r"/CNN is a cnn, which has no states.*nwm, conv_rnn, conv_gru, conv_lstm.*figure samples"
    with pytest.raises(ValueError, match=message):
        recurrent_model(runs["CNN"])


def test_runs_side_by_side_need_one_dataset(boards: Dataset, runs: dict[str, Run], tmp_path: Path) -> None:
    assert shared_dataset(list(runs.values())).fingerprint == boards.fingerprint
    others = toy_dataset(tmp_path / "others", seed=1)
    stranger = toy_run(tmp_path / "stranger", "tetrominoes-cnn-2", DataRecord.from_dataset(others))
    with pytest.raises(DatasetError, match=r"samples of one dataset: .*/NWM was .*/boards, .*/stranger on .*--data"):
        shared_dataset([runs["NWM"], stranger])
    assert shared_dataset([runs["NWM"], stranger], others.folder).fingerprint == others.fingerprint


def test_sample_numbers_out_of_range_are_named(boards: Dataset) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 3 in test of .*; got -1, 4"):
        check_samples(boards, "test", [0, -1, 4])
    with pytest.raises(ValueError, match="got none"):
        check_samples(boards, "test", [])
