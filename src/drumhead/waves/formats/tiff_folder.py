"""Movies as a folder of TIFF files, one for each frame."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.waves.formats.options import ReadOptions, make_movie
from drumhead.waves.movie import Movie

SUFFIXES = (".tif", ".tiff")


def read_tiff_folder(folder: Path, options: ReadOptions) -> Movie:
    """Return the movie in a folder of TIFF files, in the order of the numbers in their names.

    Each file is one grey image; row 0 is its top. The numbers are kept as they are. Other files are ignored.

    Raises:
        DatasetError: there are no TIFF files, one is damaged or unlike the others, or something is not known.
    """
    files = sorted(
        (file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")),
        key=natural_key,
    )
    if not files:
        raise DatasetError(f"{folder}: must hold TIFF files, one for each frame; there are none")
    first = _read_frame(files[0])
    frames: list[npt.NDArray[Any]] = [first]
    for file in files[1:]:
        frame = _read_frame(file)
        if frame.shape != first.shape or frame.dtype != first.dtype:
            raise DatasetError(
                f"{file}: all frames must be alike, here {first.shape} {first.dtype} as in {files[0].name}; "
                f"got {frame.shape} {frame.dtype}"
            )
        frames.append(frame)
    origin = f"{len(files)} TIFF files, {files[0].name} to {files[-1].name}, row 0 at the top"
    return make_movie(folder, np.stack(frames), options, origin=origin)


def natural_key(file: Path) -> list[tuple[int, str]]:
    """Return a key that sorts names by the numbers in them.

    >>> [file.name for file in sorted(map(Path, ("f10.tif", "f9.tif")), key=natural_key)]
    ['f9.tif', 'f10.tif']
    """
    parts = re.findall(r"([0-9]{1,18})|([^0-9]+)", file.name)
    return [(int(digits), "") if digits else (-1, text) for digits, text in parts]


def _read_frame(file: Path) -> npt.NDArray[Any]:
    from drumhead.file_formats.tiff_files import read_tiff  # only now, because the import takes long

    pixels, palette = read_tiff(file)
    if palette is not None or pixels.ndim != 2:
        kind = "a palette" if palette is not None else f"the shape {pixels.shape}"
        raise DatasetError(
            f"{file}: a frame must be one grey image (y, x); got {kind}. Save each frame in a grey file of its own"
        )
    return pixels
