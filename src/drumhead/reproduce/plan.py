"""What to make: the runs that tables and figures need, each with its experiment and its folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

from drumhead.data import DATASETS
from drumhead.experiments import RECIPES, ExperimentSpec, RecipeName, experiment_specs
from drumhead.sweeps import PlannedRun, order_runs, run_name

Target = Literal["tables", "figures", "all"]

FIGURE_EXPERIMENTS = (
    "polygons-nwm-linear",
    "polygons-nwm-fft",
    "tetrominoes-nwm-linear",
    "tetrominoes-nwm-fft",
    "tetrominoes-lstm-linear",
    "tetrominoes-cnn-8",
    "tetrominoes-cnn-32",
    "mnist-nwm-linear",
    "mnist-nwm-fft",
    "mnist-lstm-linear",
    "mnist-cnn-8",
    "multi-mnist-nwm-linear",
    "multi-mnist-unet-2",
)
"""What waves, samples and the study of polygons are shown of, one seed each."""

ALL_SEEDS = {"paper": True, "lite": False, "smoke": False}
"""Whether a recipe takes every published seed unless told otherwise; else the first."""


def plan_runs(
    target: Target,
    recipe: RecipeName,
    *,
    out: Path,
    only: Sequence[str] = (),
    seeds: int | None = None,
) -> list[PlannedRun]:
    """The runs that a target needs: dataset by dataset, and in each every experiment once before a second seed.

    Args:
        target: ``tables``: every published experiment. ``figures``: ``FIGURE_EXPERIMENTS``. ``all``: both.
        recipe: how they are trained.
        out: runs go to ``out/runs/EXPERIMENT-seedSEED``.
        only: names of datasets or experiments, or patterns such as ``tetrominoes-nwm-*``; all by default.
        seeds: how many seeds of each experiment in tables, from the first published one; by default all of them with
            the paper's recipe, else one.

    Raises:
        ValueError: if ``only`` leaves nothing, or ``seeds`` is not 1 or more.
    """
    if seeds is not None and seeds < 1:
        raise ValueError(f"seeds must be 1 or more; got {seeds}")
    found = order_runs(_runs(target, recipe, out, seeds))
    for word in only:
        if not any(_matches(run, word) for run in found):
            raise ValueError(
                f"--only {word}: no run of {target} is of that dataset or experiment; datasets are "
                f"{', '.join(DATASETS)}, and `drumhead experiments` lists experiments"
            )
    return [run for run in found if not only or any(_matches(run, word) for word in only)]


def _runs(target: Target, recipe: RecipeName, out: Path, seeds: int | None) -> Iterator[tuple[int, PlannedRun]]:
    """Every experiment's seeds, numbered."""
    specs = experiment_specs()
    wanted: list[tuple[int, ExperimentSpec, int]] = []
    if target != "figures":
        for spec in specs.values():
            its_seeds = spec.seeds if seeds is None and ALL_SEEDS[recipe] else spec.seeds[: seeds or 1]
            wanted += [(place, spec, seed) for place, seed in enumerate(its_seeds)]
    if target != "tables":
        wanted += [(0, specs[name], specs[name].experiment.seed) for name in FIGURE_EXPERIMENTS]
    for place, spec, seed in wanted:
        experiment = RECIPES[recipe](spec.experiment).replace(seed=seed)
        yield place, PlannedRun(experiment, out / "runs" / run_name(experiment))


def _matches(run: PlannedRun, word: str) -> bool:
    """Whether a word is the name of a run's dataset, or a pattern of its experiment's name."""
    return word.replace("-", "_") == run.dataset_name or fnmatch(run.experiment.name, word)
