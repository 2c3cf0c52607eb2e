"""Tests of predicted masks as PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from drumhead.report.colours import colour_masks
from drumhead.report.mask_files import save_mask


def test_masks_are_saved_as_class_numbers_and_as_colours(tmp_path: Path) -> None:
    mask = np.array([[0, 1, 2], [3, 0, 255]])
    numbers, colours = save_mask(mask, str(tmp_path), "cell")
    assert (numbers, colours) == (tmp_path / "cell_mask.png", tmp_path / "cell_colour.png")
    with Image.open(numbers) as image:
        np.testing.assert_array_equal(np.array(image), mask)
    with Image.open(colours) as image:
        np.testing.assert_array_equal(np.array(image), colour_masks(mask))
