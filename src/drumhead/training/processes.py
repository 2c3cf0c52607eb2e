"""What the processes of one training tell each other: parts of a batch, one loss, one decision, one writer."""

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
    """The processes that train one model together, each on a device of its own, as one of them sees them.

    Each has the whole model, and a part of every batch: as many images as the others, of which every pixel counts, so
    that the mean of their losses is the loss of the batch, and the mean of their gradients its gradient. The first
    alone writes. Where there is but one process nothing is sent. Methods are called by all, in the same order.

    Args:
        fabric: launched.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.fabric = fabric
        self.rank = fabric.global_rank
        self.world_size = fabric.world_size

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, and tells the observers."""
        return self.rank == 0

    def batch_slice(self, batch_size: int) -> slice:
        """This process's part of each batch; ``batch_size`` is a multiple of the number of processes."""
        images = batch_size // self.world_size
        return slice(self.rank * images, (self.rank + 1) * images)

    def own_samples(self, samples: int, *, batch_size: int) -> list[int]:
        """Sample numbers of every so many-th batch of all, whole batches, beginning with this process's number."""
        first, stride = self.rank * batch_size, self.world_size * batch_size
        starts = range(first, samples, stride)
        return [sample for start in starts for sample in range(start, min(start + batch_size, samples))]

    def mean(self, value: Tensor) -> float:
        """The mean of a scalar over the processes, the same number in all; not finite if it is not in one."""
        if self.world_size == 1:
            return float(value.item())
        total = value.detach().to(torch.float64, copy=True)
        distributed.all_reduce(total)
        return float(total.item()) / self.world_size

    def broadcast(self, value: Value) -> Value:
        """The first process's value."""
        return value if self.world_size == 1 else self.fabric.broadcast(value)

    def run_on_first(self, work: Callable[[], Value]) -> Value | None:
        """What ``work`` gives, which the first process does while the others wait; in those, None.

        Raises:
            ProcessLostError: in the others, if it fails.
        """
        if self.world_size == 1:
            return work()
        if not self.is_first:
            if not self.broadcast(False):
                raise ProcessLostError("the first process of this training has stopped; it tells why")
            return None
        try:
            value = work()
        except BaseException:
            self.broadcast(False)
            raise
        self.broadcast(True)
        return value

    def gather_batches(self, work: Callable[[], Sequence[Value]]) -> list[Value]:
        """What ``work`` gives for the batches of each process (:meth:`own_samples`), in the order of all batches.

        If it raises an error in one process, all raise that.
        """
        if self.world_size == 1:
            return list(work())
        own: Sequence[Value] | Exception
        try:
            own = work()
        except Exception as error:
            own = error
        everyone: list[Sequence[Value] | Exception] = [own] * self.world_size
        distributed.all_gather_object(everyone, own)
        hands: list[Sequence[Value]] = []
        for hand in everyone:
            if isinstance(hand, Exception):
                raise hand
            hands.append(hand)
        return [hand[turn] for turn in range(len(hands[0])) for hand in hands if turn < len(hand)]
