"""Where a sweep keeps what is not a run's: the folder ``.submitit`` beside the runs.

submitit hands a job its function and arguments as a pickle, and a pickle runs code when it is opened: whoever can
write it can run code in the job of whoever started it. So pickles are in a folder of each user's own, which nobody else
can read or write.
"""

from __future__ import annotations

import os
from pathlib import Path

from drumhead.runs import RunError

WORKPLACE = ".submitit"


def workplace(out: Path) -> Path:
    """The folder beside the runs in ``out``, absolute, made if it is not there."""
    folder = out.resolve() / WORKPLACE
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pickle_folder(out: Path) -> Path:
    """The folder in it for this user's pickles, absolute, made if it is not there, for its owner alone.

    Raises:
        RunError: if it is somebody else's, or others can write in it.
    """
    folder = workplace(out) / f"user-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise RunError(
            f"{folder} must be a folder of your own that nobody else can write, since pickles in it are run as code; "
            f"it belongs to user {status.st_uid}, its mode is {status.st_mode & 0o777:o}. "
            "Choose another folder with --out, or chmod 700"
        )
    return folder


def workplaces(folder: Path) -> list[Path]:
    """Every such folder in, below or beside a folder of runs; beside, for one run."""
    folder = Path(os.path.realpath(folder))  # Path.resolve does not come back from a link to itself
    found = [path for path in [folder.parent / WORKPLACE, *folder.rglob(WORKPLACE)] if path.is_dir()]
    return list(dict.fromkeys(found))
