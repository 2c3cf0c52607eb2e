"""Reference datasets: published and standard sets, recognised by their fingerprints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from drumhead.config import Config
from drumhead.data.manifest import SplitManifest

DatasetSeed = Annotated[int, Field(ge=0, lt=2**64)] | Literal["published"]
"""The seed of a new dataset, or "published" for the paper's set."""


class ReferenceDataset(NamedTuple):
    """A dataset that is bit-identical wherever it is made."""

    title: str
    """Its name in a sentence."""
    splits: Mapping[str, SplitManifest]
    """Sizes and SHA-256 of train, val and test."""


def check_published_unchanged(config: Config) -> None:
    """Raise ValueError if a configuration asks for the published set (by its ``seed``) but changes another field."""
    fields = type(config).model_fields
    values = dict(config)
    changed = [name for name, field in fields.items() if values[name] != field.default]
    if values["seed"] == "published" and changed:
        raise ValueError(
            f"the published set has fixed sizes, but {', '.join(changed)} differ from it; "
            "give a seed (a number) to draw a set of your own"
        )
