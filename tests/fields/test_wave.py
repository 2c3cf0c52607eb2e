"""One step by hand, the evolution as repeated steps, precision, and invalid arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, Engine, Nonlinearity, WaveState, evolve, laplacian, step

from .lattice import BOUNDARIES, normal, uniform

NONLINEARITIES: tuple[Nonlinearity, ...] = ("tanh", "linear")


def test_one_step_by_hand() -> None:
    """A single oscillator that is coupled only to itself."""
    coupling = torch.zeros(1, 1, 3, 3, dtype=torch.float64)
    coupling[0, 0, 1, 1] = -2.0
    y, z, omega, alpha = (torch.full((1, 1, 1, 1), v, dtype=torch.float64) for v in (1.0, 0.5, 3.0, 4.0))
    linear = step(WaveState(y, z), omega, alpha, coupling, dt=0.1, boundary="fixed", nonlinearity="linear")
    assert linear.z.item() == pytest.approx(0.5 + 0.1 * (-2 - 3 * 1 - 4 * 0.5))  # -0.2
    assert linear.y.item() == pytest.approx(1 + 0.1 * -0.2)
    saturated = step(WaveState(y, z), omega, alpha, coupling, dt=0.1, boundary="fixed")
    assert saturated.z.item() == pytest.approx(0.5 + 0.1 * (np.tanh(-2) - 3 * 1 - 4 * 0.5))
    assert saturated.y.item() == pytest.approx(1 + 0.1 * saturated.z.item())


def test_tanh_is_the_linear_field_for_small_positions() -> None:
    y0, omega, alpha = normal(1, 2, 4, 5, seed=0), uniform(1, 2, 4, 5, seed=1), uniform(1, 2, 4, 5, seed=2)
    coupling = laplacian(2, dtype=torch.float64)
    small = 1e-4
    tanh, linear = (
        evolve(small * y0, omega, alpha, coupling, dt=0.1, steps=50, nonlinearity=each) / small
        for each in NONLINEARITIES
    )
    assert 0 < float((tanh - linear).abs().max()) < 1e-5  # the cubic term, of order small^2


def random_parameters(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    shape = (2, 2, 6, 5)
    coupling = laplacian(2, dtype=torch.float64) + 0.3 * normal(2, 2, 3, 3, seed=3)
    y0, omega, alpha = torch.tanh(normal(*shape, seed=0)), uniform(*shape, seed=1), uniform(*shape, seed=2)
    return y0.to(dtype), omega.to(dtype), alpha.to(dtype), coupling.to(dtype)


@pytest.mark.parametrize("nonlinearity", NONLINEARITIES)
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_evolution_is_repeated_steps_from_rest(boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    y0, omega, alpha, coupling = random_parameters(torch.float64)
    before = y0.clone()
    settings: dict[str, Any] = {"dt": 0.1, "boundary": boundary, "nonlinearity": nonlinearity}
    field = evolve(y0, omega, alpha, coupling, steps=7, engine="plain", **settings)
    assert field.shape == (2, 7, 2, 6, 5)
    state = WaveState(y0, torch.zeros_like(y0))
    for n in range(7):
        state = step(state, omega, alpha, coupling, **settings)
        assert torch.equal(field[:, n], state.y)
    assert torch.equal(y0, before)


def test_a_longer_evolution_starts_with_the_shorter_one() -> None:
    parameters = random_parameters(torch.float64)
    assert torch.equal(evolve(*parameters, dt=0.1, steps=9)[:, :4], evolve(*parameters, dt=0.1, steps=4))


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_float32_agrees_with_float64(boundary: Boundary) -> None:
    """Over 100 steps, positions of order 1 accumulate at most about 100 rounding errors of 6e-8 each."""
    single = evolve(*random_parameters(torch.float32), dt=0.1, steps=100, boundary=boundary)
    double = evolve(*random_parameters(torch.float64), dt=0.1, steps=100, boundary=boundary)
    assert single.dtype == torch.float32
    assert float((single - double).abs().max()) < 6e-6 * float(double.abs().max())


def test_the_laplacian_is_the_second_difference_within_a_channel() -> None:
    coupling = laplacian(3, dtype=torch.float64)
    assert coupling.shape == (3, 3, 3, 3)
    assert coupling.dtype == torch.float64
    assert laplacian(1).dtype == torch.get_default_dtype()
    for out_channel, in_channel in np.ndindex(3, 3):
        kernel = coupling[out_channel, in_channel].tolist()
        same = out_channel == in_channel
        assert kernel == ([[0, 1, 0], [1, -4, 1], [0, 1, 0]] if same else [[0, 0, 0]] * 3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y0": torch.zeros(2, 6, 5)}, r"y0 must be \(batch, channel, height, width\), got shape \(2, 6, 5\)"),
        ({"omega": torch.zeros(2, 2, 6, 4)}, r"omega must have y0's shape \(2, 2, 6, 5\), got \(2, 2, 6, 4\)"),
        ({"alpha": torch.zeros(1, 2, 6, 5)}, r"alpha must have y0's shape \(2, 2, 6, 5\), got \(1, 2, 6, 5\)"),
        ({"coupling": laplacian(3)}, r"coupling must be \(2, 2, 3, 3\) for 2 channels, got \(3, 3, 3, 3\)"),
        ({"coupling": torch.zeros(2, 2, 5, 5)}, r"coupling must be \(2, 2, 3, 3\) for 2 channels, got \(2, 2, 5, 5\)"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"nonlinearity": "relu"}, r"nonlinearity must be one of \('tanh', 'linear'\), got 'relu'"),
        ({"boundary": "open"}, r"boundary must be one of \('circular', 'fixed', 'free'\), got 'open'"),
    ],
)
def test_invalid_arguments_raise_an_error(changed: dict[str, Any], message: str) -> None:
    y0, omega, alpha, coupling = random_parameters(torch.float32)
    arguments: dict[str, Any] = {"y0": y0, "omega": omega, "alpha": alpha, "coupling": coupling}
    with pytest.raises(ValueError, match=message):
        evolve(**{**arguments, "dt": 0.1, "steps": 3, **changed})


@pytest.mark.parametrize("dt", [0.0, -0.1, float("nan"), float("inf")])
def test_dt_must_be_positive_and_finite(dt: float) -> None:
    y0 = torch.zeros(1, 1, 3, 3)
    with pytest.raises(ValueError, match="dt must be positive and finite"):
        evolve(y0, y0, y0, laplacian(1), dt=dt, steps=1)


@pytest.mark.parametrize("engine", ["plain", "auto"])
def test_arrays_and_mixed_types_are_refused_by_name(engine: Engine) -> None:
    y0 = torch.zeros(1, 1, 4, 4)
    arguments: dict[str, Any] = {"y0": y0, "omega": y0, "alpha": y0, "coupling": laplacian(1)}

    def evolve_with(**changes: object) -> None:
        evolve(**{**arguments, **changes}, dt=0.1, steps=2, engine=engine)

    for name in arguments:
        with pytest.raises(TypeError, match=rf"{name} must be a torch tensor, got ndarray; use torch.as_tensor"):
            evolve_with(**{name: arguments[name].numpy()})
        with pytest.raises(ValueError, match=rf"{name} must hold floating-point numbers, got torch.int64"):
            evolve_with(**{name: arguments[name].long()})
    for name in ("omega", "alpha", "coupling"):
        with pytest.raises(
            ValueError, match=rf"{name} must have y0's type and device, torch.float32 on cpu; got torch.f"
        ):
            evolve_with(**{name: arguments[name].double()})
