"""No damaged PNG file of a user passes as other pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drumhead.data import DatasetError, read_image
from drumhead.data.pictures import read_mask_labels
from drumhead.file_formats.png_chunks import check_png


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 3, (20, 20), dtype=np.uint8)).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def test_every_flipped_bit_is_noticed(mask: Path) -> None:
    """Pillow alone reads every eighth of these files as other pixels."""
    content = mask.read_bytes()
    for position in range(len(content)):
        for bit in (0, 3, 7):
            damaged = bytearray(content)
            damaged[position] ^= 1 << bit
            mask.write_bytes(damaged)
            with pytest.raises(DatasetError, match=r"mask\.png: must be a readable PNG"):
                read_mask_labels(mask)
            with pytest.raises(DatasetError, match=r"mask\.png: must be a readable PNG"):
                read_image(mask, channels=1)


def test_every_missing_end_is_noticed(mask: Path) -> None:
    content = mask.read_bytes()
    for length in range(len(content)):
        mask.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"its end is missing|does not begin"):
            check_png(mask)


def test_bytes_after_the_end_do_no_harm(mask: Path) -> None:
    mask.write_bytes(mask.read_bytes() + b"more")
    assert check_png(mask).bit_depth == 8
