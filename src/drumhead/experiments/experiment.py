"""An experiment: a dataset, a model, a recipe and a seed, under a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, model_validator

from drumhead.config import Config
from drumhead.data import DatasetConfig, TetrominoConfig
from drumhead.experiments.recipe import Recipe
from drumhead.models import ModelConfig
from drumhead.renamed_fields import with_current_names
from drumhead.string_types import FileName


class Experiment(Config):
    """Everything that determines a training run, except the machine."""

    name: FileName
    """The name of the experiment, which also names its run folders."""
    dataset: Annotated[DatasetConfig | None, Field(discriminator="name")] = TetrominoConfig()
    """The dataset to make. None: a dataset folder is given instead."""
    model: ModelConfig
    """The model."""
    recipe: Recipe = Recipe()
    """The training recipe."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the initial weights, shuffling and pixel sampling, which use independent random streams."""

    @model_validator(mode="before")
    @classmethod
    def _accept_old_names(cls, values: Any) -> Any:
        """Accept fields under the names that they had in earlier versions."""
        return with_current_names(values) if isinstance(values, Mapping) else values
