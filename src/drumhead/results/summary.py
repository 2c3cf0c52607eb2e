"""Results grouped and averaged: a section is one dataset, split and recipe; a group in it is the seeds of one model."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES, is_published_test_set
from drumhead.published.scores import PublishedScore, published_scores
from drumhead.results.model_names import label, listed_name, table_order
from drumhead.results.results_file import ResultRow


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Some numbers, summarised."""

    mean: float
    std: float | None
    """Standard deviation with n - 1 in its denominator, as the published ones; None for a single number."""
    median: float
    min: float
    max: float
    runs: int
    """How many numbers there are."""


def summarise(values: Sequence[float]) -> Summary:
    """The summary of at least one number.

    >>> summarise([1.0, 2.0, 6.0])
    Summary(mean=3.0, std=2.6457513110645907, median=2.0, min=1.0, max=6.0, runs=3)
    """
    return Summary(
        mean=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        median=statistics.median(values),
        min=min(values),
        max=max(values),
        runs=len(values),
    )


@dataclass(frozen=True)
class Group:
    """The runs of one model on one dataset with one recipe, one for each seed."""

    model: str
    variant: str
    rows: list[ResultRow]
    """Of every state."""

    @property
    def label(self) -> str:
        """Its name in a table."""
        return label(self.model, self.variant)

    @property
    def trained(self) -> list[ResultRow]:
        """The rows of runs that were trained to the end, collapsed ones among them: those that are averaged."""
        return [row for row in self.rows if row.state in ("finished", "collapsed")]

    def in_state(self, state: str) -> list[ResultRow]:
        """The rows of one state."""
        return [row for row in self.rows if row.state == state]

    def values(self, metric: str) -> dict[int, float]:
        """The score of each run that was trained to the end, by seed."""
        return {row.seed: getattr(row, metric) for row in self.trained if getattr(row, metric) is not None}

    def summary(self, metric: str) -> Summary | None:
        """A score over runs; None if no run has it."""
        values = self.values(metric)
        return summarise(list(values.values())) if values else None


class Kind(NamedTuple):
    """What results must share to stand in one table."""

    dataset: str
    split: str
    recipe: str
    data: str
    """Fingerprint of the data they were scored on."""
    trained_on: str
    """Fingerprint of the data they were trained on."""

    def order(self) -> tuple[object, ...]:
        """What tables are sorted by: the paper's datasets and recipe before others."""
        known = list(PUBLISHED_BACKGROUND_SCORES)
        place = known.index(self.dataset) if self.dataset in known else len(known)
        return place, self.dataset, self.split, self.recipe != "paper", *self[2:]


@dataclass(frozen=True)
class Section:
    """Results that may stand in one table, by model."""

    kind: Kind
    groups: list[Group]

    @property
    def rows(self) -> list[ResultRow]:
        """All rows."""
        return [row for group in self.groups for row in group.rows]

    @property
    def background(self) -> dict[str, float | None]:
        """What predicting background everywhere scores; empty if no row knows it."""
        for row in self.rows:
            if row.background_acc is not None:
                nothing_to_find = row.images is not None and row.images == row.images_without_foreground
                return {
                    "acc": row.background_acc,
                    "acc_foreground": None if nothing_to_find else 0.0,
                    "iou": row.background_iou,
                    "iou_foreground": None if nothing_to_find else 0.0,
                    "mean_iou": row.background_mean_iou,
                }
        return {}

    @property
    def is_published(self) -> bool:
        """Whether these are scores on the paper's test set."""
        acc, iou = self.background.get("acc"), self.background.get("iou")
        if self.kind.split != "test" or acc is None or iou is None:
            return False
        return is_published_test_set(self.kind.dataset, acc=acc, iou=iou)

    def published(self, group: Group) -> dict[str, PublishedScore]:
        """What the paper reports of a model, by score; empty where it has none, or on another test set."""
        if not self.is_published:
            return {}
        name = listed_name(self.kind.dataset, group.model, group.variant)
        return dict(published_scores().get(name, {}).items())


def sections_of(rows: Iterable[ResultRow]) -> list[Section]:
    """Rows, set apart by all that must not be averaged together; groups in the order of tables.

    Raises:
        ValueError: if two runs of one group have one seed, which would count twice.
    """
    sections: dict[Kind, dict[tuple[str, str], list[ResultRow]]] = {}
    for row in rows:
        kind = Kind(row.dataset, row.split, row.recipe, row.data, row.trained_on)
        sections.setdefault(kind, {}).setdefault((row.model, row.variant), []).append(row)
    return [Section(kind, groups_of(sections[kind])) for kind in sorted(sections, key=Kind.order)]


def groups_of(members: dict[tuple[str, str], list[ResultRow]]) -> list[Group]:
    """Rows by model and variant, as groups in the order of tables."""
    for rows in members.values():
        check_seeds(rows)
    names = sorted(members, key=lambda name: table_order(*name))
    return [Group(*name, sorted(members[name], key=lambda row: row.seed)) for name in names]


def check_seeds(rows: Sequence[ResultRow]) -> None:
    """Raise ``ValueError`` if two runs are of one seed."""
    first: dict[int, ResultRow] = {}
    for row in rows:
        other = first.setdefault(row.seed, row)
        if other is not row:
            raise ValueError(
                f"a mean over seeds needs each seed once: {other.run} and {row.run} are both {row.experiment} with "
                f"seed {row.seed}, on the same data with the same recipe; leave one out"
            )
