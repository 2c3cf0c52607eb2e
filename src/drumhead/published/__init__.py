"""What others published: the paper's scores."""

from __future__ import annotations

from drumhead.published.scores import PublishedMetric, PublishedScore, published_scores

__all__ = ["PublishedMetric", "PublishedScore", "published_scores"]
