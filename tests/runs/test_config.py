"""What made a run is told as it was."""

from __future__ import annotations

import platform

import torch

import drumhead
from drumhead.runs import package_versions


def test_versions_are_those_installed() -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["torch"] == torch.__version__.split("+")[0] or versions["torch"] == torch.__version__
    assert versions["drumhead"] == drumhead.__version__
    assert "unknown" not in versions.values()
