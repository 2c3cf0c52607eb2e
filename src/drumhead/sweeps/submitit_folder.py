"""The folder ``.submitit`` beside the runs, in which a sweep keeps what does not belong to a single run.

submitit passes a job its function and arguments as a pickle, and opening a pickle can run code: whoever can write the
pickle can run code in the job. Therefore each user has a folder for pickles that nobody else can read or write.
"""

from __future__ import annotations

import os
from pathlib import Path

from drumhead.runs import RunError

SUBMITIT_FOLDER = ".submitit"


def submitit_folder(out: str | Path) -> Path:
    """Return the absolute path of the folder beside the runs in ``out``; it is created if it is missing."""
    folder = Path(out).resolve() / SUBMITIT_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pickle_folder(out: str | Path) -> Path:
    """Return the absolute path of this user's private folder for pickles; it is created if it is missing.

    Raises:
        RunError: if the folder belongs to another user, or others can write to it.
    """
    folder = submitit_folder(out) / f"user-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise RunError(
            f"{folder} must be your own folder, and nobody else may write to it, since its pickles are run as code; "
            f"it belongs to user {status.st_uid}, its mode is {status.st_mode & 0o777:o}. "
            "Choose another folder with --out, or chmod 700"
        )
    return folder


def find_submitit_folders(folder: str | Path) -> list[Path]:
    """Return the ``.submitit`` folders in and below a folder of runs, and beside a run folder."""
    folder = Path(os.path.realpath(folder))  # Path.resolve does not return for a link to itself
    folders = [path for path in [folder.parent / SUBMITIT_FOLDER, *folder.rglob(SUBMITIT_FOLDER)] if path.is_dir()]
    return list(dict.fromkeys(folders))
