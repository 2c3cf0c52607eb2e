"""Running commands as a shell would, and seeing to it that they end cleanly and leave everything else alone."""

from __future__ import annotations

import contextlib
import io
import resource
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from drumhead.cli import main

SECONDS = 20.0
"""Of computing, after which something has hung: what is run here takes a small part of one."""


class Hung(BaseException):
    """A command computed for longer than it may. It passes every ``except Exception``."""


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    printed: str
    error: str

    @property
    def is_clean(self) -> bool:
        """Done, or refused with a message and no traceback."""
        if self.code == 0:
            return True
        return self.code == 2 and bool(self.error.strip()) and "Traceback" not in self.error


def run(args: Sequence[str]) -> Ended:
    """Run a command; anything but an exit code is raised."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), kept_signals(), deadline():
        try:
            code = main(list(args))
        except SystemExit as stop:  # the parser's way to end
            code = stop.code if isinstance(stop.code, int) else 1
    return Ended(code, out.getvalue(), err.getvalue())


def refused(args: Sequence[str], *names: str) -> str:
    """Run a command that must be refused, with an error that has all the names in it; returns the error."""
    ended = run(args)
    assert ended.code == 2, (args, ended)
    assert ended.is_clean, (args, ended)
    for name in names:
        assert name in ended.error, (args, ended)
    return ended.error


@contextlib.contextmanager
def kept_signals() -> Iterator[None]:
    """What commands make of SIGTERM and of warnings ends with the block."""
    import warnings

    handler, shown = signal.getsignal(signal.SIGTERM), warnings.showwarning
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        warnings.showwarning = shown


@contextlib.contextmanager
def deadline(seconds: float = SECONDS) -> Iterator[None]:
    """Raise ``Hung`` in a block that computes for longer. Waiting, as for a pipe, is left to the test's own timeout."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Hung(f"more than {seconds} seconds of computing")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def little_memory(more: int = 1_500_000_000) -> Iterator[None]:
    """Let this process have only so many bytes more than it has, where the system tells how many that is."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        yield
        return
    now = int(statm.read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (now + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything below a folder: modes, times of change, and contents or targets of links."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        found[str(path.relative_to(folder))] = (stat.st_mode, stat.st_mtime_ns, content_of(path))
    return found


def content_of(path: Path) -> bytes:
    """The bytes of a file, the target of a link; none of anything else."""
    if path.is_symlink():
        return str(path.readlink()).encode()
    return path.read_bytes() if path.is_file() else b""
