"""Cancellation of runs and sweeps: finished epochs are kept, and the runs can be resumed later."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from drumhead.runs import LockOwner, RunError, lock_owner
from drumhead.sweeps.failure import Failure, write_failure
from drumhead.sweeps.slurm_queue import QueuedJob, cancel_job, queued_runs
from drumhead.sweeps.status import run_statuses
from drumhead.sweeps.submitit_folder import SUBMITIT_FOLDER

STOP_TIMEOUT = 30.0
"""Seconds to wait for a process to stop."""


class CancelResult(NamedTuple):
    """What happened to one run or sweep."""

    folder: Path
    message: str
    """What was done, or why nothing could be done."""
    stopped: bool
    """Whether it stopped, or will stop soon."""


def cancel(folder: str | Path) -> Iterator[CancelResult]:
    """Stop what runs or waits in a folder, one after the other: first its sweeps, then its runs.

    Args:
        folder: a run folder: only this run is stopped. A folder of runs: all its runs are stopped, and the sweeps that
            would start others.

    Raises:
        RunError: if the folder does not exist.
        SlurmError: if jobs may be queued, and Slurm does not answer.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder")
    queued = queued_runs(folder)
    for sweep in sorted(folder.rglob(f"{SUBMITIT_FOLDER}/sweep-*")):
        if (owner := lock_owner(sweep)) is not None:
            yield stop_process(sweep, owner, "a sweep")
    for status in run_statuses(folder):
        job, owner = queued.get(status.folder.resolve()), lock_owner(status.folder)
        if job is not None:
            yield stop_job(status.folder, job)
        elif owner is not None:
            yield stop_run(status.folder, owner)


def stop_job(folder: Path, job: QueuedJob) -> CancelResult:
    """Cancel the Slurm job of a run."""
    cancel_job(job)
    folder.mkdir(parents=True, exist_ok=True)
    write_failure(folder, cancellation_record())
    return CancelResult(folder, f"job {job.submitted.job} cancelled", True)


def stop_run(folder: Path, owner: LockOwner) -> CancelResult:
    """Stop the process that trains a run, and record that, so that its sweep does not start the run again."""
    write_failure(folder, cancellation_record())
    result = stop_process(folder, owner, "training")
    if result.stopped:
        write_failure(folder, cancellation_record())
    else:
        (folder / "failed.json").unlink(missing_ok=True)
    return result


def stop_process(folder: Path, owner: LockOwner, what: str) -> CancelResult:
    """Signal the process that holds the lock of a folder to stop, and wait until it has stopped.

    Args:
        folder: the locked folder.
        owner: the process.
        what: what the process does, for the message.
    """
    if owner.host != socket.gethostname():
        return CancelResult(folder, f"is held by {owner}: cancel it on that machine", False)
    if not has_lock_open(owner.pid, folder):
        return CancelResult(folder, f"is held by {owner}, but that process does not have its lock: left alone", False)
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except PermissionError:
        return CancelResult(folder, f"is held by {owner}, which belongs to another user", False)
    except ProcessLookupError:
        pass
    deadline = time.monotonic() + STOP_TIMEOUT
    while (current := lock_owner(folder)) is not None and current.token == owner.token:
        if time.monotonic() > deadline:
            return CancelResult(folder, f"{what}, process {owner.pid}, will stop after its current step", True)
        time.sleep(0.1)
    return CancelResult(folder, f"{what}, process {owner.pid}, stopped", True)


def has_lock_open(pid: int, folder: Path) -> bool:
    """Return whether a process of this machine has the lock file of a folder open.

    ``owner.json`` alone is not trusted: it may name any process. It is only trusted on systems without ``/proc``,
    where the open files of a process are unknown.
    """
    descriptors = Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").is_dir():
        return True
    try:
        return any(path.samefile(folder / ".lock") for path in descriptors.iterdir() if path.exists())
    except OSError:
        return False


def cancellation_record() -> Failure:
    """Return the record that a run was cancelled now."""
    return Failure(kind="cancelled", message="cancelled; the same command resumes it")
