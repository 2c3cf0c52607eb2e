"""Opening picture files that may be anything: of the formats asked for alone, not too large, whole."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from drumhead.data.split import DatasetError


@contextmanager
def open_untrusted_image(file: Path, *formats: str) -> Iterator[Image.Image]:
    """A picture, for as long as the block lasts; what goes wrong inside with its bytes is told as of the file.

    Args:
        file: the file.
        formats: Pillow's names of those it may have. Left to itself, Pillow goes by the content whatever the file is
            called, and runs another program, Ghostscript, on what looks like PostScript.

    Raises:
        DatasetError: if it cannot be read, or has more pixels than Pillow takes for an honest picture, 89 million.
    """
    kinds = " or ".join(formats)
    if not file.is_file():
        raise DatasetError(f"{file}: must be a {kinds} file; this is none, or is missing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as picture:
                yield picture
    except DatasetError:
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DatasetError(
            f"{file}: must have at most {Image.MAX_IMAGE_PIXELS:,} pixels; its header tells of more. Cut it up"
        ) from error
    except Exception as error:  # bytes that are no picture can make Pillow's parsers raise anything
        raise DatasetError(f"{file}: must be a readable {kinds} file; {error}. Write it again") from error
