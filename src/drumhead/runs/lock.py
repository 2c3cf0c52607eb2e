"""The right to train in a run folder: one process has it at a time, and it ends with that process.

The right is a lock of the kernel's on ``.lock`` (``flock``), which is let go however its holder dies. ``owner.json``
tells others who holds it. Where the file system keeps such locks on each machine by itself, two machines can both get
one: then the token in ``owner.json`` is that of the later, and the earlier stops before it writes again.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from filelock import FileLock, Timeout

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.runs.errors import RunBusyError, RunError
from drumhead.runs.folders import LOCK_FILE, OWNER_FILE, remove_temporary_folders
from drumhead.runs.json_files import write_json
from drumhead.string_types import SingleLine

LOCK_TIMEOUT = 1.5
"""Seconds to wait for the lock: who only looks whether it is held, holds it for an instant."""


class LockOwner(Config):
    """Who trains in a run folder: what ``owner.json`` holds."""

    host: SingleLine
    """The machine's name."""
    pid: int
    """Number of the process on that machine."""
    job: SingleLine | None = None
    """The Slurm job it is part of, as ``squeue`` lists it, if any."""
    since: datetime
    """When it began."""
    token: SingleLine
    """A random word that no other owner has."""

    @classmethod
    def this_process(cls) -> LockOwner:
        """This process, from now on."""
        return cls(
            host=socket.gethostname(),
            pid=os.getpid(),
            job=current_slurm_job(),
            since=datetime.now(timezone.utc).replace(microsecond=0),
            token=secrets.token_hex(16),
        )

    def __str__(self) -> str:
        job = "" if self.job is None else f" (Slurm job {self.job})"
        return f"process {self.pid} on {self.host}{job} since {self.since:%Y-%m-%d %H:%M:%S %Z}"


@dataclass(frozen=True)
class FolderLock:
    """The right to train in ``folder``, held by ``owner``, this process."""

    folder: Path
    owner: LockOwner

    def check(self) -> None:
        """Raise ``RunError`` if the right is another's now: nothing may be written any more."""
        now = read_owner(self.folder)
        if now is None or now.token != self.owner.token:
            by = f"by {now}" if now else f"as {OWNER_FILE} was removed"
            raise RunError(
                f"{self.folder} was taken over {by}: this training stops, and writes nothing more. "
                "What it had written is whole, and the same command goes on from there"
            )


@contextmanager
def lock_folder(folder: Path | str) -> Iterator[FolderLock]:
    """Have the right to train in a folder for as long as the block lasts; the folder is made if it is missing.

    What earlier owners left half written is removed.

    Raises:
        RunBusyError: if another process trains there.
        RunError: if the folder cannot be written, or its file system cannot lock files.
    """
    claimed = FolderLock(Path(folder), LockOwner.this_process())
    folder = claimed.folder
    lock = FileLock(folder / LOCK_FILE, thread_local=False, fallback_to_soft=False)
    acquire(lock, folder)
    try:
        remove_temporary_folders(folder)
        write_json(folder / OWNER_FILE, claimed.owner.model_dump(mode="json"))
        yield claimed
    finally:
        with suppress(OSError, RunError):  # what is no longer ours, or no longer there, is left alone
            claimed.check()
            (folder / OWNER_FILE).unlink()
        lock.release()


def acquire(lock: FileLock, folder: Path) -> None:
    """Take the lock of a folder, or raise what :func:`claim` says."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=LOCK_TIMEOUT)
    except Timeout as error:
        by = read_owner(folder) or "another process"
        raise RunBusyError(f"{folder} is being trained by {by}: wait until that has ended, or end it") from error
    except OSError as error:
        raise RunError(
            f"{folder} cannot be locked: {error.strerror}. Without a lock two trainings could write there at once: "
            "choose a folder that can be written, on a file system with flock"
        ) from error


def lock_owner(folder: Path | str) -> LockOwner | None:
    """Who trains in a folder now, or none; nothing is written, and who wants the right is not kept from it.

    Where locks are not shared between machines, only owners on this machine are seen.
    """
    folder = Path(folder)
    try:
        # Without waiting: what is called so may be a pipe.
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None  # nobody has ever trained there
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_owner(folder)
    except OSError:
        return None  # a file system without locks, where nobody can train
    finally:
        os.close(descriptor)
    return None


def read_owner(folder: Path) -> LockOwner | None:
    """Who last claimed the folder and has not given it back, dead or alive; none if that is not told."""
    try:
        return LockOwner.model_validate_json(read_small_file(folder / OWNER_FILE))
    except (OSError, ValueError):
        return None


def current_slurm_job() -> str | None:
    """The Slurm job of this process as ``squeue`` lists it: the job, or the task of an array."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")
