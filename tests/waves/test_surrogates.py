"""Each kind of surrogate keeps what it says, destroys the rest, and leaves other sites alone."""

from __future__ import annotations

from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest

from drumhead.waves import Grid, SurrogateKind, masked, pink_noise, plane_wave, surrogate
from drumhead.waves.sites import Bools, Floats
from drumhead.waves.surrogates import Values, surrogate_sampler

KINDS = get_args(SurrogateKind)
TRACE_KINDS = tuple(kind for kind in KINDS if kind != "fourier3")
LINEAR_KINDS = ("phase", "phase_common", "fourier3")


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def wave_in_noise(frames: int = 75, seed: int = 3) -> Floats:
    """A real plane wave in pink noise, whose sites have means that are not 0."""
    grid = Grid(frames=frames, height=4, width=5)
    return plane_wave(grid).real + pink_noise(grid, random(seed)) + np.arange(20).reshape(4, 5)


def spectra(movie: Values) -> Floats:
    return np.abs(np.fft.fft(movie, axis=0))


def covariance(movie: Values) -> npt.NDArray[np.float64]:
    traces = movie.reshape(len(movie), -1)
    return np.asarray(np.cov(traces.T))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("frames", [74, 75])
def test_a_surrogate_is_another_real_movie_of_the_same_mean_and_power(kind: SurrogateKind, frames: int) -> None:
    movie = wave_in_noise(frames)
    result = surrogate(movie, kind=kind, generator=random())
    assert result.dtype == np.float64
    assert result.shape == movie.shape
    assert result.mean() == pytest.approx(movie.mean(), rel=1e-12)
    assert (result**2).mean() == pytest.approx((movie**2).mean(), rel=1e-12)
    assert np.abs(result - movie).max() > 1
    np.testing.assert_array_equal(result, surrogate(movie, kind=kind, generator=random()))
    assert not np.array_equal(result, surrogate(movie, kind=kind, generator=random(1)))


@pytest.mark.parametrize("frames", [74, 75])
@pytest.mark.parametrize("kind", ["phase", "shift", "phase_common"])
def test_every_site_keeps_its_spectrum(kind: SurrogateKind, frames: int) -> None:
    movie = wave_in_noise(frames)
    kept, expected = spectra(surrogate(movie, kind=kind, generator=random())), spectra(movie)
    np.testing.assert_allclose(kept, expected, rtol=0, atol=1e-13 * expected.max())


@pytest.mark.parametrize("frames", [74, 75])
def test_phase_common_keeps_the_covariance_and_phase_does_not(frames: int) -> None:
    movie = wave_in_noise(frames)
    expected = covariance(movie)
    common = covariance(surrogate(movie, kind="phase_common", generator=random()))
    np.testing.assert_allclose(common, expected, rtol=0, atol=1e-14)
    apart = covariance(surrogate(movie, kind="phase", generator=random()))
    assert np.abs(apart - expected).max() > 0.3
    np.testing.assert_allclose(np.diag(apart), np.diag(expected), rtol=1e-12)


def test_sites_keeps_the_set_of_traces() -> None:
    movie = wave_in_noise()
    result = surrogate(movie, kind="sites", generator=random())
    before, after = movie.reshape(75, 20).T, result.reshape(75, 20).T
    assert sorted(map(tuple, before)) == sorted(map(tuple, after))
    assert not np.array_equal(before, after)


def test_shift_shifts_each_trace_apart() -> None:
    movie = wave_in_noise()
    result = surrogate(movie, kind="shift", generator=random())
    shifts = set()
    for before, after in zip(movie.reshape(75, 20).T, result.reshape(75, 20).T, strict=True):
        found = [shift for shift in range(75) if np.array_equal(np.roll(before, -shift), after)]
        assert len(found) == 1
        shifts.add(found[0])
    assert len(shifts) > 10


@pytest.mark.parametrize("shape", [(8, 4, 6), (7, 5, 6), (9, 3, 5)])
def test_fourier3_keeps_the_power_over_frequency_and_wave_vector(shape: tuple[int, int, int]) -> None:
    movie = random(5).normal(size=shape)
    result = surrogate(movie, kind="fourier3", generator=random())
    assert result.dtype == np.float64
    np.testing.assert_allclose(np.abs(np.fft.fftn(result)), np.abs(np.fft.fftn(movie)), rtol=0, atol=1e-12)
    assert np.abs(np.corrcoef(result.ravel(), movie.ravel())[0, 1]) < 0.5


