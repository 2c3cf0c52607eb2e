"""Files: bounded reading of untrusted files, and atomic replacement, so that a reader never sees a partial file."""

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
"""The default limit for a file that is read whole, such as a configuration or a table; real ones are much smaller."""
MAX_DEPTH = 50
"""The greatest nesting depth of a JSON file."""


@contextmanager
def atomic_replace(path: str | Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, with the same name, which replaces ``path`` if the block succeeds.

    Missing parent folders are made. If the block raises, the temporary file is removed and ``path`` is unchanged. File
    system errors that name no file, such as that of a full disk, are raised with the name ``path``. A symbolic link is
    replaced, not followed.

    Args:
        path: the file or folder.
        durable: whether to wait until the content is on the disk, so that it survives a power cut.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new" / "notes.txt"
    >>> with atomic_replace(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with errors_naming(path), tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        if durable:
            fsync(temporary)
        temporary.replace(path)
        if durable:
            fsync(path.parent)


def check_writable(*paths: str | Path, folders: bool = False) -> None:
    """Check that files can be written, before the work whose result they will hold. Nothing stays on the disk.

    Args:
        paths: the files.
        folders: whether the paths are folders, to be written by :func:`atomic_replace`; they may exist and be empty.

    Raises:
        OSError: if a file cannot be written, with the path, the reason, and what to do.
    """
    for path in map(Path, paths):
        try:
            if path.is_dir() and not path.is_symlink() and not folders:
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            folder = next(parent for parent in path.absolute().parents if os.path.lexists(parent))
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise OSError(f"{path} cannot be written ({error.strerror}): choose another file or folder") from error


@contextmanager
def errors_naming(path: Path) -> Iterator[None]:
    """Raise file system errors that name no file, or the temporary one, with the name ``path`` instead."""
    try:
        yield
    except OSError as error:
        names_temporary = error.filename is not None and f"/.{path.stem}-" in str(error.filename)
        if error.errno is None or not (error.filename is None or names_temporary):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error


def fsync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems cannot sync folders
            raise
    finally:
        os.close(descriptor)


def read_small_file(path: str | Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the content of a file that must not be large.

    Args:
        path: the file.
        max_bytes: the greatest allowed size.

    Raises:
        ValueError: if the file is larger, or is not a regular file; a pipe or a device may never end.
        OSError: if the file is missing or cannot be read.
    """
    path = Path(path)
    size = path.stat().st_size  # raises an error if the file is missing
    if not path.is_file():
        raise ValueError(f"{path} is not a regular file")
    if size > max_bytes:
        raise ValueError(f"{path} is larger than {max_bytes // 10**6} MB, more than any valid file of this kind")
    with path.open("rb") as file:
        return file.read(size)  # bounded by the size seen above, because read() allocates the whole buffer first


def read_json(path: str | Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        ValueError: if the file is not valid JSON, or is nested deeper than ``MAX_DEPTH``; or as in
            :func:`read_small_file`.
        OSError: if the file is missing or cannot be read.
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
    """Whether lists and mappings are nested deeper than ``MAX_DEPTH``; code that walks through them could overflow."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(level)
