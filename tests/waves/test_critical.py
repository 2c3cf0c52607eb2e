"""Critical points of velocity fields: where they are, and the table of their kinds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from drumhead.waves import Grid, critical_points, flow_order, phase_flow, rotating_wave, target_wave
from drumhead.waves.critical import KINDS

SPACING = (0.5, 0.4)
CENTRE = (3.37, 4.21)
"""(y, x), off the grid."""


def linear(jacobian: list[list[float]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return v_y and v_x of ``v = J (r - CENTRE)``, one frame on 14 x 19 sites; J is of (x, y)."""
    y, x = 0.5 * np.arange(14)[:, None] - CENTRE[0], 0.4 * np.arange(19) - CENTRE[1]
    (xx, xy), (yx, yy) = jacobian
    return (yx * x + yy * y)[None], (xx * x + xy * y)[None]


@pytest.mark.parametrize(
    ("jacobian", "kind", "turns"),
    [
        ([[2, 0], [0, 1]], "source node", 0),
        ([[-2, 0.5], [0.5, -1]], "sink node", 0),
        ([[1, -2], [2, 1]], "source focus", 1),
        ([[1, 2], [-2, 1]], "source focus", -1),
        ([[-1, -2], [2, -1]], "sink focus", 1),
        ([[0, -2], [1, 0]], "centre", 1),
        ([[1, 0], [0, -2]], "saddle", 0),
    ],
)
def test_a_linear_field_has_one_point_of_known_kind_and_position(
    jacobian: list[list[float]], kind: str, turns: int
) -> None:
    found = critical_points(*linear(jacobian), spacing=SPACING)
    assert found.kind.tolist() == [kind]
    np.testing.assert_allclose([found.y[0], found.x[0]], CENTRE, atol=1e-10)
    assert found.trace[0] == pytest.approx(np.trace(jacobian), abs=1e-10)
    assert found.determinant[0] == pytest.approx(np.linalg.det(jacobian), abs=1e-10)
    assert found.winding.tolist() == [-1 if kind == "saddle" else 1]
    assert np.sign(found.curl[0].round(9)) == turns
    assert kind in KINDS


def test_a_uniform_flow_has_none() -> None:
    assert not len(critical_points(np.full((2, 8, 9), 0.3), np.full((2, 8, 9), -0.1), spacing=1).frame)


def test_two_sources_have_a_saddle_between_them() -> None:
    y, x = np.mgrid[:15, :24]
    v_x = (x - 4.3) * (x - 11.6) * (x - 18.2)  # along x: source, saddle's sink, source
    found = critical_points((y - 7.4)[None].astype(float), v_x[None], spacing=1)
    order = np.argsort(found.x)
    assert found.kind[order].tolist() == ["source node", "saddle", "source node"]
    assert found.winding.sum() == 1
    # Between sites the cubic is interpolated linearly.
    np.testing.assert_allclose(found.x[order], [4.3, 11.6, 18.2], atol=0.1)
    np.testing.assert_allclose(found.y, 7.4, atol=1e-9)


def test_mirroring_keeps_the_kind_and_reversing_the_flow_makes_a_sink() -> None:
    v_y, v_x = linear([[1, -2], [2, 1]])
    assert critical_points(v_y[:, ::-1] * -1, v_x[:, ::-1], spacing=SPACING).kind.tolist() == ["source focus"]
    assert critical_points(-v_y, -v_x, spacing=SPACING).kind.tolist() == ["sink focus"]


def test_a_point_near_the_edge_needs_a_smaller_ring() -> None:
    y, x = np.mgrid[:9, :9]
    field = ((y - 0.4)[None].astype(float), (x - 4.4)[None].astype(float))
    assert not len(critical_points(*field, spacing=1).frame)
    assert critical_points(*field, spacing=1, ring=1).kind.tolist() == ["source node"]


def test_sites_without_a_velocity_hide_only_points_beside_them() -> None:
    v_y, v_x = linear([[2, 0], [0, 1]])
    v_y[0, 1, 2] = np.nan
    assert critical_points(v_y, v_x, spacing=SPACING).kind.tolist() == ["source node"]
    v_y[0, 6, 10] = np.nan  # beside the centre, at row 6.7 and column 10.5
    assert not len(critical_points(v_y, v_x, spacing=SPACING).frame)


def test_the_flow_of_a_target_wave_has_a_source_at_its_centre() -> None:
    grid = Grid(frames=3, height=24, width=30, dt=0.1, spacing=(0.5, 0.4))
    for wave_number, kind in ((2.5, "source"), (-2.5, "sink")):
        wave = target_wave(grid, centre=(5.6, 6.1), wave_number=wave_number, frequency=0.5)
        found = critical_points(*phase_flow(wave, dt=0.1, spacing=(0.5, 0.4)), spacing=(0.5, 0.4))
        here = np.hypot(found.y - 5.6, found.x - 6.1) < 0.3
        assert here.sum() == 2  # once in each frame of the flow
        assert all(each.startswith(kind) for each in found.kind[here])


def test_the_flow_of_a_rotating_wave_turns_about_its_singularity() -> None:
    grid = Grid(frames=2, height=24, width=20, dt=0.1, spacing=(1, 1))
    for chirality in (-1, 1):
        wave = rotating_wave(grid, centre=(11.4, 9.6), chirality=chirality, frequency=0.3)
        found = critical_points(*phase_flow(wave, dt=0.1, spacing=1), spacing=1)
        here = np.hypot(found.y - 11.4, found.x - 9.6) < 0.5
        assert here.sum() == 1
        assert found.winding[here][0] == 1
        assert np.sign(found.curl[here][0]) == chirality


def test_the_order_of_a_flow_counts_valid_sites_only() -> None:
    v_y, v_x = np.zeros((3, 2, 3)), np.ones((3, 2, 3))
    v_x[1, 0] = -1
    v_x[2] = np.nan
    v_x[0, 0, 0] = np.nan
    np.testing.assert_allclose(flow_order(v_y, v_x), [1, 0, np.nan])


def test_invalid_arguments_are_rejected() -> None:
    field = np.zeros((2, 5, 6))
    with pytest.raises(ValueError, match="v_y and v_x"):
        critical_points(field, field[:, :4], spacing=1)
    with pytest.raises(ValueError, match="v_y and v_x"):
        critical_points(field[0], field[0], spacing=1)
    with pytest.raises(ValueError, match="radius"):
        critical_points(field, field, spacing=1, ring=5)
