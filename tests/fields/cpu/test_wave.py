"""The fused evolution against the plain definition: values, gradients, and all that surrounds an operator."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian, wave
from drumhead.fields.cpu import wave as wave_cpu
from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.fast_tanh import fast_tanh

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


def values_and_gradients(arguments: Inputs, *, weights: Tensor, **settings: Any) -> list[Tensor]:
    arguments = tuple(values.detach().requires_grad_() for values in arguments)  # type: ignore[assignment]
    field = evolve(*arguments, **settings)
    return [field.detach(), *torch.autograd.grad(field, arguments, weights.to(field.dtype))]


def error(found: Tensor, expected: Tensor) -> float:
    """Largest difference, relative to the largest expected value."""
    return float((found.double() - expected.double()).abs().max() / expected.abs().max().double())


@every_boundary
@every_nonlinearity
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 7, 1), (2, 1, 9), (2, 5, 37), (3, 4, 20), (5, 3, 66), (16, 4, 35)])
def test_agrees_with_the_plain_definition(
    shape: tuple[int, ...], boundary: Boundary, nonlinearity: Nonlinearity
) -> None:
    arguments = inputs(2, *shape)
    weights = torch.randn(2, 5, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    settings: dict[str, Any] = {
        "dt": 0.2,
        "steps": 5,
        "boundary": boundary,
        "nonlinearity": nonlinearity,
        "weights": weights,
    }
    plain = values_and_gradients(arguments, engine="plain", **settings)
    fused = values_and_gradients(arguments, engine="fused", **settings)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-12 * float(1 + expected.abs().max()))


@pytest.mark.parametrize("steps", [1, 2])
def test_agrees_where_the_past_is_short(steps: int) -> None:
    arguments, weights = inputs(1, 2, 3, 4), torch.ones(1, steps, 2, 3, 4)
    plain = values_and_gradients(arguments, engine="plain", dt=0.1, steps=steps, weights=weights)
    fused = values_and_gradients(arguments, engine="fused", dt=0.1, steps=steps, weights=weights)
    for found, expected in zip(fused, plain, strict=True):
        torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_float32_is_as_close_to_float64_as_the_plain_definition(channels: int) -> None:
    arguments = inputs(1, channels, 20, 21, requires_grad=False)
    single: Inputs = tuple(values.float() for values in arguments)  # type: ignore[assignment]
    weights = torch.randn(1, 100, channels, 20, 21, generator=torch.Generator().manual_seed(1))
    settings: dict[str, Any] = {"dt": 0.1, "steps": 100, "weights": weights}
    exact = values_and_gradients(arguments, engine="fused", **settings)
    plain = values_and_gradients(single, engine="plain", **settings)
    fused = values_and_gradients(single, engine="fused", **settings)
    for found, eager, expected in zip(fused, plain, exact, strict=True):
        assert error(found, expected) <= 3 * error(eager, expected) + 1e-6


@every_boundary
@every_nonlinearity
def test_gradcheck(boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    def function(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(
            y0, omega, alpha, coupling, dt=0.3, steps=4, boundary=boundary, nonlinearity=nonlinearity, engine="fused"
        )

    assert torch.autograd.gradcheck(function, inputs(1, 2, 3, 4))


def test_tanh_of_float32() -> None:
    tiny = np.geomspace(1e-37, 1e-3, 10_000, dtype=np.float32)
    dense = np.linspace(0, 12, 2_000_001, dtype=np.float32)
    large = np.geomspace(12, 3e38, 1000, dtype=np.float32)
    x = np.concatenate([tiny, dense[1:], large])
    found, exact = tanh_of(x), np.tanh(x.astype(np.float64))
    assert np.abs(found - exact).max() < 5e-7
    assert (np.abs(found - exact) / exact).max() < 5e-7
    assert found.max() == 1
    assert (found[-1000:] == 1).all()
    np.testing.assert_array_equal(tanh_of(-x), -found)
    special = tanh_of(np.array([0, np.inf, -np.inf, np.nan], np.float32))
    np.testing.assert_array_equal(special, [0, 1, -1, np.nan])


def test_tanh_of_float64_is_exact() -> None:
    x = np.linspace(-20, 20, 1001)
    np.testing.assert_allclose(tanh_of(x), np.tanh(x), rtol=1e-15)


def tanh_of(x: NDArray[Any]) -> NDArray[Any]:
    @compiled
    def fill(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = fast_tanh(x[i])

    out = np.empty_like(x)
    fill(x, out)
    return out


def test_nan_and_overflow_show_in_the_field() -> None:
    y0, omega, alpha, coupling = inputs(3, 1, 6, 40, dtype=torch.float32, requires_grad=False)
    y0[0, 0, 2, 3] = torch.nan
    field = evolve(y0, omega, 1000 * alpha, coupling, dt=0.5, steps=60, engine="fused")
    plain = evolve(y0, omega, 1000 * alpha, coupling, dt=0.5, steps=60, engine="plain")
    assert field[0, 0, 0, 2, 3].isnan()
    assert torch.equal(field.isfinite(), plain.isfinite())


def test_the_same_bits_whatever_the_number_of_threads() -> None:
    y0, omega, alpha, coupling = inputs(5, 3, 9, 17, dtype=torch.float32, requires_grad=False)
    settings: dict[str, Any] = {"dt": 0.1, "boundary": "circular", "nonlinearity": "tanh"}
    grad_frames = torch.randn(5, 20, 3, 9, 17, generator=torch.Generator().manual_seed(1))
    results = []
    for threads in (1, 2, 3, 8):
        frames = torch.empty_like(grad_frames)
        sheets = wave_cpu.WaveKernel(omega, alpha, coupling, **settings)
        wave_cpu.forward_batch(y0, sheets, frames, threads=threads)
        found = wave_cpu.backward_batch(y0, sheets, frames, grad_frames, needs_grad_coupling=True, threads=threads)
        results.append([frames, *found])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@every_boundary
@every_nonlinearity
@pytest.mark.parametrize("pieces", [[12], [1] * 12, [5, 1, 2, 4]], ids=str)
def test_the_same_in_pieces(pieces: list[int], boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    """Forth piece by piece and back from states that were kept: the values and gradients of the whole."""
    arguments = inputs(1, 2, 6, 11)
    y0, omega, alpha, coupling = (values.detach() for values in arguments)
    settings: dict[str, Any] = {"dt": 0.2, "boundary": boundary, "nonlinearity": nonlinearity}
    weights = torch.randn(1, sum(pieces), 2, 6, 11, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = values_and_gradients(arguments, engine="plain", steps=sum(pieces), weights=weights, **settings)

    sheets, state, starts = wave_cpu.WaveKernel(omega, alpha, coupling, **settings), wave_cpu.initial_state(y0[0]), []
    frames, grad_frames = torch.split(torch.empty_like(weights[0]), pieces), torch.split(weights[0], pieces)
    for piece in frames:
        starts.append((state.y.clone(), state.y - 0.2 * state.z))
        sheets.forward_image(0, state, piece)
    torch.testing.assert_close(torch.cat(frames), expected[0][0], rtol=1e-11, atol=1e-12)

    grad_state, grad_omega, grad_alpha = (
        wave_cpu.initial_state(0 * y0[0]),
        torch.zeros_like(y0[0]),
        torch.zeros_like(y0[0]),
    )
    grad_coupling = np.zeros((2, 2, 3, 3))
    for start, piece, arriving in reversed(list(zip(starts, frames, grad_frames, strict=True))):
        sheets.backward_image(
            0,
            start,
            piece,
            arriving,
            grad_state=grad_state,
            grad_omega=grad_omega,
            grad_alpha=grad_alpha,
            grad_coupling=grad_coupling,
        )
    found = [grad_state.y[None], grad_omega[None], grad_alpha[None], torch.from_numpy(grad_coupling)]
    for ours, theirs in zip(found, expected[1:], strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-11 * float(1 + theirs.abs().max()))


def test_any_strides() -> None:
    arguments = inputs(2, 3, 5, 6)
    spread: Inputs = tuple(values.detach().transpose(-1, -2).contiguous().mT for values in arguments)  # type: ignore[assignment]
    assert not any(values.is_contiguous() for values in spread)
    weights = torch.ones(1).expand(2, 4, 3, 5, 6)
    expected = values_and_gradients(arguments, engine="fused", dt=0.1, steps=4, weights=weights.contiguous())
    for found, same in zip(
        values_and_gradients(spread, engine="fused", dt=0.1, steps=4, weights=weights), expected, strict=True
    ):
        assert torch.equal(found, same)


@pytest.mark.parametrize("which", range(4))
def test_gradients_of_some(which: int) -> None:
    arguments = inputs(2, 2, 4, 5)
    expected = torch.autograd.grad(evolve(*arguments, dt=0.1, steps=3).square().sum(), arguments)[which]
    chosen: Inputs = tuple(v if k == which else v.detach() for k, v in enumerate(arguments))  # type: ignore[assignment]
    (found,) = torch.autograd.grad(evolve(*chosen, dt=0.1, steps=3, engine="fused").square().sum(), chosen[which])
    assert torch.equal(found, expected)


def test_an_empty_batch_gives_an_empty_field() -> None:
    y0, omega, alpha, coupling = inputs(0, 2, 4, 4)
    field = evolve(y0, omega, alpha, coupling, dt=0.1, steps=3, engine="fused")
    assert field.shape == (0, 3, 2, 4, 4)
    (gradient,) = torch.autograd.grad(field.sum(), coupling)
    assert (gradient == 0).all()


def test_the_operator_keeps_torchs_contract() -> None:
    arguments = inputs(2, 2, 4, 5)
    torch.library.opcheck(wave_cpu.evolve_fused, (*arguments, 0.1, 3, "circular", "tanh"))


def test_compiles_whole() -> None:
    arguments = inputs(2, 2, 4, 5)

    def loss(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(y0, omega, alpha, coupling, dt=0.1, steps=3).square().sum()

    same_loss_and_gradients(torch.compile(loss, fullgraph=True, backend="aot_eager"), loss, arguments)


def test_checkpoints() -> None:
    def loss(*arguments: Tensor) -> Tensor:
        y0, omega, alpha, coupling = arguments
        return evolve(y0, omega, alpha, coupling, dt=0.1, steps=3).square().sum()

    def again(*arguments: Tensor) -> Tensor:
        kept: Tensor = checkpoint(loss, *arguments, use_reentrant=False)
        return kept

    same_loss_and_gradients(again, loss, inputs(2, 2, 4, 5))


def same_loss_and_gradients(
    function: Callable[..., Tensor], reference: Callable[..., Tensor], arguments: Inputs
) -> None:
    found, expected = function(*arguments), reference(*arguments)
    assert torch.equal(found, expected)
    for a, b in zip(torch.autograd.grad(found, arguments), torch.autograd.grad(expected, arguments), strict=True):
        assert torch.equal(a, b)


def test_inference_mode() -> None:
    arguments = inputs(2, 2, 4, 5)
    with torch.inference_mode():
        field = evolve(*arguments, dt=0.1, steps=3, engine="fused")
    assert field.is_inference()
    assert torch.equal(field, evolve(*arguments, dt=0.1, steps=3, engine="fused"))


def test_a_second_derivative_is_refused() -> None:
    arguments = inputs(1, 1, 3, 3)
    field = evolve(*arguments, dt=0.1, steps=2)
    (first,) = torch.autograd.grad(field.sum(), arguments[0], create_graph=True)
    with pytest.raises(RuntimeError, match="engine='plain'"):
        torch.autograd.grad(first.sum(), arguments[1])


class TestTheChoiceOfTheEngine:
    def test_auto_is_fused_on_a_cpu(self) -> None:
        arguments = inputs(1, 2, 4, 5, dtype=torch.float32)
        expected = evolve(*arguments, dt=0.1, steps=50, engine="fused")
        assert torch.equal(evolve(*arguments, dt=0.1, steps=50), expected)
        assert expected.grad_fn is not None
        assert "drumhead" in expected.grad_fn.name()

    def test_auto_is_plain_for_other_types(self) -> None:
        arguments = inputs(1, 2, 4, 5, dtype=torch.bfloat16, requires_grad=False)
        assert torch.equal(evolve(*arguments, dt=0.1, steps=3), wave.evolve(*arguments, dt=0.1, steps=3))
        with pytest.raises(ValueError, match=r"float32 or float64, got torch\.bfloat16"):
            evolve(*arguments, dt=0.1, steps=3, engine="fused")

    def test_auto_is_plain_without_numba(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "numba", None)
        arguments = inputs(1, 2, 4, 5, requires_grad=False)
        assert torch.equal(evolve(*arguments, dt=0.1, steps=3), wave.evolve(*arguments, dt=0.1, steps=3))
        with pytest.raises(ValueError, match="needs Numba"):
            evolve(*arguments, dt=0.1, steps=3, engine="fused")

    def test_auto_is_plain_off_the_cpu(self) -> None:
        arguments: Inputs = tuple(values.to("meta") for values in inputs(1, 2, 4, 5))  # type: ignore[assignment]
        assert evolve(*arguments, dt=0.1, steps=3).device.type == "meta"
        with pytest.raises(ValueError, match="on the CPU, got one on meta"):
            evolve(*arguments, dt=0.1, steps=3, engine="fused")

    def test_fused_needs_one_type(self) -> None:
        y0, omega, alpha, coupling = inputs(1, 2, 4, 5)
        with pytest.raises(ValueError, match="one device and type"):
            evolve(y0, omega.float(), alpha, coupling, dt=0.1, steps=3, engine="fused")

    @pytest.mark.parametrize("name", ["engine", "boundary", "nonlinearity"])
    def test_unknown_names(self, name: str) -> None:
        wrong: dict[str, Any] = {name: "none"}
        with pytest.raises(ValueError, match=f"{name} must be one of .* got 'none'"):
            evolve(*inputs(1, 1, 3, 3), dt=0.1, steps=2, **wrong)
