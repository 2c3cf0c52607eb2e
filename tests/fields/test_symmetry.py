"""The dynamics commute with shifts, rotations and reflections of the grid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian

from .lattice import BOUNDARIES, normal, uniform

CHANNELS, STEPS = 2, 25
SIZES = [(6, 6), (5, 8), (1, 7), (6, 1)]
TRANSFORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "mirror left-right": lambda values: values.flip(-1),
    "mirror up-down": lambda values: values.flip(-2),
    "rotation by 90 degrees": lambda values: values.rot90(1, (-2, -1)),
    "rotation by 180 degrees": lambda values: values.rot90(2, (-2, -1)),
    "rotation by 270 degrees": lambda values: values.rot90(3, (-2, -1)),
    "transpose": lambda values: values.transpose(-2, -1),
}


def parameters(size: tuple[int, int], batch: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Random y0, omega and alpha."""
    shape = (batch, CHANNELS, *size)
    return normal(*shape, seed=0), uniform(*shape, seed=1), uniform(*shape, seed=2)


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_evolution_commutes_with_rotations_and_reflections(
    name: str, size: tuple[int, int], boundary: Boundary, nonlinearity: Nonlinearity
) -> None:
    transform = TRANSFORMS[name]
    y0, omega, alpha = parameters(size)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)

    def run(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor) -> Tensor:
        return evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary, nonlinearity=nonlinearity)

    original = run(y0, omega, alpha, coupling)
    transformed = run(*(transform(values).contiguous() for values in (y0, omega, alpha, coupling)))
    torch.testing.assert_close(transformed, transform(original), rtol=1e-10, atol=1e-10)
    if min(size) > 1:  # the test can fail: this coupling is not isotropic
        assert not torch.allclose(transformed, transform(run(y0, omega, alpha, transform(coupling))), rtol=1e-2)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("name", TRANSFORMS)
def test_the_laplacian_is_isotropic(name: str, boundary: Boundary) -> None:
    transform = TRANSFORMS[name]
    y0, omega, alpha = parameters((5, 8))
    coupling = laplacian(CHANNELS, dtype=torch.float64)
    original = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    transformed = evolve(
        transform(y0), transform(omega), transform(alpha), coupling, dt=0.2, steps=STEPS, boundary=boundary
    )
    torch.testing.assert_close(transformed, transform(original), rtol=1e-10, atol=1e-10)


def shift(values: Tensor, by: tuple[int, int]) -> Tensor:
    return values.roll(by, (-2, -1))


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("by", [(1, 0), (0, -3), (2, 5)])
@pytest.mark.parametrize("size", SIZES)
def test_the_evolution_commutes_with_shifts_on_a_circular_grid(
    size: tuple[int, int], by: tuple[int, int], nonlinearity: Nonlinearity
) -> None:
    inputs = parameters(size)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)
    original = evolve(*inputs, coupling, dt=0.2, steps=STEPS, nonlinearity=nonlinearity)
    y0, omega, alpha = (shift(values, by) for values in inputs)
    shifted = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, nonlinearity=nonlinearity)
    torch.testing.assert_close(shifted, shift(original, by), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("boundary", ["fixed", "free"])
def test_the_evolution_does_not_commute_with_shifts_at_an_edge(boundary: Boundary) -> None:
    y0, omega, alpha = parameters((5, 8))
    coupling = laplacian(CHANNELS, dtype=torch.float64)
    original = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    y0, omega, alpha = (shift(values, (1, 2)) for values in (y0, omega, alpha))
    shifted = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    assert float((shifted - shift(original, (1, 2))).abs().max()) > 0.1


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_images_of_a_batch_are_independent(boundary: Boundary) -> None:
    y0, omega, alpha = parameters((5, 8), batch=3)
    coupling = 0.5 * normal(CHANNELS, CHANNELS, 3, 3, seed=3)
    together = evolve(y0, omega, alpha, coupling, dt=0.2, steps=STEPS, boundary=boundary)
    for b in range(3):
        one = slice(b, b + 1)
        alone = evolve(y0[one], omega[one], alpha[one], coupling, dt=0.2, steps=STEPS, boundary=boundary)
        torch.testing.assert_close(together[one], alone, rtol=1e-10, atol=1e-10)


def test_uncoupled_channels_are_independent() -> None:
    y0, omega, alpha = parameters((5, 8))
    together = evolve(y0, omega, alpha, laplacian(CHANNELS, dtype=torch.float64), dt=0.2, steps=STEPS)
    for c in range(CHANNELS):
        one = slice(c, c + 1)
        alone = evolve(y0[:, one], omega[:, one], alpha[:, one], laplacian(1, dtype=torch.float64), dt=0.2, steps=STEPS)
        torch.testing.assert_close(together[:, :, one], alone, rtol=1e-10, atol=1e-10)
