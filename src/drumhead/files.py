"""Writing files so that a reader finds the old content or the new, never half of it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """A temporary path near ``path``, of the same name, which takes its place if the block succeeds.

    Missing folders are made. If the block raises, nothing is left and a former ``path`` stays as it was; an error of
    the file system's that names no file, as that of a full disk, is given this one's name.

    Args:
        path: the file, or folder.
        durable: whether it is on the disk itself at the end of the block, so that a power cut does not take it.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new" / "notes.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path), tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        if durable:
            sync(temporary)
        temporary.replace(path)
        if durable:
            sync(path.parent)


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


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of files, is on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can for folders
            raise
    finally:
        os.close(descriptor)
