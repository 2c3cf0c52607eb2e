"""Synchronised batch normalisation: statistics over the images of all processes, as one device computes for the batch.

Torch's ``SyncBatchNorm`` does the same, but only on GPUs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed, nn


class SyncBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation whose mean and variance are those of a batch split evenly over all processes."""

    def forward(self, images: Tensor) -> Tensor:
        if not self.training:
            return super().forward(images)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        values = images.to(self.weight)  # images are bfloat16 under autocast
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
    """Make every batch normalisation of a model use the statistics of all processes."""
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncBatchNorm2d  # parameters and their names stay as they are


def mean_over_processes(values: Tensor) -> Tensor:
    """Return the mean over processes, the same in all of them; gradients flow back to the values of every process."""
    mean: Tensor = _MeanOverProcesses.apply(values)  # type: ignore[no-untyped-call]
    return mean


class _MeanOverProcesses(torch.autograd.Function):
    """The autograd function of :func:`mean_over_processes`, which is its own adjoint."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total / distributed.get_world_size()

    @staticmethod
    def backward(ctx: Any, grad_mean: Tensor) -> Tensor:
        return mean_over_processes(grad_mean)
