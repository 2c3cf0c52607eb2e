"""The neural wave machine: its wave parameters, its states, how far information travels, and its stability limit."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, Nonlinearity, evolve, laplacian, stability_limit
from drumhead.models import NWM, NWMConfig, build


def wave_machine(*, seed: int = 0, **fields: Any) -> NWM:
    model = build("nwm", in_channels=3, classes=4, seed=seed, **{"steps": 6, "pixel_widths": (8,), **fields})
    assert isinstance(model, NWM)
    return model


def random_images(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_the_coupling_starts_as_the_laplacian(channels: int) -> None:
    model = wave_machine(hidden_channels=channels)
    assert torch.equal(model.coupling.detach(), laplacian(channels))
    assert model.coupling.requires_grad


def test_the_initial_speed_scales_the_laplacian_by_its_square_and_waves_travel_so_fast() -> None:
    model = wave_machine(initial_speed=3.0)
    assert torch.equal(model.coupling.detach(), 9 * laplacian(2))
    # A long wave exp(ikx) of a linear field oscillates at the angular frequency (speed * k).
    columns = torch.arange(64, dtype=torch.float64)
    y0 = torch.cos(2 * torch.pi * columns / 64).expand(1, 2, 3, 64)
    zero = torch.zeros_like(y0)
    frames = evolve(y0, zero, zero, model.coupling.double(), dt=0.01, steps=500, nonlinearity="linear")
    times = 0.01 * torch.arange(1, 501, dtype=torch.float64)
    torch.testing.assert_close(frames[0, :, 0, 0, 0], torch.cos(3 * 2 * torch.pi / 64 * times), atol=2e-3, rtol=0)


@pytest.mark.parametrize(("coupling", "strength"), [("laplacian", 4.0), ("none", 0.0)])
def test_ablations_hold_the_coupling_fixed(coupling: str, strength: float) -> None:
    model = wave_machine(coupling=coupling, initial_speed=2.0)
    assert torch.equal(model.coupling, strength * laplacian(2))
    assert model.parameter_count == wave_machine().parameter_count - model.coupling.numel()
    images, masks = random_images(2, 3, 9, 8).float(), torch.zeros(2, 9, 8, dtype=torch.long)
    trained = {name: values for name, values in model.named_parameters() if values.requires_grad}
    assert trained.keys() == {name for name, _ in model.named_parameters()} - {"coupling"}
    gradients = torch.autograd.grad(model.loss(images, masks), list(trained.values()))
    assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("engine", ["plain", "fused"])
def test_without_coupling_a_pixel_sees_only_what_its_encoders_see(engine: str) -> None:
    model = wave_machine(coupling="none", steps=20, engine=engine, boundary="circular")
    images = random_images(1, 3, 20, 20).float()
    changed = images.clone()
    changed[..., 10, 10] += 0.5
    different = (model.states(images) != model.states(changed)).any(dim=(0, 1, 2))
    rows, columns = different.nonzero(as_tuple=True)
    assert 6 <= rows.min() <= rows.max() <= 14  # the four 3x3 convolutions of the largest encoder
    assert 6 <= columns.min() <= columns.max() <= 14


@pytest.mark.parametrize("dt", [0.1, 0.4])
def test_keep_stable_keeps_any_network_within_the_limit(dt: float) -> None:
    model = wave_machine(keep_stable=True, dt=dt, initial_stiffness=1000.0, initial_damping=1000.0)
    with torch.no_grad():
        model.coupling.copy_(1000 * torch.randn(2, 2, 3, 3, generator=torch.Generator().manual_seed(0)))
    images = random_images(2, 3, 9, 8).float()
    assert model.stability_limit(images) < 0.9 * dt
    assert model.stability_warning(images) is not None
    model.constrain_parameters()
    assert dt <= model.stability_limit(images) <= 1.1 * dt
    assert model.stability_warning(images) is None
    model.coupling.data /= 2
    before = model.coupling.detach().clone()
    model.constrain_parameters()
    assert torch.equal(model.coupling, before)


def test_without_keep_stable_nothing_is_limited() -> None:
    model = wave_machine(initial_stiffness=1000.0)
    before = [values.detach().clone() for values in model.parameters()]
    model.constrain_parameters()
    assert all(torch.equal(values, old) for values, old in zip(model.parameters(), before, strict=True))
    assert model.encode(random_images(1, 3, 9, 8).float()).omega.max() > 900


def test_keep_stable_refuses_an_initial_speed_past_its_limit() -> None:
    NWMConfig(keep_stable=True, initial_speed=6.28)
    with pytest.raises(ValueError, match=r"initial_speed must be at most 6.28 with keep_stable and dt = 0.1, got 7"):
        NWMConfig(keep_stable=True, initial_speed=7)


def test_initial_stiffness_and_damping_are_added_before_the_relu() -> None:
    usual, raised = wave_machine(), wave_machine(initial_stiffness=2.0, initial_damping=3.0)
    images = random_images(2, 3, 9, 8).float()
    for name, amount in (("omega_encoder", 2.0), ("alpha_encoder", 3.0)):
        before, after = (getattr(model, name)[:-1](images) for model in (usual, raised))
        torch.testing.assert_close(after, before + amount)
        assert getattr(raised, name)(images).min() > 0
    assert torch.equal(usual.encode(images).y0, raised.encode(images).y0)
    changed = [n for n, p in usual.named_parameters() if not torch.equal(p, raised.get_parameter(n))]
    assert changed == ["omega_encoder.4.bias", "alpha_encoder.4.bias"]


def test_wave_parameters_are_in_range_even_for_images_out_of_range() -> None:
    model = wave_machine().double()
    wave = model.encode(100 * torch.randn(4, 3, 9, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    assert wave.y0.shape == wave.omega.shape == wave.alpha.shape == (4, 2, 9, 8)
    assert wave.y0.abs().max() <= 1
    assert wave.y0.min() < 0 < wave.y0.max()
    assert wave.omega.min() >= 0
    assert wave.alpha.min() >= 0


@pytest.mark.parametrize("boundary", get_args(Boundary))
@pytest.mark.parametrize("nonlinearity", get_args(Nonlinearity))
def test_states_are_the_evolution_from_the_encoded_parameters(boundary: Boundary, nonlinearity: Nonlinearity) -> None:
    model = wave_machine(dt=0.3, boundary=boundary, nonlinearity=nonlinearity, hidden_channels=3).double()
    images = random_images(2, 3, 7, 9)
    y0, omega, alpha = model.encode(images)
    expected = evolve(y0, omega, alpha, model.coupling, dt=0.3, steps=6, boundary=boundary, nonlinearity=nonlinearity)
    states = model.states(images)
    assert states.shape == (2, 6, 3, 7, 9)
    assert torch.equal(states, expected)
    assert not torch.allclose(states[:, 0], y0)  # the initial position is not a frame
    assert torch.equal(model(images), model.pixel_network(model.readout(states)))


def support(gradient: Tensor) -> tuple[int, int, int, int]:
    """Return the first and last row and column where a gradient (batch, channel, height, width) is not 0."""
    rows = gradient.abs().amax(dim=(0, 1, 3)).nonzero().flatten()
    columns = gradient.abs().amax(dim=(0, 1, 2)).nonzero().flatten()
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


@pytest.mark.parametrize("frame", [0, 1, 5])
def test_information_travels_exactly_one_pixel_per_step(frame: int) -> None:
    """The encoder of y0 reaches 4 pixels far; each step adds one pixel."""
    model, images = wave_machine().double(), random_images(4, 3, 31, 29).requires_grad_()
    (gradient,) = torch.autograd.grad(model.states(images)[:, frame, :, 15, 14].sum(), images)
    reach = 4 + frame + 1
    assert support(gradient) == (15 - reach, 15 + reach, 14 - reach, 14 + reach)


def test_with_enough_steps_every_pixel_depends_on_every_other() -> None:
    """The farthest pixel is half a field away in both directions; a step moves along one of them."""
    model, images = wave_machine(steps=26).double(), random_images(4, 3, 31, 31).requires_grad_()
    (gradient,) = torch.autograd.grad(model(images)[..., 3, 3].sum(), images)
    assert (gradient.abs().amax(dim=(0, 1)) > 0).all()


def test_a_dt_past_the_limit_is_reported() -> None:
    images = random_images(2, 3, 9, 9)
    stable, unstable = wave_machine(dt=0.1).double(), wave_machine(dt=0.9).double()
    assert stable.stability_warning(images) is None
    message = unstable.stability_warning(images)
    assert message is not None
    assert "dt = 0.9 is past the stability limit" in message
    assert "smaller dt" in message


def test_the_limit_is_that_of_the_encoded_parameters() -> None:
    model, images = wave_machine().double(), random_images(2, 3, 9, 9)
    wave = model.encode(images)
    limit = model.stability_limit(images)
    assert limit == stability_limit(wave.omega, wave.alpha, model.coupling)
    assert limit < stability_limit(torch.zeros(1), torch.zeros(1), laplacian(2))
    for dt, stable in ((0.999 * limit, True), (1.001 * limit, False)):
        model.config = NWMConfig(dt=dt)
        assert (model.stability_warning(images) is None) is stable


def test_a_stiffness_learned_past_the_limit_is_reported() -> None:
    model, images = wave_machine(dt=0.1).double(), random_images(1, 3, 9, 9)
    last = model.omega_encoder[-2]
    with torch.no_grad():
        assert isinstance(last, torch.nn.Conv2d)
        assert last.bias is not None
        last.bias.fill_(500.0)
    assert model.stability_warning(images) is not None
