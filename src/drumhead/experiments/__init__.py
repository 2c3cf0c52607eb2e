"""What to run: the paper's experiments, the demo, and what an experiment is made of."""

from __future__ import annotations

from functools import cache

from drumhead.experiments.experiment import Experiment
from drumhead.experiments.experiment_spec import ExperimentSpec, experiment_name, variant_field
from drumhead.experiments.extra import extra_experiments
from drumhead.experiments.published import published_experiments
from drumhead.experiments.recipe import Precision, Recipe
from drumhead.experiments.recipes import RECIPES, RecipeName

__all__ = [
    "RECIPES",
    "Experiment",
    "ExperimentSpec",
    "Precision",
    "Recipe",
    "RecipeName",
    "experiment_name",
    "experiment_specs",
    "find_experiment",
    "variant_field",
]


def experiment_specs() -> dict[str, ExperimentSpec]:
    """Every experiment that can be trained by name: the paper's, then our own."""
    return {spec.experiment.name: spec for spec in _all_specs()}


@cache
def _all_specs() -> tuple[ExperimentSpec, ...]:
    """All of them, read once: a table of many runs asks for each."""
    return (*published_experiments(), *extra_experiments())


def find_experiment(name: str, recipe: RecipeName = "paper") -> Experiment:
    """The experiment of that name, with a recipe applied.

    Raises:
        ValueError: for an unknown name, with the names there are.

    >>> find_experiment("tetrominoes-nwm-linear").recipe.epochs
    300
    """
    specs = experiment_specs()
    if name not in specs:
        raise ValueError(f"no experiment is called {name!r}; there are: {', '.join(specs)}")
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {recipe!r}")
    return RECIPES[recipe](specs[name].experiment)
