"""Reading what torch has pickled: tensors and plain values, never code."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch


class PickleError(ValueError):
    """A file that is damaged, or holds something else than tensors and plain values."""


def is_compressed(path: Path) -> bool:
    """Whether a file is a zip archive, as torch writes them, but with something in it compressed."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())


def read_pickle(path: Path) -> Any:
    """What ``torch.save`` wrote, on the CPU; nothing in the file is run.

    Raises:
        PickleError: if the file is damaged, or holds anything else than tensors and plain values, or is compressed,
            which torch's are not: a small file could fill any memory.
        OSError: if it cannot be read.
    """
    path.stat()  # tells what is not there from what is no file
    if not path.is_file():
        raise PickleError(f"{path} is no plain file")
    try:
        if is_compressed(path):
            raise PickleError("compressed")
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # bytes that are no pickle of torch's can make its parser raise anything
        raise PickleError(f"{path} is damaged, or holds more than tensors and plain values") from error
