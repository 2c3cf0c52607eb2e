"""The study of square areas at toy size: its contents, its estimates, and its dependence on the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drumhead.analysis.drums import continuous_area, lattice_fundamental
from drumhead.analysis.square_area import (
    DURATION_COUNT,
    WITH_INTERPOLATION,
    WITHOUT_INTERPOLATION,
    AreaStudy,
    paper_duration,
    study_areas,
)


@pytest.fixture(scope="module")
def study() -> AreaStudy:
    return study_areas((8, 4), duration=150, strikes=3, points=6)


def test_it_has_every_square_duration_and_method(study: AreaStudy) -> None:
    assert list(study.spectra) == [4, 8]
    assert len(study.estimates) == 2 * DURATION_COUNT * 2
    assert study.durations[0] == paper_duration() == 10
    assert study.durations[-1] == pytest.approx(150)
    assert study.shown_durations[1] == pytest.approx((10 * 150) ** 0.5, abs=0.1)
    one = study.select(side=8, duration=study.shown_durations[-1], estimation=WITH_INTERPOLATION)
    assert [each.points for each in one] == [6]


def test_long_recordings_give_the_areas_and_short_ones_do_not(study: AreaStudy) -> None:
    shortest, _, longest = study.shown_durations
    for each in study.select(duration=longest, estimation=WITH_INTERPOLATION):
        assert each.heard == each.points
        assert each.error < 2e-3
        assert each.area_low <= each.area <= each.area_high
        assert each.area == pytest.approx(each.side**2, rel=2e-3)
        assert each.area_continuous == pytest.approx(continuous_area(each.fundamental))
    for each in study.select(side=8, duration=shortest, estimation=WITH_INTERPOLATION):
        assert each.error > 0.4


def test_estimates_without_interpolation_are_quantised(study: AreaStudy) -> None:
    for each in study.select(duration=study.shown_durations[-1], estimation=WITHOUT_INTERPOLATION):
        nearest = round(each.duration * lattice_fundamental(float(each.side), dt=0.1)) / each.duration
        assert each.fundamental == pytest.approx(nearest)
        assert each.area_low == each.area_high


def test_squares_depend_on_the_seed_and_not_on_each_other(study: AreaStudy) -> None:
    only_one = study_areas((4,), duration=150, strikes=3, points=6)
    assert only_one.estimates == [each for each in study.estimates if each.side == 4]
    other = study_areas((4,), duration=150, strikes=3, points=6, seed=1)
    assert not np.array_equal(other.spectra[4].amplitudes, study.spectra[4].amplitudes)


def test_the_first_side_with_less_than_a_period_in_the_papers_duration(study: AreaStudy) -> None:
    assert study.first_unresolved_side == 8
    assert study._replace(c=3.0).first_unresolved_side == 22
    assert study._replace(c=0.01).first_unresolved_side == 2


def test_invalid_arguments_are_rejected() -> None:
    invalid: list[tuple[dict[str, Any], str]] = [
        ({"sides": ()}, r"sides must be 2 or more and none twice; got \[\]"),
        ({"sides": (4, 4)}, "none twice"),
        ({"sides": (1,)}, "sides must be 2 or more"),
        ({"duration": 10.0}, "more than the paper's T dt = 10 and finite, got 10"),
        ({"seed": -1}, "seed must be 0 or more, got -1"),
        ({"dt": 0.8}, "dt must be above 0 and at most"),
        ({"dt": 0.0}, "dt must be above 0 and at most"),
        ({"c": float("nan")}, "c must be positive and finite"),
    ]
    for arguments, message in invalid:
        with pytest.raises(ValueError, match=message):
            study_areas(**{"sides": (4,)} | arguments)
