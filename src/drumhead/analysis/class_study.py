"""The study of what a trained neural wave machine makes of classes: natural frequencies, spectra, a linear probe."""

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
from drumhead.data import Dataset, image_loader
from drumhead.evaluation import SplitName, with_progress
from drumhead.models import NWM


class ClassStudy(NamedTuple):
    """What a network's sheets are like inside and outside shapes, and what the pixels of each class hear."""

    images: int
    """How many were heard."""
    inside: NaturalFrequencies
    """Of all foreground pixels, each ``(channel, pixel)``."""
    outside: NaturalFrequencies
    """Of all background pixels, likewise."""
    spectra: ClassSpectra
    """Average amplitudes of each class."""
    probe: ProbeScores
    """How well those amplitudes, of all bins and channels, tell the class of a pixel."""


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
    """The study of a network on the first images of a split.

    Args:
        model: a trained network.
        dataset: one that fits it.
        split: which images.
        images: how many are heard, 2 or more, or all if there are fewer.
        per_class: pixels heard of each class in each image, at most.
        window: of the spectra.
        seed: of the pixels, and of the images the probe is fitted on.
        progress: called with the number of batches heard and the total.

    Raises:
        ValueError: for fewer images or pixels, or as of :func:`study_classes`.
    """
    if images < 2 or per_class < 1 or seed < 0:
        raise ValueError(
            f"images must be 2 or more, per_class 1 or more, seed 0 or more; got {images}, {per_class} and {seed}"
        )
    chosen = dataset.splits[split]
    loader = image_loader(chosen, batch_size=4, order=range(min(images, len(chosen.images))))
    return study_classes(
        model,
        with_progress(loader, len(loader), progress),
        classes=dataset.classes,
        per_class=per_class,
        generator=np.random.default_rng(seed),
        window=window,
    )


def study_classes(
    model: NWM,
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    classes: int,
    per_class: int,
    generator: np.random.Generator,
    window: Window = "hann",
) -> ClassStudy:
    """Let a network hear images, and see what its sheets and its pixels' spectra tell of the classes.

    Args:
        model: a trained network.
        batches: images ``(batch, channel, height, width)`` with masks ``(batch, height, width)``, two images at least.
        classes: how many there are, background included.
        per_class: pixels heard of each class in each image, at most.
        generator: draws the pixels, and the images the probe is fitted on.
        window: of the spectra. Without one, what drifts in the time heard leaks into all bins and hides the rest.

    Raises:
        ValueError: if there are no two images, or no foreground or no background in any of them.
    """
    inside: list[Floats] = []
    outside: list[Floats] = []

    def fields() -> Iterator[tuple[Tensor, Tensor]]:
        for images, masks in batches:
            found = np.stack(natural_frequencies(model.encode(images).omega.numpy(), model.coupling.numpy()))
            by_pixel = np.moveaxis(found, 2, -1)  # (which, batch, height, width, channel)
            foreground = masks.numpy() != 0
            inside.append(by_pixel[:, foreground])
            outside.append(by_pixel[:, ~foreground])
            yield model.states(images), masks

    with torch.inference_mode():
        heard = sample_time_series(fields(), per_class=per_class, generator=generator)
    if not (heard.labels != 0).any() or not (heard.labels == 0).any():
        raise ValueError(f"the images must show shapes and background; got the classes {np.unique(heard.labels)} alone")
    spectrum = amplitude_spectrum(heard.series, dt=model.config.dt, window=window)
    features = spectrum.amplitudes.reshape(len(heard.labels), -1)
    return ClassStudy(
        images=int(heard.images[-1]) + 1,
        inside=_joined(inside),
        outside=_joined(outside),
        spectra=average_spectra(spectrum, heard.labels, classes=classes),
        probe=probe_across_images(features, heard.labels, heard.images, classes=classes, generator=generator),
    )


def _joined(parts: list[Floats]) -> NaturalFrequencies:
    """Of arrays (which, pixel, channel)."""
    return NaturalFrequencies(*np.concatenate(parts, axis=1).swapaxes(1, 2))
