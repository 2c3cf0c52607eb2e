"""One small dataset for all; and one thread, for tiny tensors many times faster than several on a busy machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from drumhead.data import Dataset, make_dataset

from .tiny import BOARDS


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("training") / "boards")
