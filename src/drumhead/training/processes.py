"""Communication between the processes that train one model: parts of a batch, broadcast, all-reduce and gather."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, distributed

Value = TypeVar("Value")


class ProcessLostError(RuntimeError):
    """Another process of this training has ended; the state of the last finished epoch is on disk."""


class Processes:
    """The processes that train one model together, each on a device of its own, as seen by one of them.

    Each has the whole model and an equal part of every batch, so the mean of their losses is the loss of the batch, and
    the mean of their gradients is its gradient. Only the first process writes files. A single process sends nothing.
    All processes must call the methods in the same order.

    Args:
        fabric: launched.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.rank = fabric.global_rank
        self.world_size = fabric.world_size

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes files and notifies the observers."""
        return self.rank == 0

    def batch_slice(self, batch_size: int) -> slice:
        """Return this process's part of each batch; ``batch_size`` is a multiple of the number of processes."""
        images = batch_size // self.world_size
        return slice(self.rank * images, (self.rank + 1) * images)

    @property
    def own_batches(self) -> slice:
        """This process's batches when whole batches are dealt out to the processes in turn."""
        return slice(self.rank, None, self.world_size)

    def mean(self, value: Tensor) -> float:
        """Return the mean of a scalar over the processes, the same number in all; not finite if one value is not."""
        if self.world_size == 1:
            return float(value.item())
        total = value.detach().to(torch.float64, copy=True)
        distributed.all_reduce(total)
        return float(total.item()) / self.world_size

    def broadcast(self, value: Value) -> Value:
        """Return the first process's value, in every process."""
        return value if self.world_size == 1 else self.fabric.broadcast(value)

    def run_on_first(self, function: Callable[[], Value]) -> Value | None:
        """Call a function in the first process while the others wait; return its result there, None elsewhere.

        Raises:
            ProcessLostError: in the other processes, if the function fails.
        """
        if self.world_size == 1:
            return function()
        if not self.is_first:
            if not self.broadcast(False):
                raise ProcessLostError("the first process of this training has stopped; it reports why")
            return None
        try:
            value = function()
        except BaseException:
            self.broadcast(False)
            raise
        self.broadcast(True)
        return value

    def gather_batches(self, function: Callable[[], Sequence[Value]]) -> list[Value]:
        """Call a function that returns a value for each batch of ``own_batches``; return those of all batches.

        The values are in the order of the batches, in every process. If the function raises an error in one process,
        all processes raise it.
        """
        if self.world_size == 1:
            return list(function())
        own: Sequence[Value] | Exception
        try:
            own = function()
        except Exception as error:
            own = error
        results: list[Sequence[Value] | Exception] = [own] * self.world_size
        distributed.all_gather_object(results, own)
        values_by_rank: list[Sequence[Value]] = []
        for result in results:
            if isinstance(result, Exception):
                raise result
            values_by_rank.append(result)
        rounds = range(len(values_by_rank[0]))
        return [values[number] for number in rounds for values in values_by_rank if number < len(values)]
