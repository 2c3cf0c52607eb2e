"""Which versions of torch can export the models as they are built."""

from __future__ import annotations

import pytest
import torch

FIRST_TO_EXPORT = (2, 13)
"""The first version of torch with which exporting is tested; 2.9 cannot trace the choice of the engine."""

exports = pytest.mark.skipif(
    tuple(int(part) for part in torch.__version__.split(".")[:2]) < FIRST_TO_EXPORT,
    reason=f"torch {'.'.join(map(str, FIRST_TO_EXPORT))} exports models as they are built, earlier versions do not",
)
"""Marks tests that export a model."""
