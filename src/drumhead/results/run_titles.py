"""What runs and their data are called in figures."""

from __future__ import annotations

from collections.abc import Sequence

from drumhead.data import DATASETS
from drumhead.data.manifest import combined_fingerprint
from drumhead.results.model_names import model_title
from drumhead.runs import Run

DATASET_TITLES = {"mnist": "MNIST", "multi_mnist": "Multi-MNIST", "polygons": "Polygons", "tetrominoes": "Tetrominoes"}


def dataset_title(name: str) -> str:
    """A dataset's name, as in a heading; your own keep theirs."""
    return DATASET_TITLES.get(name, name)


def run_titles(runs: Sequence[Run]) -> list[str]:
    """A title for each run: its model, or if that does not tell them apart, the name or path of its folder."""
    for titles in (
        [model_title(run.config.experiment) for run in runs],
        [run.name for run in runs],
    ):
        if len(set(titles)) == len(runs):
            return titles
    return [str(run.folder) for run in runs]


def data_titles(runs: Sequence[Run]) -> list[str]:
    """For each run the name of its data, with the beginning of the fingerprint if it is not the set of that name."""
    known = {combined_fingerprint(kind.reference.splits): dataset_title(name) for name, kind in DATASETS.items()}
    return [
        known.get(data.fingerprint, f"{dataset_title(data.name)}, data {data.fingerprint[:6]}")
        for data in (run.config.data for run in runs)
    ]
