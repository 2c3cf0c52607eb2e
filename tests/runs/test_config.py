"""The record of package versions."""

from __future__ import annotations

import platform

import torch

import drumhead
from drumhead.runs import package_versions


def test_recorded_versions_are_the_installed_ones() -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["torch"] == torch.__version__.split("+")[0] or versions["torch"] == torch.__version__
    assert versions["drumhead"] == drumhead.__version__
    assert "unknown" not in versions.values()
