"""Reading single images for a model: PNG, JPEG or NumPy files, in the number of channels it was trained with."""

from __future__ import annotations

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


def find_image_files(paths: list[Path]) -> list[Path]:
    """The image files meant by files and folders, those of a folder by name.

    Raises:
        DatasetError: for a path that is not there, a file of another kind, a folder without images, or two files of
            one name, whose results would have one name too.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.suffix.lower() in SUFFIXES)
            if not inside:
                raise DatasetError(f"{path}: this folder has no image; files must end in {', '.join(SUFFIXES)}")
            files += inside
        elif not path.is_file():
            raise DatasetError(f"{path}: there is no such file")
        elif path.suffix.lower() not in SUFFIXES:
            raise DatasetError(f"{path}: images must end in {', '.join(SUFFIXES)}; got {path.suffix or 'no suffix'!r}")
        else:
            files.append(path)
    names: dict[str, Path] = {}
    for file in files:
        if file.stem in names:
            raise DatasetError(f"{file} and {names[file.stem]}: images must have different names; rename one")
        names[file.stem] = file
    return files


def read_image(file: Path, *, channels: int) -> npt.NDArray[np.float32]:
    """One image as a model wants it.

    PNG and JPEG files of 8 bits are converted to grey, RGB or RGBA as the model needs; grey PNG of 16 bits is for
    models of one channel. A NumPy file holds (height, width) or (height, width, channel), uint8 or float in [0, 1].

    Args:
        file: one of :func:`find_image_files`.
        channels: of the model.

    Returns:
        ``(channel, height, width)`` in [0, 1].

    Raises:
        DatasetError: if the file cannot be read, or its values or channels do not fit; the message names it.
    """
    pixels = map_array(file) if file.suffix.lower() == ".npy" else _pillow_pixels(file, channels)
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


def _pillow_pixels(file: Path, channels: int) -> Pixels:
    if channels not in PILLOW_MODES:
        raise DatasetError(f"{file}: a model of {channels} channels needs a .npy file")
    with open_untrusted_image(file, "PNG", "JPEG") as picture:
        if picture.mode not in SIXTEEN_BIT_MODES:
            return np.asarray(picture.convert(PILLOW_MODES[channels]))
        pixels = np.asarray(picture)
    if channels != 1:  # Pillow's own conversion would cut all values above 255
        raise DatasetError(f"{file}: grey of 16 bits is for models of one channel, not {channels}. Make it 8 bits")
    scaled: Pixels = np.divide(pixels, 65535, dtype=np.float32)
    return scaled
