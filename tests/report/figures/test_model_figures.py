"""Tests of figures of models: they show what the models compute, and refuse what cannot be shown."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter
from drumhead.report.colours import class_colours
from drumhead.report.figures.model_figures import model_predictions_figure, model_waves_figure
from drumhead.report.samples import compute_sample_states
from drumhead.runs import Run


def test_predictions_figure_of_any_models(boards: Dataset, runs: dict[str, Run]) -> None:
    models = {title: run.load_model() for title, run in runs.items()}
    figure = model_predictions_figure(models, boards, split="test", samples=[3, 1], dpi=100)
    panels = np.stack([np.asarray(axes.images[0].get_array()) for axes in figure.axes]).reshape(5, 2, 24, 24, 3)
    images, masks = to_tensors(boards.splits["test"], [3, 1])
    np.testing.assert_array_equal(panels[1], class_colours(6)[masks])
    for row, model in enumerate(models.values(), start=2):
        np.testing.assert_array_equal(panels[row], class_colours(6)[model.predict(images)])
    texts = [text.get_text() for text in figure.texts]
    assert texts == ["input", "test 3", "test 1", "truth", "NWM", "LSTM", "CNN"]


def test_waves_figure_of_models_with_different_numbers_of_steps(
    boards: Dataset, waves: dict[str, RecurrentSegmenter]
) -> None:
    figure = model_waves_figure(waves, boards, split="test", sample=0, channel=1, dpi=100)
    texts = [text.get_text() for text in figure.texts]
    assert {"step 6", "step 3", "bin 3\nperiod 2", "bin 1\nperiod 3"} <= set(texts)
    limit = figure.axes[4 + 6].get_ylim()[1]  # input, truth, two predictions; six states; their bar
    field = compute_sample_states(waves["NWM"], boards, split="test", sample=0, channels=[1]).field
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
def test_waves_figure_refuses_invalid_arguments(
    boards: Dataset, waves: dict[str, RecurrentSegmenter], given: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        model_waves_figure(waves, boards, **{"split": "test", "sample": 0, **given})  # type: ignore[arg-type]
