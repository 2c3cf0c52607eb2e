"""The plan of a sweep: the product of experiments, seeds and configuration overrides, with a folder for each run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from drumhead.experiments import RECIPES, Experiment, RecipeName, own_data_experiment, own_data_name
from drumhead.number_ranges import parse_number_ranges
from drumhead.renamed_fields import with_old_names
from drumhead.sweeps.named_sweeps import select_experiments
from drumhead.sweeps.overrides import flag_name, format_field, with_overrides

DEFAULT_SEEDS = (0,)
"""Seeds of experiments that have no published seeds, or that are selected by their own name."""


class PlannedRun(NamedTuple):
    """A run of a plan."""

    experiment: Experiment
    """The experiment, with its recipe and seed."""
    folder: Path
    """The run folder."""
    data: Path | None = None
    """A folder of data; by default, the experiment's own dataset is used."""

    @property
    def dataset_name(self) -> str:
        """The name of the dataset, or the folder of data."""
        if self.data is not None:
            return str(self.data)
        assert self.experiment.dataset is not None  # every listed experiment has one
        return self.experiment.dataset.name

    @property
    def dataset_key(self) -> str:
        """A key that is equal for two runs if, and only if, they are trained on the same data."""
        config = self.experiment.dataset
        return str(self.data) if config is None else config.model_dump_json()


def run_name(experiment: Experiment, fields: Sequence[str] = ()) -> str:
    """Return the name of a run's folder: the experiment, the overridden fields and the seed; valid on any file system.

    >>> from drumhead.experiments import find_experiment
    >>> run_name(find_experiment("tetrominoes-nwm-linear").replace(seed=3), ["model.steps"])
    'tetrominoes-nwm-linear-model.steps=100-seed3'
    """
    parts = [f"{flag_name(field)}={format_field(experiment, field)}" for field in fields]
    name = "-".join([experiment.name, *parts, f"seed{experiment.seed}"])
    return re.sub(r"[^A-Za-z0-9._=-]", "_", name)


def run_folder(out: Path, experiment: Experiment, fields: Sequence[str]) -> Path:
    """Return the folder of a run; if only a folder with the old name of a field exists, return that one."""
    name = run_name(experiment, fields)
    folder, old_folder = out / name, out / with_old_names(name)
    return old_folder if old_folder.exists() and not folder.exists() else folder


def plan_sweep(
    names: Sequence[str],
    recipe: RecipeName = "paper",
    *,
    out: str | Path,
    seeds: Sequence[int] | None = None,
    overrides: Mapping[str, Sequence[str]] | None = None,
    data: str | Path | None = None,
) -> list[PlannedRun]:
    """Return the runs of a sweep, ordered by dataset; within a dataset, all experiments come before a second seed.

    Args:
        names: names of experiments, patterns such as ``tetrominoes-nwm-*``, or published sweeps such as
            ``paper-mnist``; with ``data``, plain names of models such as ``unet-4``.
        recipe: the training recipe.
        out: the folder of the sweep; a run goes to ``out/EXPERIMENT[-FIELD=VALUE...]-seedSEED``.
        seeds: the seeds of every experiment; shared seeds allow paired comparisons. By default, experiments of a
            published sweep get their published seeds, and others get seed 0.
        overrides: values for configuration fields, by dotted field name (as in flags of ``drumhead train``). Each
            value is text; the numbers of a tuple are separated by spaces.
        data: a folder of data for all runs, instead of the experiments' own datasets.

    Raises:
        ValueError: for an unknown name, a field that an experiment does not have, a value out of range, or two
            different runs with the same folder.

    >>> overrides = {"model.layers": ["2", "3"]}
    >>> plan = plan_sweep(["tetrominoes-cnn-2"], "lite", out="runs", seeds=[0, 1], overrides=overrides)
    >>> [run.folder.name for run in plan][:2]
    ['tetrominoes-cnn-2-model.layers=2-seed0', 'tetrominoes-cnn-2-model.layers=3-seed0']
    """
    out, data = Path(out), None if data is None else Path(data)
    overrides = overrides or {}
    if data is not None and any(name.startswith("dataset") for name in overrides):
        raise ValueError(
            "--set dataset... describes a dataset to be made, but --data uses a folder as it is: remove one of the two"
        )
    numbered: list[tuple[int, PlannedRun]] = []
    for spec, is_published in select_experiments(names, own_data=data is not None):
        base = RECIPES[recipe](spec.experiment)
        variants = [
            _variant(base, dict(zip(overrides, values, strict=True)), data) for values in product(*overrides.values())
        ]
        experiment_seeds = seeds if seeds is not None else spec.seeds if is_published else DEFAULT_SEEDS
        for index, seed in enumerate(experiment_seeds):
            for variant in variants:
                experiment = variant.replace(seed=seed)
                folder = run_folder(out, experiment, list(overrides))
                numbered.append((index, PlannedRun(experiment, folder, data)))
    return order_runs(numbered)


def order_runs(numbered: Iterable[tuple[int, PlannedRun]]) -> list[PlannedRun]:
    """Return the distinct runs, ordered by dataset, then by number.

    Args:
        numbered: the runs, each with a number: the index of its seed.

    Raises:
        ValueError: if two different runs have the same folder.
    """
    runs: dict[Path, PlannedRun] = {}
    for _, run in sorted(numbered, key=lambda pair: pair[0]):
        if runs.setdefault(run.folder, run) != run:
            raise ValueError(
                f"two different runs would both go to {run.folder}: start them as two sweeps with different --out"
            )
    datasets = list(dict.fromkeys(run.dataset_name for run in runs.values()))
    return sorted(runs.values(), key=lambda run: datasets.index(run.dataset_name))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds that a text of numbers and half-open ranges lists.

    >>> parse_seeds("0:3,7")
    (0, 1, 2, 7)
    """
    return parse_number_ranges(text, what="seeds")


def _variant(experiment: Experiment, overrides: Mapping[str, str], data: Path | None) -> Experiment:
    """Return the experiment with overridden fields, and without a dataset if a folder of data is given."""
    experiment = with_overrides(experiment, overrides)
    if data is None:
        return experiment
    is_plain = own_data_experiment(experiment.name) is not None
    name = own_data_name(data, experiment.name) if is_plain else experiment.name
    return experiment.replace(dataset=None, name=name)
