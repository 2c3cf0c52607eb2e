"""Checks of a figure's layout: what is drawn is on the canvas, and no text covers another text, a curve or an image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from unittest.mock import patch

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox, BboxBase

from drumhead.report.style import figure_style

TOLERANCE = 0.6
"""Pixels. Bounding boxes of texts include a margin."""


@figure_style()
def layout_faults(figure: Figure, *, names: str = "") -> list[str]:
    """Draw a figure and return its faults, in words.

    Args:
        figure: the figure.
        names: the names that a user has given, which may hold a dollar sign.
    """
    texts = drawn_texts(figure)
    boxes = [(repr(text.get_text()), text.get_window_extent()) for text in texts]
    canvas = figure.bbox
    faults = [f"{name} leaves the canvas" for name, box in boxes if not contains(canvas, box)]
    faults += [
        f"{name_of(axes)} leaves the canvas" for axes in figure.axes if not contains(canvas, axes.get_window_extent())
    ]
    faults += [f"{one} overlaps {other}" for (one, a), (other, b) in combinations(boxes, 2) if overlap(a, b)]
    faults += [
        f"{name_of(one)} overlaps {name_of(other)}"
        for one, other in combinations(figure.axes, 2)
        if overlap(one.get_window_extent(), other.get_window_extent())
        and not {one, other} & {*one.child_axes, *other.child_axes}
    ]
    covering = [*boxes, *legend_boxes(figure)]
    for axes in figure.axes:
        window = axes.get_window_extent()
        faults += [
            f"{name} covers a curve of {name_of(axes)}" for name, box in covering if covers_curve(axes, window, box)
        ]
        if axes.images:
            outside = [(name, box) for text, (name, box) in zip(texts, boxes, strict=True) if text.axes is not axes]
            faults += [f"{name} covers {name_of(axes)}" for name, box in outside if overlap(box, window)]
    words = {word for text in texts for word in text.get_text().split() if "$" in word or "\\math" in word}
    faults += [f"{word!r} is TeX" for word in sorted(words) if word not in names]
    return faults


def drawn_texts(figure: Figure) -> list[Text]:
    """Draw a figure and return the texts that were drawn; tick labels outside the limits, for example, are not."""
    canvas = FigureCanvasAgg(figure)
    drawn: dict[int, Text] = {}
    draw = Text.draw

    def record(self: Text, *args: object, **options: object) -> None:
        if self.get_visible() and self.get_text().strip():
            drawn[id(self)] = self
        draw(self, *args, **options)  # type: ignore[arg-type]

    with patch.object(Text, "draw", record):
        canvas.draw()  # type: ignore[no-untyped-call]
    return list(drawn.values())


def covers_curve(axes: Axes, window: Bbox, box: Bbox) -> bool:
    """Whether a box covers a line, an error bar or an area of the axes, which have a window."""
    box = box.padded(-TOLERANCE)
    visible = Bbox.intersection(box, window)
    for artist in axes.get_children():
        covered = visible if artist.get_clip_on() else box
        if covered is not None and any(
            path.intersects_bbox(covered, filled=isinstance(artist, PolyCollection)) for path in curves(artist)
        ):
            return True
    return False


def curves(artist: Artist) -> Iterator[Path]:
    """Yield the paths of a line, error bars or an area in pixels."""
    if isinstance(artist, Line2D):
        paths = [artist.get_path()]
    else:
        paths = list(artist.get_paths()) if isinstance(artist, LineCollection | PolyCollection) else []
    for path in paths:
        path = path.transformed(artist.get_transform())
        vertices = np.asarray(path.vertices, np.float64)
        finite = np.isfinite(vertices).all(axis=1)
        if finite.any():
            yield Path(vertices[finite])


def legend_boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return the boxes of all legends, by name."""
    legends = [*figure.legends, *(legend for axes in figure.axes if (legend := axes.get_legend()))]
    return [(f"legend {number}", legend.get_window_extent()) for number, legend in enumerate(legends)]


def overlap(one: Bbox, other: Bbox) -> bool:
    """Whether two boxes overlap by more than the tolerance."""
    common = Bbox.intersection(one, other)
    return common is not None and min(common.width, common.height) > TOLERANCE


def contains(outer: BboxBase, inner: Bbox) -> bool:
    """Whether a box lies in another one, within the tolerance."""
    return bool(
        inner.x0 >= outer.x0 - TOLERANCE
        and inner.y0 >= outer.y0 - TOLERANCE
        and inner.x1 <= outer.x1 + TOLERANCE
        and inner.y1 <= outer.y1 + TOLERANCE
    )


def name_of(axes: Axes) -> str:
    """Return the title of axes, or their position."""
    return axes.get_title("left") or axes.get_title() or f"axes at {np.round(axes.get_window_extent().extents)}"
