"""Reading single images as model input: PNG, JPEG or NumPy files, in the model's number of channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.array_folder import map_array
from drumhead.data.png_folder import SIXTEEN_BIT_MODES
from drumhead.data.split import DatasetError
from drumhead.data.untrusted_images import open_untrusted_image

Pixels = npt.NDArray[Any]

SUFFIXES = (".png", ".jpg", ".jpeg", ".npy")
PILLOW_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's mode for each number of channels."""


def find_image_files(paths: Sequence[str | Path]) -> list[Path]:
    """Return the image files at the given paths; a folder is replaced by its image files, sorted by name.

    Raises:
        DatasetError: a path is missing, a file has another suffix, a folder has no images, or two files have the same
            name, so that their results would have the same name too.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            in_folder = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not in_folder:
                raise DatasetError(f"{path}: this folder has no image; files must end in {', '.join(SUFFIXES)}")
            files += in_folder
        elif not path.is_file():
            raise DatasetError(f"{path}: there is no such file")
        elif path.suffix.lower() not in SUFFIXES:
            raise DatasetError(f"{path}: images must end in {', '.join(SUFFIXES)}; got {path.suffix or 'no suffix'!r}")
        else:
            files.append(path)
    by_name: dict[str, Path] = {}
    for file in files:
        if file.stem in by_name:
            raise DatasetError(f"{file} and {by_name[file.stem]}: images must have different names; rename one")
        by_name[file.stem] = file
    return files


def read_image(file: str | Path, *, channels: int) -> npt.NDArray[np.float32]:
    """Read one image as model input.

    8-bit PNG and JPEG files are converted to greyscale, RGB or RGBA as the model needs; a 16-bit greyscale PNG needs
    a model with one channel. A NumPy file holds (height, width) or (height, width, channel), uint8 or float in [0, 1].

    Args:
        file: an image file; see :func:`find_image_files`.
        channels: the model's number of input channels.

    Returns:
        The image as ``(channel, height, width)`` in [0, 1].

    Raises:
        DatasetError: the file cannot be read, or its values or channels do not fit; the message names it.
    """
    file = Path(file)
    pixels = map_array(file) if file.suffix.lower() == ".npy" else _read_with_pillow(file, channels)
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[-1] != channels or pixels.size == 0:
        raise DatasetError(
            f"{file}: the model needs (height, width, {channels}){' or (height, width)' if channels == 1 else ''}; "
            f"got {pixels.shape}"
        )
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.float32) / 255
    if pixels.dtype.kind != "f":
        raise DatasetError(f"{file}: values must be uint8, or float from 0 to 1; got {pixels.dtype}. Convert them")
    if not (pixels.min() >= 0 and pixels.max() <= 1):
        raise DatasetError(
            f"{file}: values must be uint8, or float from 0 to 1; got {pixels.dtype} "
            f"from {pixels.min()} to {pixels.max()}. Scale them"
        )
    return np.array(pixels.transpose(2, 0, 1), dtype=np.float32, order="C")


def _read_with_pillow(file: Path, channels: int) -> Pixels:
    if channels not in PILLOW_MODES:
        raise DatasetError(f"{file}: a model with {channels} channels needs a .npy file")
    with open_untrusted_image(file, "PNG", "JPEG") as image:
        if image.mode not in SIXTEEN_BIT_MODES:
            return np.asarray(image.convert(PILLOW_MODES[channels]))
        pixels = np.asarray(image)
    if channels != 1:  # Pillow's own conversion would clip all values above 255
        raise DatasetError(
            f"{file}: a 16-bit greyscale image needs a model with one channel, not {channels}. Convert it to 8 bits"
        )
    scaled: Pixels = np.divide(pixels, 65535, dtype=np.float32)
    return scaled
