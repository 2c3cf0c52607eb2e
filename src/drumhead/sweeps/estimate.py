"""How long planned runs will take, from what runs of the same kind took."""

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
    """What is left to do of a planned run."""

    steps: int | None
    """Steps left; None if the number of images is not known, as of a folder of data that cannot be read."""
    seconds: float | None
    """How long they will take; None if no run of the same kind was measured."""


def estimates(plan: Sequence[PlannedRun], out: Path) -> list[Estimate]:
    """What is left of each planned run, and how long it will take by the pace of runs of the same kind in a folder.

    Runs are of the same kind if nothing but their seeds and their number of epochs differs. The pace is the median
    over such runs of seconds for each training step, as ``metrics.csv`` has them; scoring comes on top of it.

    Args:
        plan: the runs.
        out: where runs to measure are looked for.
    """
    paces = measured_paces(out)
    found = []
    for planned in plan:
        steps = steps_left(planned)
        pace = paces.get(kind_of(planned.experiment))
        found.append(Estimate(steps, None if steps is None or (pace is None and steps) else steps * (pace or 0.0)))
    return found


def measured_paces(out: Path) -> dict[str, float]:
    """Seconds for each training step of every kind of run in a folder."""
    paces: dict[str, list[float]] = {}
    for folder in run_folders(out) if out.is_dir() else []:
        try:
            run = Run.open(folder)
            rows = run.metrics()
        except (ValueError, OSError):
            continue
        if rows and all(row.get("step", 0) > 0 and "seconds" in row for row in (rows[0], rows[-1])):
            # The first epoch is slower, as it includes compilation; with several, it is left out.
            first = rows[0] if len(rows) > 1 else {"step": 0.0, "seconds": 0.0}
            pace = (rows[-1]["seconds"] - first["seconds"]) / (rows[-1]["step"] - first["step"])
            paces.setdefault(kind_of(run.config.experiment), []).append(pace)
    return {kind: statistics.median(values) for kind, values in paces.items()}


def kind_of(experiment: Experiment) -> str:
    """All that the pace of a training depends on."""
    return experiment.replace(seed=0, recipe=experiment.recipe.replace(epochs=1)).model_dump_json()


def steps_left(planned: PlannedRun) -> int | None:
    """How many steps of training are left of a run."""
    recipe = planned.experiment.recipe
    images = training_images(planned)
    if images is None:
        return None
    each = min(images // recipe.batch_size, recipe.steps_per_epoch or images)
    done = 0
    if (planned.folder / "config.json").is_file():
        run = Run.open(planned.folder)
        if run.state == "done":
            return 0
        done = len(run.metrics())
    return each * max(0, recipe.epochs - done)


def training_images(planned: PlannedRun) -> int | None:
    """How many training images a run has; None if that cannot be known without reading all of them."""
    config = planned.experiment.dataset
    if config is not None:
        return config.train
    if planned.data is None or not (planned.data / MANIFEST_FILE).is_file():
        return None
    try:
        return len(open_dataset(planned.data).splits["train"].images)
    except (OSError, ValueError):
        return None
