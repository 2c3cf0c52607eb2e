"""The compiled LSTM against the cell's definition: values, gradients, and evolutions in chunks."""

from __future__ import annotations

from typing import NamedTuple, get_args

import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, CellState, LSTMCell
from drumhead.fields.cpu.lstm import LSTMGradients, LSTMKernel, LSTMState, LSTMWeights

every_boundary = pytest.mark.parametrize("boundary", get_args(Boundary))


class Case(NamedTuple):
    """An LSTM, its first state, and the gradient of its frames."""

    state: LSTMState
    weights: LSTMWeights
    grad_frames: Tensor
    boundary: Boundary

    def to(self, dtype: torch.dtype) -> Case:
        """Return the case in another dtype."""
        state, weights = (
            LSTMState(*(v.to(dtype) for v in self.state)),
            LSTMWeights(*(v.to(dtype) for v in self.weights)),
        )
        return Case(state, weights, self.grad_frames.to(dtype), self.boundary)

    def plain(self) -> list[Tensor]:
        """Return the frames and the gradients of state and weights, by the definition."""
        state = LSTMState(*(values.clone().requires_grad_() for values in self.state))
        weights = LSTMWeights(*(values.clone().requires_grad_() for values in self.weights))
        cell = LSTMCell(len(state.input), boundary=self.boundary)
        parameters = {"gates.weight": weights.gates, "gates.bias": weights.gates_bias}
        inputs, cell_state, frames = state.input[None], CellState(state.hidden[None], state.memory[None]), []
        for _ in self.grad_frames:
            cell_state = torch.func.functional_call(cell, parameters, (inputs, cell_state))
            units = torch.relu(cell_state.hidden.movedim(1, -1) @ weights.first.T + weights.first_bias)
            inputs = (units @ weights.second.T + weights.second_bias).movedim(-1, 1)
            frames.append(inputs[0])
        field = torch.stack(frames)
        return [field.detach(), *torch.autograd.grad(field, [*state, *weights], self.grad_frames)]

    def fused(self, chunks: list[int] | None = None, *, needs_grad: bool = True) -> list[Tensor]:
        """Return the same, computed chunk by chunk, with or without the gradients of the weights."""
        kernel = LSTMKernel(self.weights, boundary=self.boundary)
        state, tapes, starts = copy(self.state), [], []
        for steps in chunks or [len(self.grad_frames)]:
            starts.append(copy(state))
            tapes.append(kernel.new_tape(state, steps=steps, backward=True))
            kernel.forward_image(state, tapes[-1])
        grad_weights = LSTMGradients(self.weights, needs_grad=needs_grad)
        grad_state = LSTMState(*(torch.zeros_like(values) for values in self.state))
        grad_chunks = torch.split(self.grad_frames, [len(tape.frames) for tape in tapes])
        for start, tape, grad_chunk in reversed(list(zip(starts, tapes, grad_chunks, strict=True))):
            kernel.backward_image(start, tape, grad_chunk, grad_state=grad_state, grad_weights=grad_weights)
        gradients = [gradient for gradient in grad_weights.tensors() if gradient is not None]
        return [torch.cat([tape.frames for tape in tapes]), *grad_state, *gradients]


def copy(state: LSTMState) -> LSTMState:
    """Return a state in memory of its own."""
    return LSTMState(*(values.clone() for values in state))


def case(
    *shape: int,
    units: int | None = None,
    steps: int = 3,
    boundary: Boundary = "circular",
    dtype: torch.dtype = torch.float64,
) -> Case:
    """Make a random case for a shape (channel, height, width)."""
    generator = torch.Generator().manual_seed(0)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).to(dtype)

    c, u = shape[0], units or 2 * shape[0]
    state = LSTMState(normal(*shape), normal(*shape), normal(*shape))
    gates, gates_bias = normal(4 * c, 2 * c, 3, 3) / (3 * c**0.5), 0.3 * normal(4 * c)
    first, first_bias, second, second_bias = normal(u, c) / c**0.5, 0.3 * normal(u), normal(c, u) / u**0.5, normal(c)
    weights = LSTMWeights(gates, gates_bias, first, first_bias, second, second_bias)
    return Case(state, weights, normal(steps, *shape), boundary)


