"""Receptive fields over time: exact support, Green functions, and symmetry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from drumhead.analysis.receptive_field import disturbance_field, largest_group_velocity, receptive_field
from drumhead.analysis.spread import measure_spread
from drumhead.fields import evolve, laplacian
from drumhead.models import NWM, Segmenter, build
from drumhead.waves import lattice_wave_number

IMAGES = torch.rand(2, 3, 25, 27, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
ENCODER_REACH = 4
"""The initial state of a recurrent model is computed by four convolutions of 3x3."""


@pytest.mark.parametrize("layers", [1, 2, 8])
def test_a_cnn_sees_a_box_of_twice_its_depth_and_one(layers: int) -> None:
    torch.manual_seed(0)
    model = build("cnn", in_channels=3, classes=4, layers=layers, width=6).double()
    for target in ("state", "logit"):
        field = receptive_field(model, IMAGES, target=target)
        seen = field.sensitivity[0] > 0
        assert (seen.any(axis=1).sum(), seen.any(axis=0).sum()) == (2 * layers + 1, 2 * layers + 1)
        assert measure_spread(field.sensitivity, field.point).reach.tolist() == [layers]


def small_model(name: str, *, steps: int, hidden_channels: int = 2) -> Segmenter:
    """Return a random model in float64, whose derivatives are exactly 0 where they vanish, with the plain engine."""
    torch.manual_seed(0)
    settings: dict[str, Any] = {"steps": steps, "width": 4, "hidden_channels": hidden_channels, "engine": "plain"}
    return build(name, in_channels=3, classes=4, **settings).double()


@pytest.mark.parametrize(("name", "per_step"), [("nwm", 1), ("conv_lstm", 1), ("conv_rnn", 1), ("conv_gru", 2)])
def test_a_recurrent_model_sees_as_many_pixels_further_with_each_step_as_its_cell_has_convolutions(
    name: str, per_step: int
) -> None:
    model = small_model(name, steps=6)
    if isinstance(model, NWM):
        with torch.no_grad():
            model.coupling.add_(0.1 * torch.randn_like(model.coupling))  # a full 3x3 coupling
    field = receptive_field(model, IMAGES, point=(12, 13), steps=range(1, 7))
    rows, columns = np.mgrid[:25, :27]
    box = np.maximum(abs(rows - 12), abs(columns - 13))
    reach = np.array([box[frame > 0].max(initial=0) for frame in field.sensitivity])
    assert (reach <= ENCODER_REACH + per_step * np.arange(1, 7)).all()
    if isinstance(model, NWM):
        assert reach.tolist() == [5, 6, 7, 8, 9, 10]


def test_a_disturbance_of_a_field_reaches_one_more_neighbour_with_each_step() -> None:
    y0 = torch.zeros(1, 1, 15, 15, dtype=torch.float64)
    y0[..., 7, 7] = 1
    rows, columns = np.mgrid[:15, :15]
    full: torch.Tensor = laplacian(1, dtype=torch.float64) + 0.1
    for coupling, distance in (
        (laplacian(1, dtype=torch.float64), abs(rows - 7) + abs(columns - 7)),
        (full, np.maximum(abs(rows - 7), abs(columns - 7))),
    ):
        field = evolve(y0, 0 * y0, 0 * y0, coupling, dt=0.1, steps=5, engine="plain")[0, :, 0].numpy()
        assert [int(distance[frame != 0].max()) for frame in field] == [1, 2, 3, 4, 5]


def test_the_derivative_of_a_linear_field_is_its_green_function() -> None:
    size, dt, stiffness, steps = 12, 0.4, 0.5, 30
    y0 = torch.randn(1, 1, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    y0.requires_grad_()
    omega = torch.full_like(y0, stiffness)
    coupling = laplacian(1, dtype=torch.float64)
    field = evolve(y0, omega, 0 * omega, coupling, dt=dt, steps=steps, nonlinearity="linear", engine="plain")
    k = 2 * np.pi * np.fft.fftfreq(size)
    phase = 2 * np.arcsin(dt / 2 * np.sqrt(stiffness + lattice_wave_number(k[:, None], k) ** 2))  # Omega dt
    for step in (1, 7, 30):
        (gradient,) = torch.autograd.grad(field[0, step - 1, 0, 3, 4], y0, retain_graph=True)
        # A mode starts at 1 and, from rest, is 1 - dt^2 a = 2 cos(Omega dt) - 1 after one step.
        mode = np.cos(step * phase) + (np.cos(phase) - 1) / np.sin(phase) * np.sin(step * phase)
        green = np.roll(np.fft.ifft2(mode).real, (3, 4), axis=(0, 1))
        np.testing.assert_allclose(gradient[0, 0].numpy(), green, atol=1e-10)


def test_a_translated_point_on_a_uniform_image_has_a_translated_field() -> None:
    model = small_model("nwm", steps=8)
    uniform = torch.full((1, 3, 40, 40), 0.3, dtype=torch.float64)
    first = receptive_field(model, uniform, point=(18, 20), steps=[8])
    second = receptive_field(model, uniform, point=(20, 17), steps=[8])
    np.testing.assert_allclose(np.roll(first.sensitivity, (2, -3), axis=(1, 2)), second.sensitivity, atol=1e-12)


def test_a_small_disturbance_agrees_with_the_derivative_and_a_large_one_does_not() -> None:
    model = small_model("nwm", steps=8, hidden_channels=1)
    assert isinstance(model, NWM)
    image = IMAGES[:1]
    small = disturbance_field(model, image, size=1e-6, point=(12, 13), steps=[8])
    # The change at q of a disturbance at p is the derivative of the state of q by all channels of p.
    inputs = image.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.states(inputs)[0, 7, 0, 9, 15], inputs)
    assert small.sensitivity[0, 9, 15] == pytest.approx(abs(float(gradient[0, :, 12, 13].sum())), rel=1e-4)
    large = disturbance_field(model, image, size=100, point=(12, 13), steps=[8])
    assert abs(large.sensitivity[0, 9, 15] / small.sensitivity[0, 9, 15] - 1) > 0.1  # tanh is not linear


def test_the_sensitivity_is_the_mean_over_images_of_the_norm_over_channels() -> None:
    model = small_model("conv_lstm", steps=3)
    together = receptive_field(model, IMAGES, steps=[2]).sensitivity
    apart = [receptive_field(model, image[None], steps=[2]).sensitivity for image in IMAGES]
    np.testing.assert_allclose(together, np.mean(apart, axis=0), atol=1e-14)


def test_the_model_is_left_as_it_was() -> None:
    model = small_model("nwm", steps=3).train()
    receptive_field(model, IMAGES, steps=[1])
    assert model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_the_largest_group_velocity_of_a_fresh_network_is_that_of_the_laplacian() -> None:
    model = small_model("nwm", steps=3, hidden_channels=1)
    assert isinstance(model, NWM)
    for encoder in (model.omega_encoder, model.alpha_encoder):
        torch.nn.init.zeros_(encoder.get_submodule("4").get_parameter("weight"))  # no stiffness, no damping
        torch.nn.init.zeros_(encoder.get_submodule("4").get_parameter("bias"))
    assert largest_group_velocity(model, IMAGES) == pytest.approx(model.config.dt, rel=0.01)


def test_invalid_arguments_are_rejected() -> None:
    model = small_model("nwm", steps=3)
    with pytest.raises(ValueError, match="steps must be from 1 to 3"):
        receptive_field(model, IMAGES, steps=[4])
    with pytest.raises(ValueError, match="point"):
        receptive_field(model, IMAGES, point=(25, 0))
    with pytest.raises(ValueError, match="target"):
        receptive_field(model, IMAGES, target="loss")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="size"):
        disturbance_field(model, IMAGES, size=0)
    with pytest.raises(ValueError, match="images must be"):
        receptive_field(model, IMAGES[:, :1])
