"""The figure of waves: spectra of waves whose frequency is known, panels at the chosen times and bins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.figure import Figure

from drumhead.report.figures.wave_figure import (
    Waves,
    default_bins,
    default_times,
    magnitudes,
    spectrum_row,
    waves_figure,
)

NAMES = ["background", "square", "disc"]
STEPS, HEIGHT, WIDTH = 40, 6, 8
MASK = np.zeros((HEIGHT, WIDTH), int)
MASK[2:4, 2:5] = 1


def tones(bins: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """A field in which each pixel swings at a frequency of its own, with amplitude 2."""
    time = np.arange(STEPS)[:, None, None]
    field: npt.NDArray[np.float32] = (2 * np.cos(2 * np.pi * bins * time / STEPS + 0.4)).astype(np.float32)
    return field


def figure_of(*models: Waves) -> Figure:
    return waves_figure(np.zeros((1, HEIGHT, WIDTH)), MASK, models, class_names=NAMES, dpi=100)


def model(title: str = "NWM", times: tuple[int, ...] = (1, 20, 40), bins: tuple[int, ...] = (0, 3)) -> Waves:
    field = tones(np.where(MASK, 3, 7))
    return Waves(title=title, field=field, prediction=2 * MASK, times=times, bins=bins)


def test_each_pixel_is_heard_at_the_frequency_it_swings_with() -> None:
    bins = np.random.default_rng(0).integers(1, STEPS // 2, (HEIGHT, WIDTH))
    heard = magnitudes(tones(bins))
    assert heard.shape == (STEPS // 2 + 1, HEIGHT, WIDTH)
    np.testing.assert_array_equal(heard.argmax(axis=0), bins)
    np.testing.assert_allclose(heard.max(axis=0), STEPS, rtol=1e-5)  # amplitude 2 times half of the steps


def test_spectra_light_up_where_the_frequency_is() -> None:
    row = spectrum_row(tones(np.where(MASK, 3, 7)), [3, 7])
    bright, dark = row.panels[0][MASK == 1], row.panels[0][MASK == 0]
    assert bright[:, :3].sum(axis=1).min() > dark[:, :3].sum(axis=1).max()
    np.testing.assert_array_equal(row.panels[1][MASK == 0], np.broadcast_to(bright[0], dark.shape))
    assert row.titles == ["bin 3\nperiod 13", "bin 7\nperiod 5.7"]
    assert row.bar is not None
    low, high = row.bar.colours.get_clim()
    assert (low, high) == pytest.approx((STEPS / 1000, STEPS), rel=1e-5)


def test_a_silent_field_has_a_dark_spectrum() -> None:
    panel = spectrum_row(np.zeros((4, 2, 2), np.float32), [0]).panels[0]
    assert (panel == panel[0, 0]).all()


def test_panels_at_the_chosen_times_and_bins() -> None:
    figure = figure_of(model(), model("LSTM", times=(5,), bins=(1, 2, 20)))
    words = [text.get_text() for text in figure.texts]
    assert words[:5] == ["", "input", "truth", "prediction\nNWM", "prediction\nLSTM"]
    assert words[5:11] == ["NWM\nstates", "step 1", "step 20", "step 40", "spectrum,\nperiod in steps", "bin 0\nmean"]
    assert words[12:] == [
        "LSTM\nstates",
        "step 5",
        "spectrum,\nperiod in steps",
        "bin 1\nperiod 40",
        "bin 2\nperiod 20",
        "bin 20\nperiod 2",
    ]
    assert len([axes for axes in figure.axes if axes.images]) == 4 + 3 + 2 + 1 + 3
    assert [text.get_text() for text in figure.legends[0].get_texts()] == NAMES


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 20, 100, 1000])
def test_default_times_and_bins_exist(steps: int) -> None:
    times, bins = default_times(steps), default_bins(steps)
    assert times == sorted(set(times))
    assert (times[0], times[-1]) == (1, steps)
    assert bins == sorted(set(bins))
    assert bins[0] == 0
    assert bins[-1] <= max(1, steps // 2)


def test_refuses() -> None:
    for bins in ((21,), (-1,), ()):
        with pytest.raises(ValueError, match="bins must be some of 0 to 20 for a field of 40 steps"):
            figure_of(model(bins=bins))
    with pytest.raises(ValueError, match="times must be some of 1 to 40"):
        figure_of(model(times=(41,)))
    with pytest.raises(ValueError, match="classes of 'NWM' must be"):
        figure_of(model()._replace(prediction=MASK[:2]))
    with pytest.raises(ValueError, match="on the grid of the image"):
        figure_of(model()._replace(field=tones(MASK)[:, :2]))
