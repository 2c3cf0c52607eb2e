"""The figure and the table of drums."""

from __future__ import annotations

import numpy as np
import pytest
from tests.report.figures.layout import layout_faults

from drumhead.analysis.drums import pixel_drum
from drumhead.analysis.drums.named import NAMED_DRUMS, find_drum
from drumhead.analysis.drums.study import DrumStudy, study_drum
from drumhead.report.figures.drum_figure import drums_figure
from drumhead.report.tables.drum_table import drum_table


def study(name: str, *, nodes: int = 400, count: int = 30) -> DrumStudy:
    return study_drum(find_drum(name, nodes=nodes), count=count, generator=np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMED_DRUMS)
def test_named_drums_have_about_as_many_nodes_as_asked(name: str) -> None:
    drum = find_drum(name, nodes=900)
    assert drum.name == name
    assert 700 < drum.inside.sum() < 1000


def test_a_free_rim_is_where_the_shape_ends() -> None:
    exact = np.pi * np.array([1, 1, 2**0.5, 2, 2]) / (2 * np.pi)
    drum = find_drum("square", nodes=900, rim="free")
    modes = study_drum(drum, count=6, rim="free", generator=np.random.default_rng(0)).modes
    np.testing.assert_allclose(modes.frequencies[1:], exact, rtol=3e-3)


def test_an_unknown_drum_suggests_the_nearest() -> None:
    with pytest.raises(ValueError, match="neither a drum nor a file called 'sqare'; did you mean square"):
        find_drum("sqare", nodes=900)
    with pytest.raises(ValueError, match="nodes must be 16 or more, got 4"):
        find_drum("disc", nodes=4)


def test_too_many_modes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be 1 to 3, a tenth of the 36 nodes of mask.* got 4"):
        study_drum(pixel_drum(np.ones((6, 6))), count=4, generator=np.random.default_rng(0))


@pytest.mark.parametrize("names", [["disc"], ["square", "disc", "isospectral-1", "isospectral-2"]])
def test_the_figure_has_a_row_of_modes_for_each_drum_and_no_overlap(names: list[str]) -> None:
    figure = drums_figure([study(name) for name in names], shown_modes=5, dpi=72)
    upper, lower = figure.subfigs
    assert [axes.get_ylabel() for axes in upper.axes[::5]] == names
    assert len(lower.axes) == 3
    assert layout_faults(figure) == []


def test_the_table_says_which_drums_sound_alike() -> None:
    pair = [study(name) for name in ("isospectral-1", "isospectral-2", "near-miss")]
    table = drum_table(pair, generator=np.random.default_rng(0))
    assert [row[0] for row in table.body] == ["isospectral-1", "isospectral-2", "near-miss"]
    alike = [note for note in table.notes if "sound alike" in note]
    assert len(alike) == 1
    assert alike[0].startswith("isospectral-1 and isospectral-2 sound alike")
    assert table.body[0][5] == table.body[1][5] != table.body[2][5]


def test_too_few_modes_give_no_estimate() -> None:
    few = study("disc", count=10)
    assert few.estimate is None
    assert drum_table([few], generator=np.random.default_rng(0)).body[0][5] == "-"
