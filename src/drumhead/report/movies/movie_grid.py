"""The board of a wave movie: where each panel is, and how a frame is drawn.

A frame is an array (height, width) of indices into one palette that holds for the whole movie: the colours of
what stays still, then the levels of the waves, then the shades of the text that changes. Files are small so,
and a colour means the same at all times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from drumhead.report.colours import WAVES, Pixels
from drumhead.report.style import font, short, text_width

PANEL = 192  # pixels a panel is high, about, if that many fit:
WIDTH, HEIGHT = 1920, 1080  # pixels of a screen
LARGEST_PANEL = 384  # a longer side of an image is thinned to at most this
GAP = 16
TITLE, LINE, BAR = 26, 22, 8  # pixels high: a title, a line of text, a bar
FONT_SIZE = 13
PAPER, INK, FAINT = (255, 255, 255), (32, 32, 38), (222, 222, 228)

# The palette. Below 256 in all, since GIF needs one more for transparency.
STILL, LEVELS, SHADES = 150, 65, 8  # levels are odd in number, so that rest is one of them
FIRST_LEVEL, FIRST_SHADE = STILL, STILL + LEVELS


class Board:
    """A row of panels for each sample, still pictures first, then waves; below them a legend, limits and the time.

    Args:
        rows: for each sample what stands at its left, and its pictures (height, width, 3) by title. All have the same
            titles and sizes.
        waves: by title, the value at the ends of the colour bar.
        legend: colours by class name.
        steps: how many frames there will be.
        scale: as of :func:`drumhead.report.movies.wave_movie.wave_movie`.
    """

    def __init__(
        self,
        rows: Sequence[tuple[str, Mapping[str, Pixels]]],
        waves: Mapping[str, float],
        *,
        legend: Mapping[str, tuple[int, ...]],
        steps: int,
        scale: int | None,
    ) -> None:
        stills = rows[0][1]
        height, width, _ = next(iter(stills.values())).shape
        titles = [*stills, *waves]
        self.steps = steps
        self.every = 1 if scale else math.ceil(max(height, width) / LARGEST_PANEL)
        room = min(PANEL, HEIGHT / len(rows) - GAP, (WIDTH / len(titles) - GAP) * height / width)
        self.scale = scale or max(1, round(room / height))
        self.height, self.width = (math.ceil(side / self.every) * self.scale for side in (height, width))

        left = max(_text_width(label) + GAP if label else 0 for label, _ in rows) + GAP
        slot = GAP + max(self.width, *(_text_width(title) for title in titles))
        self.panels = [left + slot * i + (slot - GAP - self.width) // 2 for i in range(len(titles))]
        self.wave_panels = self.panels[len(stills) :]
        self.tops = [TITLE + (self.height + GAP) * i for i in range(len(rows))]
        self.left = left
        legend_places = _flow([_text_width(name) + 36 for name in legend], slot * len(stills) - GAP)
        self.below = self.tops[-1] + self.height + 8
        self.foot = self.below + BAR + LINE * (1 + legend_places[-1][1])
        self.full_width = left + slot * len(titles)
        self.time_end = self.full_width - 2 * GAP - _text_width(_clock(steps, steps))

        canvas = Image.new("RGB", (self.full_width, self.foot + LINE + 6), PAPER)
        draw = ImageDraw.Draw(canvas)
        for title, x in zip(titles, self.panels, strict=True):
            draw.text((x + self.width / 2, TITLE / 2), title, INK, font(FONT_SIZE), anchor="mm")
        for (label, pictures), y in zip(rows, self.tops, strict=True):
            draw.text((left - GAP, y + self.height / 2), label, INK, font(FONT_SIZE), anchor="rm")
            for pixels, x in zip(pictures.values(), self.panels, strict=False):
                canvas.paste(Image.fromarray(self._enlarge(pixels)), (x, y))
        for (name, colour), (x, line) in zip(legend.items(), legend_places, strict=True):
            y = self.below + LINE * line + LINE // 2
            draw.rectangle((left + x, y - 5, left + x + 10, y + 5), colour)
            draw.text((left + x + 17, y), name, INK, font(FONT_SIZE), anchor="lm")
        for limit, x in zip(waves.values(), self.wave_panels, strict=True):
            y = self.below + BAR + LINE // 2
            draw.text((x, y), short(-limit), INK, font(FONT_SIZE), anchor="lm")
            draw.text((x + self.width, y), short(limit), INK, font(FONT_SIZE), anchor="rm")
        self.still, self.palette = _quantise(canvas)
        self._draw_bars()

    def frame(self, waves_NCHW: npt.NDArray[np.floating[Any]], step: int) -> Pixels:
        """The frame of one step, counted from 1; waves of all rows in units of their limits, larger ones are cut."""
        frame: Pixels = self.still.copy()
        for waves_CHW, y in zip(waves_NCHW, self.tops, strict=True):
            for wave, x in zip(waves_CHW, self.wave_panels, strict=True):
                frame[y : y + self.height, x : x + self.width] = self._enlarge(_levels(wave))
        reached = self.left + round((self.time_end - self.left) * step / self.steps)
        frame[self._time_rows(), self.left : reached] = FIRST_SHADE + SHADES - 1
        clock = _shades(_clock(step, self.steps), self.full_width - GAP - self.time_end)
        frame[self.foot : self.foot + LINE, self.time_end : self.full_width - GAP] = FIRST_SHADE + clock
        return frame

    def _draw_bars(self) -> None:
        """The colour bars, in the very levels of the waves, and the track of the time bar."""
        ramp = _levels(np.linspace(-1, 1, self.width))
        for x in self.wave_panels:
            self.still[self.below : self.below + BAR, x : x + self.width] = ramp
        self.still[self._time_rows(), self.left : self.time_end] = FIRST_SHADE + 1

    def _time_rows(self) -> slice:
        top = self.foot + (LINE - BAR) // 2
        return slice(top, top + BAR)

    def _enlarge(self, pixels: Pixels) -> Pixels:
        """Each pixel as a square; of a very large picture, every so many-th pixel."""
        kept = pixels[:: self.every, :: self.every]
        return kept.repeat(self.scale, axis=0).repeat(self.scale, axis=1)


def _levels(wave: npt.NDArray[np.floating[Any]]) -> Pixels:
    """Waves in units of their limit as palette indices."""
    levels: Pixels = np.rint(FIRST_LEVEL + (wave.clip(-1, 1) + 1) / 2 * (LEVELS - 1)).astype(np.uint8)
    return levels


def _quantise(canvas: Image.Image) -> tuple[Pixels, Pixels]:
    """A still picture as palette indices, and the palette (colour, 3) of the whole movie."""
    still = canvas.quantize(STILL, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    palette = np.zeros((FIRST_SHADE + SHADES, 3), np.uint8)
    colours = np.array(still.getpalette(), np.uint8).reshape(-1, 3)[:STILL]
    palette[: len(colours)] = colours
    palette[FIRST_LEVEL:FIRST_SHADE] = WAVES(np.linspace(0, 1, LEVELS), bytes=True)[:, :3]
    palette[FIRST_SHADE:] = np.rint(np.linspace(PAPER, INK, SHADES))
    return np.array(still), palette


def _clock(step: int, steps: int) -> str:
    return f"step {step} / {steps}"


def _shades(text: str, width: int) -> Pixels:
    """A line of text, right-aligned in so many pixels, as shades from 0 (paper) to SHADES - 1 (ink)."""
    line = Image.new("L", (width, LINE))
    ImageDraw.Draw(line).text((width, LINE / 2), text, 255, font(FONT_SIZE), anchor="rm")
    shades: Pixels = np.rint(np.asarray(line) / 255 * (SHADES - 1)).astype(np.uint8)
    return shades


def _flow(widths: Sequence[int], available: int) -> list[tuple[int, int]]:
    """Where things of these widths go, set like words in lines: (x, line) of each."""
    places: list[tuple[int, int]] = []
    x, line = 0, 0
    for width in widths:
        if places and x + width > available:
            x, line = 0, line + 1
        places.append((x, line))
        x += width
    return places


def _text_width(text: str) -> int:
    return math.ceil(text_width(text, FONT_SIZE))
