"""Sampled time series and average spectra of fields whose frequencies are known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.analysis.class_spectra import average_spectra, sample_time_series
from drumhead.analysis.spectrum import Spectrum, amplitude_spectrum

STEPS, DT = 100, 0.1
FREQUENCIES = (0.3, 0.7, 1.2)
"""The frequencies of the pixels of classes 0, 1 and 2."""


def batch(images: int = 3) -> tuple[Tensor, Tensor]:
    """Return fields of two channels, the second twice the first; each pixel oscillates at its class's frequency."""
    masks = torch.zeros(images, 6, 8, dtype=torch.int64)
    masks[:, 1:3, 1:4] = 1
    masks[0, 4, :2] = 2
    frequency = torch.tensor(FREQUENCIES, dtype=torch.float64)[masks]
    time = DT * torch.arange(STEPS, dtype=torch.float64).view(1, STEPS, 1, 1)
    field = torch.sin(2 * torch.pi * frequency[:, None] * time).float()
    return torch.stack([field, 2 * field], dim=2), masks


def test_pixels_are_drawn_per_class_and_image_with_their_own_series() -> None:
    sample = sample_time_series([batch(), batch(1)], per_class=4, generator=np.random.default_rng(0))
    counts = Counter(zip(sample.images.tolist(), sample.labels.tolist(), strict=True))
    assert counts == {(i, 0): 4 for i in range(4)} | {(i, 1): 4 for i in range(4)} | {(0, 2): 2, (3, 2): 2}
    time = DT * np.arange(STEPS)
    for series, label in zip(sample.series, sample.labels, strict=True):
        wave = np.sin(2 * np.pi * FREQUENCIES[label] * time)
        np.testing.assert_allclose(series, [wave, 2 * wave], atol=1e-6)


def test_average_spectra_of_classes() -> None:
    sample = sample_time_series([batch()], per_class=4, generator=np.random.default_rng(0))
    spectra = average_spectra(amplitude_spectrum(sample.series, dt=DT), sample.labels, classes=4)
    assert spectra.mean.shape == spectra.spread.shape == (4, 2, STEPS // 2 + 1)
    for label, frequency in enumerate(FREQUENCIES):
        assert spectra.frequencies[spectra.mean[label].argmax(axis=-1)].tolist() == pytest.approx([frequency] * 2)
        np.testing.assert_allclose(spectra.mean[label].max(axis=-1), [1, 2], rtol=1e-4)
    assert spectra.pixels.tolist() == [12, 12, 2, 0]
    assert np.isnan(spectra.mean[3]).all()


def test_spread_is_that_over_pixels() -> None:
    spectrum = Spectrum(np.array([0.0]), np.array([1.0, 3.0, 7.0]).reshape(3, 1, 1))
    spectra = average_spectra(spectrum, [0, 0, 1], classes=2)
    assert spectra.mean.ravel().tolist() == [2.0, 7.0]
    assert spectra.spread.ravel().tolist() == [1.0, 0.0]


def test_invalid_arguments_are_rejected() -> None:
    generator = np.random.default_rng(0)
    fields, masks = batch()
    with pytest.raises(ValueError, match="per_class must be 1 or more"):
        sample_time_series([(fields, masks)], per_class=0, generator=generator)
    with pytest.raises(ValueError, match="at least one image"):
        sample_time_series([], per_class=1, generator=generator)
    with pytest.raises(ValueError, match=r"got \(3, 100, 2, 6, 8\) and \(2, 6, 8\)"):
        sample_time_series([(fields, masks[:2])], per_class=1, generator=generator)
    with pytest.raises(ValueError, match=r"labels \(pixel,\)"):
        average_spectra(Spectrum(np.zeros(2), np.zeros((3, 1, 2))), [0, 1], classes=2)


def test_ignored_pixels_are_not_sampled() -> None:
    fields, masks = batch()
    masks[:, 0] = 255
    masks[1] = 255
    sample = sample_time_series([(fields, masks)], per_class=100, generator=np.random.default_rng(0), ignored_label=255)
    assert sorted(set(sample.labels.tolist())) == [0, 1, 2]
    assert sorted(set(sample.images.tolist())) == [0, 2]  # all pixels of image 1 are ignored
    assert len(sample.series) == 2 * 5 * 8
    with pytest.raises(ValueError, match="one image with pixels that are not ignored; got 3 without"):
        sample_time_series(
            [(fields, torch.full_like(masks, 255))], per_class=1, generator=np.random.default_rng(0), ignored_label=255
        )
