"""The dynamics has no favourite place and no favourite direction: shifted, turned and mirrored sheets move alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian

from .lattice import BOUNDARIES, normal, uniform

CHANNELS, STEPS = 2, 25
SIZES = [(6, 6), (5, 8), (1, 7), (6, 1)]
TURNS: dict[str, Callable[[Tensor], Tensor]] = {
    "mirror left-right": lambda values: values.flip(-1),
    "mirror up-down": lambda values: values.flip(-2),
    "quarter turn": lambda values: values.rot90(1, (-2, -1)),
    "half turn": lambda values: values.rot90(2, (-2, -1)),
    "three-quarter turn": lambda values: values.rot90(3, (-2, -1)),
    "transpose": lambda values: values.transpose(-2, -1),
}


def sheet(size: tuple[int, int], batch: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Random y0, omega and alpha."""
    shape = (batch, CHANNELS, *size)
    return normal(*shape, seed=0), uniform(*shape, seed=1), uniform(*shape, seed=2)


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_sheet_with_a_turned_coupling_moves_alike(
    turn: str, size: tuple[int, int], boundary: Boundary, nonlinearity: Nonlinearity
) -> None:
    transform = TURNS[turn]
    y0, omega, alpha = sheet(size)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)

    def run(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor) -> Tensor:
        return evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary, nonlinearity=nonlinearity)

    upright = run(y0, omega, alpha, coupling)
    turned = run(*(transform(values).contiguous() for values in (y0, omega, alpha, coupling)))
    torch.testing.assert_close(turned, transform(upright), rtol=1e-10, atol=1e-10)
    if min(size) > 1:  # the test can fail: this coupling does favour a direction
        assert not torch.allclose(turned, transform(run(y0, omega, alpha, transform(coupling))), rtol=1e-2)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("turn", TURNS)
def test_the_laplacian_has_no_direction(turn: str, boundary: Boundary) -> None:
    transform = TURNS[turn]
    y0, omega, alpha = sheet((5, 8))
    coupling = laplacian(CHANNELS, dtype=torch.float64)
    upright = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    turned = evolve(transform(y0), transform(omega), transform(alpha), coupling, dt=0.2, steps=STEPS, boundary=boundary)
    torch.testing.assert_close(turned, transform(upright), rtol=1e-10, atol=1e-10)


def shift(values: Tensor, by: tuple[int, int]) -> Tensor:
    return values.roll(by, (-2, -1))


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("by", [(1, 0), (0, -3), (2, 5)])
@pytest.mark.parametrize("size", SIZES)
def test_a_circular_sheet_has_no_favourite_place(
    size: tuple[int, int], by: tuple[int, int], nonlinearity: Nonlinearity
) -> None:
    inputs = sheet(size)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)
    here = evolve(*inputs, coupling, dt=0.2, steps=STEPS, nonlinearity=nonlinearity)
    y0, omega, alpha = (shift(values, by) for values in inputs)
    there = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, nonlinearity=nonlinearity)
    torch.testing.assert_close(there, shift(here, by), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("boundary", ["fixed", "free"])
def test_an_edge_is_a_place(boundary: Boundary) -> None:
    y0, omega, alpha = sheet((5, 8))
    coupling = laplacian(CHANNELS, dtype=torch.float64)
    here = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    y0, omega, alpha = (shift(values, (1, 2)) for values in (y0, omega, alpha))
    there = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    assert float((there - shift(here, (1, 2))).abs().max()) > 0.1


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_sheets_of_a_batch_do_not_hear_each_other(boundary: Boundary) -> None:
    y0, omega, alpha = sheet((5, 8), batch=3)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)
    together = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    for b in range(3):
        one = slice(b, b + 1)
        alone = evolve(y0[one], omega[one], alpha[one], coupling, dt=0.2, steps=STEPS, boundary=boundary)
        torch.testing.assert_close(together[one], alone, rtol=1e-10, atol=1e-10)


def test_uncoupled_channels_do_not_hear_each_other() -> None:
    y0, omega, alpha = sheet((5, 8))
    together = evolve(y0, omega, alpha, laplacian(CHANNELS, dtype=torch.float64), dt=0.2, steps=STEPS)
    for c in range(CHANNELS):
        one = slice(c, c + 1)
        alone = evolve(y0[:, one], omega[:, one], alpha[:, one], laplacian(1, dtype=torch.float64), dt=0.2, steps=STEPS)
        torch.testing.assert_close(together[:, :, one], alone, rtol=1e-10, atol=1e-10)
