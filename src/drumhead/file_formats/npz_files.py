"""Reading NumPy's archives (.npz) of untrusted origin."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Container
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError

MAX_RATIO = 1032
"""The greatest ratio of deflate: what claims to unpack to more is not true."""
MAX_ARRAYS = 10_000


def read_npz(file: Path, names: Container[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an archive that ``numpy.savez`` or ``numpy.savez_compressed`` wrote.

    Memory is only allocated for what the file can hold.

    Args:
        file: the archive.
        names: read only arrays with these names; all by default.

    Raises:
        DatasetError: the file is missing or damaged, or holds Python objects, which only a pickle can store.
    """
    if not file.is_file():
        raise DatasetError(f"{file}: must be an .npz file; it is missing or not a regular file")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS:
                raise ValueError(f"it has more than {MAX_ARRAYS} arrays")
            if sum(member.file_size for member in members) > MAX_RATIO * file.stat().st_size:
                raise ValueError("it declares more than it can hold")
            named = {member.filename.removesuffix(".npy"): member for member in members}
            return {
                name: _read_member(archive, member) for name, member in named.items() if names is None or name in names
            }
    except Exception as error:  # zipfile and NumPy's parser can raise any exception for invalid bytes
        message = f"{file}: must be a whole file as numpy.savez writes it; {error!s:.300}. Write it again"
        raise DatasetError(message) from error


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(member) as stream:
        shape, fortran_order, dtype = _read_header(stream)
        if dtype.hasobject:
            raise ValueError("it holds Python objects")
        size = math.prod(shape) * dtype.itemsize
        if size != member.file_size - stream.tell():
            raise ValueError(f"{member.filename} does not have the size that its header declares")
        content = stream.read(size)
    array = np.frombuffer(bytearray(content), dtype)  # a bytearray, so that the array can be written to
    return array.reshape(shape[::-1]).T if fortran_order else array.reshape(shape)


def _read_header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(stream)
    raise ValueError(f"the version {version} of its arrays is unknown")
