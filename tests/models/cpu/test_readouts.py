"""What the definition cannot show of the readouts in chunks; tests of the fused loss compare them with it."""

from __future__ import annotations

import torch

from drumhead.models.cpu.readouts import MaxKernel, ReadoutCache


def test_maxima_that_are_equal_in_two_chunks_share_the_gradient() -> None:
    """Ties between chunks share the gradient like ties within a chunk."""
    readout = MaxKernel(steps=4)
    cache = ReadoutCache(*(torch.zeros(1, 1, 2) for _ in range(3)))
    states = torch.tensor([[3.0, 1.0], [1.0, 2.0], [3.0, 2.0], [0.0, 5.0]])[:, None]
    for start in (0, 2):
        readout.consume(states[start : start + 2], start, cache)
    cache.grad_features[:] = 1
    readout.prepare_backward(cache)
    gradient = torch.empty_like(states)
    for start in (0, 2):
        readout.write_gradient(cache, states[start : start + 2], start, gradient[start : start + 2])
    expected = torch.tensor([[0.5, 0.0], [0.0, 0.0], [0.5, 0.0], [0.0, 1.0]])[:, None]
    torch.testing.assert_close(gradient, expected)
