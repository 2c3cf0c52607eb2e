"""The full configuration of a run, stored in ``config.json``."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import Field, PositiveInt

from drumhead.config import Config
from drumhead.data import MAX_CLASSES, Dataset
from drumhead.experiments import Experiment
from drumhead.runs.initial_weights import InitialWeights
from drumhead.string_types import Name, SingleLine

VERSIONED_PACKAGES = ("drumhead", "torch", "numpy", "lightning-fabric", "pydantic", "pillow", "safetensors")
"""Packages whose versions are recorded."""
COMMIT = "commit"
"""The entry of the versions with the git commit of the package, if it runs from a checkout."""


class DataRecord(Config):
    """The data on which a run was trained."""

    folder: str
    """The absolute path of its folder."""
    name: Name
    """The dataset's name."""
    fingerprint: SingleLine
    """SHA-256 over the hashes of all its arrays."""
    channels: PositiveInt
    """The number of image channels."""
    height: PositiveInt
    """The height of the images, in pixels."""
    width: PositiveInt
    """The width of the images, in pixels."""
    class_names: tuple[Name, ...] = Field(min_length=2, max_length=MAX_CLASSES)
    """The names of the classes; the first is background."""
    ignored_label: int | None = Field(default=None, ge=0, lt=MAX_CLASSES)
    """The mask value of pixels that do not count; None if all count."""
    scale: float | None = Field(default=None, gt=0)
    """The value in the original images that became 1.0; None if it was the largest of their dtype."""
    relabel: dict[int, int] | None = None
    """The class number of each label in the original masks; None if the labels were the class numbers."""

    def __hash__(self) -> int:
        return hash((self.folder, self.fingerprint))

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> DataRecord:
        """Return the record of a dataset."""
        return cls(
            folder=str(dataset.folder.resolve()),
            name=dataset.manifest.name,
            fingerprint=dataset.fingerprint,
            channels=dataset.channels,
            height=dataset.height,
            width=dataset.width,
            class_names=tuple(dataset.class_names),
            ignored_label=dataset.ignored_label,
            scale=dataset.scale,
            relabel=dataset.relabel,
        )


class RunConfig(Config):
    """The full configuration of a run, stored in ``config.json``."""

    experiment: Experiment
    """The experiment."""
    data: DataRecord
    """The data on which it was trained."""
    versions: dict[str, str]
    """Versions of Python and of the packages that affect the results; from a checkout, also its git commit."""
    machine: dict[str, str]
    """Operating system, processor, accelerator and number of threads."""
    imported_from: str | None = None
    """The source of the weights if they were imported; an imported run has no training to resume."""
    initial_weights: InitialWeights | None = None
    """The weights that training started from; None if they were random."""


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that affect the results, and the commit of a checkout."""
    versions = {"python": platform.python_version()}
    for package in VERSIONED_PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    commit = checkout_commit()
    return versions if commit is None else {**versions, COMMIT: commit}


@cache
def checkout_commit() -> str | None:
    """Return the git commit of the checkout that the package runs from; None if it was installed without one."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root)]
    try:
        commit, changes = (
            subprocess.run([*git, *command], capture_output=True, text=True, check=True, timeout=10).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{commit}, with changes" if changes else commit
