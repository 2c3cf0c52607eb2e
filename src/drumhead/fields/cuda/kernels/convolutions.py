"""The 3x3 convolution of a block of channels and pixels, its transpose, and the gradient of its kernel.

There are two forms. With few channels each product of a weight and a field is computed by ordinary multiplications.
With more, the channels are mixed by matrix products (``DOT``), which tensor cores compute. The kernel comes as
``taps``, ``(place, channel out, channel in)``, contiguous; its nine places are numbered row by row.
"""

from __future__ import annotations

import triton
import triton.language as tl

from drumhead.fields.cuda.kernels.neighbours import at_place, load_neighbours, load_sources


@triton.jit
def convolve(
    field, taps, own, places, size,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, PIXELS: tl.constexpr,
    BOUNDARY: tl.constexpr, DOT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Return the convolution of an image, ``(OWN, PIXELS)``.

    Args:
        field: Pointer to the image, ``(channel, height, width)``, contiguous.
        taps: Pointer to the kernel.
        own: The channels to compute, ``(OWN,)``; those that are not below ``CHANNELS`` are 0.
        places: Where the neighbours are, from :func:`drumhead.fields.cuda.kernels.neighbours.find_neighbours`.
        size: The number of pixels of the image.
        CHANNELS: The number of channels of the image. A matrix product reads ``OWN`` of them.
        BOUNDARY, DOT: The boundary's code, and the form of the computation.
        PRECISION: The precision of the matrix products, as Triton names it.
    """
    result = tl.zeros([OWN, PIXELS], tl.float32)
    own_known = (own < CHANNELS)[:, None]
    weights = taps + (own * CHANNELS)[:, None]
    if DOT:
        for number in range(9):  # not unrolled: the code of nine products would not fit into the instruction cache
            place = at_place(places, number // 3, number % 3, False)
            for start in range(0, CHANNELS, OWN):
                source = start + tl.arange(0, OWN)
                known = source < CHANNELS
                entries = number * CHANNELS * CHANNELS + source
                weight = tl.load(weights + entries[None, :], mask=own_known & known[None, :], other=0.0)
                values = load_neighbours(field + (source * size)[:, None], place, known[:, None], BOUNDARY)
                result = tl.dot(weight, values, result, input_precision=PRECISION)
    else:
        for number in tl.static_range(9):
            place = at_place(places, number // 3, number % 3, True)
            for source in tl.static_range(CHANNELS):
                weight = tl.load(weights + (number * CHANNELS * CHANNELS + source), mask=own_known, other=0.0)
                result += weight * load_neighbours(field + source * size, place, True, BOUNDARY)
    return result


@triton.jit
def convolve_transposed(
    field, taps, own, places, size, y, sums,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, PIXELS: tl.constexpr, GROUPS: tl.constexpr,
    BOUNDARY: tl.constexpr, WITH_SUMS: tl.constexpr,
):  # fmt: skip
    """Return the transposed convolution and the sums of the kernel's gradient, by ordinary multiplications.

    Args:
        field: Pointer to the gradient of the convolution, ``(channel, height, width)``, contiguous.
        y: What was convolved, at the own channels and pixels, ``(OWN, PIXELS)``.
        sums: A tuple with sums for each place and channel of ``field``, ``(OWN, PIXELS / GROUPS)``: of its
            products with ``y``. Without ``WITH_SUMS`` they stay as they are.
        GROUPS: Each sum is over one pixel of each of this number of equal parts of the pixels: those that a thread has
            in its registers.
        taps, own, places, size, CHANNELS, BOUNDARY: As in :func:`convolve`.
    """
    result = tl.zeros([OWN, PIXELS], tl.float32)
    own_known = (own < CHANNELS)[:, None]
    weights = taps + own[:, None]
    new_sums = ()
    for number in tl.static_range(9):
        place = at_place(places, number // 3, number % 3, True)
        for source in tl.static_range(CHANNELS):
            weight = tl.load(weights + (number * CHANNELS + source) * CHANNELS, mask=own_known, other=0.0)
            values = load_sources(field + source * size, place, True, BOUNDARY)
            result += weight * values
            if WITH_SUMS:
                products = tl.reshape(values * y, (OWN, GROUPS, PIXELS // GROUPS))
                total = sums[number * CHANNELS + source] + tl.sum(products, axis=1)
                new_sums = new_sums + (total,)  # type: ignore[assignment]  # noqa: RUF005  (Triton does not unpack)
    if not WITH_SUMS:
        new_sums = sums
    return result, new_sums


@triton.jit
def empty_sums(CHANNELS: tl.constexpr, OWN: tl.constexpr, PIXELS: tl.constexpr, GROUPS: tl.constexpr):
    """Return the sums for :func:`convolve_transposed`, all 0."""
    sums = ()
    for _ in tl.static_range(9 * CHANNELS):
        zeros = tl.zeros([OWN, PIXELS // GROUPS], tl.float32)
        sums = sums + (zeros,)  # type: ignore[assignment]  # noqa: RUF005  (Triton does not unpack)
    return sums


@triton.jit
def add_sums(sums, partial, own, CHANNELS: tl.constexpr):
    """Add the sums to a program's part of the kernel's gradient, ``(place, channel out, channel in)``."""
    for number in tl.static_range(9 * CHANNELS):
        target = partial + number * CHANNELS + own
        total = tl.load(target, mask=own < CHANNELS, other=0.0) + tl.sum(sums[number], axis=1)
        tl.store(target, total, mask=own < CHANNELS)


@triton.jit
def convolve_transposed_dot(
    field, taps, own, places, size, y, partial,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, PIXELS: tl.constexpr,
    BOUNDARY: tl.constexpr, PRECISION: tl.constexpr, WITH_SUMS: tl.constexpr,
):  # fmt: skip
    """Return the transposed convolution by matrix products, and add the gradient of the kernel to ``partial``.

    Args:
        partial: Pointer to this program's part of the kernel's gradient, ``(place, channel out, channel in)``. Without
            ``WITH_SUMS`` it stays as it is.
        field, y: As in :func:`convolve_transposed`.
        taps, own, places, size, CHANNELS, BOUNDARY, PRECISION: As in :func:`convolve`.
    """
    result = tl.zeros([OWN, PIXELS], tl.float32)
    own_known = (own < CHANNELS)[:, None]
    for number in range(9):
        place = at_place(places, number // 3, number % 3, False)
        for start in range(0, CHANNELS, OWN):
            source = start + tl.arange(0, OWN)
            known = source < CHANNELS
            mask = own_known & known[None, :]
            entries = number * CHANNELS * CHANNELS + (source * CHANNELS)[None, :] + own[:, None]
            weight = tl.load(taps + entries, mask=mask, other=0.0)
            values = load_sources(field + (source * size)[:, None], place, known[:, None], BOUNDARY)
            result = tl.dot(weight, values, result, input_precision=PRECISION)
            if WITH_SUMS:
                total = tl.load(partial + entries, mask=mask, other=0.0)
                total = tl.dot(y, tl.trans(values), total, input_precision=PRECISION)
                tl.store(partial + entries, total, mask=mask)
    return result
