"""What can be seen of a run from outside, at any time: how far it is, where it runs, and why it does not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from drumhead.experiments import Experiment
from drumhead.runs import Run, RunError, owner, run_folders
from drumhead.sweeps.failure import read_failure
from drumhead.sweeps.local import dead_owner
from drumhead.sweeps.log import LOG_FILE, last_lines
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.slurm import Queued, queued_runs
from drumhead.training import read_progress

SeenState = Literal[
    "running", "queued", "failed", "died", "cancelled", "diverged", "unfinished", "missing", "done", "imported", "unreadable"
]
WRONG: tuple[SeenState, ...] = ("failed", "died", "cancelled", "diverged", "unreadable")
"""States that want an explanation."""


class Status(NamedTuple):
    """What is seen of a run."""

    folder: Path
    state: SeenState
    experiment: Experiment | None = None
    """None if its configuration cannot be read and no plan knows it."""
    epoch: int = 0
    """Finished epochs."""
    share: float = 0.0
    """Share of the training that is done, 0 to 1."""
    val_loss: float | None = None
    """Lowest loss on the validation images so far."""
    iou_foreground: float | None = None
    """On the test set once it is done, before that on the validation images after the last epoch; so is the next."""
    mean_iou: float | None = None
    where: str = ""
    """Where it runs or waits: host and process, or Slurm job."""
    seconds_left: float | None = None
    """How long it will run, at the pace so far."""
    reason: str = ""
    """Why it does not go on."""
    lines: tuple[str, ...] = ()
    """The last lines of its log, if something went wrong."""


def statuses(folder: Path | str) -> list[Status]:
    """What is seen of every run at or below a folder, and of those that wait on Slurm to begin there.

    Raises:
        RunError: if the folder is not there.
    """
    folder = Path(folder)
    queued = queued_runs(folder)
    inside = [path for path in queued if path.is_relative_to(folder.resolve())]
    folders = {path.resolve(): path for path in run_folders(folder)}
    for path in inside:
        folders.setdefault(path, folder / path.relative_to(folder.resolve()))
    return [status_of(path, queued=queued.get(resolved)) for resolved, path in sorted(folders.items())]


def plan_statuses(plan: Sequence[PlannedRun], *, settled: Mapping[Path, Status] | None = None) -> list[Status]:
    """What is seen of planned runs; of those that were done when last looked at, the same as then.

    Args:
        plan: the runs.
        settled: what was seen before, by folder.
    """
    before = settled or {}
    return [
        seen if (seen := before.get(each.folder)) and seen.state == "done" else status_of(each.folder, planned=each)
        for each in plan
    ]


def status_of(folder: Path, *, planned: PlannedRun | None = None, queued: Queued | None = None) -> Status:
    """What is seen of one run folder; nothing in it is changed.

    Args:
        folder: the folder.
        planned: the run that is to be there.
        queued: its job on Slurm, waiting or running.
    """
    try:
        run = Run.open(folder) if (folder / "config.json").is_file() else None
        seen = Status(folder, "missing", planned.experiment if planned else None) if run is None else seen_of(run)
    except (RunError, OSError, ValueError, KeyError) as error:
        return Status(folder, "unreadable", reason=str(error).splitlines()[0])
    if seen.state in ("done", "imported"):
        return seen
    holder = owner(folder)
    if holder is not None or (queued is not None and queued.is_running):
        return with_progress(seen, str_of(holder) if holder else queued.where if queued else "")
    if queued is not None:
        return seen._replace(state="queued", where=queued.where)
    return with_reason(seen)


def seen_of(run: Run) -> Status:
    """What a run's own files tell."""
    rows, scores = run.metrics(), run.scores()
    last = rows[-1] if rows else {}
    epochs = run.config.experiment.recipe.epochs
    return Status(
        run.folder,
        run.state,
        run.config.experiment,
        epoch=len(rows),
        share=1.0 if run.state == "done" else len(rows) / epochs,
        val_loss=min((row["val_loss"] for row in rows), default=None),
        iou_foreground=scores.iou_foreground if scores else last.get("val_iou_foreground"),
        mean_iou=scores.mean_iou if scores else last.get("val_mean_iou"),
    )


def with_progress(seen: Status, where: str) -> Status:
    """What is seen of a run that is being trained."""
    progress = read_progress(seen.folder)
    if progress is None:
        return seen._replace(state="running", where=where)
    left = progress.seconds_left
    if left is not None:
        left = max(0.0, left - (time.time() - progress.when))
    return seen._replace(state="running", where=where, share=max(seen.share, progress.progress), seconds_left=left)


def with_reason(seen: Status) -> Status:
    """What is seen of a run that nobody trains and that is not done."""
    failure = read_failure(seen.folder)
    if seen.state == "diverged":
        seen = seen._replace(reason=divergence_of(seen.folder))
    elif failure is not None:
        seen = seen._replace(state=failure.kind, reason=failure.message)
    elif dead := dead_owner(seen.folder):
        seen = seen._replace(state="died", reason=f"process {dead.pid} died without a word: killed, or out of memory")
    else:
        return seen
    return seen._replace(lines=tuple(last_lines(seen.folder / LOG_FILE, 5)))


def divergence_of(folder: Path) -> str:
    """Why a run diverged, as far as can be read."""
    try:
        return Run.open(folder).divergence() or ""
    except (RunError, OSError) as error:
        return str(error)
