"""Eigenvalues converge to those of squares, discs and triangles by the stated order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import jn_zeros, jnp_zeros

from drumhead.analysis.drums import Drum, Rim, disc_drum, membrane_modes, pixel_drum, polygon_drum
from drumhead.analysis.spectrum import Floats

SQUARE = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)
TRIANGLE = np.array([(0, 0), (1, 0), (0.5, 3**0.5 / 2)])
RESOLUTIONS = (16, 32, 64)


def lowest(values: npt.NDArray[Any], count: int = 6) -> Floats:
    return np.sort(values.ravel())[:count]


def square_eigenvalues(first: int) -> Floats:
    squares = np.arange(first, 20) ** 2
    return lowest(np.pi**2 * (squares[:, None] + squares))


def disc_eigenvalues() -> Floats:
    return lowest(np.concatenate([np.repeat(jn_zeros(n, 4) ** 2, 1 if n == 0 else 2) for n in range(6)]))


def triangle_eigenvalues() -> Floats:
    m, n = np.meshgrid(np.arange(1, 20), np.arange(1, 20))
    return lowest(16 / 9 * np.pi**2 * (m**2 + m * n + n**2))


def orders(make: Callable[[int], Drum], exact: Floats, rim: Rim = "fixed") -> list[float]:
    errors = [
        np.abs(membrane_modes(make(n), len(exact), rim=rim).eigenvalues - exact).max() / exact[-1] for n in RESOLUTIONS
    ]
    assert errors[-1] < 4e-3
    return [float(np.log2(coarse / fine)) for coarse, fine in pairwise(errors)]


@pytest.mark.parametrize(
    ("make", "exact"),
    [
        (lambda n: polygon_drum(SQUARE, resolution=n), square_eigenvalues(1)),
        (lambda n: polygon_drum(0.97 * SQUARE + 0.013, resolution=n), square_eigenvalues(1) / 0.97**2),
        (lambda n: pixel_drum(np.ones((n, n)), spacing=1 / n), square_eigenvalues(1)),
        (lambda n: disc_drum(resolution=n), disc_eigenvalues()),
        (lambda n: polygon_drum(TRIANGLE, resolution=n), triangle_eigenvalues()),
    ],
    ids=["square", "square between nodes", "square of pixels", "disc", "triangle"],
)
def test_a_fixed_rim_converges_by_the_second_order(make: Callable[[int], Drum], exact: Floats) -> None:
    assert orders(make, exact) == pytest.approx([2, 2], abs=0.12)


def test_a_free_rim_half_a_spacing_beyond_the_nodes_converges_by_the_second_order() -> None:
    exact = square_eigenvalues(0)
    assert orders(lambda n: polygon_drum(SQUARE, resolution=n, offset=0.5), exact, rim="free") == pytest.approx(
        [2, 2], abs=0.1
    )


def test_a_free_rim_of_any_other_shape_converges_by_the_first_order_at_least() -> None:
    exact = lowest(np.concatenate([[0], *(np.repeat(jnp_zeros(n, 4) ** 2, 1 if n == 0 else 2) for n in range(6))]))
    errors = [
        np.abs(membrane_modes(disc_drum(resolution=n), 6, rim="free").eigenvalues - exact).max() for n in (16, 64)
    ]
    assert errors[1] < errors[0] / 3
    assert errors[1] < 0.03 * exact[-1]


def test_dense_and_sparse_solvers_agree_and_modes_are_orthonormal() -> None:
    drum = polygon_drum(TRIANGLE, resolution=9)
    nodes = int(drum.inside.sum())
    sparse, dense = membrane_modes(drum, nodes // 2 - 1), membrane_modes(drum, nodes)
    np.testing.assert_allclose(sparse.eigenvalues, dense.eigenvalues[: len(sparse.eigenvalues)], rtol=1e-10)
    flat = dense.shapes[:, drum.inside]
    np.testing.assert_allclose(flat @ flat.T, np.eye(nodes), atol=1e-10)


@pytest.mark.parametrize("rim", ["fixed", "free"])
def test_a_wave_speed_scales_eigenvalues_by_its_square(rim: Rim) -> None:
    drum = disc_drum(resolution=6)
    slow, fast = (membrane_modes(drum, 5, rim=rim, c=c) for c in (1.0, 3.0))
    np.testing.assert_allclose(fast.eigenvalues, 9 * slow.eigenvalues, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(fast.frequencies, 3 * slow.frequencies, rtol=1e-6, atol=1e-5)


def test_a_free_drum_has_a_mode_at_rest_in_each_piece() -> None:
    mask = np.zeros((5, 8))
    mask[:, :3] = mask[:, 5:] = 1
    eigenvalues = membrane_modes(pixel_drum(mask), 3, rim="free").eigenvalues
    np.testing.assert_allclose(eigenvalues[:2], 0, atol=1e-9)
    assert eigenvalues[2] > 0.1


def test_modes_of_one_eigenvalue_are_those_of_the_other_solver_too() -> None:
    drum = disc_drum(resolution=5)
    nodes = int(drum.inside.sum())
    sparse, dense = membrane_modes(drum, 9), membrane_modes(drum, nodes)
    assert sparse.eigenvalues[1] == pytest.approx(sparse.eigenvalues[2])
    complete = slice(0, 8)
    np.testing.assert_allclose(sparse.shapes[complete], dense.shapes[complete], atol=1e-8)


def test_invalid_arguments_are_rejected() -> None:
    drum = pixel_drum(np.ones((3, 3)))
    with pytest.raises(ValueError, match="number of nodes inside, 9; got 10"):
        membrane_modes(drum, 10)
    with pytest.raises(ValueError, match="rim must be 'fixed' or 'free', got 'loose'"):
        membrane_modes(drum, 1, rim="loose")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="c must be positive"):
        membrane_modes(drum, 1, c=0)
