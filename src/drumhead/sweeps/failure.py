"""Why a run stopped that did not diverge: ``failed.json`` in its folder, there until it goes on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.runs import write_json

FAILURE_FILE = "failed.json"
SILENT_DEATH = "its process died without a word: killed, or out of memory"


class Failure(Config):
    """Why a run stopped."""

    kind: Literal["failed", "died", "cancelled"]
    """An error; its process died without a word (killed, out of memory, a node that went down); somebody's wish."""
    message: str
    """What happened."""
    when: AwareDatetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    """When."""
    again: bool = False
    """Whether the sweep that saw it fail may try it once more; a later sweep always may."""


def read_failure(folder: Path) -> Failure | None:
    """Why the run in a folder stopped; None if nothing is told, or it has gone on for an epoch since.

    That it was cancelled holds until it is begun again: Slurm lets a job work on for a while before it kills it.
    """
    path = folder / FAILURE_FILE
    try:
        failure = Failure.model_validate_json(read_small_file(path))
        metrics = folder / "metrics.csv"
        newer = metrics.is_file() and metrics.stat().st_mtime > path.stat().st_mtime
    except (OSError, ValueError):
        return None
    return None if newer and failure.kind != "cancelled" else failure


def write_failure(folder: Path, failure: Failure) -> None:
    """Note why a run stopped; where that cannot be written (a full disk may be why), nothing is."""
    with suppress(OSError):
        write_json(folder / FAILURE_FILE, failure.model_dump(mode="json"))


def clear_failure(folder: Path) -> None:
    """Forget why a run stopped: it goes on."""
    with suppress(OSError):
        (folder / FAILURE_FILE).unlink(missing_ok=True)
