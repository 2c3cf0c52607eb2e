"""The compiled LSTM against the cell's definition: values, gradients, pieces."""

from __future__ import annotations

from typing import NamedTuple, get_args

import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, CellState, LSTMCell
from drumhead.fields.cpu.kernels.padded_rows import round_up_to_even, row_size
from drumhead.fields.cpu.lstm import LSTMGradients, LSTMKernel, LSTMState, LSTMWeights

every_boundary = pytest.mark.parametrize("boundary", get_args(Boundary))


class Case(NamedTuple):
    """A recurrence, where it starts, and the gradient of its frames."""

    state: LSTMState
    weights: LSTMWeights
    grad_frames: Tensor
    boundary: Boundary

    def to(self, dtype: torch.dtype) -> Case:
        state, weights = (
            LSTMState(*(v.to(dtype) for v in self.state)),
            LSTMWeights(*(v.to(dtype) for v in self.weights)),
        )
        return Case(state, weights, self.grad_frames.to(dtype), self.boundary)

    def plain(self) -> list[Tensor]:
        """Frames, then the gradients of state and weights, by the definition."""
        state = LSTMState(*(values.clone().requires_grad_() for values in self.state))
        weights = LSTMWeights(*(values.clone().requires_grad_() for values in self.weights))
        cell = LSTMCell(len(state.input), boundary=self.boundary)
        parameters = {"gates.weight": weights.gates, "gates.bias": weights.gates_bias}
        inputs, now, frames = state.input[None], CellState(state.hidden[None], state.memory[None]), []
        for _ in self.grad_frames:
            now = torch.func.functional_call(cell, parameters, (inputs, now))
            units = torch.relu(now.hidden.movedim(1, -1) @ weights.first.T + weights.first_bias)
            inputs = (units @ weights.second.T + weights.second_bias).movedim(-1, 1)
            frames.append(inputs[0])
        field = torch.stack(frames)
        return [field.detach(), *torch.autograd.grad(field, [*state, *weights], self.grad_frames)]

    def fused(self, pieces: list[int] | None = None, *, grad_weights: bool = True) -> list[Tensor]:
        """The same, forth piece by piece and back from states that were kept."""
        recurrence = LSTMKernel(self.weights, boundary=self.boundary)
        state, tracks, starts = copy(self.state), [], []
        for steps in pieces or [len(self.grad_frames)]:
            starts.append(copy(state))
            tracks.append(recurrence.new_tape(state, steps=steps, backward=True))
            recurrence.forward_image(state, tracks[-1])
        gradients = LSTMGradients(self.weights, needs_grad=grad_weights)
        grad_state = LSTMState(*(torch.zeros_like(values) for values in self.state))
        arriving = torch.split(self.grad_frames, [len(track.frames) for track in tracks])
        for start, track, grad_frames in reversed(list(zip(starts, tracks, arriving, strict=True))):
            recurrence.backward_image(start, track, grad_frames, grad_state=grad_state, grad_weights=gradients)
        found = [gradient for gradient in gradients.tensors() if gradient is not None]
        return [torch.cat([track.frames for track in tracks]), *grad_state, *found]


def copy(state: LSTMState) -> LSTMState:
    return LSTMState(*(values.clone() for values in state))


def case(
    *shape: int,
    units: int | None = None,
    steps: int = 3,
    boundary: Boundary = "circular",
    dtype: torch.dtype = torch.float64,
) -> Case:
    """A random case for a shape (channel, height, width)."""
    generator = torch.Generator().manual_seed(0)

    def normal(*size: int) -> Tensor:
        return torch.randn(size, generator=generator, dtype=torch.float64).to(dtype)

    c, u = shape[0], units or 2 * shape[0]
    state = LSTMState(normal(*shape), normal(*shape), normal(*shape))
    gates, gates_bias = normal(4 * c, 2 * c, 3, 3) / (3 * c**0.5), 0.3 * normal(4 * c)
    first, first_bias, second, second_bias = normal(u, c) / c**0.5, 0.3 * normal(u), normal(c, u) / u**0.5, normal(c)
    weights = LSTMWeights(gates, gates_bias, first, first_bias, second, second_bias)
    return Case(state, weights, normal(steps, *shape), boundary)


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12 * float(1 + theirs.abs().max()))


