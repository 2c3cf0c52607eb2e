"""The datasets of published runs: what the authors call them, and what a run's record of its data says."""

from __future__ import annotations

from typing import NamedTuple

from drumhead.config import Config
from drumhead.data import DATASETS, default_folder
from drumhead.data.manifest import combined_fingerprint
from drumhead.runs import DataRecord


class PublishedDataset(NamedTuple):
    """A dataset that the authors trained on."""

    name: str
    """Its name in ``drumhead.data.DATASETS``."""
    side: int
    """Side of its square images, in pixels."""

    @property
    def config(self) -> Config:
        """What makes it."""
        return DATASETS[self.name].config()

    @property
    def record(self) -> DataRecord:
        """The record of a run that was trained on it, in the folder where Drumhead would make it."""
        kind = DATASETS[self.name]
        return DataRecord(
            folder=str(default_folder(self.config).resolve()),
            name=self.name,
            fingerprint=combined_fingerprint(kind.reference.splits),
            channels=kind.channels,
            height=self.side,
            width=self.side,
            class_names=kind.class_names,
        )


PUBLISHED_DATASETS = {
    "new_tetronimoes": PublishedDataset("tetrominoes", side=64),
    "mnist": PublishedDataset("mnist", side=56),
    "multi_mnist": PublishedDataset("multi_mnist", side=128),
}
"""By the authors' name."""
