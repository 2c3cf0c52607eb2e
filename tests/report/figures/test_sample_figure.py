"""Still pictures: what each panel shows, and what is refused."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from drumhead.report.colours import class_colours
from drumhead.report.figures.sample_figure import class_legend, predictions_figure, wave_strip

NAMES = ["background", "square", "disc"]


def samples(number: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8]]:
    masks = np.zeros((number, 20, 30), np.uint8)
    masks[:, 5:10, 10:20] = 1
    return np.repeat(masks[:, None] * 0.5, 3, axis=1), masks


def shown(axes: Axes) -> npt.NDArray[np.uint8]:
    """The picture in a panel."""
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


def test_predictions_figure_refuses() -> None:
    images, masks = samples(2)
    with pytest.raises(ValueError, match=r"masks of 'CNN' must be .* got \(1, 20, 30\)"):
        predictions_figure(images, masks, {"CNN": masks[:1]}, class_names=NAMES)
    with pytest.raises(ValueError, match="must name every class"):
        predictions_figure(images, masks, {"CNN": masks * 3}, class_names=NAMES)
    with pytest.raises(ValueError, match="at least one sample"):
        predictions_figure(images[:0], masks[:0], {}, class_names=NAMES)


def test_the_legend_has_the_classes_that_occur() -> None:
    masks = [np.array([[0, 2]]), np.array([[0, 0]])]
    legend = class_legend(masks, NAMES)
    assert list(legend) == ["background", "disc"]
    np.testing.assert_allclose(to_rgb(legend["disc"]), class_colours(3)[2] / 255)


def test_wave_strip_shows_a_wave_travel() -> None:
    image = np.zeros((1, 20, 20))
    waves = np.zeros((10, 20, 20))
    for time in range(10):
        waves[time, :, 2 * time : 2 * time + 2] = 1 if time < 5 else -1
    figure = wave_strip(waves, image, times=[1, 10])
    start, end = (shown(axes)[0].astype(int) for axes in figure.axes[1:3])
    assert np.flatnonzero((start == [255, 240, 207]).all(axis=-1)).tolist() == [0, 1]
    assert np.flatnonzero((end == [217, 244, 255]).all(axis=-1)).tolist() == [18, 19]
    assert texts(figure)[-3:] == ["input", "step 1", "step 10"]


def test_the_scale_of_states_is_symmetric() -> None:
    waves = np.linspace(-1, 3, 10)[:, None, None] * np.ones((10, 4, 5))
    figure = wave_strip(waves, np.zeros((1, 4, 5)), times=[5])
    bar = figure.axes[-1]
    low, high = bar.get_ylim()
    assert low == -high
    assert high == pytest.approx(3)
    assert [label.get_text() for label in bar.get_yticklabels()] == ["\N{MINUS SIGN}3", "0", "3"]


def test_wave_strip_refuses() -> None:
    waves, image = np.zeros((10, 4, 5)), np.zeros((1, 4, 5))
    for times in ([0], [11], []):
        with pytest.raises(ValueError, match=r"times must be some of 1 to 10 .*; got"):
            wave_strip(waves, image, times=times)
    with pytest.raises(ValueError, match="on the grid of the image"):
        wave_strip(waves[:, :3], image, times=[1])
    with pytest.raises(ValueError, match="diverged"):
        wave_strip(waves + np.nan, image, times=[1])
