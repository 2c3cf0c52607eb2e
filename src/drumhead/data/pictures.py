"""The pixels of one image or mask file, as the file says them: in its own bit depth, upright, and complete.

PNG and JPEG files are read by Pillow, TIFF files by tifffile. Where Pillow would change the stored numbers, they are
restored: grey masks of 1, 2 or 4 bits are not scaled, and 16-bit colours are not cut to 8 bits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from drumhead.data.split import DatasetError
from drumhead.file_formats.npy_files import map_array
from drumhead.file_formats.orientation import ORIENTATION_TAG, apply_orientation
from drumhead.file_formats.png_chunks import PngHeader, check_png
from drumhead.file_formats.tiff_files import read_tiff
from drumhead.file_formats.untrusted_images import open_untrusted_image

Pixels = npt.NDArray[Any]

TIFF_SUFFIXES = (".tif", ".tiff")
JPEG_SUFFIXES = (".jpg", ".jpeg")
IMAGE_SUFFIXES = (".png", *JPEG_SUFFIXES, *TIFF_SUFFIXES, ".npy")

COLOUR_MODES = ("RGB", "RGBA")
SIXTEEN_BIT_MODES = ("I;16", "I")  # Pillow's present and former names for 16-bit greyscale
IMAGE_MODES = ("L", *COLOUR_MODES, *SIXTEEN_BIT_MODES)
MASK_MODES = ("1", "L", "P", *SIXTEEN_BIT_MODES)


class MaskPicture(NamedTuple):
    """The labels in a mask file, and the colours in which it shows them."""

    labels: Pixels
    """(height, width), integers."""
    colours: dict[int, tuple[int, int, int]]
    """The colour of each label that occurs, if the file has a colour table that is not grey; otherwise empty."""


def read_image_pixels(file: Path) -> Pixels:
    """Return the pixels of an image file, (height, width) or (height, width, channel), in the file's own numbers.

    Raises:
        DatasetError: the file is damaged, or of a kind that is not supported; the message names it.
    """
    suffix = file.suffix.lower()
    if suffix == ".npy":
        return map_array(file)
    if suffix in TIFF_SUFFIXES:
        pixels, palette = read_tiff(file)
        if palette is not None:
            raise DatasetError(f"{file}: images must be greyscale or have colour channels; got a palette. Convert it")
        return pixels
    with open_untrusted_image(file, "PNG", "JPEG") as image:
        if image.mode not in IMAGE_MODES:
            raise DatasetError(
                f"{file}: images must be greyscale, RGB or RGBA, of 8 or 16 bits; got the Pillow mode "
                f"{image.mode!r}. Convert it, e.g. with Pillow's image.convert('RGB')"
            )
        return upright(image, all_bits(image, file))


def read_mask_labels(file: Path) -> MaskPicture:
    """Return the labels in a mask file.

    The labels are the stored numbers in the bit depth of the file. If a colour table shows them in shades of grey, as
    lossless optimisers write grey masks, they are the shades.

    Raises:
        DatasetError: the file is damaged, or of a kind that is not supported; the message names it.
    """
    suffix = file.suffix.lower()
    palette = None
    if suffix in JPEG_SUFFIXES:
        raise DatasetError(
            f"{file}: masks must be PNG, TIFF or NumPy files; JPEG changes the labels. Write it as a PNG"
        )
    if suffix == ".npy":
        labels: Pixels = map_array(file)
    elif suffix in TIFF_SUFFIXES:
        labels, palette = read_tiff(file)
    else:
        labels, palette = _png_labels(file)
    if labels.ndim != 2 or labels.dtype.kind not in "biu":
        raise DatasetError(
            f"{file}: masks must be (height, width), with an integer label for each pixel, not a colour; "
            f"got {labels.shape} {labels.dtype}"
        )
    if palette is None:
        return MaskPicture(labels, {})
    return _apply_palette(file, labels, palette)


def all_bits(image: Image.Image, file: Path) -> Pixels:
    """Return the stored pixels of an image in Pillow's modes; Pillow itself cuts 16-bit colours to 8 bits."""
    pixels = np.asarray(image)
    if image.format != "PNG" or image.mode not in COLOUR_MODES or check_png(file).bit_depth != 16:
        return pixels.astype(np.uint16) if image.mode == "I" else pixels
    with open_untrusted_image(file, "PNG") as again:
        assert isinstance(again, ImageFile.ImageFile)
        # The same file read as little-endian: Pillow keeps the other byte of each number.
        again.tile = [tile._replace(args=str(tile.args).replace("16B", "16L")) for tile in again.tile]
        low = np.asarray(again)
    return np.asarray(pixels.astype(np.uint16) << 8 | low)


def upright(image: Image.Image, pixels: Pixels) -> Pixels:
    """Turn the pixels of an image as its EXIF orientation says."""
    return apply_orientation(pixels, image.getexif().get(ORIENTATION_TAG, 1))


def _png_labels(file: Path) -> tuple[Pixels, npt.NDArray[np.uint8] | None]:
    with open_untrusted_image(file, "PNG") as image:
        header = check_png(file)
        if image.mode not in MASK_MODES:
            raise DatasetError(
                f"{file}: masks must have one channel or a palette, and hold class numbers; got the Pillow mode "
                f"{image.mode!r}. Save a class number for each pixel, not a colour"
            )
        labels = upright(image, _unscaled(np.asarray(image), image.mode, header))
    return labels, header.palette


def _unscaled(pixels: Pixels, mode: str, header: PngHeader) -> Pixels:
    """Return the stored numbers of a grey mask: Pillow scales those of 2 and 4 bits to 0 .. 255."""
    if mode == "L" and header.bit_depth < 8:
        return pixels // np.uint8(255 // (2**header.bit_depth - 1))
    return pixels.astype(np.uint8) if mode == "1" else pixels


def _apply_palette(file: Path, labels: Pixels, palette: npt.NDArray[np.uint8]) -> MaskPicture:
    present = np.unique(labels).tolist()
    if present[-1] >= len(palette):
        raise DatasetError(
            f"{file}: each number in a palette mask must have a colour in the palette, 0 to {len(palette) - 1}; "
            f"got {present[-1]}. Write it again"
        )
    if (palette != palette[:, :1]).any():
        return MaskPicture(labels, {number: _colour(palette[number]) for number in present})
    shades = palette[:, 0]
    if len(np.unique(shades[present])) < len(present):
        raise DatasetError(
            f"{file}: its palette shows several numbers in the same shade of grey, so it is unclear which is the "
            "label. Save the mask as a greyscale PNG"
        )
    return MaskPicture(shades[labels], {})


def _colour(entry: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    red, green, blue = entry.tolist()
    return red, green, blue
