"""Still pictures. Each pixel of an image becomes a whole number of pixels, so edges stay sharp."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from drumhead.files import replacing
from drumhead.report.colours import WAVES, Pixels, class_colours, colour_image, colour_masks, wave_limit

DPI = 150
FONT = 9  # points
CHARACTER = 11.5  # pixels a character of that size takes, a little generous
LINE = 30  # pixels from one line of text to the next
GAP = 12  # pixels between panels
PANEL = 180  # pixels a panel is high, about
MOST_SAMPLES = 8


def predictions_figure(
    images: npt.ArrayLike,
    masks: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    *,
    class_names: Sequence[str],
    path: Path,
) -> None:
    """Write a PNG of samples side by side: input, truth, and a row per model.

    Args:
        images: (sample, channel, height, width) in [0, 1]. The first 8 are shown.
        masks: (sample, height, width), the true classes.
        predictions: predicted classes, shaped like ``masks``, under the title of their row.
        class_names: one per class, background first; the legend has those that occur.
        path: the file to write, whole or not at all.

    Raises:
        ValueError: no sample, shapes that do not fit, or a class without a name.
    """
    shown, truth = np.asarray(images)[:MOST_SAMPLES], np.asarray(masks)[:MOST_SAMPLES]
    rows = {"truth": truth, **{name: np.asarray(mask)[:MOST_SAMPLES] for name, mask in predictions.items()}}
    for name, labels in rows.items():
        if not len(shown) or labels.shape != (len(shown), *shown.shape[2:]):
            raise ValueError(
                f"masks of {name!r} must be (sample, height, width) like the images {shown.shape}, "
                f"at least one sample; got {labels.shape}"
            )
    pictures = {"input": [colour_image(image) for image in shown]}
    pictures |= {name: list(colour_masks(labels)) for name, labels in rows.items()}
    occurring = np.unique(np.stack(list(rows.values())))
    _check_named(occurring, class_names)

    height, width = _panel_size(*shown.shape[2:])
    left = 2 * GAP + CHARACTER * max(len(line) for name in pictures for line in name.split("\n"))
    entries = [(class_names[label], class_colours(label + 1)[label] / 255) for label in occurring.tolist()]
    full_width = left + len(shown) * (width + GAP)
    columns = max(1, int((full_width - GAP) / (CHARACTER * (5 + max(len(name) for name, _ in entries)))))
    bottom = GAP + LINE * math.ceil(len(entries) / columns) + GAP
    sheet = _Sheet(full_width, GAP + len(pictures) * (height + GAP) + bottom)
    for row, (name, panels) in enumerate(pictures.items()):
        top = GAP + row * (height + GAP)
        sheet.text(left - GAP, top + height / 2, name, ha="right", va="center")
        for column, panel in enumerate(panels):
            sheet.panel(panel, left + column * (width + GAP), top, width, height)
    sheet.figure.legend(
        handles=[Patch(color=tuple(colour), label=name) for name, colour in entries],
        loc="lower center",
        ncols=columns,
        frameon=False,
        fontsize=FONT,
        borderaxespad=0.3,
    )
    sheet.save(path)


def wave_strip(waves: npt.ArrayLike, image: npt.ArrayLike, *, frames: Sequence[int], path: Path) -> None:
    """Write a PNG of an image and a few moments of one channel's waves, side by side, in one colour scale.

    Args:
        waves: (time, height, width), one channel of a field.
        image: (channel, height, width) in [0, 1].
        frames: indices in time, from 0; frame i is the field after i + 1 steps, and titled so.
        path: the file to write, whole or not at all.

    Raises:
        ValueError: shapes that do not fit, no frames, a frame out of range, or waves that are not finite.
    """
    field, picture = np.asarray(waves), np.asarray(image)
    if field.ndim != 3 or field.shape[1:] != picture.shape[1:]:
        raise ValueError(
            f"waves must be (time, height, width) on the grid of the image {picture.shape}; got {field.shape}"
        )
    if not frames or min(frames) < 0 or max(frames) >= len(field):
        raise ValueError(f"frames must be some of 0 to {len(field) - 1}; got {list(frames)}")
    limit = wave_limit(field)
    colours = ScalarMappable(Normalize(-limit, limit), WAVES)
    titled = [("input", colour_image(picture))]
    titled += [(f"step {frame + 1}", colours.to_rgba(field[frame], bytes=True)) for frame in frames]

    height, width = _panel_size(*field.shape[1:])
    slot = max(width, round(CHARACTER * max(len(title) for title, _ in titled)))
    right = GAP + len(titled) * (slot + GAP)
    sheet = _Sheet(right + 2 * GAP + CHARACTER * 8, height + LINE + 2 * GAP)
    for column, (title, panel) in enumerate(titled):
        middle = GAP + column * (slot + GAP) + slot / 2
        sheet.text(middle, GAP + LINE / 2, title, ha="center", va="center")
        sheet.panel(panel, round(middle - width / 2), GAP + LINE, width, height)
    bar = sheet.figure.colorbar(colours, cax=sheet.figure.add_axes(sheet.box(right, GAP + LINE, GAP, height)))
    bar.set_ticks([-limit, 0, limit], labels=[f"{-limit:.2g}", "0", f"{limit:.2g}"])
    bar.ax.tick_params(labelsize=FONT, length=3)
    bar.ax.spines["outline"].set_visible(False)
    sheet.save(path)


class _Sheet:
    """A figure measured in pixels from its top left corner."""

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = math.ceil(width), math.ceil(height)
        self.figure = Figure(figsize=(self.width / DPI, self.height / DPI), dpi=DPI, facecolor="white")

    def box(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """The rectangle in the figure's own units."""
        return x / self.width, 1 - (y + height) / self.height, width / self.width, height / self.height

    def panel(self, pixels: Pixels, x: float, y: float, width: int, height: int) -> None:
        axes = self.figure.add_axes(self.box(round(x), round(y), width, height))
        axes.set_axis_off()
        axes.imshow(pixels, interpolation="nearest", aspect="auto")

    def text(self, x: float, y: float, text: str, *, ha: str, va: str) -> None:
        self.figure.text(x / self.width, 1 - y / self.height, text, ha=ha, va=va, fontsize=FONT)

    def save(self, path: Path) -> None:
        with replacing(path) as temporary:
            self.figure.savefig(temporary, format="png")


def _panel_size(height: int, width: int) -> tuple[int, int]:
    """The size of an image in the picture: a whole multiple of its own, near the wished height."""
    scale = max(1, round(PANEL / height))
    return scale * height, scale * width


def _check_named(labels: npt.NDArray[np.integer], class_names: Sequence[str]) -> None:
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"class_names must name every class of the masks, 0 to {labels.max()}; got {list(class_names)}"
        )
