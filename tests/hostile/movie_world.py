"""A folder with a movie of every format that :func:`drumhead.waves.read_movie` opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import tifffile
from tests.waves.formats.movies import letter_movie, scattered_movie
from tests.waves.formats.test_matlab import write_73

from drumhead.waves import States, save_movie, save_states

RECORDING: dict[str, Any] = {"dt": 0.1, "spacing": 0.5}
READ_WITH: dict[str, dict[str, Any]] = {
    "array.npy": RECORDING,
    "movie.npz": {},
    "states.npz": {},
    "cube.mat": {"variable": "cube", **RECORDING},
    "sites.mat": {"variable": "data", "positions": "position", "dt": 0.1},
    "new.mat": {"variable": "cube", **RECORDING},
    "images.nwb": {},
    "electrodes.nwb": {},
    "sites.nwb": {},
    "states.nwb": {},
    "frames/1.tif": RECORDING,
}
"""The options with which each file is read; a TIFF file, with its folder."""


def build(folder: Path) -> None:
    """Make all files in a new folder."""
    letter, sites = letter_movie(), scattered_movie()
    np.save(folder / "array.npy", letter.values)
    save_movie(folder / "movie.npz", letter)
    save_states(folder / "states.npz", some_states())
    scipy.io.savemat(folder / "cube.mat", {"cube": letter.values.transpose(1, 2, 0)}, do_compression=True)
    scipy.io.savemat(folder / "sites.mat", {"data": sites.values, "position": sites.positions, "name": "words"})
    write_73(folder / "new.mat", cube=letter.values.transpose(1, 2, 0))
    save_movie(folder / "images.nwb", letter)
    save_movie(folder / "electrodes.nwb", sites)
    save_movie(folder / "sites.nwb", scattered_movie(unit="a"))
    save_states(folder / "states.nwb", some_states())
    (folder / "frames").mkdir()
    for number, frame in enumerate(letter.values):
        tifffile.imwrite(folder / "frames" / f"{number}.tif", frame)


def some_states() -> States:
    """Hidden states of a wave network on two samples."""
    generator = np.random.default_rng(0)
    return States(
        values=generator.random((2, 4, 2, 3, 5), np.float32),
        samples=(4, 1),
        dt=0.1,
        time_unit="unit of time",
        boundary="circular",
        nonlinearity="tanh",
        run="run",
        model="nwm",
        split="test",
        initial=generator.random((2, 2, 3, 5), np.float32),
        omega=generator.random((2, 2, 3, 5), np.float32),
        alpha=generator.random((2, 2, 3, 5), np.float32),
        coupling=generator.random((2, 2, 3, 3), np.float32),
        masks=np.zeros((2, 3, 5), np.uint8),
        class_names=("background", "L"),
    )
