"""What to make: the product of experiments, seeds and fields, each run with its folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from drumhead.experiments import RECIPES, Experiment, RecipeName
from drumhead.renamed_fields import with_old_names
from drumhead.sweeps.fields import field_text, flag_name, with_fields
from drumhead.sweeps.published import find_specs

SHARED_SEEDS = (0,)
"""Seeds of experiments that are swept without naming any."""


class PlannedRun(NamedTuple):
    """A run to be made."""

    experiment: Experiment
    """With its recipe and seed."""
    folder: Path
    """Where it goes."""
    data: Path | None = None
    """A folder of data; by default that of the experiment's own dataset."""

    @property
    def dataset(self) -> str:
        """What its data is called: the dataset's name, or the folder of data."""
        if self.data is not None:
            return str(self.data)
        assert self.experiment.dataset is not None  # every listed experiment has one
        return self.experiment.dataset.name

    @property
    def dataset_key(self) -> str:
        """What two runs share if they are trained on the same data."""
        config = self.experiment.dataset
        return str(self.data) if config is None else config.model_dump_json()


def run_name(experiment: Experiment, fields: Sequence[str] = ()) -> str:
    """The name of a run's folder: the experiment, the fields that were set, the seed; safe in any file system.

    >>> from drumhead.experiments import find_experiment
    >>> run_name(find_experiment("tetrominoes-nwm-linear").replace(seed=3), ["model.steps"])
    'tetrominoes-nwm-linear-model.steps=100-seed3'
    """
    parts = [f"{flag_name(field)}={field_text(experiment, field)}" for field in fields]
    name = "-".join([experiment.name, *parts, f"seed{experiment.seed}"])
    return re.sub(r"[^A-Za-z0-9._=-]", "_", name)


def run_folder(out: Path, experiment: Experiment, fields: Sequence[str]) -> Path:
    """Return the folder of a run; where only a folder with the old name of a field exists, that one."""
    name = run_name(experiment, fields)
    folder, old_folder = out / name, out / with_old_names(name)
    return old_folder if old_folder.exists() and not folder.exists() else folder


def plan_sweep(
    words: Sequence[str],
    recipe: RecipeName = "paper",
    *,
    out: Path,
    seeds: Sequence[int] | None = None,
    fields: Mapping[str, Sequence[str]] | None = None,
    data: Path | None = None,
) -> list[PlannedRun]:
    """The runs of a sweep: dataset by dataset, and in each every experiment once before a second seed.

    Args:
        words: names of experiments, patterns such as ``tetrominoes-nwm-*``, or of published sweeps such as
            ``paper-mnist``.
        recipe: how they are trained.
        out: runs go to ``out/EXPERIMENT[-FIELD=VALUE...]-seedSEED``.
        seeds: of every experiment, so that they can be compared in pairs; by default those that were published for
            what a published sweep names, else 0.
        fields: values for fields, by dotted names as flags of ``drumhead train`` have them; each as text, several
            numbers of one value with spaces between them.
        data: a folder of data for all of them, instead of the experiments' own datasets.

    Raises:
        ValueError: for an unknown name, a field that an experiment does not have, a value out of range, or two runs
            that would share a folder.

    >>> fields = {"model.layers": ["2", "3"]}
    >>> plan = plan_sweep(["tetrominoes-cnn-2"], "lite", out=Path("runs"), seeds=[0, 1], fields=fields)
    >>> [run.folder.name for run in plan][:2]
    ['tetrominoes-cnn-2-model.layers=2-seed0', 'tetrominoes-cnn-2-model.layers=3-seed0']
    """
    fields = fields or {}
    if data is not None and any(name.startswith("dataset") for name in fields):
        raise ValueError(
            "--set dataset... describes data to be made; with --data the folder is used as it is: drop one"
        )
    rounds: list[tuple[int, PlannedRun]] = []
    for spec, is_published in find_specs(words):
        whole = RECIPES[recipe](spec.experiment)
        variants = [
            _variant(whole, dict(zip(fields, values, strict=True)), data) for values in product(*fields.values())
        ]
        its_seeds = seeds if seeds is not None else spec.seeds if is_published else SHARED_SEEDS
        for place, seed in enumerate(its_seeds):
            for variant in variants:
                experiment = variant.replace(seed=seed)
                rounds.append((place, PlannedRun(experiment, run_folder(out, experiment, list(fields)), data)))
    return in_order(rounds)


def in_order(rounds: Iterable[tuple[int, PlannedRun]]) -> list[PlannedRun]:
    """Runs, each once, from numbered rounds: dataset by dataset, in each round by round.

    Raises:
        ValueError: if two runs that differ share a folder.
    """
    found: dict[Path, PlannedRun] = {}
    for _, run in sorted(rounds, key=lambda each: each[0]):
        if found.setdefault(run.folder, run) != run:
            raise ValueError(
                f"two runs that differ would both go to {run.folder}: sweep them apart, with another --out"
            )
    datasets = list(dict.fromkeys(run.dataset for run in found.values()))
    return sorted(found.values(), key=lambda run: datasets.index(run.dataset))


def parse_seeds(text: str) -> tuple[int, ...]:
    """Seeds from numbers and ranges, whose end is not among them.

    >>> parse_seeds("0:3,7")
    (0, 1, 2, 7)
    """
    seeds: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})(?::(\d{1,10}))?\s*", part)
        if match is None:
            raise ValueError(f"seeds are numbers and ranges such as 0:10 or 1,2,3 (0:10 is 0 to 9); got {text!r}")
        first, end = int(match[1]), match[2]
        numbers = range(first, first + 1 if end is None else int(end))
        if not 0 < len(numbers) <= 100_000 or numbers[-1] >= 2**32:
            raise ValueError(f"seeds are below 2**32, and a range has at least one and at most 100000; got {part!r}")
        seeds += numbers
    return tuple(dict.fromkeys(seeds))


def _variant(experiment: Experiment, values: Mapping[str, str], data: Path | None) -> Experiment:
    """The experiment with some fields set, and without a dataset if a folder of data is given."""
    experiment = with_fields(experiment, values)
    return experiment if data is None else experiment.replace(dataset=None)
