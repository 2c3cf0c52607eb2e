"""Reading IDX files, and the errors for invalid ones."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from drumhead.data import DatasetError
from drumhead.data.idx import read_idx

ARRAY = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
WHOLE = struct.pack(">4I", 0x803, 2, 3, 4) + ARRAY.tobytes()


@pytest.mark.parametrize("zipped", [False, True])
def test_an_array_is_read(zipped: bool, tmp_path: Path) -> None:
    file = tmp_path / ("images-idx3-ubyte.gz" if zipped else "images-idx3-ubyte")
    file.write_bytes(gzip.compress(WHOLE) if zipped else WHOLE)
    np.testing.assert_array_equal(read_idx(file, axes=3), ARRAY)


def test_labels_have_one_axis(tmp_path: Path) -> None:
    file = tmp_path / "labels"
    file.write_bytes(struct.pack(">2I", 0x801, 3) + bytes([7, 0, 9]))
    assert read_idx(file, axes=1).tolist() == [7, 0, 9]


@pytest.mark.parametrize(
    ("content", "axes", "message"),
    [
        (WHOLE, 1, r"1 axis begins with 0x00000801; got 0x00000803"),
        (struct.pack(">4I", 0xD03, 2, 3, 4) + bytes(96), 3, r"3 axes begins with 0x00000803; got 0x00000d03"),
        (b"<html>Not found</html>", 3, "got 0x3c68746d"),
        (b"", 3, "within its header, after 0 bytes"),
        (WHOLE[:10], 3, "within its header, after 10 bytes"),
        (WHOLE[:-1], 3, "2 x 3 x 4 = 24 bytes; got 23"),
        (WHOLE + b"x", 3, "2 x 3 x 4 = 24 bytes; got 25"),
        (struct.pack(">4I", 0x803, 1000, 1000, 1000), 3, "= 1000000000 bytes; got 0"),
        (struct.pack(">4I", 0x803, 2**31, 2**31, 2**31), 3, "more than 1073741824"),
    ],
    ids=[
        "labels expected",
        "another element type",
        "a web page",
        "empty",
        "header cut",
        "cut",
        "too long",
        "sizes larger than the content",
        "sizes larger than the limit",
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_an_invalid_file_is_an_error_that_names_it(
    content: bytes, axes: int, message: str, zipped: bool, tmp_path: Path
) -> None:
    file = tmp_path / ("invalid.gz" if zipped else "invalid")
    file.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(DatasetError, match=message) as caught:
        read_idx(file, axes=axes)
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    "content",
    [WHOLE, gzip.compress(WHOLE)[:-12], gzip.compress(WHOLE)[:-1] + b"\x01", gzip.compress(WHOLE)[:20] + b"junk" * 9],
    ids=["not zipped", "cut", "wrong length", "junk within"],
)
def test_a_damaged_gzip_file_is_an_error_that_names_it(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "images.gz"
    file.write_bytes(content)
    with pytest.raises(DatasetError, match=r"images\.gz: cannot be read; .* Download it again"):
        read_idx(file, axes=3)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"images\.gz: there is no such file"):
        read_idx(tmp_path / "images.gz", axes=3)
