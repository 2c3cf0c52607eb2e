"""Results that can be compared: a result set has one dataset, split and recipe, and the seeds of each model in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES, is_published_test_set
from drumhead.results.labels import model_label, table_sort_key
from drumhead.results.rows import ResultRow
from drumhead.scores.summary import Summary, summarise


@dataclass(frozen=True)
class ModelResults:
    """The runs of one model on one dataset with one recipe, one run per seed."""

    model: str
    variant: str
    rows: list[ResultRow]
    """The rows of all runs, whatever their state."""

    @property
    def label(self) -> str:
        """The model's name in tables."""
        return model_label(self.model, self.variant)

    @property
    def trained(self) -> list[ResultRow]:
        """The rows of the runs whose training completed, including collapsed ones. Means are over these."""
        return [row for row in self.rows if row.state in ("finished", "collapsed")]

    def in_state(self, state: str) -> list[ResultRow]:
        """Return the rows with this state."""
        return [row for row in self.rows if row.state == state]

    def values(self, metric: str) -> dict[int, float]:
        """Return the score of each run whose training completed, by seed."""
        return {row.seed: getattr(row, metric) for row in self.trained if getattr(row, metric) is not None}

    def summary(self, metric: str) -> Summary | None:
        """Return the summary of a score over runs; None if no run has it."""
        values = self.values(metric)
        return summarise(list(values.values())) if values else None


class ResultSetKey(NamedTuple):
    """What all results in a set have in common."""

    dataset: str
    split: str
    recipe: str
    data: str
    """The fingerprint of the data that was scored."""
    trained_on: str
    """The fingerprint of the training data."""

    def sort_key(self) -> tuple[object, ...]:
        """Return the key that sets are sorted by: the paper's datasets and recipe come first."""
        published = list(PUBLISHED_BACKGROUND_SCORES)
        position = published.index(self.dataset) if self.dataset in published else len(published)
        return position, self.dataset, self.split, self.recipe != "paper", *self[2:]


@dataclass(frozen=True)
class ResultSet:
    """Results that may be compared in one table, by model."""

    key: ResultSetKey
    models: list[ModelResults]

    @property
    def rows(self) -> list[ResultRow]:
        """All rows."""
        return [row for results in self.models for row in results.rows]

    @property
    def background(self) -> dict[str, float | None]:
        """The scores of predicting background everywhere; empty if no row has them."""
        for row in self.rows:
            if row.background_acc is not None:
                no_foreground = row.images is not None and row.images == row.images_without_foreground
                return {
                    "acc": row.background_acc,
                    "acc_foreground": None if no_foreground else 0.0,
                    "iou": row.background_iou,
                    "iou_foreground": None if no_foreground else 0.0,
                    "mean_iou": row.background_mean_iou,
                }
        return {}

    @property
    def is_published(self) -> bool:
        """Whether the scores are on the paper's test set."""
        acc, iou = self.background.get("acc"), self.background.get("iou")
        if self.key.split != "test" or acc is None or iou is None:
            return False
        return is_published_test_set(self.key.dataset, acc=acc, iou=iou)


def result_sets(rows: Iterable[ResultRow]) -> list[ResultSet]:
    """Group rows into sets that can be compared; the models of a set are in the order of tables.

    Raises:
        ValueError: if two runs of a model in a set have the same seed, which would count it twice.
    """
    grouped: dict[ResultSetKey, dict[tuple[str, str], list[ResultRow]]] = {}
    for row in rows:
        key = ResultSetKey(row.dataset, row.split, row.recipe, row.data, row.trained_on)
        grouped.setdefault(key, {}).setdefault((row.model, row.variant), []).append(row)
    return [ResultSet(key, sorted_models(grouped[key])) for key in sorted(grouped, key=ResultSetKey.sort_key)]


def sorted_models(rows_by_model: dict[tuple[str, str], list[ResultRow]]) -> list[ModelResults]:
    """Return the results of each model and variant, in the order of tables."""
    for rows in rows_by_model.values():
        check_seeds(rows)
    names = sorted(rows_by_model, key=lambda name: table_sort_key(*name))
    return [ModelResults(*name, sorted(rows_by_model[name], key=lambda row: row.seed)) for name in names]


def check_seeds(rows: Sequence[ResultRow]) -> None:
    """Raise ``ValueError`` if two runs have the same seed."""
    first: dict[int, ResultRow] = {}
    for row in rows:
        other = first.setdefault(row.seed, row)
        if other is not row:
            raise ValueError(
                f"a mean over seeds needs each seed once: {other.run} and {row.run} are both {row.experiment} with "
                f"seed {row.seed}, on the same data with the same recipe; leave one out"
            )
