"""Batch normalisation in two processes agrees with that of one process on the whole batch, gradients included."""

from __future__ import annotations

import os

import torch
from torch import distributed, nn

from drumhead.models import build
from drumhead.training.batch_norm import SyncBatchNorm2d, synchronize_batch_norm

from .multiprocess import in_processes


def check_layer() -> None:
    """Check the output, the gradients and the running statistics of this process, in float64."""
    distributed.init_process_group("gloo", rank=int(os.environ["LOCAL_RANK"]), world_size=2)
    try:
        torch.manual_seed(0)
        images, weights = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
        own_slice = slice(2 * distributed.get_rank(), 2 * distributed.get_rank() + 2)
        reference, synced = nn.BatchNorm2d(3).double(), nn.Sequential(nn.BatchNorm2d(3)).double()
        with torch.no_grad():
            reference.weight.copy_(torch.rand(3))
            reference.bias.copy_(torch.rand(3))
        synced[0].load_state_dict(reference.state_dict())
        synchronize_batch_norm(synced)
        assert type(synced[0]) is SyncBatchNorm2d
        for _ in range(2):
            expected_images = images.clone().requires_grad_()
            expected = reference(expected_images)
            (expected * weights).sum().backward()
            own_images = images[own_slice].clone().requires_grad_()
            output = synced(own_images)
            (output * weights[own_slice]).sum().backward()
            torch.testing.assert_close(output, expected[own_slice])
            torch.testing.assert_close(own_images.grad, expected_images.grad[own_slice])
        for own, expected_parameter in zip(synced.parameters(), reference.parameters(), strict=True):
            distributed.all_reduce(own.grad)
            torch.testing.assert_close(own.grad, expected_parameter.grad)
        torch.testing.assert_close(synced[0].state_dict(), reference.state_dict())
        torch.testing.assert_close(synced.eval()(images), reference.eval()(images))
    finally:
        distributed.destroy_process_group()


def check_unet() -> None:
    """Check the gradients of a whole U-Net, averaged as for any model, in float64."""
    distributed.init_process_group("gloo", rank=int(os.environ["LOCAL_RANK"]), world_size=2)
    try:
        torch.manual_seed(0)
        images, masks = torch.rand(4, 1, 20, 18, dtype=torch.float64), torch.randint(3, (4, 20, 18))
        own_slice = slice(2 * distributed.get_rank(), 2 * distributed.get_rank() + 2)
        reference, synced = (build("unet", in_channels=1, classes=3, width=2, seed=1).double() for _ in range(2))
        synchronize_batch_norm(synced)
        reference.loss(images, masks).backward()  # type: ignore[no-untyped-call]
        synced.loss(images[own_slice], masks[own_slice]).backward()  # type: ignore[no-untyped-call]
        for own, expected_parameter in zip(synced.parameters(), reference.parameters(), strict=True):
            assert own.grad is not None
            distributed.all_reduce(own.grad)
            torch.testing.assert_close(own.grad / 2, expected_parameter.grad)
    finally:
        distributed.destroy_process_group()


def test_two_processes_have_the_gradients_of_a_unet() -> None:
    in_processes(check_unet, check_unet)


def test_two_processes_normalise_as_one() -> None:
    in_processes(check_layer, check_layer)
