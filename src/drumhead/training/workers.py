"""The processes that the first one of a node starts for its further devices, watched until they end."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from drumhead.config import Config
from drumhead.experiments import Experiment
from drumhead.training.devices import Devices
from drumhead.training.processes import ProcessLostError

READY = b"ready\n"
"""What a worker writes when it is about to join the others."""

GRACE_SECONDS = 10.0
"""Seconds that this process gets to find by itself that a worker is lost."""


class WorkerRequest(Config):
    """What a worker is to do: the arguments of :func:`drumhead.training.train`, but for the observers."""

    experiment: Experiment
    """What to train."""
    data: Path
    """The data's folder."""
    folder: Path
    """The run's folder."""
    devices: Devices
    """Where to train."""
    parent: int = 0
    """The process that started it, without which it ends."""


class Workers:
    """Processes for all devices of this node but the first; as a context, they end with it.

    They write nothing, so they may be killed at any moment. Should this process wait for a lost one in a call that
    nothing can interrupt, it ends too.

    Args:
        request: what they are to do.
        start: whether there are any, or who else has started all processes.
    """

    def __init__(self, request: WorkerRequest, *, start: bool = True) -> None:
        self.request = request.replace(parent=os.getpid())
        self.number = request.devices.devices - 1 if start else 0
        self.processes: list[subprocess.Popen[bytes]] = []
        self.over = threading.Event()

    def __enter__(self) -> Workers:
        command = [sys.executable, "-m", "drumhead.training.worker"]
        try:
            for number in range(self.number):
                environment = {**os.environ, "LOCAL_RANK": str(number + 1)}
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
                )  # Ctrl-C is for the first
                self.processes.append(process)
        except BaseException:
            self.end()
            raise
        threading.Thread(target=self.watch, name="worker-watch", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self.over.set()

    def wait_until_ready(self) -> None:
        """Hand out the work, and wait until all are about to join.

        Raises:
            ProcessLostError: if one has ended instead.
        """
        for process in self.processes:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(self.request.model_dump_json().encode() + b"\n")
                process.stdin.close()
            except BrokenPipeError:
                pass  # it has ended; below it shows
        for process in self.processes:
            assert process.stdout is not None
            if process.stdout.readline() != READY:
                raise ProcessLostError(self.lost(patience=5.0) or "a process of this training could not start")

    def lost(self, *, patience: float = 0.0) -> str | None:
        """Which worker has ended with an error, and how, if one has or does within so many seconds."""
        until = time.monotonic() + patience
        while True:
            for number, process in enumerate(self.processes, start=1):
                if code := process.poll():
                    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                    return f"process {number} of this training (pid {process.pid}) {how}"
            if time.monotonic() >= until:
                return None
            time.sleep(0.05)

    def watch(self) -> None:
        """End this process if a worker is lost and it does not find out."""
        while not self.over.wait(0.5):
            message = self.lost()
            if message and not self.over.wait(GRACE_SECONDS):
                print(f"drumhead: {message}; without it this one waits in vain, and ends", file=sys.stderr, flush=True)
                os._exit(1)

    def end(self) -> None:
        """Let none be left, and none be waited for."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
