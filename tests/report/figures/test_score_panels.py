"""Tests of the figure of all scores: what is drawn where, from the published runs and by hand."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from tests.results.rows import row

from drumhead.published import published_runs
from drumhead.report.figures.score_panels import PANELS, model_groups, score_panels_figure
from drumhead.results.published_results import published_result_sets
from drumhead.results.result_sets import result_sets
from drumhead.results.run_titles import dataset_title

TETROMINOES = published_result_sets()[0]
FIGURE = score_panels_figure(TETROMINOES, title="Tetrominoes", dpi=72)
PANEL_OF = dict(zip(PANELS, FIGURE.axes, strict=True))


def ends(axes: Axes) -> list[tuple[float, float]]:
    """Return where each bar starts and ends."""
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in bars]


def dots(axes: Axes) -> list[list[float]]:
    return [np.asarray(line.get_ydata(), float).tolist() for line in axes.lines if line.get_marker() == "o"]


def test_bars_are_means_above_background_everywhere() -> None:
    nwm = [run.acc for run in published_runs() if run.experiment == "tetrominoes-nwm-linear"]
    bars = ends(PANEL_OF["acc"])
    assert len(bars) == 15
    assert bars[0] == pytest.approx((0.855583984375, fmean(nwm)))
    assert dots(PANEL_OF["acc"])[0] == nwm
    assert {start for start, _ in ends(PANEL_OF["loss"])} == {0}


@pytest.mark.parametrize("metric", PANELS)
def test_every_panel_has_the_line_of_background_and_starts_just_below_it(metric: str) -> None:
    levels = {"acc": 0.855584, "iou": 0.753765, "loss": 0.645307, "loss_foreground": 3.54448}
    axes = next(axes for name, axes in PANEL_OF.items() if name == metric)
    (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
    level = float(np.asarray(line.get_ydata())[0])
    assert level == pytest.approx(levels.get(metric, 0), abs=1e-5)
    low, high = axes.get_ylim()
    assert low < level < high
    if not metric.startswith("loss"):
        assert level - low == pytest.approx(0.05 * (1 - level))
    assert all(low <= score <= high for scores in dots(axes) for score in scores)


def test_networks_are_in_groups_by_readout_and_by_size() -> None:
    groups = model_groups(TETROMINOES)
    assert [(group.label, group.section, [each.model for each in group.results]) for group in groups] == [
        *((readout, "readout", ["nwm", "conv_lstm"]) for readout in ("linear", "fft", "last", "mean", "max")),
        *((depth, "layers", ["cnn"]) for depth in ("2", "4", "8", "16", "32")),
    ]
    assert [group.label for group in model_groups(published_result_sets()[2])] == ["linear", "2", "3", "4", "5"]


def test_other_data_and_changed_models() -> None:
    (result_set,) = result_sets([row(background_acc=0.8), row("cnn", "8, pixel widths 4")])
    figure = score_panels_figure(result_set, title=dataset_title("cells"), dpi=72)
    assert [len(ends(axes)) for axes in figure.axes] == [1] * 6
    with_line = [any(line.get_linestyle() == "--" for line in axes.lines) for axes in figure.axes]
    assert with_line == [True, True, False, True, True, False]  # the loss of background is known for the paper's sets
    (changed,) = result_sets([row(variant="linear, steps 50"), row(score=None, state="unfinished")])
    with pytest.raises(ValueError, match="there is no score to draw for cells"):
        score_panels_figure(changed, title="cells", dpi=72)
