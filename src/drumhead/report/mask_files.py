"""Predicted masks as PNG files: one with class numbers for programs, one with colours for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import atomic_replace
from drumhead.report.colours import colour_masks


def save_mask(mask: npt.ArrayLike, folder: str | Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME_mask.png`` (8-bit grey, the class number of each pixel) and ``NAME_colour.png``.

    Args:
        mask: the classes ``(height, width)``, 0 to 255.
        folder: an existing folder.
        name: the start of both file names.

    Returns:
        The paths of the two files.
    """
    labels = np.asarray(mask).astype(np.uint8)
    paths = Path(folder) / f"{name}_mask.png", Path(folder) / f"{name}_colour.png"
    for path, pixels in zip(paths, (labels, colour_masks(labels)), strict=True):
        with atomic_replace(path) as temporary:
            Image.fromarray(pixels).save(temporary, format="PNG")
    return paths
