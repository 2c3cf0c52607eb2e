"""Runs and the samples they are shown on: what went in, what is true, what a run heard and said."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import torch

from drumhead.data import Dataset, DatasetError, to_tensors
from drumhead.evaluation import open_run_dataset
from drumhead.fields import StabilityWarning
from drumhead.models import FAMILIES, RecurrentSegmenter
from drumhead.report.sample_states import Heard
from drumhead.runs import Run


def shared_dataset(runs: Sequence[Run], folder: Path | None = None) -> Dataset:
    """The data that runs to be shown side by side were all trained on, or other data that fits them all.

    Raises:
        DatasetError: as of :func:`drumhead.evaluation.open_run_dataset`, or if the runs were trained on different data.
    """
    datasets = [open_run_dataset(run, folder) for run in runs]
    for run, dataset in zip(runs, datasets, strict=True):
        if dataset.fingerprint != datasets[0].fingerprint:
            raise DatasetError(
                f"runs side by side need samples of one dataset: {runs[0].folder} was trained on {datasets[0].folder}, "
                f"{run.folder} on {dataset.folder}; name one with --data"
            )
    return datasets[0]


def check_samples(dataset: Dataset, split: str, samples: Sequence[int]) -> None:
    """Raise ``ValueError`` where a split has no samples of these numbers."""
    count = len(dataset.splits[split].images)
    wrong = [sample for sample in samples if not 0 <= sample < count]
    if wrong or not samples:
        listed = ", ".join(map(str, wrong)) or "none"
        raise ValueError(f"samples must be from 0 to {count - 1} in {split} of {dataset.folder}; got {listed}")


def recurrent_model(run: Run) -> RecurrentSegmenter:
    """The run's model, if it has a field to show.

    Raises:
        ValueError: if it is not recurrent, with the names of those that are.
    """
    model = run.load_model()
    if not isinstance(model, RecurrentSegmenter):
        recurrent = [config for config, family in FAMILIES.items() if issubclass(family, RecurrentSegmenter)]
        names = [name for config in recurrent for name in get_args(config.model_fields["name"].annotation)]
        raise ValueError(
            f"{run.folder} is a {model.config.name}, which has no states in time and so no waves; waves are of "
            f"{', '.join(names)}. `drumhead figure samples` shows the predictions of any model"
        )
    return model


def check_channels(model: RecurrentSegmenter, channels: Sequence[int]) -> None:
    """Raise ``ValueError`` where a model has no channels of these numbers."""
    count = model.config.hidden_channels
    wrong = [channel for channel in channels if not 0 <= channel < count]
    if wrong or not channels:
        listed = ", ".join(map(str, wrong)) or "none"
        raise ValueError(f"channels must be from 0 to {count - 1} for this {model.config.name}; got {listed}")


def hear(model: RecurrentSegmenter, dataset: Dataset, *, split: str, sample: int, channels: Sequence[int]) -> Heard:
    """Let a model hear one sample.

    Warns with ``StabilityWarning``, once for all samples, if the waves are the scheme's rather than the equation's.
    """
    images, masks = to_tensors(dataset.splits[split], [sample])
    if doubt := model.stability_warning(images):
        warnings.warn(doubt, StabilityWarning, stacklevel=1)
    with torch.inference_mode():
        field = model.states(images)
        prediction = model.forward_head(field).argmax(dim=1)
    shown = field[0, :, list(channels)]
    return Heard(f"{split} {sample}", images[0].numpy(), masks[0].numpy(), prediction[0].numpy(), shown.numpy())
