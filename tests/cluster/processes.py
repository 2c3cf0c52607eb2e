"""Processes of this machine, by what is in their environment: Linux's /proc, read as it is."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process that runs."""

    pid: int
    name: str
    """Its program's name, cut to 15 letters."""
    parent: int
    """The number of the process that started it."""
    words: tuple[str, ...]
    """Its command line."""
    environment: dict[str, str]
    """As it was at its start."""

    @property
    def runs(self) -> bool:
        """Whether it still does; one that has ended and waits to be reaped does not."""
        return (now := read(Path(f"/proc/{self.pid}"))) is not None and now.environment == self.environment

    def send(self, number: signal.Signals) -> None:
        """Send a signal; one that is gone gets none."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def running() -> Iterator[Process]:
    """Every process whose environment we may read."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (process := read(folder)) is not None:
            yield process


def read(folder: Path) -> Process | None:
    """The process with this folder in /proc; none if it has ended, or is another user's."""
    try:
        status = dict(line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line)
        words, environment = (
            (folder / name).read_bytes().decode(errors="replace").split("\0") for name in ("cmdline", "environ")
        )
    except OSError:
        return None
    if status["State"][0] in "ZX":
        return None
    entries = dict(entry.split("=", 1) for entry in environment if "=" in entry)
    return Process(int(folder.name), status["Name"].strip(), int(status["PPid"]), tuple(words), entries)


def kill_all(find: Callable[[], Iterable[Process]], *, seconds: float = 20) -> int:
    """Kill until there is nothing left to kill, and return how many there were.

    Raises:
        TimeoutError: if some will not go.
    """
    killed: set[int] = set()
    end = time.monotonic() + seconds
    while found := list(find()):
        for process in found:
            process.send(signal.SIGKILL)
            killed.add(process.pid)
        if time.monotonic() > end:
            raise TimeoutError(f"still running after {seconds} s: {[(each.pid, each.name) for each in found]}")
        time.sleep(0.05)
    return len(killed)
