"""The command that repeats a run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from drumhead.config import flatten
from drumhead.experiments import (
    RECIPES,
    Experiment,
    RecipeName,
    experiment_name,
    experiment_specs,
    find_experiment,
    own_data_experiment,
)
from drumhead.runs import Run


def train_command(run: Run, recipes: Sequence[RecipeName] = tuple(RECIPES)) -> str | None:
    """Return the ``drumhead train`` command that repeats a run: its experiment, the nearest recipe, and other flags.

    Args:
        run: the run.
        recipes: the recipes to choose from. The recipe ``paper`` stays the same in later versions of Drumhead.

    None if the run's weights were imported, or if its experiment is not a listed one.
    """
    experiment = run.config.experiment
    name = listed_name(experiment)
    if run.config.imported_from is not None or name is None:
        return None
    changes = {recipe: changed_fields(experiment, find_experiment(name, recipe)) for recipe in recipes}
    recipe = min(changes, key=lambda name: len(changes[name]))
    args = ["drumhead", "train", name, *([] if recipe == "paper" else ["--recipe", recipe])]
    for name, value in {"seed": experiment.seed, **changes[recipe]}.items():
        values = value if isinstance(value, list | tuple) else [value]
        args += [f"--{name.replace('_', '-')}", *map(str, values)]
    if run.config.initial_weights is not None:
        args += ["--from", run.config.initial_weights.source]
    if experiment.dataset is None:
        args += ["--data", run.config.data.folder]
    return shlex.join(args)


def listed_name(experiment: Experiment) -> str | None:
    """Return the name by which an experiment is trained: its own, or a plain name on its data; None without one."""
    if experiment.name in experiment_specs():
        return experiment.name
    model = experiment.model
    plain = experiment_name("", model).removeprefix("-")
    is_on_own_data = experiment.dataset is None and experiment.name.endswith(f"-{plain}")
    return plain if is_on_own_data and own_data_experiment(plain) is not None else None


def changed_fields(experiment: Experiment, listed: Experiment) -> dict[str, object]:
    """Return the fields that differ from the listed experiment with a recipe, by dotted name."""
    ignored = {"name", "seed", *({"dataset"} if experiment.dataset is None else ())}
    before, after = (flatten(each.model_dump(exclude=ignored)) for each in (listed, experiment))
    return {name: value for name, value in after.items() if before.get(name) != value}
