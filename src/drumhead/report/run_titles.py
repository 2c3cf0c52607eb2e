"""What runs are called in figures: their model, and what of model and recipe is unusual."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from drumhead.config import Config
from drumhead.experiments import PRESETS, Experiment, Listing, Recipe, experiment_listings, variant_field
from drumhead.models import model_config
from drumhead.runs import Run

MODELS = {"nwm": "NWM", "conv_lstm": "LSTM", "conv_gru": "GRU", "conv_rnn": "RNN", "cnn": "CNN", "unet": "U-Net"}
DATASETS = {"mnist": "MNIST", "multi_mnist": "Multi-MNIST", "polygons": "Polygons", "tetrominoes": "Tetrominoes"}
UNTOLD = ("name", "engine")
"""Fields of models that a title does not tell: engines agree to rounding."""


def model_title(experiment: Experiment) -> str:
    """The model, its readout or size, and what of it differs from the listed experiment of that name.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> model_title(experiment), model_title(experiment.replace(model=experiment.model.replace(steps=50)))
    ('NWM linear', 'NWM linear, steps 50')
    """
    model = experiment.model
    listed = _listings().get(experiment.name)
    usual = listed.experiment.model if listed else model_config(model.name)
    if usual.name != model.name:
        usual = model_config(model.name)
    variant = variant_field(model)
    title = f"{MODELS[model.name]} {getattr(model, variant)}"
    return ", ".join([title, *_changes(model, usual, untold=(*UNTOLD, variant))])


def recipe_title(experiment: Experiment) -> str:
    """The recipe it is nearest to, and what differs from that.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-cnn-2", "smoke")
    >>> recipe_title(experiment)
    'smoke'
    >>> recipe_title(experiment.replace(recipe=experiment.recipe.replace(epochs=5)))
    'smoke, epochs 5'
    """
    listed = _listings().get(experiment.name)
    plain = listed.experiment if listed else experiment.replace(recipe=Recipe())
    changes = {name: _changes(experiment.recipe, preset(plain).recipe) for name, preset in PRESETS.items()}
    nearest = min(changes, key=lambda name: len(changes[name]))
    return ", ".join([nearest, *changes[nearest]])


def dataset_title(name: str) -> str:
    """A dataset's name, as in a heading; your own keep theirs."""
    return DATASETS.get(name, name)


def run_titles(runs: Sequence[Run]) -> list[str]:
    """A title for each run: its model, or if that does not tell them apart, the name or path of its folder."""
    for titles in (
        [model_title(run.config.experiment) for run in runs],
        [run.name for run in runs],
    ):
        if len(set(titles)) == len(runs):
            return titles
    return [str(run.folder) for run in runs]


@cache
def _listings() -> dict[str, Listing]:
    """The listed experiments, made once for however many runs."""
    return experiment_listings()


def _changes(config: Config, usual: Config, untold: Sequence[str] = ()) -> list[str]:
    """Fields that differ, with their values, in words."""
    return [
        f"{name.replace('_', ' ')} {_text(value)}"
        for name, value in dict(config).items()
        if name not in untold and value != getattr(usual, name)
    ]


def _text(value: object) -> str:
    """A field's value, without commas."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
