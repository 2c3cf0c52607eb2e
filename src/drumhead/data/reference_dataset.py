"""Datasets known by their fingerprints, above all the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from drumhead.config import Config
from drumhead.data.manifest import SplitManifest

Seed = Annotated[int, Field(ge=0, lt=2**64)] | Literal["published"]
"""Seed of a set of one's own, or "published" for the paper's set."""


class ReferenceDataset(NamedTuple):
    """A dataset that is the same wherever it is made, bit for bit."""

    title: str
    """What it is called in a sentence."""
    splits: Mapping[str, SplitManifest]
    """Sizes and SHA-256 of train, val and test."""


def check_published_unchanged(config: Config) -> None:
    """Raise ValueError if a configuration asks for the published set (``seed``) but with some field changed."""
    fields = type(config).model_fields
    values = dict(config)
    changed = [name for name, field in fields.items() if values[name] != field.default]
    if values["seed"] == "published" and changed:
        raise ValueError(
            f"the published set has fixed sizes, but {', '.join(changed)} differ from it; "
            "give a seed (a number) to draw a set of your own"
        )
