"""Opening image files from untrusted sources: only in the expected formats, of limited size, and complete."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.png_chunks import SIGNATURE, check_png

MAX_PIXELS = 89_478_485
"""The greatest number of pixels of an image, Pillow's own limit against decompression bombs."""


@contextmanager
def open_untrusted_image(file: str | Path, *formats: str) -> Iterator[Image.Image]:
    """Open an image file for the duration of the block; errors of decoding inside the block name the file too.

    The checksum of every chunk of a PNG file is checked, so that no damaged pixel passes.

    Args:
        file: the image file.
        formats: Pillow's names of the formats to accept. Without them Pillow goes by the content, whatever the file
            name says, and runs another program, Ghostscript, on content that looks like PostScript.

    Raises:
        DatasetError: the file cannot be read, or has more pixels than Pillow's limit against decompression bombs, 89
            million.
    """
    file = Path(file)
    format_names = " or ".join(formats)
    if not file.is_file():
        raise DatasetError(f"{file}: must be a {format_names} file; it is missing or not a regular file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as image:
                if _begins_as_png(file):
                    check_png(file)
                yield image
    except DatasetError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{file}: must have at most {Image.MAX_IMAGE_PIXELS:,} pixels; its header declares more. "
            "Split it into smaller images"
        ) from error
    except Exception as error:  # Pillow's parsers can raise any exception for invalid bytes
        raise DatasetError(f"{file}: must be a readable {format_names} file; {error}. Write it again") from error


def _begins_as_png(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(SIGNATURE)) == SIGNATURE
