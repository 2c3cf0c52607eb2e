"""The effective receptive field of a pixel over time: how strongly its state depends on each pixel of the input.

For the state ``s`` of pixel ``p`` after ``t`` steps, the sensitivity to the input at pixel ``q`` is the norm of the
Jacobian ``d s_t(p) / d input(q)`` over the channels of both, averaged over images. In a network of waves it grows step
by step; in a convolutional network without recurrence it is fixed by the depth.

Source: Luo, Li, Urtasun & Zemel 2016 (Understanding the effective receptive field in deep convolutional networks), here
with time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from drumhead.analysis.spectrum import Floats
from drumhead.models import NWM, RecurrentSegmenter, Segmenter
from drumhead.models.config import FusedSegmenterConfig
from drumhead.short_repr import short_repr
from drumhead.waves import dispersion_relation

Target = Literal["state", "logit"]
"""What depends on the input: the states of the field, or the logits of the classes."""

DEFAULT_STEPS = 20
"""The number of steps that are computed by default."""

WAVE_VECTORS = 65
"""The number of wave vectors per axis, from -pi to pi, among which the fastest wave is looked for."""


@short_repr
class ReceptiveField(NamedTuple):
    """How strongly one pixel's state depends on the input."""

    steps: tuple[int, ...]
    """The numbers of steps after which the state is taken, from 1; ``(1,)`` for what is not recurrent, and logits."""
    sensitivity: Floats
    """``(frame, height, width)``: the norm of the derivative by the input at each pixel, at least 0."""
    point: tuple[int, int]
    """``(row, column)`` of the pixel."""


def receptive_field(
    model: Segmenter,
    images: Tensor,
    *,
    point: tuple[int, int] | None = None,
    steps: Sequence[int] = (),
    target: Target = "state",
    progress: Callable[[int, int], None] | None = None,
) -> ReceptiveField:
    """Return how strongly the state of one pixel depends on each pixel of the input.

    Args:
        model: any model. Without recurrence, the state is its features before the head.
        images: ``(batch, channel, height, width)``, over which the sensitivity is averaged.
        point: ``(row, column)`` of the pixel; by default the middle.
        steps: the numbers of steps, from 1; by default about 20, spread over all.
        target: ``"logit"`` for the logits of the classes, which depend on all steps.
        progress: called with the number of finished backward passes and their total.

    Raises:
        ValueError: if the images do not fit the model, or a step or the point does not exist.

    Two convolutions of 3x3 see 5x5 pixels:

    >>> from drumhead.models import build
    >>> model = build("cnn", in_channels=1, classes=2, layers=2).double()
    >>> field = receptive_field(model, torch.rand(1, 1, 9, 9, dtype=torch.float64))
    >>> (field.sensitivity[0] > 0).sum(axis=0).tolist()
    [0, 0, 5, 5, 5, 5, 5, 0, 0]
    """
    model.check_images(images)
    if target not in ("state", "logit"):
        raise ValueError(f"target must be 'state' or 'logit', got {target!r}")
    row, column = check_point(point, images)
    numbers = check_steps(steps, model) if target == "state" else (1,)
    frozen = _frozen(model)
    inputs = images.detach().clone().requires_grad_()
    outputs = frozen(inputs)[:, None] if target == "logit" else _frames(frozen, inputs)
    channels = outputs.shape[2]
    maps = []
    for done, number in enumerate(numbers):
        squares = torch.zeros_like(images[:, 0])
        for channel in range(channels):
            state = outputs[:, number - 1, channel, row, column].sum()  # images do not affect each other
            (gradient,) = torch.autograd.grad(state, inputs, retain_graph=True)
            squares += gradient.square().sum(dim=1)
        maps.append(squares.sqrt().mean(dim=0))
        if progress is not None:
            progress(done + 1, len(numbers))
    return ReceptiveField(numbers, torch.stack(maps).double().numpy(), (row, column))


