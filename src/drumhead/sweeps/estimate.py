"""How long planned runs will take, estimated from similar runs."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from drumhead.data import open_dataset
from drumhead.data.manifest import MANIFEST_FILE
from drumhead.experiments import Experiment
from drumhead.runs import Run, run_folders
from drumhead.sweeps.plan import PlannedRun


class Estimate(NamedTuple):
    """The work that is left in a planned run."""

    steps: int | None
    """Training steps left; None if the number of images is unknown, as for a folder of data that cannot be read."""
    seconds: float | None
    """Training time left; None if no similar run was measured."""


def estimate_plan(plan: Sequence[PlannedRun], out: str | Path) -> list[Estimate]:
    """Return the steps and the time that are left in each planned run, at the pace of similar runs.

    Two runs are similar if they differ only in the seed and the number of epochs. The pace is the median, over
    similar runs, of the seconds per training step in ``metrics.csv``. The time to score the test set is not included.

    Args:
        plan: the runs.
        out: the folder in which measured runs are searched.
    """
    paces = measure_paces(Path(out))
    estimates = []
    for planned in plan:
        steps = remaining_steps(planned)
        pace = paces.get(pace_key(planned.experiment))
        estimates.append(Estimate(steps, None if steps is None or (pace is None and steps) else steps * (pace or 0.0)))
    return estimates


def measure_paces(out: Path) -> dict[str, float]:
    """Return the median seconds per training step of the runs in a folder, by :func:`pace_key`."""
    paces: dict[str, list[float]] = {}
    for folder in run_folders(out) if out.is_dir() else []:
        try:
            run = Run.open(folder)
            rows = run.metrics()
        except (ValueError, OSError):
            continue
        if rows and all(row.get("step", 0) > 0 and "seconds" in row for row in (rows[0], rows[-1])):
            # The first epoch is slower, as it includes compilation; it is left out if there are several.
            first = rows[0] if len(rows) > 1 else {"step": 0.0, "seconds": 0.0}
            pace = (rows[-1]["seconds"] - first["seconds"]) / (rows[-1]["step"] - first["step"])
            paces.setdefault(pace_key(run.config.experiment), []).append(pace)
    return {key: statistics.median(values) for key, values in paces.items()}


def pace_key(experiment: Experiment) -> str:
    """Return a key that is equal for experiments with the same training pace."""
    return experiment.replace(seed=0, recipe=experiment.recipe.replace(epochs=1)).model_dump_json()


def remaining_steps(planned: PlannedRun) -> int | None:
    """Return the number of training steps that are left in a run; None if the number of images is unknown."""
    recipe = planned.experiment.recipe
    images = count_training_images(planned)
    if images is None:
        return None
    steps_per_epoch = min(images // recipe.batch_size, recipe.steps_per_epoch or images)
    epochs_done = 0
    if (planned.folder / "config.json").is_file():
        run = Run.open(planned.folder)
        if run.state == "done":
            return 0
        epochs_done = len(run.metrics())
    return steps_per_epoch * max(0, recipe.epochs - epochs_done)


def count_training_images(planned: PlannedRun) -> int | None:
    """Return the number of training images of a run; None if only reading all of them could tell."""
    config = planned.experiment.dataset
    if config is not None:
        return config.train
    if planned.data is None or not (planned.data / MANIFEST_FILE).is_file():
        return None
    try:
        return len(open_dataset(planned.data).splits["train"].images)
    except (OSError, ValueError):
        return None
