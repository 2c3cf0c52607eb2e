"""States in chunks give the loss and the gradients of the whole field, in less memory."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from drumhead.models import NWM, READOUTS, NWMConfig, ReadoutName

NAMES: tuple[ReadoutName, ...] = tuple(READOUTS)
every_readout = pytest.mark.parametrize("name", NAMES)


@pytest.mark.parametrize("chunk_steps", [1, 2, 4, 5])
@every_readout
def test_chunks_give_the_results_of_the_whole_field(name: ReadoutName, chunk_steps: int) -> None:
    """The field has 6 frames; all chunks but the last are recomputed in the backward pass."""
    images, masks = torch.rand(3, 1, 5, 8, dtype=torch.float64), torch.randint(4, (3, 5, 8))
    weights = torch.tensor([0.0, 1.0, 2.0, 0.5])  # pixels of the first class are inactive
    torch.manual_seed(1)
    config = NWMConfig(steps=6, readout=name, pixel_widths=(16,), engine="plain")
    plain = NWM(config, in_channels=1, classes=4).double()
    chunked = NWM(config.replace(engine="fused", chunk_steps=chunk_steps), in_channels=1, classes=4).double()
    chunked.load_state_dict(plain.state_dict())
    images.requires_grad_()
    results = []
    for model in (plain, chunked):
        loss = model.loss(images, masks, class_weights=weights)
        results.append([loss, *torch.autograd.grad(loss, [images, *model.parameters()])])
    for expected, result in zip(*results, strict=True):
        torch.testing.assert_close(result, expected, rtol=1e-8, atol=1e-11)
    with torch.no_grad():
        torch.testing.assert_close(chunked(images), plain(images))


def test_a_long_field_takes_no_more_memory_than_a_chunk() -> None:
    """The field has 2,000 frames of 1 MB. Loss, gradients and predictions are computed in a process of their own."""
    script = """
import resource, torch
from drumhead.models import NWM, NWMConfig
model = NWM(NWMConfig(steps=2, engine="fused", pixel_widths=(8,), hidden_channels=8), in_channels=1, classes=3)
images, masks = torch.rand(1, 1, 16, 16), torch.ones(1, 16, 16, dtype=torch.int64)
model.loss(images, masks).backward()
config = model.config.replace(steps=2000, chunk_steps=20, readout="last")
long = NWM(config, in_channels=1, classes=3)
images, masks = torch.rand(1, 1, 180, 180), torch.ones(1, 180, 180, dtype=torch.int64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
long.loss(images, masks).backward()
long.predict(images)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / (8 * 180 * 180 * 4))
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=200, capture_output=True, text=True)
    frames = float(done.stdout)
    assert frames < 500  # 200 for the checkpoints of 100 chunks, 40 for a chunk and its gradient
