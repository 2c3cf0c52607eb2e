"""Movies of phase: which frames they have, and what their pixels show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.report.movies.phase_movie import MARGIN, MOST_FRAMES, SIDE, phase_movie, shown_frames
from drumhead.waves import Grid, Movie, grid_positions, masked, rotating_wave
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements

GRID = Grid(frames=40, height=6, width=12, dt=0.01, spacing=(1.0, 0.5))


def measure(values: np.ndarray, **fields: object) -> Measurements:
    movie = Movie(**{"values": values, "dt": 0.01, "spacing": (1.0, 0.5), "time_unit": "s", **fields})  # type: ignore[arg-type]
    return measure_waves(movie, generator=np.random.default_rng(0), surrogates=0)


def test_frames_show_the_phase_of_each_site_and_where_there_is_none(tmp_path: Path) -> None:
    valid = np.ones((6, 12), np.bool_)
    valid[0, 0] = False
    wave = rotating_wave(GRID, centre=(2.4, 2.6), frequency=10)
    result = measure(masked(wave.real, valid))
    progress: list[tuple[int, int]] = []
    path = tmp_path / "waves.gif"
    phase_movie(result, path, frames=range(15, 18), progress=lambda done, total: progress.append((done, total)))
    assert progress == [(1, 3), (2, 3), (3, 3)]
    with Image.open(path) as movie:
        assert movie.n_frames == 3  # type: ignore[attr-defined]
        pixels = np.array(movie.convert("RGB"))
    top = MARGIN + 20
    assert pixels.shape[1] == SIDE + 2 * MARGIN  # 6 x 12 sites of 1 by 0.5 are square
    cell_height, cell_width = SIDE / 6, SIDE / 12

    def corner(row: int, column: int) -> list[int]:
        colour: list[int] = pixels[int(top + row * cell_height + 3), int(MARGIN + column * cell_width + 3)].tolist()
        return colour

    assert corner(0, 0) == [185, 230, 176]  # the green of sites without a phase
    from matplotlib import colormaps

    turns = np.angle(wave[15, 5, 3]) / (2 * np.pi) + 0.5
    expected = np.array(colormaps["twilight"](turns, bytes=True)[:3], int)
    assert np.abs(np.array(corner(5, 3)) - expected).max() < 8


def test_the_frames_shown_are_trusted_and_about_the_one_asked_for() -> None:
    result = measure(rotating_wave(GRID, centre=(2.4, 2.6), frequency=10).real)
    assert shown_frames(result, 20) == range(10, 30)
    long = Grid(frames=500, height=6, width=12, dt=0.01, spacing=(1.0, 0.5))
    result = measure(rotating_wave(long, centre=(2.4, 2.6), frequency=10).real)
    frames = shown_frames(result, 480)
    assert len(frames) == MOST_FRAMES
    assert frames[-1] == 489


def test_scattered_sites_have_no_movie(tmp_path: Path) -> None:
    positions = grid_positions(3, 4, 1.0) + np.random.default_rng(1).uniform(-0.2, 0.2, (12, 2))
    values = np.random.default_rng(0).standard_normal((60, 12))
    with pytest.raises(ValueError, match="needs sites on a grid; these are scattered"):
        phase_movie(measure(values, spacing=None, positions=positions), tmp_path / "a.gif", frames=range(20, 22))
