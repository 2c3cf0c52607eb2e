"""The closed forms of square drums agree with the eigenvalues of their Laplacian, and with each other."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drumhead.analysis.drums import (
    continuous_area,
    continuous_fundamental,
    largest_resolvable_side,
    lattice_area,
    lattice_drum,
    lattice_frequency,
    lattice_fundamental,
    membrane_modes,
    square_modes,
)
from drumhead.analysis.spectrum import Floats
from drumhead.fields import convolve, laplacian, stability_limit


def fixed_rim_laplacian(side: int) -> Floats:
    """Return the package's coupling of a square with a fixed rim as a dense matrix on its cells."""
    cells = side - 1
    unit_vectors = torch.eye(cells**2, dtype=torch.float64).reshape(-1, 1, cells, cells)
    columns = convolve(unit_vectors, laplacian(1, dtype=torch.float64), boundary="fixed")
    matrix: Floats = columns.reshape(cells**2, cells**2).numpy()
    return matrix


@pytest.mark.parametrize("side", [2, 3, 6, 11])
@pytest.mark.parametrize("c", [1.0, 2.5])
def test_the_fundamental_is_that_of_the_lowest_eigenvalue(side: int, c: float) -> None:
    lowest = np.linalg.eigvalsh(-(c**2) * fixed_rim_laplacian(side))[0]
    assert np.sin(np.pi * lattice_fundamental(side, dt=0.1, c=c) * 0.1) == pytest.approx(0.05 * lowest**0.5, rel=1e-12)


@pytest.mark.parametrize("dt", [0.1, 0.5])
def test_the_lattice_converges_to_the_continuum_by_the_stated_second_order(dt: float) -> None:
    sides = np.geomspace(10, 1280, 8)
    shares = 1 - lattice_fundamental(sides, dt=dt) / continuous_fundamental(sides)
    order = np.diff(np.log(shares)) / np.diff(np.log(sides))
    np.testing.assert_allclose(order, -2, atol=0.01)
    np.testing.assert_allclose(shares, (1 - 2 * dt**2) * np.pi**2 / (24 * sides**2), rtol=0.02)


def test_at_the_longest_stable_step_the_fundamental_is_exact() -> None:
    longest = stability_limit(torch.zeros(1), torch.zeros(1), 9 * laplacian(1))
    assert longest == pytest.approx(1 / (3 * 2**0.5), rel=1e-6)
    sides = np.arange(2.0, 40.0)
    exact = lattice_fundamental(sides, dt=1 / (3 * 2**0.5), c=3.0)
    np.testing.assert_allclose(exact, continuous_fundamental(sides, c=3.0), rtol=1e-12)


def test_areas_invert_fundamentals() -> None:
    sides = np.arange(2.0, 100.0)
    np.testing.assert_allclose(continuous_area(continuous_fundamental(sides, c=2.0), c=2.0), sides**2, rtol=1e-12)
    areas = lattice_area(lattice_fundamental(sides, dt=0.2, c=2.0), dt=0.2, c=2.0)
    np.testing.assert_allclose(areas, sides**2, rtol=1e-9)
    assert np.isnan(lattice_area(np.array([2.0]), dt=0.1)).all()  # no wave on the lattice has so high a frequency


def test_the_frequency_of_a_mode_tends_to_that_in_continuous_time() -> None:
    assert lattice_frequency(2.0, dt=1e-4) == pytest.approx(2.0**0.5 / (2 * np.pi), rel=1e-8)
    assert lattice_frequency(4.0 / 0.1**2, dt=0.1) == pytest.approx(1 / (2 * 0.1))  # a period of two steps


@pytest.mark.parametrize(("duration", "side"), [(10, 7), (2.8, 1), (100, 70), (1000, 707)])
def test_the_largest_resolvable_side_is_the_last_whose_period_fits(duration: float, side: int) -> None:
    assert largest_resolvable_side(duration, dt=0.1) == side
    if side >= 2:
        assert duration * lattice_fundamental(float(side), dt=0.1) >= 1
    assert duration * lattice_fundamental(float(side + 1), dt=0.1) < 1


