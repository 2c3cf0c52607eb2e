"""Batch normalisation over the images of all processes, as one device has it over the whole batch.

Torch's ``SyncBatchNorm`` is the same, on GPUs alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn


class SyncBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with the mean and variance over equal parts of a batch in several processes."""

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            return super().forward(images)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        values = images.to(self.weight)  # of bfloat16 under autocast
        mean = mean_over_processes(values.mean(dim=(0, 2, 3)))
        centred = values - mean[:, None, None]
        variance = mean_over_processes(centred.square().mean(dim=(0, 2, 3)))
        count = values.numel() // values.shape[1] * distributed.get_world_size()
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(images.dtype)


def synchronize_batch_norm(model: nn.Module) -> None:
    """Let every batch normalisation of a model look at the batch of all processes."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncBatchNorm2d  # the parameters stay, and their names


def mean_over_processes(values: Tensor) -> Tensor:
    """The mean over processes, the same in all; gradients flow back to the values of all."""
    mean: Tensor = _MeanOverProcesses.apply(values)  # type: ignore[no-untyped-call]
    return mean


class _MeanOverProcesses(torch.autograd.Function):
    """:func:`mean_over_processes` for autograd: it is its own adjoint."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total / distributed.get_world_size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return mean_over_processes(gradient)
