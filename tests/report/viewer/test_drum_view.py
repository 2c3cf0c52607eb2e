"""Tests of the drum view in a browser without network: it is drawn, struck, heard, and used by keys."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.report.page.browser import Browser

from drumhead.analysis.drums import membrane_modes, polygon_drum, scheme_frequencies
from drumhead.report.viewer.page import write_viewer

PICTURE = "document.querySelector('#drum-view canvas').toDataURL()"
RECORDER = """
window.played = [];
window.AudioContext = class {
  constructor() { this.currentTime = 0; this.destination = {}; }
  resume() {}
  createGain() { return { connect() {}, gain: { setValueAtTime() {}, linearRampToValueAtTime() {} } }; }
  createBuffer(channels, length, sampleRate) {
    return { sampleRate, copyToChannel: (samples) => window.played.push(...samples) };
  }
  createBufferSource() { return { connect() {}, start() {}, stop() {} }; }
};
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page without a network."""
    path = tmp_path_factory.mktemp("drum") / "drum.html"
    write_viewer(path, None)
    return path


class DrumPage:
    """The drum view in a browser, used through pointers, keys and its elements."""

    def __init__(
        self, chromium: Browser, page: Path, *, width: int = 1600, before: str = "", dark: bool = False
    ) -> None:
        self.chromium = chromium
        script = None
        if before:
            script = chromium.send("Page.addScriptToEvaluateOnNewDocument", source=before)["identifier"]
        chromium.open(page, width=width, height=900, dark=dark)
        if script is not None:
            chromium.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script)

    def js(self, expression: str) -> Any:
        return self.chromium.evaluate(expression)

    def text(self, part: str) -> str:
        found: str = self.js(f"document.querySelector('[data-part=\"{part}\"]').textContent")
        return found

    def click(self, part: str) -> None:
        self.js(f"document.querySelector('[data-part=\"{part}\"]').click()")

    def choose(self, value: str) -> None:
        self.js(f"document.querySelector('input[value=\"{value}\"]').click()")

    def wait_for_text(self, part: str, words: str) -> None:
        self.chromium.wait_for(f"document.querySelector('[data-part=\"{part}\"]').textContent.includes({words!r})")

    @property
    def picture(self) -> str:
        found: str = self.js(PICTURE)
        return found

    def draw(self, corners: list[tuple[float, float]]) -> None:
        """Draw a line with the mouse; the sides of the picture are 1."""
        self.chromium.pointer("#drum-view canvas", *corners)

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.chromium.key(key)

    def check_silent_network(self) -> None:
        assert self.chromium.requested == []
        assert self.chromium.proxy.requests == []
        assert self.chromium.errors == []


@pytest.mark.parametrize(("width", "dark"), [(390, True), (1600, False)])
def test_the_view_fits_the_screen_and_moves(chromium: Browser, page: Path, width: int, dark: bool) -> None:
    drum = DrumPage(chromium, page, width=width, dark=dark)
    assert drum.js("window.innerWidth") == width  # the browser did not zoom out to fit it
    assert drum.js("document.documentElement.scrollWidth") <= width
    wide = f"[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > {width})"
    assert drum.js(f"{wide}.length") == 0
    first = drum.picture
    chromium.wait_for(f"{PICTURE} !== {first!r}")
    drum.wait_for_text("rate", "frames/s")
    drum.check_silent_network()
    if keep := os.environ.get("DRUMHEAD_SCREENSHOTS"):  # for visual inspection
        chromium.screenshot().save(Path(keep) / f"drum-{width}-{'dark' if dark else 'light'}.png")


def test_a_hidden_drum_is_at_rest(chromium: Browser, nwm_page: Path) -> None:
    drum = DrumPage(chromium, nwm_page)
    assert not drum.js("document.querySelector('#drum-view canvas')")
    chromium.click("#drum-view-tab")
    first = drum.picture
    chromium.wait_for(f"{PICTURE} !== {first!r}")
    chromium.click("#network-view-tab")
    still = drum.picture
    time.sleep(0.3)
    assert drum.picture == still
    chromium.click("#drum-view-tab")
    chromium.wait_for(f"{PICTURE} !== {still!r}")
    drum.check_silent_network()


def test_a_rim_is_drawn_its_area_is_heard_and_its_sound_has_the_frequencies_of_its_modes(
    chromium: Browser, page: Path
) -> None:
    drum = DrumPage(chromium, page, before=RECORDER)
    drum.choose("draw")
    corners = [(0.3, 0.3), (0.7, 0.3), (0.7, 0.6), (0.3, 0.6)]
    drum.draw(corners)
    chromium.wait_for("!document.querySelector('[data-part=table]').hidden")
    heard, drawn = (drum.text(f"area-{source}") for source in ("heard", "drawn"))
    assert float(drawn) == pytest.approx(0.12, rel=0.01)
    value, error = map(float, heard.split("\u00b1"))
    assert abs(value - 0.12) < 4 * error < 0.05
    assert "a count of the factors\u2019 negative pivots shows" in drum.text("method").lower()
    expected = polygon_drum(corners, resolution=128, offset=0.5)
    modes = membrane_modes(expected, 1)
    assert drum.text("lowest").split(": ")[1].split(",")[0] == f"{modes.frequencies[0]:.4g}"

    assert drum.js("window.played.length") == 0
    chromium.pointer("#drum-view canvas", (0.45, 0.41))
    drum.wait_for_text("sound-note", "computed in")
    samples = np.array(drum.js("window.played"))
    assert len(samples) == pytest.approx(2 * 44100, rel=1e-3)
    assert 0.2 < np.abs(samples).max() <= 0.5
    factor = 16000 * 0.7 / 128  # of 16,000 steps in a second
    pitch = scheme_frequencies(modes, dt=0.7 / 128)[0] * factor
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    frequencies = np.fft.rfftfreq(len(samples), 1 / 44100)
    low = frequencies < 1.2 * pitch
    assert frequencies[low][spectrum[low].argmax()] == pytest.approx(pitch, abs=1)
    drum.check_silent_network()


def test_the_pick_up_is_moved_and_hears_another_sound(chromium: Browser, page: Path) -> None:
    drum = DrumPage(chromium, page, before=RECORDER)
    drum.choose("draw")
    drum.draw([(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)])
    drum.click("strike")
    drum.wait_for_text("sound-note", "computed in")
    first = drum.js("window.played.splice(0)")
    drum.js("document.querySelector('#drum-view canvas').focus()")
    drum.press("p")
    chromium.wait_for("window.played.length > 88000")
    assert np.abs(np.array(drum.js("window.played")) - first).max() > 0.05


def test_keys_draw_a_rim_and_strike(chromium: Browser, page: Path) -> None:
    drum = DrumPage(chromium, page, before=RECORDER)
    drum.choose("draw")
    drum.js("document.querySelector('#drum-view canvas').focus()")
    drum.press("Enter")
    for arrow in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        drum.press(arrow, 10)
        drum.press("Enter")
    drum.press("c")
    chromium.wait_for("!document.querySelector('[data-part=table]').hidden")
    assert float(drum.text("area-drawn")) == pytest.approx((20 / 128) ** 2, rel=1e-3)
    assert float(drum.text("rim-drawn")) == pytest.approx(80 / 128, rel=1e-3)
    drum.press("ArrowUp", 5)
    drum.press("ArrowRight", 5)
    drum.press("Enter")
    chromium.wait_for("window.played.length > 88000")
    drum.check_silent_network()


def test_a_finger_draws_a_rim_and_strikes(chromium: Browser, page: Path) -> None:
    drum = DrumPage(chromium, page, width=390, before=RECORDER)
    drum.choose("draw")
    box = drum.js("document.querySelector('#drum-view canvas').getBoundingClientRect().toJSON()")

    def touch(*places: tuple[float, float]) -> None:
        points = [{"x": box["left"] + x * box["width"], "y": box["top"] + y * box["height"]} for x, y in places]
        for kind, point in zip(["touchStart", *["touchMove"] * (len(points) - 1)], points, strict=True):
            chromium.send("Input.dispatchTouchEvent", type=kind, touchPoints=[point])
        chromium.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    touch((0.4, 0.4), (0.6, 0.4), (0.6, 0.7), (0.4, 0.7))
    chromium.wait_for("!document.querySelector('[data-part=table]').hidden")
    assert float(drum.text("area-drawn")) == pytest.approx(0.06, rel=0.02)
    assert drum.js("window.scrollY") == 0
    assert drum.js("window.played.length") == 0
    touch((0.5, 0.6))
    chromium.wait_for("window.played.length > 88000")
    drum.check_silent_network()


@pytest.mark.parametrize(
    ("corners", "words"),
    [
        ([(0.2, 0.2), (0.8, 0.2), (0.5, 0.2)], "no inside"),
        ([(0.2, 0.2), (0.8, 0.2), (0.8, 0.217), (0.2, 0.217)], "thinner than three cells"),
        ([(0.5, 0.5), (0.504, 0.5), (0.504, 0.504)], "no inside"),
        ([(0.2, 0.2), (0.6, 0.6), (0.6, 0.2), (0.2, 0.7)], "crosses itself and makes 2 pieces"),
    ],
)
def test_what_is_no_drum_is_said_in_the_page(
    chromium: Browser, page: Path, corners: list[tuple[float, float]], words: str
) -> None:
    drum = DrumPage(chromium, page)
    drum.choose("draw")
    drum.draw(corners)
    drum.wait_for_text("message", words)
    assert drum.js("document.querySelector('[data-part=failure]').hidden")
    drum.check_silent_network()


def test_without_workers_and_sound_the_drum_still_moves(chromium: Browser, page: Path) -> None:
    drum = DrumPage(chromium, page, before="delete window.Worker; delete window.AudioContext;")
    assert "no workers" in drum.text("failure")
    assert "cannot play sound" in drum.text("sound-note")
    drum.choose("disc")
    drum.click("strike")
    first = drum.picture
    chromium.wait_for(f"{PICTURE} !== {first!r}")


@pytest.mark.slow
def test_the_pair_sounds_alike_in_the_page(chromium: Browser, page: Path) -> None:
    drum = DrumPage(chromium, page)
    for name in ("isospectral-1", "isospectral-2"):
        drum.choose(name)
        chromium.wait_for("!document.querySelector('[data-part=table]').hidden")
    assert drum.text("comparison").startswith("Pair 2 sounds like Pair 1")
    drum.choose("l-shape")
    drum.wait_for_text("comparison", "Compared with Pair 2: eigenvalues differ by up to")
