"""One small dataset for all tests of training."""

from __future__ import annotations

import pytest

from drumhead.data import Dataset

from .small import small_dataset


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The small dataset."""
    return small_dataset(tmp_path_factory.mktemp("boards") / "data")
