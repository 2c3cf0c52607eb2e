"""Recurrent cells against the same cells written pixel by pixel, with loops and numpy alone."""

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
    """The channels at a pixel that may lie outside ``(channel, height, width)``."""
    _, height, width = values.shape
    if boundary == "circular":
        return values[:, row % height, column % width]
    if boundary == "free":
        return values[:, min(max(row, 0), height - 1), min(max(column, 0), width - 1)]
    inside = 0 <= row < height and 0 <= column < width
    return values[:, row, column] if inside else np.zeros(len(values))


def connect(values: Array, convolution: nn.Conv2d, boundary: Boundary) -> Array:
    """Each pixel's sum over its 3x3 neighbours and all channels, plus the bias: ``(out channel, height, width)``."""
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
    """Float64 weights and biases far from their small initial values, so that every gate matters."""
    cell.double()
    for seed, parameter in enumerate(cell.parameters()):
        parameter.data = 0.5 * normal(*parameter.shape, seed=seed + 20)


def fields(count: int, batch: int = 2) -> list[Tensor]:
    return [normal(batch, CHANNELS, HEIGHT, WIDTH, seed=seed) for seed in range(count)]


def assert_same(computed: Tensor, by_hand: list[Array]) -> None:
    torch.testing.assert_close(computed, torch.from_numpy(np.stack(by_hand)), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_rnn(boundary: Boundary) -> None:
    cell = RNNCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden = fields(2)
    state = cell(inputs, CellState(hidden))
    by_hand = [
        np.maximum(connect(x, cell.input, boundary) + connect(h, cell.hidden, boundary), 0)
        for x, h in zip(inputs.numpy(), hidden.numpy(), strict=True)
    ]
    assert_same(state.hidden, by_hand)
    assert state.memory is None


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_gru(boundary: Boundary) -> None:
    """Keeps ``1 - z`` of the old; the reset acts on the hidden state before the candidate's convolution."""
    cell = GRUCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden = fields(2)
    state = cell(inputs, CellState(hidden))
    by_hand = []
    for x, h in zip(inputs.numpy(), hidden.numpy(), strict=True):
        z = sigmoid(connect(np.concatenate([x, h]), cell.update, boundary))
        r = sigmoid(connect(np.concatenate([x, h]), cell.reset, boundary))
        candidate = np.tanh(connect(np.concatenate([x, r * h]), cell.candidate, boundary))
        by_hand.append((1 - z) * h + z * candidate)
    assert_same(state.hidden, by_hand)
    assert state.memory is None


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_lstm(boundary: Boundary) -> None:
    """The four gates lie one after another in the convolution's output: input, forget, cell, output."""
    cell = LSTMCell(CHANNELS, boundary=boundary)
    randomise(cell)
    inputs, hidden, memory = fields(3)
    state = cell(inputs, CellState(hidden, memory))
    memories, hiddens = [], []
    for x, h, c in zip(inputs.numpy(), hidden.numpy(), memory.numpy(), strict=True):
        gates = connect(np.concatenate([x, h]), cell.gates, boundary)
        i, f, g, o = (gates[CHANNELS * gate : CHANNELS * (gate + 1)] for gate in range(4))
        memories.append(sigmoid(f) * c + sigmoid(i) * np.tanh(g))
        hiddens.append(sigmoid(o) * np.tanh(memories[-1]))
    assert state.memory is not None
    assert_same(state.memory, memories)
    assert_same(state.hidden, hiddens)


@pytest.mark.parametrize("kind", [RNNCell, GRUCell, LSTMCell])
def test_gradients_match_finite_differences(kind: type[nn.Module]) -> None:
    """Of two steps, by input, state and every weight and bias."""
    cell = kind(CHANNELS)
    randomise(cell)
    names = [name for name, _ in cell.named_parameters()]
    states = [each.requires_grad_() for each in fields(3 if kind is LSTMCell else 2, batch=1)]
    weights = [parameter.detach().clone().requires_grad_() for parameter in cell.parameters()]

    def two_steps(*tensors: Tensor) -> tuple[Tensor, ...]:
        inputs, *state = tensors[: len(states)]
        parameters = dict(zip(names, tensors[len(states) :], strict=True))
        first = functional_call(cell, parameters, (inputs, CellState(*state)))
        second = functional_call(cell, parameters, (inputs, first))
        return tuple(each for each in second if each is not None)

    assert gradcheck(two_steps, (*states, *weights))


@pytest.mark.parametrize(
    ("kind", "count"),
    [(RNNCell, 2 * (2 * 2 * 9 + 2)), (GRUCell, 3 * (2 * 4 * 9 + 2)), (LSTMCell, 8 * 4 * 9 + 8)],
)
def test_number_of_parameters_of_two_channels(kind: type[nn.Module], count: int) -> None:
    assert sum(parameter.numel() for parameter in kind(2).parameters()) == count


def test_an_lstm_needs_a_memory() -> None:
    zeros = torch.zeros(1, 1, 3, 3)
    with pytest.raises(ValueError, match="must have a memory"):
        LSTMCell(1)(zeros, CellState(zeros))
