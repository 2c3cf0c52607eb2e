"""The kernels in Triton's interpreter against the plain definition: values, gradients, a torch operator's contract."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.fields import WaveState, laplacian, wave
from drumhead.fields.cuda import wave as wave_cuda
from drumhead.fields.cuda.launch_plan import make_plan
from drumhead.fields.cuda.wave import WaveProblem

from .requirements import interpreted

pytestmark = interpreted

STEPS, DT = 3, 0.2


def inputs(*shape: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Position, velocity, stiffness, damping and coupling, in float64."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, *size: int) -> Tensor:
        return low + (high - low) * torch.rand(size, generator=generator, dtype=torch.float64)

    channels = shape[1]
    y, z, omega, alpha = uniform(-1, 1, *shape), uniform(-1, 1, *shape), uniform(0, 1, *shape), uniform(0, 0.5, *shape)
    coupling = laplacian(channels, dtype=torch.float64) + uniform(-0.2, 0.2, channels, channels, 3, 3)
    return y, z, omega, alpha, coupling


def plain_results(arguments: tuple[Tensor, ...], grads: tuple[Tensor, Tensor], **settings: Any) -> list[Tensor]:
    """Frames, last velocity and the gradients of the arguments by the plain definition, in the arguments' dtype."""
    y, z, *parameters = leaves = [values.detach().requires_grad_() for values in arguments]
    state, frames = WaveState(y, z), []
    for _ in range(grads[0].shape[1]):
        state = wave.step(state, *parameters, dt=DT, **settings)
        frames.append(state.y)
    outputs = torch.stack(frames, dim=1), state.z
    gradients = torch.autograd.grad(outputs, leaves, [values.to(y.dtype) for values in grads])
    return [*(output.detach() for output in outputs), *gradients]


def kernel_results(
    arguments: tuple[Tensor, ...], grads: tuple[Tensor, Tensor], *, whole_images: bool | None = None, **settings: Any
) -> list[Tensor]:
    """The same by the kernels, in float32."""
    plan = make_plan(*arguments[0].shape[1:], whole_images=whole_images)
    problem = WaveProblem(*(values.float() for values in arguments), dt=DT, plan=plan, **settings)
    frames, z_end = problem.forward(grads[0].shape[1])
    return [frames, z_end, *problem.backward(frames, *grads, needs_grad_coupling=True)]


