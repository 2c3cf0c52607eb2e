"""The two inner loops of a convolution, as tiles that stay in the vector registers of the CPU at hand.

A compiler that vectorises loops on its own keeps the sums of a convolution over many channels in memory; these
tiles keep them in registers, which is what brings the convolution near the speed of a matrix product.

Both read fields in one layout, flat arrays in which a row of the image holds the rows of its channels, one after
another, and one element beyond either end of each may be read: see :mod:`drumhead.fields.cpu.kernels.padded_rows`.
Places in such an array are given as the index of the first pixel; nothing is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

TAPS = [(p, q) for p in (-1, 0, 1) for q in (-1, 0, 1)]
"""Where the nine neighbours are, in rows and columns from the pixel, in the order of a kernel's last two axes."""
POINT = [(0, 0)]
"""The pixel alone."""


def _vector_bytes() -> int:
    features = llvmlite.binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 64
    return 32 if features.get("avx2") else 16


VECTOR_BYTES = _vector_bytes()
WIDE = 2 if VECTOR_BYTES == 32 else 4
"""Vectors of pixels in a wide tile: four outputs of them fill half the registers (AVX2 has 16, others 32)."""


class _Emitter:
    """Writes vector instructions for arrays of one type of number."""

    def __init__(self, context: Any, builder: Any, array: Any) -> None:
        self.context, self.builder = context, builder
        self.scalar = context.get_value_type(array.dtype)
        self.lanes = VECTOR_BYTES // (array.dtype.bitwidth // 8)
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.align = array.dtype.bitwidth // 8

    def data(self, array: Any, value: Any) -> Any:
        return self.context.make_array(array)(self.context, self.builder, value).data

    def index(self, number: int) -> Any:
        return ir.Constant(ir.IntType(64), number)

    def _pointer(self, base: Any, index: Any) -> Any:
        place = self.builder.gep(base, [index])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def load(self, base: Any, index: Any) -> Any:
        return self.builder.load(self._pointer(base, index), align=self.align)

    def store(self, values: Any, base: Any, index: Any) -> None:
        self.builder.store(values, self._pointer(base, index), align=self.align)

    def spread(self, base: Any, index: Any) -> Any:
        """One number in every lane."""
        number = self.builder.load(self.builder.gep(base, [index]), align=self.align)
        lane = self.builder.insert_element(
            ir.Constant(self.vector, ir.Undefined), number, ir.Constant(ir.IntType(32), 0)
        )
        zeros = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(lane, ir.Constant(self.vector, ir.Undefined), zeros)

    def accumulators(self, count: int) -> list[Any]:
        """Variables of one vector each, 0 at first; the compiler turns them into registers."""
        zero = ir.Constant(self.vector, [0.0] * self.lanes)
        allocate: Callable[..., Any] = cgutils.alloca_once
        places = [allocate(self.builder, self.vector) for _ in range(count)]
        for place in places:
            self.builder.store(zero, place)
        return places

    def add_product(self, place: Any, left: Any, right: Any) -> None:
        product = self.builder.fmul(left, right, flags=("contract",))
        self.builder.store(self.builder.fadd(self.builder.load(place), product, flags=("contract",)), place)

    def offset(self, start: Any, *terms: tuple[Any, int]) -> Any:
        """``start`` plus the sum of ``value * factor`` over the terms."""
        for value, factor in terms:
            start = self.builder.add(start, self.builder.mul(value, self.index(factor)))
        return start


