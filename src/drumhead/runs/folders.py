"""Folders that hold runs, and those that can."""

from __future__ import annotations

from pathlib import Path

from drumhead.runs.errors import RunError


def check_new_run_folder(folder: Path) -> None:
    """Raise ``RunError`` if the folder holds anything, and so cannot become a run."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} holds other things already: choose an empty or new folder for the run")


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
