"""The figure of hearing areas draws what the study holds; its table and CSV say it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D
from rich.console import Console

from drumhead.analysis.square_area import (
    DURATION_COUNT,
    WITH_INTERPOLATION,
    WITHOUT_INTERPOLATION,
    AreaStudy,
    study_areas,
)
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.tables.square_area_table import area_table, write_area_csv


@pytest.fixture(scope="module")
def study() -> AreaStudy:
    return study_areas((5, 9), duration=160, strikes=2, points=4)


def values(line: Line2D) -> list[float]:
    """Heights along a line."""
    return [float(value) for value in np.asarray(line.get_ydata(), np.float64)]


def test_the_figure_shows_what_was_heard(study: AreaStudy) -> None:
    figure = square_area_figure(study, dpi=60)
    spectra, fundamentals, areas, errors = figure.axes
    assert [axes.get_title("left")[0] for axes in figure.axes] == list("abcd")
    assert [text.get_text() for text in spectra.get_yticklabels()] == ["L = 9", "L = 5"]
    assert any("f = 0.1,\nfrom L = 8 on" in text.get_text() for text in fundamentals.texts)
    drawn = [container for container in areas.containers if isinstance(container, ErrorbarContainer)]
    for container, duration in zip(drawn, study.shown_durations, strict=True):
        heard = study.select(duration=duration, estimation=WITH_INTERPOLATION)
        assert values(container.lines[0]) == pytest.approx([each.area for each in heard])
    followed = [line for line in errors.lines if np.size(line.get_xdata()) > 1]
    assert len(followed) == 2 * 2
    expected = [
        100 * each.error for each in study.select(side=5, estimation=WITHOUT_INTERPOLATION) if np.isfinite(each.error)
    ]
    assert values(followed[0]) == pytest.approx(expected)


def test_one_square_that_nobody_hears_is_drawn_too(study: AreaStudy) -> None:
    unknown: dict[str, Any] = dict.fromkeys(("fundamental", "area", "area_low", "area_high"), np.nan)
    deaf = [each._replace(heard=0, error=np.inf, **unknown) for each in study.estimates if each.side == 9]
    figure = square_area_figure(study._replace(estimates=deaf, spectra={9: study.spectra[9]}), dpi=60)
    figure.canvas.draw()
    assert not [line for line in figure.axes[3].lines if np.size(line.get_xdata()) > 1]


def test_the_table_has_a_row_for_each_square_in_a_narrow_terminal(study: AreaStudy) -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(area_table(study))
    printed = captured.get()
    rows = [line.split() for line in printed.splitlines() if line.split()[:1] in (["5"], ["9"])]
    assert [row[:2] for row in rows] == [["5", "25"], ["9", "81"]]
    assert "…" not in printed
    assert "side 8 (f = 0.0878) and more, of which less than one period is heard" in " ".join(printed.split())
    assert rows[0][-1] == "1.39"
    assert float(rows[0][-2]) == pytest.approx(25, abs=0.05)


def test_the_csv_holds_all_of_it(study: AreaStudy, tmp_path: Path) -> None:
    path = tmp_path / "new" / "area.csv"
    write_area_csv(study, path)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * DURATION_COUNT
    for row, each in zip(rows, study.estimates, strict=True):
        assert (row["side"], row["estimation"], int(row["heard"])) == (str(each.side), each.estimation, each.heard)
        assert row["area"] == ("" if np.isnan(each.area) else str(each.area))
        assert (row["error"] == "") == np.isinf(each.error)
        assert float(row["area_true"]) == each.side**2
        assert float(row["periods"]) == pytest.approx(each.duration * float(row["fundamental_lattice"]))
