"""Convolutional recurrent cells: an RNN, GRU or LSTM at every pixel, with 3x3 connections between pixels.

Each cell is a module with one 3x3 convolution per gate (LSTM: one for all four) on ``[input, hidden]``, and a
step ``cell(inputs, state) -> state``. The loop over time is in :mod:`drumhead.models.conv_rnn`.

Sources: Shi et al. 2015 (convolutional LSTM), Ballas et al. 2016 (convolutional GRU). The LSTM has no peepholes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from drumhead.fields.boundaries import convolve
from drumhead.fields.options import Boundary


class CellState(NamedTuple):
    """The state of a cell, each ``(batch, channel, height, width)``."""

    hidden: Tensor
    memory: Tensor | None = None
    """The LSTM's cell state; None for the other cells."""


class FieldConvolution(nn.Conv2d):
    """A 3x3 convolution with a :data:`~drumhead.fields.Boundary`, initialised like :class:`torch.nn.Conv2d`."""

    def __init__(self, in_channels: int, out_channels: int, *, boundary: Boundary) -> None:
        super().__init__(in_channels, out_channels, 3)
        self.boundary: Boundary = boundary

    def forward(self, input: Tensor) -> Tensor:
        return convolve(input, self.weight, self.bias, boundary=self.boundary)


class RNNCell(nn.Module):
    """A convolutional RNN cell with ReLU: ``hidden = relu(conv(input) + conv(hidden))``.

    Args:
        channels: The number of channels of the input and of the state.
        boundary: What lies beyond the edge of the image.

    >>> zeros = torch.zeros(1, 2, 5, 7)
    >>> RNNCell(2)(zeros, CellState(zeros)).hidden.shape
    torch.Size([1, 2, 5, 7])
    """

    def __init__(self, channels: int, *, boundary: Boundary = "circular") -> None:
        super().__init__()
        self.input = FieldConvolution(channels, channels, boundary=boundary)
        self.hidden = FieldConvolution(channels, channels, boundary=boundary)

    def forward(self, inputs: Tensor, state: CellState) -> CellState:
        return CellState(torch.relu(self.input(inputs) + self.hidden(state.hidden)))


class GRUCell(nn.Module):
    """A convolutional GRU cell with update gate ``z`` and reset gate ``r``: ``hidden = (1 - z) hidden + z candidate``.

    Args:
        channels: The number of channels of the input and of the state.
        boundary: What lies beyond the edge of the image.

    >>> zeros = torch.zeros(1, 2, 5, 7)
    >>> GRUCell(2)(zeros, CellState(zeros)).hidden.shape
    torch.Size([1, 2, 5, 7])
    """

    def __init__(self, channels: int, *, boundary: Boundary = "circular") -> None:
        super().__init__()
        self.update = FieldConvolution(2 * channels, channels, boundary=boundary)
        self.reset = FieldConvolution(2 * channels, channels, boundary=boundary)
        self.candidate = FieldConvolution(2 * channels, channels, boundary=boundary)

    def forward(self, inputs: Tensor, state: CellState) -> CellState:
        hidden = state.hidden
        input_hidden = torch.cat([inputs, hidden], dim=1)
        z = torch.sigmoid(self.update(input_hidden))
        r = torch.sigmoid(self.reset(input_hidden))
        candidate = torch.tanh(self.candidate(torch.cat([inputs, r * hidden], dim=1)))
        return CellState((1 - z) * hidden + z * candidate)


class LSTMCell(nn.Module):
    """A convolutional LSTM cell: ``memory = f memory + i g``, ``hidden = o tanh(memory)``.

    The gates are in the order input ``i``, forget ``f``, cell ``g``, output ``o``. A step raises ``ValueError`` if the
    state has no memory.

    Args:
        channels: The number of channels of the input and of the state.
        boundary: What lies beyond the edge of the image.

    >>> zeros = torch.zeros(1, 2, 5, 7)
    >>> LSTMCell(2)(zeros, CellState(zeros, zeros)).memory.shape
    torch.Size([1, 2, 5, 7])
    """

    def __init__(self, channels: int, *, boundary: Boundary = "circular") -> None:
        super().__init__()
        self.gates = FieldConvolution(2 * channels, 4 * channels, boundary=boundary)

    def forward(self, inputs: Tensor, state: CellState) -> CellState:
        if state.memory is None:
            raise ValueError("an LSTM's state must have a memory; got none. Give CellState(hidden, memory)")
        gates = self.gates(torch.cat([inputs, state.hidden], dim=1))
        i, f, g, o = gates.chunk(4, dim=1)
        memory = torch.sigmoid(f) * state.memory + torch.sigmoid(i) * torch.tanh(g)
        return CellState(torch.sigmoid(o) * torch.tanh(memory), memory)
