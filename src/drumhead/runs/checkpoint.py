"""The state to go on from, as ``torch.save`` writes it, with its own checksum; the last two are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import torch

from drumhead.checksums import add_zip_checksum, verify_zip_checksum
from drumhead.files import atomic_replace, read_small_file
from drumhead.pickles import PickleError, read_pickle
from drumhead.runs.weights import MAX_BYTES as WEIGHTS_BYTES

MAX_BYTES = 5 * WEIGHTS_BYTES
"""Of a checkpoint: weights, those that were kept, and what the optimiser knows of each."""


def checkpoint_bytes(state: Mapping[str, Any]) -> bytes:
    """What the file of a state is."""
    buffer = BytesIO()
    torch.save(dict(state), buffer)
    return add_zip_checksum(buffer.getvalue())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The state in a file; only tensors and plain values are read, no code is run.

    Raises:
        PickleError: if the file is damaged, or holds anything else.
    """
    try:
        verify_zip_checksum(read_small_file(path, max_bytes=MAX_BYTES))
    except ValueError as error:
        raise PickleError(f"{path} is damaged, or holds more than tensors and plain values: {error}") from error
    state = read_pickle(path)
    if not isinstance(state, dict):
        raise PickleError(f"{path} is damaged: it holds a {type(state).__name__}, and no state")
    return state


def link_or_copy(last: Path, previous: Path) -> None:
    """Give a checkpoint another name, which it keeps when the next one takes its own.

    Both names are those of a whole checkpoint at every moment, whenever the process dies.
    """
    with atomic_replace(previous, durable=True) as temporary:
        try:
            os.link(last, temporary)
        except OSError:  # not every file system has links
            shutil.copyfile(last, temporary)
