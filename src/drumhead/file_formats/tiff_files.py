"""Reading TIFF files of untrusted origin: grey, RGB or many channels, of 8 or 16 bits or float."""

from __future__ import annotations

import logging
import math
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import tifffile

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.orientation import ORIENTATION_TAG, apply_orientation
from drumhead.file_formats.untrusted_images import MAX_PIXELS, open_untrusted_image

MAX_CHANNELS = 1000
PILLOW_SAMPLES = ((8, 1), (8, 3), (8, 4), (16, 1), (32, 1))
"""Bits and samples of a pixel that Pillow reads without loss, for compressions that tifffile cannot read alone."""
NONE, LZW, JPEG, ZLIB, PACKBITS = 1, 5, 7, (8, 32946), 32773
COMPRESSIONS = (NONE, LZW, JPEG, *ZLIB, PACKBITS)
"""The compressions of TIFF that are read."""
AXES = re.compile(r"\b(?:slices|frames)=(\d+)|\bSize[ZT]=\"(\d+)\"")
"""The sizes of the depth and time axes in the descriptions that ImageJ and OME write."""

logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # what it logs about damaged files is raised below


class TiffImage(NamedTuple):
    """The stored numbers of a TIFF file."""

    pixels: npt.NDArray[Any]
    """(height, width) or (height, width, channel)."""
    palette: npt.NDArray[np.uint8] | None
    """The colour table (number, red-green-blue) if the stored numbers are indices into one, or None."""


def read_tiff(file: Path) -> TiffImage:
    """Read a TIFF file with one image; the pages of a multi-page file are its channels.

    Raises:
        DatasetError: the file is damaged, too large, or no image of this kind; the message names it.
    """
    if not file.is_file():
        raise DatasetError(f"{file}: must be a TIFF file; it is missing or not a regular file")
    try:
        with tifffile.TiffFile(file, _multifile=False) as tiff:
            first = tiff.pages.first
            pages = [first] if len(tiff.pages) == 1 else [tiff.pages.get(n, aspage=True) for n in range(_count(tiff))]
            _check_pages(file, first, pages)
            arrays = [_page_pixels(file, page, number) for number, page in enumerate(pages)]
            orientation = first.tags.valueof(ORIENTATION_TAG, 1)
            palette = None if first.colormap is None else (first.colormap.T >> 8).astype(np.uint8)
    except DatasetError:
        raise
    except Exception as error:  # tifffile can raise any exception for invalid bytes
        raise DatasetError(f"{file}: must be a readable TIFF file; {error}. Write it again") from error
    pixels = arrays[0] if len(arrays) == 1 else np.stack(arrays, axis=-1)
    return TiffImage(apply_orientation(pixels, orientation), palette)


def _count(tiff: tifffile.TiffFile) -> int:
    count = len(tiff.pages)
    if count > MAX_CHANNELS:
        raise ValueError(f"it has more than {MAX_CHANNELS} pages")
    return count


def _check_pages(file: Path, first: Any, pages: list[Any]) -> None:
    """Raise DatasetError unless the pages are the channels of one image of limited size."""
    for match in AXES.finditer(str(first.description)[:100_000]):
        if int(match[1] or match[2]) > 1:
            raise DatasetError(
                f"{file}: must hold one image; its description says {match[0]}, a stack. "
                "Save each slice or frame as a file of its own"
            )
    shapes = {(page.shape, str(page.dtype)) for page in pages}
    if len(shapes) > 1 or (len(pages) > 1 and len(first.shape) != 2):
        raise DatasetError(
            f"{file}: must hold one image, with one page for all channels or one grey page for each; "
            f"got pages of {'; '.join(f'{shape} {dtype}' for shape, dtype in sorted(shapes)[:5])}. "
            "Save each image as a file of its own"
        )
    if first.imagewidth * first.imagelength > MAX_PIXELS or first.size * len(pages) > 4 * MAX_PIXELS:
        raise DatasetError(f"{file}: must have at most {MAX_PIXELS:,} pixels; its header declares more. Split it")
    if first.photometric == 0:
        raise DatasetError(
            f"{file}: its stored 0 is white (photometric MINISWHITE), so its numbers are not its brightness. "
            "Save it with photometric MINISBLACK"
        )
    if len(first.shape) not in (2, 3) or first.imagedepth != 1:
        raise DatasetError(f"{file}: must be (height, width) or (height, width, channel); got {first.shape}")


def _check_compression(file: Path, page: Any) -> None:
    """Raise an error unless the segments of a page are in the file, and unpack to no more than their declared size."""
    if page.compression not in COMPRESSIONS:
        raise DatasetError(
            f"{file}: the compression must be none, deflate, LZW, JPEG or PackBits; got {page.compression!r}. "
            "Save it with one of these"
        )
    if sum(page.databytecounts) > file.stat().st_size:
        raise ValueError("its pixels are not all in the file")
    if page.compression in ZLIB:
        most = math.prod(page.chunks) * page.dtype.itemsize
        with file.open("rb") as stream:
            for offset, count in zip(page.dataoffsets, page.databytecounts, strict=True):
                stream.seek(offset)
                unpacker = zlib.decompressobj()
                unpacker.decompress(stream.read(count), most + 1)
                if count > 0 and not unpacker.eof:
                    raise ValueError("a compressed part of it is damaged, or larger than declared")


def _page_pixels(file: Path, page: Any, number: int) -> npt.NDArray[Any]:
    _check_compression(file, page)
    try:
        pixels: npt.NDArray[Any] = page.asarray(maxworkers=1)
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        if (page.bitspersample, page.samplesperpixel) not in PILLOW_SAMPLES or number > 0 or page.planarconfig == 2:
            raise DatasetError(f"{file}: {error}. Install imagecodecs, or save the file without compression") from error
        with open_untrusted_image(file, "TIFF") as image:
            pixels = np.asarray(image)
    planar_channels = page.planarconfig == 2 and pixels.ndim == 3
    return np.moveaxis(pixels, 0, -1) if planar_channels else pixels
