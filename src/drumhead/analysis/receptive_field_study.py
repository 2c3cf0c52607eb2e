"""The study of a model's receptive field over time: sensitivity, how far it reaches, and how fast its front moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

from drumhead.analysis.receptive_field import ReceptiveField, largest_group_velocity, receptive_field
from drumhead.analysis.spread import Spread, front_speed, measure_spread
from drumhead.models import NWM, RecurrentSegmenter, Segmenter
from drumhead.short_repr import short_repr


@short_repr
class ReceptiveFieldStudy(NamedTuple):
    """The receptive field of the middle pixel of one model."""

    field: ReceptiveField
    """The sensitivity after some steps."""
    spread: Spread
    """Its radii, front and reach."""
    total_steps: int | None
    """The number of steps of the model; None if it is not recurrent."""
    front_speed: float
    """The speed of the front in pixels per step; NaN if there are no steps, or the front is at the edge at once."""
    group_velocity: float | None
    """The largest group velocity of small waves in pixels per step; None if the model is not an NWM."""


def study_receptive_field(
    model: Segmenter,
    images: Tensor,
    *,
    steps: Sequence[int] = (),
    progress: Callable[[int, int], None] | None = None,
) -> ReceptiveFieldStudy:
    """Compute the receptive field of the middle pixel after some steps, and measure it.

    Args:
        model: any model; ``steps`` are ignored for one that is not recurrent.
        images: ``(batch, channel, height, width)``, over which the sensitivity is averaged.
        steps: the numbers of steps, from 1; by default about 20, spread over all.
        progress: called with the number of finished steps and their total.
    """
    recurrent = isinstance(model, RecurrentSegmenter)
    field = receptive_field(model, images, steps=steps if recurrent else (), progress=progress)
    spread = measure_spread(field.sensitivity, field.point)
    row, column = field.point
    edge = min(row, column, images.shape[-2] - 1 - row, images.shape[-1] - 1 - column)
    return ReceptiveFieldStudy(
        field,
        spread,
        model.config.steps if isinstance(model, RecurrentSegmenter) else None,
        front_speed(spread.front, field.steps, farthest=edge) if recurrent else float("nan"),
        largest_group_velocity(model, images) if isinstance(model, NWM) else None,
    )
