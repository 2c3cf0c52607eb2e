"""The inner loops of a convolution and of its weight gradient: micro-kernels that compute one register tile each.

A compiler that vectorises loops by itself keeps the sums of a convolution over many channels in memory. These
micro-kernels keep a tile of them in the vector registers of the CPU, which makes a convolution nearly as fast as a
matrix product. They are written in LLVM's intermediate representation, for the widest vectors of the CPU at hand.

They read and write fields in the layout of :mod:`drumhead.fields.cpu.kernels.padded_rows`. Positions in an array are
indices of single elements. Nothing is checked; one element beyond either end of each channel's row may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

TAPS_3X3 = [(p, q) for p in (-1, 0, 1) for q in (-1, 0, 1)]
"""The nine taps of a 3x3 kernel: offsets in rows and columns, in the order of the kernel's last two axes."""
TAPS_1X1 = [(0, 0)]
"""The only tap of a 1x1 kernel."""


def _vector_bytes() -> int:
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


VECTOR_BYTES = _vector_bytes()
"""The size of a vector register."""
WIDE_VECTORS = 2 if VECTOR_BYTES == 32 else 4
"""Vectors of pixels in a wide tile. With four outputs they fill half the registers: AVX2 has 16, the others have 32."""


class _Emitter:
    """Emits vector instructions for arrays of one dtype."""

    def __init__(self, context: Any, builder: Any, array: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(array.dtype)
        self.lanes = VECTOR_BYTES // (array.dtype.bitwidth // 8)
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.align = array.dtype.bitwidth // 8

    def data(self, array: Any, value: Any) -> Any:
        """Return the pointer to an array's first element."""
        return self.context.make_array(array)(self.context, self.builder, value).data

    def constant(self, number: int) -> Any:
        """Return an integer constant, for indices."""
        return ir.Constant(ir.IntType(64), number)

    def _pointer(self, base: Any, index: Any) -> Any:
        element = self.builder.gep(base, [index])
        return self.builder.bitcast(element, self.vector.as_pointer())

    def load(self, base: Any, index: Any) -> Any:
        """Load a vector of contiguous elements."""
        return self.builder.load(self._pointer(base, index), align=self.align)

    def store(self, values: Any, base: Any, index: Any) -> None:
        """Store a vector to contiguous elements."""
        self.builder.store(values, self._pointer(base, index), align=self.align)

    def broadcast(self, base: Any, index: Any) -> Any:
        """Load one element into every lane of a vector."""
        number = self.builder.load(self.builder.gep(base, [index]), align=self.align)
        first_lane = self.builder.insert_element(
            ir.Constant(self.vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first_lane, ir.Constant(self.vector, ir.Undefined), zeros)

    def accumulators(self, count: int) -> list[Any]:
        """Allocate variables of one vector each, 0 at first; the compiler keeps them in registers."""
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        allocate: Callable[..., Any] = cgutils.alloca_once
        accumulators = [allocate(self.builder, self.vector) for _ in range(count)]
        for accumulator in accumulators:
            self.builder.store(zero, accumulator)
        return accumulators

    def multiply_add(self, accumulator: Any, left: Any, right: Any) -> None:
        """Add ``left * right`` to an accumulator."""
        product = self.builder.fmul(left, right, flags=("contract",))
        total = self.builder.fadd(self.builder.load(accumulator), product, flags=("contract",))
        self.builder.store(total, accumulator)

    def offset(self, start: Any, *terms: tuple[Any, int]) -> Any:
        """Return ``start`` plus the sum of ``value * factor`` over the terms."""
        for value, factor in terms:
            start = self.builder.add(start, self.builder.mul(value, self.constant(factor)))
        return start


def convolution_tile(
    outputs: int, vectors: int, *, taps: Sequence[tuple[int, int]] = TAPS_3X3, bias: bool = False
) -> Callable[..., None]:
    """Make a micro-kernel that convolves a tile of ``vectors`` vectors of pixels by ``outputs`` output channels.

    Its signature is ``tile(field, start, inputs, channel_stride, row_stride, weights, first_output, padded_outputs,
    out, out_start)``:

    - ``field``, ``start``: the input, and the index of the tile's first pixel in its first channel;
    - ``inputs``: the number of input channels;
    - ``channel_stride``: elements between channels, in ``field`` and in ``out``;
    - ``row_stride``: elements between rows of ``field``;
    - ``weights``: ``(input, tap, padded_outputs)``, flat, and with ``bias`` followed by ``padded_outputs`` biases;
    - ``first_output``: the first of the tile's output channels;
    - ``out``, ``out_start``: where the tile is written; the index of the first pixel of its first output channel.
    """

    @intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
    def tile(  # type: ignore[no-untyped-def]
        typingctx,
        field,
        start,
        inputs,
        channel_stride,
        row_stride,
        weights,
        first_output,
        padded_outputs,
        out,
        out_start,
    ):
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (
                field_value,
                start,
                inputs,
                channel_stride,
                row_stride,
                weights_value,
                first_output,
                padded_outputs,
                out_value,
                out_start,
            ) = arguments
            emit = _Emitter(context, builder, signature.args[0])
            field_data = emit.data(signature.args[0], field_value)
            weights_data = emit.data(signature.args[5], weights_value)
            sums = emit.accumulators(outputs * vectors)
            kernel_size = builder.mul(padded_outputs, emit.constant(len(taps)))
            if bias:
                biases = builder.add(first_output, builder.mul(inputs, kernel_size))
                for o in range(outputs):
                    bias_vector = emit.broadcast(weights_data, builder.add(biases, emit.constant(o)))
                    for v in range(vectors):
                        builder.store(bias_vector, sums[o * vectors + v])
            with cgutils.for_range(builder, inputs) as loop:
                channel = builder.add(start, builder.mul(loop.index, channel_stride))
                kernel = builder.add(first_output, builder.mul(loop.index, kernel_size))
                for tap, (p, q) in enumerate(taps):
                    pixel = emit.offset(channel, (row_stride, p), (emit.constant(1), q))
                    pixels = [
                        emit.load(field_data, builder.add(pixel, emit.constant(v * emit.lanes))) for v in range(vectors)
                    ]
                    for o in range(outputs):
                        index = emit.offset(kernel, (padded_outputs, tap), (emit.constant(1), o))
                        weight = emit.broadcast(weights_data, index)
                        for v in range(vectors):
                            emit.multiply_add(sums[o * vectors + v], weight, pixels[v])
            out_data = emit.data(signature.args[8], out_value)
            for o in range(outputs):
                for v in range(vectors):
                    index = emit.offset(out_start, (channel_stride, o), (emit.constant(v), emit.lanes))
                    emit.store(builder.load(sums[o * vectors + v]), out_data, index)
            return context.get_dummy_value()

        integers = (types.int64,) * 4
        return types.void(field, *integers, weights, types.int64, types.int64, out, types.int64), codegen

    return tile


def correlation_tile(outputs: int, *, columns: Sequence[int] = (-1, 0, 1)) -> Callable[..., None]:
    """Make a micro-kernel that sums the products of ``outputs`` output gradients with one input channel over a block.

    Its signature is ``tile(grad_out, out_start, out_stride, field, field_start, field_stride, channel_stride, rows,
    vectors, lane_sums, sums_start)``:

    - ``grad_out``, ``out_start``: the gradients, and the index of the block's first pixel in the first of them;
    - ``field``, ``field_start``: the input, and the index of the pixel that belongs to it, to which each of
      ``columns`` is added;
    - ``out_stride``, ``field_stride``: elements between the rows of either;
    - ``channel_stride``: elements between channels of ``grad_out``;
    - ``rows``, ``vectors``: the size of the block, in rows and in vectors of pixels;
    - ``lane_sums``, ``sums_start``: where one vector for each ``(output, column)`` is added to; the sum over the lanes
      of a vector is left to the caller.
    """

    @intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
    def tile(  # type: ignore[no-untyped-def]
        typingctx,
        grad_out,
        out_start,
        out_stride,
        field,
        field_start,
        field_stride,
        channel_stride,
        rows,
        vectors,
        lane_sums,
        sums_start,
    ):
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            (
                out_value,
                out_start,
                out_stride,
                field_value,
                field_start,
                field_stride,
                channel_stride,
                rows,
                vectors,
                sums_value,
                sums_start,
            ) = arguments
            emit = _Emitter(context, builder, signature.args[0])
            out_data = emit.data(signature.args[0], out_value)
            field_data = emit.data(signature.args[3], field_value)
            sums_data = emit.data(signature.args[9], sums_value)
            totals = emit.accumulators(outputs * len(columns))
            with cgutils.for_range(builder, rows) as row_loop, cgutils.for_range(builder, vectors) as vector_loop:
                x = builder.mul(vector_loop.index, emit.constant(emit.lanes))
                out = builder.add(builder.add(out_start, x), builder.mul(row_loop.index, out_stride))
                near = builder.add(builder.add(field_start, x), builder.mul(row_loop.index, field_stride))
                pixels = [emit.load(field_data, builder.add(near, emit.constant(q))) for q in columns]
                for o in range(outputs):
                    gradient = emit.load(out_data, emit.offset(out, (channel_stride, o)))
                    for q, pixel in enumerate(pixels):
                        emit.multiply_add(totals[o * len(columns) + q], gradient, pixel)
            for k, total in enumerate(totals):
                index = builder.add(sums_start, emit.constant(k * emit.lanes))
                before = emit.load(sums_data, index)
                emit.store(builder.fadd(before, builder.load(total)), sums_data, index)
            return context.get_dummy_value()

        integer = types.int64
        arrays = (grad_out, integer, integer, field, integer, integer)
        return types.void(*arrays, integer, integer, integer, lane_sums, integer), codegen

    return tile
