"""Folders that hold runs, and those that can."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from drumhead.runs.errors import RunError

LOCK_FILE, OWNER_FILE = ".lock", "owner.json"
ALLOWED_BEFORE_A_RUN = (LOCK_FILE, OWNER_FILE, "log.txt", "progress.json", "failed.json")
"""What may be in a folder before there is a run: who is about to train there, and what they tell."""
TEMPORARY_FOLDER = re.compile(r"\.(config|last|previous|model|metrics|scores|diverged|owner|progress|failed)-\w{8}")
"""Folders in which a process that was killed was writing a file of a run, see ``drumhead.files``."""


def check_new_run_folder(folder: Path) -> None:
    """Raise ``RunError`` if the folder holds anything, and so cannot become a run."""
    if folder.exists() and (not folder.is_dir() or any(is_unrelated(path.name) for path in folder.iterdir())):
        raise RunError(f"{folder} holds other things already: choose an empty or new folder for the run")


def is_unrelated(name: str) -> bool:
    """Whether a file of this name has nothing to do with a run that is about to begin."""
    return name not in ALLOWED_BEFORE_A_RUN and not TEMPORARY_FOLDER.fullmatch(name)


def remove_temporary_folders(folder: Path) -> None:
    """Remove what killed processes left half written in a run folder; only who has the right to train there may."""
    for path in folder.iterdir():
        if TEMPORARY_FOLDER.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def run_folders(folder: Path | str) -> list[Path]:
    """Every folder that holds a run, or what is left of one, at or below ``folder``; sorted.

    Raises:
        RunError: if the folder is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder")
    found = (path.parent.relative_to(folder) for path in folder.rglob("config.json"))
    # A hidden folder is a file being written, see drumhead.files.
    return [folder / path for path in sorted(found) if not any(part.startswith(".") for part in path.parts)]
