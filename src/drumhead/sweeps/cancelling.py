"""Stopping runs from outside: what they have finished is kept, and they can go on later."""

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
from drumhead.sweeps.slurm import Queued, cancel_job, queued_runs
from drumhead.sweeps.status import statuses
from drumhead.sweeps.workplace import WORKPLACE

PATIENCE = 30.0
"""Seconds that a process has to stop."""
NOTE = Failure(kind="cancelled", message="cancelled; the same command goes on with it")


class Cancelled(NamedTuple):
    """What was done about something that runs or waits."""

    what: Path
    how: str
    """What was done, or why nothing could be."""
    stopped: bool


def cancel(place: Path | str) -> Iterator[Cancelled]:
    """Stop what is done at a place, one after the other: sweeps of this folder first, then its runs.

    Args:
        place: a run's folder: only that run. A folder of runs: all in it, and sweeps that would begin others.

    Raises:
        RunError: if the folder is not there.
        SlurmError: if jobs may be queued, and Slurm does not answer.
    """
    place = Path(place)
    if not place.is_dir():
        raise RunError(f"{place} is not a folder")
    queued = queued_runs(place)
    for sweep in sorted(place.rglob(f"{WORKPLACE}/sweep-*")):
        if (holder := lock_owner(sweep)) is not None:
            yield stop_process(sweep, holder, "a sweep")
    for seen in statuses(place):
        job, holder = queued.get(seen.folder.resolve()), lock_owner(seen.folder)
        if job is not None:
            yield stop_job(seen.folder, job)
        elif holder is not None:
            yield stop_run(seen.folder, holder)


def stop_job(folder: Path, job: Queued) -> Cancelled:
    """End a job on Slurm."""
    cancel_job(job)
    folder.mkdir(parents=True, exist_ok=True)
    write_failure(folder, fresh_note())
    return Cancelled(folder, f"job {job.submitted.job} cancelled", True)


def stop_run(folder: Path, holder: LockOwner) -> Cancelled:
    """Stop the process that trains a run, and note it, so that its sweep does not begin it again."""
    write_failure(folder, fresh_note())
    done = stop_process(folder, holder, "training")
    if done.stopped:
        write_failure(folder, fresh_note())
    else:
        (folder / "failed.json").unlink(missing_ok=True)
    return done


def stop_process(folder: Path, holder: LockOwner, what: str) -> Cancelled:
    """Tell the process that holds a folder to stop, and wait until it has."""
    if holder.host != socket.gethostname():
        return Cancelled(folder, f"is held by {holder}: cancel it on that machine", False)
    if not holds(holder.pid, folder):
        return Cancelled(folder, f"is held by {holder}, but that process does not have its lock: left alone", False)
    try:
        os.kill(holder.pid, signal.SIGTERM)
    except PermissionError:
        return Cancelled(folder, f"is held by {holder}, which is another user's", False)
    except ProcessLookupError:
        pass
    end = time.monotonic() + PATIENCE
    while (now := lock_owner(folder)) is not None and now.token == holder.token:
        if time.monotonic() > end:
            return Cancelled(folder, f"{what}, process {holder.pid}, was told to stop, and will after this step", True)
        time.sleep(0.1)
    return Cancelled(folder, f"{what}, process {holder.pid}, stopped", True)


def holds(pid: int, folder: Path) -> bool:
    """Whether a process of this machine has a folder's lock open; what a file says of itself is not believed.

    Where the system does not tell (it is told in ``/proc``), the word of ``owner.json`` has to do.
    """
    opened = Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").is_dir():
        return True
    try:
        return any(path.samefile(folder / ".lock") for path in opened.iterdir() if path.exists())
    except OSError:
        return False


def fresh_note() -> Failure:
    """A note of now that a run was cancelled."""
    return Failure(kind=NOTE.kind, message=NOTE.message)
