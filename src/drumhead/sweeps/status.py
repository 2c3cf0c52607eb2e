"""The status of runs, seen from outside at any time: their progress, where they run, and why they stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from drumhead.experiments import Experiment
from drumhead.runs import Run, RunError, dead_owner, has_stopped_early, lock_owner, read_owner, run_folders
from drumhead.sweeps.failure import DIED_MESSAGE, read_failure
from drumhead.sweeps.plan import PlannedRun
from drumhead.sweeps.run_log import LOG_FILE, last_lines
from drumhead.sweeps.slurm_queue import QueuedJob, SlurmError, SubmittedJob, queued_runs, submitted_runs
from drumhead.training import read_progress

ProblemState = Literal["failed", "died", "cancelled", "diverged", "unreadable"]
"""The states that need an explanation."""
ObservedState = Literal["running", "queued", "unfinished", "missing", "done", "imported"] | ProblemState
PROBLEM_STATES: tuple[ProblemState, ...] = get_args(ProblemState)


class RunStatus(NamedTuple):
    """The status of a run."""

    folder: Path
    state: ObservedState
    experiment: Experiment | None = None
    """None if the run's configuration cannot be read, and no plan contains the run."""
    epoch: int = 0
    """The number of finished epochs."""
    step: int = 0
    """The number of training steps in the finished epochs."""
    seconds: float = 0.0
    """The time of these steps."""
    share: float = 0.0
    """The share of the training that is done, 0 to 1."""
    stopped_early: bool = False
    """Whether the run is done with fewer epochs than its recipe has, because the validation loss did not improve."""
    val_loss: float | None = None
    """The lowest loss on the validation images so far."""
    iou_foreground: float | None = None
    """On the test set if the run is done; before that, on the validation images after the last epoch."""
    mean_iou: float | None = None
    """On the same images as ``iou_foreground``."""
    where: str = ""
    """Where the run is trained or waits: the host and process, or the Slurm job."""
    seconds_left: float | None = None
    """The estimated time left, at the pace so far."""
    reason: str = ""
    """Why the run stopped."""
    log_lines: tuple[str, ...] = ()
    """The last lines of the log, if the run has a problem."""


def run_statuses(
    folder: str | Path, *, jobs: SlurmJobs | None = None, previous: Mapping[Path, RunStatus] | None = None
) -> list[RunStatus]:
    """Return the status of every run in or below a folder, including runs whose Slurm jobs have not started.

    Args:
        folder: the folder.
        jobs: the jobs on Slurm; by default, Slurm is queried.
        previous: statuses of an earlier call; see :func:`plan_statuses`.

    Raises:
        RunError: if the folder does not exist.
    """
    folder = Path(folder)
    jobs, previous = jobs or SlurmJobs.query(folder), previous or {}
    folders = {path.resolve(): path for path in run_folders(folder)}
    root = folder.resolve()
    for path in jobs.submitted:
        if path.is_relative_to(root) and path not in folders:
            folders[path] = folder / path.relative_to(root)
    return [previous_if_done(path, previous) or run_status(path, jobs=jobs) for _, path in sorted(folders.items())]


class SlurmJobs(NamedTuple):
    """The Slurm jobs of runs, by absolute run folder."""

    submitted: Mapping[Path, Sequence[SubmittedJob]] = MappingProxyType({})
    queued: Mapping[Path, QueuedJob] = MappingProxyType({})
    slurm_answered: bool = True
    """Whether Slurm answered the query; if not, ``queued`` is empty."""

    @classmethod
    def query(cls, folder: str | Path) -> SlurmJobs:
        """Return the jobs of the runs in, below or beside a folder."""
        folder = Path(folder)
        submitted = submitted_runs(folder)
        try:
            return cls(submitted, queued_runs(folder))
        except SlurmError:
            return cls(submitted, {}, slurm_answered=False)

    def ended(self, folder: Path) -> Sequence[SubmittedJob]:
        """Return the jobs of a run that are known to have ended."""
        has_ended = self.slurm_answered and folder.resolve() not in self.queued
        return self.submitted.get(folder.resolve(), []) if has_ended else []


