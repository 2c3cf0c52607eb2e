"""The processes of this machine and their environments, read from Linux's /proc."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A running process."""

    pid: int
    name: str
    """The program's name, cut to 15 characters."""
    parent: int
    """The id of the parent process."""
    args: tuple[str, ...]
    """The command line."""
    environment: dict[str, str]
    """The environment at the start of the process."""

    @property
    def is_running(self) -> bool:
        """Whether the process is still running; a process that has ended and was not reaped is not."""
        current = read(Path(f"/proc/{self.pid}"))
        return current is not None and current.environment == self.environment

    def send(self, number: signal.Signals) -> None:
        """Send a signal; do nothing if the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def running_processes() -> Iterator[Process]:
    """Yield every process whose environment this user may read."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (process := read(folder)) is not None:
            yield process


def read(folder: Path) -> Process | None:
    """Return the process with this folder in /proc; None if it has ended or belongs to another user."""
    try:
        status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        args, environment = (
            (folder / name).read_bytes().decode(errors="replace").split("\0") for name in ("cmdline", "environ")
        )
    except OSError:
        return None
    if status["State"][0] in "ZX":
        return None
    entries = dict(entry.split("=", 1) for entry in environment if "=" in entry)
    return Process(int(folder.name), status["Name"].strip(), int(status["PPid"]), tuple(args), entries)


def kill_all(find: Callable[[], Iterable[Process]], *, seconds: float = 20) -> int:
    """Kill all processes that ``find`` returns, until there are none; return how many were killed.

    Raises:
        TimeoutError: if some processes are still running after ``seconds``.
    """
    killed: set[int] = set()
    end = time.monotonic() + seconds
    while processes := list(find()):
        for process in processes:
            process.send(signal.SIGKILL)
            killed.add(process.pid)
        if time.monotonic() > end:
            raise TimeoutError(f"still running after {seconds} s: {[(each.pid, each.name) for each in processes]}")
        time.sleep(0.05)
    return len(killed)
