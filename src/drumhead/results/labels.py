"""The labels of models and recipes in tables and figures, and the order in which they are listed."""

from __future__ import annotations

import re

from drumhead.config import Config
from drumhead.experiments import RECIPES, Experiment, Recipe, experiment_name, experiment_specs, variant_field
from drumhead.models import ModelConfig

MODEL_LABELS = {"nwm": "NWM", "conv_lstm": "LSTM", "conv_gru": "GRU", "conv_rnn": "RNN", "cnn": "CNN", "unet": "U-Net"}
"""The label of each model, by its name in the registry, in the order of rows."""

READOUTS = ("linear", "fft", "last", "mean", "max")
"""The readouts in the order of tables."""

NON_MODEL_FIELDS = {"name", "engine", "chunk_steps"}
"""Fields of a model's configuration that do not change the model, but only how it is computed."""

INIT_FIELDS = {"initial_stiffness", "initial_damping", "initial_speed", "keep_stable"}
"""Fields of a model's configuration that change where its training starts and what it may reach; they are listed with
the recipe."""


def variant_name(dataset: str, model: ModelConfig) -> str:
    """Return a model's readout, layers or width, then every field that differs from the listed experiment.

    >>> from drumhead.models import model_config
    >>> variant_name("tetrominoes", model_config("nwm", readout="fft"))
    'fft'
    >>> variant_name("tetrominoes", model_config("cnn", layers=4, pixel_widths=(32, 8)))
    '4, pixel widths 32-8'
    """
    main = variant_field(model)
    value = str(getattr(model, main))
    spec = experiment_specs().get(experiment_name(dataset, model))
    default: Config = type(model).model_validate({"name": model.name}) if spec is None else spec.experiment.model
    return ", ".join([value, *changed_fields(model, default, ignore={main, *NON_MODEL_FIELDS, *INIT_FIELDS})])


def join_experiment_name(dataset: str, model: str, variant: str) -> str:
    """Return the name of a listed experiment.

    >>> join_experiment_name("multi_mnist", "conv_lstm", "linear")
    'multi-mnist-lstm-linear'
    """
    return f"{dataset.replace('_', '-')}-{model.removeprefix('conv_')}-{variant}"


def split_experiment_name(name: str) -> tuple[str, str, str]:
    """Return the dataset, model and variant of a listed experiment from its name.

    >>> split_experiment_name("multi-mnist-lstm-linear")
    ('multi_mnist', 'conv_lstm', 'linear')
    """
    dataset, model, value = name.rsplit("-", 2)
    return dataset.replace("-", "_"), model if model in MODEL_LABELS else f"conv_{model}", value


def model_label(model: str, variant: str) -> str:
    """Return a model's name in a table.

    >>> model_label("conv_lstm", "linear, steps 5")
    'LSTM linear, steps 5'
    """
    return f"{MODEL_LABELS.get(model, model)} {variant}"


def labels_match(first: str, second: str) -> bool:
    """Return whether two labels are equal up to case, spaces and punctuation.

    >>> labels_match("nwm-linear", "NWM linear"), labels_match("unet 4", "U-Net 4"), labels_match("CNN 2", "CNN 32")
    (True, True, False)
    """
    left, right = (re.sub(r"[\W_]", "", label.casefold()) for label in (first, second))
    return left == right


def table_sort_key(model: str, variant: str) -> tuple[int, int, str]:
    """Return the key that the rows of a table are sorted by: the model, then the readout or size."""
    model_position = list(MODEL_LABELS).index(model) if model in MODEL_LABELS else len(MODEL_LABELS)
    main = variant.split(",")[0]
    position = int(main) if main.isdecimal() else READOUTS.index(main) if main in READOUTS else len(READOUTS)
    return model_position, position, variant


def experiment_label(experiment: Experiment) -> str:
    """Return the label of an experiment's model, with every field that differs from the listed experiment.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> experiment_label(experiment), experiment_label(experiment.replace(model=experiment.model.replace(steps=50)))
    ('NWM linear', 'NWM linear, steps 50')
    """
    dataset = "" if experiment.dataset is None else experiment.dataset.name
    return model_label(experiment.model.name, variant_name(dataset, experiment.model))


def recipe_label(experiment: Experiment) -> str:
    """Return the name of the recipe that is nearest to an experiment's, followed by the fields that differ.

    >>> from drumhead.experiments import find_experiment
    >>> experiment = find_experiment("tetrominoes-nwm-linear")
    >>> recipe_label(experiment), recipe_label(experiment.replace(recipe=experiment.recipe.replace(epochs=5)))
    ('paper', 'paper, epochs 5')
    """
    model = experiment.model
    fields = type(model).model_fields
    default_init = {name: fields[name].default for name in INIT_FIELDS & set(fields)}
    base = experiment.replace(recipe=Recipe(), model=model.replace(**default_init))

    def changes_from(other: Experiment) -> list[str]:
        init_changes = changed_fields(model, other.model, ignore=set(fields) - INIT_FIELDS)
        return [*changed_fields(experiment.recipe, other.recipe, ignore=set()), *init_changes]

    changes = {name: changes_from(make(base)) for name, make in RECIPES.items()}
    nearest = min(changes, key=lambda name: len(changes[name]))
    return ", ".join([nearest, *changes[nearest]])


def changed_fields(config: Config, default: Config, *, ignore: set[str]) -> list[str]:
    """Return the fields that differ from the default, each with its value, as text."""
    return [
        f"{name.replace('_', ' ')} {format_value(value)}"
        for name, value in config
        if name not in ignore and value != getattr(default, name)
    ]


def format_value(value: object) -> str:
    """Return the value of a field as text without spaces or commas."""
    if isinstance(value, tuple):
        return "-".join(map(format_value, value))
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
