"""Movies of the states of models, with the input, true classes and prediction of each sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import ImageColor

from drumhead.report.colours import Pixels, class_legend, colour_image, colour_masks, present_classes, wave_limit
from drumhead.report.movies.movie_files import MIN_FPS, check_movie, write_movie
from drumhead.report.movies.movie_grid import MovieGrid
from drumhead.report.samples import SampleStates


def wave_movie(
    samples: Sequence[SampleStates],
    *,
    channels: Sequence[str],
    class_names: Sequence[str],
    path: str | Path,
    frames_per_second: float = 20,
    scale: int | None = None,
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie with one row per sample: input, true classes, prediction, and states; a frame for each step shown.

    The colours of a channel are from minus to plus :func:`~drumhead.report.colours.wave_limit` of that channel over all
    samples and all steps. The colour bar below it shows the limits.

    Args:
        samples: the samples, whose fields have the same shape. True classes are shown if all samples have them.
        channels: the title of each channel of the fields.
        class_names: the name of each class, background first; the legend lists those that occur.
        path: a file name that ends in .gif or .mp4, see :mod:`drumhead.report.movies.movie_files`.
        frames_per_second: the number of steps per second of the movie, from 0.01 to 50.
        scale: pixels of the movie per pixel of the image, each way. By default, panels are about 192 pixels high if
            they fit on a screen, and images with more than 384 pixels a side are subsampled.
        every: show every n-th step only, for a smaller file; 1 or more.
        progress: called with the number of frames drawn and the total.

    Raises:
        ValueError: if there are no samples, shapes do not match, a class has no name, a field is not finite, or the
            path, speed or scale is invalid.
    """
    check_movie(path, frames_per_second)
    if scale is not None and scale < 1:
        raise ValueError(f"scale must be a whole number of pixels, 1 or more; got {scale}")
    if not samples:
        raise ValueError("a movie needs at least one sample; got none")
    if any(sample.mask is None for sample in samples):
        samples = [sample._replace(mask=None) for sample in samples]
    for sample in samples:
        _check_sample(sample, samples[0].field.shape, channels=len(channels), classes=len(class_names))

    limits = np.array([wave_limit([sample.field[:, i] for sample in samples]) for i in range(len(channels))])
    grid = MovieGrid(
        [(sample.title, _still_images(sample)) for sample in samples],
        dict(zip(channels, limits.tolist(), strict=True)),
        legend=_legend(samples, class_names),
        steps=len(samples[0].field),
        scale=scale,
    )
    steps = shown_steps(grid.steps, every=every)
    frames = _frames(grid, samples, limits, steps, progress)
    write_movie(frames, grid.palette, path, frames_per_second=max(frames_per_second / every, MIN_FPS))


def shown_steps(steps: int, *, every: int) -> range:
    """Return the time steps that a movie shows, counted from 0: every n-th, or the last one if there are fewer.

    Raises:
        ValueError: if ``every`` is below 1.

    >>> list(shown_steps(7, every=2)), list(shown_steps(3, every=5))
    ([1, 3, 5], [2])
    """
    if every < 1:
        raise ValueError(f"every must be a whole number of steps, 1 or more; got {every}")
    return range(min(every, steps) - 1, steps, every)


def _still_images(sample: SampleStates) -> dict[str, Pixels]:
    masks = {name: colour_masks(mask) for name, mask in sample.masks.items()}
    return {"input": colour_image(sample.image), **masks}


def _frames(
    grid: MovieGrid,
    samples: Sequence[SampleStates],
    limits: npt.NDArray[np.float64],
    steps: Sequence[int],
    progress: Callable[[int, int], None] | None,
) -> Iterator[Pixels]:
    for drawn, step in enumerate(steps, start=1):
        waves_NCHW = np.stack([sample.field[step] for sample in samples]) / limits[:, None, None]
        yield grid.frame(waves_NCHW, step + 1)
        if progress is not None:
            progress(drawn, len(steps))


def _legend(samples: Sequence[SampleStates], class_names: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """Return the colour of each class that occurs, and of ignored pixels if there are any, by name."""
    legend = class_legend([mask for sample in samples for mask in sample.masks.values()], class_names)
    return {name: ImageColor.getrgb(colour) for name, colour in legend.items()}


def _check_sample(sample: SampleStates, shape: tuple[int, ...], *, channels: int, classes: int) -> None:
    image, field = sample.image, sample.field
    if image.ndim != 3 or field.ndim != 4 or not field.size or field.shape[2:] != image.shape[1:]:
        raise ValueError(
            "image must be (channel, height, width), field (time, channel, height, width), on the same grid; "
            f"got {image.shape} and {field.shape}"
        )
    if field.shape != shape or field.shape[1] != channels:
        raise ValueError(
            f"fields of one movie must be of one shape, with the {channels} channels that have names; "
            f"got {shape} and {field.shape}"
        )
    for name, labels in sample.masks.items():
        if labels.shape != image.shape[1:]:
            raise ValueError(f"{name} must be (height, width) = {image.shape[1:]}; got {labels.shape}")
        occurring = present_classes([labels])
        if occurring and (occurring[0] < 0 or occurring[-1] >= classes):
            raise ValueError(
                f"class_names must name every class of the {name}, {occurring[0]} to {occurring[-1]}, "
                f"counted from 0; got {classes} names"
            )
