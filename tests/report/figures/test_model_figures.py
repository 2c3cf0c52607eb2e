"""Tests of figures of models: they show what the models compute, and refuse what cannot be shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drumhead.data import Dataset, to_tensors
from drumhead.models import RecurrentSegmenter
from drumhead.report.colours import class_colours
from drumhead.report.figures.model_figures import (
    Crop,
    model_predictions_figure,
    model_waves_figure,
    readout_maps,
)
from drumhead.report.figures.wave_figure import default_maps
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


def test_maps_of_a_linear_readout_are_its_features(boards: Dataset, waves: dict[str, RecurrentSegmenter]) -> None:
    nwm = waves["NWM"]
    computed = compute_sample_states(nwm, boards, split="test", sample=0, channels=range(nwm.config.hidden_channels))
    features = nwm.readout(torch.from_numpy(computed.field)[None])[0].unflatten(0, (-1, nwm.config.hidden_channels))
    maps = readout_maps(nwm, computed.field[:, 1])
    assert maps is not None
    np.testing.assert_allclose(maps, features[:, 1].detach(), atol=1e-6)
    assert readout_maps(waves["LSTM"], computed.field[:, 1]) is None
    assert default_maps(maps * np.arange(len(maps))[:, None, None] ** 9)[-1] == len(maps) - 1


def test_rows_and_crop_of_the_waves_figure(boards: Dataset, waves: dict[str, RecurrentSegmenter]) -> None:
    crop = Crop(3, 5, 10, 12)
    chosen = {"NWM": waves["NWM"]}
    figure = model_waves_figure(
        chosen, boards, split="test", sample=0, bins=[2, 1], times=[6], rows=["readout"], crop=crop, dpi=100
    )
    texts = [text.get_text() for text in figure.texts]
    assert [text.split("\n")[0] for text in texts[-3:]] == ["readout,", "map 2", "map 1"]
    assert not any("bin" in text for text in texts)
    panels = [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]
    assert {panel.shape[:2] for panel in panels} == {(10, 12)}
    _, masks = to_tensors(boards.splits["test"], [0])
    np.testing.assert_array_equal(panels[1], class_colours(6)[masks[0, 3:13, 5:17]])
    both = model_waves_figure(chosen, boards, split="test", sample=0, rows=["readout", "spectrum"], dpi=100)
    texts = [text.get_text() for text in both.texts]
    assert texts.index("readout,\na scale each") < texts.index("spectrum,\nperiod in steps")


@pytest.mark.parametrize("crop", [(0, 0, 25, 3), (20, 0, 5, 5), (-1, 0, 5, 5), (0, 0, 0, 4), (0, 24, 1, 1)])
def test_a_crop_is_inside_the_image(
    crop: tuple[int, int, int, int], boards: Dataset, waves: dict[str, RecurrentSegmenter]
) -> None:
    with pytest.raises(ValueError, match=r"crop must be TOP LEFT HEIGHT WIDTH, .* image of 24 x 24 pixels; got"):
        model_waves_figure(waves, boards, split="test", sample=0, crop=Crop(*crop))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"rows": ["readout"]},
            r"maps that a linear readout has learned; LSTM has the readout last, which learns none",
        ),
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
