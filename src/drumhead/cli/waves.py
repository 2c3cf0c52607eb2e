"""``drumhead waves``: measure the travelling waves of a recording, or of a run's hidden states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import tyro

from drumhead.analysis.natural_frequency import natural_frequencies
from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName
from drumhead.files import check_writable
from drumhead.hidden_states import states
from drumhead.number_ranges import parse_number_ranges
from drumhead.report.figures.measured_waves_figure import example_frames, measured_waves_figure
from drumhead.report.movies.movie_files import check_movie
from drumhead.report.movies.phase_movie import phase_movie, shown_frames
from drumhead.report.style import DPI, check_dpi, save_figure, two_digits
from drumhead.report.tables.wave_tables import (
    write_singularities_csv,
    write_spectrum,
    write_summary,
    write_waves_csv,
    write_waves_nwb,
)
from drumhead.waves import Movie, peak_frequency, read_movie, valid_sites
from drumhead.waves.formats.nwb_writing import check_writable_as_nwb
from drumhead.waves.formats.packages import require
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements, PhaseMethod
from drumhead.waves.reading import read_states_samples
from drumhead.waves.sites import Floats
from drumhead.zoo import find_run, pretrained_names

RECORDING_TIME_UNIT = "s"


class OutputFiles(NamedTuple):
    """The files of one movie."""

    waves: Path
    singularities: Path
    spectrum: Path
    summary: Path
    page_pdf: Path
    page_png: Path
    movie: Path | None
    nwb: Path | None

    @classmethod
    def inside(cls, folder: Path, movie: Literal["gif", "mp4", "none"], save: Literal["nwb"] | None) -> OutputFiles:
        """Return the files in a folder."""
        return cls(
            folder / "waves.csv",
            folder / "singularities.csv",
            folder / "spectrum.npz",
            folder / "summary.json",
            folder / "waves.pdf",
            folder / "waves.png",
            None if movie == "none" else folder / f"waves.{movie}",
            None if save is None else folder / f"waves.{save}",
        )


def main(args: list[str]) -> int:
    """Run ``drumhead waves``."""
    parse(waves, args, prog="drumhead waves")
    return OK


def waves(
    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    *,
    out: Path,
    dt: float | None = None,
    spacing: tuple[float, ...] = (),
    unit: str | None = None,
    time_unit: str | None = None,
    variable: str | None = None,
    positions: str | None = None,
    order: Literal["rows", "columns"] | None = None,
    band: tuple[float, float] | None = None,
    phase: PhaseMethod | None = None,
    min_amplitude: float = 0.0,
    smooth: float = 0.0,
    surrogates: int = 199,
    seed: int = 0,
    samples: str | None = None,
    channel: int = 0,
    split: SplitName = "test",
    data: Path | None = None,
    movie: Literal["gif", "mp4", "none"] = "gif",
    fps: float = 20,
    dpi: int = DPI,
    save: Literal["nwb"] | None = None,
) -> None:
    """Measure the waves of a recording or of hidden states: direction, speed, singularities, spectrum.

    SOURCE is a recording (.npy, .npz, .mat, .nwb, or a folder of TIFF files, one for each frame), hidden states that
    `drumhead states` wrote, or a run (a folder, or
    the name of a trained network). The folder of results holds

    waves.csv: a row for each frame. The direction is where the waves go, in radians from +x towards +y, where y grows
    from row to row (downwards); speed and wavelength are in your units; a cell is empty where a number is not defined.

    singularities.csv: the points about which waves turn, with their tracks. spectrum.npz: power by frequency and wave
    vector. summary.json: results, conventions, parameters, versions.

    waves.pdf and .png: a page of figures. waves.gif or .mp4: a movie of the phase with arrows.

    (`drumhead figure waves` is another command: it draws the hidden states of runs side by side, and their spectra over
    time.)

    Args:
        source: A recording, a file of hidden states, or a run folder.
        out: The folder for the results, with a folder for each sample if there are several.
        dt: Time from frame to frame. Needed unless the file says it.
        spacing: Length from site to site, or from row to row and from column to column. Needed unless the file says it.
        unit: Unit of the spacing, such as mm.
        time_unit: Unit of dt. By default that of the file, or s.
        variable: Name of the array in a .mat or .npz file.
        positions: Name of the positions of scattered sites, in the same file, with columns x and y. An array without
            gaps in its rows and columns is found to be a grid.
        order: Which comes first in the file: rows (y before x) or columns (x before y).
        band: Lower and upper end of a band-pass filter, in cycles per time. By default none.
        phase: How the phase is made: by Hilbert's transform, as generalized phase (for a wide band, in which Hilbert's
            runs backwards at times), or from states. By default from states for hidden states, else hilbert.
        min_amplitude: Leave out sites whose mean amplitude is below this share of the median site's, from 0 to 1.
        smooth: Smooth the complex signal over sites by a Gaussian of this standard deviation, in units of length. Fine
            grids with noise need it, since noise makes the phase gradients of neighbours large.
        surrogates: Number of surrogates with permuted sites, which say how probable a PGD is by chance: 0, or 19 or
            more.
        seed: Seed of the surrogates.
        samples: Samples of a run or of hidden states, such as 0:8 (0 to 7) or 1,2,3. By default one: 0 of a run, the
            first in a file.
        channel: Channel of a run or of hidden states, from 0.
        split: Split of a run's dataset that contains the samples.
        data: Another dataset folder for a run. By default the run's dataset.
        movie: The kind of movie; mp4 needs the extra `movies`.
        fps: Frames per second of the movie, from 0.01 to 50.
        dpi: Dots per inch of the page, from 72 to 1200.
        save: Also write waves.nwb (Neurodata Without Borders): the movie, and the rows of both CSV files as tables. It
            needs `pip install 'drumhead[nwb]'`.
    """
    check_dpi(dpi)
    if save == "nwb":
        require("pynwb", need="--save nwb", extra="nwb")
    numbers = () if samples is None else parse_number_ranges(samples, what="samples")
    folders = [out / f"sample-{number}" for number in numbers] if len(numbers) > 1 else [out]
    files = [OutputFiles.inside(folder, movie, save) for folder in folders]
    for each in files:
        check_writable(*filter(None, each))
        if each.movie is not None:
            check_movie(each.movie, fps)
    given = {
        "dt": dt,
        "spacing": check_spacing_flag(spacing),
        "length_unit": unit,
        "time_unit": time_unit,
        "variable": variable,
        "positions": positions,
        "order": order,
    }
    console = Console()
    movies = read_source(source, numbers, given, console, channel=channel, split=split, data=data)
    if save == "nwb":
        for recording in movies.values():
            check_writable_as_nwb(recording)
    parameters = {"source": str(source), "band": band, "min_amplitude": min_amplitude, "smooth": smooth, "seed": seed}
    for (number, recording), paths in zip(movies.items(), files, strict=True):
        if len(numbers) > 1:
            console.print(f"sample {number}", style="bold")
        own_phase = phase or ("hilbert" if recording.omega is None and recording.channel is None else "state")
        with progress_bar(console, "measuring") as update:
            measured = measure_waves(
                recording,
                generator=np.random.default_rng([seed, number]),
                band=band,
                phase=own_phase,
                frequency=natural_frequency(recording) if own_phase == "state" else None,
                surrogates=surrogates,
                min_amplitude=min_amplitude,
                smooth=smooth,
                progress=lambda stage, done, total: update(done, total),
            )
        write_results(measured, paths, {**parameters, "sample": number}, console, fps=fps, dpi=dpi)


def check_spacing_flag(spacing: tuple[float, ...]) -> float | tuple[float, float] | None:
    """Return the spacing that the flag gives, or None."""
    if not spacing:
        return None
    if len(spacing) > 2:
        raise ValueError(f"--spacing is one length, or that of rows and that of columns; got {len(spacing)} numbers")
    return spacing[0] if len(spacing) == 1 else (spacing[0], spacing[1])


def read_source(
    source: Path,
    samples: Sequence[int],
    given: dict[str, Any],
    console: Console,
    *,
    channel: int,
    split: SplitName,
    data: Path | None,
) -> dict[int, Movie]:
    """Return the movies of samples of hidden states; of a recording, its movie as sample 0.

    Without samples, it is one: sample 0 of a run, or the first in a file of hidden states.

    Raises:
        ValueError: if flags do not fit the source.
    """
    if is_run(source):
        named = [name for name, value in given.items() if value is not None]
        if named:
            raise ValueError(f"a run says its own {', '.join(named)}; leave {'it' if len(named) == 1 else 'them'} out")
        with progress_bar(console, "states") as update:
            computed = states(find_run(source), samples or (0,), split=split, data=data, progress=update)
        return {sample: computed.movie(sample, channel) for sample in computed.samples}
    stored = read_states_samples(source)
    if samples and stored is None:
        raise ValueError(f"--samples are of runs and hidden states, and {source} is a recording; leave it out")
    if stored is not None and given["variable"] is not None:
        raise ValueError(f"{source} holds hidden states: choose with --samples and --channel, and leave --variable out")
    chosen = samples or (stored or (0,))[:1]
    return {sample: read_recording(source, given, sample=sample, channel=channel) for sample in chosen}


def is_run(source: Path) -> bool:
    """Return whether a source is a run folder, or the name of a trained network and no file."""
    return (source / "config.json").exists() or (not source.exists() and str(source) in pretrained_names())


def read_recording(source: Path, given: dict[str, Any], *, sample: int, channel: int) -> Movie:
    """Return the movie in a file or a folder of TIFF files.

    Raises:
        ValueError: if the positions in the file contradict ``--spacing``, or as in :func:`drumhead.waves.read_movie`.
    """
    kind: dict[str, Any] = {"sample": sample, "channel": channel} if source.suffix in (".npz", ".nwb") else {}
    movie = read_movie(source, **given, **kind)
    if movie.time_unit == "arbitrary":
        movie = replace(movie, time_unit=RECORDING_TIME_UNIT)
    on_grid = movie.grid()
    spacing = given["spacing"]
    if movie.positions is None or spacing is None:
        return movie
    if on_grid is None or on_grid.spacing is None:
        raise ValueError(f"the positions in {source} are not on a regular grid; leave --spacing out")
    if not np.allclose(on_grid.spacing, spacing, rtol=1e-3):
        found = " and ".join(f"{each:g}" for each in on_grid.spacing)
        raise ValueError(f"the positions in {source} say a spacing of {found}, and --spacing {spacing}; leave it out")
    return replace(on_grid, spacing=spacing)


def natural_frequency(movie: Movie) -> npt.NDArray[np.float64] | None:
    """Return the frequency of each site of a wave network's states, for neighbours that move in phase.

    A site without a restoring force has the frequency of the highest peak of its spectrum. None for other networks,
    whose sites all have that.
    """
    if movie.omega is None or movie.coupling is None or movie.channel is None:
        return None
    together: Floats = natural_frequencies(movie.omega, movie.coupling).neighbours_in_phase[movie.channel]
    peaks = peak_frequency(movie.values, valid_sites(movie.values, movie.valid), dt=movie.dt)
    return np.where(together > 0, together, peaks)


def write_results(
    measured: Measurements, files: OutputFiles, parameters: dict[str, Any], console: Console, *, fps: float, dpi: int
) -> None:
    """Write all files of one movie, each when it is complete, and print the results."""
    write_waves_csv(measured, files.waves)
    write_singularities_csv(measured, files.singularities)
    write_spectrum(measured, files.spectrum)
    summary = write_summary(measured, files.summary, parameters)
    print_results(measured, summary, console)
    save_figure(measured_waves_figure(measured, dpi=dpi), files.page_pdf, files.page_png)
    if files.movie is not None and measured.movie.spacing is not None:
        shown = example_frames(measured)
        frames = shown_frames(measured, shown[0] if shown else 0)
        if len(frames):
            with progress_bar(console, "movie") as update:
                phase_movie(measured, files.movie, frames=frames, frames_per_second=fps, progress=update)
    if files.nwb is not None:
        write_waves_nwb(measured, files.nwb)
    for path in filter(None, files):
        if path.exists():
            console.print(f"wrote {path}", highlight=False, soft_wrap=True)


def print_results(measured: Measurements, summary: dict[str, Any], console: Console) -> None:
    """Print the main numbers."""
    results, movie = summary["results"], measured.movie

    def print_line(text: str) -> None:
        console.print(text, highlight=False, soft_wrap=True)

    quiet = f", {int(measured.quiet.sum())} of them quiet" if measured.quiet.any() else ""
    print_line(f"{measured.exclusions}{quiet}; {results['frames_trusted']} of {movie.frames} frames have a phase")
    if movie.spacing is None:
        print_line("the sites are scattered: plane waves are fitted; there is no PGD, singularity or spectrum")
    if results["frames_with_a_wave"] is not None:
        print_line(f"{results['frames_with_a_wave']} of them have a plane wave (p at most 0.05, frame by frame)")
    counts = ", ".join(f"{model} {count}" for model, count in results["frames_by_model"].items())
    print_line(f"frames by the wave that fits best: {counts}")
    per = f"{movie.length_unit} per {movie.time_unit}"
    lines = {
        "speed": ("speed_median", per),
        "wavelength": ("wavelength_median", movie.length_unit),
        "frequency": ("frequency_median", f"per {movie.time_unit}"),
        "direction": ("direction_mean", "rad from +x towards +y (down)"),
        "PGD": ("pgd_median", f"(by chance {_digits(results['pgd_null_median'])})"),
        "gain": ("gain_median", f"(by chance {_digits(results['gain_null_median'])})"),
    }
    for name, (key, text) in lines.items():
        print_line(f"{'mean' if name == 'direction' else 'median'} {name}: {_digits(results[key])} {text}")


def _digits(value: float | None) -> str:
    return "-" if value is None else two_digits(value)
