"""The kernels on a GPU. Nobody has run these tests yet: see docs/performance.md."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.fields import evolve, laplacian

from .requirements import on_gpu

pytestmark = on_gpu

SIZES = [(2, 1, 28, 28), (2, 2, 64, 64), (3, 3, 33, 50), (2, 16, 40, 41), (1, 16, 128, 128), (1, 2, 200, 201)]


def values_and_gradients(shape: tuple[int, ...], dtype: torch.dtype, device: str, **settings: Any) -> list[Tensor]:
    """The field and the gradients of all arguments, on the CPU."""
    generator = torch.Generator().manual_seed(0)
    draw = [torch.rand(shape, generator=generator, dtype=torch.float64) for _ in range(3)]
    channels = shape[1]
    coupling = laplacian(channels, dtype=torch.float64) + 0.1 * torch.randn(
        channels, channels, 3, 3, generator=generator, dtype=torch.float64
    )
    numbers = (2 * draw[0] - 1, draw[1], 0.5 * draw[2], coupling)
    leaves = [values.to(device, dtype).requires_grad_() for values in numbers]
    field = evolve(*leaves, dt=0.1, steps=100, **settings)
    grad_field = torch.randn(field.shape, generator=generator).to(field)
    return [values.cpu() for values in (field.detach(), *torch.autograd.grad(field, leaves, grad_field))]


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("boundary", ["circular", "fixed", "free"])
def test_no_further_from_float64_than_three_times_plain_float32(shape: tuple[int, ...], boundary: str) -> None:
    exact = values_and_gradients(shape, torch.float64, "cuda", engine="plain", boundary=boundary)
    plain = values_and_gradients(shape, torch.float32, "cuda", engine="plain", boundary=boundary)
    fused = values_and_gradients(shape, torch.float32, "cuda", engine="fused", boundary=boundary)
    for value, eager, expected in zip(fused, plain, exact, strict=True):
        size = expected.abs().max()
        distance, allowed = (float((each - expected).abs().max() / size) for each in (value, eager))
        assert distance <= 3 * allowed + 1e-6


@pytest.mark.parametrize("shape", SIZES, ids=str)
def test_the_same_bits_again(shape: tuple[int, ...]) -> None:
    first, second = (values_and_gradients(shape, torch.float32, "cuda", engine="fused") for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_cuda_graph_records_the_evolution() -> None:
    y0, omega, alpha = (torch.rand(2, 2, 32, 32, device="cuda") for _ in range(3))
    coupling = laplacian(2).cuda()
    expected = evolve(y0, omega, alpha, coupling, dt=0.1, steps=20, engine="fused")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        field = evolve(y0, omega, alpha, coupling, dt=0.1, steps=20, engine="fused")
    graph.replay()
    torch.cuda.synchronize()
    assert torch.equal(field, expected)
