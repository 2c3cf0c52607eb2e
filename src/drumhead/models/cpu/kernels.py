"""Bias and ReLU, its gradient, and argmax, compiled: torch is several times slower. Importing this imports Numba."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import kernel

EVEN, HALF, UPPER = np.int32(1), np.int32(0x7FFF), np.int32(16)


@intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
def _as_float(typingctx, bits):  # type: ignore[no-untyped-def]
    """The float32 of an int32's bits."""
    return types.float32(types.int32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.FloatType()
    )


@intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
def _as_bits(typingctx, number):  # type: ignore[no-untyped-def]
    """The bits of a float32 as int32."""
    return types.int32(types.float32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.IntType(32)
    )


@kernel
def bias_relu(values: NDArray[Any], bias: NDArray[Any]) -> None:
    """Add each row's bias; negative numbers become 0; nan stays nan."""
    zero = values.dtype.type(0)
    for row in range(values.shape[0]):
        line, shift = values[row], bias[row]
        for i in range(line.size):
            value = line[i] + shift
            line[i] = zero if value < zero else value


@kernel
def bias_relu_bfloat16(values: NDArray[np.int16], bias: NDArray[np.int16]) -> None:
    """The same for bfloat16, given as integers: the upper halves of float32. To the nearest, of two to the even one.

    That leaves a nan one, whose lower half is 0 here.
    """
    zero = np.float32(0)
    for row in range(values.shape[0]):
        line = values[row]
        shift: np.float32 = _as_float(np.int32(bias[row]) << UPPER)  # type: ignore[call-arg, unused-ignore]
        for i in range(line.size):
            value = _as_float(np.int32(line[i]) << UPPER) + shift  # type: ignore[call-arg, unused-ignore]
            bits = _as_bits(zero if value < zero else value)  # type: ignore[call-arg, unused-ignore]
            line[i] = (bits + HALF + ((bits >> UPPER) & EVEN)) >> UPPER


@kernel
def relu_backward(gradient: NDArray[Any], activation: NDArray[Any]) -> None:
    """The gradient becomes 0 where the activation is."""
    zero = gradient.dtype.type(0)
    for i in range(gradient.size):
        gradient[i] = gradient[i] if activation[i] != zero else zero


@kernel
def argmax(logits: NDArray[Any], out: NDArray[np.int64]) -> None:
    """The first row that holds the largest number of each column, or the first that holds nan."""
    out[:] = 0
    best = logits[0].copy()
    for row in range(1, logits.shape[0]):
        for i in range(best.size):
            value = logits[row, i]
            if value > best[i] or (value != value and best[i] == best[i]):
                best[i] = value
                out[i] = row
