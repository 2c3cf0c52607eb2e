"""Sweeps on Slurm: job arrays submitted through submitit, with a task for each run that is neither done nor queued.

The jobs that were submitted, wait or run are in :mod:`drumhead.sweeps.slurm_queue`.
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

from filelock import FileLock, Timeout

from drumhead.runs import RunError, write_json
from drumhead.sweeps.cluster_settings import ClusterSettings
from drumhead.sweeps.job import RunJob
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.slurm_queue import SlurmError, SubmittedJob, queued_runs, read_jobs
from drumhead.sweeps.submitit_folder import pickle_folder, submitit_folder
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
    retry_diverged: bool = False,
    data_root: str | Path = Path("data"),
) -> dict[Path, SubmittedJob]:
    """Submit a job for each run that has no waiting or running job; return the new jobs by run folder.

    Args:
        plan: the runs to train; all their data must exist.
        out: the folder of the runs.
        settings: what the jobs request.
        devices: where each run is trained; each device has a task of the job.
        retry_diverged: whether to resume runs that diverged.
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
                retry_diverged=retry_diverged,
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
