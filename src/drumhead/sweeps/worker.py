"""A worker of a sweep on one machine: a process that trains the runs of a plan that no other process trains."""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

import torch

from drumhead.runs import lock_owner
from drumhead.sweeps.execution import failure_since, planned_dataset, train_plan
from drumhead.sweeps.failure import read_failure
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.run_log import EpochLog, redirect_output
from drumhead.training import Devices

COMMAND_CHECK_INTERVAL = 1.0
"""Seconds between two checks that the command that started the worker is still running."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """The function that submitit pickles and calls in a process of its own."""

    plan: tuple[PlannedRun, ...]
    """All runs of the sweep, with absolute folders."""
    data_root: Path
    """The folder of the standard dataset folders; all data must exist."""
    sweep: Path
    """A folder that the command that started the worker keeps locked while it runs."""
    started_at: float
    """When the sweep started, in seconds since 1970."""
    threads: int
    """The number of torch threads."""
    devices: Devices
    """Where to train."""
    gpus: str | None = None
    """The GPUs to use, as in ``CUDA_VISIBLE_DEVICES``."""
    retry_diverged: bool = False
    """Whether to resume runs that diverged before the sweep started."""

    def __call__(self) -> None:
        """Train runs until none is left, or the worker is signalled to stop."""
        if self.gpus is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = self.gpus  # in time: it is read when CUDA is first used
        torch.set_num_threads(self.threads)
        faulthandler.enable()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C only stops the command, which then stops its workers
        threading.Thread(target=self.stop_with_command, daemon=True).start()
        started: list[PlannedRun] = []
        while True:
            signal.signal(signal.SIGTERM, interrupt)
            try:
                self.train_runs(started)
            except KeyboardInterrupt:
                if started and self.was_cancelled(started[-1]):
                    continue  # with the other runs
            return

    def train_runs(self, started: list[PlannedRun]) -> None:
        """Train the runs of the plan that are not done; append each run that is started to ``started``."""

        def log_context(planned: PlannedRun) -> AbstractContextManager[None]:
            started.append(planned)
            return redirect_output(planned.folder, planned.folder.name)

        train_plan(
            self.plan,
            prepare_dataset=lambda planned: planned_dataset(planned, root=self.data_root),
            make_observer=lambda _: EpochLog(),
            devices=self.devices,
            retry_diverged=self.retry_diverged,
            skip_reason=lambda planned: failure_since(planned, self.started_at),
            log_context=log_context,
        )

    def was_cancelled(self, planned: PlannedRun) -> bool:
        """Return whether ``drumhead cancel`` stopped this run alone; it records that in the run folder."""
        failure = read_failure(planned.folder)
        return failure is not None and failure.kind == "cancelled" and failure.when.timestamp() >= self.started_at

    def stop_with_command(self) -> None:
        """Stop this process, by the signal to stop, when the command that started it is no longer running."""
        while lock_owner(self.sweep) is not None:
            time.sleep(COMMAND_CHECK_INTERVAL)
        os.kill(os.getpid(), signal.SIGTERM)


def interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Stop cleanly, with the last finished epoch kept; a second signal is ignored."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
