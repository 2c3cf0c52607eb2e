"""Colours of classes and of waves, told apart with the common forms of colour blindness too."""

from __future__ import annotations

import colorsys

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap

Pixels = npt.NDArray[np.uint8]

BACKGROUND = "#16161d"
# Okabe and Ito's seven, and four chosen to stay apart from them, and on the dark background, for protanopes and
# deuteranopes. The first six differ in lightness, so that a print in grey tells them apart; of more, no set does.
FOREGROUND = (
    "#e69f00",
    "#0072b2",
    "#009e73",
    "#f0e442",
    "#872d00",
    "#87d2a5",
    "#56b4e9",
    "#d55e00",
    "#cc79a7",
    "#78ffff",
    "#3020ff",
)

# Bars side by side, on white; they differ in lightness too.
SERIES = ("#0072b2", "#e69f00", "#444444", "#3f9b7f", "#fff7c0")
PALE = "#d9d9d9"

# Blue is negative, orange positive, and the two differ for every common form of colour vision. Rest is as
# dark as the background of a mask, so that a silent drum is dark in every panel. In grey, the sign is lost: the
# lighter, the farther from rest.
WAVES = LinearSegmentedColormap.from_list(
    "waves", ["#d9f4ff", "#4db2ec", "#12578f", BACKGROUND, "#94420b", "#f0913a", "#fff0cf"]
)


def class_colours(classes: int) -> Pixels:
    """The colours (class, 3) of so many classes: near-black for background, then bright ones.

    The first 12 are chosen to be told apart by colour-blind readers, the first 7 in grey too. Further ones step
    around the hues and are only distinct. A class keeps its colour however many there are.
    """
    chosen = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in (BACKGROUND, *FOREGROUND)]
    for step in range(classes - len(chosen)):
        hue, value = (step * 0.618034) % 1, (0.95, 0.65)[step % 2]  # the golden ratio spreads hues evenly
        chosen.append([round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.55, value)])
    return np.array(chosen[:classes], np.uint8)


def colour_masks(masks: npt.ArrayLike) -> Pixels:
    """Class masks (..., height, width), integers from 0, as colours (..., height, width, 3).

    Example:
        >>> colour_masks(np.array([[0, 1]])).tolist()
        [[[22, 22, 29], [230, 159, 0]]]
    """
    labels = np.asarray(masks)
    colours: Pixels = class_colours(int(labels.max(initial=0)) + 1)[labels]
    return colours


def colour_image(image: npt.ArrayLike) -> Pixels:
    """An image (channel, height, width) in [0, 1] as colours (height, width, 3).

    Three channels are red, green and blue; of any other number the first is shown, in grey.
    """
    values = np.asarray(image)
    shown = values if len(values) == 3 else np.repeat(values[:1], 3, axis=0)
    pixels: Pixels = np.rint(255 * shown.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)
    return pixels


def wave_limit(waves: npt.ArrayLike) -> float:
    """Where the colours of a wave end, on both sides of 0: all but the largest 0.5 % of it lie within.

    A few extreme values would else leave the rest dark. Never 0, even for a silent field.

    Raises:
        ValueError: NaN or infinite values.

    Example:
        >>> wave_limit(np.array([-2.0, 2.0] * 500 + [1e6]))
        2.0
    """
    sizes = np.abs(np.asarray(waves, np.float64))
    if not np.isfinite(sizes).all():
        raise ValueError("waves to show must be finite; got NaN or infinite values: the field has diverged")
    return float(np.percentile(sizes, 99.5)) or float(sizes.max()) or 1.0
