"""The ready-made page in the documentation is small, and works."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.page.browser import Browser

PAGE = Path(__file__).parents[3] / "docs" / "view" / "tetrominoes-nwm-linear.html"
ACCURACY = "document.querySelector('[data-part=accuracy]').textContent"


@pytest.mark.skipif(not PAGE.exists(), reason="the documentation is not here")
def test_the_ready_made_page_segments_its_samples_offline(chromium: Browser) -> None:
    assert PAGE.stat().st_size < 3_000_000
    chromium.open(PAGE, width=390, height=844)
    chromium.wait_for(ACCURACY)
    text = chromium.evaluate(ACCURACY)
    assert text.startswith("Right on 9")
    assert text.endswith("% of the foreground.")
    assert chromium.evaluate("document.querySelectorAll('[data-part=sources] canvas.overlay').length") == 6
    assert (chromium.errors, chromium.requested, chromium.proxy.requests) == ([], [], [])
