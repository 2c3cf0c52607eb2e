"""The movie of a model's waves on samples of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from drumhead.data import Dataset
from drumhead.models import RecurrentSegmenter
from drumhead.report.movies.movie_files import check_movie
from drumhead.report.movies.wave_movie import wave_movie
from drumhead.report.samples import check_channels, check_samples, hear

MOST_CHANNELS = 4
"""Channels shown unless others are chosen."""


def sample_movie(
    model: RecurrentSegmenter,
    dataset: Dataset,
    *,
    split: str,
    samples: Sequence[int],
    channels: Sequence[int] = (),
    path: Path,
    frames_per_second: float = 20,
    scale: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie of the waves on some samples, each beside its input, truth and prediction.

    Warns with ``StabilityWarning`` if the waves are the scheme's rather than the equation's.

    Args:
        model: a recurrent model.
        dataset: one that fits it.
        split: which images the samples are from.
        samples: their numbers, from 0.
        channels: of the field, from 0; by default the first 4, or as many as there are.
        path: ending in .gif or .mp4.
        frames_per_second: steps in a second, from 0.01 to 50.
        scale: pixels of the movie per pixel of the image, as of :func:`drumhead.report.movies.wave_movie.wave_movie`.
        progress: called with the number of samples heard and frames drawn, and the total of both.

    Raises:
        ValueError: if there is no such sample or channel, or the movie cannot be written.
    """
    check_movie(path, frames_per_second)
    check_samples(dataset, split, samples)
    channels = channels or range(min(MOST_CHANNELS, model.config.hidden_channels))
    check_channels(model, channels)
    report = progress or (lambda done, total: None)
    total = len(samples) + model.config.steps
    heard = []
    for sample in samples:
        heard.append(hear(model, dataset, split=split, sample=sample, channels=channels))
        report(len(heard), total)
    if len(heard) == 1:  # the name of the file tells which sample it is
        heard = [heard[0]._replace(title="")]
    wave_movie(
        heard,
        channels=[f"channel {channel}" for channel in channels],
        class_names=dataset.class_names,
        path=path,
        frames_per_second=frames_per_second,
        scale=scale,
        progress=lambda drawn, _: report(len(samples) + drawn, total),
    )
