"""Generalized phase: pure tones stay, two tones lose their backward frames, and records end as they should."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator
from scipy.signal import hilbert

from drumhead.waves import generalized_phase
from drumhead.waves.sites import Complexes, Floats

DT = 1e-3


def two_tones(frames: int = 4000) -> Complexes:
    time = DT * np.arange(frames)
    real = np.cos(2 * np.pi * 8 * time) + 0.9 * np.cos(2 * np.pi * 31 * time)
    z: Complexes = np.asarray(hilbert(real), np.complex128)[:, None] * np.exp(1j * np.arange(3))
    return z


def backward(z: Complexes) -> int:
    return int((np.angle(z[1:, 0] * z[:-1, 0].conj()) < 0).sum())


def test_a_pure_tone_keeps_its_phase() -> None:
    z = np.exp(2j * np.pi * 8 * DT * np.arange(500))[:, None] * np.arange(1, 4)
    result = generalized_phase(z, dt=DT)
    np.testing.assert_allclose(result.z, z, rtol=0, atol=1e-13)
    assert not result.stitched.any()
    assert result.trusted.all()
    assert result.share_stitched.max() == result.share_backward.max() == 0


def test_two_tones_under_both_branches() -> None:
    """8 Hz and 0.9 of 31 Hz: the published branch follows the slow tone, the forward one the fast tone."""
    z = two_tones()
    with pytest.warns(UserWarning, match="the phase still falls in 31% of the steps"):
        published = generalized_phase(z, dt=DT)
    forward = generalized_phase(z, dt=DT, branch="forward")
    assert (backward(z), backward(published.z), backward(forward.z)) == (440, 1228, 0)
    cycles = [(np.unwrap(np.angle(each[:, 0]))[-1]) / (2 * np.pi) for each in (published.z, forward.z)]
    assert cycles == pytest.approx([8 * 4, 31 * 4], abs=1)
    for result in (published, forward):
        np.testing.assert_allclose(np.abs(result.z), np.abs(z), rtol=1e-12)
        np.testing.assert_array_equal(result.z[~result.stitched], z[~result.stitched])


def test_a_weak_fast_tone_is_removed_by_both_branches() -> None:
    time = DT * np.arange(4000)
    z = (np.exp(2j * np.pi * 8 * time) + 0.3 * np.exp(2j * np.pi * 31 * time))[:, None] * np.ones(3) + 0.1
    assert backward(z) > 100
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = [generalized_phase(z, dt=DT, branch=branch) for branch in ("published", "forward")]
    for result in results:
        assert backward(result.z) == 0
        assert 0 < result.share_stitched[0] < 0.5
        assert result.share_backward[0] == 0


def rule(z: Complexes, lowest: float) -> Floats:
    """The published rule for one trace, written out frame by frame."""
    phase, last = np.angle(z), len(z) - 1
    low = [n for n in range(1, last) if np.angle(z[n + 1] * np.conj(z[n])) / (2 * np.pi * DT) < lowest]
    dropped: set[int] = set()
    for start in low:
        if start - 1 not in low:
            end = start
            while end + 1 in low:
                end += 1
            dropped |= set(range(start, min(last, start + 3 * (end - start)) + 1))
    kept = [n for n in range(len(z)) if n not in dropped]
    smooth = PchipInterpolator(kept, np.unwrap(phase[kept]))(np.arange(len(z)))
    return np.asarray(np.angle(np.exp(1j * smooth)))


@pytest.mark.parametrize("lowest", [0.0, 5.0])
def test_the_published_branch_is_the_published_rule(lowest: float) -> None:
    noise = np.random.default_rng(0).normal(size=(600, 3)).cumsum(axis=0)
    spectrum = np.fft.fft(noise, axis=0)
    spectrum[[0, *range(1, 4), *range(40, 600)]] = 0
    z = np.fft.ifft(2 * spectrum, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = generalized_phase(z, dt=DT, lowest=lowest)
    assert result.stitched.any()
    for site in range(3):
        expected = np.exp(1j * rule(z[:, site], lowest))
        np.testing.assert_allclose(result.z[:, site] / np.abs(z[:, site]), expected, rtol=0, atol=1e-10)


def test_a_run_at_the_end_does_not_lengthen_the_record() -> None:
    frequency = np.full(100, 10.0)
    frequency[93:] = -10.0
    z = np.exp(2j * np.pi * np.cumsum(frequency) * DT)[:, None] * np.arange(1, 4)
    result = generalized_phase(z, dt=DT)
    assert result.z.shape == z.shape
    assert np.isfinite(result.z).all()
    assert result.stitched[92:].all()
    assert not result.stitched[:92].any()
    np.testing.assert_array_equal(result.trusted, ~result.stitched)


def test_a_site_that_always_runs_backwards_is_nan() -> None:
    z = np.exp(2j * np.pi * 8 * DT * np.arange(100))[:, None] * np.ones(4)
    z[:, 2] = z[:, 2].conj()
    result = generalized_phase(z, dt=DT)
    assert np.isnan(result.z[:, 2]).all()
    assert np.isfinite(np.delete(result.z, 2, axis=1)).all()
    np.testing.assert_array_equal(np.isnan(result.share_backward), [False, False, True, False])


def test_missing_sites_and_ends_stay_missing() -> None:
    z = two_tones(1000).reshape(1000, 1, 3).repeat(2, axis=1)
    z[:, 0, 1] = np.nan
    z[:20] = z[-30:] = np.nan
    result = generalized_phase(z, dt=DT, branch="forward")
    np.testing.assert_array_equal(np.isfinite(result.z), np.isfinite(z))
    alone = generalized_phase(z[20:-30, 1], dt=DT, branch="forward")
    np.testing.assert_allclose(result.z[20:-30, 1], alone.z, rtol=0, atol=1e-12)


def test_invalid_arguments_are_rejected() -> None:
    z = two_tones(100)
    with pytest.raises(ValueError, match="branch must be 'published' or 'forward', got 'nearest'"):
        generalized_phase(z, dt=DT, branch="nearest")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a complex movie is needed"):
        generalized_phase(z.real, dt=DT)
    with pytest.raises(ValueError, match="dt, the time"):
        generalized_phase(z, dt=0)
    with pytest.raises(ValueError, match="must be finite, got nan"):
        generalized_phase(z, dt=DT, lowest=float("nan"))
