"""Tests of the wave figures: spectra of waves with known frequencies, panels at the chosen times and bins."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drumhead.report.figures.wave_figure import ModelStates, default_bins, default_times, wave_strip, waves_figure
from drumhead.report.figures.wave_panels import magnitudes, spectrum_row

NAMES = ["background", "square", "disc"]
STEPS, HEIGHT, WIDTH = 40, 6, 8
MASK = np.zeros((HEIGHT, WIDTH), int)
MASK[2:4, 2:5] = 1


def oscillations(bins: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return a field in which each pixel oscillates with amplitude 2 at the frequency of its bin."""
    time = np.arange(STEPS)[:, None, None]
    field: npt.NDArray[np.float32] = (2 * np.cos(2 * np.pi * bins * time / STEPS + 0.4)).astype(np.float32)
    return field


def figure_of(*models: ModelStates) -> Figure:
    return waves_figure(np.zeros((1, HEIGHT, WIDTH)), MASK, models, class_names=NAMES, dpi=100)


def model(title: str = "NWM", times: tuple[int, ...] = (1, 20, 40), bins: tuple[int, ...] = (0, 3)) -> ModelStates:
    field = oscillations(np.where(MASK, 3, 7))
    return ModelStates(title=title, field=field, prediction=2 * MASK, times=times, bins=bins)


def test_spectrum_of_each_pixel_peaks_at_its_frequency() -> None:
    bins = np.random.default_rng(0).integers(1, STEPS // 2, (HEIGHT, WIDTH))
    spectrum = magnitudes(oscillations(bins))
    assert spectrum.shape == (STEPS // 2 + 1, HEIGHT, WIDTH)
    np.testing.assert_array_equal(spectrum.argmax(axis=0), bins)
    np.testing.assert_allclose(spectrum.max(axis=0), STEPS, rtol=1e-5)  # amplitude 2 times half of the steps


def test_spectrum_row_is_bright_where_pixels_oscillate() -> None:
    row = spectrum_row(oscillations(np.where(MASK, 3, 7)), [3, 7])
    bright, dark = row.panels[0][MASK == 1], row.panels[0][MASK == 0]
    assert bright[:, :3].sum(axis=1).min() > dark[:, :3].sum(axis=1).max()
    np.testing.assert_array_equal(row.panels[1][MASK == 0], np.broadcast_to(bright[0], dark.shape))
    assert row.titles == ["bin 3\nperiod 13", "bin 7\nperiod 5.7"]
    assert row.bar is not None
    low, high = row.bar.colours.get_clim()
    assert (low, high) == pytest.approx((STEPS / 1000, STEPS), rel=1e-5)


def test_a_zero_field_has_a_uniform_spectrum() -> None:
    panel = spectrum_row(np.zeros((4, 2, 2), np.float32), [0]).panels[0]
    assert (panel == panel[0, 0]).all()


def test_waves_figure_has_panels_at_the_chosen_times_and_bins() -> None:
    figure = figure_of(model(), model("LSTM", times=(5,), bins=(1, 2, 20)))
    texts = [text.get_text() for text in figure.texts]
    assert texts[:5] == ["", "input", "truth", "prediction\nNWM", "prediction\nLSTM"]
    assert texts[5:11] == ["NWM\nstates", "step 1", "step 20", "step 40", "spectrum,\nperiod in steps", "bin 0\nmean"]
    assert texts[12:] == [
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
    assert bins[-1] == steps // 2


def test_waves_figure_refuses_invalid_arguments() -> None:
    for bins in ((21,), (-1,), ()):
        with pytest.raises(ValueError, match="bins must be some of 0 to 20 for a field of 40 steps"):
            figure_of(model(bins=bins))
    with pytest.raises(ValueError, match="times must be some of 1 to 40"):
        figure_of(model(times=(41,)))
    with pytest.raises(ValueError, match="classes of 'NWM' must be"):
        figure_of(model()._replace(prediction=MASK[:2]))
    with pytest.raises(ValueError, match="on the grid of the image"):
        figure_of(model()._replace(field=oscillations(MASK)[:, :2]))


def shown(axes: Axes) -> npt.NDArray[np.uint8]:
    """Return the image in a panel."""
    return np.asarray(axes.images[0].get_array())[..., :3]


def figure_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_wave_strip_shows_a_travelling_wave() -> None:
    image = np.zeros((1, 20, 20))
    waves = np.zeros((10, 20, 20))
    for time in range(10):
        waves[time, :, 2 * time : 2 * time + 2] = 1 if time < 5 else -1
    figure = wave_strip(waves, image, times=[1, 10])
    start, end = (shown(axes)[0].astype(int) for axes in figure.axes[1:3])
    assert np.flatnonzero((start == [255, 240, 207]).all(axis=-1)).tolist() == [0, 1]
    assert np.flatnonzero((end == [217, 244, 255]).all(axis=-1)).tolist() == [18, 19]
    assert figure_texts(figure)[-3:] == ["input", "step 1", "step 10"]


def test_colour_scale_of_states_is_symmetric() -> None:
    waves = np.linspace(-1, 3, 10)[:, None, None] * np.ones((10, 4, 5))
    figure = wave_strip(waves, np.zeros((1, 4, 5)), times=[5])
    bar = figure.axes[-1]
    low, high = bar.get_ylim()
    assert low == -high
    assert high == pytest.approx(3)
    assert [label.get_text() for label in bar.get_yticklabels()] == ["\N{MINUS SIGN}3", "0", "3"]


def test_wave_strip_refuses_invalid_arguments() -> None:
    waves, image = np.zeros((10, 4, 5)), np.zeros((1, 4, 5))
    for times in ([0], [11], []):
        with pytest.raises(ValueError, match=r"times must be some of 1 to 10 .*; got"):
            wave_strip(waves, image, times=times)
    with pytest.raises(ValueError, match="on the grid of the image"):
        wave_strip(waves[:, :3], image, times=[1])
    with pytest.raises(ValueError, match="diverged"):
        wave_strip(waves + np.nan, image, times=[1])
