"""Modes of a model and of torch, for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import nn


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """The model in evaluation mode inside the block; each of its modules is in its own mode again afterwards.

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
    """No autocast inside the block: where a step follows from the one before, rounding errors would add up."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)
