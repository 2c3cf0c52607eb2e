"""Gradients of the evolution against finite differences, in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from drumhead.fields import Boundary, Nonlinearity, evolve

from .lattice import BOUNDARIES, normal, uniform


def inputs(channels: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Random y0, omega, alpha and coupling that require a gradient."""
    shape = (1, channels, height, width)
    values = (
        normal(*shape, seed=0),
        uniform(*shape, seed=1),
        uniform(*shape, seed=2),
        normal(channels, channels, 3, 3, seed=3),
    )
    return tuple(each.requires_grad_() for each in values)  # type: ignore[return-value]


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("channels", [1, 2])
def test_gradients_match_finite_differences(channels: int, boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    def field(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor) -> Tensor:
        return evolve(y0, omega, alpha, coupling, dt=0.3, steps=4, boundary=boundary, nonlinearity=nonlinearity)

    assert gradcheck(field, inputs(channels, 3, 4))


def test_second_derivatives_match_finite_differences() -> None:
    def field(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor) -> Tensor:
        return evolve(y0, omega, alpha, coupling, dt=0.3, steps=3, engine="plain")

    assert gradgradcheck(field, inputs(1, 2, 3))


def test_every_input_has_a_gradient_from_the_last_frame_alone() -> None:
    values = inputs(2, 3, 4)
    last = evolve(*values, dt=0.3, steps=5)[:, -1]
    for gradient in torch.autograd.grad(last.square().sum(), values):
        assert bool((gradient != 0).all())
