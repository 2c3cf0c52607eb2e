"""Loading of files written by ``torch.save``: tensors and plain values only, never code."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any


class PickleError(ValueError):
    """A file is damaged, or contains something other than tensors and plain values."""


def is_compressed(path: Path) -> bool:
    """Whether a file is a zip archive with a compressed entry; ``torch.save`` writes uncompressed ones."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist())


def read_pickle(path: str | Path) -> Any:
    """Load a file written by ``torch.save``, with tensors on the CPU; no code in the file is executed.

    Raises:
        PickleError: if the file is damaged, contains anything other than tensors and plain values, or is compressed,
            in which case a small file could fill the memory.
        OSError: if the file cannot be read.
    """
    import torch  # only here, because the import takes seconds

    path = Path(path)
    path.stat()  # raises an error if the file is missing
    if not path.is_file():
        raise PickleError(f"{path} is not a regular file")
    try:
        if is_compressed(path):
            raise PickleError("compressed")
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # on invalid bytes, torch's parser can raise any exception
        raise PickleError(f"{path} is damaged, or holds more than tensors and plain values") from error
