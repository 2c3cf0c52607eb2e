"""The page in a browser without network: it computes, draws and plays, fits the screen, and asks for nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from tests.report.page.browser import Browser

SIZES = {"phone": (390, 844), "desk": (1600, 1000)}
COMPUTED = "Computed in"


@pytest.fixture
def page(chromium: Browser, nwm_page: Path) -> Iterator[Browser]:
    """The page of a small network, which has computed its first sample; afterwards, that nothing went wrong."""
    chromium.open(nwm_page, width=1600, height=1000)
    wait_for_status(chromium, COMPUTED)
    yield chromium
    check_quiet(chromium)


@pytest.fixture
def trained(chromium: Browser, trained_page: Path) -> Iterator[Browser]:
    """The page of the trained network, which has computed its first sample; afterwards, that nothing went wrong."""
    chromium.open(trained_page, width=1600, height=1000)
    wait_for_status(chromium, COMPUTED)
    yield chromium
    check_quiet(chromium)


def check_quiet(chromium: Browser) -> None:
    assert chromium.errors == []
    assert chromium.requested == []
    assert chromium.proxy.requests == []


def part(name: str, rest: str = "") -> str:
    """Return JavaScript for an element of the page."""
    return f"document.querySelector('[data-part=\"{name}\"]{rest}')"


def text(chromium: Browser, name: str) -> str:
    return str(chromium.evaluate(f"{part(name)}.textContent"))


def wait_for_status(chromium: Browser, start: str) -> None:
    chromium.wait_for(f"{part('status')}.textContent.startsWith({json.dumps(start)})")


def canvas(chromium: Browser, name: str) -> npt.NDArray[np.int64]:
    """Return the red, green and blue of a picture's pixels, ``(height, width, 3)``."""
    script = f"""(() => {{
      const canvas = {part(name, " canvas")};
      const {{ data }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return [canvas.height, canvas.width, ...data];
    }})()"""
    height, width, *levels = chromium.evaluate(script)
    return np.reshape(levels, (height, width, 4))[..., :3]


