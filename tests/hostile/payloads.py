"""Files that execute code when they are opened unsafely, and the unsafe functions that open them."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml


class Trap:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = str(marker)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self.marker,)


def plain_pickle(marker: Path) -> bytes:
    return pickle.dumps({"weight": Trap(marker)})


def torch_file(marker: Path) -> bytes:
    return saved({"weight": torch.zeros(2), "more": Trap(marker)})


def old_torch_file(marker: Path) -> bytes:
    return saved({"weight": torch.zeros(2), "more": Trap(marker)}, _use_new_zipfile_serialization=False)


def saved(content: object, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def array_of_objects(marker: Path) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([Trap(marker)], dtype=object), allow_pickle=True)
    return file.getvalue()


def structured_array(marker: Path) -> bytes:
    file = io.BytesIO()
    np.save(file, np.array([(1, Trap(marker))], dtype=[("number", "i4"), ("thing", "O")]), allow_pickle=True)
    return file.getvalue()


def archive_of_objects(marker: Path) -> bytes:
    file = io.BytesIO()
    np.savez(file, np.array([Trap(marker)], dtype=object))
    return file.getvalue()


def yaml_object(marker: Path) -> bytes:
    return f"params: !!python/object/apply:os.mkdir ['{marker}']\n".encode()


PAYLOADS: dict[str, tuple[Callable[[Path], bytes], Callable[[bytes], object]]] = {
    "pickle": (plain_pickle, pickle.loads),
    "torch": (torch_file, lambda content: torch.load(io.BytesIO(content), weights_only=False)),
    "old torch": (old_torch_file, lambda content: torch.load(io.BytesIO(content), weights_only=False)),
    "numpy": (array_of_objects, lambda content: np.load(io.BytesIO(content), allow_pickle=True)),
    "numpy struct": (structured_array, lambda content: np.load(io.BytesIO(content), allow_pickle=True)),
    "npz": (archive_of_objects, lambda content: dict(np.load(io.BytesIO(content), allow_pickle=True))),
    "yaml": (yaml_object, lambda content: yaml.load(content, yaml.UnsafeLoader)),
}
"""The function that makes the bytes of each file, and the function that opens them unsafely."""
