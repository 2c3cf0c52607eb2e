"""The theory of the dispersion relation against simulated fields, for symmetric, asymmetric and mixing couplings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from drumhead.fields import evolve
from drumhead.waves import dispersion_relation, lattice_wave_number, travelling_spectrum
from drumhead.waves.dispersion_fit import spectral_ridge

DT = 0.4
LAPLACIAN = np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])
NINE_POINT = np.array([[0.25, 0.5, 0.25], [0.5, -3, 0.5], [0.25, 0.5, 0.25]])
SHEARED = np.array([[0.3, 0.7, 0.0], [0.5, -3, 0.5], [0.0, 0.7, 0.3]])
TORUS = np.stack(np.meshgrid(*(2 * np.pi * np.fft.fftfreq(16),) * 2, indexing="ij"), axis=-1)


def simulate(
    coupling: npt.NDArray[np.float64],
    *,
    stiffness: float = 0.0,
    damping: float = 0.0,
    steps: int = 512,
    size: int = 16,
    y0: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the frames ``(time, channel, y, x)`` of a linear circular field."""
    kernels = coupling if coupling.ndim == 4 else coupling[None, None]
    if y0 is None:
        y0 = np.random.default_rng(0).standard_normal((len(kernels), size, size))
    start = torch.from_numpy(y0[None])
    constant = torch.ones_like(start)
    field = evolve(
        start,
        stiffness * constant,
        damping * constant,
        torch.from_numpy(kernels),
        dt=DT,
        steps=steps,
        nonlinearity="linear",
        engine="plain",
    )
    return field[0].numpy()


@pytest.mark.parametrize(
    ("coupling", "stiffness"), [(LAPLACIAN, 0.0), (LAPLACIAN, 0.7), (NINE_POINT, 0.0), (SHEARED, 0.0)]
)
def test_every_mode_of_a_sheet_has_the_frequency_of_the_theory(
    coupling: npt.NDArray[np.float64], stiffness: float
) -> None:
    spectrum = travelling_spectrum(
        simulate(coupling, stiffness=stiffness)[:, 0], dt=DT, spacing=1, window="hann", padding=8, detrend="none"
    )
    ridge = spectral_ridge(spectrum)[0]
    vectors = np.stack(np.meshgrid(spectrum.k_y, spectrum.k_x, indexing="ij"), axis=-1)
    theory = dispersion_relation(stiffness, 0, coupling[None, None], dt=DT, wave_vector=vectors).frequency[..., 0]
    moving = theory > spectrum.resolution
    assert moving.sum() >= 255
    assert np.abs(2 * np.pi * (ridge - theory))[moving].max() < 1e-5


def test_the_frequency_of_the_laplacian_is_that_of_the_closed_form() -> None:
    squares = (
        2
        / DT
        * np.sin(
            np.pi
            * DT
            * dispersion_relation(0.5, 0, 0.7 * LAPLACIAN[None, None], dt=DT, wave_vector=TORUS).frequency[..., 0]
        )
    ) ** 2
    np.testing.assert_allclose(squares, 0.5 + 0.7 * lattice_wave_number(TORUS[..., 0], TORUS[..., 1]) ** 2, atol=1e-12)


def test_damped_modes_oscillate_and_decay_as_in_the_theory() -> None:
    frames = simulate(LAPLACIAN, stiffness=0.5, damping=0.05, steps=40)[:, 0]
    modes = np.fft.fft2(frames)
    theory = dispersion_relation(0.5, 0.05, LAPLACIAN[None, None], dt=DT, wave_vector=TORUS)
    # Each mode obeys y[n+1] = p y[n] - q y[n-1]; its factors mu are the roots of mu^2 - p mu + q.
    for row, column in ((0, 0), (0, 3), (5, 2), (8, 8), (13, 4)):
        y = modes[:, row, column]
        (p, q), *_ = np.linalg.lstsq(np.stack([y[1:-1], -y[:-2]], axis=1), y[2:], rcond=None)
        mu = np.roots([1, -p.real, q.real])
        frequencies = np.abs(np.angle(mu)) / (2 * np.pi * DT)
        np.testing.assert_allclose(frequencies, theory.frequency[row, column, 0], atol=1e-6)
        np.testing.assert_allclose(np.log(np.abs(mu)) / DT, theory.growth[row, column, 0], atol=1e-6)
    assert theory.growth == pytest.approx(-0.025253, abs=1e-6)


