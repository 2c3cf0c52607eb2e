"""All measurements in one call: of waves that are known, on grids and scattered sites, and what is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drumhead.waves import Grid, Movie, grid_positions, plane_wave, white_noise
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements
from drumhead.waves.sites import Floats

GRID = Grid(frames=251, height=8, width=11, dt=0.01, spacing=(0.5, 0.4))
K = (-1.5, -2.0)  # a speed of 2 pi 10 / 2.5 = 25.13
ANGLE, SPEED = np.arctan2(*K), 2 * np.pi * 10 / 2.5


def wave_movie(noise: float = 0.3) -> Movie:
    wave = plane_wave(GRID, wave_vector=K, frequency=10).real
    values = wave + white_noise(GRID, np.random.default_rng(0), deviation=noise)
    return Movie(values=values, dt=GRID.dt, spacing=GRID.spacing, length_unit="mm", time_unit="s")


def measure(movie: Movie, **options: object) -> Measurements:
    chosen = {"surrogates": 19, **options}
    return measure_waves(movie, generator=np.random.default_rng(0), **chosen)  # type: ignore[arg-type]


def finite(values: Floats) -> Floats:
    return values[np.isfinite(values)]


@pytest.mark.parametrize("scattered", [False, True])
def test_a_noisy_wave_has_its_direction_and_speed_on_a_grid_and_at_scattered_sites(scattered: bool) -> None:
    movie = wave_movie()
    if scattered:
        rng = np.random.default_rng(1)
        chosen = rng.permutation(88)[:60]
        positions = grid_positions(8, 11, GRID.spacing)[chosen] + rng.uniform(-0.1, 0.1, (60, 2))
        time = GRID.dt * np.arange(251)
        phase = 2 * np.pi * 10 * time[:, None] - positions @ np.array(K)
        movie = Movie(values=np.cos(phase) + 0.3 * rng.standard_normal(phase.shape), dt=GRID.dt, positions=positions)
    result = measure(movie, band=(5.0, 20.0))
    waves = result.waves
    assert result.statistic == ("gain" if scattered else "pgd")
    assert np.median(finite(waves.direction)) == pytest.approx(ANGLE, abs=0.05)
    assert np.median(finite(waves.speed)) == pytest.approx(SPEED, rel=0.05)
    assert np.median(finite(waves.gain)) > 0.8 > 0.2 > np.quantile(finite(result.gain_null), 0.9)
    assert result.significant[result.analytic.trusted].all()
    assert result.model(125) == "plane"
    assert result.model(0) == ""  # an untrusted frame
    assert (result.singularities is None) == (result.spectrum is None) == scattered
    assert np.isnan(waves.pgd).all() == scattered


def test_independent_sites_have_waves_by_chance_only() -> None:
    values = white_noise(Grid(frames=400, height=6, width=7), np.random.default_rng(3))
    result = measure(Movie(values=values, dt=0.01, spacing=1.0), band=(5.0, 20.0), surrogates=39)
    share = result.significant[result.analytic.trusted].mean()
    assert share < 0.12  # 0.05 in the mean; frames of a filtered movie are not independent
    models = [result.model(int(frame)) for frame in np.flatnonzero(result.analytic.trusted)]
    assert (models.count("none") + models.count("synchrony")) / len(models) > 0.85


def test_the_answer_does_not_depend_on_the_order_of_the_positions() -> None:
    movie = wave_movie()
    order = np.random.default_rng(0).permutation(88)
    shuffled = Movie(
        values=movie.values.reshape(251, 88)[:, order],
        positions=grid_positions(8, 11, GRID.spacing)[order],
        dt=GRID.dt,
    )
    first, second = measure(movie, surrogates=0), measure(shuffled, surrogates=0)
    np.testing.assert_allclose(first.waves.speed, second.waves.speed)
    np.testing.assert_allclose(first.waves.direction, second.waves.direction)


def test_sites_that_are_left_out_are_counted_by_reason() -> None:
    values = wave_movie().values.copy()
    values[5, 0, 0], values[:, 1, 1] = np.nan, 3.0
    values[:, 2, 2] *= 0.01
    result = measure(replace(wave_movie(), values=values), min_amplitude=0.2, surrogates=0)
    assert np.argwhere(result.exclusions.not_finite).tolist() == [[0, 0]]
    assert np.argwhere(result.exclusions.constant).tolist() == [[1, 1]]
    assert np.argwhere(result.quiet).tolist() == [[2, 2]]
    assert result.sites.sum() == 85
    np.testing.assert_array_equal(result.has_phase, result.sites)


def test_smoothing_raises_the_directionality_of_a_noisy_wave_and_not_of_noise() -> None:
    grid = Grid(frames=181, height=12, width=13, spacing=(1.0, 1.0))
    noise = white_noise(grid, np.random.default_rng(0), deviation=2.0)
    wave = plane_wave(grid, wave_vector=(0.2, 0.3), frequency=10).real
    for values, is_wave in ((wave + noise, True), (noise, False)):
        movie = Movie(values=values, dt=0.01, spacing=1.0)
        plain, smooth = (measure(movie, smooth=each, band=(6.0, 16.0)) for each in (0.0, 1.5))
        trusted = plain.analytic.trusted
        if is_wave:
            assert np.nanmedian(smooth.waves.pgd) > 2 * np.nanmedian(plain.waves.pgd)
        else:  # the surrogates are smoothed too, so noise does not become a wave
            assert smooth.significant[trusted].mean() < 0.3
            assert np.median(smooth.null) > 1.5 * np.median(plain.null)


def test_a_tone_has_the_same_generalized_phase() -> None:
    plain, generalized = (measure(wave_movie(0.0), phase=each, surrogates=0) for each in ("hilbert", "generalized"))
    np.testing.assert_allclose(generalized.waves.speed, plain.waves.speed, rtol=1e-9)
    np.testing.assert_array_equal(generalized.analytic.trusted, plain.analytic.trusted)


def test_hidden_states_have_phases_in_all_frames_but_two() -> None:
    movie = replace(wave_movie(0.0), values=wave_movie(0.0).values[:9])
    result = measure(movie, phase="state", frequency=10.0, surrogates=0)
    assert result.analytic.trusted.sum() == 7
    np.testing.assert_allclose(result.waves.speed[2:-2], SPEED, rtol=1e-9)
    with pytest.raises(ValueError, match="phase 'state' has the sites' own frequencies; give no band"):
        measure(movie, phase="state", band=(5.0, 20.0))


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"values": np.random.default_rng(0).normal(size=(2, 3, 3))}, {}, "at least 3 frames"),
        ({"values": np.full((20, 3, 3), np.nan)}, {}, "0 of 9 sites are valid .9 with values that are not finite"),
        ({"values": np.ones((20, 3, 3))}, {}, "9 constant"),
        ({"values": np.random.default_rng(0).normal(size=(80, 1, 9))}, {}, "line"),
        (
            {"values": np.random.default_rng(0).normal(size=(80, 3, 3)) * 1j},
            {},
            "a real movie is needed, got complex128",
        ),
        ({}, {"band": (5.0, 50.0)}, "a band must have 0 < low < high < 50"),
        ({}, {"band": (0.0, 5.0)}, "a band must have 0 < low < high < 50"),
        ({}, {"band": (0.01, 5.0)}, "is too short"),
        ({}, {"surrogates": 18}, "must be 0, or 19 or more"),
        ({}, {"min_amplitude": 2.0}, r"must be in \[0, 1\]; got 2.0"),
        ({}, {"smooth": -1.0}, "smooth must be 0 or more"),
        ({}, {"phase": "magic"}, "phase must be 'hilbert', 'generalized' or 'state', got 'magic'"),
    ],
)
def test_bad_input_is_refused(change: dict[str, object], options: dict[str, object], message: str) -> None:
    movie = replace(wave_movie(), **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        measure(movie, **options)
