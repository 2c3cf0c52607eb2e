"""Predicted masks as files: class numbers to compute with, colours to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import atomic_replace
from drumhead.report.colours import colour_masks


def save_mask(mask: npt.ArrayLike, folder: Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME_mask.png`` (8-bit grey, the class number of each pixel) and ``NAME_colour.png``.

    Args:
        mask: classes ``(height, width)``, 0 to 255.
        folder: an existing folder.
        name: what the files begin with.

    Returns:
        The two files.
    """
    labels = np.asarray(mask).astype(np.uint8)
    files = folder / f"{name}_mask.png", folder / f"{name}_colour.png"
    for file, pixels in zip(files, (labels, colour_masks(labels)), strict=True):
        with atomic_replace(file) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")
    return files
