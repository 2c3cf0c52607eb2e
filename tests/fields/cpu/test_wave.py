"""The fused evolution against the plain definition: values, gradients, and the contract of a torch operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian
from drumhead.fields.cpu import wave as wave_cpu

Inputs = tuple[Tensor, Tensor, Tensor, Tensor]

every_boundary = pytest.mark.parametrize("boundary", get_args(Boundary))
every_nonlinearity = pytest.mark.parametrize("nonlinearity", get_args(Nonlinearity))


def inputs(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0, requires_grad: bool = True) -> Inputs:
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *size: int) -> Tensor:
        values = torch.rand(size, generator=generator, dtype=torch.float64)
        return (low + (high - low) * values).to(dtype)

    channels = shape[1]
    y0, omega, alpha = uniform(-1, 1, *shape), uniform(0, 1, *shape), uniform(0, 0.5, *shape)
    coupling = laplacian(channels, dtype=dtype) + uniform(-0.2, 0.2, channels, channels, 3, 3)
    for values in (y0, omega, alpha, coupling):
        values.requires_grad_(requires_grad)
    return y0, omega, alpha, coupling


def values_and_gradients(arguments: Inputs, *, grad_frames: Tensor, **settings: Any) -> list[Tensor]:
    arguments = tuple(values.detach().requires_grad_() for values in arguments)  # type: ignore[assignment]
    field = evolve(*arguments, **settings)
    return [field.detach(), *torch.autograd.grad(field, arguments, grad_frames.to(field.dtype))]


def relative_error(result: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest expected value."""
    return float((result.double() - expected.double()).abs().max() / expected.abs().max().double())


