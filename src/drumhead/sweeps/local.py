"""Sweeps on one machine: submitit starts workers; those that die are replaced, and all stop together."""

from __future__ import annotations

import math
import os
import secrets
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from drumhead.runs import dead_owner, lock_folder
from drumhead.sweeps.execution import known_result
from drumhead.sweeps.failure import DIED_MESSAGE, Failure, read_failure, write_failure
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.run_log import last_lines
from drumhead.sweeps.submitit_folder import pickle_folder, submitit_folder
from drumhead.sweeps.worker import Worker
from drumhead.training import Accelerator, Devices

if TYPE_CHECKING:
    from submitit import Job

MAX_DEATHS = 2
"""The number of workers that may die while they train one run, before the sweep stops training it."""
MAX_FAILED_STARTS = 3
"""The number of workers in a row that may die before they start a run, before the sweep stops."""
WORKER_MINUTES = 60 * 24 * 365 * 10
"""submitit's time limit of a worker, in minutes: ten years."""
STOP_TIMEOUT = 30.0
"""Seconds to wait for workers to stop."""
SIGNAL_INTERVAL = 1.0
"""Seconds between two signals to workers to stop."""


class WorkersDiedError(RuntimeError):
    """Workers died before they started a run."""


class LocalSweep:
    """The workers of a running sweep; created by :func:`local_sweep`.

    Args:
        workers: the workers to start.
        folder: the sweep's own folder, locked by this process.
        pickles: the folder for submitit's pickles.
    """

    def __init__(self, workers: Sequence[Worker], folder: Path, pickles: Path) -> None:
        self.folder, self.pickles = folder, pickles
        self.jobs: list[tuple[Worker, Job[None]]] = []
        self.deaths: Counter[Path] = Counter()
        self.recorded_tokens: set[str] = set()
        self.failed_starts = 0
        for worker in workers:
            self.start(worker)

    def start(self, worker: Worker) -> None:
        """Start a worker."""
        from submitit import LocalExecutor

        executor = LocalExecutor(self.pickles)
        executor.update_parameters(timeout_min=WORKER_MINUTES, stderr_to_stdout=True)
        with ignoring_signal(signal.SIGINT):  # Ctrl-C in the terminal only stops this command, which stops the workers
            self.jobs.append((worker, executor.submit(worker)))

    def poll(self) -> bool:
        """Replace workers that died; return whether any worker is still running.

        Raises:
            WorkersDiedError: if several workers in a row die before they start a run.
        """
        for worker, job in list(self.jobs):
            if not job.done():
                continue
            self.jobs.remove((worker, job))
            if job.paths.result_pickle.exists() and job.exception() is None:
                continue
            self.record_death(worker, job)
            if any(needs_training(planned, worker) for planned in worker.plan):
                self.start(worker)
        return bool(self.jobs)

    def record_death(self, worker: Worker, job: Job[None]) -> None:
        """Record the death of a worker in the folder of the run that it trained."""
        owners = {planned.folder: dead_owner(planned.folder) for planned in worker.plan}
        interrupted = {
            folder: dead.token
            for folder, dead in owners.items()
            if dead and dead.since.timestamp() >= int(worker.started_at) and dead.token not in self.recorded_tokens
        }
        self.recorded_tokens.update(interrupted.values())
        self.failed_starts = 0 if interrupted else self.failed_starts + 1
        if self.failed_starts >= MAX_FAILED_STARTS:
            raise WorkersDiedError(
                "workers die before they start a run: " + " | ".join(last_lines(job.paths.stdout, 3))
            )
        for folder in interrupted:
            self.deaths[folder] += 1
            again = self.deaths[folder] < MAX_DEATHS
            write_failure(folder, Failure(kind="died", message=DIED_MESSAGE, again=again))

    def stop(self) -> None:
        """Signal all workers to stop, and wait until they have stopped or ``STOP_TIMEOUT`` has passed."""
        deadline = time.monotonic() + STOP_TIMEOUT
        last_signal = -math.inf
        while self.jobs and time.monotonic() < deadline:
            if time.monotonic() - last_signal > SIGNAL_INTERVAL:  # repeated: a worker that is starting may miss one
                last_signal = time.monotonic()
                for _, job in self.jobs:
                    send_signal(int(job.job_id), signal.SIGTERM)  # submitit's controller passes it on to the worker
            time.sleep(0.05)
            self.jobs = [(worker, job) for worker, job in self.jobs if not job.done()]
        # A worker that is still running is in a long computation. It stops after that, even if this command has ended.


@contextmanager
def local_sweep(
    plan: Sequence[PlannedRun],
    *,
    out: str | Path,
    workers: int,
    threads: int | None = None,
    devices: Devices | None = None,
    retry_diverged: bool = False,
    data_root: str | Path = Path("data"),
) -> Iterator[LocalSweep]:
    """Train a plan with workers while the block runs; at its end, workers that are still running are stopped cleanly.

    If this process dies, the workers notice it within a second or two and stop, too.

    Args:
        plan: the runs; all their data must exist.
        out: the folder of the runs.
        workers: the number of workers.
        threads: threads of each worker; by default an equal share of torch's threads.
        devices: where each run is trained; workers take GPUs in turn.
        retry_diverged: whether to resume runs that diverged.
        data_root: the folder of the standard dataset folders.
    """
    folder = submitit_folder(out) / f"sweep-{secrets.token_hex(4)}"
    pickles = pickle_folder(out) / folder.name
    devices = devices or Devices()
    settings: dict[str, Any] = {
        "plan": tuple(planned._replace(folder=planned.folder.resolve()) for planned in plan),
        "data_root": Path(data_root).resolve(),
        "sweep": folder,
        "started_at": time.time(),
        "threads": threads or max(1, torch.get_num_threads() // workers),
        "devices": devices,
        "retry_diverged": retry_diverged,
    }
    try:
        with lock_folder(folder):
            sweep = LocalSweep(
                [Worker(gpus=worker_gpus(index, devices), **settings) for index in range(workers)], folder, pickles
            )
            try:
                yield sweep
            finally:
                sweep.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(pickles, ignore_errors=True)


def needs_training(planned: PlannedRun, worker: Worker) -> bool:
    """Return whether a worker's sweep still has to train a run."""
    failure = read_failure(planned.folder)
    if failure is not None and failure.when.timestamp() >= worker.started_at and not failure.again:
        return False
    with suppress(ValueError):
        return known_result(planned, retry_diverged=worker.retry_diverged) is None
    return False


def worker_gpus(index: int, devices: Devices) -> str | None:
    """Return the GPUs of the worker with this index, as in ``CUDA_VISIBLE_DEVICES``; None if it trains on no GPU."""
    gpus = visible_gpus(devices.accelerator)
    first = index * devices.devices
    return ",".join(gpus[(first + k) % len(gpus)] for k in range(devices.devices)) if gpus else None


def visible_gpus(accelerator: Accelerator = "auto") -> list[str]:
    """Return the names of the GPUs that may be used, as in ``CUDA_VISIBLE_DEVICES``."""
    if accelerator not in ("auto", "cuda"):
        return []
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    if names is not None:
        return [name.strip() for name in names.split(",") if name.strip()]
    return [str(index) for index in range(torch.cuda.device_count())]


def send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process; do nothing if the process has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


@contextmanager
def ignoring_signal(number: signal.Signals) -> Iterator[None]:
    """Ignore a signal within the block, also in processes started there; outside the main thread, do nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)
