"""What to run: the paper's experiments, the demo, and what an experiment is made of."""

from __future__ import annotations

from drumhead.experiments.experiment import Experiment
from drumhead.experiments.listing import Listing, experiment_name, variant_field
from drumhead.experiments.own import own_listings
from drumhead.experiments.presets import PRESETS, PresetName
from drumhead.experiments.published import published_listings
from drumhead.experiments.recipe import Recipe

__all__ = [
    "PRESETS",
    "Experiment",
    "Listing",
    "PresetName",
    "Recipe",
    "experiment_listings",
    "experiment_name",
    "find_experiment",
    "variant_field",
]


def experiment_listings() -> dict[str, Listing]:
    """Every experiment that can be trained by name: the paper's, then our own."""
    return {listing.experiment.name: listing for listing in [*published_listings(), *own_listings()]}


def find_experiment(name: str, preset: PresetName = "paper") -> Experiment:
    """The experiment of that name, with a preset applied.

    Raises:
        ValueError: for an unknown name, with the names there are.

    >>> find_experiment("tetrominoes-nwm-linear").recipe.epochs
    300
    """
    listings = experiment_listings()
    if name not in listings:
        raise ValueError(f"no experiment is called {name!r}; there are: {', '.join(listings)}")
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}, got {preset!r}")
    return PRESETS[preset](listings[name].experiment)
