"""Context managers that change a mode of a model or of torch inside a block, and restore it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode inside the block; afterwards each of its modules has its previous mode again.

    >>> model = nn.Sequential(nn.ReLU())
    >>> with evaluation_mode(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Disable autocast inside the block, for recurrences: over many steps, rounding errors would accumulate."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


@contextmanager
def single_threaded() -> Iterator[int]:
    """Let torch use a single thread inside the block; yield the number of threads that it used before.

    Several threads are no faster on small tensors: on a busy machine they wait for each other, and keep processors busy
    while they wait. In a forked process, torch can deadlock with several threads, but not with one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)
