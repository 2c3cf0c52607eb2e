"""The specification of an experiment: its configuration, its name and its published seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from drumhead.data import DATASETS
from drumhead.experiments.experiment import Experiment
from drumhead.models import CNNConfig, ModelConfig, UNetConfig


class ExperimentSpec(NamedTuple):
    """An experiment and the seeds of its published runs."""

    experiment: Experiment
    seeds: tuple[int, ...] = ()
    """The seeds of the published runs; empty if the paper does not contain this experiment."""

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters."""
        import torch  # only here, because the import takes seconds

        from drumhead.models import build

        dataset = self.experiment.dataset
        assert dataset is not None
        dataset_spec = DATASETS[dataset.name]
        with torch.device("meta"):  # counting needs no values
            model = build(
                self.experiment.model, in_channels=dataset_spec.channels, classes=len(dataset_spec.class_names)
            )
        return model.parameter_count


def make_spec(dataset: str, model: ModelConfig, seeds: Sequence[int] = (), *, suffix: str = "") -> ExperimentSpec:
    """Return a model on a dataset with the paper's recipe; the default seed is the first published one.

    Args:
        dataset: a name in ``drumhead.data.DATASETS``.
        model: the configuration of the model.
        seeds: the seeds of the published runs.
        suffix: added to the name, for a model that differs in other fields than those in its name.
    """
    experiment = Experiment.model_validate(
        {
            "name": experiment_name(dataset, model) + suffix,
            "dataset": DATASETS[dataset].config(),
            "model": model,
            "seed": seeds[0] if seeds else 0,
        }
    )
    return ExperimentSpec(experiment, tuple(seeds))


def experiment_name(dataset: str, model: ModelConfig) -> str:
    """Return the name of an experiment: its dataset, its model, and its readout, number of layers or width.

    >>> from drumhead.models import model_config
    >>> experiment_name("mnist", model_config("conv_lstm", readout="fft"))
    'mnist-lstm-fft'
    >>> experiment_name("multi_mnist", model_config("unet", width=3))
    'multi-mnist-unet-3'
    """
    return f"{dataset.replace('_', '-')}-{model.name.removeprefix('conv_')}-{getattr(model, variant_field(model))}"


def variant_field(model: ModelConfig) -> str:
    """Return the field in which the models of one architecture differ: readout, layers or width."""
    if isinstance(model, CNNConfig):
        return "layers"
    return "width" if isinstance(model, UNetConfig) else "readout"
