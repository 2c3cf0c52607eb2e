"""Sections of the report: the runs of one dataset and one recipe, whose scores may be compared in one table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from drumhead.data import Dataset
from drumhead.evaluation import open_run_dataset
from drumhead.results.labels import model_label
from drumhead.results.result_sets import ResultSet, result_sets
from drumhead.results.rows import ResultRow, stored_row
from drumhead.results.run_titles import data_titles
from drumhead.runs import DataRecord, Run, RunError, run_folders
from drumhead.scores import Scores


class UnreadableRun(NamedTuple):
    """A run folder that cannot be opened."""

    folder: Path
    reason: str


@dataclass(frozen=True)
class ReportSection:
    """The runs of one dataset and one recipe."""

    result_set: ResultSet
    """The results of the runs."""
    runs: list[Run]
    """The runs, in the order of ``result_set.rows``."""

    @property
    def data_title(self) -> str:
        """The title of the data, with the start of its fingerprint if it is not the standard dataset."""
        return data_titles(self.runs[:1])[0]

    @property
    def recipe(self) -> str:
        """The recipe, or ``imported``."""
        return self.result_set.key.recipe

    @property
    def title(self) -> str:
        """The data and the recipe."""
        return f"{self.data_title}, {self.recipe_title}"

    @property
    def recipe_title(self) -> str:
        """The recipe, in words."""
        return "imported weights" if self.recipe == "imported" else f"recipe {self.recipe}"

    @property
    def name(self) -> str:
        """The title as part of a file name, unique to the data and recipe."""
        return slug(self.title)

    @property
    def run_rows(self) -> list[tuple[Run, ResultRow]]:
        """Each run with its row of results."""
        return list(zip(self.runs, self.result_set.rows, strict=True))

    @property
    def trained(self) -> list[Run]:
        """The runs whose training completed."""
        return [run for run, row in self.run_rows if row.state in ("finished", "collapsed")]

    @property
    def representatives(self) -> dict[str, Run]:
        """One run with weights for each model, by the model's label: the first seed among the runs trained furthest."""
        order = ("finished", "collapsed", "unfinished", "diverged")
        chosen: dict[str, Run] = {}
        for run, row in sorted(self.run_rows, key=lambda pair: order.index(pair[1].state)):
            if run.model_path.is_file():
                chosen.setdefault(model_label(row.model, row.variant), run)
        return {results.label: chosen[results.label] for results in self.result_set.models if results.label in chosen}

    @cached_property
    def dataset(self) -> Dataset:
        """The dataset of the runs.

        Raises:
            DatasetError: if it is not available.
        """
        return open_run_dataset(self.runs[0])


def open_runs(paths: Iterable[str | Path]) -> tuple[list[Run], list[UnreadableRun]]:
    """Open the runs in these folders and below them, each once; return them and the runs that cannot be read.

    Raises:
        RunError: if a path is not a folder.
    """
    runs: list[Run] = []
    unreadable: list[UnreadableRun] = []
    for folder in dict.fromkeys(folder for path in paths for folder in run_folders(Path(path))):
        try:
            run = Run.open(folder)
            run.scores(), run.metrics(), run.divergence()
        except (RunError, ValueError) as error:
            unreadable.append(UnreadableRun(folder, str(error)))
        else:
            runs.append(run)
    return runs, unreadable


def report_sections(runs: Sequence[Run]) -> list[ReportSection]:
    """Group runs by data and recipe; the paper's come first.

    Raises:
        ValueError: if two runs of one model, dataset and recipe have the same seed, which would count it twice.
    """
    baselines: dict[DataRecord, Scores | None] = {}
    rows = {run.folder.as_posix(): stored_row(run, baselines) for run in runs}
    runs_by_path = {run.folder.as_posix(): run for run in runs}
    return [
        ReportSection(result_set, [runs_by_path[row.run] for row in result_set.rows])
        for result_set in result_sets(rows.values())
    ]


def slug(title: str) -> str:
    """Return a title as part of a file name, without path separators.

    >>> slug("NWM linear, steps 50"), slug("../../S/Z")
    ('nwm-linear-steps-50', 's-z')
    """
    return re.sub(r"[^a-z0-9.]+", "-", title.lower()).strip("-.")
