"""A linear probe: how well multinomial logistic regression predicts a pixel's class from its features.

Every class has the same weight in the fit, however many pixels it has, and features are standardised. The loss is
convex, so its minimum, found by L-BFGS, does not depend on an initial value or a seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats
from drumhead.short_repr import short_repr

Labels = npt.NDArray[np.int64]


@short_repr
class Probe(NamedTuple):
    """A fitted probe, with the logits ``(features - mean) / scale @ weights + bias``."""

    mean: Floats
    """``(feature,)``."""
    scale: Floats
    """``(feature,)``, above 0."""
    weights: Floats
    """``(feature, class)``."""
    bias: Floats
    """``(class,)``."""

    def predict(self, features: npt.ArrayLike) -> Labels:
        """Return the most probable class of each row, ``(pixel,)``."""
        logits = (np.asarray(features, np.float64) - self.mean) / self.scale @ self.weights + self.bias
        predicted: Labels = logits.argmax(axis=1)
        return predicted


@short_repr
class ProbeScores(NamedTuple):
    """The scores of a probe on a set of pixels."""

    accuracy: float
    """The share of pixels whose class it predicts correctly."""
    chance_accuracy: float
    """The accuracy of always predicting the most common class: that class's share of the pixels."""
    balanced_accuracy: float
    """The mean over classes of the share of the class's pixels that it predicts correctly."""
    chance_balanced_accuracy: float
    """The balanced accuracy of any prediction without features: one over the number of classes among the pixels."""
    confusion: Labels
    """``(class, class)``: the number of pixels by true class (row) and predicted class (column)."""


def fit_probe(features: npt.ArrayLike, labels: npt.ArrayLike, *, classes: int, penalty: float = 1e-3) -> Probe:
    """Fit a probe by minimising the weighted mean of cross-entropy plus ``penalty / 2`` times the squared weights.

    Args:
        features: ``(pixel, feature)``.
        labels: ``(pixel,)``, each below ``classes``.
        classes: the number of classes; a class without pixels is hardly ever predicted.
        penalty: the strength of the L2 penalty, above 0.
    """
    from scipy.optimize import minimize

    inputs, truth = _checked(features, labels, classes)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    inputs = (inputs - mean) / scale
    pixels = np.bincount(truth, minlength=classes)
    pixel_weights = 1 / (pixels[truth] * np.count_nonzero(pixels))  # every class has the same total weight
    targets = np.eye(classes)[truth]
    size = inputs.shape[1] * classes

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, bias = parameters[:size].reshape(-1, classes), parameters[size:]
        logits = inputs @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        likelihoods = np.exp(logits)
        total = likelihoods.sum(axis=1, keepdims=True)
        entropy = np.log(total[:, 0]) - (logits * targets).sum(axis=1)
        grad_logits = pixel_weights[:, None] * (likelihoods / total - targets)
        value = float(pixel_weights @ entropy) + penalty / 2 * float((weights**2).sum())
        return value, np.concatenate([(inputs.T @ grad_logits + penalty * weights).ravel(), grad_logits.sum(axis=0)])

    minimum = minimize(loss, np.zeros(size + classes), jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return Probe(mean, scale, minimum[:size].reshape(-1, classes), minimum[size:])


def score_probe(probe: Probe, features: npt.ArrayLike, labels: npt.ArrayLike) -> ProbeScores:
    """Return the scores of a probe on pixels; ``features`` and ``labels`` are as in :func:`fit_probe`."""
    classes = len(probe.bias)
    inputs, truth = _checked(features, labels, classes)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (truth, probe.predict(inputs)), 1)
    pixels = confusion.sum(axis=1)
    present = pixels > 0
    return ProbeScores(
        accuracy=float(confusion.trace() / pixels.sum()),
        chance_accuracy=float(pixels.max() / pixels.sum()),
        balanced_accuracy=float((confusion.diagonal()[present] / pixels[present]).mean()),
        chance_balanced_accuracy=float(1 / present.sum()),
        confusion=confusion,
    )


def probe_across_images(
    features: npt.ArrayLike,
    labels: npt.ArrayLike,
    images: npt.ArrayLike,
    *,
    classes: int,
    generator: np.random.Generator,
) -> ProbeScores:
    """Fit a probe on the pixels of a random half of the images, and score it on those of the other half.

    Pixels of one image share its waves, so a split by pixel would overestimate the scores.

    Args:
        features: ``(pixel, feature)``.
        labels: ``(pixel,)``, each below ``classes``.
        images: ``(pixel,)``: the number of the image each pixel is from; two images at least.
        classes: the number of classes.
        generator: draws the halves.
    """
    inputs, truth = _checked(features, labels, classes)
    numbers, image = np.unique(np.asarray(images), return_inverse=True)
    if len(numbers) < 2:
        raise ValueError(f"a probe is fitted on some images and scored on others, so it needs 2; got {len(numbers)}")
    in_first_half = generator.permutation(len(numbers)) < len(numbers) - len(numbers) // 2
    fitting = in_first_half[image]
    probe = fit_probe(inputs[fitting], truth[fitting], classes=classes)
    return score_probe(probe, inputs[~fitting], truth[~fitting])


def _checked(features: npt.ArrayLike, labels: npt.ArrayLike, classes: int) -> tuple[Floats, Labels]:
    """Return features and labels as arrays, or raise ``ValueError`` if they do not fit or are out of range."""
    inputs, truth = np.asarray(features, np.float64), np.asarray(labels, np.int64)
    if inputs.ndim != 2 or truth.shape != (len(inputs),) or not len(inputs):
        raise ValueError(
            "features must be (pixel, feature) and labels (pixel,), one pixel at least; "
            f"got {inputs.shape} and {truth.shape}"
        )
    if not np.isfinite(inputs).all():
        raise ValueError("features must be finite; got NaN or infinite values: the field has diverged")
    if truth.min() < 0 or truth.max() >= classes:
        raise ValueError(f"labels must be 0 to {classes - 1} for {classes} classes; got {truth.min()} to {truth.max()}")
    return inputs, truth
