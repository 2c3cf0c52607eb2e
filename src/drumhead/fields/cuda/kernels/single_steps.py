"""One time step per launch, for images of any size: each program computes a block of channels and a tile of pixels.

What a step leaves for the next is in memory, in the second-level cache if the images of a launch are few enough. The
equation and its adjoint are in :mod:`drumhead.fields.wave`.
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


@triton.jit(do_not_specialize=["first_image", "t", "steps"])
def evolve_step(
    y_start, omega, alpha, taps, frames, z, dt, first_image, t, steps, height, width,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    BOUNDARY: tl.constexpr, TANH: tl.constexpr, DOT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Compute frame ``t`` and overwrite the velocity; program ``(tile, channel block, image)``.

    Args:
        z: The velocity before the step, ``(image, channel, height, width)``; overwritten.
        first_image: The number of the launch's first image.
        t: The number of the frame.
        OWN, ROWS, COLUMNS: The number of channels, rows and columns of a block, powers of two.
        y_start, ...: The others are those of :func:`drumhead.fields.cuda.kernels.whole_images.evolve_images`.
    """
    image = (first_image + tl.program_id(2)).to(tl.int64)
    size = height * width
    PIXELS: tl.constexpr = ROWS * COLUMNS
    own = tl.program_id(1) * OWN + tl.arange(0, OWN)
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)
    places = find_neighbours(row, column, height, width, BOUNDARY)
    pixel, inside = pixel_numbers(row, column, height, width)
    offset = own[:, None] * size + pixel[None, :]
    mask = (own < CHANNELS)[:, None] & inside[None, :]
    first = image * CHANNELS * size
    frame = frames + (image * steps + t) * CHANNELS * size
    position = y_start + first
    if t > 0:
        position = frame - CHANNELS * size
    pull = convolve(position, taps, own, places, size, CHANNELS, OWN, PIXELS, BOUNDARY, DOT, PRECISION)
    y_new, z_new = step_forward(
        pull,
        tl.load(position + offset, mask=mask, other=0.0),
        tl.load(z + first + offset, mask=mask, other=0.0),
        tl.load(omega + first + offset, mask=mask, other=0.0),
        tl.load(alpha + first + offset, mask=mask, other=0.0),
        dt,
        TANH,
    )
    tl.store(frame + offset, y_new, mask=mask)
    tl.store(z + first + offset, z_new, mask=mask)


@triton.jit(do_not_specialize=["first_image", "t", "steps"])
def evolve_step_adjoint(
    y_start, z_start, omega, alpha, taps, frames, grad_frames, lu_read, lu_write,
    grad_y, grad_z, grad_omega, grad_alpha, partial, dt, inverse_dt, first_image, t, steps, height, width,
    CHANNELS: tl.constexpr, OWN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr,
    GROUPS: tl.constexpr, WITH_SUMS: tl.constexpr,
    BOUNDARY: tl.constexpr, TANH: tl.constexpr, DOT: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Finish the way back through step ``t + 1``, then go back through step ``t`` but for the transposed coupling.

    The transposed coupling needs the gradient of the pull at the neighbours, and so the launch after that. There is one
    launch for each ``t`` from ``steps - 1``, which has no step to finish, to -1, which has none to begin. Programs are
    those of :func:`evolve_step`.

    Args:
        lu_read, lu_write: The gradient of the pull of step ``t + 1`` and of step ``t``,
            ``(image, channel, height, width)``.
        grad_y, grad_z: The gradient of the state, ``(image, channel, height, width)``; overwritten.
        grad_omega, grad_alpha: The gradients of the parameters; step ``t``'s part is added.
        partial: Each program's part of the coupling's gradient, ``(image of the launch, tile, place, channel out,
            channel in)``; step ``t + 1``'s part is added.
        t: The number of the step.
        y_start, ...: The others are those of :func:`drumhead.fields.cuda.kernels.whole_images.evolve_images_adjoint`.
    """
    image = (first_image + tl.program_id(2)).to(tl.int64)
    size = height * width
    PIXELS: tl.constexpr = ROWS * COLUMNS
    own = tl.program_id(1) * OWN + tl.arange(0, OWN)
    tiles = tl.cdiv(width, COLUMNS)
    row = tl.program_id(0) // tiles * ROWS + tl.arange(0, ROWS)
    column = tl.program_id(0) % tiles * COLUMNS + tl.arange(0, COLUMNS)
    places = find_neighbours(row, column, height, width, BOUNDARY)
    pixel, inside = pixel_numbers(row, column, height, width)
    offset = own[:, None] * size + pixel[None, :]
    mask = (own < CHANNELS)[:, None] & inside[None, :]
    frame_size = CHANNELS * size
    first = image * frame_size
    frame = frames + (image * steps + t) * frame_size
    part = partial + (tl.program_id(2) * tl.num_programs(0) + tl.program_id(0)) * 9 * CHANNELS * CHANNELS
    ly = tl.load(grad_y + first + offset, mask=mask, other=0.0)
    if t < steps - 1:
        position = y_start + first
        if t >= 0:
            position = frame
        y = tl.load(position + offset, mask=mask, other=0.0)
        lu_image = lu_read + first
        if DOT:
            ly += convolve_transposed_dot(
                lu_image, taps, own, places, size, y, part,
                CHANNELS, OWN, PIXELS, BOUNDARY, PRECISION, WITH_SUMS,
            )  # fmt: skip
        else:
            pulled, sums = convolve_transposed(
                lu_image, taps, own, places, size, y,
                empty_sums(CHANNELS, OWN, PIXELS, GROUPS),
                CHANNELS, OWN, PIXELS, GROUPS, BOUNDARY, WITH_SUMS,
            )  # fmt: skip
            ly += pulled
            if WITH_SUMS:
                add_sums(sums, part, own, CHANNELS)
    if t >= 0:
        position = y_start + first
        if t > 0:
            position = frame - frame_size
        before = y_start + first
        if t > 1:
            before = frame - 2 * frame_size
        y = tl.load(position + offset, mask=mask, other=0.0)
        z = (y - tl.load(before + offset, mask=mask, other=0.0)) * inverse_dt
        if t == 0:
            z = tl.load(z_start + first + offset, mask=mask, other=0.0)
        pull = tl.zeros([OWN, PIXELS], tl.float32)
        if TANH:
            pull = convolve(position, taps, own, places, size, CHANNELS, OWN, PIXELS, BOUNDARY, DOT, PRECISION)
        ly += tl.load(grad_frames + (image * steps + t) * frame_size + offset, mask=mask, other=0.0)
        lu, ly, lz, go, ga = step_backward(
            pull,
            y,
            z,
            tl.load(omega + first + offset, mask=mask, other=0.0),
            tl.load(alpha + first + offset, mask=mask, other=0.0),
            dt,
            ly,
            tl.load(grad_z + first + offset, mask=mask, other=0.0),
            tl.load(grad_omega + first + offset, mask=mask, other=0.0),
            tl.load(grad_alpha + first + offset, mask=mask, other=0.0),
            TANH,
        )
        tl.store(lu_write + first + offset, lu, mask=mask)
        tl.store(grad_z + first + offset, lz, mask=mask)
        tl.store(grad_omega + first + offset, go, mask=mask)
        tl.store(grad_alpha + first + offset, ga, mask=mask)
    tl.store(grad_y + first + offset, ly, mask=mask)
