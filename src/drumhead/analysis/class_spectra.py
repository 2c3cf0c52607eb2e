"""What the pixels of each class hear: a sample of their time series, and the average spectrum of each class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from torch import Tensor

from drumhead.analysis.spectrum import Floats, Spectrum


class PixelSeries(NamedTuple):
    """Time series of some pixels of some images."""

    series: npt.NDArray[np.float32]
    """``(pixel, channel, time)``."""
    labels: npt.NDArray[np.int64]
    """``(pixel,)``: the true class of each."""
    images: npt.NDArray[np.int64]
    """``(pixel,)``: the number of the image each is from."""


class ClassSpectra(NamedTuple):
    """Average amplitudes of each class, over its pixels; NaN for a class without any."""

    frequencies: Floats
    """``(bin,)``, cycles per unit of time."""
    mean: Floats
    """``(class, channel, bin)``."""
    spread: Floats
    """``(class, channel, bin)``: standard deviation over pixels."""
    pixels: npt.NDArray[np.int64]
    """``(class,)``: how many there were."""


def sample_time_series(
    batches: Iterable[tuple[Tensor, Tensor]], *, per_class: int, generator: np.random.Generator
) -> PixelSeries:
    """Time series of pixels at random places, up to ``per_class`` of each class in each image.

    So a small shape is heard as much as a large one, and background no more than any.

    Args:
        batches: fields ``(batch, time, channel, height, width)`` with their masks ``(batch, height, width)``.
        per_class: 1 or more.
        generator: draws them.

    Raises:
        ValueError: if there are no images, or masks do not fit their field.
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
            for label in np.unique(mask):
                rows, columns = np.nonzero(mask == label)
                chosen = generator.permutation(len(rows))[:per_class]
                series.append(np.moveaxis(field[:, :, rows[chosen], columns[chosen]], -1, 0).swapaxes(1, 2))
                labels.append(np.full(len(chosen), label, np.int64))
                images.append(np.full(len(chosen), number, np.int64))
            number += 1
    if not series:
        raise ValueError("there must be at least one image to hear; got none")
    return PixelSeries(*(np.concatenate(parts) for parts in (series, labels, images)))


def average_spectra(spectrum: Spectrum, labels: npt.ArrayLike, *, classes: int) -> ClassSpectra:
    """The mean and spread of each class's amplitudes.

    Args:
        spectrum: amplitudes ``(pixel, channel, bin)``.
        labels: the class of each pixel, ``(pixel,)``.
        classes: how many there are.
    """
    known, amplitudes = np.asarray(labels), spectrum.amplitudes
    if amplitudes.ndim != 3 or known.shape != (len(amplitudes),):
        raise ValueError(
            f"amplitudes must be (pixel, channel, bin) and labels (pixel,); got {amplitudes.shape} and {known.shape}"
        )
    mean, spread = np.full((2, classes, *amplitudes.shape[1:]), np.nan)
    for label in np.unique(known):
        mean[label] = amplitudes[known == label].mean(axis=0)
        spread[label] = amplitudes[known == label].std(axis=0)
    return ClassSpectra(spectrum.frequencies, mean, spread, np.bincount(known, minlength=classes))
