"""Early stopping: training ends when the validation loss has not improved for some epochs.

It follows from the rows of ``metrics.csv`` and the recipe alone, so a resumed run stops at the same epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drumhead.experiments import Recipe
from drumhead.runs.run import Run


def epochs_without_improvement(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return the number of epochs since the last one whose weights were kept.

    >>> epochs_without_improvement([{"kept": 1}, {"kept": 0}, {"kept": 0}])
    2
    """
    for number, row in enumerate(reversed(rows)):
        if row.get("kept"):
            return number
    return len(rows)


def has_stopped_early(recipe: Recipe, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the patience of a recipe has ended after these epochs, before its last epoch."""
    if recipe.patience is None or len(rows) >= recipe.epochs:
        return False
    return epochs_without_improvement(rows) >= recipe.patience


def early_stop_note(run: Run) -> str | None:
    """Return a sentence on why a run has fewer epochs than its recipe; None if it was not stopped early."""
    rows, recipe = run.metrics(), run.config.experiment.recipe
    if not has_stopped_early(recipe, rows):
        return None
    waited = epochs_without_improvement(rows)
    return (
        f"stopped early after epoch {len(rows)} of {recipe.epochs}: the validation loss has not improved by more than "
        f"{recipe.min_delta:g} in {waited} epoch{'' if waited == 1 else 's'}"
    )