@every_boundary
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (1, 7, 1), (1, 5, 9), (2, 1, 9), (2, 5, 37), (3, 4, 20), (16, 4, 35)], ids=str
)
def test_agrees_with_the_definition(shape: tuple[int, ...], boundary: Boundary) -> None:
    it = case(*shape, boundary=boundary)
    assert_same(it.fused(), it.plain())


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_agrees_for_any_number_of_steps(steps: int, channels: int) -> None:
    it = case(channels, 6, 11, steps=steps)
    assert_same(it.fused(), it.plain())


@pytest.mark.parametrize("units", [1, 2, 5, 6, 8])
def test_agrees_for_any_number_of_hidden_units(units: int) -> None:
    it = case(2, 3, 70, units=units)
    assert_same(it.fused(), it.plain())


@every_boundary
@pytest.mark.parametrize("pieces", [[1] * 8, [3, 1, 4]], ids=str)
def test_the_same_in_pieces(pieces: list[int], boundary: Boundary) -> None:
    it = case(3, 6, 11, steps=8, boundary=boundary)
    assert_same(it.fused(pieces), it.plain())


def test_weights_may_be_left_out() -> None:
    it = case(2, 5, 9)
    for ours, same in zip(it.fused(grad_weights=False), it.fused()[:4], strict=True):
        assert torch.equal(ours, same)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_float32_is_as_close_to_float64_as_the_definition(channels: int) -> None:
    it = case(channels, 20, 21, steps=20)
    single = it.to(torch.float32)

    def error(found: Tensor, exact: Tensor) -> float:
        return float((found.double() - exact).norm() / exact.norm())

    for found, eager, exact in zip(single.fused(), single.plain(), it.plain(), strict=True):
        assert error(found, exact) <= 3 * error(eager, exact) + 1e-6


def test_the_way_forward_is_the_same_whether_there_is_a_way_back() -> None:
    it = case(3, 6, 20, steps=5, dtype=torch.float32)
    recurrence = LSTMKernel(it.weights, boundary="circular")
    state, track = copy(it.state), recurrence.new_tape(it.state, steps=5, backward=False)
    recurrence.forward_image(state, track)
    assert torch.equal(track.frames, it.fused()[0])
    assert torch.equal(track.frames[-1], state.input)
    assert not any(values.numel() for values in (track.hidden, track.memory, track.gates))


def test_a_track_may_be_used_again() -> None:
    """Also after a state that is not a number, and back more than once."""
    it = case(2, 5, 9, boundary="free")
    recurrence = LSTMKernel(it.weights, boundary="free")
    track, expected = recurrence.new_tape(it.state, steps=3, backward=True), it.fused()
    for value in (torch.nan, 0, 0):
        state = LSTMState(it.state.input + value, *copy(it.state)[1:])
        recurrence.forward_image(state, track)
        grad_state = LSTMState(*(torch.zeros_like(values) for values in it.state))
        gradients = LSTMGradients(it.weights, needs_grad=True)
        recurrence.backward_image(it.state, track, it.grad_frames, grad_state=grad_state, grad_weights=gradients)
    for ours, same in zip([track.frames, *grad_state], expected[:4], strict=True):
        assert torch.equal(ours, same)


def test_nan_stays_where_it_can_have_come() -> None:
    it = case(1, 9, 40, steps=3, boundary="fixed", dtype=torch.float32)
    it.state.input[0, 4, 20] = torch.nan
    frames = it.fused()[0]
    assert torch.equal(frames.isnan(), it.plain()[0].isnan())
    assert frames.isnan().any()


def test_the_size_of_a_row() -> None:
    assert [round_up_to_even(n) for n in (1, 2, 3)] == [2, 2, 4]
    assert [row_size(3, width) for width in (1, 14, 15, 64)] == [64, 64, 128, 320]
