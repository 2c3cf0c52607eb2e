"""Folders that hold runs or can hold a new run, and the temporary folders in them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from drumhead.runs.errors import RunError

LOCK_FILE, OWNER_FILE = ".lock", "owner.json"
ALLOWED_BEFORE_A_RUN = (LOCK_FILE, OWNER_FILE, "log.txt", "progress.json", "failed.json")
"""Files that may be in a folder before its run starts: the lock with its owner, the log, and reports of processes."""
TEMPORARY_FOLDER = re.compile(r"\.(config|last|previous|model|metrics|scores|diverged|owner|progress|failed)-\w{8}")
"""Names of the temporary folders that killed processes leave behind; see ``drumhead.files.atomic_replace``."""


def check_new_run_folder(folder: str | Path) -> None:
    """Raise ``RunError`` if the folder contains unrelated files, and so cannot become a run."""
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(is_unrelated(path.name) for path in folder.iterdir())):
        raise RunError(f"{folder} contains other files: choose an empty or new folder for the run")


def is_unrelated(name: str) -> bool:
    """Return whether a file of this name does not belong to a new run."""
    return name not in ALLOWED_BEFORE_A_RUN and not TEMPORARY_FOLDER.fullmatch(name)


def remove_temporary_folders(folder: Path) -> None:
    """Remove the temporary folders that killed processes left in a run folder; the caller must hold its lock."""
    for path in folder.iterdir():
        if TEMPORARY_FOLDER.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def run_folders(folder: str | Path) -> list[Path]:
    """Return all folders in or below ``folder`` that hold a run, whole or damaged; sorted.

    Raises:
        RunError: if the folder does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder")
    runs = (path.parent.relative_to(folder) for path in folder.rglob("config.json"))
    # A hidden folder holds a file that is being written; see drumhead.files.
    return [folder / path for path in sorted(runs) if not any(part.startswith(".") for part in path.parts)]
