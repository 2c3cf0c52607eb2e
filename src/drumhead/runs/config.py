"""All that made a run: what ``config.json`` holds."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from pydantic import Field, PositiveInt

from drumhead.config import Config
from drumhead.data import MAX_CLASSES, Dataset
from drumhead.experiments import Experiment
from drumhead.string_types import Name, SingleLine

VERSIONED_PACKAGES = ("drumhead", "torch", "numpy", "lightning-fabric", "pydantic", "pillow", "safetensors")


class DataRecord(Config):
    """Which data a run was trained on."""

    folder: str
    """Where it was."""
    name: Name
    """The dataset's name."""
    fingerprint: SingleLine
    """SHA-256 over the hashes of all its arrays."""
    channels: PositiveInt
    """Channels of the images."""
    height: PositiveInt
    """Height of the images, in pixels."""
    width: PositiveInt
    """Width of the images, in pixels."""
    class_names: tuple[Name, ...] = Field(min_length=2, max_length=MAX_CLASSES)
    """Names of the classes; the first is background."""

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> DataRecord:
        return cls(
            folder=str(dataset.folder.resolve()),
            name=dataset.manifest.name,
            fingerprint=dataset.fingerprint,
            channels=dataset.channels,
            height=dataset.height,
            width=dataset.width,
            class_names=tuple(dataset.class_names),
        )


class RunConfig(Config):
    """All that made a run: what ``config.json`` holds."""

    experiment: Experiment
    """What was trained."""
    data: DataRecord
    """On what."""
    versions: dict[str, str]
    """Versions of Python and of the packages that shape the numbers."""
    machine: dict[str, str]
    """System, processor, accelerator and threads."""
    imported_from: str | None = None
    """Where the weights were found, if they were not trained here: such a run has no training to go on with."""


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape the numbers."""
    versions = {"python": platform.python_version()}
    for package in VERSIONED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    return versions
