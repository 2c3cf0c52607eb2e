"""Tests of the sound's samples: pitch, loudness, fades, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.report.viewer.node import run_js

SOUND = {"shared/sound.js": "toSound, resampled, playable, largestMagnitude"}
TO_SOUND = "return Array.from(toSound(input.series, input.dt, input.factor, input.rate));"


def sound(series: npt.ArrayLike, *, dt: float, factor: float, rate: int) -> npt.NDArray[np.float64]:
    values: list[float] = np.asarray(series, np.float64).tolist()
    return np.array(run_js(SOUND, TO_SOUND, {"series": values, "dt": dt, "factor": factor, "rate": rate}))


def error(body: str, value: Any) -> str:
    message: str = run_js(SOUND, f"try {{ {body} }} catch (error) {{ return error.message; }}", value)
    return message


@pytest.mark.parametrize("dt", [0.1, 1e-3])  # fewer steps than samples, and more
def test_a_cosine_keeps_its_phase_and_its_frequency_is_multiplied_by_the_factor(dt: float) -> None:
    time = np.arange(0, 40, dt)
    samples = sound(3 + 0.01 * np.cos(2 * np.pi * time), dt=dt, factor=400, rate=8000)
    assert len(samples) == int(time[-1] / 400 * 8000 + 1e-6) + 1
    expected = 0.5 * np.cos(2 * np.pi * 400 * np.arange(len(samples)) / 8000)
    inner = slice(40, -40)  # the ends of the series lack neighbours on one side
    assert np.abs(samples - expected)[inner].max() < 0.01
    assert np.abs(samples).max() == pytest.approx(0.5, abs=1e-6)


def test_frequencies_above_half_the_sample_rate_are_removed() -> None:
    time = np.arange(0, 200, 0.01)
    high = np.cos(2 * np.pi * 17 * time)
    samples = run_js(SOUND, "return Array.from(resampled(input, 0.01, 100, 2000));", high.tolist())
    assert np.abs(samples)[50:-50].max() < 1e-3  # 1700 Hz would fold to 300 Hz


def test_a_constant_is_silent() -> None:
    assert sound(np.full(50, 0.3), dt=1, factor=100, rate=1000).tolist() == [0] * 491


def test_what_is_played_is_never_above_half_scale_and_fades_at_both_ends() -> None:
    body = "return input.map(level => Array.from(playable(new Float32Array(1000).fill(level), 8000)));"
    loud, quiet = (np.array(samples) for samples in run_js(SOUND, body, [20.0, 0.1]))
    assert loud.max() == 0.5
    assert quiet.max() == pytest.approx(0.1)  # it is not made louder
    for samples in (loud, quiet):
        assert samples[0] == samples[-1] == 0
        assert (np.diff(samples[:40]) > 0).all()
        assert (np.diff(samples[-40:]) < 0).all()
        assert (samples[40:-40] == samples[500]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"series": [1.0]}, "two values or more, got 1"),
        ({"series": [1.0, None, 2.0]}, "finite values, got null at index 1"),
        ({"dt": 0}, "dt must be positive and finite, got 0"),
        ({"factor": -2}, "factor must be positive and finite, got -2"),
        ({"factor": 1e-3}, "at most 60 s long, this is 2000 s; use a larger factor"),
    ],
)
def test_what_is_no_sound_is_refused(change: dict[str, Any], words: str) -> None:
    value = {"series": [0.0, 1.0, 0.0], "dt": 1.0, "factor": 10.0, "rate": 8000} | change
    assert words in error(TO_SOUND, value)


def test_samples_that_are_not_finite_are_refused() -> None:
    assert error("playable(Float32Array.of(0, NaN, 1), 8000);", None) == "A sound needs finite samples."
    assert run_js(SOUND, "return [largestMagnitude([1, -3, 2]), largestMagnitude([])];") == [3, 0]
