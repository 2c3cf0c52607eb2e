"""From the numbers in image files to pixels between 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.split import DatasetError
from drumhead.data.validation import RawSplit

FULL_SCALE = {"uint8": 255.0, "uint16": 65535.0}
"""The number that becomes 1.0, by dtype."""


def scale_pixels(pixels: npt.NDArray[Any], scale: float | None, origin: str) -> npt.NDArray[np.float32]:
    """Return pixels as float32 in [0, 1].

    Args:
        pixels: uint8, uint16 or float; with a scale, any numbers.
        scale: the number that becomes 1.0; None: the largest of uint8 or uint16, and 1 for float.
        origin: the file or other origin, for error messages.

    Raises:
        DatasetError: the pixels have another dtype, or are beyond the scale.
    """
    kind = pixels.dtype.newbyteorder("=")
    if kind.kind not in "uif" or (scale is None and kind.kind != "f" and kind.name not in FULL_SCALE):
        raise DatasetError(
            f"{origin}: values must be uint8 or uint16, or float from 0 to 1; got {pixels.dtype}. Convert them"
            + (", or import the training data with --scale, the number that becomes 1.0" if kind.kind in "ui" else "")
        )
    low, high = pixels.min(), pixels.max()
    largest = scale if scale is not None else FULL_SCALE.get(kind.name, 1.0)
    if not (low >= 0 and high <= largest):
        raise DatasetError(
            f"{origin}: values must be "
            + (f"from 0 to {scale:g}, the scale" if scale is not None else "uint8 or uint16, or float from 0 to 1")
            + f"; got {pixels.dtype} from {low} to {high}. Scale them, or import the training data with "
            + ("--scale, the number that becomes 1.0" if scale is None else "a larger --scale")
        )
    if scale is not None and ((kind.name == "uint8" and scale > 255) or (kind.kind == "f" and scale > 1 >= high > 0)):
        raise DatasetError(
            f"{origin}: the numbers that become 1.0 are {scale:g} (--scale), so these pixels would be nearly black: "
            f"got {pixels.dtype} up to {high:g}. Give the file as the camera wrote it, not converted"
        )
    scaled: npt.NDArray[np.float32] = np.divide(pixels, np.float32(largest), dtype=np.float32)
    return scaled


def scale_images(raw: RawSplit, scale: float | None) -> RawSplit:
    """Return a split whose images are uint8, or float32 in [0, 1], in C order and the machine's byte order.

    Raises:
        DatasetError: as in :func:`scale_pixels`.
    """
    kept = raw.images.dtype == np.uint8 or raw.images.dtype == np.dtype("=f4")
    if raw.images.ndim < 3 or raw.images.size == 0 or (scale is None and kept):
        return raw  # the rules for arrays find the first two
    images = np.empty(raw.images.shape, np.float32)
    for sample, image in enumerate(raw.images):
        images[sample] = scale_pixels(image, scale, raw.locate_image(sample))
    return raw._replace(images=images)
