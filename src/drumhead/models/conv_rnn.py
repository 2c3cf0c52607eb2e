"""Convolutional recurrent networks: RNN, GRU or LSTM dynamics with the same head as the wave network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from drumhead.fields import CellState, GRUCell, LSTMCell, RNNCell
from drumhead.fields.cpu.lstm import LSTMState
from drumhead.models.config import ConvRNNConfig
from drumhead.models.cpu.lstm_states import LSTMStates, lstm_kernel
from drumhead.models.cpu.state_stream import StateStream
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.encoders import convolution_stack
from drumhead.models.pixel_mlp import PixelMLP
from drumhead.models.recurrent import RecurrentSegmenter
from drumhead.modes import without_autocast

CELLS: dict[str, type[RNNCell] | type[GRUCell] | type[LSTMCell]] = {
    "conv_rnn": RNNCell,
    "conv_gru": GRUCell,
    "conv_lstm": LSTMCell,
}
"""The cell class of each model name."""


class ConvRNN(RecurrentSegmenter):
    """A convolutional recurrent network; encoders give the first input, the hidden state and (LSTM) the cell state.

    At each step the cell computes a new hidden state from input and hidden state, and a pixel network ``C -> 2C -> C``
    computes the next input from the hidden state. These inputs are the frames of the field.

    Args:
        config: Sizes, cell, boundary, readout.
        in_channels: Number of channels of the images.
        classes: Number of classes, background included.

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
        """Return the first input and the state before the first step."""
        self.check_images(images)
        # In the images' dtype: under autocast the encoders compute in bfloat16.
        inputs, hidden = (encoder(images).to(images.dtype) for encoder in (self.input_encoder, self.hidden_encoder))
        memory = None if self.memory_encoder is None else self.memory_encoder(images).to(images.dtype)
        return inputs, CellState(hidden, memory)

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
        kernel = lstm_kernel(self.cell, self.next_input)
        if kernel is None or type(self).states is not ConvRNN.states:
            return super().make_stream(images, workspace)
        inputs, (hidden, memory) = self.start(images)
        assert memory is not None  # the cell is an LSTM
        return LSTMStates(LSTMState(inputs, hidden, memory), kernel, steps=self.config.steps, workspace=workspace)
