"""MNIST's four files: from a folder that the user names, or downloaded once into the user's cache."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from drumhead.data.split import DatasetError

MNIST_ROOT_VARIABLE = "DRUMHEAD_MNIST_ROOT"
"""Environment variable that names a folder with the four files."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
"""URLs of the folders that have the files, in the order in which they are tried."""


class RemoteFile(NamedTuple):
    """A file on the mirrors."""

    sha256: str
    size: int
    """Size in bytes."""


MNIST_FILES = {
    "train-images-idx3-ubyte.gz": RemoteFile(
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", 9_912_422
    ),
    "train-labels-idx1-ubyte.gz": RemoteFile(
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c", 28_881
    ),
    "t10k-images-idx3-ubyte.gz": RemoteFile(
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", 1_648_877
    ),
    "t10k-labels-idx1-ubyte.gz": RemoteFile("f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6", 4_542),
}
"""The original files by name; their MD5 hashes are the well-known ones too."""

TIMEOUT = 15.0
"""Seconds without data after which a mirror is abandoned."""


def find_mnist(
    root: str | Path | None = None, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Path]:
    """Return the paths of the four files, by the names in ``MNIST_FILES``.

    The files are taken from ``root``, or else from the folder that the environment variable DRUMHEAD_MNIST_ROOT
    names; with neither, they are taken from the user's cache, into which missing files are downloaded.

    Args:
        root: a folder with the four files, gzipped or not.
        progress: called with the bytes downloaded and the total, if a download is needed.

    Raises:
        DatasetError: a file is missing in the folder, or no mirror has it.
    """
    folder = _user_folder(root)
    return download(_cache_folder(), progress=progress) if folder is None else _files_in(folder)


def find_local_mnist(root: str | Path | None = None) -> Path:
    """Return the folder from which :func:`find_mnist` can take the four files without a download.

    Args:
        root: a folder with the four files, gzipped or not.

    Raises:
        DatasetError: a file is missing in that folder.
    """
    folder = _user_folder(root) or _cache_folder()
    try:
        _files_in(folder)
    except DatasetError as error:
        raise DatasetError(
            f"MNIST's four IDX files are not in {folder}: name a folder that holds them with --mnist-root or "
            f"{MNIST_ROOT_VARIABLE}, or download them with `drumhead data mnist --out FOLDER`"
        ) from error
    return folder


def _user_folder(root: str | Path | None) -> Path | None:
    """Return the folder that the argument or the environment variable names; None if neither does."""
    if root is not None:
        return Path(root)
    variable = os.environ.get(MNIST_ROOT_VARIABLE)
    return Path(variable).expanduser() if variable else None


def _cache_folder() -> Path:
    """Return the folder for downloaded files."""
    import pooch

    return Path(pooch.os_cache("drumhead")) / "mnist"


def download(
    folder: str | Path,
    *,
    files: Mapping[str, RemoteFile] = MNIST_FILES,
    mirrors: Sequence[str] = MIRRORS,
    timeout: float = TIMEOUT,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Download the files that are not in a folder yet; each is stored complete and verified, or not at all.

    If a mirror cannot be reached, stalls, or sends other content, the next mirror is tried.

    Args:
        folder: the folder to store the files in; created if missing.
        files: the files to download, by name.
        mirrors: URLs to which a file's name is appended.
        timeout: seconds without data after which a mirror is abandoned.
        progress: called with the bytes downloaded and the total.

    Raises:
        DatasetError: no mirror has a file; the message gives each mirror's answer, and what to do.
    """
    import pooch

    paths = {}
    ordered_mirrors = list(mirrors)
    done, total = 0, sum(file.size for file in files.values())
    for name, file in files.items():
        failures = []
        for mirror in tuple(ordered_mirrors):
            bar = _ProgressBar(progress, done, file.size, total)
            downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=timeout)
            try:
                with _quiet(pooch.get_logger()):
                    paths[name] = Path(pooch.retrieve(mirror + name, file.sha256, name, folder, downloader=downloader))
                break
            except (OSError, ValueError) as error:  # an error of network or disk; another SHA-256
                failures.append(f"  {mirror}{name}: {_innermost_reason(error)}")
                ordered_mirrors.remove(mirror)
                ordered_mirrors.append(mirror)  # the next file tries this mirror last
        else:
            raise DatasetError(
                f"MNIST could not be downloaded to {folder}:\n" + "\n".join(failures) + "\n"
                f"Try again with a network connection; or put {', '.join(files)} into a folder and name it with "
                f"--mnist-root FOLDER or the environment variable {MNIST_ROOT_VARIABLE}"
            )
        done += file.size
    return paths


def _files_in(root: Path) -> dict[str, Path]:
    """Return the files in a user's folder, gzipped or not."""
    paths, missing = {}, []
    for name in MNIST_FILES:
        candidates = [root / name, root / name.removesuffix(".gz")]
        existing = [file for file in candidates if file.is_file()]
        if existing:
            paths[name] = existing[0]
        else:
            missing.append(name)
    if missing:
        raise DatasetError(
            f"{root}: must hold MNIST's four IDX files, gzipped or not; missing: {', '.join(missing)}. Put them there, "
            f"or omit --mnist-root and {MNIST_ROOT_VARIABLE} to download them"
        )
    return paths


class _ProgressBar:
    """The interface that pooch expects of a progress bar; reports the progress over all files together."""

    def __init__(self, progress: Callable[[int, int], None] | None, before: int, size: int, total: int) -> None:
        self.progress, self.before, self.size, self.total_of_all_files = progress, before, size, total
        self.total = size  # pooch sets this to the size that the mirror reports
        self.done = 0

    def update(self, newly_done: int) -> None:
        self.done = min(self.done + newly_done, self.size)
        if self.progress is not None:
            self.progress(self.before + self.done, self.total_of_all_files)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep a logger's messages out of our progress display."""
    previous_level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(previous_level)


def _innermost_reason(error: Exception) -> str:
    """Return the innermost reason of an error, in one line."""
    while isinstance(inner := getattr(error, "reason", None) or (error.args or (None,))[0], Exception):
        error = inner
    text = str(error).split("): ", maxsplit=1)[-1]  # the part before is the host and the port
    return (text.splitlines() or [type(error).__name__])[0]