@every_boundary
@every_nonlinearity
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (2, 1, 9), (2, 5, 37), (3, 4, 20), (5, 3, 66), (16, 4, 35)])
def test_agrees_with_the_plain_definition(
    shape: tuple[int, ...], boundary: Boundary, nonlinearity: Nonlinearity
) -> None:
    arguments = inputs(2, *shape)
    grad_frames = torch.randn(2, 5, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    settings: dict[str, Any] = {
        "dt": 0.2,
        "steps": 5,
        "boundary": boundary,
        "nonlinearity": nonlinearity,
        "grad_frames": grad_frames,
    }
    plain = values_and_gradients(arguments, engine="plain", **settings)
    fused = values_and_gradients(arguments, engine="fused", **settings)
    for value, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(value, expected, rtol=1e-11, atol=1e-12 * float(1 + expected.abs().max()))


@pytest.mark.parametrize("steps", [1, 2])
def test_agrees_for_one_and_two_steps(steps: int) -> None:
    arguments, grad_frames = inputs(1, 2, 3, 4), torch.ones(1, steps, 2, 3, 4)
    plain = values_and_gradients(arguments, engine="plain", dt=0.1, steps=steps, grad_frames=grad_frames)
    fused = values_and_gradients(arguments, engine="fused", dt=0.1, steps=steps, grad_frames=grad_frames)
    for value, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_float32_is_as_close_to_float64_as_the_plain_definition(channels: int) -> None:
    arguments = inputs(1, channels, 20, 21, requires_grad=False)
    float32_arguments: Inputs = tuple(values.float() for values in arguments)  # type: ignore[assignment]
    grad_frames = torch.randn(1, 100, channels, 20, 21, generator=torch.Generator().manual_seed(1))
    settings: dict[str, Any] = {"dt": 0.1, "steps": 100, "grad_frames": grad_frames}
    exact = values_and_gradients(arguments, engine="fused", **settings)
    plain = values_and_gradients(float32_arguments, engine="plain", **settings)
    fused = values_and_gradients(float32_arguments, engine="fused", **settings)
    for single, eager, expected in zip(fused, plain, exact, strict=True):
        assert relative_error(single, expected) <= 3 * relative_error(eager, expected) + 1e-6


@every_boundary
@every_nonlinearity
def test_gradcheck(boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    def function(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(
            y0, omega, alpha, coupling, dt=0.3, steps=4, boundary=boundary, nonlinearity=nonlinearity, engine="fused"
        )

    assert torch.autograd.gradcheck(function, inputs(1, 2, 3, 4))


def test_nan_and_overflow_are_in_the_same_places_as_in_the_plain_field() -> None:
    y0, omega, alpha, coupling = inputs(3, 1, 6, 40, dtype=torch.float32, requires_grad=False)
    y0[0, 0, 2, 3] = torch.nan
    field = evolve(y0, omega, 1000 * alpha, coupling, dt=0.5, steps=60, engine="fused")
    plain = evolve(y0, omega, 1000 * alpha, coupling, dt=0.5, steps=60, engine="plain")
    assert field[0, 0, 0, 2, 3].isnan()
    assert torch.equal(field.isfinite(), plain.isfinite())


def test_the_result_does_not_depend_on_the_number_of_threads() -> None:
    y0, omega, alpha, coupling = inputs(5, 3, 9, 17, dtype=torch.float32, requires_grad=False)
    settings: dict[str, Any] = {"dt": 0.1, "boundary": "circular", "nonlinearity": "tanh"}
    grad_frames = torch.randn(5, 20, 3, 9, 17, generator=torch.Generator().manual_seed(1))
    results = []
    for threads in (1, 2, 3, 8):
        frames = torch.empty_like(grad_frames)
        kernel = wave_cpu.WaveKernel(omega, alpha, coupling, **settings)
        wave_cpu.forward_batch(y0, kernel, frames, threads=threads)
        gradients = wave_cpu.backward_batch(y0, kernel, frames, grad_frames, needs_grad_coupling=True, threads=threads)
        results.append([frames, *gradients])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@every_boundary
@every_nonlinearity
@pytest.mark.parametrize("chunks", [[12], [1] * 12, [5, 1, 2, 4]], ids=str)
def test_an_evolution_in_chunks_equals_the_whole(
    chunks: list[int], boundary: Boundary, nonlinearity: Nonlinearity
) -> None:
    """Forward chunk by chunk, and backward from the states before each chunk."""
    arguments = inputs(1, 2, 6, 11)
    y0, omega, alpha, coupling = (values.detach() for values in arguments)
    settings: dict[str, Any] = {"dt": 0.2, "boundary": boundary, "nonlinearity": nonlinearity}
    grad_frames = torch.randn(1, sum(chunks), 2, 6, 11, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = values_and_gradients(arguments, engine="plain", steps=sum(chunks), grad_frames=grad_frames, **settings)

    kernel, state, starts = wave_cpu.WaveKernel(omega, alpha, coupling, **settings), wave_cpu.initial_state(y0[0]), []
    frames, grad_chunks = torch.split(torch.empty_like(grad_frames[0]), chunks), torch.split(grad_frames[0], chunks)
    for chunk in frames:
        starts.append((state.y.clone(), state.y - 0.2 * state.z))
        kernel.forward_image(0, state, chunk)
    torch.testing.assert_close(torch.cat(frames), expected[0][0], rtol=1e-11, atol=1e-12)

    grad_state, grad_omega, grad_alpha = (
        wave_cpu.initial_state(0 * y0[0]),
        torch.zeros_like(y0[0]),
        torch.zeros_like(y0[0]),
    )
    grad_coupling = np.zeros((2, 2, 3, 3))
    for previous, chunk, grad_chunk in reversed(list(zip(starts, frames, grad_chunks, strict=True))):
        kernel.backward_image(
            0,
            previous,
            chunk,
            grad_chunk,
            grad_state=grad_state,
            grad_omega=grad_omega,
            grad_alpha=grad_alpha,
            grad_coupling=grad_coupling,
        )
    gradients = [grad_state.y[None], grad_omega[None], grad_alpha[None], torch.from_numpy(grad_coupling)]
    for gradient, expected_gradient in zip(gradients, expected[1:], strict=True):
        tolerance = 1e-11 * float(1 + expected_gradient.abs().max())
        torch.testing.assert_close(gradient, expected_gradient, rtol=1e-10, atol=tolerance)


def test_any_strides() -> None:
    arguments = inputs(2, 3, 5, 6)
    strided: Inputs = tuple(values.detach().transpose(-1, -2).contiguous().mT for values in arguments)  # type: ignore[assignment]
    assert not any(values.is_contiguous() for values in strided)
    grad_frames = torch.ones(1).expand(2, 4, 3, 5, 6)
    expected = values_and_gradients(arguments, engine="fused", dt=0.1, steps=4, grad_frames=grad_frames.contiguous())
    result = values_and_gradients(strided, engine="fused", dt=0.1, steps=4, grad_frames=grad_frames)
    for value, same in zip(result, expected, strict=True):
        assert torch.equal(value, same)


@pytest.mark.parametrize("which", range(4))
def test_the_gradient_of_a_single_argument(which: int) -> None:
    arguments = inputs(2, 2, 4, 5)
    expected = torch.autograd.grad(evolve(*arguments, dt=0.1, steps=3).square().sum(), arguments)[which]
    chosen: Inputs = tuple(v if k == which else v.detach() for k, v in enumerate(arguments))  # type: ignore[assignment]
    (gradient,) = torch.autograd.grad(evolve(*chosen, dt=0.1, steps=3, engine="fused").square().sum(), chosen[which])
    assert torch.equal(gradient, expected)


def test_an_empty_batch_gives_an_empty_field() -> None:
    y0, omega, alpha, coupling = inputs(0, 2, 4, 4)
    field = evolve(y0, omega, alpha, coupling, dt=0.1, steps=3, engine="fused")
    assert field.shape == (0, 3, 2, 4, 4)
    (gradient,) = torch.autograd.grad(field.sum(), coupling)
    assert (gradient == 0).all()


def test_the_operator_passes_torchs_checks() -> None:
    arguments = inputs(2, 2, 4, 5)
    torch.library.opcheck(wave_cpu.evolve_fused, (*arguments, 0.1, 3, "circular", "tanh"))


def test_torch_compile_without_graph_breaks() -> None:
    arguments = inputs(2, 2, 4, 5)

    def loss(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(y0, omega, alpha, coupling, dt=0.1, steps=3).square().sum()

    assert_same_loss_and_gradients(torch.compile(loss, fullgraph=True, backend="aot_eager"), loss, arguments)


def test_activation_checkpointing() -> None:
    def loss(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(y0, omega, alpha, coupling, dt=0.1, steps=3).square().sum()

    def checkpointed(*arguments: Tensor) -> Tensor:
        result: Tensor = checkpoint(loss, *arguments, use_reentrant=False)
        return result

    assert_same_loss_and_gradients(checkpointed, loss, inputs(2, 2, 4, 5))


def assert_same_loss_and_gradients(
    function: Callable[..., Tensor], reference: Callable[..., Tensor], arguments: Inputs
) -> None:
    loss, expected = function(*arguments), reference(*arguments)
    assert torch.equal(loss, expected)
    for a, b in zip(torch.autograd.grad(loss, arguments), torch.autograd.grad(expected, arguments), strict=True):
        assert torch.equal(a, b)


def test_inference_mode() -> None:
    arguments = inputs(2, 2, 4, 5)
    with torch.inference_mode():
        field = evolve(*arguments, dt=0.1, steps=3, engine="fused")
    assert field.is_inference()
    assert torch.equal(field, evolve(*arguments, dt=0.1, steps=3, engine="fused"))


def test_a_second_derivative_raises_an_error() -> None:
    arguments = inputs(1, 1, 3, 3)
    field = evolve(*arguments, dt=0.1, steps=2)
    (first,) = torch.autograd.grad(field.sum(), arguments[0], create_graph=True)
    with pytest.raises(RuntimeError, match="engine='plain'"):
        torch.autograd.grad(first.sum(), arguments[1])
