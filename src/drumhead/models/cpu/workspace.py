"""Memory that is reused from call to call: memory that is fresh from the system is slow to touch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod

import torch
from torch import Tensor


class Workspace:
    """Named tensors on the CPU that are allocated once and reused. Only one thread may use it at a time.

    The memory of each name grows to the largest size that was asked for. A copy or an unpickled workspace is empty.
    """

    def __init__(self) -> None:
        self.memory: dict[tuple[str, torch.dtype], Tensor] = {}

    def tensor(self, name: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """Return a contiguous, uninitialised tensor; it overwrites the previous tensor of this name and dtype."""
        size = prod(shape)
        memory = self.memory.get((name, dtype))
        if memory is None or memory.numel() < size:
            with torch.inference_mode(False):  # a tensor that is created in that mode can only be written in that mode
                memory = self.memory[name, dtype] = torch.empty(size, dtype=dtype)
        return memory[:size].view(*shape)

    def __reduce__(self) -> tuple[type[Workspace], tuple[()]]:
        return Workspace, ()


@contextmanager
def acquire_workspace(workspaces: list[Workspace]) -> Iterator[Workspace]:
    """Take a workspace from the list, or create one if the list is empty; put it into the list after the block."""
    try:
        workspace = workspaces.pop()
    except IndexError:
        workspace = Workspace()
    try:
        yield workspace
    finally:
        workspaces.append(workspace)
