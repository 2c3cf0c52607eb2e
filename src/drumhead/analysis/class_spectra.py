"""Time series sampled from the pixels of each class, and the average spectrum of each class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from drumhead.analysis.spectrum import Floats, Spectrum
from drumhead.short_repr import short_repr


@short_repr
class PixelSeries(NamedTuple):
    """Time series of the field at sampled pixels."""

    series: npt.NDArray[np.float32]
    """``(pixel, channel, time)``."""
    labels: npt.NDArray[np.int64]
    """``(pixel,)``: the true class of each pixel."""
    images: npt.NDArray[np.int64]
    """``(pixel,)``: the number of the image each pixel is from."""


@short_repr
class ClassSpectra(NamedTuple):
    """The average spectrum of each class over its pixels; NaN for a class without pixels."""

    frequencies: Floats
    """``(bin,)``, cycles per unit of time."""
    mean: Floats
    """``(class, channel, bin)``: the mean amplitude over pixels."""
    spread: Floats
    """``(class, channel, bin)``: the standard deviation of the amplitude over pixels."""
    pixels: npt.NDArray[np.int64]
    """``(class,)``: the number of pixels."""


def sample_time_series(
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    per_class: int,
    generator: np.random.Generator,
    ignored_label: int | None = None,
) -> PixelSeries:
    """Return the time series of random pixels, up to ``per_class`` of each class in each image.

    So small and large shapes have the same weight, and background no more than they.

    Args:
        batches: fields ``(batch, time, channel, height, width)`` with their masks ``(batch, height, width)``.
        per_class: the largest number of pixels of each class in each image, 1 or more.
        generator: draws the pixels.
        ignored_label: the label in the masks of pixels that are not sampled; none by default.

    Raises:
        ValueError: if there are no images, all their pixels are ignored, or masks do not fit their field.
    """
    if per_class < 1:
        raise ValueError(f"per_class must be 1 or more, got {per_class}")
    series, labels, images = [], [], []
    number = 0
    for fields, masks in batches:
        if fields.ndim != 5 or masks.shape != (len(fields), *fields.shape[3:]):
            raise ValueError(
                "fields must be (batch, time, channel, height, width) and masks (batch, height, width); "
                f"got {tuple(fields.shape)} and {tuple(masks.shape)}"
            )
        for field, mask in zip(fields.numpy(), masks.numpy(), strict=True):
            for label in np.unique(mask[mask != ignored_label] if ignored_label is not None else mask):
                rows, columns = np.nonzero(mask == label)
                chosen = generator.permutation(len(rows))[:per_class]
                series.append(np.moveaxis(field[:, :, rows[chosen], columns[chosen]], -1, 0).swapaxes(1, 2))
                labels.append(np.full(len(chosen), label, np.int64))
                images.append(np.full(len(chosen), number, np.int64))
            number += 1
    if not series:
        ignored = f" with pixels that are not ignored; got {number} without" if number else "; got none"
        raise ValueError(f"there must be at least one image{ignored}")
    return PixelSeries(*(np.concatenate(parts) for parts in (series, labels, images)))


def average_spectra(spectrum: Spectrum, labels: npt.ArrayLike, *, classes: int) -> ClassSpectra:
    """Return the mean and the standard deviation of each class's amplitudes.

    Args:
        spectrum: amplitudes ``(pixel, channel, bin)``.
        labels: the class of each pixel, ``(pixel,)``.
        classes: the number of classes.
    """
    pixel_classes, amplitudes = np.asarray(labels), spectrum.amplitudes
    if amplitudes.ndim != 3 or pixel_classes.shape != (len(amplitudes),):
        raise ValueError(
            "amplitudes must be (pixel, channel, bin) and labels (pixel,); "
            f"got {amplitudes.shape} and {pixel_classes.shape}"
        )
    mean, spread = np.full((2, classes, *amplitudes.shape[1:]), np.nan)
    for label in np.unique(pixel_classes):
        mean[label] = amplitudes[pixel_classes == label].mean(axis=0)
        spread[label] = amplitudes[pixel_classes == label].std(axis=0)
    return ClassSpectra(spectrum.frequencies, mean, spread, np.bincount(pixel_classes, minlength=classes))
