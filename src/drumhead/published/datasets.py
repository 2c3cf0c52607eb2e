"""The datasets of published runs: the authors' names of them, and the data record of a run trained on them."""

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
        """The configuration that makes the dataset."""
        return DATASETS[self.name].config()

    @property
    def record(self) -> DataRecord:
        """The data record of a run that was trained on the dataset; its folder is Drumhead's default."""
        spec = DATASETS[self.name]
        return DataRecord(
            folder=str(default_folder(self.config).resolve()),
            name=self.name,
            fingerprint=combined_fingerprint(spec.reference.splits),
            channels=spec.channels,
            height=self.side,
            width=self.side,
            class_names=spec.class_names,
        )


PUBLISHED_DATASETS = {
    "new_tetronimoes": PublishedDataset("tetrominoes", side=64),
    "mnist": PublishedDataset("mnist", side=56),
    "multi_mnist": PublishedDataset("multi_mnist", side=128),
}
"""The datasets by the authors' names."""
