"""The figure page of a movie's waves: what its panels show, and for movies that lack something."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.projections.polar import PolarAxes
from matplotlib.quiver import Quiver

from drumhead.report.figures.measured_waves_figure import example_frames, measured_waves_figure
from drumhead.waves import Grid, Movie, grid_positions, plane_wave, rotating_wave
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements

GRID = Grid(frames=60, height=7, width=9, dt=0.01, spacing=(0.5, 0.4))


def measure(values: np.ndarray, surrogates: int = 0, **fields: object) -> Measurements:
    movie = Movie(
        **{"values": values, "dt": 0.01, "spacing": (0.5, 0.4), "length_unit": "mm", "time_unit": "s", **fields}  # type: ignore[arg-type]
    )
    return measure_waves(movie, generator=np.random.default_rng(0), surrogates=surrogates)


@pytest.fixture(scope="module")
def plane() -> Measurements:
    return measure(plane_wave(GRID, wave_vector=(1.5, 0.0), frequency=10).real, surrogates=19)


def test_examples_are_spread_over_one_period(plane: Measurements) -> None:
    frames = example_frames(plane)
    assert np.diff(frames).tolist() == [2, 3, 3]  # a period is 10 frames
    assert np.isfinite(plane.waves.pgd[frames]).all()


def test_the_rose_shows_a_wave_to_plus_y_below(plane: Measurements) -> None:
    figure = measured_waves_figure(plane, dpi=72)
    (rose,) = (axes for axes in figure.axes if isinstance(axes, PolarAxes))
    heights = [bar.get_height() for bar in rose.patches]  # type: ignore[attr-defined]
    angles = [bar.get_x() + bar.get_width() / 2 for bar in rose.patches]  # type: ignore[attr-defined]
    assert angles[int(np.argmax(heights))] == pytest.approx(np.pi / 2, abs=2 * np.pi / 24)
    assert rose.get_theta_direction() == -1  # +y is below, as in the pictures
    images = [axes for axes in figure.axes if axes.images]
    assert all(axes.get_ylim()[0] > axes.get_ylim()[1] for axes in images)  # rows grow downwards
    texts = {text.get_text() for axes in figure.axes for text in axes.texts}
    assert any("median 42" in text for text in texts)  # 2 pi 10 / 1.5


def test_arrows_of_the_pictures_point_along_the_wave(plane: Measurements) -> None:
    figure = measured_waves_figure(plane, dpi=72)
    quivers = [each for axes in figure.axes for each in axes.collections if isinstance(each, Quiver)]
    assert len(quivers) == 4
    for quiver in quivers:
        np.testing.assert_allclose(np.asarray(quiver.V, np.float64), 1, atol=1e-6)
        np.testing.assert_allclose(np.asarray(quiver.U, np.float64), 0, atol=1e-6)


def test_tracks_of_a_rotating_wave_are_drawn_in_the_colour_of_its_chirality() -> None:
    wave = rotating_wave(GRID, centre=(1.6, 1.7), chirality=-1, frequency=10, core=0.5)
    result = measure(wave.real)
    assert result.singularities is not None
    assert set(result.singularities.chirality.tolist()) == {-1}
    figure = measured_waves_figure(result, dpi=72)
    (tracks,) = (axes for axes in figure.axes if "Tracks" in axes.get_title("left"))
    assert len(tracks.lines) == 2 + 3  # one track and its last point, and three legend entries


def test_scattered_sites_and_movies_without_a_wave_have_a_page_too() -> None:
    values = np.random.default_rng(0).standard_normal((60, 20))
    positions = grid_positions(4, 5, 1.0) + np.random.default_rng(1).uniform(-0.2, 0.2, (20, 2))
    scattered = measure(values, spacing=None, positions=positions)
    texts = {text.get_text() for axes in measured_waves_figure(scattered, dpi=72).axes for text in axes.texts}
    assert "scattered sites: not defined" in texts
    flat = measure(plane_wave(GRID, wave_vector=(0.0, 0.0), frequency=10).real + 0 * GRID.axes()[1])
    texts = {text.get_text() for axes in measured_waves_figure(flat, dpi=72).axes for text in axes.texts}
    assert "no frame has a speed" in texts
