"""Compiled kernels: columns of a matrix, bias and ReLU, the gradient of a ReLU, argmax. Importing it imports Numba.

torch is several times slower at these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import kernel

LOWEST_BIT, BELOW_HALF, DROPPED_BITS = np.int32(1), np.int32(0x7FFF), np.int32(16)
"""For rounding a float32 to bfloat16: its lower 16 bits are dropped, and 0x7FFF is just below half of their range."""
BFLOAT16_NAN = np.int32(0x7FC0)
"""A NaN of bfloat16; rounding the bits of a float32 NaN could turn it into a number."""


@intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
def _as_float(typingctx, bits):  # type: ignore[no-untyped-def]
    """Return the float32 that has the bits of an int32."""
    return types.float32(types.int32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.FloatType()
    )


@intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
def _as_bits(typingctx, number):  # type: ignore[no-untyped-def]
    """Return the bits of a float32 as an int32."""
    return types.int32(types.float32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.IntType(32)
    )


@kernel
def take_columns(source: NDArray[Any], columns: NDArray[np.int64], out: NDArray[Any]) -> None:
    """Write the columns of ``source`` with these indices to ``out``."""
    for row in range(out.shape[0]):
        source_row, out_row = source[row], out[row]
        for i in range(out_row.size):
            out_row[i] = source_row[np.uintp(columns[i])]


@kernel
def take_columns_bfloat16(source: NDArray[np.float32], columns: NDArray[np.int64], out: NDArray[np.int16]) -> None:
    """Compute :func:`take_columns` with a result in bfloat16, given as int16, rounded to nearest, ties to even."""
    for row in range(out.shape[0]):
        source_row, out_row = source[row], out[row]
        for i in range(out_row.size):
            value = source_row[np.uintp(columns[i])]
            bits: np.int32 = _as_bits(value)  # type: ignore[call-arg, unused-ignore]
            rounded = (bits + BELOW_HALF + ((bits >> DROPPED_BITS) & LOWEST_BIT)) >> DROPPED_BITS
            out_row[i] = rounded if value == value else BFLOAT16_NAN


@kernel
def bias_relu(values: NDArray[Any], bias: NDArray[Any]) -> None:
    """Add its bias to each row, then set negative numbers to 0; a NaN stays a NaN."""
    zero = values.dtype.type(0)
    for row in range(values.shape[0]):
        row_values, row_bias = values[row], bias[row]
        for i in range(row_values.size):
            value = row_values[i] + row_bias
            row_values[i] = zero if value < zero else value


@kernel
def bias_relu_bfloat16(values: NDArray[np.int16], bias: NDArray[np.int16]) -> None:
    """Compute :func:`bias_relu` for bfloat16, given as int16: the upper half of a float32.

    Results are rounded to nearest, ties to even. A NaN stays a NaN, since the lower half of each is 0 here.
    """
    zero = np.float32(0)
    for row in range(values.shape[0]):
        row_values = values[row]
        row_bias: np.float32 = _as_float(np.int32(bias[row]) << DROPPED_BITS)  # type: ignore[call-arg, unused-ignore]
        for i in range(row_values.size):
            value = _as_float(np.int32(row_values[i]) << DROPPED_BITS) + row_bias  # type: ignore[call-arg, unused-ignore]
            bits = _as_bits(zero if value < zero else value)  # type: ignore[call-arg, unused-ignore]
            row_values[i] = (bits + BELOW_HALF + ((bits >> DROPPED_BITS) & LOWEST_BIT)) >> DROPPED_BITS


@kernel
def relu_backward(gradient: NDArray[Any], activation: NDArray[Any]) -> None:
    """Set the gradient to 0 where the activation is 0."""
    zero = gradient.dtype.type(0)
    for i in range(gradient.size):
        gradient[i] = gradient[i] if activation[i] != zero else zero


@kernel
def argmax(logits: NDArray[Any], out: NDArray[np.int64]) -> None:
    """Write the first row that holds the largest number of each column, or the first row that holds a NaN."""
    out[:] = 0
    best = logits[0].copy()
    for row in range(1, logits.shape[0]):
        for i in range(best.size):
            value = logits[row, i]
            if value > best[i] or (value != value and best[i] == best[i]):
                best[i] = value
                out[i] = row
