"""Making planned runs: what is missing is made, what is half done goes on, what is done stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from drumhead.data import DATASETS, Dataset, DatasetError, mnist_at_hand, prepare_dataset, standard_folder
from drumhead.reproduce.plan import PlannedRun
from drumhead.runs import Run, RunError, check_new_run_folder
from drumhead.training import Accelerator, Observer, train

PlannedState = Literal["missing", "unfinished", "diverged", "done"]


@dataclass
class Outcome:
    """What came of planned runs, by folder."""

    done: list[Path] = field(default_factory=list)
    """Finished now or before."""
    failed: dict[Path, str] = field(default_factory=dict)
    """Diverged, now or before, or could not be made: why."""
    skipped: dict[Path, str] = field(default_factory=dict)
    """Left out on purpose: why."""


def state_of(planned: PlannedRun) -> PlannedState:
    """How far a planned run is.

    Raises:
        RunError: if its folder holds another run, or other things.
    """
    if not (planned.folder / "config.json").is_file():
        check_new_run_folder(planned.folder)
        return "missing"
    run = Run.open(planned.folder)
    if run.config.experiment != planned.experiment or run.config.imported_from is not None:
        raise RunError(f"{planned.folder} holds another run than is planned here: choose another folder with --out")
    state = run.state
    assert state != "imported"
    return state


def make_runs(
    plan: Sequence[PlannedRun],
    *,
    prepare: Callable[[PlannedRun], Dataset],
    observer: Callable[[PlannedRun], Observer],
    accelerator: Accelerator = "auto",
    skip_without_data: bool = False,
) -> Outcome:
    """Make what is missing of a plan, one run after the other. A run that fails does not stop the others.

    A run that diverged before is not tried again: it would do so again, with the same seed. Interrupted, the same
    call goes on.

    Args:
        plan: runs whose folders hold nothing else, by :func:`state_of`.
        prepare: gives the data of a run; called once for each dataset of which something is to be made.
        observer: gives who watches a run.
        accelerator: where to train.
        skip_without_data: leave out runs whose data cannot be had, rather than count them as failed.
    """
    outcome = Outcome()
    datasets: dict[str, Dataset | DatasetError] = {}
    for planned in plan:
        state = state_of(planned)
        if state == "done":
            outcome.done.append(planned.folder)
            continue
        if state == "diverged":
            outcome.failed[planned.folder] = f"diverged: {Run.open(planned.folder).divergence()}"
            continue
        if planned.dataset not in datasets:
            try:
                datasets[planned.dataset] = prepare(planned)
            except DatasetError as error:
                datasets[planned.dataset] = error
        dataset = datasets[planned.dataset]
        if isinstance(dataset, DatasetError):
            without = outcome.skipped if skip_without_data else outcome.failed
            without[planned.folder] = f"no data: {dataset}"
            continue
        try:
            train(
                planned.experiment,
                dataset,
                planned.folder,
                accelerator=accelerator,
                observers=[observer(planned)],
            )
        except ArithmeticError as error:
            outcome.failed[planned.folder] = f"diverged: {error}"
        except RunError as error:
            outcome.failed[planned.folder] = str(error)
        else:
            outcome.done.append(planned.folder)
    return outcome


def planned_dataset(
    planned: PlannedRun,
    *,
    mnist_root: Path | None = None,
    download: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """The data of a planned run, made in its standard folder if it is not there yet.

    Args:
        planned: the run.
        mnist_root: a folder with MNIST's four files, for data made of them.
        download: whether they may be downloaded; without, they must be in a named folder or have been downloaded.
        progress: as of :func:`drumhead.data.prepare_dataset`.

    Raises:
        DatasetError: if the data cannot be had.
    """
    config = planned.experiment.dataset
    assert config is not None
    if DATASETS[config.name].needs_mnist and not download and not standard_folder(config).exists():
        mnist_root = mnist_at_hand(mnist_root)
    return prepare_dataset(config, mnist_root=mnist_root, progress=progress)
