"""Tests of what the pick-up of the page hears: pieces that join, pitch, loudness, and the spectrum."""

from __future__ import annotations

import numpy as np
import pytest
from tests.report.viewer.node import run_js

from drumhead.analysis.drums import membrane_modes, polygon_drum, scheme_frequencies
from drumhead.analysis.drums.named import SQUARE

IMPORTS = {
    "drum/heard.js": "HeardSound, canStart",
    "drum/fourier.js": "longSpectrum",
    "drum/membrane.js": "Membrane",
    "drum/shapes.js": "GRID, polygonDrum",
}
HEARING = """
const drum = polygonDrum([[0, 0], [1, 0], [1, 1], [0, 1]], { resolution: 16 });
const inside = [...drum.inside.keys()].filter((at) => drum.inside[at]);
const { now, before, dt } = new Membrane(drum);
const membrane = new Membrane(drum);
membrane.strike(inside[20]);
const hearing = (seconds, rate) => ({ drum, rim: "fixed", damping: 0, now: membrane.now, before: membrane.before,
  pickup: inside[100], factor: 8000 * dt, sampleRate: rate, seconds });
const whole = (sound, piece) => { const all = []; while (!sound.isDone) all.push(...sound.next(piece)); return all; };
"""


def test_pieces_join_to_one_sound() -> None:
    body = HEARING + "return [0.013, 0.1, 2].map((piece) => whole(new HeardSound(hearing(0.5, 11025)), piece));"
    found = [np.array(samples) for samples in run_js(IMPORTS, body)]
    for samples in found:
        assert len(samples) == pytest.approx(0.5 * 11025, abs=3)
        assert (samples[0], samples[-1]) == (0, 0)
    scaled = [samples / np.abs(samples[:2000]).max() for samples in found]  # the gain follows from the first piece
    for samples in scaled[1:]:
        assert np.abs(samples - scaled[0])[60:-60].max() < 2e-3


def test_the_first_piece_is_below_half_scale_and_the_pitch_is_that_of_the_modes() -> None:
    body = HEARING + "return whole(new HeardSound(hearing(2, 11025)), 0.1);"
    samples = np.array(run_js(IMPORTS, body))
    assert np.abs(samples[: 11025 // 10]).max() == pytest.approx(0.3, rel=0.2)
    drum = polygon_drum(SQUARE, resolution=16)
    dt = 0.7 / 16
    pitch = scheme_frequencies(membrane_modes(drum, 1), dt=dt)[0] * 8000 * dt
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2**17))
    frequencies = np.fft.rfftfreq(2**17, 1 / 11025)
    low = frequencies < 1.3 * pitch
    assert frequencies[low][spectrum[low].argmax()] == pytest.approx(pitch, abs=0.2)


def test_the_spectrum_of_a_cosine_is_a_peak_of_its_amplitude() -> None:
    time = 0.25 * np.arange(3000)
    series = 0.7 * np.cos(2 * np.pi * 0.3 * time) + 0.1 * np.cos(2 * np.pi * 0.9 * time + 1)
    body = "const { step, amplitudes } = longSpectrum(input, 0.25); return [step, [...amplitudes]];"
    step, amplitudes = run_js(IMPORTS, body, series.tolist())
    assert step == 1 / (4096 * 0.25)
    expected = np.abs(np.fft.rfft(series * np.sin(np.pi * (np.arange(3000) + 0.5) / 3000) ** 2, 4096)) * 2 / 1500
    assert np.abs(np.array(amplitudes) - expected).max() < 1e-6
    assert amplitudes[round(0.3 / step)] == pytest.approx(0.7, rel=0.1)
    assert amplitudes[round(0.9 / step)] == pytest.approx(0.1, rel=0.1)


def test_a_sound_starts_when_the_rest_will_be_ready_in_time() -> None:
    calls = "[canStart(0.1, 0.05, 2.5), canStart(0.1, 0.2, 2.5), canStart(1.6, 3.2, 2.5), canStart(2.5, 9, 2.5)]"
    assert run_js(IMPORTS, f"return {calls};") == [True, False, True, True]
