"""A small dataset that all tests of training share."""

from __future__ import annotations

import pytest

from drumhead.data import Dataset, make_dataset

from .tiny_runs import BOARDS


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("training") / "boards")
