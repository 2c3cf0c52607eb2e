"""How often the choice of a wave's model is right: synthetic waves of each kind, by array size and phase error.

Run ``python benchmarks/wave_models.py [--frames 100]``. Each row has the waves of one kind, each column a model, the
numbers are percentages. Wavelengths are uniform from 4 sites to 1.5 times the array, centres on the array.
"""

from __future__ import annotations

import argparse

import numpy as np

from drumhead.waves import Grid, choose_model, plane_wave, rotating_wave, target_wave
from drumhead.waves.model_choice import MODELS
from drumhead.waves.sites import Complexes

SIZES = (6, 10, 16)
ERRORS = (0.4, 0.8, 1.2)


def waves(model: str, *, size: int, frames: int, error: float, generator: np.random.Generator) -> Complexes:
    """Return frames of waves of one kind, ``(frame, size, size)``, with normal phase errors."""
    grid = Grid(frames=1, height=size, width=size, spacing=(1.0, 1.0))
    result = np.ones((frames, size, size), np.complex128)
    for frame in range(frames):
        k = 2 * np.pi / generator.uniform(4, 1.5 * size)
        angle, sign = generator.uniform(0, 2 * np.pi), 1 if generator.random() < 0.5 else -1
        y, x = generator.uniform(0.15 * size, 0.85 * size, 2)
        if model == "none":
            result[frame] = np.exp(2j * np.pi * generator.random((size, size)))
        elif model == "plane":
            result[frame] = plane_wave(grid, wave_vector=(k * np.sin(angle), k * np.cos(angle)))[0]
        elif model == "target":
            result[frame] = target_wave(grid, centre=(y, x), wave_number=sign * k)[0]
        elif model == "rotation":
            pitch = k if generator.random() < 0.5 else 0.0
            result[frame] = rotating_wave(grid, centre=(y, x), chirality=1 if sign > 0 else -1, pitch=pitch)[0]
    errors: Complexes = np.exp(1j * generator.normal(scale=error, size=result.shape))
    return result * errors


def confusion(size: int, error: float, *, frames: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return the share of each model that is chosen, by the kind of the waves."""
    generator = np.random.default_rng(seed)
    movies = [waves(model, size=size, frames=frames, error=error, generator=generator) for model in MODELS]
    chosen = choose_model(np.concatenate(movies), spacing=1.0).model.reshape(len(MODELS), frames)
    return {
        model: {other: float((row == other).mean()) for other in MODELS}
        for model, row in zip(MODELS, chosen, strict=True)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100, help="waves of each kind, size and phase error")
    frames = parser.parse_args().frames
    for size in SIZES:
        for error in ERRORS:
            print(f"\n{size} x {size} sites, phase errors of {error} rad" + "".join(f"{each:>11}" for each in MODELS))
            for model, shares in confusion(size, error, frames=frames).items():
                print(f"{model:>38}" + "".join(f"{100 * shares[other]:11.0f}" for other in MODELS), flush=True)


if __name__ == "__main__":
    main()
