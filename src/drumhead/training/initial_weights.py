"""Training that starts from the weights of another run or of a trained network of the package (fine-tuning).

The new model has the architecture of the source. It may have other classes, images with another number of channels, and
another number of time steps: a layer whose weights have another shape in the source starts with random weights. All
other layers start with those of the source. Such a layer is the last one of the pixel network for another number of
classes, the first one of each encoder for another number of channels, and the readout ``linear`` and the first layer of
the pixel network for another number of steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from drumhead.checksums import tensor_digest
from drumhead.config import Config
from drumhead.data import Dataset
from drumhead.experiments import Experiment, variant_field
from drumhead.models import ModelConfig, Segmenter, build
from drumhead.runs import InitialWeights, Run, RunError
from drumhead.zoo import find_run, is_pretrained, pretrained_folder

FREE_FIELDS = {
    "steps",
    "dt",
    "boundary",
    "nonlinearity",
    "initial_stiffness",
    "initial_damping",
    "initial_speed",
    "engine",
    "chunk_steps",
}
"""Fields of a model that may differ from the source: the same weights have a meaning with any value of them."""


def describe_initial_weights(where: str | Path, experiment: Experiment, dataset: Dataset) -> InitialWeights:
    """Return the record of the weights of a run or trained network, as the initial weights of an experiment on data.

    Raises:
        RunError: if there is no such run, it has no weights, or its model differs in more than the module says; the
            message lists the fields.
    """
    source = Run.open(find_run(where))
    check_same_architecture(source, experiment.model)
    weights = source.load_model().state_dict()
    model = build(experiment.model, in_channels=dataset.channels, classes=len(dataset.class_names))
    return InitialWeights(
        source=source.name if is_pretrained(source.folder) else str(source.folder.resolve()),
        sha256=tensor_digest(weights, {}),
        new_layers=tuple(new_layers(model.state_dict(), weights)),
    )


def with_model_of(where: str | Path, experiment: Experiment) -> Experiment:
    """Return an experiment with the model of a run, all its sizes included, to start from the run's weights.

    Raises:
        RunError: if there is no such run, or it is of another model, readout, number of layers or width.
    """
    source = Run.open(find_run(where))
    model, wanted = source.config.experiment.model, experiment.model
    if model.name != wanted.name or getattr(model, variant_field(model)) != getattr(wanted, variant_field(wanted)):
        check_same_architecture(source, wanted)
    return experiment.replace(model=model)


def check_same_architecture(source: Run, model: ModelConfig) -> None:
    """Raise ``RunError`` if a model is not that of a run, with each field that differs."""
    differences = differing_fields(source.config.experiment.model, model)
    if differences:
        listed = "; ".join(f"model.{name} is {new!r}, not {old!r}" for name, (old, new) in differences.items())
        raise RunError(
            f"this model cannot start from the weights of {source.folder}, because it is another one: {listed}. "
            f"Train the same model, or start from another run"
        )


def differing_fields(source: Config, model: Config) -> dict[str, tuple[object, object]]:
    """Return the fields that must not differ but do, each with its value in the source and in the model."""
    old, new = dict(source), dict(model)
    if old["name"] != new["name"]:
        return {"name": (old["name"], new["name"])}
    return {name: (old[name], new[name]) for name in old if name not in FREE_FIELDS and old[name] != new[name]}


def new_layers(model: Mapping[str, Tensor], source: Mapping[str, Tensor]) -> list[str]:
    """Return the layers of a model, by their names in its state dict, that have another shape in the source."""
    different = [name for name, tensor in model.items() if name not in source or source[name].shape != tensor.shape]
    return list(dict.fromkeys(layer_of(name) for name in different))


def layer_of(name: str) -> str:
    """Return the layer that a tensor of a state dict belongs to, or the tensor itself if it belongs to none.

    >>> layer_of("pixel_network.layers.6.weight"), layer_of("coupling")
    ('pixel_network.layers.6', 'coupling')
    """
    return name.rpartition(".")[0] or name


def load_initial_weights(model: Segmenter, record: InitialWeights) -> None:
    """Replace the weights of a new model by those of the recorded source, except in the new layers.

    Raises:
        RunError: if the source is gone, or its weights have changed since they were recorded.
    """
    weights = Run.open(pretrained_folder(record.source) or record.source).load_model().state_dict()
    if tensor_digest(weights, {}) != record.sha256:
        raise RunError(
            f"the weights of {record.source} have changed since this run began to start from them: "
            "train in another folder"
        )
    kept = {name: tensor for name, tensor in weights.items() if layer_of(name) not in record.new_layers}
    model.load_state_dict({**model.state_dict(), **kept})


def initial_model(run: Run) -> Segmenter:
    """Return the untrained model of a run, with the initial weights of its configuration.

    A run that has a checkpoint resumes from it, so it needs its source no more.
    """
    model = run.new_model()
    resumes = run.checkpoint_path.is_file() or run.previous_checkpoint_path.is_file()
    if run.config.initial_weights is not None and not resumes:
        load_initial_weights(model, run.config.initial_weights)
    return model
