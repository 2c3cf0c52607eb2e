"""The movie of a model's waves on a sample of a dataset."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

from drumhead.data import Dataset, to_tensors
from drumhead.fields import StabilityWarning
from drumhead.models import RecurrentSegmenter
from drumhead.report.movies import wave_movie


def sample_movie(
    model: RecurrentSegmenter,
    dataset: Dataset,
    *,
    split: str,
    sample: int,
    path: Path,
    frames_per_second: int = 20,
) -> None:
    """Write an animated GIF of the waves on one sample, beside its input, truth and prediction.

    Warns with ``StabilityWarning`` if the waves are the scheme's rather than the equation's.

    Raises:
        ValueError: if there is no such sample.
    """
    count = len(dataset.splits[split].images)
    if not 0 <= sample < count:
        raise ValueError(f"sample must be from 0 to {count - 1} in {split} of {dataset.folder}, got {sample}")
    images, masks = to_tensors(dataset.splits[split], [sample])
    if doubt := model.diagnose(images):
        warnings.warn(doubt, StabilityWarning, stacklevel=2)
    with torch.inference_mode():
        field = model.states(images)
        prediction = model.classify(field).argmax(dim=1)
    wave_movie(
        images[0].numpy(),
        masks[0].numpy(),
        prediction[0].numpy(),
        field[0].numpy(),
        class_names=dataset.class_names,
        path=path,
        frames_per_second=frames_per_second,
    )
