"""Movies of waves beside the images that struck the drum and what was heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drumhead.report.colours import Pixels, class_colours, colour_image, colour_masks, wave_limit
from drumhead.report.movies.movie_files import check_movie, write_movie
from drumhead.report.movies.movie_grid import Board
from drumhead.report.sample_states import Heard


def wave_movie(
    samples: Sequence[Heard],
    *,
    channels: Sequence[str],
    class_names: Sequence[str],
    path: Path,
    frames_per_second: float = 20,
    scale: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie with a row for each sample: input, truth, prediction, and its waves, a frame per step.

    The colours of a channel run from minus to plus :func:`~drumhead.report.colours.wave_limit` of it over all
    samples and all time; the bar below it gives the limits.

    Args:
        samples: fields of one shape. Truth is shown if it is known of all.
        channels: what the channels of the fields are called.
        class_names: one per class, background first; the legend has those that occur.
        path: ending in .gif or .mp4, see :mod:`drumhead.report.movies.movie_files`.
        frames_per_second: above 0 and at most 50.
        scale: pixels of the movie per pixel of the image, each way; by default panels are about 192 high if they
            fit on a screen, and images of more than 384 pixels a side are thinned.
        progress: called with the number of frames drawn and the total.

    Raises:
        ValueError: no samples, shapes that do not fit, a class without a name, a field that is not finite, or a file,
            speed or scale that cannot be.
    """
    check_movie(path, frames_per_second)
    if scale is not None and scale < 1:
        raise ValueError(f"scale must be a whole number of pixels, 1 or more; got {scale}")
    if not samples:
        raise ValueError("a movie needs at least one sample; got none")
    if any(sample.mask is None for sample in samples):
        samples = [sample._replace(mask=None) for sample in samples]
    for sample in samples:
        _check(sample, samples[0].field.shape, channels=len(channels), classes=len(class_names))

    limits = np.array([wave_limit([sample.field[:, i] for sample in samples]) for i in range(len(channels))])
    board = Board(
        [(sample.title, _stills(sample)) for sample in samples],
        dict(zip(channels, limits.tolist(), strict=True)),
        legend=_legend(samples, class_names),
        steps=len(samples[0].field),
        scale=scale,
    )
    write_movie(_frames(board, samples, limits, progress), board.palette, path, frames_per_second=frames_per_second)


def _stills(sample: Heard) -> dict[str, Pixels]:
    masks = {name: colour_masks(mask) for name, mask in sample.masks.items()}
    return {"input": colour_image(sample.image), **masks}


def _frames(
    board: Board,
    samples: Sequence[Heard],
    limits: npt.NDArray[np.float64],
    progress: Callable[[int, int], None] | None,
) -> Iterator[Pixels]:
    for step in range(board.steps):
        waves_NCHW = np.stack([sample.field[step] for sample in samples]) / limits[:, None, None]
        yield board.frame(waves_NCHW, step + 1)
        if progress is not None:
            progress(step + 1, board.steps)


def _legend(samples: Sequence[Heard], class_names: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
    """Names and colours of the classes that occur."""
    occurring = sorted({label for sample in samples for mask in sample.masks.values() for label in np.unique(mask)})
    colours = class_colours(len(class_names)).tolist()
    return {class_names[label]: tuple(colours[label]) for label in occurring}


def _check(sample: Heard, shape: tuple[int, ...], *, channels: int, classes: int) -> None:
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
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"class_names must name every class of the {name}, {labels.min()} to {labels.max()}, "
                f"counted from 0; got {classes} names"
            )
