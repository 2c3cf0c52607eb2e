"""Rows of panels that show one channel of a field: its states at some steps, or its spectrum over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize

from drumhead.models import build_readout
from drumhead.report.colours import WAVES, wave_limit
from drumhead.report.figures.panels import ColourBar, PanelRow
from drumhead.report.style import two_digits

DECADES = 3
"""The range of spectra that is shown, below the largest value."""


def states_row(
    waves_THW: npt.NDArray[np.floating[Any]], times: Sequence[int], *, label: str = "", extra_gap: bool = False
) -> PanelRow:
    """Return the states after these numbers of steps.

    The colours are from minus to plus :func:`~drumhead.report.colours.wave_limit` of all steps.
    """
    if not times or min(times) < 1 or max(times) > len(waves_THW):
        raise ValueError(f"times must be some of 1 to {len(waves_THW)} (steps of the network); got {list(times)}")
    limit = wave_limit(waves_THW)
    colours = ScalarMappable(Normalize(-limit, limit), WAVES)
    return PanelRow(
        label=label,
        panels=[colours.to_rgba(waves_THW[time - 1], bytes=True) for time in times],
        titles=[f"step {time}" for time in times],
        bar=ColourBar(colours=colours, ticks={level: two_digits(level) for level in (-limit, 0, limit)}),
        extra_gap=extra_gap,
    )


def spectrum_row(waves_THW: npt.NDArray[np.floating[Any]], bins: Sequence[int], *, label: str = "") -> PanelRow:
    """Return the magnitude of the spectrum over time in these frequency bins, on one logarithmic scale."""
    steps = len(waves_THW)
    if not bins or min(bins) < 0 or max(bins) > steps // 2:
        raise ValueError(f"bins must be some of 0 to {steps // 2} for a field of {steps} steps; got {list(bins)}")
    chosen = magnitudes(waves_THW)[list(bins)]
    top = float(chosen.max()) or 1.0
    colours = ScalarMappable(LogNorm(top / 10**DECADES, top, clip=True), "cividis")
    ticks = {level: two_digits(level) for level in (top, top / 10**DECADES)}
    return PanelRow(
        label=label,
        panels=[colours.to_rgba(panel, bytes=True) for panel in chosen],
        titles=[f"bin {k}\n" + (f"period {two_digits(steps / k)}" if k else "mean") for k in bins],
        bar=ColourBar(colours=colours, ticks=ticks),
    )


def maps_row(maps_KHW: npt.NDArray[np.floating[Any]], numbers: Sequence[int], *, label: str = "") -> PanelRow:
    """Return learned maps of a readout, each on its own symmetric scale, whose limit is in its title.

    The limit is :func:`~drumhead.report.colours.wave_limit` of the map.
    """
    if not numbers or min(numbers) < 0 or max(numbers) >= len(maps_KHW):
        raise ValueError(f"bins must be some of 0 to {len(maps_KHW) - 1}, the readout's maps; got {list(numbers)}")
    limits = [wave_limit(maps_KHW[number]) for number in numbers]
    return PanelRow(
        label=label,
        panels=[
            ScalarMappable(Normalize(-limit, limit), WAVES).to_rgba(maps_KHW[number], bytes=True)
            for number, limit in zip(numbers, limits, strict=True)
        ],
        titles=[f"map {number}\n±{two_digits(limit)}" for number, limit in zip(numbers, limits, strict=True)],
    )


def magnitudes(waves_THW: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Return the magnitude of the spectrum over time of every pixel, ``(bin, height, width)``, as the readout ``fft``.

    Bin ``k`` has ``k`` cycles in the whole duration. There are ``time // 2 + 1`` bins; they are not normalised.
    """
    readout = build_readout("fft", steps=len(waves_THW), channels=1)
    result: npt.NDArray[np.floating[Any]] = readout(torch.from_numpy(waves_THW)[None, :, None])[0].numpy()
    return result


def check_waves(waves: npt.ArrayLike, image: npt.NDArray[Any]) -> npt.NDArray[np.floating[Any]]:
    """Return waves ``(time, height, width)`` as an array; raise ``ValueError`` if their grid is not the image's."""
    field = np.asarray(waves)
    if field.ndim != 3 or field.shape[1:] != image.shape[1:]:
        raise ValueError(
            f"waves must be (time, height, width) on the grid of the image {image.shape}; got {field.shape}"
        )
    return field
