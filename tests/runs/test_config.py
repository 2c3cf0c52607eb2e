"""The record of package versions."""

from __future__ import annotations

import platform
import re
from pathlib import Path

import torch

import drumhead
from drumhead.cpu_info import LINUX_INFO, processor_name
from drumhead.runs import package_versions


def test_recorded_versions_are_the_installed_ones() -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["torch"] == torch.__version__.split("+")[0] or versions["torch"] == torch.__version__
    assert versions["drumhead"] == drumhead.__version__
    assert "unknown" not in versions.values()


def test_a_checkout_is_recorded_by_its_commit() -> None:
    """A package that was installed without its repository has no commit."""
    commit, has_repository = package_versions().get("commit"), (Path(__file__).parents[2] / ".git").exists()
    if has_repository and commit is not None:
        assert re.fullmatch(r"[0-9a-f]{40}(, with changes)?", commit)
    assert has_repository or commit is None


def test_the_processor_has_a_name() -> None:
    name = processor_name()
    assert name
    assert name == " ".join(name.split())
    if LINUX_INFO.is_file() and "model name" in LINUX_INFO.read_text():
        assert name in " ".join(LINUX_INFO.read_text().split())
