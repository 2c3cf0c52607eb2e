"""Shapes on grids: their nodes, rims, areas and corners; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.analysis.drums import disc_drum, lattice_drum, pixel_drum, polygon_drum

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
L_SHAPE = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]


def test_a_polygon_has_the_nodes_strictly_inside_and_the_measures_of_the_continuum() -> None:
    drum = polygon_drum(L_SHAPE, resolution=4)
    expected = np.zeros((11, 11), bool)
    expected[2:5, 2:9] = expected[2:9, 2:5] = True
    np.testing.assert_array_equal(drum.inside, expected)
    assert (drum.area, drum.perimeter) == pytest.approx((3, 8))
    # Five right angles of 1/16 each, and one of 3 pi / 2.
    assert drum.corner_term == pytest.approx(5 / 16 - 5 / 144)
    assert drum.pieces == 1
    assert (drum.cuts == 1).all()  # the rim runs through nodes


@pytest.mark.parametrize("order", [1, -1])
def test_the_direction_of_the_corners_does_not_matter(order: int) -> None:
    first, second = polygon_drum(L_SHAPE, resolution=5), polygon_drum(L_SHAPE[::order], resolution=5)
    assert (first.area, first.perimeter) == (second.area, second.perimeter)
    assert first.corner_term == pytest.approx(second.corner_term)
    np.testing.assert_array_equal(first.inside, second.inside)


def test_cuts_are_distances_to_the_rim_up_down_left_and_right() -> None:
    drum = polygon_drum(np.array(SQUARE) * [0.95, 0.9] + [0.01, 0.02], resolution=10)
    rows, columns = drum.inside.nonzero()
    assert (rows.min(), rows.max()) == (2, 10)  # nodes from 0.1 to 0.9
    up, down, left, right = drum.cuts[:, 2:11, 2:11]
    np.testing.assert_allclose(up[0], 0.8)
    np.testing.assert_allclose(down[-1], 0.2)
    np.testing.assert_allclose(left[:, 0], 0.9)
    np.testing.assert_allclose(right[:, -1], 0.6)
    assert (drum.cuts[:, 3:10, 3:10] == 1).all()
    assert len(columns) == 81


def test_a_slanted_rim_cuts_rows_and_columns_where_the_line_is() -> None:
    drum = polygon_drum([(0, 0), (3, 0), (0, 1.5)], resolution=4)  # x + 2 y < 3
    rows, columns = drum.inside.nonzero()
    x, y = (columns - 1) / 4, (rows - 1) / 4
    np.testing.assert_allclose(drum.cuts[3, rows, columns], np.minimum(1, (3 - 2 * y - x) * 4))
    np.testing.assert_allclose(drum.cuts[1, rows, columns], np.minimum(1, ((3 - x) / 2 - y) * 4))


def test_a_disc() -> None:
    drum = disc_drum(2.0, resolution=8)
    assert (drum.area, drum.perimeter, drum.corner_term) == pytest.approx((4 * np.pi, 4 * np.pi, 1 / 6))
    assert drum.inside.sum() / 64 == pytest.approx(drum.area, rel=0.02)
    for flipped in (drum.inside[::-1], drum.inside[:, ::-1], drum.inside.T):
        np.testing.assert_array_equal(flipped, drum.inside)
    middle = drum.inside.shape[0] // 2
    assert drum.cuts[3, middle + 1, drum.inside[middle + 1].nonzero()[0][-1]] == pytest.approx(
        8 * (4 - 1 / 64) ** 0.5 - 15
    )


def test_the_corner_term_of_a_polygon_tends_to_that_of_the_disc() -> None:
    angles = 2 * np.pi * np.arange(400) / 400
    polygon = polygon_drum(np.stack([np.cos(angles), np.sin(angles)], axis=1), resolution=4)
    assert polygon.corner_term == pytest.approx(disc_drum(resolution=4).corner_term, rel=1e-2)


def test_pixels_have_their_edges_as_rim() -> None:
    mask = np.ones((4, 6), bool)
    mask[1, 2] = False  # a hole
    drum = pixel_drum(mask, spacing=0.5)
    assert (drum.area, drum.perimeter) == (23 / 4, 12.0)
    assert drum.corner_term == pytest.approx(4 / 16 - 4 * 5 / 144)
    assert sorted(np.unique(drum.cuts)) == [0.5, 1.0]


def test_a_lattice_drum_is_the_field_with_a_fixed_boundary() -> None:
    drum = lattice_drum(np.ones((3, 5)))
    assert (drum.area, drum.perimeter, drum.corner_term) == pytest.approx((24, 20, 1 / 4))


def test_pieces_are_counted() -> None:
    mask = np.zeros((5, 8))
    mask[:, :3] = mask[:, 5:] = 1
    assert pixel_drum(mask).pieces == 2


def test_what_is_no_drum_is_refused() -> None:
    with pytest.raises(ValueError, match="simple polygon; these edges cross"):
        polygon_drum([(0, 0), (1, 1), (1, 0), (0, 1)], resolution=8)
    with pytest.raises(ValueError, match="simple polygon"):
        polygon_drum([(0, 0), (1, 0), (2, 0)], resolution=8)
    with pytest.raises(ValueError, match=r"vertices must be .* got shape \(2, 2\)"):
        polygon_drum([(0, 0), (1, 0)], resolution=8)
    with pytest.raises(ValueError, match="no node of the grid is inside"):
        polygon_drum(np.array(SQUARE) / 100 + 0.5, resolution=1)
    with pytest.raises(ValueError, match="1 of 1 pieces of the shape are thinner than three nodes"):
        polygon_drum([(0, 0), (4, 0), (4, 0.5), (0, 0.5)], resolution=4)
    with pytest.raises(ValueError, match="resolution must be a whole number"):
        polygon_drum(SQUARE, resolution=0)
    with pytest.raises(ValueError, match="offset must be from 0 to below 1, got 1"):
        disc_drum(resolution=8, offset=1)
    with pytest.raises(ValueError, match=r"needs about .* GB for its modes.*use a lower resolution"):
        polygon_drum(SQUARE, resolution=10**6)
    with pytest.raises(ValueError, match="radius must be positive"):
        disc_drum(0, resolution=8)
    with pytest.raises(ValueError, match=r"mask must be \(height, width\) with a pixel inside"):
        pixel_drum(np.zeros((4, 4)))
    with pytest.raises(ValueError, match="spacing must be positive"):
        pixel_drum(np.ones((4, 4)), spacing=0)
