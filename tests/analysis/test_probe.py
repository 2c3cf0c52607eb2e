"""The linear probe on features whose separability is known."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.analysis.probe import Labels, Probe, fit_probe, probe_across_images, score_probe
from drumhead.analysis.spectrum import Floats, amplitude_spectrum

CLASSES = 4


def noisy_sines(labels: Labels, *, generator: np.random.Generator) -> Floats:
    """Return spectra of noisy sines with a frequency per class and a random phase per pixel."""
    time = 0.1 * np.arange(100)
    phases = generator.uniform(0, 2 * np.pi, len(labels))
    signals = np.sin(2 * np.pi * (0.5 + 0.4 * labels)[:, None] * time + phases[:, None])
    return amplitude_spectrum(signals + 0.3 * generator.standard_normal(signals.shape), dt=0.1).amplitudes


def test_classes_that_differ_in_frequency_are_predicted_perfectly() -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, 400)
    scores = probe_across_images(
        noisy_sines(labels, generator=generator), labels, np.arange(400) // 20, classes=CLASSES, generator=generator
    )
    assert scores.accuracy == scores.balanced_accuracy == 1.0
    assert scores.chance_balanced_accuracy == 1 / CLASSES
    assert scores.confusion.sum() == 200
    assert not (scores.confusion - np.diag(scores.confusion.diagonal())).any()


def test_random_features_are_at_chance() -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(0, CLASSES, 4000)
    features = generator.standard_normal((4000, 10))
    scores = probe_across_images(features, labels, np.arange(4000) // 20, classes=CLASSES, generator=generator)
    assert scores.balanced_accuracy == pytest.approx(1 / CLASSES, abs=0.04)
    assert scores.chance_accuracy == pytest.approx(1 / CLASSES, abs=0.04)


def test_what_images_share_does_not_leak() -> None:
    """Features that identify the image, and so its class, are of no use on other images."""
    generator = np.random.default_rng(2)
    image = np.repeat(np.arange(60), 10)
    labels = generator.integers(0, 2, 60)[image]
    scores = probe_across_images(np.eye(60)[image], labels, image, classes=2, generator=generator)
    assert scores.balanced_accuracy == pytest.approx(0.5, abs=0.1)
    on_same_images = score_probe(fit_probe(np.eye(60)[image], labels, classes=2), np.eye(60)[image], labels)
    assert on_same_images.accuracy == 1.0


def test_two_gaussians_are_separated_as_well_as_possible() -> None:
    """With means -1 and 1 the optimal rule is the sign, which is right with probability Phi(1) = 0.8413."""
    generator = np.random.default_rng(3)
    labels = generator.integers(0, 2, 20000)
    features = generator.standard_normal((20000, 1)) + (2 * labels - 1)[:, None]
    scores = probe_across_images(features, labels, np.arange(20000), classes=2, generator=generator)
    assert scores.balanced_accuracy == pytest.approx(0.8413, abs=0.01)


def test_classes_weigh_the_same_however_many_pixels_they_have() -> None:
    generator = np.random.default_rng(4)
    labels = (generator.random(20000) < 0.05).astype(np.int64)
    features = generator.standard_normal((20000, 1)) + (2 * labels - 1)[:, None]
    probe = fit_probe(features, labels, classes=2)
    scores = score_probe(probe, features, labels)
    np.testing.assert_allclose(scores.confusion.diagonal() / scores.confusion.sum(axis=1), 0.8413, atol=0.03)
    assert scores.chance_accuracy == pytest.approx(0.95, abs=0.01)


def test_scores_of_a_probe_by_hand() -> None:
    probe = Probe(np.zeros(1), np.ones(1), np.array([[-1.0, 1.0, 0.0]]), np.zeros(3))  # predicts the sign
    scores = score_probe(probe, [[-1.0], [-1.0], [-1.0], [1.0]], [0, 0, 1, 1])
    assert scores.confusion.tolist() == [[2, 0, 0], [1, 1, 0], [0, 0, 0]]
    assert scores.accuracy == 0.75
    assert scores.chance_accuracy == 0.5
    assert scores.balanced_accuracy == 0.75
    assert scores.chance_balanced_accuracy == 0.5


def test_a_feature_without_variation_does_no_harm() -> None:
    features = np.column_stack([[-1.0, -2.0, 1.0, 2.0], np.full(4, 3.0)])
    assert fit_probe(features, [0, 0, 1, 1], classes=2).predict(features).tolist() == [0, 0, 1, 1]


def test_a_seed_gives_the_same_halves() -> None:
    labels = np.arange(60) % 3
    features = np.random.default_rng(5).standard_normal((60, 4))
    confusions = [
        probe_across_images(
            features, labels, np.arange(60), classes=3, generator=np.random.default_rng(seed)
        ).confusion.tolist()
        for seed in (0, 0, 1)
    ]
    assert confusions[0] == confusions[1] != confusions[2]


def test_invalid_arguments_are_rejected() -> None:
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match="so it needs 2; got 1"):
        probe_across_images(np.zeros((3, 1)), [0, 1, 0], [7, 7, 7], classes=2, generator=generator)
    with pytest.raises(ValueError, match="labels must be 0 to 1 for 2 classes; got 0 to 2"):
        fit_probe(np.zeros((2, 1)), [0, 2], classes=2)
    with pytest.raises(ValueError, match="finite"):
        fit_probe([[np.nan], [0.0]], [0, 1], classes=2)
    with pytest.raises(ValueError, match=r"got \(2,\) and \(2,\)"):
        fit_probe([0.0, 1.0], [0, 1], classes=2)
