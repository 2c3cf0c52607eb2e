"""Reading IDX files, the format of MNIST: a header of a magic number and sizes, then unsigned bytes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drumhead.data.split import DatasetError

UNSIGNED_BYTES = 0x08
"""The IDX code of the element type uint8."""
MAX_BYTES = 2**30
"""The largest array to read. MNIST's largest has 47 million bytes; a small gzip file can unpack to any size."""


def read_idx(file: str | Path, *, axes: int) -> npt.NDArray[np.uint8]:
    """Read the array of bytes in an IDX file, which is gzipped if its name ends in .gz.

    Args:
        file: the IDX file.
        axes: number of axes that the array must have: 3 for MNIST's images, 1 for its labels.

    Raises:
        DatasetError: the file is missing, damaged, truncated, too long, or of another format; the message names it.
    """
    file = Path(file)
    opener = gzip.open if file.suffix == ".gz" else open
    try:
        with opener(file, "rb") as stream:
            header = stream.read(4 + 4 * axes)
            sizes = _parse_header(file, header, axes)
            expected = math.prod(sizes)
            if expected > MAX_BYTES:
                raise DatasetError(f"{file}: its header declares {_product(sizes)} bytes, more than {MAX_BYTES}")
            content = stream.read(expected + 1)
    except FileNotFoundError:
        raise DatasetError(f"{file}: there is no such file; restore it") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{file}: cannot be read; {error}. Download it again") from error
    if len(content) != expected:
        actual = f"{len(content)} or more" if len(content) > expected else str(len(content))
        raise DatasetError(f"{file}: its header declares {_product(sizes)} bytes; got {actual}. Download it again")
    return np.frombuffer(content, np.uint8).reshape(sizes)


def _product(sizes: tuple[int, ...]) -> str:
    return f"{' x '.join(map(str, sizes))} = {math.prod(sizes)}"


def _parse_header(file: Path, header: bytes, axes: int) -> tuple[int, ...]:
    """Return the size of each axis."""
    if len(header) < 4 + 4 * axes:
        raise DatasetError(f"{file}: ends within its header, after {len(header)} bytes. Download it again")
    magic, *sizes = struct.unpack(f">{1 + axes}I", header)
    expected = UNSIGNED_BYTES << 8 | axes
    if magic != expected:
        raise DatasetError(
            f"{file}: an IDX file of unsigned bytes with {axes} {'axis' if axes == 1 else 'axes'} begins with "
            f"0x{expected:08x}; got 0x{magic:08x}. Is it another file under this name?"
        )
    return tuple(sizes)
