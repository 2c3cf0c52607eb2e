"""A run as a Slurm job: each time the job is requeued, the run resumes from its last finished epoch."""

from __future__ import annotations

import faulthandler
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from drumhead.runs import Run, RunError, lock_owner
from drumhead.runs.lock import current_slurm_job
from drumhead.sweeps.execution import RunResult, known_result, planned_dataset, train_planned_run
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.run_log import EpochLog, redirect_output
from drumhead.training import Devices, is_first_process, train

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

MAX_WAIT = 600.0
"""Seconds to wait for another process that trains the same run: a job on a node that Slurm lost may run for a while."""
POLL_INTERVAL = 5.0
"""Seconds between two checks whether that process has ended."""
MAX_WASTED_SHARE = 0.8
"""The share of a job's time limit that may pass, over jobs in a row, without a finished epoch."""


class JobFailedError(RuntimeError):
    """A job ended without finishing its run."""


@dataclass(kw_only=True)
class RunJob:
    """The function that submitit pickles and calls in a job; ``checkpoint`` requeues the job when it must end.

    There is nothing to save at that moment: the state after each epoch is already on disk. The names of this class
    and its fields are in the pickles of queued jobs.
    """

    planned: PlannedRun
    """The run, with an absolute folder."""
    data_root: Path
    """The folder of the standard dataset folders; all data must exist."""
    limit: float
    """Time limit of the job, in seconds."""
    devices: Devices
    """Where to train; each of several devices has a task of the job."""
    retry_diverged: bool = False
    """Whether to resume the run if it diverged."""
    wasted: float = 0.0
    """Seconds of the jobs in a row, up to this one, that ended without a finished epoch."""

    def __setstate__(self, state: dict[str, object]) -> None:
        """Restore a job from its pickle. In jobs queued by earlier versions, ``retry_diverged`` is ``retry_failed``."""
        renamed = {"retry_failed": "retry_diverged"}
        self.__dict__.update({renamed.get(name, name): value for name, value in state.items()})

    def __call__(self) -> None:
        """Train or resume the run.

        Raises:
            JobFailedError: if the run is not done at the end, so that Slurm reports the job as failed.
        """
        self.start_time, self.epochs_at_start = time.monotonic(), finished_epochs(self.planned.folder)
        if cpus := os.environ.get("SLURM_CPUS_PER_TASK"):
            torch.set_num_threads(int(cpus))
        faulthandler.enable()
        result = self.run_first_process() if is_first_process(self.devices) else self.run_other_process()
        if result.kind != "done":
            raise JobFailedError(f"{self.planned.folder}: {result.reason}")

    def run_first_process(self) -> RunResult:
        """Train the run, after waiting for any other process that still trains it."""
        deadline = time.monotonic() + MAX_WAIT
        while True:
            result = known_result(self.planned, retry_diverged=self.retry_diverged) or self.train()
            if result.kind != "busy" or self.devices.count > 1 or time.monotonic() > deadline:
                return result
            print(f"waiting: {lock_owner(self.planned.folder) or 'another process'} trains this run", flush=True)
            time.sleep(POLL_INTERVAL)

    def train(self) -> RunResult:
        """Train the run, with its output in its own log."""
        dataset = planned_dataset(self.planned, root=self.data_root)
        title = f"{self.planned.folder.name}, Slurm job {current_slurm_job()}"
        log_context = redirect_output(self.planned.folder, title)
        return train_planned_run(self.planned, dataset, EpochLog(), devices=self.devices, log_context=log_context)

    def run_other_process(self) -> RunResult:
        """Take part in the training, as a process other than the first. Only the first process writes files."""
        result = known_result(self.planned, retry_diverged=self.retry_diverged)
        if result is not None and result.kind != "busy":  # busy: the first process of this job already trains
            return result
        dataset = planned_dataset(self.planned, root=self.data_root)
        train(self.planned.experiment, dataset, self.planned.folder, **self.devices.model_dump())
        return RunResult("done")

    def checkpoint(self) -> DelayedSubmission:
        """Return the job to requeue; submitit calls this shortly before the time limit and on pre-emption.

        Raises:
            JobFailedError: if no epoch was finished in nearly a job's time: the job would be requeued forever.
        """
        from submitit.helpers import DelayedSubmission

        seconds = time.monotonic() - self.start_time
        self.wasted = 0.0 if finished_epochs(self.planned.folder) > self.epochs_at_start else self.wasted + seconds
        if self.wasted >= MAX_WASTED_SHARE * self.limit:
            raise JobFailedError(
                f"no epoch was finished in {self.wasted / 60:.0f} minutes, and a job has {self.limit / 60:.0f}: this "
                "job is not requeued. Give jobs more time with --time, or shorten epochs with "
                "--set recipe.steps-per-epoch=..."
            )
        return DelayedSubmission(self)


def finished_epochs(folder: Path) -> int:
    """Return the number of finished epochs of a run; 0 if it cannot be read."""
    try:
        return len(Run.open(folder).metrics())
    except (RunError, OSError, ValueError):
        return 0
