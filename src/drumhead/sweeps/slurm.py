"""A sweep on Slurm: arrays of jobs submitted through submitit, one task for each run that is neither done nor queued.

Which job is for which run is kept beside the runs. Whether a job still waits or runs is asked of ``squeue``, never of
``sacct``: not every cluster keeps accounts, and those that do call a job finished that is about to be queued again.
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
from drumhead.sweeps.job import RunJob
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.settings import ClusterSettings
from drumhead.sweeps.workplace import pickle_folder, workplace, workplaces
from drumhead.training import Devices

MOST_TASKS = 1000
"""Tasks of one array, if the cluster takes as many; Slurm's default is 1001."""
ALWAYS = 1_000_000
"""How often submitit may queue a job again; RunJob itself knows when to stop."""
PROGRAMS = ("sbatch", "squeue", "scancel", "srun")
DEAF = 'sh -c \'trap "" TERM USR2; exec "$@"\' sh'
"""Begins a program that does not hear the signals to stop: before submitit is there to hear them, while Python imports
what it needs, they would end the job for good. One that is pre-empted so early is killed and queued again by Slurm."""
JobId = Annotated[str, Field(pattern=r"^\d+(_\d+)?$")]


class SlurmError(OSError):
    """Slurm is not there, or does not answer."""


class Submitted(Config):
    """A job that was submitted for a run."""

    job: JobId
    """As ``squeue`` lists it: the job, or the task of an array."""
    name: str
    """The job's name, of no other submission: numbers begin anew when a cluster is set up again."""
    log: str
    """Where submitit logs it."""


class Queued(NamedTuple):
    """A job that waits or runs."""

    submitted: Submitted
    state: str
    """Slurm's word for it, such as PENDING."""
    reason: str
    """Why it waits."""
    nodes: str
    """Where it runs."""

    @property
    def is_running(self) -> bool:
        """Whether it has begun."""
        return self.state not in ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "CONFIGURING")

    @property
    def where(self) -> str:
        """The job and its node, or why it waits."""
        return f"job {self.submitted.job} " + (f"on {self.nodes}" if self.is_running else f"({self.reason})")


def check_slurm() -> None:
    """Raise ``SlurmError`` if this machine has no Slurm to submit to."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        raise SlurmError(
            f"this machine has no {', '.join(missing)}: start the sweep where Slurm's commands are, on a login node of "
            "the cluster, or use --on local"
        )


def submit(
    plan: Sequence[PlannedRun],
    *,
    out: Path,
    settings: ClusterSettings,
    devices: Devices | None = None,
    retry_failed: bool = False,
    data_root: Path = Path("data"),
) -> dict[Path, Submitted]:
    """Submit a job for each run that has none waiting or running; returns the new ones by folder.

    Args:
        plan: runs that are to be trained, of which all data has been made.
        out: the folder of the runs.
        settings: what the jobs ask for.
        devices: where each run is trained: a task for each.
        retry_failed: go on with runs that diverged.
        data_root: where standard folders of data are, as the nodes see it.

    Raises:
        SlurmError: if Slurm refuses, or cannot tell what is queued: nothing is submitted twice for that.
    """
    pickles, devices = pickle_folder(out), devices or Devices()
    with one_at_a_time(out):
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
        new: dict[Path, Submitted] = {}
        rest, most = iter(jobs), most_tasks()
        while batch := list(islice(rest, most)):
            new |= submit_batch(batch, pickles, parameters(settings, devices))
            note(out, new)
    return new


def most_tasks() -> int:
    """Tasks of one array that this cluster takes: ``MaxArraySize``, where it can be asked."""
    try:
        answer = subprocess.run(["scontrol", "show", "config"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return MOST_TASKS
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", answer.stdout, re.MULTILINE)
    return max(1, min(MOST_TASKS, int(found[1]))) if found else MOST_TASKS


def submit_batch(jobs: Sequence[RunJob], pickles: Path, what: Mapping[str, object]) -> dict[Path, Submitted]:
    """Submit one array; a single job is no array."""
    from submitit import SlurmExecutor
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    name = f"drumhead-{secrets.token_hex(4)}"  # squeue shows the first eight letters
    executor = SlurmExecutor(pickles, max_num_timeout=ALWAYS, python=f"{DEAF} {shlex.quote(sys.executable)}")
    executor.update_parameters(job_name=name, **what)
    try:
        submitted = executor.submit_array(jobs)
    except (FailedJobError, FailedSubmissionError) as error:
        raise SlurmError(f"sbatch refuses: {error}") from error
    return {
        job.planned.folder: Submitted(job=each.job_id, name=name, log=str(each.paths.stdout))
        for job, each in zip(jobs, submitted, strict=True)
    }


def parameters(settings: ClusterSettings, devices: Devices) -> dict[str, object]:
    """What submitit writes into the batch script."""
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
def one_at_a_time(out: Path) -> Iterator[None]:
    """Keep other sweeps of the same folder from submitting meanwhile.

    Raises:
        RunError: if another one has been at it for a minute.
    """
    lock = FileLock(workplace(out) / "submitting.lock", mode=0o664)  # of a group, if the folder is
    try:
        lock.acquire(timeout=60)
    except Timeout as error:
        raise RunError(f"another sweep of {out} is submitting jobs: try again when it is through") from error
    try:
        yield
    finally:
        lock.release()


def note(out: Path, new: Mapping[Path, Submitted]) -> None:
    """Keep which jobs were submitted for which runs, beside what is known of others."""
    path = workplace(out) / f"jobs-{os.getuid()}.json"
    known = {folder.name: each for folder, each in read_jobs(path).items()}
    known |= {folder.name: each for folder, each in new.items()}
    write_json(path, {name: each.model_dump(mode="json") for name, each in known.items()})


def read_jobs(path: Path) -> dict[Path, Submitted]:
    """The last job of each run, by folder, from one user's list; what is damaged is left out."""
    adapter = TypeAdapter(dict[str, Submitted])
    try:
        jobs = adapter.validate_json(read_small_file(path))
    except (OSError, ValueError):
        return {}
    return {path.parent.parent / name: each for name, each in jobs.items() if Path(name).name == name}


