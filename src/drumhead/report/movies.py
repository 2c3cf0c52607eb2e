"""Movies of waves beside the image that struck the drum and what was heard, as animated GIFs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from drumhead.files import replacing
from drumhead.report.board import Board
from drumhead.report.colours import Pixels, class_colours, colour_image, colour_masks, wave_limit

MOST_CHANNELS = 4


def wave_movie(
    image: npt.ArrayLike,
    mask: npt.ArrayLike | None,
    prediction: npt.ArrayLike,
    field: npt.ArrayLike,
    *,
    class_names: Sequence[str],
    path: Path,
    frames_per_second: float = 20,
    scale: int | None = None,
) -> None:
    """Write a looping GIF: input, truth, prediction, and the waves of up to four channels, a frame per step.

    The colours of a channel run from minus to plus :func:`~drumhead.report.colours.wave_limit` of it over all
    time; the bar below it gives the limits.

    Args:
        image: (channel, height, width) in [0, 1].
        mask: (height, width), the true classes, or None if they are unknown.
        prediction: (height, width), the predicted classes.
        field: (time, channel, height, width). Of more than 4 channels the first 4 are shown.
        class_names: one per class, background first; the legend has those that occur.
        path: the file to write, whole or not at all.
        frames_per_second: above 0 and at most 50. GIF counts in hundredths of a second, so it is rounded.
        scale: pixels of the movie per pixel of the image, each way; by default panels are about 192 high, and
            images of more than 384 pixels a side are thinned.

    Raises:
        ValueError: shapes that do not fit, a class without a name, a field that is not finite, or a speed or
            scale out of range.
    """
    picture, waves = np.asarray(image), np.asarray(field)
    masks = {"prediction": np.asarray(prediction)}
    if mask is not None:
        masks = {"truth": np.asarray(mask), **masks}
    _check(picture, masks, waves, class_names)
    if not 0 < frames_per_second <= 50:
        raise ValueError(f"frames_per_second must be above 0 and at most 50; got {frames_per_second}")
    if scale is not None and scale < 1:
        raise ValueError(f"scale must be a whole number of pixels, 1 or more; got {scale}")

    shown = waves[:, :MOST_CHANNELS]
    limits = [wave_limit(shown[:, channel]) for channel in range(shown.shape[1])]
    board = Board(
        {"input": colour_image(picture)} | {name: colour_masks(labels) for name, labels in masks.items()},
        {f"channel {i + 1} of {waves.shape[1]}": limit for i, limit in enumerate(limits)},
        legend=_legend(masks, class_names),
        steps=len(waves),
        scale=scale,
    )
    scaled = shown / np.array(limits)[:, None, None]
    frames = (board.frame(waves_CHW, step) for step, waves_CHW in enumerate(scaled, start=1))
    with replacing(path) as temporary:
        _save(frames, board.palette, temporary, milliseconds=10 * round(100 / frames_per_second))


def _save(frames: Iterator[Pixels], palette: Pixels, path: Path, *, milliseconds: int) -> None:
    """Write frames (height, width) of indices into one palette (colour, 3)."""

    def picture(frame: Pixels) -> Image.Image:
        result = Image.fromarray(frame).convert("P")
        result.putpalette(palette.tobytes())
        return result

    first, *others = map(picture, frames)
    # Without optimisation, which would give each frame a palette of its own.
    first.save(path, "GIF", save_all=True, append_images=others, duration=milliseconds, loop=0, optimize=False)


def _legend(masks: Mapping[str, npt.NDArray[Any]], class_names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Names and colours of the classes that occur."""
    occurring = np.unique(np.stack(list(masks.values()))).tolist()
    colours = class_colours(len(class_names)).tolist()
    return {class_names[label]: tuple(colours[label]) for label in occurring}


def _check(
    image: npt.NDArray[Any],
    masks: Mapping[str, npt.NDArray[Any]],
    field: npt.NDArray[Any],
    class_names: Sequence[str],
) -> None:
    if image.ndim != 3 or field.ndim != 4 or not field.size or field.shape[2:] != image.shape[1:]:
        raise ValueError(
            "image must be (channel, height, width), field (time, channel, height, width), on the same grid; "
            f"got {image.shape} and {field.shape}"
        )
    for name, labels in masks.items():
        if labels.shape != image.shape[1:]:
            raise ValueError(f"{name} must be (height, width) = {image.shape[1:]}; got {labels.shape}")
        if labels.min() < 0 or labels.max() >= len(class_names):
            raise ValueError(
                f"class_names must name every class of the {name}, {labels.min()} to {labels.max()}, "
                f"counted from 0; got {list(class_names)}"
            )
