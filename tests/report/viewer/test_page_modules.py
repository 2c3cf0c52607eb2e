"""What the page computes of the network's answer: spectra, scales, probabilities, outlines and sound."""

from __future__ import annotations

import numpy as np
import pytest
from tests.report.viewer.node import run_js

from drumhead.analysis.spectrum import amplitude_spectrum
from drumhead.report.colours import wave_limit
from drumhead.report.viewer.bundle import bundle


def test_the_spectrum_is_that_of_the_package() -> None:
    series = np.random.default_rng(1).normal(size=37).tolist()
    ours = run_js(
        {"shared/spectrum.js": "amplitudeSpectrum"},
        "const { step, amplitudes } = amplitudeSpectrum(input, 0.3); return [step, ...amplitudes];",
        series,
    )
    theirs = amplitude_spectrum(series, dt=0.3, window="hann", padding=4)
    assert ours[0] == pytest.approx(theirs.frequencies[1])
    np.testing.assert_allclose(ours[1:], theirs.amplitudes, atol=1e-12)


@pytest.mark.parametrize("frequency", [0.4, 0.73, 1.9])
def test_the_strongest_frequency_is_that_of_a_sine(frequency: float) -> None:
    series = (1 + np.sin(2 * np.pi * frequency * 0.1 * np.arange(200))).tolist()
    body = "return strongestFrequency(amplitudeSpectrum(input, 0.1));"
    found = run_js({"shared/spectrum.js": "amplitudeSpectrum, strongestFrequency"}, body, series)
    assert found == pytest.approx(frequency, abs=0.5 / (4 * 200 * 0.1) + 1e-9)


def test_an_answer_grows_and_keeps_its_numbers_apart() -> None:
    states = np.random.default_rng(2).normal(size=(4, 2, 3, 5)).astype(np.float32)
    logits = np.random.default_rng(3).normal(size=(3, 3, 5)).astype(np.float32)
    body = """const answer = new Answer({ height: 3, width: 5, channels: 2, steps: 3, classes: 3 });
    const before = answer.frames;
    answer.addFrames({ first: 0, count: 1, states: Float32Array.from(input.states.slice(0, 30)) });
    const first = answer.series(7, 1).length;
    answer.addFrames({ first: 1, count: 3, states: Float32Array.from(input.states.slice(30)) });
    answer.logits = Float32Array.from(input.logits);
    return { before, first, series: [...answer.series(7, 1)], frame: [...answer.frame(2, 0)],
      limit: answer.waveLimit(1), prediction: [...answer.prediction()], probabilities: answer.probabilities(7) };"""
    given = {"states": states.ravel().tolist(), "logits": logits.ravel().tolist()}
    found = run_js({"page/answer.js": "Answer"}, body, given)
    assert (found["before"], found["first"]) == (0, 1)
    np.testing.assert_array_equal(np.float32(found["series"]), states[:, 1, 1, 2])
    np.testing.assert_array_equal(np.float32(found["frame"]), states[2, 0].ravel())
    assert found["limit"] == pytest.approx(np.sort(np.abs(states[:, 1]).ravel())[59])
    np.testing.assert_array_equal(found["prediction"], logits.argmax(axis=0).ravel())
    shares = np.exp(logits[:, 1, 2]) / np.exp(logits[:, 1, 2]).sum()
    np.testing.assert_allclose(found["probabilities"], shares, rtol=1e-5)


def test_the_limit_of_the_colours_is_nearly_that_of_the_figures() -> None:
    values = np.random.default_rng(4).normal(size=(11, 40, 50)).astype(np.float32)
    body = """const answer = new Answer({ height: 40, width: 50, channels: 1, steps: 10, classes: 2 });
    answer.addFrames({ first: 0, count: 11, states: Float32Array.from(input) });
    return answer.waveLimit(0);"""
    found = run_js({"page/answer.js": "Answer"}, body, values.ravel().tolist())
    assert found == pytest.approx(wave_limit(values), rel=1e-3)


def test_accuracies_leave_out_ignored_pixels() -> None:
    body = "return input.map(([labels, mask, ignored]) => accuracies(labels, mask, ignored));"
    cases = [([0, 1, 2, 2], [0, 1, 1, 2], None), ([0, 1, 2, 2], [0, 1, 1, 255], 255), ([0], [9], 9)]
    assert run_js({"page/answer.js": "accuracies"}, body, cases) == [
        {"all": 0.75, "foreground": pytest.approx(2 / 3)},
        {"all": pytest.approx(2 / 3), "foreground": 0.5},
        {"all": None, "foreground": None},
    ]


def test_the_outline_goes_around_shapes_of_any_colour() -> None:
    image = np.zeros((3, 4, 6), np.float32)
    image[0, 1:3, 1:3] = 0.05  # a dark shape
    image[2, 1, 5] = 1
    body = "return outlineEdges(shapeMask(Float32Array.from(input), 24), 4, 6);"
    edges = run_js({"page/pixels.js": "shapeMask, outlineEdges"}, body, image.ravel().tolist())
    assert len(edges) == 8 + 3  # the second shape is at the image's edge
    assert [1, 1, 1, 2] in edges
    noise = np.random.default_rng(5).random((1, 4, 6)).astype(np.float32)  # no background
    mask = run_js({"page/pixels.js": "shapeMask"}, "return shapeMask(input, 24);", noise.ravel().tolist())
    np.testing.assert_array_equal(np.reshape(mask, (4, 6)), noise[0] > noise[0].mean())


def test_the_sound_of_a_pixel_has_its_frequency_and_is_at_most_half_scale() -> None:
    series = (5 + 3 * np.sin(2 * np.pi * 0.8 * 0.1 * np.arange(100))).tolist()
    body = "return [...pixelSound(input, 0.1, 500, 8000)];"
    samples = np.array(run_js({"page/pixel_sound.js": "pixelSound"}, body, series))
    assert np.abs(samples).max() <= 0.5
    assert np.abs(samples).max() > 0.45
    assert 1.5 <= len(samples) / 8000 < 1.6
    spectrum = amplitude_spectrum(samples, dt=1 / 8000, window="hann")
    strongest = spectrum.frequencies[spectrum.amplitudes.argmax()]
    assert strongest == pytest.approx(0.8 * 500, abs=0.6 * 500 / 10)  # a repeated series has multiples of its rate


def test_numbers_are_short_and_ticks_round() -> None:
    body = """return [input.map((value) => shortNumber(value)), ticks(0, 10, 4), ticks(0, 0.7, 3),
      [0.5, 0.9999, 1].map(percent)];"""
    imports = {"page/elements.js": "shortNumber, percent", "page/chart.js": "ticks"}
    numbers, whole, part, shares = run_js(imports, body, [0, -0.123, 123.4, 1e6, 1e-7])
    assert numbers == ["0", "\N{MINUS SIGN}0.12", "120", "1e+6", "1e\N{MINUS SIGN}7"]
    assert whole == [0, 5, 10]
    assert part == [0, 0.5]
    assert shares == ["50.0 %", "100 %", "100 %"]


def test_the_page_can_be_bundled() -> None:
    assert "connectTabs" in bundle("page/start.js")
