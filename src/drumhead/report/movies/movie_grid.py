"""The layout of a wave movie: a grid with one row per sample, and how its frames are drawn.

A frame is an array ``(height, width)`` of indices into one palette for the whole movie: first the colours of the still
images and labels, then the levels of the waves, then the shades of the text that changes. With one palette, files are
small and a colour has the same meaning in all frames.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from drumhead.report.colours import WAVES, Pixels
from drumhead.report.style import font, shorten_text, text_width, two_digits

# Lengths in pixels.
PANEL_HEIGHT = 192  # the approximate height of a panel, if all panels fit on a screen
SCREEN_WIDTH, SCREEN_HEIGHT = 1920, 1080
MAX_IMAGE_SIDE = 384  # larger images are subsampled
GAP = 16
TITLE_HEIGHT, LINE_HEIGHT, BAR_HEIGHT = 26, 22, 8
FONT_SIZE = 13
LEGEND_SWATCH_WIDTH = 36  # of a legend entry without its text
PAPER, INK, FAINT = (255, 255, 255), (32, 32, 38), (222, 222, 228)

# The sizes of the parts of the palette: fewer than 256 in total, because GIF needs one more colour for transparency.
STILL, LEVELS, SHADES = 150, 65, 8  # an odd number of levels, so that 0 is one of them
FIRST_LEVEL, FIRST_SHADE = STILL, STILL + LEVELS


class MovieGrid:
    """One row of panels per sample, first still images, then waves; below, a legend, colour bars and a time bar.

    Args:
        rows: the label of each sample, and its images ``(height, width, 3)`` by title. All samples have the same titles
            and image sizes.
        waves: the limit of the colour bar of each channel, by title.
        legend: the colour of each class, by name.
        steps: the number of frames.
        scale: pixels of the movie per pixel of the image, see :func:`drumhead.report.movies.wave_movie.wave_movie`.
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
        self.subsampling = 1 if scale else math.ceil(max(height, width) / MAX_IMAGE_SIDE)
        panel_height = min(
            PANEL_HEIGHT, SCREEN_HEIGHT / len(rows) - GAP, (SCREEN_WIDTH / len(titles) - GAP) * height / width
        )
        self.scale = scale or max(1, round(panel_height / height))
        self.height, self.width = (math.ceil(side / self.subsampling) * self.scale for side in (height, width))

        left = max(_text_width(label) + GAP if label else 0 for label, _ in rows) + GAP
        limits = [f"±{two_digits(limit)}" for limit in waves.values()]
        pitch = GAP + max(self.width, *(_text_width(text) for text in (*titles, *limits)))
        self.panels = [left + pitch * i + (pitch - GAP - self.width) // 2 for i in range(len(titles))]
        self.wave_panels = self.panels[len(stills) :]
        self.tops = [TITLE_HEIGHT + (self.height + GAP) * i for i in range(len(rows))]
        self.left = left
        legend_width = pitch * len(stills) - GAP
        names = [shorten_text(name, legend_width - LEGEND_SWATCH_WIDTH, FONT_SIZE) for name in legend]
        legend_positions = _wrap_widths([_text_width(name) + LEGEND_SWATCH_WIDTH for name in names], legend_width)
        self.legend_top = self.tops[-1] + self.height + 8
        self.time_top = self.legend_top + BAR_HEIGHT + LINE_HEIGHT * (1 + legend_positions[-1][1])
        self.full_width = left + pitch * len(titles)
        self.time_end = self.full_width - 2 * GAP - _text_width(_step_text(steps, steps))

        canvas = Image.new("RGB", (self.full_width, self.time_top + LINE_HEIGHT + 6), PAPER)
        draw = ImageDraw.Draw(canvas)
        for title, x in zip(titles, self.panels, strict=True):
            draw.text((x + self.width / 2, TITLE_HEIGHT / 2), title, INK, font(FONT_SIZE), anchor="mm")
        for (label, images), y in zip(rows, self.tops, strict=True):
            draw.text((left - GAP, y + self.height / 2), label, INK, font(FONT_SIZE), anchor="rm")
            for pixels, x in zip(images.values(), self.panels, strict=False):
                canvas.paste(Image.fromarray(self._enlarge(pixels)), (x, y))
        for name, colour, (x, line) in zip(names, legend.values(), legend_positions, strict=True):
            y = self.legend_top + LINE_HEIGHT * line + LINE_HEIGHT // 2
            draw.rectangle((left + x, y - 5, left + x + 10, y + 5), colour)
            draw.text((left + x + 17, y), name, INK, font(FONT_SIZE), anchor="lm")
        for limit, x in zip(limits, self.wave_panels, strict=True):
            y = self.legend_top + BAR_HEIGHT + LINE_HEIGHT // 2
            draw.text((x + self.width / 2, y), limit, INK, font(FONT_SIZE), anchor="mm")
        self.still, self.palette = _quantise(canvas)
        self._draw_bars()

    def frame(self, waves_NCHW: npt.NDArray[np.floating[Any]], step: int) -> Pixels:
        """Return the frame of one step.

        Args:
            waves_NCHW: the states of all samples in units of their limits; larger values are clipped.
            step: the number of the step, from 1.
        """
        frame: Pixels = self.still.copy()
        for waves_CHW, y in zip(waves_NCHW, self.tops, strict=True):
            for wave, x in zip(waves_CHW, self.wave_panels, strict=True):
                frame[y : y + self.height, x : x + self.width] = self._enlarge(_levels(wave))
        reached = self.left + round((self.time_end - self.left) * step / self.steps)
        frame[self._time_rows(), self.left : reached] = FIRST_SHADE + SHADES - 1
        step_shades = _text_shades(_step_text(step, self.steps), self.full_width - GAP - self.time_end)
        frame[self.time_top : self.time_top + LINE_HEIGHT, self.time_end : self.full_width - GAP] = (
            FIRST_SHADE + step_shades
        )
        return frame

    def _draw_bars(self) -> None:
        """Draw the colour bars, with exactly the levels of the waves, and the track of the time bar."""
        ramp = _levels(np.linspace(-1, 1, self.width))
        for x in self.wave_panels:
            self.still[self.legend_top : self.legend_top + BAR_HEIGHT, x : x + self.width] = ramp
        self.still[self._time_rows(), self.left : self.time_end] = FIRST_SHADE + 1

    def _time_rows(self) -> slice:
        top = self.time_top + (LINE_HEIGHT - BAR_HEIGHT) // 2
        return slice(top, top + BAR_HEIGHT)

    def _enlarge(self, pixels: Pixels) -> Pixels:
        """Return an image with each pixel enlarged to a square, after subsampling a very large image."""
        kept = pixels[:: self.subsampling, :: self.subsampling]
        return kept.repeat(self.scale, axis=0).repeat(self.scale, axis=1)


def _levels(wave: npt.NDArray[np.floating[Any]]) -> Pixels:
    """Return the palette indices of waves in units of their limit."""
    levels: Pixels = np.rint(FIRST_LEVEL + (wave.clip(-1, 1) + 1) / 2 * (LEVELS - 1)).astype(np.uint8)
    return levels


def _quantise(canvas: Image.Image) -> tuple[Pixels, Pixels]:
    """Return a still image as palette indices, and the palette ``(colour, 3)`` of the whole movie."""
    still = canvas.quantize(STILL, Image.Quantize.MEDIANCUT, kmeans=1, dither=Image.Dither.NONE)
    palette = np.zeros((FIRST_SHADE + SHADES, 3), np.uint8)
    colours = np.array(still.getpalette(), np.uint8).reshape(-1, 3)[:STILL]
    palette[: len(colours)] = colours
    palette[FIRST_LEVEL:FIRST_SHADE] = WAVES(np.linspace(0, 1, LEVELS), bytes=True)[:, :3]
    palette[FIRST_SHADE:] = np.rint(np.linspace(PAPER, INK, SHADES))
    return np.array(still), palette


def _step_text(step: int, steps: int) -> str:
    return f"step {step} / {steps}"


def _text_shades(text: str, width: int) -> Pixels:
    """Return a line of text, right-aligned in ``width`` pixels, as shades from 0 (paper) to SHADES - 1 (ink)."""
    line = Image.new("L", (width, LINE_HEIGHT))
    ImageDraw.Draw(line).text((width, LINE_HEIGHT / 2), text, 255, font(FONT_SIZE), anchor="rm")
    shades: Pixels = np.rint(np.asarray(line) / 255 * (SHADES - 1)).astype(np.uint8)
    return shades


def _wrap_widths(widths: Sequence[int], available: int) -> list[tuple[int, int]]:
    """Wrap items with these widths like words in lines; return ``(x, line)`` of each."""
    positions: list[tuple[int, int]] = []
    x, line = 0, 0
    for width in widths:
        if positions and x + width > available:
            x, line = 0, line + 1
        positions.append((x, line))
        x += width
    return positions


def _text_width(text: str) -> int:
    return math.ceil(text_width(text, FONT_SIZE))
