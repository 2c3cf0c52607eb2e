"""The Slurm jobs of runs: which were submitted, which wait or run, and how one is cancelled.

A file beside the runs records the job of each run. ``squeue`` says whether a job waits or runs. ``sacct`` is not used:
not every cluster has accounting, and where it exists, it reports a job as finished that is about to be requeued.
"""

from __future__ import annotations

import subprocess
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, TypeAdapter

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.sweeps.submitit_folder import find_submitit_folders

JobId = Annotated[str, Field(pattern=r"^\d+(_\d+)?$")]


class SlurmError(OSError):
    """Slurm is not installed, does not answer, or refuses a request."""


class SubmittedJob(Config):
    """A job that was submitted for a run."""

    job: JobId
    """The job id in ``squeue``: a job, or a task of an array."""
    name: str
    """The job's name, unique to its submission: job ids start again at 1 when a cluster is reinstalled."""
    log: str
    """The path of submitit's log."""


class QueuedJob(NamedTuple):
    """A job that waits or runs."""

    submitted: SubmittedJob
    state: str
    """Slurm's name of the state, such as PENDING."""
    reason: str
    """Why the job waits."""
    nodes: str
    """The nodes on which the job runs."""

    @property
    def is_running(self) -> bool:
        """Whether the job has started."""
        return self.state not in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "CONFIGURING")

    @property
    def where(self) -> str:
        """The job with its nodes, or with the reason why it waits."""
        return f"job {self.submitted.job} " + (f"on {self.nodes}" if self.is_running else f"({self.reason})")


def read_jobs(path: Path) -> dict[Path, SubmittedJob]:
    """Return the last job of each run, by run folder, from one user's list of jobs; empty if the list is damaged."""
    adapter = TypeAdapter(dict[str, SubmittedJob])
    try:
        jobs = adapter.validate_json(read_small_file(path))
    except (OSError, ValueError):
        return {}
    return {path.parent.parent / name: job for name, job in jobs.items() if Path(name).name == name}


def submitted_runs(folder: Path) -> dict[Path, list[SubmittedJob]]:
    """Return every user's last job of each run in, below or beside a folder, by absolute run folder."""
    submitted: dict[Path, list[SubmittedJob]] = {}
    for jobs_folder in find_submitit_folders(folder):
        for path in sorted(jobs_folder.glob("jobs-*.json")):
            for run, job in read_jobs(path).items():
                submitted.setdefault(run, []).append(job)
    return submitted


def queued_runs(folder: Path) -> dict[Path, QueuedJob]:
    """Return the waiting and running jobs of the runs in, below or beside a folder, by absolute run folder.

    Raises:
        SlurmError: if jobs were submitted, and ``squeue`` does not answer.
    """
    submitted = submitted_runs(folder)
    active = query_squeue({job.job for jobs in submitted.values() for job in jobs})
    queued: dict[Path, QueuedJob] = {}
    for run, jobs in submitted.items():
        for job in jobs:
            name, *columns = active.get(job.job, ("",))
            if name == job.name:
                queued[run] = QueuedJob(job, *columns)
    return queued


def query_squeue(jobs: set[str]) -> dict[str, tuple[str, str, str, str]]:
    """Return name, state, reason and nodes of each of the given jobs that waits or runs.

    Raises:
        SlurmError: if ``squeue`` cannot be run or does not answer.
    """
    parents = iter(sorted({job.split("_")[0] for job in jobs}))
    active: dict[str, tuple[str, str, str, str]] = {}
    while batch := list(islice(parents, 500)):
        command = ["squeue", "--noheader", "--array", "--all", "--format=%i|%j|%T|%r|%N", f"--jobs={','.join(batch)}"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlurmError(f"squeue does not report the queue: {error}") from error
        if answer.returncode and "Invalid job id" not in answer.stderr:  # Slurm forgets jobs after a while
            raise SlurmError(f"squeue does not report the queue: {answer.stderr.strip()}")
        for line in answer.stdout.splitlines():
            job, *columns = line.strip().split("|")
            if len(columns) == 4:
                active[job] = (columns[0], columns[1], columns[2], columns[3])
    return {job: columns for job, columns in active.items() if job in jobs}


def cancel_job(queued: QueuedJob) -> None:
    """Cancel a job that waits or runs.

    Raises:
        SlurmError: if Slurm refuses.
    """
    from submitit import SlurmJob

    try:
        SlurmJob(Path(queued.submitted.log).parent, queued.submitted.job).cancel()
    except (OSError, subprocess.CalledProcessError) as error:
        raise SlurmError(f"scancel {queued.submitted.job}: {error}") from error
