"""All time steps in one launch, one program per image, for images whose state fits into a multiprocessor's registers.

A program keeps what belongs to its own pixels in registers. Its threads exchange the values at neighbouring pixels
through memory that they have just written, and which the caches still hold: the frames forward, and a small buffer
backward. A barrier after each write makes it visible to the whole program. The equation is in
:mod:`drumhead.fields.wave`, its adjoint in :mod:`drumhead.fields.cuda.kernels.step`.
"""

from __future__ import annotations

import triton
import triton.language as tl

from drumhead.fields.cuda.kernels.convolutions import (
    add_sums,
    convolve,
    convolve_transposed,
    convolve_transposed_dot,
    empty_sums,
)
from drumhead.fields.cuda.kernels.neighbours import find_neighbours, pixel_numbers
from drumhead.fields.cuda.kernels.step import step_backward, step_forward


@triton.jit
def evolve_images(
    y_start, z_start, omega, alpha, taps, frames, z_end, zero, dt, steps, height, width,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    BOUNDARY: tl.constexpr, TANH: tl.constexpr, DOT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Fill the frames and the last velocity of an image.

    Args:
        y_start, z_start, omega, alpha, z_end: ``(image, channel, height, width)``, contiguous like all arrays here.
        taps: The coupling, ``(place, channel out, channel in)``.
        frames: ``(image, time, channel, height, width)``.
        zero: Pointer to an integer 0, which the compiler does not know: so it computes the places of neighbours in each
            step, instead of once in more registers than there are.
        dt, steps, height, width: As numbers.
        CHANNELS, OWN: The number of channels, and the power of two that holds it.
        ROWS, COLUMNS: The powers of two that hold the height and the width.
        BOUNDARY, TANH, DOT, PRECISION: The boundary's code, whether the nonlinearity is tanh, and how convolutions are
            computed, see :mod:`drumhead.fields.cuda.kernels.convolutions`.
    """
    image = tl.program_id(0).to(tl.int64)
    size = height * width
    PIXELS: tl.constexpr = ROWS * COLUMNS
    own, row, column = tl.arange(0, OWN), tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    pixel, inside = pixel_numbers(row, column, height, width)
    offset = own[:, None] * size + pixel[None, :]
    mask = (own < CHANNELS)[:, None] & inside[None, :]
    first = image * CHANNELS * size
    y = tl.load(y_start + first + offset, mask=mask, other=0.0)
    z = tl.load(z_start + first + offset, mask=mask, other=0.0)
    position = y_start + first
    frame = frames + first * steps
    for _ in range(steps):
        places = find_neighbours(row + tl.load(zero), column, height, width, BOUNDARY)
        pull = convolve(position, taps, own, places, size, CHANNELS, OWN, PIXELS, BOUNDARY, DOT, PRECISION)
        stiffness = tl.load(omega + first + offset, mask=mask, other=0.0)  # registers are scarcer than loads
        damping = tl.load(alpha + first + offset, mask=mask, other=0.0)
        y, z = step_forward(pull, y, z, stiffness, damping, dt, TANH)
        tl.store(frame + offset, y, mask=mask)
        tl.debug_barrier()
        position = frame
        frame += CHANNELS * size
    tl.store(z_end + first + offset, z, mask=mask)


@triton.jit
def evolve_images_adjoint(
    y_start, z_start, omega, alpha, taps, frames, grad_frames, grad_z_end, exchange,
    grad_y, grad_z, grad_omega, grad_alpha, partial, zero, dt, inverse_dt, steps, height, width,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    GROUPS: tl.constexpr, WITH_SUMS: tl.constexpr,
    BOUNDARY: tl.constexpr, TANH: tl.constexpr, DOT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Compute the gradients of an image's arguments from those of its frames and last velocity.

    Args:
        grad_frames: ``(image, time, channel, height, width)``.
        grad_z_end: ``(image, channel, height, width)``.
        exchange: Memory for the gradient of the pull, ``(image, 2, channel, height, width)``.
        grad_y, grad_z, grad_omega, grad_alpha: Overwritten with the gradients of the first state and the parameters,
            ``(image, channel, height, width)``.
        partial: The image's part of the coupling's gradient is added to this, ``(image, place, channel out, channel
            in)``.
        GROUPS: Which pixels are summed at once for the coupling's gradient, see
            :func:`drumhead.fields.cuda.kernels.convolutions.convolve_transposed`.
        WITH_SUMS: Whether the coupling's gradient is computed.
        y_start, ...: The others are those of :func:`evolve_images`.
    """
    image = tl.program_id(0).to(tl.int64)
    size = height * width
    PIXELS: tl.constexpr = ROWS * COLUMNS
    own, row, column = tl.arange(0, OWN), tl.arange(0, ROWS), tl.arange(0, COLUMNS)
    pixel, inside = pixel_numbers(row, column, height, width)
    offset = own[:, None] * size + pixel[None, :]
    mask = (own < CHANNELS)[:, None] & inside[None, :]
    first = image * CHANNELS * size
    start = y_start + first
    frame_size = CHANNELS * size
    frame = frames + first * steps
    grad_frame = grad_frames + first * steps
    part = partial + image * 9 * CHANNELS * CHANNELS
    ly = tl.zeros([OWN, PIXELS], tl.float32)
    lz = tl.load(grad_z_end + first + offset, mask=mask, other=0.0)
    go = tl.zeros([OWN, PIXELS], tl.float32)
    ga = tl.zeros([OWN, PIXELS], tl.float32)
    sums = empty_sums(1 if DOT else CHANNELS, OWN, PIXELS, GROUPS)
    position = start
    if steps > 1:
        position = frame + (steps - 2).to(tl.int64) * frame_size
    y = tl.load(position + offset, mask=mask, other=0.0)
    for back in range(steps):
        t = steps - 1 - back  # backward through the step from `position`, which came from `before`, to frame t
        before = start
        if t > 1:
            before = frame + (t - 2).to(tl.int64) * frame_size
        y_before = tl.load(before + offset, mask=mask, other=0.0)
        z = (y - y_before) * inverse_dt
        if t == 0:
            z = tl.load(z_start + first + offset, mask=mask, other=0.0)
        places = find_neighbours(row + tl.load(zero), column, height, width, BOUNDARY)
        pull = tl.zeros([OWN, PIXELS], tl.float32)
        if TANH:
            pull = convolve(position, taps, own, places, size, CHANNELS, OWN, PIXELS, BOUNDARY, DOT, PRECISION)
        ly += tl.load(grad_frame + t.to(tl.int64) * frame_size + offset, mask=mask, other=0.0)
        stiffness = tl.load(omega + first + offset, mask=mask, other=0.0)
        damping = tl.load(alpha + first + offset, mask=mask, other=0.0)
        lu, ly, lz, go, ga = step_backward(pull, y, z, stiffness, damping, dt, ly, lz, go, ga, TANH)
        # Two buffers in turn: a thread that is a step ahead does not overwrite what another one still reads.
        lu_image = exchange + (2 * image + back % 2) * frame_size
        tl.store(lu_image + offset, lu, mask=mask)
        tl.debug_barrier()
        if DOT:
            ly += convolve_transposed_dot(
                lu_image, taps, own, places, size, y, part,
                CHANNELS, OWN, PIXELS, BOUNDARY, PRECISION, WITH_SUMS,
            )  # fmt: skip
        else:
            pulled, sums = convolve_transposed(
                lu_image, taps, own, places, size, y, sums,
                CHANNELS, OWN, PIXELS, GROUPS, BOUNDARY, WITH_SUMS,
            )  # fmt: skip
            ly += pulled
        y = y_before
        position = before
    tl.store(grad_y + first + offset, ly, mask=mask)
    tl.store(grad_z + first + offset, lz, mask=mask)
    tl.store(grad_omega + first + offset, go, mask=mask)
    tl.store(grad_alpha + first + offset, ga, mask=mask)
    if WITH_SUMS and not DOT:
        add_sums(sums, part, own, CHANNELS)
