"""The plan of a reproduction: the runs that tables and figures need, each with its experiment and folder."""

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
"""The experiments in figures of waves, samples and polygons, with one seed each."""

ALL_SEEDS = {"paper": True, "lite": False, "smoke": False}
"""Whether a recipe uses every published seed by default; otherwise it uses the first."""


def plan_runs(
    target: Target,
    recipe: RecipeName,
    *,
    out: str | Path,
    only: Sequence[str] = (),
    seeds: int | None = None,
) -> list[PlannedRun]:
    """Return the runs that a target needs, ordered by dataset, and then by the index of the seed.

    Args:
        target: ``tables``: every published experiment. ``figures``: ``FIGURE_EXPERIMENTS``. ``all``: both.
        recipe: the training recipe.
        out: the output folder; runs are in ``out/runs/EXPERIMENT-seedSEED``.
        only: names of datasets or experiments, or patterns such as ``tetrominoes-nwm-*``. All by default.
        seeds: the number of seeds of each experiment in tables, from the first published one. None: all of them for
            the paper's recipe, else one.

    Raises:
        ValueError: if a pattern in ``only`` matches no run, or ``seeds`` is less than 1.
    """
    if seeds is not None and seeds < 1:
        raise ValueError(f"seeds must be 1 or more; got {seeds}")
    runs = order_runs(_runs(target, recipe, Path(out), seeds))
    for pattern in only:
        if not any(_matches(run, pattern) for run in runs):
            raise ValueError(
                f"--only {pattern}: no run of {target} has this dataset or experiment; the datasets are "
                f"{', '.join(DATASETS)}, and `drumhead experiments` lists experiments"
            )
    return [run for run in runs if not only or any(_matches(run, pattern) for pattern in only)]


def _runs(target: Target, recipe: RecipeName, out: Path, seeds: int | None) -> Iterator[tuple[int, PlannedRun]]:
    """Yield every run with the index of its seed among the seeds of its experiment."""
    specs = experiment_specs()
    selected: list[tuple[int, ExperimentSpec, int]] = []
    if target != "figures":
        for spec in specs.values():
            seed_numbers = spec.seeds if seeds is None and ALL_SEEDS[recipe] else spec.seeds[: seeds or 1]
            selected += [(index, spec, seed) for index, seed in enumerate(seed_numbers)]
    if target != "tables":
        selected += [(0, specs[name], specs[name].experiment.seed) for name in FIGURE_EXPERIMENTS]
    for index, spec, seed in selected:
        experiment = RECIPES[recipe](spec.experiment).replace(seed=seed)
        yield index, PlannedRun(experiment, out / "runs" / run_name(experiment))


def _matches(run: PlannedRun, pattern: str) -> bool:
    """Whether a pattern is the name of a run's dataset, or matches the name of its experiment."""
    return pattern.replace("-", "_") == run.dataset_name or fnmatch(run.experiment.name, pattern)
