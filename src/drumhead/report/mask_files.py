"""Predictions as files: class numbers and probabilities for programs, colours for people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import atomic_replace
from drumhead.report.colours import class_colours, colour_image, colour_masks

MASK, COLOUR, OVERLAY, PROBABILITIES = "_mask.png", "_colour.png", "_overlay.png", "_probabilities.npy"
"""The endings of the files of a prediction."""
OPACITY = 0.5
"""How much of the colour of a class an overlay shows; the rest is the image."""


def save_mask(mask: npt.ArrayLike, folder: str | Path, name: str) -> tuple[Path, Path]:
    """Write ``NAME_mask.png`` and ``NAME_colour.png``.

    ``NAME_mask.png`` has 8 bits per pixel, the class number, and a palette, so that viewers show the colours of
    ``NAME_colour.png``; ``np.asarray(Image.open(path))`` gives the class numbers.

    Args:
        mask: the classes ``(height, width)``, 0 to 255.
        folder: an existing folder.
        name: the start of both file names.

    Returns:
        The paths of the two files.
    """
    labels = np.asarray(mask).astype(np.uint8)
    with_palette = Image.fromarray(labels, mode="L")
    with_palette.putpalette(class_colours(256).astype(np.uint8).tobytes())
    colours = Image.fromarray(colour_masks(labels))
    return _save_png(with_palette, folder, name + MASK), _save_png(colours, folder, name + COLOUR)


def save_overlay(image: npt.ArrayLike, mask: npt.ArrayLike, folder: str | Path, name: str) -> Path:
    """Write ``NAME_overlay.png``: the image, with the colours of all classes but the background laid over it.

    Args:
        image: the image ``(channel, height, width)`` in [0, 1].
        mask: the classes ``(height, width)``, 0 to 255.
        folder: an existing folder.
        name: the start of the file name.
    """
    labels = np.asarray(mask)
    opacity = np.where(labels == 0, 0.0, OPACITY)[..., None]
    blended = (1 - opacity) * colour_image(image) + opacity * colour_masks(labels)
    return _save_png(Image.fromarray(np.rint(blended).astype(np.uint8)), folder, name + OVERLAY)


def save_probabilities(probabilities: npt.ArrayLike, folder: str | Path, name: str) -> Path:
    """Write ``NAME_probabilities.npy``: float32 ``(class, height, width)``, which sum to 1 at each pixel."""
    path = Path(folder) / f"{name}{PROBABILITIES}"
    with atomic_replace(path) as temporary:
        np.save(temporary, np.asarray(probabilities, dtype=np.float32), allow_pickle=False)
    return path


def _save_png(image: Image.Image, folder: str | Path, file_name: str) -> Path:
    path = Path(folder) / file_name
    with atomic_replace(path) as temporary:
        image.save(temporary, format="PNG")
    return path
