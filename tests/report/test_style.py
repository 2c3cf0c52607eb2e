"""Tests of the style of figures and of figure files, which are reproducible and contain their fonts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure
from PIL import Image

from drumhead.report.style import (
    PAGE_WIDTH,
    check_dpi,
    figure_style,
    legend_columns,
    legend_width,
    save_figure,
    text_width,
    two_digits,
)


@figure_style()
def figure(dpi: int = 100) -> Figure:
    made = Figure(figsize=(2, 1), dpi=dpi)
    axes = made.add_subplot()
    axes.set_title("waves")
    axes.imshow([[0, 1], [2, 3]])
    return made


def test_the_style_is_active_inside_and_the_users_settings_outside() -> None:
    with matplotlib.rc_context({"font.size": 31, "axes.linewidth": 5}):
        with figure_style():
            assert matplotlib.rcParams["font.size"] == 8
            assert matplotlib.rcParams["axes.linewidth"] < 1
        assert matplotlib.rcParams["font.size"] == 31


def test_figure_files_do_not_depend_on_the_users_settings(tmp_path: Path) -> None:
    first = save_figure(figure(), tmp_path / "a.pdf", tmp_path / "a.png", tmp_path / "a.svg")
    with matplotlib.rc_context({"font.size": 31, "pdf.fonttype": 3, "image.cmap": "gray"}):
        second = save_figure(figure(), tmp_path / "b.pdf", tmp_path / "b.png", tmp_path / "b.svg")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    written = [f"{name}.{kind}" for name in "ab" for kind in ("pdf", "png", "svg")]
    assert sorted(path.name for path in tmp_path.iterdir()) == written


def test_figure_files_do_not_depend_on_the_process(tmp_path: Path) -> None:
    written = []
    for hash_seed in ("1", "2"):
        path = tmp_path / f"{hash_seed}.pdf"
        code = (
            "import sys; from pathlib import Path; from drumhead.report.figures.score_figure import *;"
            "from drumhead.report.style import save_figure;"
            "bars = [ScoreBar('a', name, 'paper', BarStatistics.of([0.5])) for name in ('NWM', 'LSTM')];"
            "save_figure(scores_figure(bars, score='IoU'), Path(sys.argv[1]))"
        )
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment)
        written.append(path.read_bytes())
    assert written[0] == written[1]


def test_fonts_are_embedded_as_truetype(tmp_path: Path) -> None:
    (path,) = save_figure(figure(), str(tmp_path / "a.pdf"))
    content = path.read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert b"/CreationDate" not in content


def test_resolution(tmp_path: Path) -> None:
    for dpi in (100, 250):
        (path,) = save_figure(figure(dpi), tmp_path / "a.png")
        with Image.open(path) as picture:
            assert picture.size == (2 * dpi, dpi)
    for dpi in (71, 1201):
        with pytest.raises(ValueError, match=f"from 72 to 1200 .* got {dpi}"):
            check_dpi(dpi)


def test_other_suffixes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.pdf, \.png or \.svg; got .*a\.jpg"):
        save_figure(figure(), tmp_path / "a.png", tmp_path / "a.jpg")
    assert not list(tmp_path.iterdir())


def test_text_width_is_the_width_of_drawn_text() -> None:
    with figure_style():
        canvas = Figure(dpi=720)
        drawn = canvas.text(0, 0, "spectrum, period 33").get_window_extent().width / 10
    assert text_width("spectrum, period 33") == pytest.approx(drawn, abs=1)
    assert text_width("wide enough\nI") == text_width("wide enough")


def test_legends_have_as_many_columns_as_fit() -> None:
    names = ["background", "I", "O", "T", "S/Z", "J/L"]
    assert legend_columns(names, PAGE_WIDTH) == 6
    assert legend_columns(names, legend_width(names, 6) - 1) < 6
    assert legend_columns(names, 0) == 1
    assert legend_width(names, 2) == pytest.approx(legend_width(names[:3], 1) + legend_width(names[3:], 1))


@pytest.mark.parametrize(
    ("value", "text"), [(3.6, "3.6"), (0.0049, "0.0049"), (1.0, "1"), (1234.0, "1200"), (-2.85, "\N{MINUS SIGN}2.9")]
)
def test_two_digits(value: float, text: str) -> None:
    assert two_digits(value) == text
