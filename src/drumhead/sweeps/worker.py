"""A worker of a sweep on one machine: a process that walks through the plan and trains what nobody else does."""

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
from drumhead.sweeps.failure import read_failure
from drumhead.sweeps.log import EpochLog, logged
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.work import failure_since, make_runs, planned_dataset
from drumhead.training import Devices

HEARTBEAT = 1.0
"""Seconds between two looks at whether the command that started a worker still lives."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What submitit pickles and calls in a process of its own."""

    plan: tuple[PlannedRun, ...]
    """All runs of the sweep, with absolute folders."""
    data_root: Path
    """Where standard folders of data are, all made already."""
    sweep: Path
    """The folder that the command has claimed for as long as it lives."""
    begun: float
    """When the sweep began, in seconds since 1970."""
    threads: int
    """Threads of torch."""
    devices: Devices
    """Where to train."""
    gpus: str | None = None
    """The GPUs to use, as ``CUDA_VISIBLE_DEVICES`` names them."""
    retry_failed: bool = False
    """Try again what diverged before the sweep began."""

    def __call__(self) -> None:
        """Make runs until there is none left to make, or the worker is told to stop."""
        if self.gpus is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = self.gpus  # read when CUDA is first used, which is not yet
        torch.set_num_threads(self.threads)
        faulthandler.enable()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, which then tells its workers
        threading.Thread(target=self.watch, daemon=True).start()
        begun: list[PlannedRun] = []
        while True:
            signal.signal(signal.SIGTERM, interrupt)
            try:
                self.make(begun)
            except KeyboardInterrupt:
                if begun and self.was_cancelled(begun[-1]):
                    continue  # with the other runs
            return

    def make(self, begun: list[PlannedRun]) -> None:
        """Make what is missing of the plan; what is begun is appended to a list."""

        def log(planned: PlannedRun) -> AbstractContextManager[None]:
            begun.append(planned)
            return logged(planned.folder, planned.folder.name)

        make_runs(
            self.plan,
            prepare=lambda planned: planned_dataset(planned, root=self.data_root),
            observer=lambda _: EpochLog(),
            devices=self.devices,
            retry_diverged=self.retry_failed,
            skip=lambda planned: failure_since(planned, self.begun),
            around=log,
        )

    def was_cancelled(self, planned: PlannedRun) -> bool:
        """Whether it was told to stop this run alone, by ``drumhead cancel``, which leaves a note in its folder."""
        failure = read_failure(planned.folder)
        return failure is not None and failure.kind == "cancelled" and failure.when.timestamp() >= self.begun

    def watch(self) -> None:
        """Stop this process, as if told to, when the command is no longer there."""
        while lock_owner(self.sweep) is not None:
            time.sleep(HEARTBEAT)
        os.kill(os.getpid(), signal.SIGTERM)


def interrupt(signal_number: int, frame: FrameType | None) -> NoReturn:
    """Stop cleanly: the last finished epoch is kept. Being told again changes nothing."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
