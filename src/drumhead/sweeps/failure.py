"""The record of why a run stopped, if it did not diverge: ``failed.json`` in its folder, until the run resumes."""

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
DIED_MESSAGE = "its process died without a message: killed, or out of memory"


class Failure(Config):
    """Why a run stopped."""

    kind: Literal["failed", "died", "cancelled"]
    """``failed``: an error. ``died``: its process ended without a message (killed, out of memory, a node that went
    down). ``cancelled``: a user stopped it."""
    message: str
    """What happened."""
    when: AwareDatetime = Field(default_factory=lambda: datetime.now(timezone.utc))
    """When it happened."""
    again: bool = False
    """Whether the sweep that saw it fail may train it once more; a later sweep always may."""


def read_failure(folder: str | Path) -> Failure | None:
    """Return why the run in a folder stopped; None if there is no record, or an epoch has finished since.

    A record of a cancellation stays valid until the run is started again: Slurm lets a cancelled job run for a while
    before it kills it.
    """
    folder = Path(folder)
    path = folder / FAILURE_FILE
    try:
        failure = Failure.model_validate_json(read_small_file(path))
        metrics = folder / "metrics.csv"
        newer = metrics.is_file() and metrics.stat().st_mtime > path.stat().st_mtime
    except (OSError, ValueError):
        return None
    return None if newer and failure.kind != "cancelled" else failure


def write_failure(folder: Path, failure: Failure) -> None:
    """Record why a run stopped; if that is impossible, do nothing (a full disk may be why the run stopped)."""
    with suppress(OSError):
        write_json(folder / FAILURE_FILE, failure.model_dump(mode="json"))


def clear_failure(folder: Path) -> None:
    """Remove the record of why a run stopped, as the run resumes."""
    with suppress(OSError):
        (folder / FAILURE_FILE).unlink(missing_ok=True)
