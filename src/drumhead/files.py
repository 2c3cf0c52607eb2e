"""Files read with care, and written so that a reader finds the old content or the new, never half of it."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MAX_BYTES = 64_000_000
"""Of a file that is read whole: a description, a table, scores. No honest one has nearly as many."""
MAX_DEPTH = 50
"""Brackets within brackets in a JSON file."""


@contextmanager
def atomic_replace(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary path near ``path``, of the same name, which takes its place if the block succeeds.

    Missing folders are made. If the block raises, nothing is left and a former ``path`` stays as it was; an error of
    the file system's that names no file, as that of a full disk, is given this one's name. A link is replaced, not
    followed.

    Args:
        path: the file, or folder.
        durable: whether it is on the disk itself at the end of the block, so that a power cut does not take it.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new" / "notes.txt"
    >>> with atomic_replace(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path), tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        if durable:
            fsync(temporary)
        temporary.replace(path)
        if durable:
            fsync(path.parent)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give errors of the file system that name no file, or a temporary one, the name of the file that was meant."""
    try:
        yield
    except OSError as error:
        temporary = error.filename is not None and f"/.{path.stem}-" in str(error.filename)
        if error.errno is None or not (error.filename is None or temporary):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def fsync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, is on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can for folders
            raise
    finally:
        os.close(descriptor)


def read_small_file(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """All of a file that is not large.

    Args:
        path: the file.
        max_bytes: the most it may have.

    Raises:
        ValueError: if it has more, or is no plain file: a pipe or a device may never end.
        OSError: if it is not there or cannot be read.
    """
    size = path.stat().st_size  # an error if it is not there
    if not path.is_file():
        raise ValueError(f"{path} is no plain file")
    if size > max_bytes:
        raise ValueError(f"{path} has more than {max_bytes // 10**6} MB, which no file of its kind needs")
    with path.open("rb") as file:
        return file.read(size)  # as much as was promised: room for all of it is taken at once


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: if it holds something else, or brackets nested as deep as nobody writes them; or as of
            :func:`read_small_file`.
        OSError: if it is not there or cannot be read.
    """
    content = read_small_file(path)
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise ValueError("its brackets are nested too deep") from error
    if is_nested_too_deep(value):
        raise ValueError("its brackets are nested too deep")
    return value


def is_nested_too_deep(value: object) -> bool:
    """Whether lists and mappings are nested deeper than ``MAX_DEPTH``: what walks through them may not come back."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)
