"""An experiment as it is listed: by a name that follows from its parts, with the seeds it was published with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from drumhead.data import DATASETS
from drumhead.experiments.experiment import Experiment
from drumhead.models import CNNConfig, ModelConfig, UNetConfig, build


class ExperimentSpec(NamedTuple):
    """An experiment, and the seeds of its published runs."""

    experiment: Experiment
    seeds: tuple[int, ...] = ()
    """Seeds of the published runs; none if the paper does not have this experiment."""

    @property
    def parameter_count(self) -> int:
        """How many numbers training may change."""
        dataset = self.experiment.dataset
        assert dataset is not None
        kind = DATASETS[dataset.name]
        with torch.device("meta"):  # counting needs no numbers
            model = build(self.experiment.model, in_channels=kind.channels, classes=len(kind.class_names))
        return model.parameter_count


def make_spec(dataset: str, model: ModelConfig, seeds: Sequence[int] = ()) -> ExperimentSpec:
    """A model on a dataset with the paper's recipe; its default seed is the first published one.

    Args:
        dataset: a name from ``drumhead.data.DATASETS``.
        model: the model.
        seeds: of the published runs.
    """
    experiment = Experiment.model_validate(
        {
            "name": experiment_name(dataset, model),
            "dataset": DATASETS[dataset].config(),
            "model": model,
            "seed": seeds[0] if seeds else 0,
        }
    )
    return ExperimentSpec(experiment, tuple(seeds))


def experiment_name(dataset: str, model: ModelConfig) -> str:
    """Dataset, model, and what the models of its kind differ in: the readout, the layers or the width.

    >>> from drumhead.models import model_config
    >>> experiment_name("mnist", model_config("conv_lstm", readout="fft"))
    'mnist-lstm-fft'
    >>> experiment_name("multi_mnist", model_config("unet", width=3))
    'multi-mnist-unet-3'
    """
    return f"{dataset.replace('_', '-')}-{model.name.removeprefix('conv_')}-{getattr(model, variant_field(model))}"


def variant_field(model: ModelConfig) -> str:
    """The field that sets a model apart from the others of its kind."""
    if isinstance(model, CNNConfig):
        return "layers"
    return "width" if isinstance(model, UNetConfig) else "readout"
