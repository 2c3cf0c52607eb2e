"""Recurrent cells against the same cells computed pixel by pixel, with loops and NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd import gradcheck
from torch.func import functional_call

from drumhead.fields import Boundary, CellState, GRUCell, LSTMCell, RNNCell

from .lattice import BOUNDARIES, normal

Array = NDArray[Any]
CHANNELS, HEIGHT, WIDTH = 2, 3, 4


def neighbour(values: Array, row: int, column: int, boundary: Boundary) -> Array:
    """The channels of ``(channel, height, width)`` at a pixel that may lie outside the image."""
    _, height, width = values.shape
    if boundary == "circular":
        return values[:, row % height, column % width]
    if boundary == "free":
        return values[:, min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    inside = 0 <= row < height and 0 <= column < width
    return values[:, row, column] if inside else np.zeros(len(values))


def convolve_by_hand(values: Array, convolution: nn.Conv2d, boundary: Boundary) -> Array:
    """The sum over 3x3 neighbours and channels at each pixel, plus the bias: ``(out channel, height, width)``."""
    assert convolution.bias is not None
    weight, bias = convolution.weight.detach().numpy(), convolution.bias.detach().numpy()
    out = np.zeros((len(bias), HEIGHT, WIDTH))
    for o, i, j in np.ndindex(*out.shape):
        out[o, i, j] = bias[o]
        for di, dj in np.ndindex(3, 3):
            out[o, i, j] += weight[o, :, di, dj] @ neighbour(values, i + di - 1, j + dj - 1, boundary)
    return out


def sigmoid(values: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-values)))


def randomise(cell: nn.Module) -> None:
    """Set float64 weights and biases that are larger than the initial ones, so that every gate matters."""
    cell.double()
    for seed, parameter in enumerate(cell.parameters()):
        parameter.data = 0.5 * normal(*parameter.shape, seed=seed + 20)


def random_fields(count: int, batch: int = 2) -> list[Tensor]:
    return [normal(batch, CHANNELS, HEIGHT, WIDTH, seed=seed) for seed in range(count)]


def assert_same(computed: Tensor, by_hand: list[Array]) -> None:
    torch.testing.assert_close(computed, torch.from_numpy(np.stack(by_hand)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_rnn(boundary: Boundary) -> None:
    cell = RNNCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden = random_fields(2)
    state = cell(inputs, CellState(hidden))
    by_hand = [
        np.maximum(convolve_by_hand(x, cell.input, boundary) + convolve_by_hand(h, cell.hidden, boundary), 0)
        for x, h in zip(inputs.numpy(), hidden.numpy(), strict=True)
    ]
    assert_same(state.hidden, by_hand)
    assert state.memory is None


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_gru(boundary: Boundary) -> None:
    """The weight of the old state is ``1 - z``; the reset gate acts before the candidate's convolution."""
    cell = GRUCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden = random_fields(2)
    state = cell(inputs, CellState(hidden))
    by_hand = []
    for x, h in zip(inputs.numpy(), hidden.numpy(), strict=True):
        z = sigmoid(convolve_by_hand(np.concatenate([x, h]), cell.update, boundary))
        r = sigmoid(convolve_by_hand(np.concatenate([x, h]), cell.reset, boundary))
        candidate = np.tanh(convolve_by_hand(np.concatenate([x, r * h]), cell.candidate, boundary))
        by_hand.append((1 - z) * h + z * candidate)
    assert_same(state.hidden, by_hand)
    assert state.memory is None


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_lstm(boundary: Boundary) -> None:
    """The gates are in the order input, forget, cell, output in the convolution's output."""
    cell = LSTMCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden, memory = random_fields(3)
    state = cell(inputs, CellState(hidden, memory))
    memories, hiddens = [], []
    for x, h, c in zip(inputs.numpy(), hidden.numpy(), memory.numpy(), strict=True):
        gates = convolve_by_hand(np.concatenate([x, h]), cell.gates, boundary)
        i, f, g, o = (gates[CHANNELS * gate : CHANNELS * (gate + 1)] for gate in range(4))
        memories.append(sigmoid(f) * c + sigmoid(i) * np.tanh(g))
        hiddens.append(sigmoid(o) * np.tanh(memories[-1]))
    assert state.memory is not None
    assert_same(state.memory, memories)
    assert_same(state.hidden, hiddens)


@pytest.mark.parametrize("cell_type", [RNNCell, GRUCell, LSTMCell])
def test_gradients_match_finite_differences(cell_type: type[nn.Module]) -> None:
    """The gradients of two steps with respect to input, state and every parameter."""
    cell = cell_type(CHANNELS)
    randomise(cell)
    names = [name for name, _ in cell.named_parameters()]
    states = [each.requires_grad_() for each in random_fields(3 if cell_type is LSTMCell else 2, batch=1)]
    weights = [parameter.detach().clone().requires_grad_() for parameter in cell.parameters()]

    def two_steps(*tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, *state = tensors[: len(states)]
        parameters = dict(zip(names, tensors[len(states) :], strict=True))
        first = functional_call(cell, parameters, (inputs, CellState(*state)))
        second = functional_call(cell, parameters, (inputs, first))
        return tuple(each for each in second if each is not None)

    assert gradcheck(two_steps, (*states, *weights))


@pytest.mark.parametrize(
    ("cell_type", "count"),
    [(RNNCell, 2 * (2 * 2 * 9 + 2)), (GRUCell, 3 * (2 * 4 * 9 + 2)), (LSTMCell, 8 * 4 * 9 + 8)],
)
def test_number_of_parameters_of_two_channels(cell_type: type[nn.Module], count: int) -> None:
    assert sum(parameter.numel() for parameter in cell_type(2).parameters()) == count


def test_an_lstm_needs_a_memory() -> None:
    zeros = torch.zeros(1, 1, 3, 3)
    with pytest.raises(ValueError, match="must have a memory"):
        LSTMCell(1)(zeros, CellState(zeros))
