"""Reading HDF5 files of untrusted origin: no links to other files, and no more memory than the file can fill."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.npz_files import MAX_RATIO
from drumhead.waves.formats.packages import require

SIGNATURE = b"\x89HDF\r\n\x1a\n"
SIGNATURE_OFFSETS = (0, 512, 1024, 2048)
MAX_LINKS = 20
"""The greatest number of links that are followed from one name."""
SLACK_BYTES = 2**20
"""What may be read whatever the size of the file."""


def is_hdf5(file: Path) -> bool:
    """Whether a file begins as HDF5 files do; MATLAB puts a header of 512 bytes before it."""
    with file.open("rb") as stream:
        head = stream.read(SIGNATURE_OFFSETS[-1] + len(SIGNATURE))
    return any(head[offset:].startswith(SIGNATURE) for offset in SIGNATURE_OFFSETS)


@contextmanager
def open_hdf5(file: Path, what: str) -> Iterator[Any]:
    """Open an HDF5 file for the duration of the block; errors inside the block name the file.

    Raises:
        DatasetError: the file is missing or damaged.
        ValueError: h5py is not installed.
    """
    h5py = require("h5py", need=f"reading {what}", extra="nwb")
    if not file.is_file():
        raise DatasetError(f"{file}: must be {what}; it is missing or not a regular file")
    if not is_hdf5(file):
        raise DatasetError(f"{file}: must be {what}, which is an HDF5 file; it does not begin as one")
    try:
        with h5py.File(file, "r", locking=False) as root:
            yield root
    except DatasetError:
        raise
    except ValueError as error:
        raise DatasetError(f"{file}: {error!s:.2000}") from error
    except Exception as error:  # h5py can raise any exception for invalid bytes
        raise DatasetError(f"{file}: must be {what} that can be read; {error!s:.300}. Write it again") from error


def child(group: Any, name: str, *, links: int = MAX_LINKS) -> Any:
    """Return the group or dataset with this name in a group, or None. Links to other files are refused.

    Raises:
        ValueError: for a link to another file, or a circle of links.
    """
    import h5py

    link = group.get(name, getlink=True) if isinstance(group, h5py.Group) else None
    if link is None:
        return None
    if isinstance(link, h5py.HardLink):
        return group[name]
    if not isinstance(link, h5py.SoftLink) or links == 0:
        raise ValueError(f"{name[:100]!r} is a link to another file, or to itself; copy its target into this file")
    found = group.file if link.path.startswith("/") else group
    for part in filter(None, link.path.split("/")):
        found = child(found, part, links=links - 1)
    return found


def read_dataset(dataset: Any) -> npt.NDArray[Any]:
    """Return the numbers of a dataset.

    Raises:
        ValueError: if it holds no numbers, is stored in another file, or declares more than is in the file.
    """
    import h5py

    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None or dataset.dtype.kind not in "biufc":
        raise ValueError(f"{_name(dataset)} must be an array of numbers")
    if dataset.is_virtual or dataset.external:
        raise ValueError(f"the values of {_name(dataset)} are in another file; copy them into this one")
    most = SLACK_BYTES + MAX_RATIO * dataset.id.get_storage_size()
    declared = (math.prod(dataset.shape), math.prod(dataset.chunks or (0,)))
    if max(declared) * dataset.dtype.itemsize > most:
        raise ValueError(f"{_name(dataset)} declares the shape {dataset.shape}, more than is in the file")
    return np.asarray(dataset[()])


def attribute(item: Any, name: str) -> Any:
    """Return an attribute that is one text or number; None if there is no such."""
    if name not in item.attrs:
        return None
    identifier = item.attrs.get_id(name)
    if identifier.shape is None or math.prod(identifier.shape) != 1:
        return None
    value = item.attrs[name]
    value = value.reshape(-1)[0] if isinstance(value, np.ndarray) else value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value.item() if isinstance(value, np.generic) else value


def number(item: Any, name: str) -> float | None:
    """Return an attribute that is a number; None if there is no such."""
    value = attribute(item, name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def text(dataset: Any) -> str | None:
    """Return the text in a dataset without axes; None if it is no such."""
    import h5py

    if not isinstance(dataset, h5py.Dataset) or dataset.shape != () or h5py.check_string_dtype(dataset.dtype) is None:
        return None
    value = dataset[()]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _name(item: Any) -> str:
    return str(getattr(item, "name", None) or item)[:100]
