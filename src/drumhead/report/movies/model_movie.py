"""The movie of a model's waves on samples of a dataset, or on any images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from typing_extensions import TypedDict, Unpack

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


class MovieSettings(TypedDict, total=False):
    """How a movie shows the states of a model."""

    channels: Sequence[int]
    """The channels to show, from 0; by default the first 4, or fewer if the model has fewer."""
    frames_per_second: float
    """The number of steps shown per second, from 0.01 to 50; by default 20."""
    scale: int | None
    """Pixels of the movie per pixel of the image, see :func:`drumhead.report.movies.wave_movie.wave_movie`."""
    every: int
    """Show every n-th step only, for a smaller file; 1 or more, by default 1."""


def model_wave_movie(
    model: RecurrentSegmenter,
    dataset: Dataset,
    *,
    split: str,
    samples: Sequence[int],
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    **settings: Unpack[MovieSettings],
) -> None:
    """Write a movie of a model's states on some samples, each with its input, true classes and prediction.

    Warns with ``StabilityWarning`` if the integration scheme is unstable for the model, so that the waves are numerical
    artefacts.

    Args:
        model: a recurrent model.
        dataset: a dataset that fits the model.
        split: the split of the samples.
        samples: the numbers of the samples, from 0.
        path: a file name that ends in .gif or .mp4.
        progress: called with the number of samples computed plus frames drawn, and the total of both.
        **settings: the settings of the movie.

    Raises:
        ValueError: if there is no such sample or channel, the samples have different sizes, or the movie cannot be
            written.
    """
    check_samples(dataset, split, samples)
    check_same_size(dataset, split, samples)
    rows = [partial(compute_sample_states, model, dataset, split=split, sample=sample) for sample in samples]
    _write_movie(model, rows, class_names=dataset.class_names, path=path, progress=progress, **settings)


def image_wave_movie(
    model: RecurrentSegmenter,
    images: Mapping[str, npt.NDArray[np.floating[Any]]],
    *,
    class_names: Sequence[str],
    path: str | Path,
    progress: Callable[[int, int], None] | None = None,
    **settings: Unpack[MovieSettings],
) -> None:
    """Write a movie of a model's states on images without true classes, each with its input and prediction.

    Warns as :func:`model_wave_movie`.

    Args:
        model: a recurrent model.
        images: the images ``(channel, height, width)`` in [0, 1], with their titles; at least one.
        class_names: the name of each class, background first.
        path, progress, **settings: as in :func:`model_wave_movie`.

    Raises:
        ValueError: if there is no image or no such channel, the images have different sizes, or the movie cannot be
            written.
    """
    check_one_size([image.shape[1:] for image in images.values()])
    rows = [
        partial(compute_image_states, model, torch.from_numpy(image)[None], title=title)
        for title, image in images.items()
    ]
    _write_movie(model, rows, class_names=class_names, path=path, progress=progress, **settings)


def _write_movie(
    model: RecurrentSegmenter,
    rows: Sequence[Callable[..., SampleStates]],
    *,
    class_names: Sequence[str],
    path: str | Path,
    progress: Callable[[int, int], None] | None,
    channels: Sequence[int] = (),
    frames_per_second: float = 20,
    scale: int | None = None,
    every: int = 1,
) -> None:
    """Write a movie whose rows are computed by functions of the channels."""
    check_movie(path, frames_per_second)
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
