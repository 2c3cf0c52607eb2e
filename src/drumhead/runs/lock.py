"""The lock of a run folder: one process at a time may train there, until it releases the lock or dies.

The lock is an operating-system lock (``flock``) on the file ``.lock``, which is released even if its process is killed.
``owner.json`` names the process that holds it. On some network file systems such locks are local to each machine, so
that two machines can both get the lock. Then ``owner.json`` has the token of the later one, and the earlier one stops
before it writes again.
"""

from __future__ import annotations

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
from drumhead.systems import UNSUPPORTED

try:
    import fcntl
except ImportError as error:  # on Windows
    raise ImportError(UNSUPPORTED) from error

LOCK_TIMEOUT = 1.5
"""Seconds to wait for the lock: :func:`lock_owner` holds it for a moment to test it."""


class LockOwner(Config):
    """The process that holds the lock of a run folder, stored in ``owner.json``."""

    host: SingleLine
    """The machine's name."""
    pid: int
    """The process id on that machine."""
    job: SingleLine | None = None
    """The process's Slurm job id in ``squeue``, if it has one."""
    since: datetime
    """When the process got the lock."""
    token: SingleLine
    """A random string, unique to this owner."""

    @classmethod
    def this_process(cls) -> LockOwner:
        """Return this process as an owner from now on."""
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
    """A lock of ``folder`` held by this process, which is ``owner``."""

    folder: Path
    owner: LockOwner

    def check(self) -> None:
        """Raise ``RunError`` if another process has taken the lock, after which this one must not write."""
        current = read_owner(self.folder)
        if current is None or current.token != self.owner.token:
            by = f"by {current}" if current else f"as {OWNER_FILE} was removed"
            raise RunError(
                f"{self.folder} was taken over {by}: this training stops and writes nothing more. "
                "The files that it wrote are complete, and the same command resumes from them"
            )


@contextmanager
def lock_folder(folder: str | Path) -> Iterator[FolderLock]:
    """Hold the lock of a folder within the block; the folder is created if it is missing.

    Temporary folders that earlier owners left are removed.

    Raises:
        RunBusyError: if another process holds the lock.
        RunError: if the folder cannot be written, or its file system does not support locks.
    """
    folder = Path(folder)
    lock = FolderLock(folder, LockOwner.this_process())
    file_lock = FileLock(folder / LOCK_FILE, thread_local=False, fallback_to_soft=False)
    acquire(file_lock, folder)
    try:
        remove_temporary_folders(folder)
        write_json(folder / OWNER_FILE, lock.owner.model_dump(mode="json"))
        yield lock
    finally:
        with suppress(OSError, RunError):  # another process took the lock, or the file is gone
            lock.check()
            (folder / OWNER_FILE).unlink()
        file_lock.release()


def acquire(file_lock: FileLock, folder: Path) -> None:
    """Create a folder and lock it.

    Raises:
        RunBusyError, RunError: see :func:`lock_folder`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file_lock.acquire(timeout=LOCK_TIMEOUT)
    except Timeout as error:
        by = read_owner(folder) or "another process"
        raise RunBusyError(f"{folder} is being trained by {by}: wait until it has finished, or stop it") from error
    except OSError as error:
        raise RunError(
            f"{folder} cannot be locked: {error.strerror}. Without a lock, two trainings could write there at the same "
            "time: choose a writable folder on a file system with flock"
        ) from error


def lock_owner(folder: str | Path) -> LockOwner | None:
    """Return the process that holds the lock of a folder, or None. Nothing is written, and no process has to wait.

    If locks are not shared between machines, only owners on this machine are found.
    """
    folder = Path(folder)
    try:
        # Non-blocking: opening a pipe of this name would wait.
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None  # the folder was never locked
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_owner(folder)
    except OSError:
        return None  # the file system does not support locks, so no process can train there
    finally:
        os.close(descriptor)
    return None


def dead_owner(folder: str | Path) -> LockOwner | None:
    """Return the process of this machine that died while it held the folder's lock, or None.

    A process that ends in order removes ``owner.json``; one that dies leaves it.
    """
    owner = read_owner(folder)
    return owner if owner and owner.host == socket.gethostname() and lock_owner(folder) is None else None


def read_owner(folder: str | Path) -> LockOwner | None:
    """Return the owner in ``owner.json``: a process that locked the folder and did not release it, running or dead.

    Return None if the file is missing or damaged.
    """
    try:
        return LockOwner.model_validate_json(read_small_file(Path(folder) / OWNER_FILE))
    except (OSError, ValueError):
        return None


def current_slurm_job() -> str | None:
    """Return the id of this process's Slurm job in ``squeue``: a job, or a task of an array; None outside Slurm."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID")
