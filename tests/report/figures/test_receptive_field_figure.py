"""The figure of receptive fields: a row of maps per model, and a line per model in both panels."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.analysis.receptive_field import ReceptiveField
from drumhead.analysis.receptive_field_study import ReceptiveFieldStudy
from drumhead.analysis.spread import measure_spread
from drumhead.report.figures.receptive_field_figure import receptive_field_figure


def study(radii: list[int], total_steps: int | None) -> ReceptiveFieldStudy:
    rows, columns = np.mgrid[:21, :21]
    discs = np.stack([(np.hypot(rows - 10, columns - 10) <= radius).astype(float) for radius in radii])
    field = ReceptiveField(tuple(range(1, len(radii) + 1)), discs, (10, 10))
    return ReceptiveFieldStudy(field, measure_spread(discs, (10, 10)), total_steps, 1.0, None)


def test_each_model_has_its_maps_and_its_lines() -> None:
    figure = receptive_field_figure({"waves": study([1, 2, 3, 4, 5, 6, 7], 7), "local": study([4], None)}, dpi=72)
    titles = [axes.get_title() for axes in figure.axes]
    assert [title for title in titles if title.startswith("step")] == ["step 1", "step 3", "step 4", "step 5", "step 7"]
    assert titles.count("all layers") == 1
    maps = [axes for axes in figure.axes if axes.get_images()]
    bar = next(axes for axes in figure.axes if axes.get_ylabel() == "share of the largest")
    assert max(axes.get_position().x1 for axes in maps) < bar.get_position().x0
    front = figure.axes[-1]
    waves, local = front.get_lines()
    np.testing.assert_array_equal(waves.get_xdata(), range(1, 8))
    assert np.asarray(waves.get_ydata()) == pytest.approx(range(1, 8))
    assert np.asarray(local.get_ydata()).tolist() == [4, 4]
    assert np.asarray(local.get_xdata()).tolist() == [0, 7]