def convolution_tile(
    outputs: int, vectors: int, *, taps: Sequence[tuple[int, int]] = TAPS, bias: bool = False
) -> Callable[..., None]:
    """Make the tile ``tile(source, at, channels, stride, row, weights, first, padded, out, to)``.

    It sets ``vectors`` vectors of pixels in each of ``outputs`` output channels, from ``to`` on in ``out``, to the
    convolution of the ``channels`` channels around ``at`` in ``source``, whose rows are ``row`` apart. Channels are
    ``stride`` apart in both. ``weights`` is ``(channel, tap, padded)``, flat, and with ``bias`` so many numbers more;
    the output channels are those from ``first`` on.
    """

    @intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
    def tile(  # type: ignore[no-untyped-def]
        typingctx, source, at, channels, stride, row, weights, first, padded, out, to
    ):
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            source_value, at, channels, stride, row, weights_value, first, padded, out_value, to = arguments
            emit = _Emitter(context, builder, signature.args[0])
            source_data = emit.data(signature.args[0], source_value)
            weights_data = emit.data(signature.args[5], weights_value)
            sums = emit.accumulators(outputs * vectors)
            kernel_size = builder.mul(padded, emit.index(len(taps)))
            if bias:
                biases = builder.add(first, builder.mul(channels, kernel_size))
                for o in range(outputs):
                    start_value = emit.spread(weights_data, builder.add(biases, emit.index(o)))
                    for v in range(vectors):
                        builder.store(start_value, sums[o * vectors + v])
            with cgutils.for_range(builder, channels) as loop:
                place = builder.add(at, builder.mul(loop.index, stride))
                kernel = builder.add(first, builder.mul(loop.index, kernel_size))
                for tap, (p, q) in enumerate(taps):
                    start = emit.offset(place, (row, p), (emit.index(1), q))
                    pixels = [
                        emit.load(source_data, builder.add(start, emit.index(v * emit.lanes))) for v in range(vectors)
                    ]
                    for o in range(outputs):
                        weight = emit.spread(weights_data, emit.offset(kernel, (padded, tap), (emit.index(1), o)))
                        for v in range(vectors):
                            emit.add_product(sums[o * vectors + v], weight, pixels[v])
            out_data = emit.data(signature.args[8], out_value)
            for o in range(outputs):
                for v in range(vectors):
                    index = emit.offset(to, (stride, o), (emit.index(v), emit.lanes))
                    emit.store(builder.load(sums[o * vectors + v]), out_data, index)
            return context.get_dummy_value()

        integers = (types.int64,) * 4
        return types.void(source, *integers, weights, types.int64, types.int64, out, types.int64), codegen

    return tile


def correlation_tile(outputs: int, *, columns: Sequence[int] = (-1, 0, 1)) -> Callable[..., None]:
    """Make the tile ``tile(pull, at, row, source, near, source_row, stride, rows, vectors, sums, to)``.

    It adds to ``sums`` the products of ``outputs`` channels of ``pull`` from ``at`` on, ``stride`` apart, with one
    channel of ``source`` around ``near``, at its columns, over ``rows`` rows (``row`` and ``source_row`` elements
    apart) of ``vectors`` vectors: ``(output, column)`` vectors, flat, whose lanes are still to be summed.
    """

    @intrinsic  # type: ignore[untyped-decorator, misc, unused-ignore]
    def tile(  # type: ignore[no-untyped-def]
        typingctx, pull, at, row, source, near, source_row, stride, rows, vectors, sums, to
    ):
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pull_value, at, row, source_value, near, source_row, stride, rows, vectors, sums_value, to = arguments
            emit = _Emitter(context, builder, signature.args[0])
            pull_data = emit.data(signature.args[0], pull_value)
            source_data = emit.data(signature.args[3], source_value)
            sums_data = emit.data(signature.args[9], sums_value)
            totals = emit.accumulators(outputs * len(columns))
            with cgutils.for_range(builder, rows) as down, cgutils.for_range(builder, vectors) as along:
                across = builder.mul(along.index, emit.index(emit.lanes))
                start = builder.add(builder.add(at, across), builder.mul(down.index, row))
                source_start = builder.add(builder.add(near, across), builder.mul(down.index, source_row))
                pixels = [emit.load(source_data, builder.add(source_start, emit.index(q))) for q in columns]
                for o in range(outputs):
                    pulls = emit.load(pull_data, emit.offset(start, (stride, o)))
                    for q, pixel in enumerate(pixels):
                        emit.add_product(totals[o * len(columns) + q], pulls, pixel)
            for k, total in enumerate(totals):
                index = builder.add(to, emit.index(k * emit.lanes))
                before = emit.load(sums_data, index)
                emit.store(builder.fadd(before, builder.load(total)), sums_data, index)
            return context.get_dummy_value()

        integer = types.int64
        places = (pull, integer, integer, source, integer, integer)
        return types.void(*places, integer, integer, integer, sums, integer), codegen

    return tile
