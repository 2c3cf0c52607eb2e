"""The scores of a model on a split, whose batches are dealt out to the processes; and the batches of a split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.utils.data import DataLoader

from drumhead.data import Dataset, unpadded_loader
from drumhead.experiments import Recipe
from drumhead.scores import Scores, compute_scores, concatenate, count_batches
from drumhead.training.processes import Processes

Batch = tuple[Tensor, Tensor]

TRAINING_SCORES = ("acc", "acc_foreground", "iou", "iou_foreground", "mean_iou")
"""The scores of training images that metrics.csv has."""
VALIDATION_SCORES = ("loss", "acc", "acc_foreground", "iou", "iou_foreground", "loss_foreground", "mean_iou")
"""The scores of validation images that metrics.csv has."""


class SplitScorer:
    """Scores models on the splits of a dataset: on all test images, on others as many as the recipe says.

    Args:
        dataset: the dataset.
        recipe: says how many images are scored, and the size of a batch.
        fabric: Lightning Fabric for the device of this process.
        processes: the processes that share the batches.
        batch_scored: called after each batch with its number, from 1, and the number of batches.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        *,
        fabric: Fabric,
        processes: Processes,
        batch_scored: Callable[[int, int], None],
    ) -> None:
        self.dataset, self.fabric, self.processes, self.batch_scored = dataset, fabric, processes, batch_scored
        self.batch_size = recipe.batch_size
        self.limits = {"val": recipe.validation_images, "train": recipe.scored_training_images}

    def score(self, model: torch.nn.Module, split: str) -> Scores:
        """Return the scores of a model, the same in every process."""
        loader = unpadded_loader(
            self.dataset.splits[split],
            batch_size=self.batch_size,
            samples=self.limits.get(split),
            batches=self.processes.own_batches,
        )
        batches = on_device(self.fabric, loader)
        self.fabric.to_device(model)
        ignored_label = self.dataset.ignored_label
        counts = self.processes.gather_batches(
            lambda: count_batches(model, self.with_progress(batches), ignored_label=ignored_label)
        )
        return compute_scores(concatenate(counts), self.dataset.class_names)

    def with_progress(self, batches: Any) -> Iterator[Batch]:
        """Yield batches, and call ``batch_scored`` after each."""
        for number, (images, masks) in enumerate(batches, start=1):
            yield images, masks
            self.batch_scored(number, len(batches))


def on_device(fabric: Fabric, loader: DataLoader[Batch]) -> Any:
    """Return a loader of the same batches on the device."""
    return fabric.setup_dataloaders(loader, use_distributed_sampler=False)


def score_columns(prefix: str, scores: Scores, names: tuple[str, ...]) -> dict[str, Any]:
    """Return scores as columns of metrics.csv."""
    return {f"{prefix}_{name}": getattr(scores, name) for name in names}
