"""A run as a row of a table."""

from __future__ import annotations

from drumhead.report.tables.score_tables import ScoreRow
from drumhead.runs import Run
from drumhead.scores import Scores


def score_row(run: Run, scores: Scores | None = None, *, name: str | None = None) -> ScoreRow:
    """A run's line in a table of scores.

    Args:
        run: a run of which at least one epoch has finished.
        scores: the scores to show; those of its ``scores.json`` by default.
        name: how to call it; by default as its folder is called.

    Raises:
        ValueError: if there are no scores to show.
    """
    scores = scores or run.scores()
    if scores is None:
        command = "evaluate" if run.state == "imported" else "train"
        raise ValueError(
            f"{run.folder} has no scores yet: it is {run.state}. Go on with: drumhead {command} {run.folder}"
        )
    metrics = run.metrics()
    return ScoreRow(
        name=name or run.name,
        scores=scores,
        parameters=run.new_model().parameter_count,
        seconds=metrics[-1].get("seconds") if metrics else None,
    )