def submitted_runs(folder: Path) -> dict[Path, list[Submitted]]:
    """Every user's last job of each run at, below or beside a folder, by absolute run folder."""
    found: dict[Path, list[Submitted]] = {}
    for place in workplaces(folder):
        for path in sorted(place.glob("jobs-*.json")):
            for run, job in read_jobs(path).items():
                found.setdefault(run, []).append(job)
    return found


def queued_runs(folder: Path) -> dict[Path, Queued]:
    """The runs at, below or beside a folder whose jobs wait or run on Slurm, by absolute run folder.

    Raises:
        SlurmError: if jobs were submitted, and ``squeue`` does not answer.
    """
    submitted = submitted_runs(folder)
    active = ask_squeue({job.job for jobs in submitted.values() for job in jobs})
    queued: dict[Path, Queued] = {}
    for run, jobs in submitted.items():
        for job in jobs:
            name, *rest = active.get(job.job, ("",))
            if name == job.name:
                queued[run] = Queued(job, *rest)
    return queued


def ask_squeue(jobs: set[str]) -> dict[str, tuple[str, str, str, str]]:
    """Name, state, reason and nodes of those of the jobs that wait or run.

    Raises:
        SlurmError: if ``squeue`` cannot be run or does not answer.
    """
    parents = sorted({job.split("_")[0] for job in jobs})
    found: dict[str, tuple[str, str, str, str]] = {}
    rest = iter(parents)
    while batch := list(islice(rest, 500)):
        command = ["squeue", "--noheader", "--array", "--all", "--format=%i|%j|%T|%r|%N", f"--jobs={','.join(batch)}"]
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SlurmError(f"squeue does not tell what is queued: {error}") from error
        if answer.returncode and "Invalid job id" not in answer.stderr:  # Slurm forgets jobs after a while
            raise SlurmError(f"squeue does not tell what is queued: {answer.stderr.strip()}")
        for line in answer.stdout.splitlines():
            job, *columns = line.strip().split("|")
            if len(columns) == 4:
                found[job] = (columns[0], columns[1], columns[2], columns[3])
    return {job: columns for job, columns in found.items() if job in jobs}


def cancel_job(queued: Queued) -> None:
    """End a job that waits or runs.

    Raises:
        SlurmError: if Slurm refuses.
    """
    from submitit import SlurmJob

    try:
        SlurmJob(Path(queued.submitted.log).parent, queued.submitted.job).cancel()
    except (OSError, subprocess.CalledProcessError) as error:
        raise SlurmError(f"scancel {queued.submitted.job}: {error}") from error