def test_iaaft_keeps_the_values_and_nearly_the_spectrum() -> None:
    grid = Grid(frames=512, height=2, width=3)
    skewed = np.exp(pink_noise(grid, random(2)))
    result = surrogate(skewed, kind="iaaft", generator=random())
    np.testing.assert_array_equal(np.sort(result, axis=0), np.sort(skewed, axis=0))
    expected = spectra(skewed)

    def error(movie: Values) -> float:
        return float(np.sqrt(((spectra(movie) - expected) ** 2).sum() / (expected**2).sum()))

    assert error(result) < 0.25 * error(random().permuted(skewed, axis=0))  # the same values in random order
    correlations = np.corrcoef(np.concatenate([skewed.reshape(512, 6), result.reshape(512, 6)], axis=1).T)
    assert np.abs(correlations[:6, 6:]).max() < 0.5


@pytest.mark.parametrize("kind", TRACE_KINDS)
def test_sites_that_are_not_valid_keep_their_values(kind: SurrogateKind) -> None:
    movie = wave_in_noise()
    missing = np.zeros((4, 5), np.bool_)
    missing[0, 0] = missing[2, 3] = True
    movie = np.real(masked(movie, ~missing))
    movie[:, 3, 3] = 5.0  # constant
    allowed: Bools = np.ones((4, 5), np.bool_)
    allowed[1, 1] = False
    fixed = missing | ~allowed
    fixed[3, 3] = True
    result = surrogate(movie, kind=kind, generator=random(), valid=allowed)
    np.testing.assert_array_equal(result[:, fixed], movie[:, fixed])
    assert np.isfinite(result[:, ~fixed]).all()
    assert not (result[:, ~fixed] == movie[:, ~fixed]).all(axis=0).all()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "iaaft"])
def test_frames_without_a_value_at_both_ends_stay(kind: SurrogateKind) -> None:
    movie = np.asarray(plane_wave(Grid(frames=40, height=3, width=4))) + random().normal(size=(40, 3, 4))
    movie[:4] = movie[-6:] = np.nan
    result = surrogate(movie, kind=kind, generator=random())
    assert np.isnan(result[:4]).all()
    assert np.isnan(result[-6:]).all()
    alone = surrogate(movie[4:-6], kind=kind, generator=random())
    np.testing.assert_array_equal(result[4:-6], alone)


@pytest.mark.parametrize("kind", LINEAR_KINDS)
def test_a_complex_movie_keeps_its_spectrum_and_stays_analytic(kind: SurrogateKind) -> None:
    movie = wave_in_noise()
    transform = np.fft.fft(movie, axis=0)
    transform[38:] = 0
    analytic = np.fft.ifft(transform, axis=0)
    result = surrogate(analytic, kind=kind, generator=random())
    assert result.dtype == np.complex128
    after = np.fft.fft(result, axis=0)
    assert np.abs(after[38:]).max() < 1e-12 * np.abs(after).max()
    if kind != "fourier3":
        np.testing.assert_allclose(np.abs(after), np.abs(transform), rtol=0, atol=1e-12 * np.abs(after).max())


def test_scattered_sites_and_float32_are_taken() -> None:
    movie = wave_in_noise().reshape(75, 20).astype(np.float32)
    result = surrogate(movie, kind="phase", generator=random())
    assert result.shape == (75, 20)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, surrogate(movie.astype(np.float64), kind="phase", generator=random()))


def test_a_sampler_draws_what_surrogate_draws() -> None:
    movie = wave_in_noise()
    draw = surrogate_sampler(movie, kind="phase")
    first, second = draw(random(1)), draw(random(2))
    np.testing.assert_array_equal(first, surrogate(movie, kind="phase", generator=random(1)))
    np.testing.assert_array_equal(second, surrogate(movie, kind="phase", generator=random(2)))


def test_invalid_arguments_are_rejected() -> None:
    movie = wave_in_noise()
    with pytest.raises(ValueError, match=r"kind must be one of sites, phase, .*; got 'shuffle'"):
        surrogate(movie, kind="shuffle", generator=random())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="at least 3 valid sites"):
        surrogate(np.ones((5, 2, 2)), kind="phase", generator=random())
    with pytest.raises(ValueError, match="at least 3 frames"):
        surrogate(movie[:2], kind="phase", generator=random())
    with pytest.raises(ValueError, match="iaaft keeps the histogram of real values"):
        surrogate(movie + 0j, kind="iaaft", generator=random())
    with pytest.raises(ValueError, match="fourier3 needs a grid"):
        surrogate(movie.reshape(75, 20), kind="fourier3", generator=random())
    movie[3, 1, 1] = np.nan
    with pytest.raises(ValueError, match="fourier3 needs all sites, and 1 of 20"):
        surrogate(movie, kind="fourier3", generator=random())
