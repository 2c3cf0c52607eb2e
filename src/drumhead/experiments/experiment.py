"""An experiment: a dataset, a model, a recipe and a seed, under a name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from drumhead.config import Config
from drumhead.data import DatasetConfig, TetrominoConfig
from drumhead.experiments.recipe import Recipe
from drumhead.models import ModelConfig
from drumhead.string_types import FileName


class Experiment(Config):
    """All that determines a training, but for the machine it runs on."""

    name: FileName
    """The experiment's name, from which its run folders have theirs."""
    dataset: Annotated[DatasetConfig | None, Field(discriminator="name")] = TetrominoConfig()
    """How the data is made; none where a folder of data is given."""
    model: ModelConfig
    """The model."""
    recipe: Recipe = Recipe()
    """How it is trained."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the initial weights, of shuffling, and of pixel sampling, each with a stream of its own."""
