"""Reading what torch has pickled: tensors and plain values, never code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


class PickleError(ValueError):
    """A file that is damaged, or holds something else than tensors and plain values."""


def read_pickle(path: Path) -> Any:
    """What ``torch.save`` wrote, on the CPU; nothing in the file is run.

    Raises:
        PickleError: if the file is damaged, or holds anything else than tensors and plain values.
        OSError: if it cannot be read.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # bytes that are no pickle of torch's can make its parser raise anything
        raise PickleError(f"{path} is damaged, or holds more than tensors and plain values") from error
