"""Waves of the linear field against closed forms of the scheme: frequency, damping, speed, light cone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Nonlinearity, WaveState, evolve, laplacian, step

from .lattice import LAPLACIAN, mode_amplitudes, normal, plane, restoring, scheme_frequency, uniform

HEIGHT, WIDTH = 10, 16
WAVES = [(0, 0), (1, 0), (0, 1), (3, 2), (8, 0), (0, 5), (5, 4), (8, 5)]
"""Numbers of wavelengths along width and height, from 0 to those of the shortest wave (two pixels)."""


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
    amplitudes = mode_amplitudes(restoring(kx, ky, omega), dt, steps=1000)
    # Rounding errors add up to about 1e-12 over 1000 steps; a frequency error of 1e-9 would fail.
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
    """Complex waves ``exp(i (k x - Omega t))`` on a strip, all in one direction, as a state of the scheme."""
    now = torch.fft.ifft(spectrum)
    before = torch.fft.ifft(spectrum * torch.exp(1j * frequencies * dt))
    return WaveState(now[None, None, None], ((now - before) / dt)[None, None, None])


def run_complex(state: WaveState, omega: float, dt: float, steps: int) -> Tensor:
    """The complex position after ``steps`` on a circular strip, ``(width,)``; both parts evolve as one batch."""
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
    # The packet's wavenumbers are within about 1/30 of its central one; their speeds average to within 0.5 %.
    assert speed == pytest.approx(closed_form, rel=5e-3)
    if wavenumber > 1:  # there, the scheme's speed differs from the equation's by far more than that
        equation = np.sin(wavenumber) / np.sqrt(restoring(wavenumber, 0.0, omega))
        assert speed > 1.05 * equation


@pytest.mark.parametrize("nonlinearity", ["tanh", "linear"])
@pytest.mark.parametrize("diagonals", [True, False])
def test_a_front_moves_exactly_one_pixel_a_step(diagonals: bool, nonlinearity: Nonlinearity) -> None:
    """A change of one pixel changes every pixel within its light cone, and no bit of any pixel outside it."""
    size, centre = 15, 7
    coupling = normal(1, 1, 3, 3, seed=3) if diagonals else laplacian(1, dtype=torch.float64)
    y0 = 0.2 * normal(1, 1, size, size, seed=0)  # small, so that tanh does not saturate and hide the change
    changed_y0 = y0.clone()
    changed_y0[0, 0, centre, centre] += 0.2
    omega, alpha = uniform(1, 1, size, size, seed=1), uniform(1, 1, size, size, seed=2)
    both = [evolve(y, omega, alpha, coupling, dt=0.2, steps=5, nonlinearity=nonlinearity) for y in (y0, changed_y0)]
    changed = (both[0] != both[1])[0, :, 0]
    offsets = (torch.arange(size) - centre).abs()
    rows, columns = offsets[:, None], offsets[None, :]
    distance = torch.maximum(rows, columns) if diagonals else rows + columns
    for n, frame in enumerate(changed, start=1):
        assert torch.equal(frame, distance <= n)
