"""Making planned runs: what is missing is made, what is half done goes on, what is done or another's stays."""

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


class Result(NamedTuple):
    """What came of one planned run."""

    kind: Literal["done", "failed", "skipped", "busy"]
    """Finished now or before; diverged or stopped by an error; left out on purpose; being trained elsewhere."""
    reason: str = ""
    """Why it is not done."""


@dataclass
class Outcome:
    """What came of planned runs, by folder."""

    done: list[Path] = field(default_factory=list)
    """Finished now or before."""
    failed: dict[Path, str] = field(default_factory=dict)
    """Diverged, now or before, or could not be made: why."""
    skipped: dict[Path, str] = field(default_factory=dict)
    """Left out on purpose: why."""
    busy: dict[Path, str] = field(default_factory=dict)
    """Being trained by another process: by whom."""

    def add(self, folder: Path, result: Result) -> None:
        """Take note of a run's result."""
        if result.kind == "done":
            self.done.append(folder)
        else:
            reasons: dict[Path, str] = getattr(self, result.kind)
            reasons[folder] = result.reason


def state_of(planned: PlannedRun) -> PlannedState:
    """How far a planned run is.

    Raises:
        RunError: if its folder holds another run, or other things.
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


def make_runs(
    plan: Sequence[PlannedRun],
    *,
    prepare: Callable[[PlannedRun], Dataset],
    observer: Callable[[PlannedRun], Observer],
    devices: Devices | None = None,
    skip_without_data: bool = False,
    retry_diverged: bool = False,
    skip: Callable[[PlannedRun], str | None] = lambda _: None,
    around: Callable[[PlannedRun], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Outcome:
    """Make what is missing of a plan, one run after the other. A run that fails does not stop the others.

    What another process trains is left to it, and looked at again at the end. A run that diverged before is not tried
    again: it would do so again, with the same seed. Interrupted, the same call goes on.

    Args:
        plan: runs whose folders hold nothing else, by :func:`state_of`.
        prepare: gives the data of a run; called once for each dataset of which something is to be made.
        observer: gives who watches a run.
        devices: where to train; one, whatever there is, by default.
        skip_without_data: leave out runs whose data cannot be had, rather than count them as failed.
        retry_diverged: go on with runs that diverged before, from their last finished epoch.
        skip: tells why a run is to be left out, if it is.
        around: what each training is to happen inside of.
    """
    outcome = Outcome()
    datasets: dict[str, Dataset | DatasetError] = {}

    def data_of(planned: PlannedRun) -> Dataset:
        key = planned.dataset_key
        if key not in datasets:
            try:
                datasets[key] = prepare(planned)
            except DatasetError as error:
                datasets[key] = error
        dataset = datasets[key]
        if isinstance(dataset, DatasetError):
            raise dataset
        return dataset

    def result_of(planned: PlannedRun) -> Result:
        if (reason := skip(planned)) is not None:
            return Result("skipped", reason)
        try:
            result = settled(planned, retry_diverged=retry_diverged)
        except RunError as error:
            return Result("failed", str(error))
        if result is not None:
            return result
        try:
            dataset = data_of(planned)
        except DatasetError as error:
            return Result("skipped" if skip_without_data else "failed", f"no data: {error}")
        return make_run(planned, dataset, observer(planned), devices=devices, around=around(planned))

    results = {planned.folder: result_of(planned) for planned in plan}
    for planned in plan:
        if results[planned.folder].kind == "busy":
            results[planned.folder] = result_of(planned)
    for folder, result in results.items():
        outcome.add(folder, result)
    return outcome


def settled(planned: PlannedRun, *, retry_diverged: bool = False) -> Result | None:
    """What is known of a planned run without training it; None if it is to be trained.

    Raises:
        RunError: as :func:`state_of`.
    """
    state = state_of(planned)
    if state == "done":
        return Result("done")
    if state == "running":
        return Result("busy", f"being trained by {lock_owner(planned.folder) or 'another process'}")
    if state == "diverged" and not retry_diverged:
        return Result("failed", f"diverged: {Run.open(planned.folder).divergence()}")
    return None


def make_run(
    planned: PlannedRun,
    dataset: Dataset,
    observer: Observer,
    *,
    devices: Devices | None = None,
    around: AbstractContextManager[None] | None = None,
) -> Result:
    """Train one planned run, or go on with it. Whatever goes wrong with it is told, and noted in its folder."""
    where = (devices or Devices()).model_dump()
    try:
        with around or nullcontext():
            clear_failure(planned.folder)
            train(planned.experiment, dataset, planned.folder, **where, observers=[observer])
    except RunBusyError as error:
        return Result("busy", str(error))
    except ArithmeticError as error:
        return Result("failed", f"diverged: {error}")
    except Exception as error:  # one run must not take the others down, whatever it raises
        reason = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
        write_failure(planned.folder, Failure(kind="failed", message=reason))
        return Result("failed", reason)
    return Result("done")


def failure_since(planned: PlannedRun, begun: float) -> str | None:
    """Why a run stopped since a sweep began, in seconds since 1970, if it is not to be tried again by that sweep."""
    failure = read_failure(planned.folder)
    if failure is None or failure.again or failure.when.timestamp() < begun:
        return None
    return failure.message


def planned_dataset(
    planned: PlannedRun,
    *,
    root: Path = Path("data"),
    mnist_root: Path | None = None,
    download: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """The data of a planned run, made in its standard folder if it is not there yet.

    Args:
        planned: the run.
        root: where standard folders are.
        mnist_root: a folder with MNIST's four files, for data made of them.
        download: whether they may be downloaded; without, they must be in a named folder or have been downloaded.
        progress: as of :func:`drumhead.data.prepare_dataset`.

    Raises:
        DatasetError: if the data cannot be had.
    """
    if planned.data is not None:
        return open_dataset(planned.data)
    config = planned.experiment.dataset
    assert config is not None
    if DATASETS[config.name].needs_mnist and not download and not default_folder(config, root).exists():
        mnist_root = find_local_mnist(mnist_root)
    return prepare_dataset(config, root, mnist_root=mnist_root, progress=progress)
