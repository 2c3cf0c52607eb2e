"""Calculate the cost of the paper's 360 trainings: known numbers of steps times assumed or measured seconds per step.

    python benchmarks/paper_cost.py                                      # hours for assumed times per step
    python benchmarks/paper_cost.py --measured tetrominoes-nwm=0.05      # hours for your own measurements

Nothing is measured here. A run consists of the optimiser steps and evaluated batches that its recipe and dataset
define. Runs start in the order of ``drumhead sweep paper``, each on the first free GPU; a GPU trains one run at a time.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from command_line import WIDTH, run_benchmark, usage_error
from drumhead.experiments import Experiment, RecipeName
from drumhead.report.tables.text_table import TerminalTable, TextTable, to_markdown
from drumhead.sweeps import plan_sweep

HOUR, DAY = 3600.0, 86400.0


class RunCost(NamedTuple):
    """The amount of computation in one training."""

    group: str
    """Dataset and model, such as ``mnist-nwm``: runs of a group take about as long."""
    epochs: int
    steps_per_epoch: int
    evaluations: int
    """The number of evaluated batches: validation images in all epochs, and test images at the end."""

    @property
    def steps(self) -> int:
        """The number of optimiser steps."""
        return self.epochs * self.steps_per_epoch

    def seconds(self, step: float, evaluation: float) -> float:
        """Return the time of the run.

        Args:
            step: seconds per step.
            evaluation: the time of an evaluated batch, as a fraction of a step's.

        >>> RunCost("mnist-cnn", epochs=2, steps_per_epoch=50, evaluations=20).seconds(0.1, 0.5)
        11.0
        """
        return step * (self.steps + evaluation * self.evaluations)


def run_cost(experiment: Experiment) -> RunCost:
    """Count the steps and evaluated batches of an experiment on its own dataset.

    >>> from drumhead.experiments import find_experiment
    >>> run_cost(find_experiment("tetrominoes-nwm-linear"))
    RunCost(group='tetrominoes-nwm', epochs=300, steps_per_epoch=156, evaluations=4816)
    """
    dataset, recipe = experiment.dataset, experiment.recipe
    assert dataset is not None
    full_batches = dataset.train // recipe.batch_size  # an incomplete batch is dropped
    validation = min(dataset.val, recipe.validation_images or dataset.val)
    return RunCost(
        group=experiment.name.rpartition("-")[0],
        epochs=recipe.epochs,
        steps_per_epoch=min(full_batches, recipe.steps_per_epoch or full_batches),
        evaluations=recipe.epochs * batches(validation, recipe.batch_size) + batches(dataset.test, recipe.batch_size),
    )


def batches(images: int, size: int) -> int:
    """Return the number of batches, the last of which may be incomplete."""
    return -(-images // size)


def paper_runs(recipe: RecipeName) -> list[RunCost]:
    """Return the cost of each published run with a recipe, in the order of a sweep."""
    return [run_cost(planned.experiment) for planned in plan_sweep(["paper"], recipe, out=Path())]


def makespan(durations: Sequence[float], workers: int) -> float:
    """Return the time when the last run ends, if the runs start in order, each on the first free worker.

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
    """Count the steps of the paper's runs, and calculate how long they would take.

    Args:
        seconds: assumed seconds per step, the same for all models.
        measured: measured seconds per step for groups of runs, such as tetrominoes-nwm=0.05; other groups are left out.
        evaluation: the time of an evaluated batch, as a fraction of a step's.
        at_once: the number of runs that a node trains at a time, one on each of its GPUs.
        nodes: the numbers of nodes, one column each.
        recipe: the recipe of the runs.
        markdown: print the tables as Markdown.
    """
    if min(*seconds, evaluation, at_once, *nodes) <= 0:
        usage_error("--seconds, --evaluation, --at-once and --nodes must be above 0")
    runs = paper_runs(recipe)
    times = parse_times(measured, list(by_group(runs)))
    tables = [steps_table(runs)]
    if times:
        tables.append(measured_table(runs, times, evaluation, at_once, nodes))
    else:
        tables.append(assumed_table(runs, seconds, evaluation, at_once, nodes))
    if markdown:
        print("\n".join(map(to_markdown, tables)), end="")
        return
    console = Console(width=WIDTH, highlight=False, markup=False)
    for table in tables:
        console.print(TerminalTable(table))