def settings(chromium: Browser) -> Any:
    return json.loads(chromium.evaluate("document.getElementById('settings').textContent"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_page_fits_the_screen_and_sends_no_requests(chromium: Browser, nwm_page: Path, size: str, dark: bool) -> None:
    width, height = SIZES[size]
    chromium.open(nwm_page, width=width, height=height, dark=dark)
    wait_for_status(chromium, COMPUTED)
    for state in ("sample", "drawing"):
        if state == "drawing":
            chromium.evaluate(f"{part('draw-on')}.click()")
            chromium.evaluate(f"{part('pixel-b')}.click()")
            wait_for_status(chromium, COMPUTED)
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width
        assert chromium.evaluate("window.innerWidth") == width  # the browser did not zoom out to fit it
        wide = "[...document.querySelectorAll('main *')].filter(one => one.getBoundingClientRect().right > innerWidth)"
        assert chromium.evaluate(f"{wide}.map(one => one.outerHTML)") == []
        paper = chromium.screenshot().convert("L").getpixel((2, height - 2))
        assert isinstance(paper, int)
        assert paper < 60 if dark else paper > 240
        if keep := os.environ.get("DRUMHEAD_SCREENSHOTS"):  # for visual inspection
            chromium.screenshot().save(Path(keep) / f"view-{state}-{size}-{'dark' if dark else 'light'}.png")
    check_quiet(chromium)


def test_a_click_chooses_a_pixel_and_arrow_keys_move_it(page: Browser) -> None:
    field = '[data-part="field"] canvas'
    page.pointer(field, (0.49, 0.26))
    assert text(page, "pixel-a") == "A row 6, column 11"
    paths = [page.evaluate("[...document.querySelectorAll('path.line.a')].map(one => one.getAttribute('d'))")]
    assert len(paths[0]) == 4  # the time series and the spectrum of two channels
    page.key("ArrowRight")
    page.key("ArrowDown")
    assert text(page, "pixel-a") == "A row 7, column 12"
    page.evaluate("new Promise(requestAnimationFrame)")
    paths.append(page.evaluate("[...document.querySelectorAll('path.line.a')].map(one => one.getAttribute('d'))"))
    assert all(before != after and after for before, after in zip(*paths, strict=True))
    assert page.evaluate("document.querySelectorAll('.line.b').length") == 0
    page.pointer(field, (0.9, 0.9), shift=True)
    assert text(page, "pixel-b") == "B row 21, column 21"
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.evaluate("document.querySelectorAll('path.line.b').length") == 4
    shares = page.evaluate("[...document.querySelectorAll('.share.b')].map(one => Number.parseFloat(one.textContent))")
    assert len(shares) == 6
    assert sum(shares) == pytest.approx(100, abs=1)
    page.click('[data-part="drop-b"]')
    page.evaluate("new Promise(requestAnimationFrame)")
    assert page.evaluate("document.querySelectorAll('.line.b').length") == 0


def test_the_movie_is_scrubbed_stepped_and_played(page: Browser) -> None:
    page.evaluate(f"{part('play')}.textContent === 'Pause' && {part('play')}.click()")
    frames = {}
    for step in (0, 3, 5):
        page.evaluate(f"{part('slider')}.value = {step}; {part('slider')}.dispatchEvent(new Event('input'))")
        assert f"step {step} of 6" in text(page, "time")
        frames[step] = canvas(page, "field")
    assert text(page, "time").startswith("0.5 units of time")
    assert (frames[0] != frames[3]).any()
    assert (frames[3] != frames[5]).any()
    page.click('[data-part="step-back"]')
    assert "step 4 of 6" in text(page, "time")
    assert (canvas(page, "field") != frames[5]).any()
    page.click('[data-part="step-on"]')
    np.testing.assert_array_equal(canvas(page, "field"), frames[5])
    page.evaluate(f"{part('speed')}.value = '80'; {part('speed')}.dispatchEvent(new Event('change'))")
    page.click('[data-part="play"]')
    page.wait_for(f"{part('time')}.textContent.includes('step 6 of 6')")
    page.wait_for(f"{part('play')}.textContent === 'Play'")
    page.evaluate("document.querySelector('input[name=show][value=stiffness]').click()")
    assert text(page, "scale-low") == "0"
    assert text(page, "scale-unit") == "stiffness, per (unit of time)²"
    assert (canvas(page, "field") != frames[5]).any()


def test_a_drawn_piece_is_segmented(trained: Browser) -> None:
    trained.evaluate("document.querySelector('input[name=source][value=drawing]').click()")
    wait_for_status(trained, COMPUTED)
    assert not canvas(trained, "input").any()
    trained.evaluate("document.querySelector('input[name=tool][value=\"0\"]').click()")
    trained.pointer('[data-part="input"] canvas', (0.5, 0.5))
    drawn = canvas(trained, "input").any(axis=2)
    assert drawn.sum() == 4 * 7 * 7
    assert np.ptp(np.nonzero(drawn)[0]) == 6  # the bar lies
    wait_for_status(trained, COMPUTED)
    colours = np.array(settings(trained)["classColours"])
    predicted = canvas(trained, "prediction")
    right = (predicted == colours[1]).all(axis=2)
    assert right[drawn].mean() > 0.9
    assert (predicted == colours[0]).all(axis=2)[~drawn].mean() > 0.98
    trained.click('[data-part="undo"]')
    assert not canvas(trained, "input").any()


def test_strokes_are_painted_erased_and_drawn_with_the_keyboard(page: Browser) -> None:
    page.evaluate(f"{part('draw-on')}.click()")
    page.evaluate(f"{part('clear')}.click()")
    page.evaluate("document.querySelector('input[name=tool][value=brush]').click()")
    page.pointer('[data-part="input"] canvas', (0.2, 0.5), (0.5, 0.5), (0.8, 0.5))
    line = canvas(page, "input").any(axis=2)
    assert line.shape == (24, 24)
    assert line[12, 4:20].all()
    assert line.sum() <= 3 * 18
    page.evaluate("document.querySelector('input[name=tool][value=eraser]').click()")
    page.pointer('[data-part="input"] canvas', (0.5, 0.5))
    assert line.sum() - canvas(page, "input").any(axis=2).sum() == 9
    page.evaluate(f"{part('clear')}.click()")
    page.evaluate("document.querySelector('input[name=tool][value=brush]').click()")
    page.evaluate(f"{part('input', ' canvas')}.focus()")
    for key in ("ArrowUp", "ArrowUp", "ArrowLeft", "Enter"):
        page.key(key)
    dab = np.argwhere(canvas(page, "input").any(axis=2))
    assert dab.mean(axis=0).tolist() == [10, 11]
    wait_for_status(page, COMPUTED)


def test_a_computation_is_stopped_and_a_newer_one_replaces_it(trained: Browser) -> None:
    trained.evaluate("document.querySelector('input[name=source][value=drawing]').click()")
    trained.wait_for(f"!{part('stop')}.hidden && {part('status')}.textContent.startsWith('Computing')")
    trained.evaluate(f"{part('stop')}.click()")
    assert text(trained, "status").startswith("Stopped after")
    assert trained.evaluate(f"{part('prediction')}.classList.contains('blank')")
    for source in ("0", "1", "0"):
        trained.evaluate(f"document.querySelector('input[name=source][value=\"{source}\"]').click()")
    wait_for_status(trained, COMPUTED)
    assert canvas(trained, "prediction").shape == (64, 64, 3)


def test_the_sound_is_the_pixel_s_and_at_most_half_scale(trained: Browser) -> None:
    trained.evaluate("""window.played = []; {
      const copy = AudioBuffer.prototype.copyToChannel;
      AudioBuffer.prototype.copyToChannel = function (samples, channel) {
        window.played.push([this.sampleRate, ...samples]);
        copy.call(this, samples, channel);
      };
    }""")
    trained.evaluate(f"{part('factor')}.value = '50'; {part('factor')}.dispatchEvent(new Event('change'))")
    trained.click('[data-part="play-a"]')
    (rate, *samples), *others = trained.wait_for("window.played.length > 0 && window.played")
    assert not others
    assert 0.4 < np.abs(samples).max() <= 0.5
    assert 1.5 <= len(samples) / rate < 1.8
    once = round(99 * 0.1 / 50 * rate)  # 100 states, 0.1 apart, 50 units of time a second
    np.testing.assert_allclose(samples[once // 2 : once], samples[once + once // 2 : 2 * once], atol=1e-6)
    assert "Hz" in text(trained, "sound-note")
    trained.click('[data-part="stop-sound"]')


def test_an_lstm_has_states_but_no_maps(chromium: Browser, lstm_page: Path) -> None:
    chromium.open(lstm_page, width=1600, height=1000)
    wait_for_status(chromium, COMPUTED)
    assert chromium.evaluate(f"{part('show')}.hidden")
    assert chromium.evaluate("document.querySelectorAll('.mark').length") == 0
    assert "step 0 of 3" in text(chromium, "time") or "of 3" in text(chromium, "time")
    assert chromium.evaluate("document.querySelectorAll('input[name=channel]').length") == 3
    check_quiet(chromium)


@pytest.mark.parametrize(
    ("removed", "name", "message"),
    [
        ("Worker", "failure", "This browser has no web workers"),
        ("AudioContext", "sound-note", "This browser cannot play sound"),
    ],
)
def test_what_a_browser_lacks_is_said_and_the_rest_works(
    chromium: Browser, nwm_page: Path, removed: str, name: str, message: str
) -> None:
    script = chromium.send("Page.addScriptToEvaluateOnNewDocument", source=f"delete window.{removed};")
    try:
        chromium.open(nwm_page, width=1600, height=1000)
        chromium.wait_for(f"{part(name)}.textContent.includes({json.dumps(message)})")
        assert canvas(chromium, "input").any()
        assert canvas(chromium, "truth").any()
        if removed != "Worker":
            wait_for_status(chromium, COMPUTED)
        check_quiet(chromium)
    finally:
        chromium.send("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
