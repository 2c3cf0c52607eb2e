"""Batch normalisation over two processes is that of one over the whole batch, gradients included."""

from __future__ import annotations

import os

import torch
from torch import distributed, nn

from drumhead.models import build
from drumhead.training.batch_norm import SyncBatchNorm2d, synchronize_batch_norm

from .multiprocess import in_processes


def check() -> None:
    """The output, the gradients and the running statistics of this process, in float64."""
    distributed.init_process_group("gloo", rank=int(os.environ["LOCAL_RANK"]), world_size=2)
    try:
        torch.manual_seed(0)
        images, weights = torch.randn(2, 4, 3, 5, 6, dtype=torch.float64)
        part = slice(2 * distributed.get_rank(), 2 * distributed.get_rank() + 2)
        whole, shared = nn.BatchNorm2d(3).double(), nn.Sequential(nn.BatchNorm2d(3)).double()
        with torch.no_grad():
            whole.weight.copy_(torch.rand(3))
            whole.bias.copy_(torch.rand(3))
        shared[0].load_state_dict(whole.state_dict())
        synchronize_batch_norm(shared)
        assert type(shared[0]) is SyncBatchNorm2d
        for _ in range(2):
            expected_images = images.clone().requires_grad_()
            expected = whole(expected_images)
            (expected * weights).sum().backward()
            own_images = images[part].clone().requires_grad_()
            found = shared(own_images)
            (found * weights[part]).sum().backward()
            torch.testing.assert_close(found, expected[part])
            torch.testing.assert_close(own_images.grad, expected_images.grad[part])
        for own, wanted in zip(shared.parameters(), whole.parameters(), strict=True):
            distributed.all_reduce(own.grad)
            torch.testing.assert_close(own.grad, wanted.grad)
        torch.testing.assert_close(shared[0].state_dict(), whole.state_dict())
        torch.testing.assert_close(shared.eval()(images), whole.eval()(images))
    finally:
        distributed.destroy_process_group()


def check_unet() -> None:
    """The gradients of a whole U-Net, averaged as for any model, in float64."""
    distributed.init_process_group("gloo", rank=int(os.environ["LOCAL_RANK"]), world_size=2)
    try:
        torch.manual_seed(0)
        images, masks = torch.rand(4, 1, 20, 18, dtype=torch.float64), torch.randint(3, (4, 20, 18))
        part = slice(2 * distributed.get_rank(), 2 * distributed.get_rank() + 2)
        whole, shared = (build("unet", in_channels=1, classes=3, width=2, seed=1).double() for _ in range(2))
        synchronize_batch_norm(shared)
        whole.loss(images, masks).backward()  # type: ignore[no-untyped-call]
        shared.loss(images[part], masks[part]).backward()  # type: ignore[no-untyped-call]
        for own, wanted in zip(shared.parameters(), whole.parameters(), strict=True):
            assert own.grad is not None
            distributed.all_reduce(own.grad)
            torch.testing.assert_close(own.grad / 2, wanted.grad)
    finally:
        distributed.destroy_process_group()


def test_two_processes_have_the_gradients_of_a_unet() -> None:
    in_processes(check_unet, check_unet)


def test_two_processes_normalise_as_one() -> None:
    in_processes(check, check)
