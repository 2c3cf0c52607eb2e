"""MNIST's four files: from a folder the user names, or downloaded once into the user's cache."""

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
"""Where the files are, in the order they are tried."""


class RemoteFile(NamedTuple):
    """A file on the mirrors."""

    sha256: str
    size: int
    """In bytes."""


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
"""The original files by name; their MD5s are the well-known ones too."""

TIMEOUT = 15.0
"""Give a mirror up if it sends nothing for so long."""


def find_mnist(root: Path | None = None, *, progress: Callable[[int, int], None] | None = None) -> dict[str, Path]:
    """The four files, by the names in ``MNIST_FILES``.

    They are looked for in ``root``, or else in the folder that the environment variable DRUMHEAD_MNIST_ROOT names;
    with neither, they are downloaded into the user's cache, if they are not there yet.

    Args:
        root: a folder with the four files, gzipped or not.
        progress: called with the bytes downloaded and the total, if there is something to download.

    Raises:
        DatasetError: a file is missing in the folder, or no mirror has it.
    """
    named = os.environ.get(MNIST_ROOT_VARIABLE)
    if root is None and named:
        root = Path(named)
    if root is not None:
        return _files_in(root)

    return download(_cache(), progress=progress)


def find_local_mnist(root: Path | None = None) -> Path:
    """The folder :func:`find_mnist` would take the four files from without a download.

    Args:
        root: a folder with the four files, gzipped or not.

    Raises:
        DatasetError: if there is none; the files would have to be downloaded.
    """
    named = os.environ.get(MNIST_ROOT_VARIABLE)
    folder = root or (Path(named) if named else _cache())
    try:
        _files_in(folder)
    except DatasetError as error:
        raise DatasetError(
            f"MNIST's four IDX files are not in {folder}: name a folder that holds them with --mnist-root or "
            f"{MNIST_ROOT_VARIABLE}, or have them downloaded by `drumhead data mnist --out FOLDER`"
        ) from error
    return folder


def _cache() -> Path:
    """Where downloaded files are kept."""
    import pooch

    return Path(pooch.os_cache("drumhead")) / "mnist"


def download(
    folder: Path,
    *,
    files: Mapping[str, RemoteFile] = MNIST_FILES,
    mirrors: Sequence[str] = MIRRORS,
    timeout: float = TIMEOUT,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Path]:
    """Download files that are not in a folder yet; each is there whole and right, or not at all.

    A mirror that cannot be reached, stalls, or sends something else is given up for the next one.

    Args:
        folder: where the files are kept; made if missing.
        files: what to download, by name.
        mirrors: URLs that a file's name is appended to.
        timeout: how long a mirror may send nothing.
        progress: called with the bytes downloaded and the total.

    Raises:
        DatasetError: no mirror has a file; tells what each answered, and what to do.
    """
    import pooch

    found = {}
    order = list(mirrors)
    done, total = 0, sum(file.size for file in files.values())
    for name, file in files.items():
        answers = []
        for mirror in tuple(order):
            bar = _Bar(progress, done, file.size, total)
            downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=timeout)
            try:
                with _quiet(pooch.get_logger()):
                    found[name] = Path(pooch.retrieve(mirror + name, file.sha256, name, folder, downloader=downloader))
                break
            except (OSError, ValueError) as error:  # of network or disk; another SHA-256
                answers.append(f"  {mirror}{name}: {_reason(error)}")
                order.remove(mirror)
                order.append(mirror)  # the next file asks it last
        else:
            raise DatasetError(
                f"MNIST could not be downloaded to {folder}:\n" + "\n".join(answers) + "\n"
                f"Try again where there is a network; or put {', '.join(files)} into a folder and name it with "
                f"--mnist-root FOLDER or the environment variable {MNIST_ROOT_VARIABLE}"
            )
        done += file.size
    return found


def _files_in(root: Path) -> dict[str, Path]:
    """The files in a user's folder, gzipped or not."""
    found, missing = {}, []
    for name in MNIST_FILES:
        choices = [root / name, root / name.removesuffix(".gz")]
        there = [file for file in choices if file.is_file()]
        if there:
            found[name] = there[0]
        else:
            missing.append(name)
    if missing:
        raise DatasetError(
            f"{root}: must hold MNIST's four IDX files, gzipped or not; {', '.join(missing)} missing. Put them there, "
            f"or leave --mnist-root and {MNIST_ROOT_VARIABLE} out to have them downloaded"
        )
    return found


class _Bar:
    """What pooch calls a progress bar: tells how far all files together are."""

    def __init__(self, progress: Callable[[int, int], None] | None, before: int, size: int, total: int) -> None:
        self.progress, self.before, self.size, self.of_all = progress, before, size, total
        self.total = size  # pooch sets it, to what the mirror says
        self.done = 0

    def update(self, more: int) -> None:
        self.done = min(self.done + more, self.size)
        if self.progress is not None:
            self.progress(self.before + self.done, self.of_all)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    """Keep a logger from writing into our own progress."""
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)


def _reason(error: Exception) -> str:
    """The innermost reason of an error, in a line."""
    while isinstance(inner := getattr(error, "reason", None) or (error.args or (None,))[0], Exception):
        error = inner
    text = str(error).split("): ", maxsplit=1)[-1]  # what stands before is the host and the port
    return (text.splitlines() or [type(error).__name__])[0]
