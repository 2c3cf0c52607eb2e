"""Optical flow: the speed and direction of known waves, at every site, in units of length and time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import label

from drumhead.waves import (
    Grid,
    amplitude_flow,
    masked,
    phase_flow,
    phase_gradient,
    plane_wave,
    rotating_wave,
    standing_wave,
)
from drumhead.waves import flow as flow_module

SPEED, ANGLE = 0.3, np.pi / 6


def wave_of(speed: float, angle: float, wavelength: float, grid: Grid) -> npt.NDArray[np.complex128]:
    k = 2 * np.pi / wavelength
    vector = (k * np.sin(angle), k * np.cos(angle))
    return plane_wave(grid, wave_vector=vector, frequency=speed / wavelength)


def missing(share: float, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return valid sites: the largest connected component of those that are left."""
    valid = np.random.default_rng(0).random(shape) >= share
    components, _ = label(valid)
    largest = int(np.bincount(components[valid]).argmax())
    return np.asarray(components == largest, np.bool_)


@pytest.mark.parametrize("smoothness", [0.05, 0.5, 2.0])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_a_plane_wave_has_its_speed_and_direction_at_every_site(smoothness: float, share: float) -> None:
    grid = Grid(frames=3, height=24, width=30, dt=1, spacing=(1, 1))
    valid = missing(share, (24, 30))
    z = masked(wave_of(SPEED, ANGLE, 12, grid), valid)
    for circle in (z, z / 7 * np.exp(2j)):  # neither amplitude nor a constant phase matters
        flow = phase_flow(circle, dt=1, spacing=1, smoothness=smoothness)
        assert flow.v_x.shape == (2, 24, 30)
        np.testing.assert_array_equal(np.isfinite(flow.v_x[0]), valid)
        speed, angle = np.hypot(flow.v_y, flow.v_x)[:, valid], np.arctan2(flow.v_y, flow.v_x)[:, valid]
        np.testing.assert_allclose(speed, SPEED, atol=5e-7)
        np.testing.assert_allclose(np.degrees(angle), 30, atol=5e-5)


@pytest.mark.parametrize("angle", [0.4, 2.1, -2.5, -1.1])
def test_direction_and_speed_are_right_in_every_quadrant_with_unequal_spacing(angle: float) -> None:
    grid = Grid(frames=2, height=14, width=19, dt=0.01, spacing=(0.5, 0.4))
    flow = phase_flow(wave_of(13.0, angle, 3.5, grid), dt=0.01, spacing=(0.5, 0.4))
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x), 13, rtol=1e-6)
    np.testing.assert_allclose(np.arctan2(flow.v_y, flow.v_x), angle, atol=1e-6)


def test_a_wave_of_three_sites_is_right() -> None:
    grid = Grid(frames=2, height=12, width=15, dt=1, spacing=(1, 1))
    flow = phase_flow(wave_of(0.2, 0.3, 3, grid), dt=1, spacing=1)
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x), 0.2, atol=1e-6)


@pytest.mark.parametrize("chirality", [-1, 1])
@pytest.mark.parametrize(("smoothness", "mean", "deviation"), [(0.05, 1.0, 0.011), (0.5, 0.86, 0.07)])
def test_around_a_rotating_wave_the_flow_turns_as_fast_as_the_wave_if_it_is_not_too_smooth(
    chirality: int, smoothness: float, mean: float, deviation: float
) -> None:
    grid = Grid(frames=2, height=28, width=21, dt=0.1, spacing=(1, 1))
    wave = rotating_wave(grid, centre=(13.3, 9.6), chirality=chirality, frequency=0.3)  # type: ignore[arg-type]
    flow = phase_flow(wave, dt=0.1, spacing=1, smoothness=smoothness)
    y, x = np.mgrid[:28, :21]
    radius = np.hypot(y - 13.3, x - 9.6)
    tangential = ((x - 9.6) * flow.v_y[0] - (y - 13.3) * flow.v_x[0]) / radius
    ring = (radius > 3) & (radius < 7)
    ratio = tangential[ring] / (2 * np.pi * 0.3 * radius[ring])
    assert ratio.mean() == pytest.approx(chirality * mean, abs=0.005)
    assert ratio.std() < deviation


def test_reversed_time_reverses_the_flow() -> None:
    z = random_movie((4, 9, 11))
    there, back = phase_flow(z, dt=1, spacing=1), phase_flow(z[::-1], dt=1, spacing=1)
    np.testing.assert_allclose(back.v_y[::-1], -there.v_y, atol=1e-9)
    np.testing.assert_allclose(back.v_x[::-1], -there.v_x, atol=1e-9)


def test_transposing_the_movie_swaps_the_components() -> None:
    z = random_movie((2, 9, 11))
    there, transposed = phase_flow(z, dt=1, spacing=(1, 2)), phase_flow(z.swapaxes(1, 2), dt=1, spacing=(2, 1))
    np.testing.assert_allclose(transposed.v_y.swapaxes(1, 2), there.v_x, atol=1e-9)


def test_a_circular_sheet_has_no_seam() -> None:
    z = random_movie((2, 8, 9))
    flow = phase_flow(z, dt=1, spacing=1, boundary="circular")
    shifted = phase_flow(np.roll(z, (3, -2), axis=(1, 2)), dt=1, spacing=1, boundary="circular")
    np.testing.assert_allclose(shifted.v_x, np.roll(flow.v_x, (3, -2), axis=(1, 2)), atol=1e-9)
    assert not np.allclose(flow.v_x, phase_flow(z, dt=1, spacing=1).v_x)


