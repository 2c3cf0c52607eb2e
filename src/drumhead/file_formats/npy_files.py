"""Reading NumPy files of untrusted origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError


def map_array(file: Path) -> npt.NDArray[Any]:
    """Memory-map an array, read-only.

    Raises:
        DatasetError: the file is missing or damaged, or holds Python objects, which only a pickle can store.
    """
    if not file.is_file():  # opening a named pipe would block for ever
        raise DatasetError(f"{file}: this array of the dataset is missing; restore it")
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(file, mode="r")
    except Exception as error:  # NumPy's parser can raise any exception for an invalid header
        raise DatasetError(f"{file}: must be a whole array as numpy.save writes it; {error}. Write it again") from error
    return array
