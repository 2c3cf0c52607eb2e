"""Convolutional recurrent networks: the same head as the wave network's, with RNN, GRU or LSTM dynamics."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor, nn

from drumhead.fields import Boundary, CellState, GRUCell, LSTMCell, RNNCell
from drumhead.fields.cpu.lstm import LSTMState
from drumhead.models.cpu.lstm_states import LSTMStates, lstm_kernel
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.recurrent import RecurrentConfig, RecurrentSegmenter
from drumhead.modes import without_autocast

CELLS: dict[str, type[RNNCell] | type[GRUCell] | type[LSTMCell]] = {
    "conv_rnn": RNNCell,
    "conv_gru": GRUCell,
    "conv_lstm": LSTMCell,
}


class ConvRNNConfig(RecurrentConfig):
    """A convolutional RNN, GRU or LSTM; the defaults are the paper's."""

    name: Literal["conv_rnn", "conv_gru", "conv_lstm"] = "conv_lstm"
    """The model, by the cell it has."""
    steps: PositiveInt = 20
    """Steps in time T, and frames of the field."""
    boundary: Boundary = "circular"
    """What lies beyond the sheet's edge."""


class ConvRNN(RecurrentSegmenter):
    """Encoders give the input, the hidden and (LSTM) the cell state; a cell and a pixel network alternate.

    At each step the cell takes input and hidden state to a new hidden state, and a pixel network ``C -> 2C -> C``
    makes of that the next input, which is the frame that is recorded.

    Args:
        config: sizes, cell, boundary, readout.
        in_channels: channels of the images.
        classes: number of classes, background included.

    >>> model = ConvRNN(ConvRNNConfig(name="conv_gru", steps=5), in_channels=1, classes=3)
    >>> model.states(torch.zeros(1, 1, 9, 9)).shape
    torch.Size([1, 5, 2, 9, 9])
    """

    config: ConvRNNConfig

    def __init__(self, config: ConvRNNConfig, *, in_channels: int, classes: int) -> None:
        super().__init__(config, in_channels=in_channels, classes=classes)
        width, channels = config.width, config.hidden_channels
        self.input_encoder = convolution_stack([in_channels, width, width, width, channels], last=nn.Tanh())
        self.hidden_encoder = convolution_stack([in_channels, width, width, channels])
        self.memory_encoder = (
            convolution_stack([in_channels, width, width, channels]) if config.name == "conv_lstm" else None
        )
        self.cell = CELLS[config.name](channels, boundary=config.boundary)
        self.next_input = PixelMLP(channels, channels, widths=[2 * channels])

    def start(self, images: Tensor) -> tuple[Tensor, CellState]:
        """The first input and the state before the first step."""
        self.check_images(images)
        inputs, hidden = (encoder(images).to(images.dtype) for encoder in (self.input_encoder, self.hidden_encoder))
        memory = None if self.memory_encoder is None else self.memory_encoder(images).to(images.dtype)
        return inputs, CellState(hidden, memory)  # converted, for autocast may have rounded

    def states(self, images: Tensor) -> Tensor:
        inputs, state = self.start(images)
        frames = []
        with without_autocast(images.device):
            for _ in range(self.config.steps):
                state = self.cell(inputs, state)
                inputs = self.next_input(state.hidden)
                frames.append(inputs)
        return torch.stack(frames, dim=1)

    def make_stream(self, images: Tensor, workspace: Workspace) -> StateStream:
        recurrence = lstm_kernel(self.cell, self.next_input)
        if recurrence is None or type(self).states is not ConvRNN.states:
            return super().make_stream(images, workspace)
        inputs, (hidden, memory) = self.start(images)
        assert memory is not None  # the cell is an LSTM
        return LSTMStates(LSTMState(inputs, hidden, memory), recurrence, steps=self.config.steps, workspace=workspace)
