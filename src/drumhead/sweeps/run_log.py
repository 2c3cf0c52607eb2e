"""The log of a run: ``log.txt`` in its folder, with everything its process printed."""

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
"""The number of bytes at the end of a log that are read."""


@contextmanager
def redirect_output(folder: str | Path, title: str) -> Iterator[None]:
    """Append everything that this process and its children print within the block to the run's log, under a heading.

    The traceback of an error that ends the block is logged, too.

    Raises:
        OSError: if the log cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    saved_descriptors = [os.dup(1), os.dup(2)]
    try:
        with (folder / LOG_FILE).open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        stamp = datetime.now().astimezone().isoformat(timespec="seconds")
        print(f"--- {stamp}  {title}, process {os.getpid()} on {socket.gethostname()}", flush=True)
        yield
    except RunBusyError as error:  # no traceback: the log belongs to the process that trains the run
        print(error, flush=True)
        raise
    except Exception:
        traceback.print_exc()
        raise
    finally:
        with suppress(OSError):  # the disk may be full
            sys.stdout.flush()
            sys.stderr.flush()
        for number, descriptor in zip((1, 2), saved_descriptors, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def last_lines(path: str | Path, count: int, *, width: int = 200) -> list[str]:
    """Return the last ``count`` non-empty lines of a log, each cut to ``width`` characters; [] if it is unreadable."""
    path = Path(path)
    try:
        if not path.is_file():  # reading a pipe may never end
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
        print(f"resuming after epoch {epochs_done}" if epochs_done else "starting", flush=True)

    def epoch_ended(self, report: EpochReport) -> None:
        print(report, flush=True)
