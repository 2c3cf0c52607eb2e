"""Convolutional recurrent networks: their states, and how far information travels."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.fields import CellState, GRUCell, LSTMCell, RNNCell
from drumhead.models import ConvRNN, build

CELLS = {"conv_rnn": RNNCell, "conv_gru": GRUCell, "conv_lstm": LSTMCell}
STEPS = 4


def recurrent_network(name: str) -> ConvRNN:
    fields: dict[str, Any] = {"steps": STEPS, "hidden_channels": 3, "pixel_widths": (8,)}
    model = build(name, in_channels=2, classes=4, **fields).double()
    assert isinstance(model, ConvRNN)
    return model


def random_images(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("name", CELLS)
def test_states_are_the_cell_and_the_next_input_in_turn(name: str) -> None:
    model, images = recurrent_network(name), random_images(2, 2, 6, 7)
    assert type(model.cell) is CELLS[name]
    assert (model.memory_encoder is not None) == (name == "conv_lstm")
    first_input = model.input_encoder(images)
    inputs, hidden = first_input, model.hidden_encoder(images)
    memory = model.memory_encoder(images) if model.memory_encoder is not None else None
    first_layer, relu, second_layer = model.next_input.layers
    assert isinstance(relu, torch.nn.ReLU)
    frames = []
    for _ in range(STEPS):
        hidden, memory = model.cell(inputs, CellState(hidden, memory))
        pixels = hidden.permute(0, 2, 3, 1)  # channels last, as nn.Linear takes them
        inputs = second_layer(torch.relu(first_layer(pixels))).permute(0, 3, 1, 2)
        frames.append(inputs)
    states = model.states(images)
    assert states.shape == (2, STEPS, 3, 6, 7)
    torch.testing.assert_close(states, torch.stack(frames, dim=1))
    assert not torch.allclose(states[:, 0], first_input)  # the initial input is not a frame


@pytest.mark.parametrize("name", CELLS)
def test_the_hidden_layer_of_next_input_has_twice_the_channels(name: str) -> None:
    model = recurrent_network(name)
    shapes = [tuple(parameter.shape) for parameter in model.next_input.parameters()]
    assert shapes == [(6, 3), (6,), (3, 6), (3,)]


@pytest.mark.parametrize("name", CELLS)
def test_information_travels_no_farther_than_the_convolutions_of_the_cell(name: str) -> None:
    """Encoders reach 4 pixels far. A step adds one pixel; in a GRU two, since its reset gate precedes its candidate."""
    model, images = recurrent_network(name), random_images(4, 2, 31, 31).requires_grad_()
    (gradient,) = torch.autograd.grad(model.states(images)[:, 1, :, 15, 15].sum(), images)
    reach = 4 + 2 * (2 if name == "conv_gru" else 1)
    rows = gradient.abs().amax(dim=(0, 1, 3)).nonzero().flatten()
    assert rows[0] >= 15 - reach
    assert rows[-1] <= 15 + reach
    assert rows[-1] > 15 + 4


def test_the_field_wraps_around_but_the_encoders_do_not() -> None:
    model, images = recurrent_network("conv_rnn"), random_images(4, 2, 20, 20).requires_grad_()
    (encoder_gradient,) = torch.autograd.grad(model.hidden_encoder(images)[..., 0, 0].sum(), images)
    assert encoder_gradient[..., 10:, :].abs().max() == 0
    (gradient,) = torch.autograd.grad(model.states(images)[:, 1, :, 0, 0].sum(), images)
    assert gradient[..., 15:, :].abs().max() > 0
