"""The chunks of a PNG file: the checksum of each, and what the header says about the stored numbers."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

SIGNATURE = b"\x89PNG\r\n\x1a\n"
BLOCK = 2**20


class PngHeader(NamedTuple):
    """What a PNG file says about its stored numbers."""

    bit_depth: int
    """Bits for each stored number: 1, 2, 4, 8 or 16."""
    palette: npt.NDArray[np.uint8] | None
    """The colour table (number, red-green-blue) if the stored numbers are indices into one, or None."""


def check_png(file: Path) -> PngHeader:
    """Return the header of a PNG file after checking the CRC-32 of every chunk; Pillow skips that of the pixels.

    Raises:
        ValueError: a chunk is damaged or missing.
    """
    depth, colour_type, palette = 0, 0, None
    left = file.stat().st_size - len(SIGNATURE)
    with file.open("rb") as stream:
        if stream.read(len(SIGNATURE)) != SIGNATURE:
            raise ValueError("it does not begin as a PNG file does")
        while True:
            start = stream.read(8)
            if len(start) < 8:
                raise ValueError("its end is missing")
            length, kind = struct.unpack(">I4s", start)
            left -= 12 + length
            if left < 0:
                raise ValueError("its end is missing, or the length of a chunk is damaged")
            crc, content = zlib.crc32(kind), b""
            for position in range(0, length, BLOCK):
                block = stream.read(min(BLOCK, length - position))
                crc = zlib.crc32(block, crc)
                content = block if position == 0 else content
            if crc.to_bytes(4, "big") != stream.read(4):
                raise ValueError(f"the checksum of its chunk {kind!r} does not match: the file is damaged")
            if kind == b"IHDR" and length == 13:
                depth, colour_type = content[8], content[9]
            elif kind == b"PLTE":
                palette = np.frombuffer(content[: length // 3 * 3], np.uint8).reshape(-1, 3)
            elif kind == b"IEND":
                return PngHeader(depth, palette if colour_type == 3 else None)
