"""A run as a job on Slurm: it goes on from its last finished epoch as often as it is queued again."""

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
from drumhead.sweeps.log import EpochLog, logged
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.work import Result, make_run, planned_dataset, settled
from drumhead.training import Devices, is_first_process, train

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

WAIT = 600.0
"""Seconds to wait for another process that trains the same run: a node that was given up may work on for a while."""
PAUSE = 5.0
"""Seconds between two looks at whether it has ended."""
MOST_WASTE = 0.8
"""Share of a job's time limit that may pass, over jobs in a row, without one finished epoch."""


class JobFailedError(RuntimeError):
    """A run that was not finished by its job."""


@dataclass(kw_only=True)
class RunJob:
    """What submitit pickles and calls in a job; when the job must end, ``checkpoint`` queues it again.

    Nothing has to be saved then: the state after each epoch is on disk already.
    """

    planned: PlannedRun
    """The run, with an absolute folder."""
    data_root: Path
    """Where standard folders of data are, all made already."""
    limit: float
    """Time limit of the job, in seconds."""
    devices: Devices
    """Where to train; of several devices, each has a task of the job."""
    retry_failed: bool = False
    """Go on though it diverged."""
    wasted: float = 0.0
    """Seconds of jobs in a row, up to this one, that ended before an epoch was finished."""

    def __call__(self) -> None:
        """Train the run, or go on with it.

        Raises:
            JobFailedError: if it is not done at the end, so that Slurm has the job as failed.
        """
        self.begun, self.epochs = time.monotonic(), finished_epochs(self.planned.folder)
        if cpus := os.environ.get("SLURM_CPUS_PER_TASK"):
            torch.set_num_threads(int(cpus))
        faulthandler.enable()
        result = self.make() if is_first_process(self.devices) else self.help_make()
        if result.kind != "done":
            raise JobFailedError(f"{self.planned.folder}: {result.reason}")

    def make(self) -> Result:
        """Train the run, after whoever else may still do so."""
        deadline = time.monotonic() + WAIT
        while True:
            result = settled(self.planned, retry_diverged=self.retry_failed) or self.train()
            if result.kind != "busy" or self.devices.count > 1 or time.monotonic() > deadline:
                return result
            print(f"waiting: {lock_owner(self.planned.folder) or 'another process'} trains this run", flush=True)
            time.sleep(PAUSE)

    def train(self) -> Result:
        """Train the run, its output in its own log."""
        dataset = planned_dataset(self.planned, root=self.data_root)
        around = logged(self.planned.folder, f"{self.planned.folder.name}, Slurm job {current_slurm_job()}")
        return make_run(self.planned, dataset, EpochLog(), devices=self.devices, around=around)

    def help_make(self) -> Result:
        """Take part in the training as another process than the first, which alone writes."""
        result = settled(self.planned, retry_diverged=self.retry_failed)
        if result is not None and result.kind != "busy":  # busy is what the first process of this job is
            return result
        dataset = planned_dataset(self.planned, root=self.data_root)
        train(self.planned.experiment, dataset, self.planned.folder, **self.devices.model_dump())
        return Result("done")

    def checkpoint(self) -> DelayedSubmission:
        """The job to queue again; called by submitit when the time limit is near or the job is pre-empted.

        Raises:
            JobFailedError: if as much time as a job has went by without a finished epoch: it would go on for ever so.
        """
        from submitit.helpers import DelayedSubmission

        seconds = time.monotonic() - self.begun
        self.wasted = 0.0 if finished_epochs(self.planned.folder) > self.epochs else self.wasted + seconds
        if self.wasted >= MOST_WASTE * self.limit:
            raise JobFailedError(
                f"no epoch was finished in {self.wasted / 60:.0f} minutes, and a job has {self.limit / 60:.0f}: this "
                "one is not queued again. Give jobs more time with --time, or shorten epochs with "
                "--set recipe.steps-per-epoch=..."
            )
        return DelayedSubmission(self)


def finished_epochs(folder: Path) -> int:
    """How many epochs a run has finished; 0 if that cannot be read."""
    try:
        return len(Run.open(folder).metrics())
    except (RunError, OSError, ValueError):
        return 0
