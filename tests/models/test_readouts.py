"""Readouts compared with NumPy, and their gradients."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.models import READOUTS, ReadoutName, build_readout
from drumhead.models.readouts import LinearReadout

BATCH, CHANNELS, HEIGHT, WIDTH = 2, 3, 4, 5
every_readout = pytest.mark.parametrize("name", get_args(ReadoutName))
lengths = pytest.mark.parametrize("steps", [1, 2, 7, 8])


def random_field(steps: int) -> Tensor:
    generator = torch.Generator().manual_seed(steps)
    return torch.randn(BATCH, steps, CHANNELS, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)


def test_the_registry_has_every_name() -> None:
    assert tuple(READOUTS) == get_args(ReadoutName)


@every_readout
@lengths
def test_the_number_of_features(name: ReadoutName, steps: int) -> None:
    readout = build_readout(name, steps=steps, channels=CHANNELS).double()
    bins = steps // 2 + 1 if name in ("fft", "linear") else 1
    assert readout.features == bins * CHANNELS
    assert readout(random_field(steps)).shape == (BATCH, readout.features, HEIGHT, WIDTH)


@lengths
def test_last_mean_max_equal_numpy(steps: int) -> None:
    field = random_field(steps)
    array = field.numpy()
    expected = {"last": array[:, -1], "mean": array.mean(axis=1), "max": array.max(axis=1)}
    for name in ("last", "mean", "max"):
        features = build_readout(name, steps=steps, channels=CHANNELS)(field)
        np.testing.assert_allclose(features.numpy(), expected[name], rtol=1e-14)


@lengths
def test_fft_is_the_magnitude_of_the_real_transform_bin_major(steps: int) -> None:
    field = random_field(steps)
    features = build_readout("fft", steps=steps, channels=CHANNELS)(field).numpy()
    magnitude = np.abs(np.fft.rfft(field.numpy(), axis=1))  # (batch, bin, channel, height, width)
    for frequency in range(steps // 2 + 1):
        for channel in range(CHANNELS):
            np.testing.assert_allclose(
                features[:, frequency * CHANNELS + channel], magnitude[:, frequency, channel], rtol=1e-12, atol=1e-12
            )


@lengths
def test_linear_is_one_map_over_time_for_all_pixels_and_channels_bin_major(steps: int) -> None:
    field = random_field(steps)
    readout = build_readout("linear", steps=steps, channels=CHANNELS).double()
    assert isinstance(readout, LinearReadout)
    assert [tuple(parameter.shape) for parameter in readout.parameters()] == [(steps // 2 + 1, steps)]
    features = readout(field).detach().numpy()
    maps = readout.time.weight.detach().numpy()
    for bin_ in range(steps // 2 + 1):
        for channel in range(CHANNELS):
            expected = np.einsum("t,bthw->bhw", maps[bin_], field.numpy()[:, :, channel])
            np.testing.assert_allclose(features[:, bin_ * CHANNELS + channel], expected, rtol=1e-12, atol=1e-12)


def test_a_sine_wave_appears_only_in_its_frequency_bin() -> None:
    steps, cycles = 40, 6
    wave = torch.cos(2 * torch.pi * cycles * torch.arange(steps) / steps)
    features = build_readout("fft", steps=steps, channels=1)(wave.view(1, steps, 1, 1, 1)).flatten()
    assert int(features.argmax()) == cycles
    assert features[cycles].item() == pytest.approx(steps / 2, rel=1e-5)
    assert features[torch.arange(len(features)) != cycles].max() < 1e-4


@every_readout
@pytest.mark.parametrize("steps", [5, 6])
def test_gradients(name: ReadoutName, steps: int) -> None:
    readout = build_readout(name, steps=steps, channels=CHANNELS).double()
    assert torch.autograd.gradcheck(readout, random_field(steps)[:1, ..., :2, :2].requires_grad_())


def test_fft_of_a_zero_field_has_gradient_0() -> None:
    field = torch.zeros(1, 8, 2, 3, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(build_readout("fft", steps=8, channels=2)(field).sum(), field)
    assert torch.equal(gradient, torch.zeros_like(field))


@every_readout
def test_the_features_of_a_pixel_depend_only_on_that_pixel(name: ReadoutName) -> None:
    readout, field = build_readout(name, steps=6, channels=CHANNELS).double(), random_field(6)
    one = field[..., 2:3, 3:4]
    torch.testing.assert_close(readout(field)[..., 2:3, 3:4], readout(one))


def test_the_error_for_an_unknown_readout_lists_all_readouts() -> None:
    with pytest.raises(ValueError, match="one of last, mean, max, fft, linear, got 'median'"):
        build_readout("median", steps=4, channels=1)  # type: ignore[arg-type]
