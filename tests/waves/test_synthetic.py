"""Synthetic waves: where their crests go, and the spectra of noise."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from drumhead.waves import (
    Grid,
    masked,
    pink_noise,
    plane_wave,
    rotating_wave,
    standing_wave,
    target_wave,
    white_noise,
)


def test_a_plane_wave_is_shifted_along_its_direction() -> None:
    grid = Grid(frames=9, height=7, width=11, dt=0.05, spacing=(0.5, 0.25))
    k, frequency = np.array([-1.7, -0.9]), 2.0
    # In one frame the wave moves by its speed times dt along k; with this k that is a step of one row.
    wave = plane_wave(grid, wave_vector=(-2 * np.pi * frequency * grid.dt / 0.5, 0.0), frequency=frequency)
    np.testing.assert_allclose(wave[1:, :-1], wave[:-1, 1:], atol=1e-12)  # towards -y
    wave = plane_wave(grid, wave_vector=(k[0], k[1]), frequency=frequency)
    np.testing.assert_allclose(wave[:, 1] / wave[:, 0], np.exp(-1j * k[0] * 0.5), atol=1e-12)
    np.testing.assert_allclose(wave[:, :, 1] / wave[:, :, 0], np.exp(-1j * k[1] * 0.25), atol=1e-12)
    np.testing.assert_allclose(wave[1] / wave[0], np.exp(2j * np.pi * frequency * grid.dt), atol=1e-12)


def test_the_default_wave_has_whole_periods_an_odd_number_of_frames_and_a_direction_in_the_third_quadrant() -> None:
    wave = plane_wave()
    assert wave.shape == (75, 14, 19)
    np.testing.assert_allclose(np.fft.fft(wave, axis=0)[6], 75 * wave[0], atol=1e-10)


def test_a_standing_wave_has_nodes() -> None:
    grid = Grid(frames=8, height=1, width=9, dt=0.125, spacing=(1, 1))
    wave = standing_wave(grid, wave_vector=(0.0, np.pi / 4), frequency=1).real
    np.testing.assert_allclose(wave[:, 0, [2, 6]], 0, atol=1e-12)
    np.testing.assert_allclose(wave[:, 0, 0], np.cos(2 * np.pi * np.arange(8) / 8), atol=1e-12)


def test_a_source_sends_its_crest_outwards_and_a_sink_inwards() -> None:
    grid = Grid(frames=2, height=9, width=15, dt=0.01, spacing=(0.5, 0.4))
    for wave_number in (2.0, -2.0):
        first, second = np.angle(target_wave(grid, centre=(2.0, 2.0), wave_number=wave_number, frequency=3.0))
        # A phase is found further out after dt if the wave goes outwards.
        slope = np.angle(np.exp(1j * (first[4, 9] - first[4, 8]))) / 0.4
        assert -np.angle(np.exp(1j * (second[4, 8] - first[4, 8]))) / slope == pytest.approx(
            2 * np.pi * 3.0 / wave_number * 0.01
        )


def test_chirality_is_the_sense_in_which_the_crest_turns() -> None:
    grid = Grid(frames=2, height=21, width=21, dt=0.25, spacing=(1, 1))
    chirality: Literal[-1, 1]
    for chirality in (1, -1):
        wave = rotating_wave(grid, centre=(10, 10), chirality=chirality, frequency=1.0, core=0.5)
        assert np.angle(wave[0, 10, 15]) == pytest.approx(0)  # the crest is at +x,
        assert np.angle(wave[1, 10 + 5 * chirality, 10]) == pytest.approx(0)  # and a quarter of a period later at +-y
        assert wave[0, 10, 10] == 0
    with pytest.raises(ValueError, match=r"chirality must be 1 .* or -1, got 0"):
        rotating_wave(chirality=0)  # type: ignore[arg-type]


def test_noise_has_its_deviation_and_spectrum() -> None:
    grid = Grid(frames=1001, height=10, width=10)
    white = white_noise(grid, np.random.default_rng(1), deviation=3.0)
    pink = pink_noise(grid, np.random.default_rng(1), deviation=3.0)
    assert white.std() == pytest.approx(3, rel=0.01)
    assert pink.std() == pytest.approx(3)
    for movie, exponent in ((white, 0.0), (pink, -1.0)):
        power = (np.abs(np.fft.rfft(movie, axis=0)) ** 2).mean(axis=(1, 2))[1:]
        slope = np.polyfit(np.log(np.arange(1, 501)), np.log(power), 1)[0]
        assert slope == pytest.approx(exponent, abs=0.02)


def test_a_mask_empties_its_sites_in_every_frame() -> None:
    valid = np.ones((14, 19), np.bool_)
    valid[2, 5] = False
    assert np.argwhere(np.isnan(masked(plane_wave(), valid)).all(axis=0)).tolist() == [[2, 5]]
