"""The compiled convolutional LSTM on one image and its adjoint, in blocks of rows, which stay in cache.

The cell is :class:`drumhead.fields.cells.LSTMCell`; the MLP that computes the next input is in
:mod:`drumhead.fields.cpu.kernels.pixel_mlp`. Since ``sigmoid(x) = (1 + tanh(x / 2)) / 2``, the kernels and biases of
the gates i, f and o are passed halved, and a gate is stored as the tanh of its convolution. Let ``lx``, ``lh`` and
``lm`` be the gradients of the loss with respect to input, hidden state and memory after a step. Backward through it,

    lh <- lh + the MLP's gradient of its input, given lx
    lm <- lm + lh o (1 - tanh(memory)^2)
    grad gates = lm g i', lm (memory before) f', lm i g', lh tanh(memory) o'
    grad kernel += grad gates correlated with [input, hidden] before
    lm <- lm f
    lx, lh <- grad gates convolved with the transposed kernel, plus for lx the gradient of the frame before

where ``i'`` is the derivative of the gate ``i`` with respect to its convolution. The forward pass keeps everything but
the MLP's hidden units and tanh(memory), which are recomputed.

In the code ``c`` is the number of channels rounded up to even.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled, kernel
from drumhead.fields.cpu.kernels.convolutions import (
    convolve_row_3x3_biased,
    convolve_transposed,
    correlate_1x1,
    correlate_3x3,
    flush_lane_sums,
    reduce_lanes,
)
from drumhead.fields.cpu.kernels.fast_tanh import fast_tanh, tanh_
from drumhead.fields.cpu.kernels.padded_rows import (
    Array,
    add_to_padded,
    aligned_zeros,
    copy_from_padded,
    copy_to_padded,
    fill_halo,
    padded_zeros,
    round_up_to_even,
    row_block,
    row_block_height,
    row_size,
    row_start,
)
from drumhead.fields.cpu.kernels.pixel_mlp import (
    MLPWeights,
    add_mlp_weight_gradients,
    mlp_backward,
    mlp_forward,
    new_scratch,
)
from drumhead.fields.cpu.kernels.register_tiles import VECTOR_BYTES


class CellWeights(NamedTuple):
    """The weights, for ``c`` channels, packed by :func:`drumhead.fields.cpu.kernels.convolutions.pack_weights`."""

    gates: Array
    """From input and hidden state to the gates i, f, g and o, with bias; or the transposed kernel, without bias."""
    mlp: MLPWeights
    """From the hidden state to the next input; or transposed."""


class LSTMArrays(NamedTuple):
    """The state before a step, or gradients of it, each ``(channel, height, width)``."""

    input: Array
    hidden: Array
    memory: Array


class TapeArrays(NamedTuple):
    """What the forward pass records after each step, each ``(time, channel, height, width)``.

    All but the frames is for the backward pass; arrays without elements are not recorded.
    """

    frames: Array
    """The input of the next step."""
    hidden: Array
    memory: Array
    gates: Array
    """``(time, height * row_size(4 * c, width))``: padded rows of all gates, without padding rows."""


class WeightGradients(NamedTuple):
    """The arrays to which the gradients of the weights, as :class:`CellWeights` holds them, are added.

    Each is ``(output, channel, row, column)``, of one row and column for all but the first; biases have one channel.
    With no elements, the gradients are not computed.
    """

    gates: NDArray[Any]
    gates_bias: NDArray[Any]
    first: NDArray[Any]
    first_bias: NDArray[Any]
    second: NDArray[Any]
    second_bias: NDArray[Any]


class PaddedState(NamedTuple):
    """A state, or gradients of it, as padded fields."""

    input_hidden: Array
    """The input in the first ``c`` channels, the hidden state in the second ``c``."""
    memory: Array


@kernel
def lstm_forward(weights: CellWeights, boundary: int, state: LSTMArrays, tape: TapeArrays) -> None:
    """Fill the tape from a state, and overwrite the state with the last one."""
    channels, height, width = state.input.shape
    dtype, c = state.input.dtype, round_up_to_even(channels)
    padded, next_input_hidden = _padded_state(c, height, width, dtype), padded_zeros((2 * c, height, width), dtype)
    input_hidden, memory = padded.input_hidden, padded.memory
    _copy_to_padded(state.input, state.hidden, state.memory, padded)
    block_height, gate_row = row_block_height(2 * c, width), row_size(4 * c, width)
    keep_gates = tape.gates.size > 0
    gates_scratch = aligned_zeros(block_height * gate_row, dtype)
    units = aligned_zeros(block_height * row_size(weights.mlp.units, width), dtype)
    for t in range(tape.frames.shape[0]):
        fill_halo(input_hidden, 2 * c, height, width, boundary)
        gates = tape.gates[t] if keep_gates else gates_scratch
        for top in range(0, height, block_height):
            rows, gates_start = min(block_height, height - top), top * gate_row if keep_gates else 0
            _compute_gates(weights, input_hidden, top, rows, c, width, gates, gates_start)
            _forward_step(gates, gates_start, top, rows, c, width, memory, next_input_hidden)
            mlp_forward(weights.mlp, next_input_hidden, top, rows, c, width, units)
            frame = tape.frames[t].reshape(-1)
            copy_from_padded(next_input_hidden, top, rows, frame, channels, height, width, 0, 2 * c)
            if keep_gates:
                hidden = tape.hidden[t].reshape(-1)
                copy_from_padded(next_input_hidden, top, rows, hidden, channels, height, width, c, 2 * c)
                copy_from_padded(memory, top, rows, tape.memory[t].reshape(-1), channels, height, width, 0, c)
        input_hidden, next_input_hidden = next_input_hidden, input_hidden
    _copy_from_padded(PaddedState(input_hidden, memory), state)


@kernel
def lstm_adjoint(
    weights: CellWeights,
    transposed: CellWeights,
    boundary: int,
    start: LSTMArrays,
    tape: TapeArrays,
    grad_frames: Array,
    grad_state: LSTMArrays,
    gradients: WeightGradients,
) -> None:
    """Compute the gradients of the weights and the first state of one image from those of its frames and last state.

    Args:
        weights: The weights.
        transposed: The transposed weights: kernels with their channels exchanged and rotated by 180 degrees.
        boundary: The boundary's number in :mod:`drumhead.fields.cpu.kernels.padded_rows`.
        start: The state from which :func:`lstm_forward` filled the tape.
        tape: The whole tape.
        grad_frames: The gradient of the frames, ``(time, channel, height, width)``.
        grad_state: The gradient of the state after the last frame, through what follows it; overwritten with the
            gradient of ``start``.
        gradients: The gradients of the weights are added to these.
    """
    channels, height, width = start.input.shape
    dtype, lanes, c = start.input.dtype, VECTOR_BYTES // start.input.itemsize, round_up_to_even(channels)
    before, after, grad = (
        _padded_state(c, height, width, dtype),
        _padded_state(c, height, width, dtype),
        _padded_state(c, height, width, dtype),
    )
    grad_gates, row_scratch = padded_zeros((4 * c, height, width), dtype), aligned_zeros(row_size(2 * c, width), dtype)
    steps, block_height = tape.frames.shape[0], row_block_height(2 * c, width)
    scratch = new_scratch(block_height, c, weights.mlp.units, width, dtype)
    lane_sums, totals = _lane_sums(gradients, lanes, dtype), _lane_sums(gradients, lanes, np.float64)
    last = steps - 1
    _copy_to_padded(grad_state.input, grad_state.hidden, grad_state.memory, grad)
    _copy_to_padded(tape.frames[last], tape.hidden[last], tape.memory[last], after)
    add_to_padded(grad_frames[last].reshape(-1), grad.input_hidden, channels, height, width, 0, 2 * c)
    for t in range(last, -1, -1):  # backward through the step from ``before`` to ``after``, which is frame t
        if t > 0:
            _copy_to_padded(tape.frames[t - 1], tape.hidden[t - 1], tape.memory[t - 1], before)
        else:
            _copy_to_padded(start.input, start.hidden, start.memory, before)
        fill_halo(before.input_hidden, 2 * c, height, width, boundary)
        for top in range(0, height, block_height):
            rows = min(block_height, height - top)
            mlp_backward(
                weights.mlp, transposed.mlp, after.input_hidden, grad.input_hidden, top, rows, c, width, scratch
            )
            if gradients.gates.size:
                add_mlp_weight_gradients(
                    weights.mlp.units, after.input_hidden, grad.input_hidden, top, rows, c, width, scratch,
                    lane_sums.first, lane_sums.first_bias, lane_sums.second, lane_sums.second_bias,
                )  # fmt: skip
            _backward_step(
                tape.gates[t], grad_gates, top, rows, c, width,
                before.memory, after.memory, grad.memory, grad.input_hidden, scratch.grad_input,
            )  # fmt: skip
        if gradients.gates.size:
            correlate_3x3(grad_gates, 4 * c, before.input_hidden, 2 * c, height, width, lane_sums.gates)
            gates_start, gates_stride = row_start(0, 4 * c, width), row_size(4 * c, width)
            correlate_1x1(
                grad_gates, gates_start, gates_stride, 4 * c, scratch.ones, 0, 0, 1, height, width, lane_sums.gates_bias
            )
            for k in range(len(lane_sums)):
                flush_lane_sums(lane_sums[k], totals[k])
        grad.input_hidden[row_block(0, height, 2 * c, width)] = 0
        if t > 0:
            copy_to_padded(grad_frames[t - 1].reshape(-1), grad.input_hidden, channels, height, width, 0, 2 * c)
        convolve_transposed(
            grad_gates, 4 * c, grad.input_hidden, 2 * c, height, width, boundary, transposed.gates, row_scratch
        )
        before, after = after, before
    _copy_from_padded(grad, grad_state)
    if gradients.gates.size:
        for k in range(len(totals)):
            reduce_lanes(totals[k], lanes, gradients[k])


@compiled
def _padded_state(c: int, height: int, width: int, dtype: Any) -> PaddedState:
    return PaddedState(padded_zeros((2 * c, height, width), dtype), padded_zeros((c, height, width), dtype))


@compiled
def _lane_sums(gradients: WeightGradients, lanes: int, dtype: Any) -> WeightGradients:
    """Return zeros for the partial sums of the gradients: one number for each lane of a vector."""
    return WeightGradients(
        aligned_zeros(gradients.gates.size * lanes, dtype),
        aligned_zeros(gradients.gates_bias.size * lanes, dtype),
        aligned_zeros(gradients.first.size * lanes, dtype),
        aligned_zeros(gradients.first_bias.size * lanes, dtype),
        aligned_zeros(gradients.second.size * lanes, dtype),
        aligned_zeros(gradients.second_bias.size * lanes, dtype),
    )


@compiled
def _copy_to_padded(input: Array, hidden: Array, memory: Array, padded: PaddedState) -> None:
    channels, height, width = input.shape
    c = round_up_to_even(channels)
    copy_to_padded(input.reshape(-1), padded.input_hidden, channels, height, width, 0, 2 * c)
    copy_to_padded(hidden.reshape(-1), padded.input_hidden, channels, height, width, c, 2 * c)
    copy_to_padded(memory.reshape(-1), padded.memory, channels, height, width, 0, c)


@compiled
def _copy_from_padded(padded: PaddedState, state: LSTMArrays) -> None:
    channels, height, width = state.input.shape
    c = round_up_to_even(channels)
    copy_from_padded(padded.input_hidden, 0, height, state.input.reshape(-1), channels, height, width, 0, 2 * c)
    copy_from_padded(padded.input_hidden, 0, height, state.hidden.reshape(-1), channels, height, width, c, 2 * c)
    copy_from_padded(padded.memory, 0, height, state.memory.reshape(-1), channels, height, width, 0, c)


@compiled
def _compute_gates(
    weights: CellWeights, input_hidden: Array, top: int, rows: int, c: int, width: int, gates: Array, gates_start: int
) -> None:
    """Compute the gates of ``rows`` rows from row ``top`` on, and write them row by row from ``gates_start`` on."""
    row_stride, gate_row, start = row_size(2 * c, width), row_size(4 * c, width), row_start(top, 2 * c, width)
    packed = weights.gates
    for r in range(rows):
        convolve_row_3x3_biased(
            input_hidden, start + r * row_stride, row_stride, 2 * c, width, packed, 4 * c,
            gates, gates_start + r * gate_row,
        )  # fmt: skip
    tanh_(gates[gates_start : gates_start + rows * gate_row])


@compiled
def _forward_step(
    gates: Array, gates_start: int, top: int, rows: int, c: int, width: int, memory: Array, next_input_hidden: Array
) -> None:
    """Take the step of memory and hidden state for ``rows`` rows, whose gates start at ``gates_start``."""
    half, size = gates.dtype.type(0.5), row_size(c, width)
    memory_start, hidden_start = row_start(top, c, width), row_start(top, 2 * c, width) + size
    for r in range(rows):
        i, f, g, o = _gate_offsets(gates_start + r * 4 * size, size)
        m, h = np.uintp(memory_start + r * size), np.uintp(hidden_start + r * 2 * size)
        for x in range(np.uintp(size)):
            value = (half + half * gates[f + x]) * memory[m + x] + (half + half * gates[i + x]) * gates[g + x]
            memory[m + x] = value
            next_input_hidden[h + x] = (half + half * gates[o + x]) * fast_tanh(value)


@compiled
def _backward_step(
    gates: Array, grad_gates: Array, top: int, rows: int, c: int, width: int,
    memory_before: Array, memory_after: Array, grad_memory: Array, grad_input_hidden: Array, grad_mlp_input: Array,
) -> None:  # fmt: skip
    """Go backward through :func:`_forward_step` and the gates' tanh.

    It overwrites ``grad_gates``, and ``grad_memory`` with the gradient of the memory before the step.
    ``grad_mlp_input`` is the gradient of the hidden state through the next input.
    """
    size = row_size(c, width)
    gates_start, memory_start = row_start(top, 4 * c, width), row_start(top, c, width)
    hidden_start = row_start(top, 2 * c, width) + size
    for r in range(rows):  # a call for each row, because a loop over all rows is not vectorised
        _backward_row(
            gates, (top + r) * 4 * size, grad_gates, gates_start + r * 4 * size, size,
            memory_before, memory_after, grad_memory, memory_start + r * size,
            grad_input_hidden, hidden_start + r * 2 * size, grad_mlp_input, r * size,
        )  # fmt: skip


@compiled
def _backward_row(
    gates: Array, gates_start: int, grad_gates: Array, grad_gates_start: int, size: int,
    memory_before: Array, memory_after: Array, grad_memory: Array, memory_start: int,
    grad_input_hidden: Array, hidden_start: int, grad_mlp_input: Array, mlp_start: int,
) -> None:  # fmt: skip
    """Go backward through one row; ``lh`` and ``lm`` are the gradients of hidden state and memory after the step."""
    half, one = grad_gates.dtype.type(0.5), grad_gates.dtype.type(1)
    i, f, g, o = _gate_offsets(gates_start, size)
    grad_i, grad_f, grad_g, grad_o = _gate_offsets(grad_gates_start, size)
    m, h, b = np.uintp(memory_start), np.uintp(hidden_start), np.uintp(mlp_start)
    for x in range(np.uintp(size)):
        tanh_memory = fast_tanh(memory_after[m + x])
        lh = grad_input_hidden[h + x] + grad_mlp_input[b + x]
        lm = grad_memory[m + x] + lh * (half + half * gates[o + x]) * (one - tanh_memory * tanh_memory)
        grad_gates[grad_i + x] = lm * gates[g + x] * half * (one - gates[i + x] * gates[i + x])
        grad_gates[grad_f + x] = lm * memory_before[m + x] * half * (one - gates[f + x] * gates[f + x])
        grad_gates[grad_g + x] = lm * (half + half * gates[i + x]) * (one - gates[g + x] * gates[g + x])
        grad_gates[grad_o + x] = lh * tanh_memory * half * (one - gates[o + x] * gates[o + x])
        grad_memory[m + x] = lm * (half + half * gates[f + x])


@compiled
def _gate_offsets(start: int, size: int) -> tuple[np.uintp, np.uintp, np.uintp, np.uintp]:
    """Return where i, f, g and o start in a row of gates that starts at ``start``."""
    return np.uintp(start), np.uintp(start + size), np.uintp(start + 2 * size), np.uintp(start + 3 * size)