def random_grads(*shape: int, steps: int = STEPS) -> tuple[Tensor, Tensor]:
    """Gradients of the frames and of the last velocity, in float32."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(shape[0], steps, *shape[1:], generator=generator), torch.randn(shape, generator=generator)


def relative_error(result: Tensor, expected: Tensor) -> float:
    """The largest difference, relative to the largest expected value."""
    return float((result.double() - expected.double()).abs().max() / expected.abs().max().double())


def assert_as_close_as_plain_float32(shape: tuple[int, ...], *, whole_images: bool | None, **settings: Any) -> None:
    """Check that the kernels are no further from float64 than three times the plain definition in float32."""
    arguments, grads = inputs(*shape), random_grads(*shape)
    exact = plain_results(arguments, grads, **settings)
    eager = plain_results(tuple(values.float() for values in arguments), grads, **settings)
    kernels = kernel_results(arguments, grads, whole_images=whole_images, **settings)
    for value, single, expected in zip(kernels, eager, exact, strict=True):
        assert value.shape == expected.shape
        assert relative_error(value, expected) <= 3 * relative_error(single, expected) + 1e-6


@pytest.mark.parametrize("whole_images", [True, False], ids=["whole images", "single steps"])
@pytest.mark.parametrize(
    ("shape", "boundary", "nonlinearity"),
    [
        ((2, 1, 1, 1), "circular", "tanh"),
        ((1, 1, 7, 1), "fixed", "linear"),
        ((1, 1, 1, 9), "free", "linear"),
        ((1, 2, 4, 5), "circular", "tanh"),
        ((1, 2, 5, 6), "fixed", "tanh"),
        ((1, 2, 5, 6), "free", "tanh"),
        ((1, 3, 4, 5), "circular", "linear"),
        ((1, 5, 3, 4), "fixed", "tanh"),
        ((1, 16, 3, 5), "circular", "tanh"),
        ((1, 16, 3, 5), "fixed", "linear"),
        ((1, 16, 3, 5), "free", "tanh"),
        ((1, 17, 2, 3), "circular", "tanh"),
    ],
    ids=str,
)
def test_agrees_with_the_plain_definition(
    shape: tuple[int, ...], boundary: str, nonlinearity: str, whole_images: bool
) -> None:
    assert_as_close_as_plain_float32(shape, whole_images=whole_images, boundary=boundary, nonlinearity=nonlinearity)


def test_an_image_of_several_tiles() -> None:
    assert make_plan(1, 2, 33, whole_images=False).tiles(2, 33) == 2
    assert_as_close_as_plain_float32((1, 1, 2, 33), whole_images=False, boundary="circular", nonlinearity="tanh")
    assert make_plan(5, 5, 33, whole_images=False).tiles(5, 33) == 4
    assert_as_close_as_plain_float32((1, 5, 5, 33), whole_images=False, boundary="free", nonlinearity="tanh")


@pytest.mark.parametrize("steps", [1, 2])
def test_one_and_two_steps(steps: int) -> None:
    arguments, grads = inputs(1, 2, 3, 4), random_grads(1, 2, 3, 4, steps=steps)
    settings = {"boundary": "circular", "nonlinearity": "tanh"}
    exact = plain_results(arguments, grads, **settings)
    for whole_images in (True, False):
        results = kernel_results(arguments, grads, whole_images=whole_images, **settings)
        for value, expected in zip(results, exact, strict=True):
            assert relative_error(value, expected) < 1e-5


def operator_arguments(*shape: int) -> tuple[Any, ...]:
    """The arguments of the operator, in float32; the tensors require gradients."""
    tensors = [values.float().requires_grad_() for values in inputs(*shape)]
    return (*tensors, DT, 2, "circular", "tanh")


def test_the_operator_passes_torchs_checks() -> None:
    torch.library.opcheck(wave_cuda.evolve_from, operator_arguments(1, 1, 3, 2))


def test_from_rest_in_any_memory_layout() -> None:
    y, _, omega, alpha, coupling = (values.float() for values in inputs(1, 2, 3, 4))
    expected = wave.evolve(y, omega, alpha, coupling, dt=DT, steps=2)
    strided = [values.contiguous(memory_format=torch.channels_last) for values in (y, omega, alpha)]
    field = wave_cuda.evolve_fused(strided[0], strided[1], strided[2], coupling, DT, 2, "circular", "tanh")
    torch.testing.assert_close(field, expected)


def test_a_chunk_continues_from_the_state_before_it() -> None:
    y, z, omega, alpha, coupling = (values.float().requires_grad_() for values in inputs(1, 1, 3, 4))
    needed = [y, z, omega, alpha, coupling]
    whole, z_whole = wave_cuda.evolve_from(*needed, DT, 4, "free", "tanh")
    first, z_between = wave_cuda.evolve_from(*needed, DT, 2, "free", "tanh")
    last, z_end = wave_cuda.evolve_from(first[:, -1], z_between, omega, alpha, coupling, DT, 2, "free", "tanh")
    joined = torch.cat([first, last], dim=1)
    torch.testing.assert_close(joined, whole)
    grads = random_grads(1, 1, 3, 4, steps=4)
    found = torch.autograd.grad([joined, z_end], needed, grads)
    for value, expected in zip(found, torch.autograd.grad([whole, z_whole], needed, grads), strict=True):
        torch.testing.assert_close(value, expected)


def test_without_the_gradient_of_the_coupling() -> None:
    arguments = operator_arguments(1, 2, 3, 4)
    frames, _ = wave_cuda.evolve_from(*arguments)
    y, *_, coupling = arguments[:5]
    both = torch.autograd.grad(frames.square().sum(), [y, coupling])
    frames, _ = wave_cuda.evolve_from(*arguments[:4], coupling.detach(), *arguments[5:])
    (alone,) = torch.autograd.grad(frames.square().sum(), [y])
    assert torch.equal(alone, both[0])
    assert both[1].abs().max() > 0


def test_an_empty_batch_gives_an_empty_field() -> None:
    y, z, omega, alpha, coupling = (values.float() for values in inputs(0, 2, 3, 3))
    coupling.requires_grad_()
    frames, _ = wave_cuda.evolve_from(y, z, omega, alpha, coupling, DT, 3, "circular", "tanh")
    assert frames.shape == (0, 3, 2, 3, 3)
    (gradient,) = torch.autograd.grad(frames.sum(), coupling)
    assert (gradient == 0).all()


def test_nan_spreads_as_in_the_plain_field() -> None:
    y, _, omega, alpha, coupling = (values.float() for values in inputs(1, 1, 5, 6))
    y[0, 0, 2, 3] = torch.nan
    field = wave_cuda.evolve_fused(y, omega, alpha, coupling, DT, 2, "fixed", "tanh")
    plain = wave.evolve(y, omega, alpha, coupling, dt=DT, steps=2, boundary="fixed")
    assert torch.equal(field.isfinite(), plain.isfinite())


def test_a_second_derivative_raises_an_error() -> None:
    arguments = operator_arguments(1, 1, 2, 2)
    frames, _ = wave_cuda.evolve_from(*arguments)
    (first,) = torch.autograd.grad(frames.sum(), arguments[0], create_graph=True)
    with pytest.raises(RuntimeError, match="engine='plain'"):
        torch.autograd.grad(first.sum(), arguments[2])
