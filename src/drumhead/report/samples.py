"""Samples of a dataset, and the states and predictions of models on them: what figures and movies show."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from drumhead.data import Dataset, DatasetError, to_tensors
from drumhead.evaluation import open_run_dataset
from drumhead.fields import StabilityWarning
from drumhead.models import FAMILIES, RecurrentSegmenter
from drumhead.report.colours import mark_ignored
from drumhead.runs import Run


class SampleStates(NamedTuple):
    """A sample, and the states and prediction of a recurrent model on it."""

    title: str
    """The title of the sample."""
    image: npt.NDArray[np.floating[Any]]
    """The image ``(channel, height, width)`` in [0, 1]."""
    mask: npt.NDArray[np.integer[Any]] | None
    """The true classes ``(height, width)``, a masked array if some are ignored; None if they are unknown."""
    prediction: npt.NDArray[np.integer[Any]]
    """The predicted classes ``(height, width)``."""
    field: npt.NDArray[np.floating[Any]]
    """The states ``(time, channel, height, width)``, of some or all channels."""

    @property
    def masks(self) -> dict[str, npt.NDArray[np.integer[Any]]]:
        """The true classes, if they are known, and the prediction, by name."""
        return ({} if self.mask is None else {"truth": self.mask}) | {"prediction": self.prediction}


def compute_sample_states(
    model: RecurrentSegmenter, dataset: Dataset, *, split: str, sample: int, channels: Sequence[int]
) -> SampleStates:
    """Return the states and the prediction of a model on one sample.

    Warns with ``StabilityWarning``, once for all samples, if the integration scheme is unstable for the model, so that
    the waves are numerical artefacts.
    """
    images, masks = to_tensors(dataset.splits[split], [sample])
    mask = mark_ignored(masks[0].numpy(), dataset.ignored_label)
    return compute_image_states(model, images, title=f"{split} {sample}", channels=channels)._replace(mask=mask)


def compute_image_states(
    model: RecurrentSegmenter, images: Tensor, *, title: str, channels: Sequence[int]
) -> SampleStates:
    """Return the states and the prediction of a model on a batch of one image, whose true classes are unknown.

    Warns as :func:`compute_sample_states`.
    """
    if message := model.stability_warning(images):
        warnings.warn(message, StabilityWarning, stacklevel=1)
    with torch.inference_mode():
        field = model.states(images)
        prediction = model.forward_head(field).argmax(dim=1)
    return SampleStates(
        title=title,
        image=images[0].numpy(),
        mask=None,
        prediction=prediction[0].numpy(),
        field=field[0, :, list(channels)].numpy(),
    )


def shared_dataset(
    runs: Sequence[Run], folder: str | Path | None = None, *, progress: Callable[[int, int], None] | None = None
) -> Dataset:
    """Return the dataset that all runs were trained on, or the dataset in a folder, if it fits all runs.

    Raises:
        DatasetError: as :func:`drumhead.evaluation.open_run_dataset`, or if the runs were trained on different data.
    """
    folder = None if folder is None else Path(folder)
    datasets = [open_run_dataset(run, folder, progress=progress) for run in runs]
    for run, dataset in zip(runs, datasets, strict=True):
        if dataset.fingerprint != datasets[0].fingerprint:
            raise DatasetError(
                f"runs side by side need samples of one dataset: {runs[0].folder} was trained on {datasets[0].folder}, "
                f"{run.folder} on {dataset.folder}; name one with --data"
            )
    return datasets[0]


def check_samples(dataset: Dataset, split: str, samples: Sequence[int]) -> None:
    """Raise ``ValueError`` if a split does not have the samples with these numbers."""
    count = len(dataset.splits[split].images)
    invalid = [sample for sample in samples if not 0 <= sample < count]
    if invalid or not samples:
        given = ", ".join(map(str, invalid)) or "none"
        raise ValueError(f"samples must be from 0 to {count - 1} in {split} of {dataset.folder}; got {given}")


def check_same_size(dataset: Dataset, split: str, samples: Sequence[int]) -> None:
    """Raise ``ValueError`` if samples of a split have different sizes."""
    sizes = dataset.splits[split].sizes
    if sizes is not None:
        check_one_size([(height, width) for height, width in sizes[list(samples)].tolist()])


def check_one_size(sizes: Sequence[tuple[int, ...]]) -> None:
    """Raise ``ValueError`` if sizes ``(height, width)`` differ."""
    if len(set(sizes)) > 1:
        given = ", ".join(" x ".join(map(str, size)) for size in sizes)
        raise ValueError(
            f"images of one movie must have one height and width; got {given} pixels: make a movie of each, with --each"
        )


def check_channels(model: RecurrentSegmenter, channels: Sequence[int]) -> None:
    """Raise ``ValueError`` if a model does not have the channels with these numbers."""
    count = model.config.hidden_channels
    invalid = [channel for channel in channels if not 0 <= channel < count]
    if invalid or not channels:
        given = ", ".join(map(str, invalid)) or "none"
        raise ValueError(f"channels must be from 0 to {count - 1} for this {model.config.name}; got {given}")


def load_recurrent_model(run: Run) -> RecurrentSegmenter:
    """Return the model of a run, if it is recurrent.

    Raises:
        ValueError: if it is not recurrent, with the names of the recurrent models.
    """
    model = run.load_model()
    if not isinstance(model, RecurrentSegmenter):
        recurrent = [config for config, family in FAMILIES.items() if issubclass(family, RecurrentSegmenter)]
        names = [name for config in recurrent for name in get_args(config.model_fields["name"].annotation)]
        raise ValueError(
            f"{run.folder} is a {model.config.name}, which has no states over time and so no waves; models with waves "
            f"are {', '.join(names)}. `drumhead figure samples` shows the predictions of any model"
        )
    return model
