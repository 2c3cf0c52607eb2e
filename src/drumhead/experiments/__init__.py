"""Experiments that can be trained by name: the paper's and others, and the recipes that train them."""

from __future__ import annotations

from functools import cache

from drumhead.experiments.experiment import Experiment
from drumhead.experiments.experiment_spec import ExperimentSpec, experiment_name, variant_field
from drumhead.experiments.extra import extra_experiments
from drumhead.experiments.own_data import PLAIN_NAMES, own_data_experiment, own_data_name
from drumhead.experiments.published import published_experiments
from drumhead.experiments.recipe import Precision, Recipe
from drumhead.experiments.recipes import RECIPES, RecipeName
from drumhead.suggestions import did_you_mean, nearest_names

__all__ = [
    "PLAIN_NAMES",
    "RECIPES",
    "Experiment",
    "ExperimentSpec",
    "Precision",
    "Recipe",
    "RecipeName",
    "experiment_name",
    "experiment_specs",
    "find_experiment",
    "own_data_experiment",
    "own_data_name",
    "variant_field",
]


def experiment_specs() -> dict[str, ExperimentSpec]:
    """Return every experiment that can be trained by name: the paper's, then the extra ones."""
    return {spec.experiment.name: spec for spec in _all_specs()}


@cache
def _all_specs() -> tuple[ExperimentSpec, ...]:
    """Return all specs, which are read once, because a table of many runs looks up each."""
    return (*published_experiments(), *extra_experiments())


def find_experiment(name: str, recipe: RecipeName = "paper") -> Experiment:
    """Return the experiment with a name, trained by a recipe: a listed one, or a model for your own data (``unet-4``).

    Raises:
        ValueError: if the name or the recipe is unknown.

    >>> find_experiment("tetrominoes-nwm-linear").recipe.epochs
    300
    """
    specs = experiment_specs()
    experiment = specs[name].experiment if name in specs else own_data_experiment(name)
    if experiment is None:
        suggestion = did_you_mean(nearest_names(name, [*specs, *PLAIN_NAMES]))
        raise ValueError(f"no experiment is called {name!r}; {suggestion}`drumhead experiments` lists all")
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {recipe!r}")
    return RECIPES[recipe](experiment)
