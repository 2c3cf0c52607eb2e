"""The colours of waves in the page are those of the figures."""

from __future__ import annotations

import numpy as np
from tests.report.viewer.node import run_js

from drumhead.report.colours import WAVES


def test_colours_of_waves_are_those_of_the_figures() -> None:
    values = np.linspace(-1, 1, 301)
    imports = {"shared/colour.js": "divergingColour, fieldPixels"}
    body = "return [input.map(divergingColour), [...fieldPixels([-9, 0, 2, NaN], 2)], divergingColour(7)];"
    colours, pixels, beyond = run_js(imports, body, values.tolist())
    fine = WAVES.resampled(4096)
    assert np.abs(np.array(colours) - 255 * fine((values + 1) / 2)[:, :3]).max() < 1.5
    assert pixels == [217, 244, 255, 255, 22, 22, 29, 255, 255, 240, 207, 255, 92, 92, 92, 255]
    assert beyond == [255, 240, 207]