def test_a_side_whose_period_fits_exactly_is_resolvable() -> None:
    for side in range(2, 60):
        assert largest_resolvable_side(1 / lattice_fundamental(float(side), dt=0.1), dt=0.1) == side


def test_no_square_larger_than_half_the_steps_is_resolvable_at_any_wave_speed() -> None:
    steps, dt = 100, 0.1
    assert largest_resolvable_side(steps * dt, dt=dt, c=1 / (dt * 2**0.5)) == steps // 2


def test_in_the_papers_duration_no_two_neighbouring_squares_are_a_bin_apart() -> None:
    fundamentals = lattice_fundamental(np.arange(2.0, 65.0), dt=0.1)
    assert (fundamentals[:-1] - fundamentals[1:]).max() < 1 / 10


def test_the_continuum_overestimates_every_square_by_the_same_area() -> None:
    sides = np.arange(8.0, 65.0)
    excess = continuous_area(lattice_fundamental(sides, dt=0.1)) - sides**2
    np.testing.assert_allclose(excess, np.pi**2 * (1 - 2 * 0.1**2) / 12, rtol=0.02)


@pytest.mark.parametrize("count", [1, 4, 12, 35, 36])
def test_modes_of_a_square_mask_are_those_of_the_square(count: int) -> None:
    """The eigenvalues and eigenspaces agree; the modes of one eigenvalue may be any basis of its eigenspace."""
    side, c = 7, 1.5
    closed, sparse = square_modes(side, count, c=c), membrane_modes(lattice_drum(np.ones((6, 6))), count, c=c)
    np.testing.assert_allclose(sparse.eigenvalues, closed.eigenvalues, rtol=1e-10)
    last = square_modes(side, 36, c=c).eigenvalues[count - 1]  # some modes of this eigenvalue may be left out
    complete = closed.eigenvalues < last - 1e-9
    projections = [
        np.einsum("mhw,mkl->hwkl", shapes[complete], shapes[complete])
        for shapes in (closed.shapes, sparse.shapes[:, 1:-1, 1:-1])
    ]
    np.testing.assert_allclose(projections[1], projections[0], atol=1e-9)


def test_modes_of_an_odd_mask_are_eigenvectors_of_the_laplacian_with_a_fixed_rim() -> None:
    mask = np.tril(np.ones((9, 9)))
    mask[4, 1] = 0  # a hole, which is a rim too
    modes = membrane_modes(lattice_drum(mask), 10)
    shapes = modes.shapes[:, 1:-1, 1:-1]
    assert not shapes[:, mask == 0].any()
    np.testing.assert_allclose(np.einsum("mhw,nhw->mn", shapes, shapes), np.eye(10), atol=1e-10)
    product = fixed_rim_laplacian(10) @ shapes.reshape(10, -1).T
    expected = -modes.eigenvalues * shapes.reshape(10, -1).T
    np.testing.assert_allclose(product[mask.ravel() != 0], expected[mask.ravel() != 0], atol=1e-10)
    assert (np.diff(modes.eigenvalues) >= 0).all()


def test_touching_corners_do_not_join_drums() -> None:
    two_squares = np.zeros((6, 6))
    two_squares[:3, :3] = two_squares[3:, 3:] = 1
    lowest = square_modes(4, 1).eigenvalues[0]
    np.testing.assert_allclose(membrane_modes(lattice_drum(two_squares), 2).eigenvalues, lowest, rtol=1e-10)


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"dt must be above 0 and at most .* 0\.3536 for c = 2, got 0\.4"):
        lattice_fundamental(5.0, dt=0.4, c=2.0)
    with pytest.raises(ValueError, match="c must be positive"):
        lattice_area(0.1, dt=0.1, c=0.0)
    with pytest.raises(ValueError, match="duration must be more than two steps"):
        largest_resolvable_side(0.1, dt=0.1)
    with pytest.raises(ValueError, match="side must be 2 or more"):
        square_modes(1, 1)
    with pytest.raises(ValueError, match="number of nodes inside, 9; got 10"):
        square_modes(4, 10)
