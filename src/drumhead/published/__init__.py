"""Published results: the paper's scores, and import of checkpoints of the authors' code."""

from __future__ import annotations

from drumhead.published.errors import ImportRunError
from drumhead.published.importer import ImportedRun, import_run
from drumhead.published.scores import PublishedMetric, PublishedRun, published_runs, published_scores

__all__ = [
    "ImportRunError",
    "ImportedRun",
    "PublishedMetric",
    "PublishedRun",
    "import_run",
    "published_runs",
    "published_scores",
]
