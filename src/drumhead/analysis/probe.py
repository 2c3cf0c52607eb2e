"""A linear probe: how much of a pixel's class its features tell, to multinomial logistic regression and no more.

Every class weighs the same in the fit, however many pixels it has, and features are standardised. The loss is convex,
so its minimum, found by L-BFGS, depends on no start and no seed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats

Labels = npt.NDArray[np.int64]


class Probe(NamedTuple):
    """A fitted probe: ``(features - mean) / scale @ weights + bias`` are its logits."""

    mean: Floats
    """``(feature,)``."""
    scale: Floats
    """``(feature,)``, above 0."""
    weights: Floats
    """``(feature, class)``."""
    bias: Floats
    """``(class,)``."""

    def predict(self, features: npt.ArrayLike) -> Labels:
        """The likeliest class of each row, ``(pixel,)``."""
        logits = (np.asarray(features, np.float64) - self.mean) / self.scale @ self.weights + self.bias
        chosen: Labels = logits.argmax(axis=1)
        return chosen


class ProbeScores(NamedTuple):
    """How a probe does on pixels of images it was not fitted on."""

    accuracy: float
    """Share of pixels whose class it tells."""
    chance_accuracy: float
    """Share of the commonest class: what always guessing that one would score."""
    balanced_accuracy: float
    """Mean over classes of the share of the class's pixels it tells."""
    chance_balanced_accuracy: float
    """One over the number of classes among the pixels: what any guess without features scores."""
    confusion: Labels
    """``(class, class)``: pixels by true class (row) and told class."""


def fit_probe(features: npt.ArrayLike, labels: npt.ArrayLike, *, classes: int, penalty: float = 1e-3) -> Probe:
    """Fit a probe: the weighted mean of cross-entropy plus ``penalty / 2`` times the sum of squared weights.

    Args:
        features: ``(pixel, feature)``.
        labels: ``(pixel,)``, each below ``classes``.
        classes: how many there are; one without pixels is hardly ever told.
        penalty: above 0.
    """
    from scipy.optimize import minimize

    inputs, known = _checked(features, labels, classes)
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    inputs = (inputs - mean) / scale
    pixels = np.bincount(known, minlength=classes)
    shares = 1 / (pixels[known] * np.count_nonzero(pixels))  # of the loss; the same for every class
    targets = np.eye(classes)[known]
    size = inputs.shape[1] * classes

    def loss(parameters: Floats) -> tuple[float, Floats]:
        weights, bias = parameters[:size].reshape(-1, classes), parameters[size:]
        logits = inputs @ weights + bias
        logits -= logits.max(axis=1, keepdims=True)
        likelihoods = np.exp(logits)
        total = likelihoods.sum(axis=1, keepdims=True)
        entropy = np.log(total[:, 0]) - (logits * targets).sum(axis=1)
        slope = shares[:, None] * (likelihoods / total - targets)
        value = float(shares @ entropy) + penalty / 2 * float((weights**2).sum())
        return value, np.concatenate([(inputs.T @ slope + penalty * weights).ravel(), slope.sum(axis=0)])

    found = minimize(loss, np.zeros(size + classes), jac=True, method="L-BFGS-B", options={"maxiter": 1000}).x
    return Probe(mean, scale, found[:size].reshape(-1, classes), found[size:])


def score_probe(probe: Probe, features: npt.ArrayLike, labels: npt.ArrayLike) -> ProbeScores:
    """How a probe does on other pixels, ``features`` and ``labels`` as in :func:`fit_probe`."""
    classes = len(probe.bias)
    inputs, known = _checked(features, labels, classes)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (known, probe.predict(inputs)), 1)
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
    """Fit a probe on the pixels of one half of the images, drawn at random, and score it on the other half.

    Pixels of one image hear the same waves, so a split by pixel would flatter the probe.

    Args:
        features: ``(pixel, feature)``.
        labels: ``(pixel,)``, each below ``classes``.
        images: ``(pixel,)``: which image each is from; two images at least.
        classes: how many there are.
        generator: draws the halves.
    """
    inputs, known = _checked(features, labels, classes)
    numbers, image = np.unique(np.asarray(images), return_inverse=True)
    if len(numbers) < 2:
        raise ValueError(f"a probe is fitted on some images and scored on others, so it needs 2; got {len(numbers)}")
    half = generator.permutation(len(numbers)) < len(numbers) - len(numbers) // 2
    fitting = half[image]
    probe = fit_probe(inputs[fitting], known[fitting], classes=classes)
    return score_probe(probe, inputs[~fitting], known[~fitting])


def _checked(features: npt.ArrayLike, labels: npt.ArrayLike, classes: int) -> tuple[Floats, Labels]:
    inputs, known = np.asarray(features, np.float64), np.asarray(labels, np.int64)
    if inputs.ndim != 2 or known.shape != (len(inputs),) or not len(inputs):
        raise ValueError(
            "features must be (pixel, feature) and labels (pixel,), one pixel at least; "
            f"got {inputs.shape} and {known.shape}"
        )
    if not np.isfinite(inputs).all():
        raise ValueError("features must be finite; got NaN or infinite values: the field has diverged")
    if known.min() < 0 or known.max() >= classes:
        raise ValueError(f"labels must be 0 to {classes - 1} for {classes} classes; got {known.min()} to {known.max()}")
    return inputs, known
