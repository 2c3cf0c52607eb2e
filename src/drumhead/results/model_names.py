"""What models and recipes are called in tables, and in which order they stand."""

from __future__ import annotations

import re

from drumhead.config import Config
from drumhead.experiments import RECIPES, Experiment, Recipe, experiment_name, experiment_specs, variant_field
from drumhead.models import ModelConfig

MODELS = {"nwm": "NWM", "conv_lstm": "LSTM", "conv_gru": "GRU", "conv_rnn": "RNN", "cnn": "CNN", "unet": "U-Net"}
"""Name in the registry, and in tables, whose rows have this order."""

READOUTS = ("linear", "fft", "last", "mean", "max")
"""The order of readouts in tables."""

UNTOLD = {"name", "engine", "chunk_steps"}
"""Fields that make no other model: how it is computed."""

STARTS = {"initial_stiffness", "initial_damping"}
"""Fields that make no other model either, but another training: they are told with the recipe."""


def variant(dataset: str, model: ModelConfig) -> str:
    """The readout, the layers or the width, then every field that is not as the listed experiment of that name has it.

    >>> from drumhead.models import model_config
    >>> variant("tetrominoes", model_config("nwm", readout="fft"))
    'fft'
    >>> variant("tetrominoes", model_config("cnn", layers=4, pixel_widths=(32, 8)))
    '4, pixel widths 32-8'
    """
    main = variant_field(model)
    value = str(getattr(model, main))
    spec = experiment_specs().get(experiment_name(dataset, model))
    usual: Config = type(model).model_validate({"name": model.name}) if spec is None else spec.experiment.model
    return ", ".join([value, *differences(model, usual, besides={main, *UNTOLD, *STARTS})])


def listed_name(dataset: str, model: str, variant: str) -> str:
    """The name a listed experiment has.

    >>> listed_name("multi_mnist", "conv_lstm", "linear")
    'multi-mnist-lstm-linear'
    """
    return f"{dataset.replace('_', '-')}-{model.removeprefix('conv_')}-{variant}"


def parts_of_name(name: str) -> tuple[str, str, str]:
    """Dataset, model and variant of a listed experiment, from its name.

    >>> parts_of_name("multi-mnist-lstm-linear")
    ('multi_mnist', 'conv_lstm', 'linear')
    """
    dataset, model, value = name.rsplit("-", 2)
    return dataset.replace("-", "_"), model if model in MODELS else f"conv_{model}", value


def label(model: str, variant: str) -> str:
    """A model's name in a table.

    >>> label("conv_lstm", "linear, steps 5")
    'LSTM linear, steps 5'
    """
    return f"{MODELS.get(model, model)} {variant}"


def same_name(one: str, other: str) -> bool:
    """Whether two names in tables are one, whatever their capitals, spaces and hyphens.

    >>> same_name("nwm-linear", "NWM linear"), same_name("unet 4", "U-Net 4"), same_name("CNN 2", "CNN 32")
    (True, True, False)
    """
    left, right = (re.sub(r"[\W_]", "", name.casefold()) for name in (one, other))
    return left == right


def file_name(title: str) -> str:
    """A title as part of a file's name: whatever is in it, it names no folder.

    >>> file_name("NWM linear, steps 50"), file_name("../../S/Z")
    ('nwm-linear-steps-50', 's-z')
    """
    return re.sub(r"[^a-z0-9.]+", "-", title.lower()).strip("-.")


def table_order(model: str, variant: str) -> tuple[int, int, str]:
    """What rows of a table are sorted by: kind of model, then readout or size."""
    kind = list(MODELS).index(model) if model in MODELS else len(MODELS)
    first = variant.split(",")[0]
    place = int(first) if first.isdecimal() else READOUTS.index(first) if first in READOUTS else len(READOUTS)
    return kind, place, variant


def model_title(experiment: Experiment) -> str:
    """An experiment's model, its readout or size, and what of it is unusual.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> model_title(experiment), model_title(experiment.replace(model=experiment.model.replace(steps=50)))
    ('NWM linear', 'NWM linear, steps 50')
    """
    dataset = "" if experiment.dataset is None else experiment.dataset.name
    return label(experiment.model.name, variant(dataset, experiment.model))


def recipe_name(experiment: Experiment) -> str:
    """The name of the recipe an experiment is trained with; of the nearest one, and what differs, if it is none.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> recipe_name(experiment), recipe_name(experiment.replace(recipe=experiment.recipe.replace(epochs=5)))
    ('paper', 'paper, epochs 5')
    """
    model = experiment.model
    fields = type(model).model_fields
    starts = {name: fields[name].default for name in STARTS & set(fields)}
    plain = experiment.replace(recipe=Recipe(), model=model.replace(**starts))

    def changes_of(made: Experiment) -> list[str]:
        of_start = differences(model, made.model, besides=set(fields) - STARTS)
        return [*differences(experiment.recipe, made.recipe, besides=set()), *of_start]

    changes = {name: changes_of(make(plain)) for name, make in RECIPES.items()}
    nearest = min(changes, key=lambda name: len(changes[name]))
    return ", ".join([nearest, *changes[nearest]])


def differences(config: Config, usual: Config, *, besides: set[str]) -> list[str]:
    """The fields that differ from the usual ones, in words, with their values."""
    return [
        f"{name.replace('_', ' ')} {text(value)}"
        for name, value in config
        if name not in besides and value != getattr(usual, name)
    ]


def text(value: object) -> str:
    """A field's value, without spaces or commas."""
    if isinstance(value, tuple):
        return "-".join(map(str, value))
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
