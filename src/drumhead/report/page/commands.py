"""The command that repeats a run."""

from __future__ import annotations

import shlex

from drumhead.config import flatten
from drumhead.experiments import RECIPES, Experiment, RecipeName, experiment_specs, find_experiment
from drumhead.runs import Run


def train_command(run: Run) -> str | None:
    """The ``drumhead train`` that makes a run again: its experiment, the nearest recipe, and a flag for what differs.

    None if its weights were imported, or it is none of the listed experiments.
    """
    experiment = run.config.experiment
    if run.config.imported_from is not None or experiment.name not in experiment_specs():
        return None
    changes = {recipe: changed_fields(experiment, recipe) for recipe in RECIPES}
    recipe = min(changes, key=lambda name: len(changes[name]))
    words = ["drumhead", "train", experiment.name, *([] if recipe == "paper" else ["--recipe", recipe])]
    for name, value in {"seed": experiment.seed, **changes[recipe]}.items():
        values = value if isinstance(value, list | tuple) else [value]
        words += [f"--{name.replace('_', '-')}", *map(str, values)]
    if experiment.dataset is None:
        words += ["--data", run.config.data.folder]
    return shlex.join(words)


def changed_fields(experiment: Experiment, recipe: RecipeName) -> dict[str, object]:
    """The fields, under dotted names, that are not as the listed experiment with a recipe has them."""
    usual = find_experiment(experiment.name, recipe)
    left_out = {"name", "seed", *({"dataset"} if experiment.dataset is None else ())}
    before, after = (flatten(each.model_dump(exclude=left_out)) for each in (usual, experiment))
    return {name: value for name, value in after.items() if before.get(name) != value}
