"""The list of the trained networks, with their scores and sizes."""

from __future__ import annotations

from typing import NamedTuple

from drumhead.runs import Run, RunError
from drumhead.zoo.folders import pretrained_folder, pretrained_names


class PretrainedNetwork(NamedTuple):
    """A trained network of the package."""

    name: str
    """Its name, which is that of its experiment."""
    dataset: str
    """The dataset that it was trained on."""
    parameters: int
    """Number of trainable parameters."""
    acc: float
    """Accuracy on the test set, 0 to 1."""
    iou_foreground: float
    """Intersection over union on the foreground of the test set, 0 to 1."""
    bytes: int
    """Size of its weights on disk."""


def pretrained() -> list[PretrainedNetwork]:
    """Return the trained networks that come with the package; :func:`drumhead.load` loads one by its name."""
    return [describe_network(name) for name in pretrained_names()]


def describe_network(name: str) -> PretrainedNetwork:
    """Return the entry of one network.

    Raises:
        RunError: if a file of it is missing or damaged.
    """
    run = Run.open(pretrained_folder(name) or name)
    scores = run.scores()
    if scores is None or scores.iou_foreground is None:
        raise RunError(f"{run.folder} has no scores: install the package again")
    return PretrainedNetwork(
        name=name,
        dataset=run.config.data.name,
        parameters=run.new_model().parameter_count,
        acc=scores.acc,
        iou_foreground=scores.iou_foreground,
        bytes=run.model_path.stat().st_size,
    )