def parse_times(args: Sequence[str], groups: Sequence[str]) -> dict[str, float]:
    """Parse arguments ``GROUP=SECONDS`` into seconds per step by group."""
    times: dict[str, float] = {}
    for arg in args:
        group, _, text = arg.partition("=")
        try:
            times[group] = float(text)
        except ValueError:
            usage_error(f"--measured takes GROUP=SECONDS, such as {groups[0]}=0.05; got {arg}")
        if group not in groups or not times[group] > 0:
            usage_error(f"--measured takes a time above 0 for one of {', '.join(groups)}; got {arg}")
    return times


def steps_table(runs: Sequence[RunCost]) -> TextTable:
    """Return a table with the steps of all runs, by group."""
    head = [
        "runs",
        "number",
        "epochs",
        "steps\nper epoch",
        "steps\nper run",
        "evaluated batches\nper run",
        "steps,\ntotal",
    ]
    body = []
    for group, members in by_group(runs).items():
        one = members[0]
        per_run = [f"{number:,}" for number in (one.epochs, one.steps_per_epoch, one.steps, one.evaluations)]
        body.append([group, f"{len(members)}", *per_run, f"{sum(run.steps for run in members):,}"])
    body.append(["total", f"{len(runs)}", *[""] * 4, f"{sum(run.steps for run in runs):,}"])
    return TextTable(head, body)


def assumed_table(
    runs: Sequence[RunCost], seconds: Sequence[float], evaluation: float, at_once: int, nodes: Sequence[int]
) -> TextTable:
    """Return a table with hours and days of all runs, for each assumed time per step."""
    head = ["seconds per step,\nassumed", "hours,\ntotal", "longest run,\nhours", *days_on(nodes, at_once)]
    body = []
    for step in seconds:
        durations = [run.seconds(step, evaluation) for run in runs]
        body.append([f"{step:g}", *hours(durations), *days(durations, at_once, nodes)])
    return TextTable(head, body)


def measured_table(
    runs: Sequence[RunCost], times: Mapping[str, float], evaluation: float, at_once: int, nodes: Sequence[int]
) -> TextTable:
    """Return a table with hours and days of the groups whose time per step is given, and their total."""
    head = ["runs", "seconds per step,\nmeasured", "hours,\ntotal", "longest run,\nhours", *days_on(nodes, at_once)]
    groups = {group: members for group, members in by_group(runs).items() if group in times}
    body, all_durations = [], []
    for group, members in groups.items():
        durations = [run.seconds(times[group], evaluation) for run in members]
        all_durations += durations
        body.append([group, f"{times[group]:g}", *hours(durations), *days(durations, at_once, nodes)])
    if len(groups) > 1:
        body.append(["total", "", *hours(all_durations), *days(all_durations, at_once, nodes)])
    return TextTable(head, body)


def by_group(runs: Sequence[RunCost]) -> dict[str, list[RunCost]]:
    """Return the runs of each group."""
    groups: dict[str, list[RunCost]] = {}
    for run in runs:
        groups.setdefault(run.group, []).append(run)
    return groups


def days_on(nodes: Sequence[int], at_once: int) -> list[str]:
    """Return the heads of the columns of days."""
    return [f"days on {count} node{'s' * (count > 1)},\n{at_once} runs each" for count in nodes]


def hours(durations: Sequence[float]) -> list[str]:
    """Return the total hours, and those of the longest run."""
    return [f"{sum(durations) / HOUR:,.0f}", f"{max(durations) / HOUR:.1f}"]


def days(durations: Sequence[float], at_once: int, nodes: Sequence[int]) -> list[str]:
    """Return the days until the last run ends, for each number of nodes."""
    return [f"{makespan(durations, count * at_once) / DAY:.2g}" for count in nodes]


if __name__ == "__main__":
    run_benchmark(main)