def test_an_asymmetric_coupling_amplifies_waves_in_one_direction() -> None:
    coupling = LAPLACIAN.copy()
    coupling[1, 0] += 0.2  # more from the left neighbour
    k = 2 * np.pi * 3 / 16
    there, back = dispersion_relation(0, 0, coupling[None, None], dt=DT, wave_vector=[(0, k), (0, -k)]).growth[:, 0]
    assert there == pytest.approx(-back, rel=1e-9)
    assert there > 0.01  # the pull of the left neighbour has the sign of the velocity of a wave to the right
    noise = np.random.default_rng(1).standard_normal((1, 16, 16))
    modes = np.fft.fft2(simulate(coupling, steps=30, y0=noise)[:, 0])[:, 0, 3]
    waves = dispersion_relation(0, 0, coupling[None, None], dt=DT, wave_vector=[(0, k), (0, -k)])
    mu = np.exp((waves.growth[:, 0] + 2j * np.pi * np.array([1, -1]) * waves.frequency[:, 0]) * DT)
    # numpy's mode at +k is of exp(+i k r): the wave along +k, exp(i (Omega t - k r)), is in it as a complex conjugate.
    recurrence = modes[2:] - (np.conj(mu[0]) + np.conj(mu[1])) * modes[1:-1] + np.conj(mu[0] * mu[1]) * modes[:-2]
    assert np.abs(recurrence).max() < 1e-12 * np.abs(modes).max()


def test_group_velocity_is_the_derivative_of_the_frequency() -> None:
    generator = np.random.default_rng(2)
    mixing = np.stack([np.stack([LAPLACIAN, 0.2 * NINE_POINT]), np.stack([0.2 * NINE_POINT, 0.6 * SHEARED])])
    mixing = mixing + 0.05 * generator.standard_normal(mixing.shape)
    step = 1e-5
    for omega, alpha, coupling in ((0.3, 0.0, LAPLACIAN[None, None]), ([0.5, 2.0], [0.1, 0.2], mixing)):
        vectors = generator.uniform(0.3, 2.5, (20, 2))
        found = dispersion_relation(omega, alpha, coupling, dt=DT, wave_vector=vectors)
        for axis, velocity in enumerate((found.group_velocity_y, found.group_velocity_x)):
            shift = step * np.eye(2)[axis]
            ahead, behind = (
                dispersion_relation(omega, alpha, coupling, dt=DT, wave_vector=vectors + sign * shift).frequency
                for sign in (1, -1)
            )
            np.testing.assert_allclose(velocity, 2 * np.pi * (ahead - behind) / (2 * step), atol=1e-7)


def test_group_velocity_of_the_laplacian_has_the_closed_form() -> None:
    found = dispersion_relation(0.5, 0, 0.7 * LAPLACIAN[None, None], dt=DT, wave_vector=TORUS)
    for axis, velocity in enumerate((found.group_velocity_y, found.group_velocity_x)):
        closed = 0.7 * DT * np.sin(TORUS[..., axis]) / np.sin(2 * np.pi * DT * found.frequency[..., 0])
        np.testing.assert_allclose(velocity[..., 0], closed, atol=1e-10)


def test_channels_that_mix_have_the_frequencies_of_a_simulated_field() -> None:
    mixing = np.stack([np.stack([LAPLACIAN, 0.2 * NINE_POINT]), np.stack([0.2 * NINE_POINT, 0.6 * LAPLACIAN])])
    modes = np.fft.fft2(simulate(mixing, stiffness=0.5, damping=0.05, steps=60))[:, :, 2, 5]
    found = dispersion_relation(0.5, 0.05, mixing, dt=DT, wave_vector=TORUS[2, 5])
    mu = np.exp((found.growth + 2j * np.pi * found.frequency) * DT)
    # A scalar sequence with these four factors obeys their linear recurrence.
    polynomial = np.poly(np.concatenate([mu, mu.conj()]))
    for channel in (0, 1):
        recurrence = np.convolve(modes[:, channel], polynomial, mode="valid")
        assert np.abs(recurrence).max() < 1e-11 * np.abs(modes).max()
    assert found.frequency[0] > found.frequency[1] + 0.01


def test_strong_damping_stops_oscillation_and_a_free_sheet_rests_at_k_0() -> None:
    overdamped = dispersion_relation(0.5, 4, LAPLACIAN[None, None], dt=0.1, wave_vector=(0, 0))
    assert (overdamped.frequency[0], overdamped.group_velocity_x[0]) == (0, 0)
    # The slower of the two decays: of y[n+1] = p y[n] - q y[n-1].
    slower = np.log(np.roots([1, -(2 - 0.01 * 0.5 - 0.4), 1 - 0.4]).max()) / 0.1
    assert overdamped.growth[0] == pytest.approx(slower, abs=1e-12)
    free = dispersion_relation(0, 0, LAPLACIAN[None, None], dt=0.1, wave_vector=(0, 0))
    assert (free.frequency[0], free.growth[0]) == (0, 0)
    assert np.isnan(free.group_velocity_x[0])


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match="coupling must be"):
        dispersion_relation(0, 0, LAPLACIAN, dt=0.1, wave_vector=(0, 0))
    with pytest.raises(ValueError, match="wave_vector must be"):
        dispersion_relation(0, 0, LAPLACIAN[None, None], dt=0.1, wave_vector=0)
    with pytest.raises(ValueError, match="omega must be"):
        dispersion_relation(np.zeros((16, 16)), 0, LAPLACIAN[None, None], dt=0.1, wave_vector=(0, 0))
    with pytest.raises(ValueError, match="dt"):
        dispersion_relation(0, 0, LAPLACIAN[None, None], dt=0, wave_vector=(0, 0))
