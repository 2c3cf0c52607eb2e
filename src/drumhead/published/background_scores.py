"""The paper's scores of predicting background everywhere, which identify its test sets."""

from __future__ import annotations

from typing import NamedTuple

TOLERANCE = 2e-6
"""Scores that differ by less are equal: rounding decides 36 ties among the 31 million pixels of MNIST's masks."""


class PublishedBackgroundScores(NamedTuple):
    """The scores of predicting background everywhere on a published test set."""

    acc: float
    iou: float
    loss: float
    """The loss of giving every pixel the frequencies of the classes in the test set: the least loss, in nats, that is
    possible without looking at the image. The paper does not report it; the runs that collapsed end at it."""
    loss_foreground: float
    """The same loss on foreground pixels: the mean over images of each image's mean."""


PUBLISHED_BACKGROUND_SCORES = {
    "tetrominoes": PublishedBackgroundScores(
        acc=0.855583984375, iou=0.7537647857666016, loss=0.6453074238620125, loss_foreground=3.5444796078477894
    ),
    "mnist": PublishedBackgroundScores(
        acc=0.8673762226104736, iou=0.7685087603569031, loss=0.694698595354881, loss_foreground=4.343906152672661
    ),
    "multi_mnist": PublishedBackgroundScores(
        acc=0.95198193359375, iou=0.9092979583740234, loss=0.30250728082214373, loss_foreground=5.340442804981782
    ),
}
"""Scores by the name of the dataset."""


def is_published_test_set(dataset: str, *, acc: float, iou: float) -> bool:
    """Return whether a test set has the paper's masks, judged by the scores of predicting background everywhere.

    Args:
        dataset: the name of the dataset.
        acc, iou: the scores of predicting background everywhere on the test set.

    >>> is_published_test_set("tetrominoes", acc=0.855583984375, iou=0.75376479)
    True
    """
    published = PUBLISHED_BACKGROUND_SCORES.get(dataset)
    return published is not None and abs(acc - published.acc) < TOLERANCE and abs(iou - published.iou) < TOLERANCE
