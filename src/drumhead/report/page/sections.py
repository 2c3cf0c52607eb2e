"""Runs in chapters: those of one dataset and one recipe, whose scores may stand in one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from drumhead.data import Dataset
from drumhead.evaluation import open_run_dataset
from drumhead.results.model_names import file_name, label
from drumhead.results.results_file import ResultRow, kept_row
from drumhead.results.run_titles import data_titles
from drumhead.results.summary import Section, sections_of
from drumhead.runs import DataRecord, Run, RunError, run_folders
from drumhead.scores import Scores


class Unreadable(NamedTuple):
    """A folder that holds a run no more."""

    folder: Path
    reason: str


@dataclass(frozen=True)
class Chapter:
    """The runs of one dataset and one recipe."""

    section: Section
    """Their results."""
    runs: list[Run]
    """In the order of ``section.rows``."""

    @property
    def data_title(self) -> str:
        """What the data is called, with its fingerprint if it is not the set of that name."""
        return data_titles(self.runs[:1])[0]

    @property
    def recipe(self) -> str:
        """The recipe, or ``imported``."""
        return self.section.kind.recipe

    @property
    def title(self) -> str:
        """Data and recipe."""
        return f"{self.data_title}, {self.recipe_title}"

    @property
    def recipe_title(self) -> str:
        """The recipe, in words."""
        return "imported weights" if self.recipe == "imported" else f"recipe {self.recipe}"

    @property
    def name(self) -> str:
        """The title as part of a file's name.

        Recipes and data that differ have different ones.
        """
        return file_name(self.title)

    @property
    def results(self) -> list[tuple[Run, ResultRow]]:
        """Every run and its results."""
        return list(zip(self.runs, self.section.rows, strict=True))

    @property
    def scored(self) -> list[Run]:
        """The runs that are trained to the end."""
        return [run for run, row in self.results if row.state in ("finished", "collapsed")]

    @property
    def shown(self) -> dict[str, Run]:
        """For each model, by its title, one run with weights to show: the first seed of those trained furthest."""
        order = ("finished", "collapsed", "unfinished", "diverged")
        found: dict[str, Run] = {}
        for run, row in sorted(self.results, key=lambda result: order.index(result[1].state)):
            if run.model_path.is_file():
                found.setdefault(label(row.model, row.variant), run)
        return {group.label: found[group.label] for group in self.section.groups if group.label in found}

    @cached_property
    def dataset(self) -> Dataset:
        """Their data.

        Raises:
            DatasetError: if it is not at hand.
        """
        return open_run_dataset(self.runs[0])


def open_runs(places: Iterable[Path]) -> tuple[list[Run], list[Unreadable]]:
    """The runs at or below these places, each once, and what is left of others.

    Raises:
        RunError: for a place that is not a folder.
    """
    runs: list[Run] = []
    unreadable: list[Unreadable] = []
    for folder in dict.fromkeys(folder for place in places for folder in run_folders(place)):
        try:
            run = Run.open(folder)
            run.scores(), run.metrics(), run.divergence()
        except (RunError, ValueError) as error:
            unreadable.append(Unreadable(folder, str(error)))
        else:
            runs.append(run)
    return runs, unreadable


def chapters_of(runs: Sequence[Run]) -> list[Chapter]:
    """Runs set apart by data and recipe; the paper's come first.

    Raises:
        ValueError: if two runs of one model, dataset and recipe have one seed, which would count twice.
    """
    backgrounds: dict[DataRecord, Scores | None] = {}
    rows = {run.folder.as_posix(): kept_row(run, backgrounds) for run in runs}
    opened = {run.folder.as_posix(): run for run in runs}
    sections = sections_of(rows.values())
    return [Chapter(section, [opened[row.run] for row in section.rows]) for section in sections]
