"""The movie of a model's waves on samples of a dataset, or on any images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from drumhead.data import Dataset
from drumhead.models import RecurrentSegmenter
from drumhead.report.movies.movie_files import check_movie
from drumhead.report.movies.wave_movie import shown_steps, wave_movie
from drumhead.report.samples import (
    SampleStates,
    check_channels,
    check_one_size,
    check_same_size,
    check_samples,
    compute_image_states,
    compute_sample_states,
)

DEFAULT_CHANNELS = 4
"""The largest number of channels that are shown by default."""


def model_wave_movie(
    model: RecurrentSegmenter,
    dataset: Dataset,
    *,
    split: str,
    samples: Sequence[int],
    channels: Sequence[int] = (),
    path: str | Path,
    frames_per_second: float = 20,
    scale: int | None = None,
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie of a model's states on some samples, each with its input, true classes and prediction.

    Warns with ``StabilityWarning`` if the integration scheme is unstable for the model, so that the waves are numerical
    artefacts.

    Args:
        model: a recurrent model.
        dataset: a dataset that fits the model.
        split: the split of the samples.
        samples: the numbers of the samples, from 0.
        channels: the channels to show, from 0; by default the first 4, or fewer if the model has fewer.
        path: a file name that ends in .gif or .mp4.
        frames_per_second: the number of steps shown per second, from 0.01 to 50.
        scale: pixels of the movie per pixel of the image, see :func:`drumhead.report.movies.wave_movie.wave_movie`.
        every: show every n-th step only, for a smaller file; 1 or more.
        progress: called with the number of samples computed plus frames drawn, and the total of both.

    Raises:
        ValueError: if there is no such sample or channel, the samples have different sizes, or the movie cannot be
            written.
    """
    check_movie(path, frames_per_second)
    check_samples(dataset, split, samples)
    check_same_size(dataset, split, samples)
    _write_movie(
        model,
        [partial(compute_sample_states, model, dataset, split=split, sample=sample) for sample in samples],
        channels=channels,
        class_names=dataset.class_names,
        path=path,
        frames_per_second=frames_per_second,
        scale=scale,
        every=every,
        progress=progress,
    )


def image_wave_movie(
    model: RecurrentSegmenter,
    images: Mapping[str, npt.NDArray[np.floating[Any]]],
    *,
    class_names: Sequence[str],
    channels: Sequence[int] = (),
    path: str | Path,
    frames_per_second: float = 20,
    scale: int | None = None,
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie of a model's states on images without true classes, each with its input and prediction.

    Warns as :func:`model_wave_movie`.

    Args:
        model: a recurrent model.
        images: the images ``(channel, height, width)`` in [0, 1], with their titles; at least one.
        class_names: the name of each class, background first.
        channels, path, frames_per_second, scale, every, progress: as in :func:`model_wave_movie`.

    Raises:
        ValueError: if there is no image or no such channel, the images have different sizes, or the movie cannot be
            written.
    """
    check_movie(path, frames_per_second)
    check_one_size([image.shape[1:] for image in images.values()])
    _write_movie(
        model,
        [
            partial(compute_image_states, model, torch.from_numpy(image)[None], title=title)
            for title, image in images.items()
        ],
        channels=channels,
        class_names=class_names,
        path=path,
        frames_per_second=frames_per_second,
        scale=scale,
        every=every,
        progress=progress,
    )


def _write_movie(
    model: RecurrentSegmenter,
    rows: Sequence[Callable[..., SampleStates]],
    *,
    channels: Sequence[int],
    class_names: Sequence[str],
    path: str | Path,
    frames_per_second: float,
    scale: int | None,
    every: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write a movie whose rows are computed by functions of the channels."""
    channels = channels or range(min(DEFAULT_CHANNELS, model.config.hidden_channels))
    check_channels(model, channels)
    report = progress or (lambda done, total: None)
    total = len(rows) + len(shown_steps(model.config.steps, every=every))
    computed = []
    for compute in rows:
        computed.append(compute(channels=channels))
        report(len(computed), total)
    if len(computed) == 1:  # the file name identifies the sample
        computed = [computed[0]._replace(title="")]
    wave_movie(
        computed,
        channels=[f"channel {channel}" for channel in channels],
        class_names=class_names,
        path=path,
        frames_per_second=frames_per_second,
        scale=scale,
        every=every,
        progress=lambda drawn, _: report(len(rows) + drawn, total),
    )
