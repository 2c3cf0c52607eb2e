"""Tables of measured waves: the same in CSV and in NWB, bit for bit."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drumhead.report.tables.wave_tables import write_singularities_csv, write_waves_csv, write_waves_nwb
from drumhead.waves import Grid, Movie, plane_wave, read_movie, rotating_wave, white_noise
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements

pynwb = pytest.importorskip("pynwb")

GRID = Grid(frames=40, height=5, width=6, dt=0.01, spacing=(0.5, 0.4))


def measured(values: Any, **fields: Any) -> Measurements:
    known = {"dt": GRID.dt, "start": 0.3, "spacing": GRID.spacing, "length_unit": "mm", "time_unit": "s"}
    movie = Movie(values=values, **{**known, **fields})
    return measure_waves(movie, generator=np.random.default_rng(0), surrogates=19)


def turning() -> Any:
    """A wave that turns about the middle, in noise, with one site missing."""
    noise = white_noise(GRID, np.random.default_rng(0), deviation=0.3)
    values = rotating_wave(GRID, centre=(1.0, 1.0), frequency=10).real + noise
    values[:, 4, 5] = np.nan
    return values


def scattered() -> dict[str, Any]:
    positions = np.random.default_rng(0).uniform(0, 2, (30, 2))
    return {"positions": positions, "spacing": None, "unit": "mV"}


MOVIES: dict[str, tuple[Any, dict[str, Any]]] = {
    "photons": (turning(), {}),
    "electrodes": (turning(), {"unit": "mV"}),
    "pixels": (turning(), {"length_unit": "pixel", "time_unit": "unit of time"}),
    "scattered": (plane_wave(GRID, wave_vector=(0.6, -0.8), frequency=10).real.reshape(40, 30), scattered()),
}


@pytest.mark.parametrize(("values", "fields"), MOVIES.values(), ids=MOVIES)
def test_an_nwb_file_has_the_movie_and_the_rows_of_both_csv_files(
    values: Any, fields: dict[str, Any], tmp_path: Path
) -> None:
    found, file = measured(values, **fields), tmp_path / "waves.nwb"
    write_waves_csv(found, tmp_path / "frames.csv")
    write_singularities_csv(found, tmp_path / "singularities.csv")
    write_waves_nwb(found, file)
    assert pynwb.validate(path=str(file), use_cached_namespaces=False) == []
    assert read_movie(file).equals(found.movie)
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        module = io.read().processing["waves"]
        for name in ("frames", "singularities"):
            with (tmp_path / f"{name}.csv").open(newline="") as stream:
                header, *rows = csv.reader(stream)
            table = module[name]
            assert set(table.colnames) == set(header)
            assert list(table.colnames) == header or not rows  # hdmf does not keep the order without rows
            assert len(table) == len(rows)
            for number, column in enumerate(header):
                stored, cells = table[column].data[:], [row[number] for row in rows]
                if column == "model":
                    assert list(stored) == cells
                elif stored.dtype.kind == "i":
                    assert stored.tolist() == [int(cell) for cell in cells]
                else:
                    assert stored.dtype == np.float64
                    np.testing.assert_array_equal(stored, [float(cell or "nan") for cell in cells], strict=True)
        assert len(module["frames"]) == 40
        assert (len(module["singularities"]) > 0) == (fields.get("positions") is None)
        time, length = found.movie.time_unit, found.movie.length_unit
        assert f"({length} per {time})" in module["frames"]["speed"].description
        assert f"({length})" in module["singularities"]["y"].description
