"""Checkpoints: training states in the format of ``torch.save``, with their own checksum."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from drumhead.checksums import add_zip_checksum, verify_zip_checksum
from drumhead.files import atomic_replace, read_small_file
from drumhead.pickles import PickleError, read_pickle
from drumhead.runs.weights import MAX_BYTES as WEIGHTS_BYTES

MAX_BYTES = 5 * WEIGHTS_BYTES
"""Maximum size of a checkpoint: the weights, the kept weights, and the optimiser's state of each weight."""


def checkpoint_bytes(state: Mapping[str, Any]) -> bytes:
    """Return the content of a checkpoint file."""
    import torch  # only here, because the import takes seconds

    buffer = BytesIO()
    torch.save(dict(state), buffer)
    return add_zip_checksum(buffer.getvalue())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Return the state in a checkpoint file; only tensors and plain values are read, and no code is run.

    Raises:
        PickleError: if the file is damaged, or holds anything else.
    """
    try:
        verify_zip_checksum(read_small_file(path, max_bytes=MAX_BYTES))
    except ValueError as error:
        raise PickleError(f"{path} is damaged, or holds more than tensors and plain values: {error}") from error
    state = read_pickle(path)
    if not isinstance(state, dict):
        raise PickleError(f"{path} is damaged: it holds a {type(state).__name__}, not a dict")
    return state


def link_or_copy(source: Path, destination: Path) -> None:
    """Replace ``destination`` by a link to ``source``, or a copy, so that the file remains when ``source`` is replaced.

    Both paths always hold a complete file, even if the process dies.
    """
    with atomic_replace(destination, durable=True) as temporary:
        try:
            os.link(source, temporary)
        except OSError:  # not every file system has hard links
            shutil.copyfile(source, temporary)
