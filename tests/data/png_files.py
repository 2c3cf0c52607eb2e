"""PNG files of every bit depth, written byte by byte: Pillow cannot write all of them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

GREY, RGB, PALETTE, RGBA = 0, 2, 3, 6


def write_png(
    file: Path,
    pixels: npt.NDArray[Any],
    *,
    depth: int,
    colour_type: int,
    palette: list[int] | None = None,
    more: bytes = b"",
) -> Path:
    """Write stored numbers as they are; ``more`` is a chunk before those of the pixels."""
    height, width = pixels.shape[:2]
    rows = pixels.reshape(height, -1)
    if depth == 16:
        stored = [row.astype(">u2").tobytes() for row in rows]
    else:
        bits = np.unpackbits(rows.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :].reshape(height, -1)
        stored = [np.packbits(row).tobytes() for row in bits]
    file.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">2I5B", width, height, depth, colour_type, 0, 0, 0))
        + (b"" if palette is None else chunk(b"PLTE", bytes(palette)))
        + more
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in stored)))
        + chunk(b"IEND", b"")
    )
    return file


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
