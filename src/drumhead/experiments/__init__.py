"""What to run: the paper's experiments, the demo, and what an experiment is made of."""

from __future__ import annotations

from functools import cache

from drumhead.experiments.experiment import Experiment
from drumhead.experiments.listing import Listing, experiment_name, variant_field
from drumhead.experiments.own import own_listings
from drumhead.experiments.published import published_listings
from drumhead.experiments.recipe import Precision, Recipe
from drumhead.experiments.recipes import RECIPES, RecipeName

__all__ = [
    "RECIPES",
    "Experiment",
    "Listing",
    "Precision",
    "Recipe",
    "RecipeName",
    "experiment_listings",
    "experiment_name",
    "find_experiment",
    "variant_field",
]


def experiment_listings() -> dict[str, Listing]:
    """Every experiment that can be trained by name: the paper's, then our own."""
    return {listing.experiment.name: listing for listing in _listings()}


@cache
def _listings() -> tuple[Listing, ...]:
    """All of them, read once: a table of many runs asks for each."""
    return (*published_listings(), *own_listings())


def find_experiment(name: str, recipe: RecipeName = "paper") -> Experiment:
    """The experiment of that name, with a recipe applied.

    Raises:
        ValueError: for an unknown name, with the names there are.

    >>> find_experiment("tetrominoes-nwm-linear").recipe.epochs
    300
    """
    listings = experiment_listings()
    if name not in listings:
        raise ValueError(f"no experiment is called {name!r}; there are: {', '.join(listings)}")
    if recipe not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {recipe!r}")
    return RECIPES[recipe](listings[name].experiment)
