"""The measurements of a movie's waves as files: tables as CSV and NWB, the spectrum as ``.npz``, a summary as JSON."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.files import atomic_replace
from drumhead.runs import package_versions, write_json
from drumhead.waves import summarise_directions
from drumhead.waves.formats.nwb_writing import save_nwb
from drumhead.waves.measurements import LEVEL, Measurements
from drumhead.waves.model_choice import MODELS
from drumhead.waves.permuted_sites import SURROGATES
from drumhead.waves.result_tables import ResultTable, frame_table, singularity_table
from drumhead.waves.sites import Bools

CONVENTIONS = {
    "axes": "y along growing rows, x along growing columns; the first row and column of the grid are at 0",
    "direction": "the way the wave goes, in radians from +x towards +y; clockwise on a screen with row 0 at the top",
    "wave": "cos(k.r - 2 pi f t), whose phase grows in time: k = -grad phase for f > 0",
    "wave numbers": "radians per length; wavelength = 2 pi / |k|",
    "frequency": "cycles per time; of a frame: the mean over sites of the two steps around it",
    "speed": "|mean angular frequency| / |mean phase gradient|",
    "pgd": "|mean phase gradient| / mean |phase gradient|, 0 to 1",
    "gain": "(R^2 - R0^2) / (1 - R0^2), with R of the best plane wave and R0 the synchrony; at most 1",
    "model": "the best of synchrony, plane, target and rotation; none if permuted sites give its gain too",
    "model_gain": "the gain of the best model",
    "charge": "turns of the phase around it from +x towards +y; chirality = -charge: +1 turns from +x towards +y",
    "p": "share of surrogates, and the movie itself, whose statistic is at least the frame's; sites permuted",
    "p_max": "the same with the largest value of each surrogate in any frame, which holds for all frames together",
    "empty cells": "the number is not defined there",
    "missing sites": "left out; nothing is interpolated or padded",
}


def write_waves_csv(measurements: Measurements, path: str | Path) -> None:
    """Write a row for each frame; a number that is not defined is an empty cell."""
    write_csv(path, frame_table(measurements))


def write_singularities_csv(measurements: Measurements, path: str | Path) -> None:
    """Write a row for each phase singularity of each frame; only the header for scattered sites, which have none."""
    write_csv(path, singularity_table(measurements))


def write_csv(path: str | Path, table: ResultTable) -> None:
    """Write a table as CSV with a header, atomically; NaN is an empty cell."""
    with atomic_replace(Path(path)) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([column.name for column in table.columns])
        for row in zip(*(column.values.tolist() for column in table.columns), strict=True):
            writer.writerow([_cell(value) for value in row])


def write_waves_nwb(measurements: Measurements, path: str | Path) -> None:
    """Write the movie that was measured, on a grid if its sites are on one, with both tables, as an NWB file.

    Raises:
        ValueError: if pynwb is not installed, or NWB cannot hold the movie.
    """
    save_nwb(Path(path), measurements.movie, (frame_table(measurements), singularity_table(measurements)))


def write_spectrum(measurements: Measurements, path: str | Path) -> None:
    """Write the k-omega spectrum and its radial average as ``.npz``; no arrays for scattered sites."""
    arrays: dict[str, Any] = {}
    if measurements.spectrum is not None and measurements.radial is not None:
        spectrum = measurements.spectrum
        arrays = {
            "frequency": spectrum.frequency,
            "k_y": spectrum.k_y,
            "k_x": spectrum.k_x,
            "power": spectrum.power.astype(np.float32),
            "valid_share": np.array(spectrum.valid_share),
            "radial_wave_number": measurements.radial.wave_number,
            "radial_power": measurements.radial.power,
        }
        if measurements.dispersion is not None:
            arrays |= {
                "ridge_frequency": measurements.dispersion.ridge,
                "fitted_frequency": measurements.dispersion.fitted,
            }
    with atomic_replace(Path(path)) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def write_summary(measurements: Measurements, path: str | Path, parameters: dict[str, Any]) -> dict[str, Any]:
    """Write ``summary.json``, with every convention, parameter, version and seed; return its content.

    Args:
        measurements: the measurements.
        path: the file.
        parameters: what the user chose, such as the band and the seed.
    """
    content = {
        "movie": _movie_summary(measurements),
        "parameters": {
            **parameters,
            "phase": measurements.phase,
            "surrogates": len(measurements.null),
            "surrogate_kind": SURROGATES,
            "statistic": measurements.statistic,
            "level": LEVEL,
        },
        "results": result_summary(measurements),
        "conventions": CONVENTIONS,
        "versions": package_versions(),
    }
    write_json(path, content)
    return content


def result_summary(measurements: Measurements) -> dict[str, Any]:
    """Return the numbers that sum up a movie: medians over trusted frames, and over frames with a wave."""
    waves, trusted = measurements.waves, measurements.analytic.trusted
    significant = measurements.significant
    tested = len(measurements.null) > 0
    chosen = significant if tested else trusted
    directions = summarise_directions(waves.direction[chosen])
    found, tracks = measurements.singularities, measurements.tracks
    summary: dict[str, Any] = {
        "frames": measurements.movie.frames,
        "frames_trusted": int(trusted.sum()),
        "frames_with_a_wave": int(significant.sum()) if tested else None,
        "pgd_median": quantile(waves.pgd, 0.5, trusted),
        "pgd_90_percent": quantile(waves.pgd, 0.9, trusted),
        "pgd_null_median": quantile(measurements.null, 0.5) if measurements.statistic == "pgd" else None,
        "pgd_null_95_percent": quantile(measurements.null, 0.95) if measurements.statistic == "pgd" else None,
        "gain_median": quantile(waves.gain, 0.5, trusted),
        "gain_null_median": quantile(measurements.gain_null, 0.5),
        "gain_null_99_percent": quantile(measurements.gain_null, 0.99),
        "synchrony_median": quantile(waves.synchrony, 0.5, trusted),
        "frequency_median": quantile(waves.frequency, 0.5, trusted),
        "speed_median": quantile(waves.speed, 0.5, chosen),
        "wavelength_median": quantile(waves.wavelength, 0.5, chosen),
        "frames_by_model": _count_models(measurements),
        "direction_mean": _known(directions.mean),
        "direction_resultant": _known(directions.resultant),
    }
    if found is not None and tracks is not None:
        summary |= {
            "singularities": len(found.frame),
            "singularities_per_trusted_frame": len(found.frame) / int(trusted.sum()),
            "singularities_turning_from_x_towards_y": int((found.chirality > 0).sum()),
            "singularity_tracks": len(tracks.first),
        }
    if measurements.dispersion is not None:
        fit = measurements.dispersion
        names = (
            "stiffness",
            "stiffness_error",
            "speed_squared",
            "speed_squared_error",
            "r_squared",
            "share_on_surface",
        )
        summary["dispersion"] = {name: _known(getattr(fit, name)) for name in names}
        summary["dispersion"]["equation"] = (
            "(2 pi f)^2 = stiffness + speed_squared |k|^2"
            if measurements.movie.omega is None
            else "4 / dt^2 sin^2(pi f dt) = stiffness + speed_squared (4 sin^2(k_y / 2) + 4 sin^2(k_x / 2))"
        )
    return summary


def _count_models(measurements: Measurements) -> dict[str, int]:
    """Return the number of frames of each model."""
    names = [measurements.model(frame) for frame in range(measurements.movie.frames)]
    return {model: names.count(model) for model in MODELS}


def quantile(values: npt.NDArray[np.float64], share: float, chosen: Bools | None = None) -> float | None:
    """Return a quantile of the finite values, of chosen frames or all; None if there are none."""
    kept = values if chosen is None else values[chosen]
    kept = kept[np.isfinite(kept)]
    return float(np.quantile(kept, share)) if kept.size else None


def _movie_summary(measurements: Measurements) -> dict[str, Any]:
    movie, excluded = measurements.movie, measurements.exclusions
    reasons = {
        "excluded_by_the_mask": excluded.excluded,
        "not_finite": excluded.not_finite,
        "constant": excluded.constant,
        "quiet": measurements.quiet,
    }
    return {
        "name": movie.name,
        "origin": movie.origin,
        "shape": list(movie.values.shape),
        "dt": movie.dt,
        "start": movie.start,
        "spacing": None if movie.spacing is None else list(movie.spacing),
        "unit": movie.unit,
        "length_unit": movie.length_unit,
        "time_unit": movie.time_unit,
        "boundary": movie.boundary,
        "sites": movie.values[0].size,
        "sites_valid": int(measurements.sites.sum()),
        "sites_without_phase": int((measurements.sites & ~measurements.has_phase).sum()),
        "sites_not_valid": {reason: np.argwhere(sites).tolist() for reason, sites in reasons.items()},
    }


def _cell(value: Any) -> Any:
    """Return what a cell holds: numbers with all their digits, an empty text for NaN."""
    return "" if isinstance(value, float) and np.isnan(value) else value


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
