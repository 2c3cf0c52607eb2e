"""A sweep on one machine: workers started through submitit, watched, replaced when they die, stopped together."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from drumhead.runs import LockOwner, lock_folder, lock_owner, read_owner
from drumhead.sweeps.failure import SILENT_DEATH, Failure, read_failure, write_failure
from drumhead.sweeps.log import last_lines
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.work import settled
from drumhead.sweeps.worker import Worker
from drumhead.sweeps.workplace import pickle_folder, workplace
from drumhead.training import Accelerator, Devices

if TYPE_CHECKING:
    from submitit import Job

TRIES = 2
"""How often a run may take its worker down with it before its sweep leaves it alone."""
FRUITLESS = 3
"""How many workers in a row may die without having begun a run before the sweep gives up."""
FOR_EVER = 60 * 24 * 365 * 10
"""Minutes that a worker may live: ten years."""
PATIENCE = 30.0
"""Seconds that workers have to stop."""


class WorkersDiedError(RuntimeError):
    """Workers died before they began a run."""


class LocalSweep:
    """The workers of a sweep that is going on; made by :func:`local_sweep`.

    Args:
        workers: what each worker is called with.
        folder: this sweep's own, claimed.
        pickles: for submitit.
    """

    def __init__(self, workers: Sequence[Worker], folder: Path, pickles: Path) -> None:
        self.folder, self.pickles = folder, pickles
        self.jobs: list[tuple[Worker, Job[None]]] = []
        self.deaths: Counter[Path] = Counter()
        self.buried: set[str] = set()
        self.fruitless = 0
        for worker in workers:
            self.start(worker)

    def start(self, worker: Worker) -> None:
        """Start a worker."""
        from submitit import LocalExecutor

        executor = LocalExecutor(self.pickles)
        executor.update_parameters(timeout_min=FOR_EVER, stderr_to_stdout=True)
        with ignored(signal.SIGINT):  # Ctrl-C in the terminal is for this command alone, which then tells the workers
            self.jobs.append((worker, executor.submit(worker)))

    def poll(self) -> bool:
        """Look after the workers; returns whether any is still at work.

        Raises:
            WorkersDiedError: if they die before they begin anything.
        """
        for worker, job in list(self.jobs):
            if not job.done():
                continue
            self.jobs.remove((worker, job))
            if job.paths.result_pickle.exists() and job.exception() is None:
                continue
            self.bury(worker, job)
            if any(is_open(planned, worker) for planned in worker.plan):
                self.start(worker)
        return bool(self.jobs)

    def bury(self, worker: Worker, job: Job[None]) -> None:
        """Note in the folder of what a dead worker trained that it died."""
        owners = {planned.folder: dead_owner(planned.folder) for planned in worker.plan}
        fallen = {
            folder: dead.token
            for folder, dead in owners.items()
            if dead and dead.since.timestamp() >= int(worker.begun) and dead.token not in self.buried
        }
        self.buried.update(fallen.values())
        self.fruitless = 0 if fallen else self.fruitless + 1
        if self.fruitless >= FRUITLESS:
            raise WorkersDiedError("workers die before they begin: " + " | ".join(last_lines(job.paths.stdout, 3)))
        for folder in fallen:
            self.deaths[folder] += 1
            again = self.deaths[folder] < TRIES
            write_failure(folder, Failure(kind="died", message=SILENT_DEATH, again=again))

    def stop(self) -> None:
        """Tell all workers to stop, and wait until they have."""
        deadline = time.monotonic() + PATIENCE
        told = -math.inf
        while self.jobs and time.monotonic() < deadline:
            if time.monotonic() - told > 1.0:  # more than once: who is only starting may not hear yet
                told = time.monotonic()
                for _, job in self.jobs:
                    tell(int(job.job_id), signal.SIGTERM)  # submitit's controller hands it on to the worker
            time.sleep(0.05)
            self.jobs = [(worker, job) for worker, job in self.jobs if not job.done()]
        # Whoever is left is deaf, in a long computation, and stops when it hears, this command gone or not.


@contextmanager
def local_sweep(
    plan: Sequence[PlannedRun],
    *,
    out: Path,
    workers: int,
    threads: int | None = None,
    devices: Devices | None = None,
    retry_failed: bool = False,
    data_root: Path = Path("data"),
) -> Iterator[LocalSweep]:
    """Have workers at a plan while the block lasts; those that are left at its end are stopped, cleanly.

    Should this process die, they notice within a second or two and stop, too.

    Args:
        plan: the runs, of which all data has been made.
        out: the folder of the runs.
        workers: how many.
        threads: of each; by default the processors' share.
        devices: where each run is trained; GPUs are dealt out in turn.
        retry_failed: try again what diverged.
        data_root: where standard folders of data are.
    """
    folder = workplace(out) / f"sweep-{secrets.token_hex(4)}"
    pickles = pickle_folder(out) / folder.name
    devices = devices or Devices()
    settings: dict[str, Any] = {
        "plan": tuple(planned._replace(folder=planned.folder.resolve()) for planned in plan),
        "data_root": data_root.resolve(),
        "sweep": folder,
        "begun": time.time(),
        "threads": threads or max(1, torch.get_num_threads() // workers),
        "devices": devices,
        "retry_failed": retry_failed,
    }
    try:
        with lock_folder(folder):
            sweep = LocalSweep(
                [Worker(gpus=dealt_gpus(number, devices), **settings) for number in range(workers)], folder, pickles
            )
            try:
                yield sweep
            finally:
                sweep.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(pickles, ignore_errors=True)


def is_open(planned: PlannedRun, worker: Worker) -> bool:
    """Whether there is still something to do for a run in its sweep."""
    failure = read_failure(planned.folder)
    if failure is not None and failure.when.timestamp() >= worker.begun and not failure.again:
        return False
    with suppress(ValueError):
        return settled(planned, retry_diverged=worker.retry_failed) is None
    return False


def dead_owner(folder: Path) -> LockOwner | None:
    """Who trained in a folder on this machine and died without a word, so that its name is still there."""
    left = read_owner(folder)
    return left if left and left.host == socket.gethostname() and lock_owner(folder) is None else None


def dealt_gpus(number: int, devices: Devices) -> str | None:
    """The GPUs of a worker by its number, as ``CUDA_VISIBLE_DEVICES`` names them; None if it trains on none."""
    gpus = visible_gpus(devices.accelerator)
    first = number * devices.devices
    return ",".join(gpus[(first + k) % len(gpus)] for k in range(devices.devices)) if gpus else None


def visible_gpus(accelerator: Accelerator = "auto") -> list[str]:
    """The GPUs that may be trained on, as ``CUDA_VISIBLE_DEVICES`` names them."""
    if accelerator not in ("auto", "cuda"):
        return []
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    return [str(number) for number in range(torch.cuda.device_count())]


def tell(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


@contextmanager
def ignored(number: signal.Signals) -> Iterator[None]:
    """Ignore a signal while the block lasts, here and in processes begun in it; only a main thread can."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)
