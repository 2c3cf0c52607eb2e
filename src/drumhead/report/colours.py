"""The colours of classes and of waves, which are distinct for the common forms of colour blindness too."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

Pixels = npt.NDArray[np.uint8]

BACKGROUND = "#16161d"
IGNORED = "#5c5c5c"
"""The colour of pixels whose truth is ignored: a grey, which no class has."""
IGNORED_NAME = "ignored"
"""Its name in legends."""
# Okabe and Ito's seven colours, and four more that protanopes and deuteranopes can distinguish from them and from the
# dark background. The first six also differ in lightness, for grey prints; no larger set does.
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

# For bars side by side on white; they also differ in lightness.
SERIES = ("#0072b2", "#e69f00", "#444444", "#3f9b7f", "#fff7c0")
PALE = "#d9d9d9"

# Blue is negative and orange is positive; the two differ for every common form of colour vision. Zero is as dark as the
# background of a mask, so that a field at rest is dark in every panel. In a grey print the sign is lost, and lightness
# is the distance from zero.
WAVES = LinearSegmentedColormap.from_list(
    "waves", ["#d9f4ff", "#4db2ec", "#12578f", BACKGROUND, "#94420b", "#f0913a", "#fff0cf"]
)


def class_colours(classes: int) -> Pixels:
    """Return the colours ``(class, 3)`` of the first ``classes`` classes: near-black for background, then bright ones.

    The first 12 are distinct for colour-blind readers, the first 7 in grey too. Further colours have evenly spaced
    hues. The colour of a class does not depend on the number of classes.
    """
    chosen = [[int(code[i : i + 2], 16) for i in (1, 3, 5)] for code in (BACKGROUND, *FOREGROUND)]
    for step in range(classes - len(chosen)):
        hue, value = (step * 0.618034) % 1, (0.95, 0.65)[step % 2]  # the golden ratio spreads hues evenly
        chosen.append([round(255 * component) for component in colorsys.hsv_to_rgb(hue, 0.55, value)])
    return np.array(chosen[:classes], np.uint8)


def mark_ignored(masks: npt.NDArray[Any], ignored_label: int | None) -> npt.NDArray[Any]:
    """Return true classes as a masked array in which the pixels with the ignored label are masked.

    So the functions here tell them from predictions, in which the label could be the number of a class.
    """
    return masks if ignored_label is None else np.ma.masked_equal(masks, ignored_label)


def present_classes(masks: Iterable[npt.NDArray[Any]]) -> list[int]:
    """Return the classes that occur in masks, in order; masked pixels have none."""
    return sorted({label for mask in masks for label in np.unique(np.ma.compressed(mask)).tolist()})


def has_ignored(masks: Iterable[npt.NDArray[Any]]) -> bool:
    """Return whether a pixel of the masks is ignored."""
    return any(bool(np.ma.getmaskarray(mask).any()) for mask in masks)


def class_legend(masks: Iterable[npt.NDArray[Any]], class_names: Sequence[str]) -> dict[str, str]:
    """Return the name and colour of each class that occurs in masks, and of ignored pixels if there are any.

    Args:
        masks: integers from 0; pixels that :func:`mark_ignored` has masked are ignored.
        class_names: the name of each class, background first.

    Raises:
        ValueError: if a class has no name.
    """
    masks = list(masks)
    occurring = present_classes(masks)
    if occurring and (occurring[0] < 0 or occurring[-1] >= len(class_names)):
        raise ValueError(
            f"class_names must name every class of the masks, 0 to {occurring[-1]}; got {list(class_names)}"
        )
    colours = class_colours(len(class_names)) / 255
    legend = {class_names[label]: to_hex(colours[label]) for label in occurring}
    return legend | ({unused_name(IGNORED_NAME, legend): IGNORED} if has_ignored(masks) else {})


def unused_name(name: str, names: Iterable[str]) -> str:
    """Return the name, with an underscore for each time that it is taken.

    >>> unused_name("ignored", ["background", "ignored"])
    'ignored_'
    """
    while name in names:
        name += "_"
    return name


def colour_masks(masks: npt.ArrayLike) -> Pixels:
    """Return the colours ``(..., height, width, 3)`` of class masks ``(..., height, width)``, integers from 0.

    Pixels that :func:`mark_ignored` has masked get the colour of ignored pixels.

    Example:
        >>> colour_masks(np.array([[0, 1]])).tolist()
        [[[22, 22, 29], [230, 159, 0]]]
        >>> colour_masks(mark_ignored(np.array([[0, 255]]), 255)).tolist()
        [[[22, 22, 29], [92, 92, 92]]]
    """
    labels, is_ignored = np.ma.filled(masks, 0), np.ma.getmaskarray(np.asanyarray(masks))
    colours: Pixels = class_colours(int(labels.max(initial=0)) + 1)[labels]
    colours[is_ignored] = [round(255 * part) for part in to_rgb(IGNORED)]
    return colours


def colour_image(image: npt.ArrayLike) -> Pixels:
    """Return the colours ``(height, width, 3)`` of an image ``(channel, height, width)`` in [0, 1].

    Three channels are red, green and blue; otherwise, the first channel is shown in grey.
    """
    values = np.asarray(image)
    shown = values if len(values) == 3 else np.repeat(values[:1], 3, axis=0)
    pixels: Pixels = np.rint(255 * shown.clip(0, 1)).astype(np.uint8).transpose(1, 2, 0)
    return pixels


def wave_limit(waves: npt.ArrayLike) -> float:
    """Return the largest magnitude that the colours of a wave represent: its 99.5th percentile.

    With the maximum instead, a few extreme values would leave the rest dark. It is never 0, even if all values are.

    Raises:
        ValueError: if there are NaN or infinite values.

    Example:
        >>> wave_limit(np.array([-2.0, 2.0] * 500 + [1e6]))
        2.0
    """
    magnitudes = np.abs(np.asarray(waves, np.float64))
    if not np.isfinite(magnitudes).all():
        raise ValueError("waves to show must be finite; got NaN or infinite values: the field has diverged")
    return float(np.percentile(magnitudes, 99.5)) or float(magnitudes.max()) or 1.0
