"""Runs of frames, bridged and measured in units of time."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import find_events


def runs(pattern: str, **options: float) -> list[tuple[int, int]]:
    found = find_events(np.array([each == "#" for each in pattern]), dt=0.5, **options)
    return list(zip(found.first.tolist(), found.last.tolist(), strict=True))


def test_runs_are_found_at_both_ends_and_in_between() -> None:
    assert runs("##.#..###") == [(0, 1), (3, 3), (6, 8)]
    assert runs("....") == []
    assert runs("####") == [(0, 3)]


def test_gaps_up_to_a_time_are_bridged() -> None:
    assert runs("##.#..###", max_gap=0.5) == [(0, 3), (6, 8)]
    assert runs("##.#..###", max_gap=1) == [(0, 8)]


def test_short_events_are_left_out_after_bridging() -> None:
    assert runs("##.#..###.#", min_duration=1) == [(0, 1), (6, 8)]
    assert runs("##.#..###.#", min_duration=2, max_gap=0.5) == [(0, 3), (6, 10)]


def test_durations_are_in_units_of_time() -> None:
    assert find_events(np.array([True, True, False, True]), dt=0.2).duration == pytest.approx([0.4, 0.2])


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match="truth value"):
        find_events([0.3, 0.9], dt=1)
    with pytest.raises(ValueError, match="min_duration"):
        find_events([True], dt=1, min_duration=-1)
    with pytest.raises(ValueError, match="dt"):
        find_events([True], dt=0)
