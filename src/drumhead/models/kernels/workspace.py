"""Memory that one thread writes again and again: memory that is fresh from the system is slow to touch."""

from __future__ import annotations

import torch
from torch import Tensor


class Workspace:
    """Named matrices on the CPU, each as large as it ever had to be."""

    def __init__(self) -> None:
        self.memory: dict[tuple[str, torch.dtype], Tensor] = {}

    def matrix(self, name: str, rows: int, columns: int, dtype: torch.dtype) -> Tensor:
        """``(rows, columns)`` of any content; what was there before under that name and type is gone."""
        memory = self.memory.get((name, dtype))
        if memory is None or memory.numel() < rows * columns:
            memory = self.memory[name, dtype] = torch.empty(rows * columns, dtype=dtype)
        return memory[: rows * columns].view(rows, columns)
