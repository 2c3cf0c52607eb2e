"""Reading single images as model input: PNG, JPEG, TIFF or NumPy files, in the model's number of channels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.data.pictures import IMAGE_MODES, IMAGE_SUFFIXES, TIFF_SUFFIXES, all_bits, read_image_pixels, upright
from drumhead.data.pixel_scale import scale_pixels
from drumhead.data.split import DatasetError
from drumhead.file_formats.untrusted_images import open_untrusted_image

Pixels = npt.NDArray[Any]

PILLOW_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
"""Pillow's mode for each number of channels."""
SHAPES = ((), (3,), (4,))
"""The channel axes of grey, RGB and RGBA arrays."""


def find_image_files(paths: Sequence[str | Path]) -> list[Path]:
    """Return the image files at the given paths; a folder is replaced by its image files, sorted by name.

    Raises:
        DatasetError: a path is missing, a file has another suffix, a folder has no images, or two files have the same
            name, so that their results would have the same name too.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            in_folder = sorted(
                file for file in path.iterdir() if file.suffix.lower() in IMAGE_SUFFIXES and file.name[0] != "."
            )
            if not in_folder:
                raise DatasetError(f"{path}: this folder has no image; files must end in {', '.join(IMAGE_SUFFIXES)}")
            files += in_folder
        elif not path.is_file():
            raise DatasetError(f"{path}: there is no such file")
        elif path.suffix.lower() not in IMAGE_SUFFIXES:
            raise DatasetError(
                f"{path}: images must end in {', '.join(IMAGE_SUFFIXES)}; got {path.suffix or 'no suffix'!r}"
            )
        else:
            files.append(path)
    by_name: dict[str, Path] = {}
    for file in files:
        if file.stem in by_name:
            raise DatasetError(f"{file} and {by_name[file.stem]}: images must have different names; rename one")
        by_name[file.stem] = file
    return files


def read_image(file: str | Path, *, channels: int, scale: float | None = None) -> npt.NDArray[np.float32]:
    """Read one image as model input, upright.

    8-bit PNG, JPEG and TIFF files are converted to greyscale, RGB or RGBA as the model needs; images of 16 bits, float
    or other numbers of channels must have the channels of the model. A NumPy file holds (height, width) or (height,
    width, channel).

    Args:
        file: an image file; see :func:`find_image_files`.
        channels: the model's number of input channels.
        scale: the number that becomes 1.0, as in the training data; None: the largest of uint8 or uint16, and 1 for
            float.

    Returns:
        The image as ``(channel, height, width)`` in [0, 1].

    Raises:
        DatasetError: the file cannot be read, or its values or channels do not fit; the message names it.
    """
    file = Path(file)
    suffix = file.suffix.lower()
    pixels = read_image_pixels(file) if suffix in (".npy", *TIFF_SUFFIXES) else _read_with_pillow(file, channels)
    if suffix in TIFF_SUFFIXES and pixels.dtype == np.uint8 and channels in PILLOW_MODES and pixels.shape[2:] in SHAPES:
        pixels = np.asarray(Image.fromarray(pixels).convert(PILLOW_MODES[channels]))
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or pixels.shape[-1] != channels or pixels.size == 0:
        raise DatasetError(
            f"{file}: the model needs (height, width, {channels}){' or (height, width)' if channels == 1 else ''}; "
            f"got {pixels.shape}"
        )
    return np.array(scale_pixels(pixels, scale, str(file)).transpose(2, 0, 1), order="C")


def _read_with_pillow(file: Path, channels: int) -> Pixels:
    if channels not in PILLOW_MODES:
        raise DatasetError(f"{file}: a model with {channels} channels needs a .npy or TIFF file")
    with open_untrusted_image(file, "PNG", "JPEG") as image:
        pixels = all_bits(image, file) if image.mode in IMAGE_MODES else np.asarray(image)
        if pixels.dtype != np.uint16:
            return upright(image, np.asarray(image.convert(PILLOW_MODES[channels])))
        pixels = upright(image, pixels)
    if pixels.ndim == 3 and channels == 3:
        return pixels[..., :3]
    if pixels.shape[2:] != (
        (channels,) if channels > 1 else ()
    ):  # Pillow's own conversion would clip or cut the values
        kind, needed = ("greyscale", "one channel") if pixels.ndim == 2 else ("colour", f"{pixels.shape[2]} channels")
        raise DatasetError(
            f"{file}: a 16-bit {kind} image needs a model with {needed}, not {channels}. Convert it to 8 bits"
        )
    return pixels
