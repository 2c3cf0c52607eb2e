"""The phase of signals whose phase is known: by Hilbert's transform, by wavelets, and from hidden states."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Grid, analytic, from_state, morlet, plane_wave
from drumhead.waves.frequency import instantaneous_frequency


@pytest.mark.parametrize("frames", [75, 150])
def test_whole_periods_have_their_exact_phase_and_amplitude(frames: int) -> None:
    wave = plane_wave(Grid(frames=frames))
    z, trusted = analytic(3 * wave.real, dt=0.01, edges="keep")
    np.testing.assert_allclose(z, 3 * wave, atol=3e-12)
    assert trusted.sum() == frames - 2 * 13  # a period is 12.5 frames
    emptied = analytic(3 * wave.real, dt=0.01).z
    np.testing.assert_array_equal(np.isfinite(emptied).all(axis=(1, 2)), trusted)


def test_a_record_cut_within_a_period_is_wrong_at_its_ends_which_are_not_trusted() -> None:
    time = 0.01 * np.arange(187)
    trace = np.cos(2 * np.pi * 10 * time + 0.5)[:, None] * np.ones(3)
    z, trusted = analytic(trace, dt=0.01, edges="keep")
    error = np.abs(instantaneous_frequency(z, dt=0.01)[:, 0] - 10)
    assert error[0] > 1
    assert error[0] > 10 * error[20]
    assert not trusted[:10].any()
    assert trusted[12:-12].all()


def test_with_a_band_the_frames_in_which_the_filter_settles_are_not_trusted() -> None:
    time = 0.002 * np.arange(2001)
    trace = (np.cos(2 * np.pi * 10 * time + 0.5) + 3 * np.cos(2 * np.pi * 1.0 * time))[:, None] * np.ones(3)
    z, trusted = analytic(trace, dt=0.002, band=(5, 40))
    np.testing.assert_allclose(
        np.angle(z[trusted, 0] * np.exp(-1j * (2 * np.pi * 10 * time[trusted] + 0.5))), 0, atol=0.03
    )
    assert (~trusted[:236]).all()
    assert (~trusted[-236:]).all()
    assert trusted[236:-236].all()


def test_invalid_sites_are_nan_and_do_not_touch_others() -> None:
    movie = plane_wave().real.copy()
    whole = analytic(movie, dt=0.01, edges="keep").z
    movie[3, 2, 1], movie[:, 4, 4] = np.nan, 5.0
    for z in (
        analytic(movie, dt=0.01, edges="keep").z,
        morlet(movie, 8, dt=0.01, cycles=2, edges="keep").z,
        from_state(movie, dt=0.01, frequency=8).z[1:-1],
    ):
        assert np.argwhere(np.isnan(z).any(axis=0)).tolist() == [[2, 1], [4, 4]]
    z = analytic(movie, dt=0.01, edges="keep").z
    kept = np.isfinite(z)
    np.testing.assert_array_equal(z[kept], whole[kept])


@pytest.mark.parametrize("cycles", [4.0, 6.0])
def test_a_wavelet_gives_phase_and_amplitude_of_its_frequency(cycles: float) -> None:
    grid = Grid(frames=251)
    wave = plane_wave(grid, frequency=8)
    z, trusted = morlet(2 * wave.real + 10, 8, dt=grid.dt, cycles=cycles)
    assert int((~trusted).sum()) == 2 * int(np.ceil(cycles / 16 / 0.01))
    middle = slice(100, 151)
    np.testing.assert_allclose(z[middle], 2 * wave[middle], atol=2e-3)
    other = plane_wave(grid, frequency=16)
    expected = np.exp(-(cycles**2) / 2)  # exp(-(f - f0)^2 / (2 (f0 / cycles)^2))
    got = np.abs(morlet(other.real, 8, dt=grid.dt, cycles=cycles).z[middle]).mean()
    assert got == pytest.approx(expected, rel=0.01, abs=1e-6)


@pytest.mark.parametrize("frames", [3, 4, 7])
def test_hidden_states_give_the_exact_phase_of_their_frequency(frames: int) -> None:
    grid = Grid(frames=frames, dt=0.1)
    wave = plane_wave(grid, frequency=0.7)
    z, trusted = from_state(wave.real, dt=grid.dt, frequency=0.7)
    np.testing.assert_allclose(z[1:-1], wave[1:-1], atol=1e-14)
    assert np.isnan(z[[0, -1]]).all()
    assert trusted.tolist() == [False, *[True] * (frames - 2), False]


def test_each_site_may_have_its_own_frequency() -> None:
    time = 0.1 * np.arange(80)[:, None]
    frequencies = np.array([0.5, 0.8, 1.3, 0.0])
    states = np.cos(2 * np.pi * frequencies * time + 0.2) + 1e-9 * time
    z = from_state(states, dt=0.1, frequency=frequencies).z
    np.testing.assert_allclose(z[1:-1, :3], np.exp(1j * (2 * np.pi * frequencies[:3] * time[1:-1] + 0.2)), atol=1e-7)
    assert np.isnan(z[:, 3]).all()  # without a restoring force there is no phase
    peaks = from_state(states[:, :3], dt=0.1).z  # found in the spectrum
    np.testing.assert_allclose(peaks[1:-1], z[1:-1, :3], atol=0.03)


def test_single_precision_is_computed_in_double() -> None:
    wave = plane_wave().real
    assert np.abs(analytic(wave.astype(np.float32), dt=0.01, edges="keep").z - plane_wave()).max() < 1e-6


def test_invalid_arguments_are_rejected() -> None:
    movie = plane_wave().real
    with pytest.raises(ValueError, match=r"movie of 20 frames is too short: 10 frames at each end .* from_state"):
        analytic(np.concatenate([movie[:10], movie[15:25]]), dt=0.01)
    with pytest.raises(ValueError, match="edges must be 'nan' or 'keep', got 'pad'"):
        analytic(movie, dt=0.01, edges="pad")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a real movie is needed, got complex128"):
        analytic(plane_wave(), dt=0.01)
    with pytest.raises(ValueError, match="frequency must be above 0 and below 50"):
        morlet(movie, 50, dt=0.01)
    with pytest.raises(ValueError, match="cycles must be above 0"):
        morlet(movie, 8, dt=0.01, cycles=0)
    with pytest.raises(ValueError, match="the wavelet reaches beyond it"):
        morlet(movie, 1, dt=0.01)
    with pytest.raises(ValueError, match=r"one for each site, \(14, 19\); got \(3,\)"):
        from_state(movie, dt=0.01, frequency=[8, 8, 8])
    with pytest.raises(ValueError, match="must be below 50"):
        from_state(movie, dt=0.01, frequency=50.0)
    with pytest.raises(ValueError, match="at least 3 frames here, got 2"):
        from_state(movie[:2], dt=0.01, frequency=8)
