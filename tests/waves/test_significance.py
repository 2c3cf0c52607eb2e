"""Tests against surrogates: uniform p without a wave, the smallest p with one, and what each kind cannot see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from drumhead.waves import Grid, SurrogateKind, plane_wave, surrogate_test, white_noise
from drumhead.waves.significance import compare
from drumhead.waves.sites import Floats
from drumhead.waves.surrogates import Values

GRID = Grid(frames=100, height=4, width=4, dt=0.01, spacing=(1.0, 1.0))


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def analytic(movie: Floats) -> Values:
    """Return the analytic signal of a movie with an even number of frames."""
    transform = np.fft.fft(movie, axis=0)
    transform[1 : len(movie) // 2] *= 2
    transform[len(movie) // 2 + 1 :] = 0
    return np.asarray(np.fft.ifft(transform, axis=0))


def pgd(z: Values) -> Floats:
    """The directionality of the phase gradient in each frame: |mean gradient| / mean |gradient|, over inner sites."""
    along_y = np.angle(z[:, 1:, :-1] * z[:, :-1, :-1].conj())
    along_x = np.angle(z[:, :-1, 1:] * z[:, :-1, :-1].conj())
    mean = np.hypot(along_y.mean(axis=(1, 2)), along_x.mean(axis=(1, 2)))
    result: Floats = mean / np.hypot(along_y, along_x).mean(axis=(1, 2))
    return result


def mean_pgd(z: Values) -> float:
    return float(pgd(z).mean())


def wave_in_noise(frames: int = 200, seed: int = 1) -> Values:
    grid = GRID._replace(frames=frames)
    return analytic(plane_wave(grid, wave_vector=(0.4, -0.5)).real + white_noise(grid, random(seed), deviation=0.3))


@pytest.mark.parametrize("kind", ["sites", "phase", "shift"])
def test_a_wave_has_the_smallest_p(kind: SurrogateKind) -> None:
    result = surrogate_test(wave_in_noise(), mean_pgd, kind=kind, generator=random(), count=39)
    assert float(result.p) == float(result.p_max) == 1 / 40
    assert result.null.max() < 0.65 < 0.75 < result.observed


def test_phase_common_is_no_test_for_waves() -> None:
    """Its surrogates hold the same wave: the observed value is as likely as any of theirs."""
    p = []
    for seed in range(10):
        result = surrogate_test(wave_in_noise(seed=seed), mean_pgd, kind="phase_common", generator=random(), count=19)
        assert np.abs(result.null - result.observed).max() < 0.05
        p.append(float(result.p))
    assert 0.3 < np.mean(p) < 0.8


def test_p_is_uniform_without_a_wave() -> None:
    """200 tests of 19 surrogates on 4x4 sites of white noise, as Kolmogorov and Smirnov test it."""
    grid = GRID._replace(frames=16)
    p = np.array(
        [
            surrogate_test(
                analytic(white_noise(grid, random(seed))),
                mean_pgd,
                kind="sites",
                generator=random(1000 + seed),
                count=19,
            ).p
            for seed in range(200)
        ]
    )
    continuous = p - random().uniform(0, 1 / 20, size=200)  # p is a multiple of 1 / 20
    assert stats.kstest(continuous, "uniform").pvalue > 0.05


def test_the_maximum_over_frames_controls_the_family() -> None:
    """In noise, about 1 in 20 frames has p <= 0.05, and about 1 in 20 movies has a frame with p_max <= 0.05."""
    grid = GRID._replace(frames=40)
    families, frames = 0, []
    for seed in range(60):
        movie = analytic(white_noise(grid, random(seed)))
        result = surrogate_test(movie, pgd, kind="sites", generator=random(1000 + seed), count=19)
        assert (result.p_max >= result.p).all()
        families += bool((result.p_max <= 0.05).any())
        frames.append((result.p <= 0.05).mean())
    assert families <= stats.binom(60, 0.05).ppf(0.999)
    assert np.mean(frames) == pytest.approx(0.05, abs=0.02)


def test_a_burst_is_found_in_its_frames() -> None:
    grid = GRID._replace(frames=120)
    z = np.asarray(analytic(white_noise(grid, random(4))), np.complex128)
    z[50:60] += 30 * plane_wave(grid, wave_vector=(0.4, -0.5))[50:60]
    result = surrogate_test(z, pgd, kind="sites", generator=random(), count=99)
    assert (result.p_max[50:60] == 0.01).all()
    assert (np.delete(result.p_max, range(50, 60)) > 0.05).all()


def test_each_surrogate_has_its_own_generator() -> None:
    """So the first of many surrogates are those of a test with fewer."""
    z = wave_in_noise(frames=50)
    few = surrogate_test(z, mean_pgd, kind="phase", generator=random(), count=3)
    many = surrogate_test(z, mean_pgd, kind="phase", generator=random(), count=5)
    np.testing.assert_array_equal(few.null, many.null[:3])


def test_progress_is_reported() -> None:
    seen: list[tuple[int, int]] = []
    z = wave_in_noise(frames=20)
    surrogate_test(
        z, mean_pgd, kind="sites", generator=random(), count=3, progress=lambda done, count: seen.append((done, count))
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_comparisons_by_hand() -> None:
    result = compare([0.5, np.nan, 0.2], [[0.4, 0.1, 0.2], [0.6, 0.1, 0.1], [np.nan, 0.1, 0.1]])
    np.testing.assert_array_equal(result.p, [3 / 4, np.nan, 2 / 4])  # an undefined surrogate counts as large
    np.testing.assert_array_equal(result.p_max, [2 / 4, np.nan, 3 / 4])  # largest: 0.4, 0.6, 0.1
    assert compare(0.3, [0.1 + 0.2, 0.1]).p == 2 / 3  # 0.1 + 0.2 is 0.3, up to rounding
    with pytest.raises(ValueError, match=r"null must be \(count, ...\)"):
        compare([0.1, 0.2], [0.1, 0.2])


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"count, .*, must be at least 1, got 0"):
        surrogate_test(wave_in_noise(20), mean_pgd, kind="sites", generator=random(), count=0)
    with pytest.raises(ValueError, match=r"one for each frame; got shape \(20, 4, 4\)"):
        surrogate_test(wave_in_noise(20), np.abs, kind="sites", generator=random())
