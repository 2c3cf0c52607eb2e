"""``drumhead reproduce``: reproduce the paper's tables and figures by one command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.analysis.square_area import study_areas
from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.data import Dataset, default_folder
from drumhead.experiments import RecipeName
from drumhead.files import check_writable
from drumhead.report.page.page import FILE
from drumhead.report.page.sections import open_runs, report_sections
from drumhead.reproduce import Target, plan_runs, write_outputs
from drumhead.sweeps import PlannedRun, planned_dataset, planned_state, train_plan
from drumhead.training import Accelerator, Devices


def main(args: list[str]) -> int:
    """Run ``drumhead reproduce``."""
    code: int = parse(reproduce, args, prog="drumhead reproduce")
    return code


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
    """Make the datasets and train the runs of the paper, then write its tables and figures, and a report.

    Finished runs are kept, partial runs resume, and missing runs are trained, so the same command continues after an
    interruption. A run that diverges does not stop the others: it is listed at the end, and the exit code is 1.
    Results of a recipe other than the paper's are labelled with the recipe everywhere.

    Args:
        target: tables: all published experiments. figures: some experiments, with one seed. all: both.
        recipe: The training recipe. smoke is a quick test of everything; without MNIST's files, it skips MNIST.
        only: Restrict to these datasets or experiments, with * as a wildcard.
        seeds: Seeds per experiment in tables. By default all published seeds for the recipe paper, else 1.
        out: The folder for runs, tables, figures and report.html. By default reproduction/RECIPE.
        mnist_root: A folder with MNIST's four IDX files. By default DRUMHEAD_MNIST_ROOT, or a download.
        accelerator: The hardware to train on.
        theory: Include the study of the area of square drums, unless the target is tables.
        dry_run: List every run with its folder and state, and do nothing else.
    """
    out = out or Path("reproduction") / recipe
    check_writable(out / FILE)
    console = Console()
    plan = plan_runs(target, recipe, out=out, only=only, seeds=seeds)
    states = [planned_state(planned) for planned in plan]  # an error, before any work, if a folder holds another run
    if dry_run:
        print_plan(console, plan, states)
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
            with progress_bar(console, "square drums") as progress:
                study = study_areas(progress=progress)
        with progress_bar(console, "report figures") as progress:
            outputs = write_outputs(
                target, report_sections(runs), out, unreadable=unreadable, theory=study, progress=progress
            )
    except KeyboardInterrupt:
        print_error("stopped; finished epochs are kept, and the same command resumes from them")
        raise
    for path in outputs.written:
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)
    print_reasons(console, "no figure", outputs.failed)
    print_reasons(console, "skipped", by_folder(outcome.skipped))
    print_reasons(console, "locked by others", by_folder(outcome.busy))
    print_reasons(console, "failed", by_folder(outcome.failed))
    console.print(f"{len(outcome.done)} of {len(plan)} runs are done, recipe {recipe}.", highlight=False)
    return FAILED if outcome.failed else OK


def print_plan(console: Console, plan: Sequence[PlannedRun], states: Sequence[str]) -> None:
    """List runs with their states and folders, then dataset folders."""
    for planned, state in zip(plan, states, strict=True):
        console.print(f"{state:10}  {planned.folder}", highlight=False, soft_wrap=True, markup=False)
    for folder in dict.fromkeys(default_folder(each.experiment.dataset) for each in plan if each.experiment.dataset):
        console.print(f"{'done' if folder.exists() else 'missing':10}  {folder}", highlight=False, soft_wrap=True)
    counts = ", ".join(f"{count} {state}" for state, count in Counter(states).items())
    console.print(f"{len(plan)} runs: {counts}", highlight=False, soft_wrap=True)


def by_folder(reasons: Mapping[Path, str]) -> dict[str, str]:
    """Return the reasons, by the folder as text."""
    return {str(folder): reason for folder, reason in reasons.items()}


def print_reasons(console: Console, heading: str, reasons: Mapping[str, str]) -> None:
    """Print each reason once, followed by the names that it applies to."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in reasons.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        console.print(f"{heading}: {reason}", highlight=False, soft_wrap=True, markup=False)
        for name in names:
            console.print(f"  {name}", highlight=False, soft_wrap=True, markup=False)
