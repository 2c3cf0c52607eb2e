"""The dataset of a run, for the commands that show it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.data import Dataset
from drumhead.evaluation import open_run_dataset
from drumhead.report.samples import shared_dataset
from drumhead.runs import Run


def open_run_data(run: Run, folder: Path | None, console: Console) -> Dataset:
    """Return the dataset of a run, or the one in a folder; show the progress if it is made.

    Raises:
        DatasetError: as in :func:`drumhead.evaluation.open_run_dataset`.
    """
    with progress_bar(console, "data") as progress:
        return open_run_dataset(run, folder, progress=progress)


def open_shared_data(runs: Sequence[Run], folder: Path | None, console: Console) -> Dataset:
    """Return the dataset that all runs share, or the one in a folder; show the progress if it is made.

    Raises:
        DatasetError: as in :func:`drumhead.report.samples.shared_dataset`.
    """
    with progress_bar(console, "data") as progress:
        return shared_dataset(runs, folder, progress=progress)