def plan_statuses(
    plan: Sequence[PlannedRun], *, jobs: SlurmJobs | None = None, previous: Mapping[Path, RunStatus] | None = None
) -> list[RunStatus]:
    """Return the statuses of planned runs.

    Args:
        plan: the runs.
        jobs: the jobs on Slurm; none by default.
        previous: statuses of an earlier call, by folder; the folders of runs that were done then are not read again.
    """
    previous = previous or {}
    return [
        previous_if_done(planned.folder, previous) or run_status(planned.folder, planned, jobs=jobs) for planned in plan
    ]


def previous_if_done(folder: Path, previous: Mapping[Path, RunStatus]) -> RunStatus | None:
    """Return the previous status of a run if it was done, else None."""
    status = previous.get(folder)
    return status if status is not None and status.state == "done" else None


def run_status(folder: str | Path, planned: PlannedRun | None = None, *, jobs: SlurmJobs | None = None) -> RunStatus:
    """Return the status of one run; its folder is not changed.

    Args:
        folder: the run folder.
        planned: the run that is planned for the folder.
        jobs: the jobs on Slurm; none by default.
    """
    folder = Path(folder)
    jobs = jobs or SlurmJobs()
    try:
        if (folder / "config.json").is_file():
            status = status_from_files(Run.open(folder))
        else:
            status = RunStatus(folder, "missing", planned.experiment if planned else None)
    except (OSError, ValueError, KeyError) as error:
        return RunStatus(folder, "unreadable", reason=str(error).splitlines()[0])
    if status.state in ("done", "imported"):
        return status
    owner, queued = lock_owner(folder), jobs.queued.get(folder.resolve())
    if owner is not None or (queued is not None and queued.is_running):
        job = f"job {owner.job}, " if owner and owner.job else ""
        where = f"{job}{owner.host}, process {owner.pid}" if owner else queued.where if queued else ""
        return with_progress(status, where)
    if queued is not None:
        return status._replace(state="queued", where=queued.where)
    return with_reason(status, jobs.ended(folder))


def status_from_files(run: Run) -> RunStatus:
    """Return the status of a run as far as its own files show it."""
    rows, scores = run.metrics(), run.scores()
    last = rows[-1] if rows else {}
    recipe, state = run.config.experiment.recipe, run.state
    return RunStatus(
        run.folder,
        state,
        run.config.experiment,
        epoch=len(rows),
        step=int(last.get("step", 0)),
        seconds=last.get("seconds", 0.0),
        share=1.0 if state == "done" else len(rows) / recipe.epochs,
        stopped_early=state == "done" and has_stopped_early(recipe, rows),
        val_loss=min((row["val_loss"] for row in rows if "val_loss" in row), default=None),
        iou_foreground=scores.iou_foreground if scores else last.get("val_iou_foreground"),
        mean_iou=scores.mean_iou if scores else last.get("val_mean_iou"),
    )


def with_progress(status: RunStatus, where: str) -> RunStatus:
    """Return the status of a run that is being trained, with its progress within the epoch."""
    progress = read_progress(status.folder)
    if progress is None:
        return status._replace(state="running", where=where)
    seconds_left = progress.seconds_left
    if seconds_left is not None:
        seconds_left = max(0.0, seconds_left - (time.time() - progress.when))
    share = max(status.share, progress.progress)
    return status._replace(state="running", where=where, share=share, seconds_left=seconds_left)


def with_reason(status: RunStatus, ended: Sequence[SubmittedJob]) -> RunStatus:
    """Return the status of a run that is not done and not being trained, with the reason if it has a problem.

    Args:
        status: the status from the run's files.
        ended: the run's Slurm jobs that have ended.
    """
    failure, owner = read_failure(status.folder), read_owner(status.folder)
    log = status.folder / LOG_FILE
    if status.state == "diverged":
        status = status._replace(reason=divergence_reason(status.folder))
    elif failure is not None:
        status = status._replace(state=failure.kind, reason=failure.message)
    elif dead_owner(status.folder):
        status = status._replace(state="died", reason=DIED_MESSAGE)
    elif ended and (status.state == "missing" or (owner and owner.job in [job.job for job in ended])):
        reason = f"job {ended[-1].job} ended without a message: killed, out of memory, or its node went down"
        status = status._replace(state="died", reason=reason)
        log = Path(ended[-1].log)
    else:
        return status
    return status._replace(log_lines=tuple(last_lines(log, 5)))


def divergence_reason(folder: Path) -> str:
    """Return why a run diverged, or why that cannot be read."""
    try:
        return Run.open(folder).divergence() or ""
    except (RunError, OSError) as error:
        return str(error)
