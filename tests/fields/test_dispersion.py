"""Waves of the linear field against the closed form of this scheme: frequency, damping, speed, light cone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Nonlinearity, WaveState, evolve, laplacian, step

from .lattice import LAPLACIAN, at_rest, normal, plane, restoring, scheme_frequency, uniform

HEIGHT, WIDTH = 10, 16
WAVES = [(0, 0), (1, 0), (0, 1), (3, 2), (8, 0), (0, 5), (5, 4), (8, 5)]
"""Wavelengths along width and height, from none to the shortest (two pixels) in both."""


def wave_vector(wave: tuple[int, int]) -> tuple[float, float]:
    return 2 * np.pi * wave[0] / WIDTH, 2 * np.pi * wave[1] / HEIGHT


@pytest.mark.parametrize("dt", [0.1, 0.5])
@pytest.mark.parametrize("wave", WAVES)
def test_a_standing_wave_has_the_frequency_of_the_closed_form(wave: tuple[int, int], dt: float) -> None:
    kx, ky = wave_vector(wave)
    omega = 0.7
    y0 = torch.cos(plane(kx, ky, HEIGHT, WIDTH))
    stiffness = torch.full_like(y0, omega)
    field = evolve(y0, stiffness, 0 * y0, LAPLACIAN, dt=dt, steps=1000, nonlinearity="linear")
    amplitudes = at_rest(restoring(kx, ky, omega), dt, steps=1000)
    # Rounding adds up over 1000 steps, to 1e-12 or so; a frequency off by 1e-9 would show.
    torch.testing.assert_close(field, amplitudes[None, :, None, None, None] * y0[:, None], rtol=0, atol=1e-10)


@pytest.mark.parametrize(("wave", "damping"), [((1, 0), 0.05), ((3, 2), 0.4), ((8, 5), 1.5), ((0, 0), 6.0)])
def test_a_damped_wave_follows_the_roots_of_the_scheme(wave: tuple[int, int], damping: float) -> None:
    """Under- and (the last case) overdamped: ``mu^2 - (2 - dt^2 a - dt d) mu + (1 - dt d) = 0``."""
    kx, ky = wave_vector(wave)
    omega, dt, steps = 0.7, 0.3, 200
    y0 = torch.cos(plane(kx, ky, HEIGHT, WIDTH))
    field = evolve(
        y0,
        torch.full_like(y0, omega),
        torch.full_like(y0, damping),
        LAPLACIAN,
        dt=dt,
        steps=steps,
        nonlinearity="linear",
    )
    a = restoring(kx, ky, omega)
    roots = np.roots([1, -(2 - dt**2 * a - dt * damping), 1 - dt * damping])
    weights = np.linalg.solve(np.array([[1, 1], 1 / roots]), np.ones(2))  # y[0] = y[-1] = 1
    amplitudes = torch.from_numpy(np.real(weights @ roots[:, None] ** np.arange(1, steps + 1)))
    torch.testing.assert_close(field, amplitudes[None, :, None, None, None] * y0[:, None], rtol=0, atol=1e-12)


def travelling(spectrum: Tensor, frequencies: Tensor, dt: float) -> WaveState:
    """Complex waves ``exp(i (k x - Omega t))`` on a strip, all going one way, as this scheme carries them."""
    now = torch.fft.ifft(spectrum)
    before = torch.fft.ifft(spectrum * torch.exp(1j * frequencies * dt))
    return WaveState(now[None, None, None], ((now - before) / dt)[None, None, None])


def run_complex(state: WaveState, omega: float, dt: float, steps: int) -> Tensor:
    """Complex position after ``steps`` on a circular strip, ``(width,)``; real and imaginary part side by side."""
    state = WaveState(*(torch.cat([part.real, part.imag]) for part in state))
    stiffness = torch.full_like(state.y, omega)
    for _ in range(steps):
        state = step(state, stiffness, 0 * stiffness, LAPLACIAN, dt=dt, nonlinearity="linear")
    return torch.complex(state.y[0, 0, 0], state.y[1, 0, 0])


def strip_frequencies(k: Tensor, omega: float, dt: float) -> Tensor:
    return torch.tensor([scheme_frequency(restoring(float(each), 0.0, omega), dt) for each in k], dtype=k.dtype)


def test_a_travelling_wave_moves_at_its_phase_speed() -> None:
    omega, dt, steps, width = 0.2, 0.4, 500, 64
    k = 2 * torch.pi * torch.fft.fftfreq(width, dtype=torch.float64)
    frequencies = strip_frequencies(k, omega, dt)
    for harmonic in (1, 7, 20, 31):
        spectrum = torch.zeros(width, dtype=torch.complex128)
        spectrum[harmonic] = width
        wave = run_complex(travelling(spectrum, frequencies, dt), omega, dt, steps)
        speed = float(frequencies[harmonic] / k[harmonic])
        x = torch.arange(width, dtype=torch.float64)
        expected = torch.exp(1j * k[harmonic] * (x - speed * steps * dt))
        torch.testing.assert_close(wave, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("wavenumber", [0.4, 0.9, 1.6])
def test_a_wave_packet_moves_at_its_group_velocity(wavenumber: float) -> None:
    omega, dt, width, steps, start = 0.2, 0.6, 1024, 400, 300
    x = torch.arange(width, dtype=torch.float64)
    packet = torch.exp(-(((x - start) / 30) ** 2) / 2) * torch.exp(1j * wavenumber * x)
    k = 2 * torch.pi * torch.fft.fftfreq(width, dtype=torch.float64)
    state = travelling(torch.fft.fft(packet), strip_frequencies(k, omega, dt), dt)
    intensity = run_complex(state, omega, dt, steps).abs() ** 2
    speed = (float((x * intensity).sum() / intensity.sum()) - start) / (steps * dt)

    frequency = scheme_frequency(restoring(wavenumber, 0.0, omega), dt)
    closed_form = dt * np.sin(wavenumber) / np.sin(frequency * dt)
    # The packet holds wavenumbers within some 1/30 of its centre, whose speeds average to within 0.5 %.
    assert speed == pytest.approx(closed_form, rel=5e-3)
    if wavenumber > 1:  # ... where the scheme's own speed differs from the equation's by far more
        equation = np.sin(wavenumber) / np.sqrt(restoring(wavenumber, 0.0, omega))
        assert speed > 1.05 * equation


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("diagonals", [True, False])
def test_a_front_moves_exactly_one_pixel_a_step(diagonals: bool, nonlinearity: Nonlinearity) -> None:
    """What one pixel does changes nothing beyond the light cone, not by one bit, and all within it."""
    size, centre = 15, 7
    coupling = normal(1, 1, 3, 3, seed=3) if diagonals else laplacian(1, dtype=torch.float64)
    y0 = 0.2 * normal(1, 1, size, size, seed=0)  # where tanh does not saturate, and so swallow, a small change
    struck = y0.clone()
    struck[0, 0, centre, centre] += 0.2
    omega, alpha = uniform(1, 1, size, size, seed=1), uniform(1, 1, size, size, seed=2)
    fields = [evolve(y, omega, alpha, coupling, dt=0.2, steps=5, nonlinearity=nonlinearity) for y in (y0, struck)]
    changed = (fields[0] != fields[1])[0, :, 0]
    offsets = (torch.arange(size) - centre).abs()
    rows, columns = offsets[:, None], offsets[None, :]
    distance = torch.maximum(rows, columns) if diagonals else rows + columns
    for n, frame in enumerate(changed, start=1):
        assert torch.equal(frame, distance <= n)
