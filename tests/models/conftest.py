"""Fixtures for the tests of models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def same_number_of_threads() -> Iterator[None]:
    """Fail a test that leaves torch with another number of threads."""
    before = torch.get_num_threads()
    yield
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert after == before


@pytest.fixture
def exporting() -> None:
    """Skip a test that exports a model where torch is too old: up to 2.9 it cannot trace the choice of the engine."""
    pytest.importorskip("torch", minversion="2.13", reason="exporting models as they are built needs torch 2.13")
