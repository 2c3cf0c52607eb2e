"""Run commands as a shell does, with limits on time and memory, and check that they end cleanly."""

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
"""The limit of computing time; a command that takes longer hangs, as the commands of these tests take far less."""


class Hung(BaseException):
    """A command exceeded its computing time. No ``except Exception`` catches this error."""


class CommandResult(NamedTuple):
    """The result of a command."""

    code: int
    printed: str
    error: str

    @property
    def is_clean(self) -> bool:
        """Whether the command succeeded, or was refused with a message and without a traceback."""
        if self.code == 0:
            return True
        return self.code == 2 and bool(self.error.strip()) and "Traceback" not in self.error


def run(args: Sequence[str]) -> CommandResult:
    """Run a command and return its result; errors that it does not handle are raised."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), restored_handlers(), deadline():
        try:
            code = main(list(args))
        except SystemExit as stop:  # raised by the argument parser
            code = stop.code if isinstance(stop.code, int) else 1
    return CommandResult(code, out.getvalue(), err.getvalue())


def refused(args: Sequence[str], *names: str) -> str:
    """Run a command that must be refused, check that the error contains all the names, and return the error."""
    ended = run(args)
    assert ended.code == 2, (args, ended)
    assert ended.is_clean, (args, ended)
    for name in names:
        assert name in ended.error, (args, ended)
    return ended.error


@contextlib.contextmanager
def restored_handlers() -> Iterator[None]:
    """Restore the handlers of SIGTERM and of warnings at the end of the block."""
    import warnings

    handler, shown = signal.getsignal(signal.SIGTERM), warnings.showwarning
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        warnings.showwarning = shown


@contextlib.contextmanager
def deadline(seconds: float = SECONDS) -> Iterator[None]:
    """Raise ``Hung`` in a block that computes for longer. Waiting, as for a pipe, is limited by the test's timeout."""

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
    """Limit the memory of this process to its current size and some bytes more, where the system reports the size."""
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
    """Return the mode, modification time and content (or link target) of everything below a folder."""
    entries = {}
    for path in sorted([folder, *folder.rglob("*")]):
        stat = path.lstat()
        entries[str(path.relative_to(folder))] = (stat.st_mode, stat.st_mtime_ns, content_of(path))
    return entries


def content_of(path: Path) -> bytes:
    """Return the bytes of a file or the target of a link; empty for anything else."""
    if path.is_symlink():
        return str(path.readlink()).encode()
    return path.read_bytes() if path.is_file() else b""
