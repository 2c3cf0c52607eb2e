"""What runs and their data are called in figures."""

from __future__ import annotations

from collections.abc import Sequence

from drumhead.report.names import model_title
from drumhead.runs import Run

DATASETS = {"mnist": "MNIST", "multi_mnist": "Multi-MNIST", "polygons": "Polygons", "tetrominoes": "Tetrominoes"}


def dataset_title(name: str) -> str:
    """A dataset's name, as in a heading; your own keep theirs."""
    return DATASETS.get(name, name)


def run_titles(runs: Sequence[Run]) -> list[str]:
    """A title for each run: its model, or if that does not tell them apart, the name or path of its folder."""
    for titles in (
        [model_title(run.config.experiment) for run in runs],
        [run.name for run in runs],
    ):
        if len(set(titles)) == len(runs):
            return titles
    return [str(run.folder) for run in runs]
