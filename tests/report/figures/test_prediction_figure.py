"""Tests of the predictions figure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from drumhead.report.colours import IGNORED, class_colours, mark_ignored
from drumhead.report.figures.prediction_figure import predictions_figure

NAMES = ["background", "square", "disc"]


def samples(number: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    masks = np.zeros((number, 20, 30), np.uint8)
    masks[:, 5:10, 10:20] = 1
    return np.repeat(masks[:, None] * 0.5, 3, axis=1), masks


def shown(axes: Axes) -> npt.NDArray[np.uint8]:
    """Return the image in a panel."""
    return np.asarray(axes.images[0].get_array())[..., :3]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def legend_of(figure: Figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_predictions_figure() -> None:
    images, masks = samples(2)
    models = {"NWM": masks, "CNN": 2 * masks}
    figure = predictions_figure(images, masks, models, class_names=NAMES, titles=["test 3", "test 4"])
    panels = np.stack([shown(axes) for axes in figure.axes]).reshape(4, 2, 20, 30, 3)
    colours = class_colours(3)
    for row, label in ((1, 1), (2, 1), (3, 2)):
        assert (panels[row][masks == 1] == colours[label]).all()
        assert (panels[row][masks == 0] == colours[0]).all()
    np.testing.assert_array_equal(panels[0], np.rint(255 * images.transpose(0, 2, 3, 1)))
    assert texts(figure) == ["input", "test 3", "test 4", "truth", "NWM", "CNN"]
    assert legend_of(figure) == NAMES


def test_predictions_figure_refuses_invalid_arguments() -> None:
    images, masks = samples(2)
    with pytest.raises(ValueError, match=r"masks of 'CNN' must be .* got \[\(20, 30\)\]"):
        predictions_figure(images, masks, {"CNN": masks[:1]}, class_names=NAMES)
    with pytest.raises(ValueError, match="must name every class"):
        predictions_figure(images, masks, {"CNN": masks * 3}, class_names=NAMES)
    with pytest.raises(ValueError, match="at least one sample"):
        predictions_figure(images[:0], masks[:0], {}, class_names=NAMES)


def test_ignored_pixels_are_grey_in_the_truth_and_as_predicted_elsewhere() -> None:
    images, masks = samples(1)
    truth = masks.copy()
    truth[:, 15:] = 255
    figure = predictions_figure(images, mark_ignored(truth, 255), {"NWM": masks}, class_names=NAMES)
    grey = [round(255 * part) for part in to_rgb(IGNORED)]
    _, truth_panel, prediction_panel = (shown(axes) for axes in figure.axes)
    assert ((truth_panel == grey).all(axis=-1) == (truth[0] == 255)).all()
    np.testing.assert_array_equal(prediction_panel, class_colours(2)[masks[0]])
    assert legend_of(figure) == ["background", "square", "ignored"]
