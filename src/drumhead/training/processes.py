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
        self.number = fabric.global_rank
        self.count = fabric.world_size

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes, and tells the observers."""
        return self.number == 0

    def part(self, batch_size: int) -> slice:
        """This process's part of each batch; ``batch_size`` is a multiple of the number of processes."""
        images = batch_size // self.count
        return slice(self.number * images, (self.number + 1) * images)

    def batches(self, samples: int, *, batch_size: int) -> list[int]:
        """Sample numbers of every so many-th batch of all, whole batches, beginning with this process's number."""
        first, stride = self.number * batch_size, self.count * batch_size
        starts = range(first, samples, stride)
        return [sample for start in starts for sample in range(start, min(start + batch_size, samples))]

    def mean(self, value: Tensor) -> float:
        """The mean of a scalar over the processes, the same number in all; not finite if it is not in one."""
        if self.count == 1:
            return float(value.item())
        total = value.detach().to(torch.float64, copy=True)
        distributed.all_reduce(total)
        return float(total.item()) / self.count

    def of_first(self, value: Value) -> Value:
        """The first process's value."""
        return value if self.count == 1 else self.fabric.broadcast(value)

    def alone(self, work: Callable[[], Value]) -> Value | None:
        """What ``work`` gives, which the first process does while the others wait; in those, None.

        Raises:
            ProcessLostError: in the others, if it fails.
        """
        if self.count == 1:
            return work()
        if not self.is_first:
            if not self.of_first(False):
                raise ProcessLostError("the first process of this training has stopped; it tells why")
            return None
        try:
            value = work()
        except BaseException:
            self.of_first(False)
            raise
        self.of_first(True)
        return value

    def dealt(self, work: Callable[[], Sequence[Value]]) -> list[Value]:
        """What ``work`` gives for the batches of each process (:meth:`batches`), in the order of all batches.

        If it raises an error in one process, all raise that.
        """
        if self.count == 1:
            return list(work())
        own: Sequence[Value] | Exception
        try:
            own = work()
        except Exception as error:
            own = error
        everyone: list[Sequence[Value] | Exception] = [own] * self.count
        distributed.all_gather_object(everyone, own)
        hands: list[Sequence[Value]] = []
        for hand in everyone:
            if isinstance(hand, Exception):
                raise hand
            hands.append(hand)
        return [hand[turn] for turn in range(len(hands[0])) for hand in hands if turn < len(hand)]