def test_the_flow_minimises_its_energy() -> None:
    z = random_movie((2, 5, 6))
    flow = phase_flow(z, dt=0.5, spacing=(1, 2), smoothness=0.7)
    g_y, g_x = (each[0] for each in phase_gradient(z[:1] / abs(z[:1]) + z[1:] / abs(z[1:]), spacing=(1, 2)))
    change = np.angle(z[1] * z[0].conj()) / 0.5

    def energy(v_y: npt.NDArray[np.float64], v_x: npt.NDArray[np.float64]) -> float:
        data = ((change + v_y * g_y + v_x * g_x) ** 2).sum()
        smooth = sum((np.diff(v, axis=0) ** 2).sum() + (np.diff(v, axis=1) ** 2).sum() / 4 for v in (v_y, v_x))
        return float(data + 0.7**2 * smooth)

    least = energy(flow.v_y[0], flow.v_x[0])
    generator = np.random.default_rng(0)
    for _ in range(20):
        assert energy(*(each[0] + 0.01 * generator.standard_normal((5, 6)) for each in flow)) > least


def test_islands_are_solved_apart_and_one_without_a_gradient_is_nan() -> None:
    grid = Grid(frames=2, height=10, width=15, dt=1, spacing=(1, 1))
    left, right = wave_of(0.3, 0.5, 9, grid), wave_of(0.2, -2.0, 7, grid)
    z = np.concatenate([left[:, :, :7], np.full((2, 10, 1), np.nan), right[:, :, 8:]], axis=2)
    flow = phase_flow(z, dt=1, spacing=1)
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x)[0, :, :7], 0.3, atol=1e-6)
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x)[0, :, 8:], 0.2, atol=1e-6)
    z[:, :, 8:] = np.exp(1j * np.array([0, 1]))[:, None, None]  # in synchrony
    flow = phase_flow(z, dt=1, spacing=1)
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x)[0, :, :7], 0.3, atol=1e-6)
    assert np.isnan(flow.v_y[0, :, 7:]).all()


def test_both_solvers_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    z = masked(random_movie((3, 12, 9)), missing(0.2, (12, 9)))
    banded = phase_flow(z, dt=1, spacing=1)
    monkeypatch.setattr(flow_module, "BAND_VALUES", 0)
    sparse = phase_flow(z, dt=1, spacing=1)
    np.testing.assert_allclose(sparse.v_y, banded.v_y, atol=1e-9)
    np.testing.assert_allclose(sparse.v_x, banded.v_x, atol=1e-9)


def test_amplitude_weights_ignore_sites_of_little_amplitude() -> None:
    grid = Grid(frames=2, height=12, width=15, dt=1, spacing=(1, 1))
    z = wave_of(0.3, 0.5, 9, grid)
    spoiled = z.copy()
    spoiled[:, 5:8, 6:9] = 1e-4 * random_movie((2, 3, 3))
    plain = phase_flow(spoiled, dt=1, spacing=1)
    weighted = phase_flow(spoiled, dt=1, spacing=1, weights="amplitude")
    assert np.abs(np.hypot(weighted.v_y, weighted.v_x) - 0.3).max() < 0.15
    assert np.abs(np.hypot(plain.v_y, plain.v_x) - 0.3).max() > 0.3
    same = phase_flow(z, dt=1, spacing=1, weights="amplitude")
    np.testing.assert_allclose(np.hypot(same.v_y, same.v_x), 0.3, atol=1e-6)


def test_a_frame_without_a_phase_leaves_the_others_alone() -> None:
    z = wave_of(0.3, 0.5, 9, Grid(frames=5, height=8, width=9, dt=1, spacing=(1, 1)))
    z[0] = np.nan
    flow = phase_flow(z, dt=1, spacing=1)
    assert np.isnan(flow.v_x[0]).all()
    np.testing.assert_allclose(np.hypot(flow.v_y, flow.v_x)[1:], 0.3, atol=1e-6)


@pytest.mark.parametrize("method", ["ilk", "tvl1"])
def test_amplitude_flow_goes_where_a_blob_goes(method: str) -> None:
    y, x = np.mgrid[:32, :40]
    movie = np.stack([np.exp(-((y - 16 + 0.5 * n) ** 2 + (x - 15 - 1.0 * n) ** 2) / 30) for n in range(3)])
    flow = amplitude_flow(movie, dt=0.1, spacing=(0.5, 0.25), method=method)  # type: ignore[arg-type]
    slope = movie[1] > 0.3
    assert np.median(flow.v_y[0][slope]) == pytest.approx(-0.5 * 0.5 / 0.1, rel=0.25)
    assert np.median(flow.v_x[0][slope]) == pytest.approx(1.0 * 0.25 / 0.1, rel=0.25)


def test_invalid_arguments_are_rejected() -> None:
    z = standing_wave(Grid(frames=3))
    with pytest.raises(ValueError, match="complex"):
        phase_flow(z.real, dt=1, spacing=1)
    with pytest.raises(ValueError, match="frames"):
        phase_flow(z[:1], dt=1, spacing=1)
    with pytest.raises(ValueError, match="smoothness"):
        phase_flow(z, dt=1, spacing=1, smoothness=0)
    with pytest.raises(ValueError, match="weights"):
        phase_flow(z, dt=1, spacing=1, weights="power")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="method"):
        amplitude_flow(z.real, dt=1, spacing=1, method="farneback")  # type: ignore[arg-type]
    holed = z.real.copy()
    holed[1, 2, 3] = np.nan
    with pytest.raises(ValueError, match="1 of 266"):
        amplitude_flow(holed, dt=1, spacing=1)


def random_movie(shape: tuple[int, int, int]) -> npt.NDArray[np.complex128]:
    generator = np.random.default_rng(1)
    return generator.standard_normal(shape) + 1j * generator.standard_normal(shape)
