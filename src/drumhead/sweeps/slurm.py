"""Sweeps on Slurm: job arrays submitted through submitit, with a task for each run that is neither done nor queued.

A file beside the runs records the job of each run. ``squeue`` says whether a job waits or runs. ``sacct`` is not used:
not every cluster has accounting, and where it exists, it reports a job as finished that is about to be requeued.
"""

from __future__ import annotations

import math
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated, NamedTuple

from filelock import FileLock, Timeout
from pydantic import Field, TypeAdapter

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.runs import RunError, write_json
from drumhead.sweeps.cluster_settings import ClusterSettings
from drumhead.sweeps.job import RunJob
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.submitit_folder import find_submitit_folders, pickle_folder, submitit_folder
from drumhead.training import Devices

MAX_ARRAY_TASKS = 1000
"""Maximum number of tasks in one array, unless the cluster's limit is lower (Slurm's default is 1001)."""
MAX_REQUEUES = 1_000_000
"""How often submitit may requeue a job: without limit, as :class:`RunJob` decides when to stop."""
PROGRAMS = ("sbatch", "squeue", "scancel", "srun")
IGNORE_STOP_SIGNALS = 'sh -c \'trap "" TERM USR2; exec "$@"\' sh'
"""A command prefix that makes a program ignore the stop signals until submitit handles them. Without it, a signal that
arrives while Python imports its packages would end the job for good. A job that is pre-empted so early ignores the
signal; Slurm then kills and requeues it."""
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


def check_slurm() -> None:
    """Raise ``SlurmError`` if this machine has no Slurm to submit to."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise SlurmError(
            f"this machine has no {', '.join(missing)}: start the sweep on a machine with Slurm's commands, such as a "
            "login node of the cluster, or use --on local"
        )


def submit(
    plan: Sequence[PlannedRun],
    *,
    out: str | Path,
    settings: ClusterSettings,
    devices: Devices | None = None,
    retry_failed: bool = False,
    data_root: str | Path = Path("data"),
) -> dict[Path, SubmittedJob]:
    """Submit a job for each run that has no waiting or running job; return the new jobs by run folder.

    Args:
        plan: the runs to train; all their data must exist.
        out: the folder of the runs.
        settings: what the jobs request.
        devices: where each run is trained; each device has a task of the job.
        retry_failed: whether to resume runs that diverged.
        data_root: the folder of the standard dataset folders, as the nodes see it.

    Raises:
        SlurmError: if Slurm refuses, or cannot say which jobs are queued (then nothing is submitted).
    """
    out, data_root = Path(out), Path(data_root)
    pickles, devices = pickle_folder(out), devices or Devices()
    with submission_lock(out):
        queued = queued_runs(out)
        jobs = [
            RunJob(
                planned=planned._replace(folder=planned.folder.resolve()),
                data_root=data_root.resolve(),
                limit=settings.time * 60.0,
                devices=devices,
                retry_failed=retry_failed,
            )
            for planned in plan
            if planned.folder.resolve() not in queued
        ]
        new: dict[Path, SubmittedJob] = {}
        remaining, batch_size = iter(jobs), max_array_tasks()
        while batch := list(islice(remaining, batch_size)):
            new |= submit_batch(batch, pickles, submitit_parameters(settings, devices))
            record_jobs(out, new)
    return new


def max_array_tasks() -> int:
    """Return the maximum number of tasks in one array: the cluster's ``MaxArraySize`` if it is known and lower."""
    try:
        answer = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return MAX_ARRAY_TASKS
    match = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.stdout, re.MULTILINE)
    return max(1, min(MAX_ARRAY_TASKS, int(match[1]))) if match else MAX_ARRAY_TASKS


def submit_batch(jobs: Sequence[RunJob], pickles: Path, parameters: Mapping[str, object]) -> dict[Path, SubmittedJob]:
    """Submit one job array, or a plain job if there is only one; return the submitted jobs by run folder."""
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    name = f"drumhead-{secrets.token_hex(4)}"  # squeue shows the first eight letters
    executor = SlurmExecutor(
        pickles, max_num_timeout=MAX_REQUEUES, python=f"{IGNORE_STOP_SIGNALS} {shlex.quote(sys.executable)}"
    )
    executor.update_parameters(job_name=name, **parameters)
    try:
        submitit_jobs = executor.submit_array(jobs)
    except (FailedJobError, FailedSubmissionError) as error:
        raise SlurmError(f"sbatch refuses: {error}") from error
    return {
        job.planned.folder: SubmittedJob(job=submitit_job.job_id, name=name, log=str(submitit_job.paths.stdout))
        for job, submitit_job in zip(jobs, submitit_jobs, strict=True)
    }


def submitit_parameters(settings: ClusterSettings, devices: Devices) -> dict[str, object]:
    """Return submitit's parameters, which it writes into the batch script."""
    values: dict[str, object] = {
        "time": settings.time,
        "partition": settings.partition,
        "account": settings.account,
        "qos": settings.qos,
        "cpus_per_task": settings.cpus,
        "gpus_per_node": settings.gpus or None,
        "mem": None if settings.mem is None else f"{math.ceil(settings.mem * 1024)}M",
        "array_parallelism": settings.array_parallelism,
        "signal_delay_s": settings.signal_delay,
        "setup": list(settings.setup) or None,
        "mail_user": settings.mail_user,
        "mail_type": settings.mail_type,
        "constraint": settings.constraint,
        "exclude": settings.exclude,
        "additional_parameters": dict(settings.more) or None,
        "stderr_to_stdout": True,
    }
    if devices.count > 1:
        values |= {"nodes": devices.nodes, "ntasks_per_node": devices.devices}
    return {name: value for name, value in values.items() if value is not None}


@contextmanager
def submission_lock(out: Path) -> Iterator[None]:
    """Prevent other sweeps of the same folder from submitting jobs within the block.

    Raises:
        RunError: if another sweep still submits jobs after a minute.
    """
    lock = FileLock(submitit_folder(out) / "submitting.lock", mode=0o664)  # writable by the group, if the folder is
    try:
        lock.acquire(timeout=60)
    except Timeout as error:
        raise RunError(f"another sweep of {out} is submitting jobs: try again when it has finished") from error
    try:
        yield
    finally:
        lock.release()


def record_jobs(out: Path, new: Mapping[Path, SubmittedJob]) -> None:
    """Add the jobs that were submitted, by run folder, to this user's list of jobs."""
    path = submitit_folder(out) / f"jobs-{os.getuid()}.json"
    jobs = {folder.name: job for folder, job in read_jobs(path).items()}
    jobs |= {folder.name: job for folder, job in new.items()}
    write_json(path, {name: job.model_dump(mode="json") for name, job in jobs.items()})


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
