"""Training the runs of a plan: missing runs are trained, partial runs resume, finished runs are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from drumhead.data import (
    DATASETS,
    Dataset,
    DatasetError,
    default_folder,
    find_local_mnist,
    open_dataset,
    prepare_dataset,
)
from drumhead.runs import Run, RunBusyError, RunError, check_new_run_folder, lock_owner
from drumhead.sweeps.failure import Failure, clear_failure, read_failure, write_failure
from drumhead.sweeps.plan import PlannedRun
from drumhead.training import Devices, Observer, train

PlannedState = Literal["missing", "unfinished", "diverged", "done", "running"]


class RunResult(NamedTuple):
    """The result of one planned run."""

    kind: Literal["done", "failed", "skipped", "busy"]
    """``done``: finished, now or before. ``failed``: diverged, or stopped by an error. ``skipped``: left out on
    purpose. ``busy``: another process trains it."""
    reason: str = ""
    """Why the run is not done."""


@dataclass
class PlanResult:
    """The results of planned runs, by folder."""

    done: list[Path] = field(default_factory=list)
    """Runs that finished, now or before."""
    failed: dict[Path, str] = field(default_factory=dict)
    """Runs that diverged, now or before, or could not be trained, with the reason."""
    skipped: dict[Path, str] = field(default_factory=dict)
    """Runs that were left out on purpose, with the reason."""
    busy: dict[Path, str] = field(default_factory=dict)
    """Runs that another process trains, with the process."""

    def add(self, folder: Path, result: RunResult) -> None:
        """Add the result of the run in ``folder``."""
        if result.kind == "done":
            self.done.append(folder)
        else:
            reasons: dict[Path, str] = getattr(self, result.kind)
            reasons[folder] = result.reason


def planned_state(planned: PlannedRun) -> PlannedState:
    """Return the state of a planned run.

    Raises:
        RunError: if its folder holds another run, or unrelated files.
    """
    if not (planned.folder / "config.json").is_file():
        if lock_owner(planned.folder) is not None:
            return "running"
        check_new_run_folder(planned.folder)
        return "missing"
    run = Run.open(planned.folder)
    if run.config.experiment != planned.experiment or run.config.imported_from is not None:
        raise RunError(f"{planned.folder} holds another run than is planned here: choose another folder with --out")
    state = run.state
    assert state != "imported"
    return "running" if state != "done" and lock_owner(planned.folder) is not None else state


def train_plan(
    plan: Sequence[PlannedRun],
    *,
    prepare_dataset: Callable[[PlannedRun], Dataset],
    make_observer: Callable[[PlannedRun], Observer],
    devices: Devices | None = None,
    skip_without_data: bool = False,
    retry_diverged: bool = False,
    skip_reason: Callable[[PlannedRun], str | None] = lambda _: None,
    log_context: Callable[[PlannedRun], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> PlanResult:
    """Train the runs of a plan that are not done, one after the other. A run that fails does not stop the others.

    A run that another process trains is left to that process, and checked again at the end. A run that diverged before
    is not trained again by default: with the same seed it would diverge again. After an interruption, the same call
    resumes.

    Args:
        plan: the runs; their folders hold nothing else (see :func:`planned_state`).
        prepare_dataset: returns the data of a run; called once for each dataset that is needed.
        make_observer: returns the observer of a run.
        devices: where to train; by default one device, the best that is available.
        skip_without_data: whether runs whose data cannot be prepared count as skipped, not as failed.
        retry_diverged: whether to resume runs that diverged before, from their last finished epoch.
        skip_reason: returns why a run is to be skipped, or None to train it.
        log_context: returns the context manager in which a run is trained.
    """
    datasets: dict[str, Dataset | DatasetError] = {}

    def dataset_of(planned: PlannedRun) -> Dataset:
        key = planned.dataset_key
        if key not in datasets:
            try:
                datasets[key] = prepare_dataset(planned)
            except DatasetError as error:
                datasets[key] = error
        dataset = datasets[key]
        if isinstance(dataset, DatasetError):
            raise dataset
        return dataset

    def result_of(planned: PlannedRun) -> RunResult:
        if (reason := skip_reason(planned)) is not None:
            return RunResult("skipped", reason)
        try:
            result = known_result(planned, retry_diverged=retry_diverged)
        except RunError as error:
            return RunResult("failed", str(error))
        if result is not None:
            return result
        try:
            dataset = dataset_of(planned)
        except DatasetError as error:
            return RunResult("skipped" if skip_without_data else "failed", f"no data: {error}")
        return train_planned_run(
            planned, dataset, make_observer(planned), devices=devices, log_context=log_context(planned)
        )

    results = {planned.folder: result_of(planned) for planned in plan}
    for planned in plan:
        if results[planned.folder].kind == "busy":
            results[planned.folder] = result_of(planned)
    plan_result = PlanResult()
    for folder, result in results.items():
        plan_result.add(folder, result)
    return plan_result


def known_result(planned: PlannedRun, *, retry_diverged: bool = False) -> RunResult | None:
    """Return the result of a planned run that needs no training now; None if it is to be trained.

    Raises:
        RunError: if its folder holds another run, or unrelated files.
    """
    state = planned_state(planned)
    if state == "done":
        return RunResult("done")
    if state == "running":
        return RunResult("busy", f"being trained by {lock_owner(planned.folder) or 'another process'}")
    if state == "diverged" and not retry_diverged:
        return RunResult("failed", f"diverged: {Run.open(planned.folder).divergence()}")
    return None


def train_planned_run(
    planned: PlannedRun,
    dataset: Dataset,
    observer: Observer,
    *,
    devices: Devices | None = None,
    log_context: AbstractContextManager[None] | None = None,
) -> RunResult:
    """Train or resume one planned run. Any error is returned as the result, and recorded in the run folder."""
    device_options = (devices or Devices()).model_dump()
    try:
        with log_context or nullcontext():
            clear_failure(planned.folder)
            train(planned.experiment, dataset, planned.folder, **device_options, observers=[observer])
    except RunBusyError as error:
        return RunResult("busy", str(error))
    except ArithmeticError as error:
        return RunResult("failed", f"diverged: {error}")
    except Exception as error:  # whatever one run raises, the others are still trained
        reason = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        write_failure(planned.folder, Failure(kind="failed", message=reason))
        return RunResult("failed", reason)
    return RunResult("done")


def failure_since(planned: PlannedRun, started_at: float) -> str | None:
    """Return why a run stopped since its sweep started, if that sweep must not train it again; else None.

    Args:
        planned: the run.
        started_at: when the sweep started, in seconds since 1970.
    """
    failure = read_failure(planned.folder)
    if failure is None or failure.again or failure.when.timestamp() < started_at:
        return None
    return failure.message


def planned_dataset(
    planned: PlannedRun,
    *,
    root: str | Path = Path("data"),
    mnist_root: Path | None = None,
    download: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Return the data of a planned run; it is made in its standard folder if it is missing.

    Args:
        planned: the run.
        root: the folder that holds the standard dataset folders.
        mnist_root: a folder with MNIST's four files, for datasets made of them.
        download: whether MNIST may be downloaded; if not, it must be in a named folder or downloaded already.
        progress: see :func:`drumhead.data.prepare_dataset`.

    Raises:
        DatasetError: if the data cannot be read or made.
    """
    if planned.data is not None:
        return open_dataset(planned.data)
    config = planned.experiment.dataset
    assert config is not None
    root = Path(root)
    if DATASETS[config.name].needs_mnist and not download and not default_folder(config, root).exists():
        mnist_root = find_local_mnist(mnist_root)
    return prepare_dataset(config, root, mnist_root=mnist_root, progress=progress)
