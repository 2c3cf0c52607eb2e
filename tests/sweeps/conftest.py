"""Fixtures: a small dataset, and a fake Slurm."""

from __future__ import annotations

import pytest
from tests.sweeps.fake_slurm import FakeSlurm
from tests.training.tiny_runs import BOARDS

from drumhead.data import Dataset, make_dataset


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("data") / "boards")


@pytest.fixture
def fake_slurm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    return FakeSlurm(tmp_path_factory.mktemp("slurm"), monkeypatch)
