"""The orientation that a camera writes into an image file: applied once, when the file is read."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

ORIENTATION_TAG = 0x0112
"""The tag of EXIF and TIFF that holds the orientation, 1 to 8."""


def apply_orientation(pixels: npt.NDArray[Any], orientation: object) -> npt.NDArray[Any]:
    """Turn and mirror stored pixels as their orientation tag says, so that they are as viewers show them.

    Args:
        pixels: (height, width) or (height, width, channel).
        orientation: the tag's value; anything but 2 to 8 leaves the pixels as they are.

    >>> import numpy as np
    >>> apply_orientation(np.array([[1, 2], [3, 4]]), 6).tolist()
    [[3, 1], [4, 2]]
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
