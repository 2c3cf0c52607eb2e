"""Tests of the report in a browser without network: it sends no requests, and fits small and large screens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from tests.report.page.browser import Browser, browser, chromium_program
from tests.report.page.conftest import ToyReport

SIZES = {"phone": (390, 844), "desk": (1280, 800)}


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(chromium_program(), tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def screenshot(chromium: Browser) -> Image.Image:
    return chromium.screenshot().convert("L")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dark", [False, True])
def test_page_fits_the_screen_and_sends_no_requests(
    chromium: Browser, toy_report: ToyReport, size: str, dark: bool
) -> None:
    width, height = SIZES[size]
    chromium.open(toy_report.path, width=width, height=height, dark=dark)
    assert chromium.evaluate("document.documentElement.scrollWidth") <= width
    assert chromium.evaluate("window.innerWidth") == width  # the browser did not zoom out to fit it
    broken = chromium.evaluate("[...document.images].filter(image => !image.complete || !image.naturalWidth).length")
    assert broken == 0
    assert chromium.evaluate("document.images.length") >= 10
    wide = chromium.evaluate(
        "[...document.querySelectorAll('img, p, pre, summary, figcaption')]"
        f".filter(one => one.getBoundingClientRect().right > {width}).length"
    )
    assert wide == 0
    paper = screenshot(chromium).getpixel((2, height - 2))
    assert isinstance(paper, int)
    assert paper < 60 if dark else paper > 240
    assert chromium.requested == []
    assert chromium.errors == []
    assert chromium.proxy.requests == []
    if keep := os.environ.get("DRUMHEAD_SCREENSHOTS"):  # for visual inspection
        screenshot(chromium).save(Path(keep) / f"{size}-{'dark' if dark else 'light'}.png")


def test_a_tap_enlarges_an_image_inside_its_box(chromium: Browser, toy_report: ToyReport) -> None:
    chromium.open(toy_report.path, width=390, height=844)
    before = chromium.evaluate("document.images[0].getBoundingClientRect().width")
    chromium.evaluate("document.images[0].click()")
    assert chromium.evaluate("document.images[0].getBoundingClientRect().width") > 2 * before
    assert chromium.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_proxy_would_record_a_request(chromium: Browser, tmp_path: Path) -> None:
    page = tmp_path / "leaky.html"
    page.write_text("<!DOCTYPE html><img alt='' src='http://drumhead.invalid/picture.png'>")
    chromium.open(page, width=390, height=844)
    assert chromium.requested == ["http://drumhead.invalid/picture.png"]
    assert any("drumhead.invalid" in line for line in chromium.proxy.requests)
