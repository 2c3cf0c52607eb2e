"""The three boundaries against NumPy's padding and an explicit sum over nine neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from drumhead.fields import Boundary, convolve

from .lattice import BOUNDARIES, LAPLACIAN, coupling_matrix, normal

PADDING: dict[Boundary, dict[str, Any]] = {
    "circular": {"mode": "wrap"},
    "fixed": {"mode": "constant", "constant_values": 0.0},
    "free": {"mode": "edge"},
}


def convolve_by_hand(values: NDArray[Any], kernel: NDArray[Any], boundary: Boundary) -> NDArray[Any]:
    batch, _, height, width = values.shape
    padded = np.pad(values, ((0, 0), (0, 0), (1, 1), (1, 1)), **PADDING[boundary])
    out = np.zeros((batch, kernel.shape[0], height, width))
    for b, o, i, j in np.ndindex(*out.shape):
        out[b, o, i, j] = (padded[b, :, i : i + 3, j : j + 3] * kernel[o]).sum()
    return out


@pytest.mark.parametrize("size", [(4, 6), (1, 5), (5, 1), (1, 1), (2, 3)])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_convolution_matches_a_sum_over_neighbours(boundary: Boundary, size: tuple[int, int]) -> None:
    values, kernel, bias = normal(2, 3, *size, seed=0), normal(2, 3, 3, 3, seed=1), normal(2, seed=2)
    by_hand = torch.from_numpy(convolve_by_hand(values.numpy(), kernel.numpy(), boundary))
    torch.testing.assert_close(convolve(values, kernel, boundary=boundary), by_hand)
    with_bias = convolve(values, kernel, bias, boundary=boundary)
    torch.testing.assert_close(with_bias, by_hand + bias[:, None, None])


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_laplacian_is_symmetric_and_negative_semidefinite(boundary: Boundary) -> None:
    matrix = coupling_matrix(LAPLACIAN, 4, 6, boundary=boundary)
    assert torch.equal(matrix, matrix.T)
    eigenvalues = torch.linalg.eigvalsh(-matrix)
    assert -1e-12 < float(eigenvalues.min()) <= float(eigenvalues.max()) < 8 + 1e-12


@pytest.mark.parametrize(("boundary", "at_rest"), [("circular", True), ("free", True), ("fixed", False)])
def test_a_constant_field_is_at_rest_unless_the_boundary_is_fixed(boundary: Boundary, at_rest: bool) -> None:
    pull = convolve(torch.ones(1, 1, 5, 7, dtype=torch.float64), LAPLACIAN, boundary=boundary)
    assert torch.equal(pull[..., 1:-1, 1:-1], torch.zeros(1, 1, 3, 5, dtype=torch.float64))
    corner_and_edge = pull[0, 0, 0, :2].tolist()
    assert corner_and_edge == ([0.0, 0.0] if at_rest else [-2.0, -1.0])


def test_an_unknown_boundary_raises_an_error_that_lists_the_options() -> None:
    values = torch.zeros(1, 1, 3, 3)
    with pytest.raises(ValueError, match="boundary must be 'circular', 'fixed' or 'free', got 'open'"):
        convolve(values, torch.zeros(1, 1, 3, 3), boundary="open")  # type: ignore[arg-type]
