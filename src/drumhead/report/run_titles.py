"""What runs are called in figures: their model, and what of model and recipe is unusual."""

from __future__ import annotations

from collections.abc import Sequence

from drumhead.config import Config
from drumhead.experiments import PRESETS, Experiment, Recipe, experiment_listings
from drumhead.models import CNNConfig, ModelConfig, UNetConfig, model_config
from drumhead.runs import Run

FAMILIES = {"nwm": "NWM", "conv_rnn": "RNN", "conv_gru": "GRU", "conv_lstm": "LSTM", "cnn": "CNN", "unet": "U-Net"}
DATASETS = {"mnist": "MNIST", "multi_mnist": "Multi-MNIST", "polygons": "Polygons", "tetrominoes": "Tetrominoes"}


def model_title(experiment: Experiment) -> str:
    """The model, its variant, and what of it differs from the listed experiment of that name.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> model_title(experiment), model_title(experiment.replace(model=experiment.model.replace(steps=50)))
    ('NWM, linear', 'NWM, linear, steps 50')
    """
    model = experiment.model
    listed = experiment_listings().get(experiment.name)
    usual = listed.experiment.model if listed else model_config(model.name)
    if type(usual) is not type(model):
        usual = model_config(model.name)
    field, variant = _variant(model)
    return ", ".join([FAMILIES[model.name], variant, *_changes(model, usual, apart=("name", "engine", field))])


def recipe_title(experiment: Experiment) -> str:
    """The recipe it is nearest to, and what differs from that.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-cnn-2", "smoke")
    >>> recipe_title(experiment)
    'smoke'
    >>> recipe_title(experiment.replace(recipe=experiment.recipe.replace(epochs=5)))
    'smoke, epochs 5'
    """
    plain = experiment.replace(recipe=Recipe())
    listed = experiment_listings().get(experiment.name)
    changes = {
        name: _changes(experiment.recipe, preset(listed.experiment if listed else plain).recipe)
        for name, preset in PRESETS.items()
    }
    nearest = min(changes, key=lambda name: len(changes[name]))
    return ", ".join([nearest, *changes[nearest]])


def dataset_title(name: str) -> str:
    """A dataset's name, as in a heading; your own keep theirs."""
    return DATASETS.get(name, name)


def run_titles(runs: Sequence[Run]) -> list[str]:
    """A title for each run: its model, or if that does not tell them apart, the name of its folder."""
    titles = [model_title(run.config.experiment) for run in runs]
    if len(set(titles)) < len(runs):
        titles = [run.name for run in runs]
    return titles if len(set(titles)) == len(runs) else [str(run.folder) for run in runs]


def _variant(model: ModelConfig) -> tuple[str, str]:
    """What models of a kind differ in: the field, and in words."""
    if isinstance(model, CNNConfig):
        return "layers", f"{model.layers} layers"
    if isinstance(model, UNetConfig):
        return "width", f"width {model.width}"
    return "readout", model.readout


def _changes(config: Config, usual: Config, apart: Sequence[str] = ()) -> list[str]:
    """Fields that differ, with their values, in words."""
    return [
        f"{name.replace('_', ' ')} {value:g}" if isinstance(value, float) else f"{name.replace('_', ' ')} {value}"
        for name, value in dict(config).items()
        if name not in apart and value != getattr(usual, name)
    ]
