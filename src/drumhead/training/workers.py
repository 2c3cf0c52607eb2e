"""The worker processes that the first process of a node starts for its further devices, watched until they end."""

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
from drumhead.runs import InitialWeights
from drumhead.training.devices import Devices
from drumhead.training.processes import ProcessLostError

READY = b"ready\n"
"""What a worker writes to its standard output when it is about to connect to the other processes."""

GRACE_SECONDS = 10.0
"""Seconds that this process has to notice a lost worker by itself, before it is ended."""


class WorkerRequest(Config):
    """The task of a worker: the arguments of :func:`drumhead.training.train` except the observers."""

    experiment: Experiment
    """The experiment to train."""
    data: Path
    """The folder of the data."""
    folder: Path
    """The run folder."""
    devices: Devices
    """The devices of all processes."""
    initial_weights: InitialWeights | None = None
    """The weights to start from; None if they are random."""
    parent: int = 0
    """The process id of the process that started the worker; the worker ends when that process ends."""


class Workers:
    """The processes for all devices of this node but the first, as a context manager that ends them on exit.

    They write no files, so they may be killed at any moment. If a worker is lost while this process waits for it in a
    call that cannot be interrupted, this process ends too.

    Args:
        request: their task.
        start: False if a launcher or the user has started all processes, so that there is none to start here.
    """

    def __init__(self, request: WorkerRequest, *, start: bool = True) -> None:
        self.request = request.replace(parent=os.getpid())
        self.count = request.devices.devices - 1 if start else 0
        self.processes: list[subprocess.Popen[bytes]] = []
        self.exited = threading.Event()

    def __enter__(self) -> Workers:
        command = [sys.executable, "-m", "drumhead.training.worker"]
        try:
            for local_rank in range(1, self.count + 1):
                environment = {**os.environ, "LOCAL_RANK": str(local_rank)}
                process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
                )  # in a new session, so that Ctrl-C interrupts only the first process
                self.processes.append(process)
        except BaseException:
            self.end()
            raise
        threading.Thread(target=self.watch, name="worker-watch", daemon=True).start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.end()
        self.exited.set()

    def wait_until_ready(self) -> None:
        """Send the request to all workers, and wait until they are about to connect.

        Raises:
            ProcessLostError: if a worker has ended instead.
        """
        for process in self.processes:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(self.request.model_dump_json().encode() + b"\n")
                process.stdin.close()
            except BrokenPipeError:
                pass  # the worker has ended, which is noticed below
        for process in self.processes:
            assert process.stdout is not None
            if process.stdout.readline() != READY:
                raise ProcessLostError(self.find_failure(timeout=5.0) or "a process of this training could not start")

    def find_failure(self, *, timeout: float = 0.0) -> str | None:
        """Return a sentence about a worker that has failed or fails within ``timeout`` seconds, or None."""
        deadline = time.monotonic() + timeout
        while True:
            for number, process in enumerate(self.processes, start=1):
                if code := process.poll():
                    how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                    return f"process {number} of this training (pid {process.pid}) {how}"
            if time.monotonic() >= deadline:
                return None
            time.sleep(0.05)

    def watch(self) -> None:
        """End this process if a worker is lost and this process does not notice it in time."""
        while not self.exited.wait(0.5):
            message = self.find_failure()
            if message and not self.exited.wait(GRACE_SECONDS):
                print(
                    f"drumhead: {message}; this process cannot train without it, and ends", file=sys.stderr, flush=True
                )
                os._exit(1)

    def end(self) -> None:
        """Kill all workers and wait until they have ended."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
