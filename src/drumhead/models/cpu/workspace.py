"""Memory that is written again and again: memory that is fresh from the system is slow to touch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor


class Workspace:
    """Named tensors on the CPU, each in as much memory as it ever needed. For one thread at a time.

    A copy, or what is read from a pickle, is empty.
    """

    def __init__(self) -> None:
        self.memory: dict[tuple[str, torch.dtype], Tensor] = {}

    def tensor(self, name: str, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
        """A contiguous tensor of any content; what was there before under that name and type is gone."""
        size = prod(shape)
        memory = self.memory.get((name, dtype))
        if memory is None or memory.numel() < size:
            with torch.inference_mode(False):  # what is made in that mode can be written in it alone
                memory = self.memory[name, dtype] = torch.empty(size, dtype=dtype)
        return memory[:size].view(*shape)

    def __reduce__(self) -> tuple[type[Workspace], tuple[()]]:
        return Workspace, ()
