"""The study of how a trained neural wave machine represents classes: natural frequencies, spectra, a linear probe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from drumhead.analysis.class_spectra import ClassSpectra, average_spectra, sample_time_series
from drumhead.analysis.natural_frequency import NaturalFrequencies, natural_frequencies
from drumhead.analysis.probe import ProbeScores, probe_across_images
from drumhead.analysis.spectrum import Floats, Window, amplitude_spectrum
from drumhead.data import Dataset, unpadded_loader
from drumhead.evaluation import SplitName, with_progress
from drumhead.models import NWM
from drumhead.short_repr import short_repr


@short_repr
class ClassStudy(NamedTuple):
    """A network's natural frequencies inside and outside shapes, and the spectra at the pixels of each class."""

    images: int
    """The number of images, without those whose pixels are all ignored."""
    inside: NaturalFrequencies
    """The natural frequencies of all foreground pixels, each ``(channel, pixel)``."""
    outside: NaturalFrequencies
    """The natural frequencies of all background pixels, each ``(channel, pixel)``."""
    spectra: ClassSpectra
    """The average spectrum of each class."""
    probe: ProbeScores
    """The scores of a linear probe that predicts a pixel's class from its spectra, all bins and channels."""


def study_dataset(
    model: NWM,
    dataset: Dataset,
    *,
    split: SplitName = "test",
    images: int = 64,
    per_class: int = 50,
    window: Window = "hann",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> ClassStudy:
    """Return the study of a network on the first images of a split, without the pixels that the dataset ignores.

    Args:
        model: a trained network.
        dataset: a dataset that fits the network.
        split: the split that the images are taken from.
        images: the number of images, 2 or more; all images if the split has fewer.
        per_class: the largest number of pixels sampled of each class in each image.
        window: the window function of the spectra.
        seed: the seed of the pixels, and of the images the probe is fitted on.
        progress: called with the number of batches done and the total.

    Raises:
        ValueError: for fewer images or pixels, or as of :func:`study_classes`.
    """
    if images < 2 or per_class < 1 or seed < 0:
        raise ValueError(
            f"images must be 2 or more, per_class 1 or more, seed 0 or more; got {images}, {per_class} and {seed}"
        )
    chosen = dataset.splits[split]
    loader = unpadded_loader(chosen, batch_size=4, samples=images)
    return study_classes(
        model,
        with_progress(loader, len(loader), progress),
        classes=dataset.classes,
        per_class=per_class,
        generator=np.random.default_rng(seed),
        window=window,
        ignored_label=dataset.ignored_label,
    )


def study_classes(
    model: NWM,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    classes: int,
    per_class: int,
    generator: np.random.Generator,
    window: Window = "hann",
    ignored_label: int | None = None,
) -> ClassStudy:
    """Return the study of a network on given images.

    Args:
        model: a trained network.
        batches: images ``(batch, channel, height, width)`` with masks ``(batch, height, width)``, two images at least.
        classes: the number of classes, background included.
        per_class: the largest number of pixels sampled of each class in each image.
        generator: draws the pixels, and the images the probe is fitted on.
        window: the window function of the spectra. Without one, slow drifts leak into all bins and hide the rest.
        ignored_label: the label in the masks of pixels that are left out; none by default.

    Raises:
        ValueError: if there are fewer than two images, or they have no foreground or no background.
    """
    inside: list[Floats] = []
    outside: list[Floats] = []

    def fields() -> Iterator[tuple[Tensor, Tensor]]:
        for images, masks in batches:
            frequencies = np.stack(natural_frequencies(model.encode(images).omega.numpy(), model.coupling.numpy()))
            by_pixel = np.moveaxis(frequencies, 2, -1)  # (kind of frequency, batch, height, width, channel)
            known = masks != ignored_label if ignored_label is not None else torch.ones_like(masks, dtype=torch.bool)
            inside.append(by_pixel[:, (known & (masks != 0)).numpy()])
            outside.append(by_pixel[:, (known & (masks == 0)).numpy()])
            yield model.states(images), masks

    with torch.inference_mode():
        sample = sample_time_series(fields(), per_class=per_class, generator=generator, ignored_label=ignored_label)
    if not (sample.labels != 0).any() or not (sample.labels == 0).any():
        raise ValueError(f"the images must show shapes and background; got only the classes {np.unique(sample.labels)}")
    spectrum = amplitude_spectrum(sample.series, dt=model.config.dt, window=window)
    features = spectrum.amplitudes.reshape(len(sample.labels), -1)
    return ClassStudy(
        images=len(np.unique(sample.images)),
        inside=_concatenate(inside),
        outside=_concatenate(outside),
        spectra=average_spectra(spectrum, sample.labels, classes=classes),
        probe=probe_across_images(features, sample.labels, sample.images, classes=classes, generator=generator),
    )


def _concatenate(parts: list[Floats]) -> NaturalFrequencies:
    """Return the natural frequencies of all pixels, from arrays ``(kind of frequency, pixel, channel)``."""
    return NaturalFrequencies(*np.concatenate(parts, axis=1).swapaxes(1, 2))
