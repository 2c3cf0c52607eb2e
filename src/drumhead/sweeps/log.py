"""The log of a run: ``log.txt`` in its folder, all that its process printed."""

from __future__ import annotations

import os
import socket
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from drumhead.runs import Run, RunBusyError
from drumhead.terminal_text import escape_controls
from drumhead.training import EpochReport, Observer

LOG_FILE = "log.txt"
TAIL_BYTES = 16_384
"""How far from its end a log is read."""


@contextmanager
def logged(folder: Path, title: str) -> Iterator[None]:
    """Send all that this process and its children print to the run's log while the block lasts, with a heading; an
    error that ends the block with its traceback.

    Raises:
        OSError: if the log cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    before = [os.dup(1), os.dup(2)]
    try:
        with (folder / LOG_FILE).open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        stamp = datetime.now().astimezone().isoformat(timespec="seconds")
        print(f"--- {stamp}  {title}, process {os.getpid()} on {socket.gethostname()}", flush=True)
        yield
    except RunBusyError as error:  # the log is that of whoever trains it
        print(error, flush=True)
        raise
    except Exception:
        traceback.print_exc()
        raise
    finally:
        with suppress(OSError):  # the disk may be full
            sys.stdout.flush()
            sys.stderr.flush()
        for number, descriptor in zip((1, 2), before, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def last_lines(path: Path, count: int, *, width: int = 200) -> list[str]:
    """The last lines of a log that are not empty, each cut to ``width`` characters; none if it cannot be read."""
    try:
        if not path.is_file():  # a pipe may never end
            return []
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [escape_controls(line).rstrip() for line in text.splitlines()]
    return [line[:width] for line in lines if line][-count:]


class EpochLog(Observer):
    """Prints a line for each epoch."""

    def started(self, run: Run, epochs_done: int) -> None:
        print(f"going on after epoch {epochs_done}" if epochs_done else "beginning", flush=True)

    def epoch_ended(self, report: EpochReport) -> None:
        print(report, flush=True)
