"""What the paper's 360 trainings cost: steps, counted, times seconds per step, assumed or yours. No measurement.

    python benchmarks/paper_cost.py                                      # hours by assumed times of a step
    python benchmarks/paper_cost.py --measured tetrominoes-nwm=0.05      # by times that you measured

A run is so many steps of the optimiser and batches of validation and test as its recipe and dataset say. Runs go to
GPUs in the order of ``drumhead sweep paper``, each to the first that is free, one run on one GPU at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from drumhead.experiments import Experiment, RecipeName
from drumhead.report.tables.text_table import TerminalTable, TextTable
from drumhead.report.tables.text_table import to_markdown as as_markdown
from drumhead.sweeps import plan_sweep
from terminal import WIDTH, call, refuse

HOUR, DAY = 3600.0, 86400.0


class Work(NamedTuple):
    """What one training computes."""

    kind: str
    """Dataset and model, such as ``mnist-nwm``: runs of a kind take about as long."""
    epochs: int
    steps_per_epoch: int
    evaluations: int
    """Batches of validation images in all epochs, and of test images at the end."""

    @property
    def steps(self) -> int:
        """Steps of the optimiser."""
        return self.epochs * self.steps_per_epoch

    def seconds(self, step: float, evaluation: float) -> float:
        """How long it takes, from the time of a step, and that of an evaluated batch as a share of it.

        >>> Work("mnist-cnn", epochs=2, steps_per_epoch=50, evaluations=20).seconds(0.1, 0.5)
        11.0
        """
        return step * (self.steps + evaluation * self.evaluations)


def work_of(experiment: Experiment) -> Work:
    """The work of an experiment on its own dataset.

    >>> from drumhead.experiments import find_experiment
    >>> work_of(find_experiment("tetrominoes-nwm-linear"))
    Work(kind='tetrominoes-nwm', epochs=300, steps_per_epoch=156, evaluations=4816)
    """
    dataset, recipe = experiment.dataset, experiment.recipe
    assert dataset is not None
    full = dataset.train // recipe.batch_size  # an incomplete batch is dropped
    validation = min(dataset.val, recipe.validation_images or dataset.val)
    return Work(
        kind=experiment.name.rpartition("-")[0],
        epochs=recipe.epochs,
        steps_per_epoch=min(full, recipe.steps_per_epoch or full),
        evaluations=recipe.epochs * batches(validation, recipe.batch_size) + batches(dataset.test, recipe.batch_size),
    )


def batches(images: int, size: int) -> int:
    """How many batches images make, the last of which may be incomplete."""
    return -(-images // size)


def paper_runs(recipe: RecipeName) -> list[Work]:
    """The work of each published run, with a recipe, in the order of a sweep."""
    return [work_of(planned.experiment) for planned in plan_sweep(["paper"], recipe, out=Path())]


def makespan(durations: Sequence[float], workers: int) -> float:
    """When the last of some runs ends, each begun in turn by the first worker that is free.

    >>> makespan([3, 3, 3], 2), makespan([1, 1, 5], 2)
    (6.0, 6.0)
    """
    free_at = [0.0] * workers
    for duration in durations:
        heapq.heapreplace(free_at, free_at[0] + duration)
    return max(free_at)


def main(
    seconds: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.5),
    measured: tuple[str, ...] = (),
    evaluation: float = 0.35,
    at_once: int = 4,
    nodes: tuple[int, ...] = (1, 20),
    recipe: RecipeName = "paper",
    markdown: bool = False,
) -> None:
    """Count the steps of the paper's runs, and tell what they would take.

    Args:
        seconds: assumed times of a step, the same for all models.
        measured: times of a step of your own by kind of run, as tetrominoes-nwm=0.05; others are then left out.
        evaluation: time of an evaluated batch as a share of that of a step.
        at_once: runs that a node trains at once: one on each of its GPUs.
        nodes: numbers of nodes.
        recipe: how the runs are trained.
        markdown: print the tables as Markdown.
    """
    if min(*seconds, evaluation, at_once, *nodes) <= 0:
        refuse("--seconds, --evaluation, --at-once and --nodes must be above 0")
    runs = paper_runs(recipe)
    kinds = {run.kind: run for run in runs}
    times = read_times(measured, list(kinds))
    grids = [work_grid(runs)]
    if times:
        grids.append(measured_grid(runs, times, evaluation, at_once, nodes))
    else:
        grids.append(assumed_grid(runs, seconds, evaluation, at_once, nodes))
    if markdown:
        print("\n".join(map(as_markdown, grids)), end="")
        return
    console = Console(width=WIDTH, highlight=False, markup=False)
    for grid in grids:
        console.print(TerminalTable(grid))


def read_times(words: Sequence[str], kinds: Sequence[str]) -> dict[str, float]:
    """Times of a step by kind, from words ``KIND=SECONDS``."""
    times: dict[str, float] = {}
    for word in words:
        kind, _, text = word.partition("=")
        try:
            times[kind] = float(text)
        except ValueError:
            refuse(f"--measured takes KIND=SECONDS, such as {kinds[0]}=0.05; got {word}")
        if kind not in kinds or not times[kind] > 0:
            refuse(f"--measured takes a time above 0 for one of {', '.join(kinds)}; got {word}")
    return times


def work_grid(runs: Sequence[Work]) -> TextTable:
    """The steps of all runs, by kind."""
    head = [
        "runs",
        "how many",
        "epochs",
        "steps\nin an epoch",
        "steps\nin a run",
        "evaluated batches\nin a run",
        "steps\nin all",
    ]
    body = [
        [kind, f"{len(those)}", *(f"{number:,}" for number in one_run), f"{sum(run.steps for run in those):,}"]
        for kind, those in by_kind(runs).items()
        for one_run in [(those[0].epochs, those[0].steps_per_epoch, those[0].steps, those[0].evaluations)]
    ]
    body.append(["all", f"{len(runs)}", *[""] * 4, f"{sum(run.steps for run in runs):,}"])
    return TextTable(head, body)


def assumed_grid(
    runs: Sequence[Work], seconds: Sequence[float], evaluation: float, at_once: int, nodes: Sequence[int]
) -> TextTable:
    """Hours and days of all runs, by the time of a step."""
    head = ["seconds of a step,\nassumed", "hours\nin all", "longest run,\nhours", *days_on(nodes, at_once)]
    body = []
    for step in seconds:
        durations = [run.seconds(step, evaluation) for run in runs]
        body.append([f"{step:g}", *hours(durations), *days(durations, at_once, nodes)])
    return TextTable(head, body)


def measured_grid(
    runs: Sequence[Work], times: Mapping[str, float], evaluation: float, at_once: int, nodes: Sequence[int]
) -> TextTable:
    """Hours and days of the runs whose time of a step is known, by kind and together."""
    head = ["runs", "seconds of a step,\nmeasured", "hours\nin all", "longest run,\nhours", *days_on(nodes, at_once)]
    known = {kind: those for kind, those in by_kind(runs).items() if kind in times}
    body, together = [], []
    for kind, those in known.items():
        durations = [run.seconds(times[kind], evaluation) for run in those]
        together += durations
        body.append([kind, f"{times[kind]:g}", *hours(durations), *days(durations, at_once, nodes)])
    if len(known) > 1:
        body.append(["together", "", *hours(together), *days(together, at_once, nodes)])
    return TextTable(head, body)


def by_kind(runs: Sequence[Work]) -> dict[str, list[Work]]:
    """Runs by their kind."""
    found: dict[str, list[Work]] = {}
    for run in runs:
        found.setdefault(run.kind, []).append(run)
    return found


def days_on(nodes: Sequence[int], at_once: int) -> list[str]:
    """Headings of days."""
    return [f"days on {count} node{'s' * (count > 1)},\n{at_once} at once" for count in nodes]


def hours(durations: Sequence[float]) -> list[str]:
    """Hours of all, and of the longest."""
    return [f"{sum(durations) / HOUR:,.0f}", f"{max(durations) / HOUR:.1f}"]


def days(durations: Sequence[float], at_once: int, nodes: Sequence[int]) -> list[str]:
    """Days until the last has ended, by number of nodes."""
    return [f"{makespan(durations, count * at_once) / DAY:.2g}" for count in nodes]


if __name__ == "__main__":
    call(main)