@torch.no_grad()
def disturbance_field(
    model: Segmenter,
    images: Tensor,
    *,
    size: float,
    point: tuple[int, int] | None = None,
    steps: Sequence[int] = (),
) -> ReceptiveField:
    """Return how strongly the states of all pixels change if one pixel of the input changes by a finite amount.

    A derivative cannot show where tanh saturates; this can. It is also the field that the pixel projects to.

    Args:
        model: any model.
        images: ``(batch, channel, height, width)``, over which the change is averaged.
        size: what is added to all channels of the pixel; not 0.
        point: ``(row, column)`` of the pixel that changes; by default the middle.
        steps: as in :func:`receptive_field`.

    Returns:
        The norm of each pixel's change over channels, divided by ``|size|``.
    """
    model.check_images(images)
    if not (size != 0 and np.isfinite(size)):
        raise ValueError(f"size must be a finite number other than 0, got {size}")
    row, column = check_point(point, images)
    numbers = check_steps(steps, model)
    frozen = _frozen(model)
    changed = images.clone()
    changed[:, :, row, column] += size
    index = [number - 1 for number in numbers]
    difference = _frames(frozen, changed)[:, index] - _frames(frozen, images)[:, index]
    sensitivity = difference.square().sum(dim=2).sqrt().mean(dim=0) / abs(size)
    return ReceptiveField(numbers, sensitivity.double().numpy(), (row, column))


@torch.no_grad()
def largest_group_velocity(model: NWM, images: Tensor) -> float:
    """Return the largest group velocity of small waves in a network, in pixels per step.

    The field is taken as uniform: stiffness and damping are the means over the pixels of the images.
    """
    omega, alpha = (each.double().mean(dim=(0, 2, 3)).numpy() for each in model.encode(images)[1:])
    axis = np.linspace(-np.pi, np.pi, WAVE_VECTORS)
    vectors = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    coupling = model.coupling.double().numpy()
    waves = dispersion_relation(omega, alpha, coupling, dt=model.config.dt, wave_vector=vectors)
    return float(np.nanmax(np.hypot(waves.group_velocity_y, waves.group_velocity_x)) * model.config.dt)


def check_steps(steps: Sequence[int], model: Segmenter) -> tuple[int, ...]:
    """Return the numbers of steps, or the default ones; raise ``ValueError`` if a model does not have them."""
    total = model.config.steps if isinstance(model, RecurrentSegmenter) else 1
    invalid = [step for step in steps if not 1 <= step <= total]
    if invalid:
        raise ValueError(f"steps must be from 1 to {total} for this {model.config.name}; got {invalid}")
    return tuple(steps) or tuple(sorted({round(step) for step in np.linspace(1, total, DEFAULT_STEPS).tolist()}))


def check_point(point: tuple[int, int] | None, images: Tensor) -> tuple[int, int]:
    """Return the pixel, or the middle one; raise ``ValueError`` if it is outside the images."""
    height, width = images.shape[-2:]
    row, column = (height // 2, width // 2) if point is None else point
    if not (0 <= row < height and 0 <= column < width):
        raise ValueError(f"point must be a (row, column) within {height} x {width} pixels, got {point}")
    return row, column


def _frozen(model: Segmenter) -> Segmenter:
    """Return a copy in evaluation mode without gradients of parameters, with the plain engine.

    The fused engine would compute the gradients of parameters too, and would have to be compiled for the dtype.
    """
    frozen = deepcopy(model).eval().requires_grad_(False)
    if isinstance(frozen.config, FusedSegmenterConfig):
        frozen.config = frozen.config.model_copy(update={"engine": "plain"})
    return frozen


def _frames(model: Segmenter, images: Tensor) -> Tensor:
    """Return the states ``(batch, time, channel, height, width)``, or the features of a model without time as one."""
    return model.states(images) if isinstance(model, RecurrentSegmenter) else model.forward_features(images)[:, None]