def assert_same(results: list[Tensor], expected: list[Tensor]) -> None:
    for result, value in zip(results, expected, strict=True):
        torch.testing.assert_close(result, value, rtol=1e-11, atol=1e-12 * float(1 + value.abs().max()))


@every_boundary
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 7, 1), (1, 5, 9), (2, 1, 9), (2, 5, 37), (3, 4, 20), (16, 4, 35)], ids=str
)
def test_agrees_with_the_definition(shape: tuple[int, ...], boundary: Boundary) -> None:
    lstm = case(*shape, boundary=boundary)
    assert_same(lstm.fused(), lstm.plain())


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_agrees_for_any_number_of_steps(steps: int, channels: int) -> None:
    lstm = case(channels, 6, 11, steps=steps)
    assert_same(lstm.fused(), lstm.plain())


@pytest.mark.parametrize("units", [1, 2, 5, 6, 8])
def test_agrees_for_any_number_of_hidden_units(units: int) -> None:
    lstm = case(2, 3, 70, units=units)
    assert_same(lstm.fused(), lstm.plain())


@every_boundary
@pytest.mark.parametrize("chunks", [[1] * 8, [3, 1, 4]], ids=str)
def test_an_evolution_in_chunks_equals_the_whole(chunks: list[int], boundary: Boundary) -> None:
    lstm = case(3, 6, 11, steps=8, boundary=boundary)
    assert_same(lstm.fused(chunks), lstm.plain())


def test_the_gradients_of_the_weights_are_optional() -> None:
    lstm = case(2, 5, 9)
    for value, same in zip(lstm.fused(needs_grad=False), lstm.fused()[:4], strict=True):
        assert torch.equal(value, same)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_float32_is_as_close_to_float64_as_the_definition(channels: int) -> None:
    lstm = case(channels, 20, 21, steps=20)
    float32_lstm = lstm.to(torch.float32)

    def error(single: Tensor, exact: Tensor) -> float:
        return float((single.double() - exact).norm() / exact.norm())

    for fused, plain, exact in zip(float32_lstm.fused(), float32_lstm.plain(), lstm.plain(), strict=True):
        assert error(fused, exact) <= 3 * error(plain, exact) + 1e-6


def test_the_forward_pass_is_the_same_with_and_without_a_backward_pass() -> None:
    lstm = case(3, 6, 20, steps=5, dtype=torch.float32)
    kernel = LSTMKernel(lstm.weights, boundary="circular")
    state, tape = copy(lstm.state), kernel.new_tape(lstm.state, steps=5, backward=False)
    kernel.forward_image(state, tape)
    assert torch.equal(tape.frames, lstm.fused()[0])
    assert torch.equal(tape.frames[-1], state.input)
    assert not any(values.numel() for values in (tape.hidden, tape.memory, tape.gates))


def test_a_tape_can_be_reused() -> None:
    """A tape can be reused after a state that is nan, and for several backward passes."""
    lstm = case(2, 5, 9, boundary="free")
    kernel = LSTMKernel(lstm.weights, boundary="free")
    tape, expected = kernel.new_tape(lstm.state, steps=3, backward=True), lstm.fused()
    for value in (torch.nan, 0, 0):
        state = LSTMState(lstm.state.input + value, *copy(lstm.state)[1:])
        kernel.forward_image(state, tape)
        grad_state = LSTMState(*(torch.zeros_like(values) for values in lstm.state))
        grad_weights = LSTMGradients(lstm.weights, needs_grad=True)
        kernel.backward_image(lstm.state, tape, lstm.grad_frames, grad_state=grad_state, grad_weights=grad_weights)
    for result, same in zip([tape.frames, *grad_state], expected[:4], strict=True):
        assert torch.equal(result, same)


def test_nan_is_only_where_it_is_in_the_definition() -> None:
    lstm = case(1, 9, 40, steps=3, boundary="fixed", dtype=torch.float32)
    lstm.state.input[0, 4, 20] = torch.nan
    frames = lstm.fused()[0]
    assert torch.equal(frames.isnan(), lstm.plain()[0].isnan())
    assert frames.isnan().any()
