"""``drumhead reproduce``: the paper's tables and figures, from nothing, by one command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.analysis.square_area import study_areas
from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.data import Dataset, default_folder
from drumhead.experiments import RecipeName
from drumhead.report.page.sections import open_runs, report_sections
from drumhead.reproduce import Target, plan_runs, write_outputs
from drumhead.sweeps import PlannedRun, planned_dataset, planned_state, train_plan
from drumhead.training import Accelerator, Devices


def main(args: list[str]) -> int:
    """Run ``drumhead reproduce``."""
    return tyro.cli(reproduce, args=args, prog="drumhead reproduce")


def reproduce(
    target: Annotated[Target, tyro.conf.Positional] = "all",
    *,
    recipe: RecipeName = "paper",
    only: tuple[str, ...] = (),
    seeds: int | None = None,
    out: Path | None = None,
    mnist_root: Path | None = None,
    accelerator: Accelerator = "auto",
    theory: bool = True,
    dry_run: bool = False,
) -> int:
    """Make the data and runs that the paper's tables and figures need, then those, and a report.

    What is done is kept, what is half done goes on, what is missing is made; interrupted, the same command goes on.
    A run that diverges does not stop the others: it is named at the end, and the exit code is 1. Numbers of another
    recipe than the paper's are labelled so wherever they stand.

    Args:
        target: tables: every published experiment. figures: some of each kind, one seed. all: both.
        recipe: How the runs are trained. smoke only shows that all of it works, in minutes; without MNIST's files at
            hand it skips what needs them.
        only: Make these alone: names of datasets, or of experiments, with * for anything.
        seeds: How many seeds of each experiment in tables; by default all published ones with the recipe paper, else 1.
        out: The folder for runs, tables, figures and report.html; reproduction/RECIPE by default. Data goes to data/.
        mnist_root: A folder with MNIST's four IDX files; else that of DRUMHEAD_MNIST_ROOT, or a download.
        accelerator: Where to train.
        theory: Include the study of the area of square drums, unless only tables are made.
        dry_run: List every run, its folder and its state, and make nothing.
    """
    out = out or Path("reproduction") / recipe
    console = Console()
    plan = plan_runs(target, recipe, out=out, only=only, seeds=seeds)
    states = [planned_state(planned) for planned in plan]  # what cannot be is told before any work
    if dry_run:
        show_plan(console, plan, states)
        return OK

    def prepare(planned: PlannedRun) -> Dataset:
        with progress_bar(console, planned.dataset_name) as progress:
            return planned_dataset(planned, mnist_root=mnist_root, download=recipe != "smoke", progress=progress)

    numbers = {planned.folder: number for number, planned in enumerate(plan, start=1)}

    def observer(planned: PlannedRun) -> TrainingProgress:
        name = f"{planned.experiment.name}, seed {planned.experiment.seed}, recipe {recipe}"
        return TrainingProgress(console, f"{numbers[planned.folder]}/{len(plan)} {name}")

    try:
        outcome = train_plan(
            plan,
            prepare_dataset=prepare,
            make_observer=observer,
            devices=Devices(accelerator=accelerator),
            skip_without_data=recipe == "smoke",
        )
        runs, unreadable = open_runs([out / "runs"] if (out / "runs").is_dir() else [])
        study = None
        if theory and target != "tables":
            with progress_bar(console, "listening to squares") as progress:
                study = study_areas(progress=progress)
        with progress_bar(console, "figures of the report") as progress:
            outputs = write_outputs(
                target, report_sections(runs), out, unreadable=unreadable, theory=study, progress=progress
            )
    except KeyboardInterrupt:
        print_error("stopped; what is finished is kept, and the same command goes on from there")
        raise
    for path in outputs.written:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    print_reasons(console, "no figure", outputs.left)
    print_reasons(console, "skipped", by_name(outcome.skipped))
    print_reasons(console, "left to others", by_name(outcome.busy))
    print_reasons(console, "failed", by_name(outcome.failed))
    console.print(f"{len(outcome.done)} of {len(plan)} runs are done, recipe {recipe}.", highlight=False)
    return FAILED if outcome.failed else OK


def show_plan(console: Console, plan: Sequence[PlannedRun], states: Sequence[str]) -> None:
    """List runs, their folders and their states; then the folders of data."""
    for planned, state in zip(plan, states, strict=True):
        console.print(f"{state:10}  {planned.folder}", highlight=False, soft_wrap=True, markup=False)
    for folder in dict.fromkeys(default_folder(each.experiment.dataset) for each in plan if each.experiment.dataset):
        console.print(f"{'done' if folder.exists() else 'missing':10}  {folder}", highlight=False, soft_wrap=True)
    counts = ", ".join(f"{count} {state}" for state, count in Counter(states).items())
    console.print(f"{len(plan)} runs: {counts}", highlight=False, soft_wrap=True)


def by_name(reasons: Mapping[Path, str]) -> dict[str, str]:
    """Reasons by the names of folders."""
    return {str(folder): reason for folder, reason in reasons.items()}


def print_reasons(console: Console, what: str, reasons: Mapping[str, str]) -> None:
    """A line for each reason why some things are not as they should be, and one for each of them."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        console.print(f"{what}: {reason}", highlight=False, soft_wrap=True, markup=False)
        for name in names:
            console.print(f"  {name}", highlight=False, soft_wrap=True, markup=False)
