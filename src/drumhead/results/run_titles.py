"""The titles of runs and their datasets in figures."""

from __future__ import annotations

from collections.abc import Sequence

from drumhead.data import DATASETS
from drumhead.data.manifest import combined_fingerprint
from drumhead.results.labels import experiment_label
from drumhead.runs import Run

DATASET_TITLES = {
    "mnist": "MNIST",
    "multi_mnist": "Multi-MNIST",
    "polygons": "Polygons",
    "polygons_345": "Polygons, 3 to 5 sides",
    "tetrominoes": "Tetrominoes",
}


def dataset_title(name: str) -> str:
    """Return a dataset's title; the name itself for a user's own dataset."""
    return DATASET_TITLES.get(name, name)


def run_titles(runs: Sequence[Run]) -> list[str]:
    """Return a distinct title for each run: the model if that is enough, else the folder's name, else its path."""
    for titles in (
        [experiment_label(run.config.experiment) for run in runs],
        [run.name for run in runs],
    ):
        if len(set(titles)) == len(runs):
            return titles
    return [str(run.folder) for run in runs]


def data_titles(runs: Sequence[Run]) -> list[str]:
    """Return the title of each run's data, with the start of the fingerprint if it is not the standard dataset."""
    standard = {combined_fingerprint(config.reference.splits): dataset_title(name) for name, config in DATASETS.items()}
    return [
        standard.get(data.fingerprint, f"{dataset_title(data.name)}, data {data.fingerprint[:6]}")
        for data in (run.config.data for run in runs)
    ]
