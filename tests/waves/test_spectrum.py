"""The k-omega spectrum: Parseval's theorem, and the direction in which a wave goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from drumhead.waves import Grid, directional_share, plane_wave, radial_average, standing_wave, travelling_spectrum
from drumhead.waves.spectrum import TravellingSpectrum, Window

GRID = Grid(frames=45, height=10, width=15, dt=0.3, spacing=(0.5, 0.4))
K_Y, K_X = -2 * np.pi * 2 / (10 * 0.5), -2 * np.pi * 4 / (15 * 0.4)
"""Whole cycles on the grid, in the third quadrant."""
FREQUENCY = 9 / (45 * 0.3)
"""Whole cycles in the movie."""


def total(spectrum: TravellingSpectrum) -> float:
    """Return the integral of the power density."""
    steps = [axis[1] - axis[0] for axis in (spectrum.frequency, spectrum.k_y, spectrum.k_x)]
    return float(spectrum.power.sum() * np.prod(steps) / (2 * np.pi) ** 2)


def peak(spectrum: TravellingSpectrum) -> tuple[float, float, float]:
    f, k_y, k_x = np.unravel_index(spectrum.power.argmax(), spectrum.power.shape)
    return float(spectrum.frequency[f]), float(spectrum.k_y[k_y]), float(spectrum.k_x[k_x])


@pytest.mark.parametrize("frames", [44, 45])
@pytest.mark.parametrize("padding", [1, 3])
def test_the_integral_of_the_power_is_the_mean_square(frames: int, padding: int) -> None:
    movie = np.random.default_rng(0).standard_normal((frames, 9, 14)) + 3
    spectrum = travelling_spectrum(movie, dt=0.3, spacing=(0.5, 0.4), window="none", detrend="none", padding=padding)
    assert total(spectrum) == pytest.approx((movie**2).mean(), rel=1e-12)
    centred = travelling_spectrum(movie, dt=0.3, spacing=(0.5, 0.4), window="none", padding=padding)
    assert total(centred) == pytest.approx(movie.var(axis=0).mean(), rel=1e-12)


@pytest.mark.parametrize("spatial_window", ["none", "hann"])
def test_windows_and_segments_and_missing_sites_keep_the_power_of_noise(spatial_window: Window) -> None:
    generator = np.random.default_rng(1)
    movie = 2 * generator.standard_normal((600, 16, 15))
    movie[:, generator.random((16, 15)) < 0.3] = np.nan
    spectrum = travelling_spectrum(movie, dt=0.3, spacing=1, spatial_window=spatial_window, segments=5)
    assert total(spectrum) == pytest.approx(4, rel=0.03)
    assert spectrum.valid_share == np.isfinite(movie[0]).mean() < 0.8
    assert spectrum.resolution == pytest.approx(1 / (200 * 0.3))


def test_all_power_of_a_plane_wave_is_where_it_goes() -> None:
    wave = plane_wave(GRID, wave_vector=(K_Y, K_X), frequency=FREQUENCY).real
    spectrum = travelling_spectrum(wave, dt=GRID.dt, spacing=GRID.spacing, window="none")
    assert peak(spectrum) == pytest.approx((FREQUENCY, K_Y, K_X), rel=1e-12)
    assert spectrum.power.max() / spectrum.power.sum() == pytest.approx(1, abs=1e-12)
    for direction, share in ((0.0, 0), (np.pi, 1), (np.pi / 2, 0), (-np.pi / 2, 1), (np.arctan2(K_Y, K_X), 1)):
        assert directional_share(spectrum, direction).forward == pytest.approx(share, abs=1e-12)


def test_the_power_of_a_standing_wave_is_half_and_half() -> None:
    wave = standing_wave(GRID, wave_vector=(K_Y, K_X), frequency=FREQUENCY).real
    spectrum = travelling_spectrum(wave, dt=GRID.dt, spacing=GRID.spacing, window="none")
    shares = directional_share(spectrum, 0.3)
    assert (shares.forward, shares.backward) == pytest.approx((0.5, 0.5), abs=1e-12)
    assert shares.decibel == pytest.approx(0, abs=1e-9)
    assert np.sort(spectrum.power.ravel())[-2:] / spectrum.power.sum() == pytest.approx([0.5, 0.5], abs=1e-12)


def test_an_unequal_sum_of_two_directions_has_its_ratio_in_decibel() -> None:
    there = plane_wave(GRID, wave_vector=(0, K_X), frequency=FREQUENCY).real
    back = plane_wave(GRID, wave_vector=(0, -K_X), frequency=FREQUENCY).real
    spectrum = travelling_spectrum(there + 0.1 * back, dt=GRID.dt, spacing=GRID.spacing, window="none")
    assert directional_share(spectrum, np.pi).decibel == pytest.approx(20, abs=1e-9)


def test_the_shortest_wave_of_an_even_axis_has_no_direction() -> None:
    time, column = np.mgrid[:40, :8]
    shares = directional_share(
        travelling_spectrum(np.cos(np.pi * column - 0.7 * time)[:, None], dt=1, spacing=1, window="none"), 0.0
    )
    assert np.isnan(shares.forward)


def test_the_radial_average_finds_the_wave_number_in_any_direction() -> None:
    grid = Grid(frames=32, height=40, width=40, dt=1, spacing=(1, 1))
    for cycles_y, cycles_x in ((0, 10), (-6, 8), (8, -6)):
        k_y, k_x = 2 * np.pi * cycles_y / 40, 2 * np.pi * cycles_x / 40
        wave = plane_wave(grid, wave_vector=(k_y, k_x), frequency=0.25).real
        found = radial_average(travelling_spectrum(wave, dt=1, spacing=1))
        f, ring = np.unravel_index(found.power.argmax(), found.power.shape)
        assert found.frequency[f] == 0.25
        assert found.wave_number[ring] == pytest.approx(2 * np.pi / 4, abs=np.pi / 40)
    assert found.wave_number[-1] <= np.pi


def test_white_noise_is_flat_in_the_radial_average() -> None:
    movie = np.random.default_rng(2).standard_normal((200, 21, 31))
    found = radial_average(travelling_spectrum(movie, dt=0.5, spacing=(1, 2), window="none"))
    np.testing.assert_allclose(found.power[5:-5].mean(axis=0)[1:], 2 * 0.5 * 1 * 2, rtol=0.15)


def test_a_linear_trend_is_removed_only_if_asked() -> None:
    movie = np.broadcast_to(np.linspace(0, 5, 50)[:, None, None], (50, 4, 5)) * np.arange(1, 6)
    options: dict[str, object] = {"dt": 1, "spacing": 1, "window": "none"}
    assert total(travelling_spectrum(movie, **options, detrend="linear")) < 1e-20  # type: ignore[arg-type]
    assert total(travelling_spectrum(movie, **options)) > 1  # type: ignore[arg-type]


def test_single_precision_is_computed_in_double() -> None:
    movie = np.random.default_rng(3).standard_normal((20, 4, 5)).astype(np.float32)
    assert travelling_spectrum(movie, dt=1, spacing=1).power.dtype == np.float64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": "hamming"}, "window must be one of"),
        ({"spatial_window": "box"}, "spatial_window must be one of"),
        ({"detrend": "cubic"}, "detrend must be one of"),
        ({"segments": 0}, "segments must be"),
        ({"segments": 30}, "segments must be"),
        ({"padding": 0}, "padding must be"),
        ({"dt": 0}, "dt"),
        ({"spacing": -1}, "spacing"),
    ],
)
def test_invalid_options_are_rejected(options: dict[str, object], message: str) -> None:
    movie = np.random.default_rng(0).standard_normal((20, 4, 5))
    with pytest.raises(ValueError, match=message):
        travelling_spectrum(movie, **({"dt": 1, "spacing": 1} | options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("movie", "message"),
    [
        (np.zeros((20, 4, 5)), "valid sites"),
        (np.ones((20, 4, 5), np.complex128), "real movie"),
        (np.zeros((20, 9)), r"\(time, y, x\)"),
        (np.zeros((2, 4, 5)), "3 frames"),
    ],
)
def test_invalid_movies_are_rejected(movie: npt.NDArray[np.generic], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        travelling_spectrum(movie, dt=1, spacing=1)
