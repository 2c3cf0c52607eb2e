"""What can be seen of a run from outside, at any time: how far it is, where it runs, and why it does not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from drumhead.experiments import Experiment
from drumhead.runs import Run, RunError, lock_owner, read_owner, run_folders
from drumhead.sweeps.failure import SILENT_DEATH, read_failure
from drumhead.sweeps.local import dead_owner
from drumhead.sweeps.log import LOG_FILE, last_lines
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.slurm import Queued, SlurmError, Submitted, queued_runs, submitted_runs
from drumhead.training import read_progress

Wrong = Literal["failed", "died", "cancelled", "diverged", "unreadable"]
"""States that want an explanation."""
SeenState = Literal["running", "queued", "unfinished", "missing", "done", "imported"] | Wrong
WRONG: tuple[Wrong, ...] = get_args(Wrong)


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


def statuses(
    folder: Path | str, *, jobs: SlurmView | None = None, before: Mapping[Path, Status] | None = None
) -> list[Status]:
    """What is seen of every run at or below a folder, and of those that wait on Slurm to begin there.

    Args:
        folder: the folder.
        jobs: what is known of jobs on Slurm; it is asked by default.
        before: as of :func:`plan_statuses`.

    Raises:
        RunError: if the folder is not there.
    """
    folder = Path(folder)
    jobs, before = jobs or SlurmView.of(folder), before or {}
    folders = {path.resolve(): path for path in run_folders(folder)}
    root = folder.resolve()
    for path in jobs.submitted:
        if path.is_relative_to(root) and path not in folders:
            folders[path] = folder / path.relative_to(root)
    return [seen_before(path, before) or status_of(path, jobs=jobs) for _, path in sorted(folders.items())]


class SlurmView(NamedTuple):
    """What is known of jobs on Slurm, by absolute run folder."""

    submitted: Mapping[Path, Sequence[Submitted]] = MappingProxyType({})
    queued: Mapping[Path, Queued] = MappingProxyType({})
    is_known: bool = True
    """Whether Slurm could be asked."""

    @classmethod
    def of(cls, folder: Path) -> SlurmView:
        """The jobs of runs at, below or beside a folder."""
        submitted = submitted_runs(folder)
        try:
            return cls(submitted, queued_runs(folder))
        except SlurmError:
            return cls(submitted, {}, is_known=False)

    def ended(self, folder: Path) -> Sequence[Submitted]:
        """Jobs of a run that are known to wait or run no more."""
        gone = self.is_known and folder.resolve() not in self.queued
        return self.submitted.get(folder.resolve(), []) if gone else []


def plan_statuses(
    plan: Sequence[PlannedRun], *, jobs: SlurmView | None = None, before: Mapping[Path, Status] | None = None
) -> list[Status]:
    """What is seen of planned runs.

    Args:
        plan: the runs.
        jobs: what is known of jobs on Slurm, if any may be there.
        before: what was seen earlier, by folder: what was done then is not looked at again.
    """
    before = before or {}
    return [seen_before(each.folder, before) or status_of(each.folder, each, jobs=jobs) for each in plan]


def seen_before(folder: Path, before: Mapping[Path, Status]) -> Status | None:
    """What was seen of a run that was done then, if it was."""
    seen = before.get(folder)
    return seen if seen is not None and seen.state == "done" else None


def status_of(folder: Path, planned: PlannedRun | None = None, *, jobs: SlurmView | None = None) -> Status:
    """What is seen of one run folder; nothing in it is changed.

    Args:
        folder: the folder.
        planned: the run that is to be there.
        jobs: what is known of jobs on Slurm.
    """
    jobs = jobs or SlurmView()
    try:
        run = Run.open(folder) if (folder / "config.json").is_file() else None
        seen = Status(folder, "missing", planned.experiment if planned else None) if run is None else seen_of(run)
    except (OSError, ValueError, KeyError) as error:
        return Status(folder, "unreadable", reason=str(error).splitlines()[0])
    if seen.state in ("done", "imported"):
        return seen
    holder, queued = lock_owner(folder), jobs.queued.get(folder.resolve())
    if holder is not None or (queued is not None and queued.is_running):
        job = f"job {holder.job}, " if holder and holder.job else ""
        where = f"{job}{holder.host}, process {holder.pid}" if holder else queued.where if queued else ""
        return with_progress(seen, where)
    if queued is not None:
        return seen._replace(state="queued", where=queued.where)
    return with_reason(seen, jobs.ended(folder))


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
        val_loss=min((row["val_loss"] for row in rows if "val_loss" in row), default=None),
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


def with_reason(seen: Status, ended: Sequence[Submitted]) -> Status:
    """What is seen of a run that nobody trains and that is not done."""
    failure, left = read_failure(seen.folder), read_owner(seen.folder)
    log = seen.folder / LOG_FILE
    if seen.state == "diverged":
        seen = seen._replace(reason=divergence_of(seen.folder))
    elif failure is not None:
        seen = seen._replace(state=failure.kind, reason=failure.message)
    elif dead_owner(seen.folder):
        seen = seen._replace(state="died", reason=SILENT_DEATH)
    elif ended and (seen.state == "missing" or (left and left.job in [each.job for each in ended])):
        reason = f"job {ended[-1].job} ended without a word: killed, out of memory, or its node went down"
        seen = seen._replace(state="died", reason=reason)
        log = Path(ended[-1].log)
    else:
        return seen
    return seen._replace(lines=tuple(last_lines(log, 5)))


def divergence_of(folder: Path) -> str:
    """Why a run diverged, as far as can be read."""
    try:
        return Run.open(folder).divergence() or ""
    except (RunError, OSError) as error:
        return str(error)
