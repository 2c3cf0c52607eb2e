"""Time and memory of the analysis of travelling waves, and how both grow with sites and frames.

    python benchmarks/waves.py                # some minutes
    python benchmarks/waves.py --quick        # small movies: only checks that it runs

Every measurement is made in a new process. The movie is a wave that rotates about a point, with noise. Exponents are
those of power laws, fitted by least squares to the logarithms.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from command_line import format_seconds, print_tables, progress_console, run_benchmark
from drumhead.report.tables.text_table import TextTable
from drumhead.waves import (
    Grid,
    analytic,
    choose_model,
    directionality,
    find_singularities,
    fit_dispersion,
    phase_flow,
    rotating_wave,
    surrogate_test,
    track_points,
    travel,
    travelling_spectrum,
    white_noise,
)
from drumhead.waves.sites import Complexes, Floats
from memory import in_new_process, measure_memory
from scaling import exponent

DT, SPACING, BAND = 0.04, (0.05, 0.05), (0.5, 4.0)


class Size(NamedTuple):
    """The size of a movie."""

    frames: int
    height: int
    width: int

    @property
    def sites(self) -> int:
        """The number of sites."""
        return self.height * self.width

    def __str__(self) -> str:
        return f"{self.frames} frames of {self.height} x {self.width}"


class Cost(NamedTuple):
    """What a computation needs."""

    seconds: float
    """Time on the clock."""
    cpu: float
    """Time of the processor, of all threads: what the clock would show on one core that does nothing else."""
    memory: float
    """Megabytes (2^20 bytes) beyond the interpreter, the movie and the inputs of the stage."""


def movie(size: Size) -> Floats:
    """Return a movie of a rotating wave of 1.6 cycles per second in noise."""
    grid = Grid(size.frames, size.height, size.width, DT, SPACING)
    centre = (0.53 * size.height * SPACING[0], 0.46 * size.width * SPACING[1])
    wave = rotating_wave(grid, centre=centre, frequency=1.6, pitch=1.0, core=0.2).real
    return wave + white_noise(grid, np.random.default_rng(0), deviation=0.1)


def phase(size: Size) -> Complexes:
    """Return the exact complex movie of the same wave."""
    grid = Grid(size.frames, size.height, size.width, DT, SPACING)
    centre = (0.53 * size.height * SPACING[0], 0.46 * size.width * SPACING[1])
    wave = rotating_wave(grid, centre=centre, frequency=1.6, pitch=1.0, core=0.2)
    return wave + 0.1 * white_noise(grid, np.random.default_rng(0))


def tracks(z: Complexes) -> None:
    """Find singularities and their tracks."""
    found = find_singularities(z, spacing=SPACING)
    frames, height, width = z.shape
    track_points(found.frame, found.y, found.x, found.charge, shape=(frames, height, width), spacing=SPACING)


def spectrum(x: Floats) -> None:
    """Compute the k-omega spectrum in segments of 10 periods, and fit the dispersion."""
    length = min(156, len(x))
    fit_dispersion(
        travelling_spectrum(
            x, dt=DT, spacing=SPACING, spatial_window="hann", segments=max(1, 2 * len(x) // length - 1)
        ),
        scheme="continuous",
    )


FROM_MOVIE: dict[str, Callable[[Floats], object]] = {
    "filter and phase": lambda x: analytic(x, dt=DT, band=BAND, edges="keep"),
    "spectrum, dispersion": spectrum,
}
FROM_PHASE: dict[str, Callable[[Complexes], object]] = {
    "direction, speed, PGD": lambda z: travel(z, dt=DT, spacing=SPACING),
    "plane, target, rotation": lambda z: choose_model(z, spacing=SPACING),
    "singularities, tracks": tracks,
    "flow of phase": lambda z: phase_flow(z, dt=DT, spacing=SPACING),
}
STAGES = [*FROM_MOVIE, *FROM_PHASE]
FLOW = "flow of phase"
TINY = Size(60, 6, 7)
FULL = [Size(1000, 100, 100)]
GROWTH = {
    "frames": [Size(frames, 50, 50) for frames in (125, 250, 500, 1000)],
    "sites": [Size(250, side, side) for side in (25, 50, 75, 100)],
}
QUICK_GROWTH = {
    "frames": [Size(frames, 8, 8) for frames in (60, 90)],
    "sites": [Size(60, 8, 8), Size(60, 12, 12)],
}


def main(quick: bool = False, flow: bool = True, surrogates: int = 199, markdown: bool = False) -> None:
    """Measure every stage on 1000 frames of 100 x 100 sites, its growth, and surrogates of PGD on 96 channels.

    Args:
        quick: use small movies, to check that the benchmark runs; the numbers mean nothing.
        flow: measure the flow of phase too, which takes the longest.
        surrogates: the number of surrogates.
        markdown: print the tables as Markdown.
    """
    stages = [stage for stage in STAGES if flow or stage != FLOW]
    full, growth = ([Size(60, 8, 8)], QUICK_GROWTH) if quick else (FULL, GROWTH)
    recording = Size(100, 4, 4) if quick else Size(5000, 10, 10)
    costs: dict[tuple[str, Size], Cost] = {}
    with progress_console().status("waves") as status:
        for size in dict.fromkeys([*full, *growth["frames"], *growth["sites"]]):
            for stage in stages:
                status.update(f"{stage}, {size}")
                costs[stage, size] = in_new_process(measure, stage, size)
        status.update("surrogates")
        permuted = in_new_process(measure_surrogates, recording, surrogates)
    rows = [cost_row(stage, costs[stage, full[0]]) for stage in stages]
    together = [costs[stage, full[0]] for stage in stages if stage != FLOW]
    rows.append(
        cost_row(
            "all but the flow",
            Cost(sum(c.seconds for c in together), sum(c.cpu for c in together), max(c.memory for c in together)),
        )
    )
    rows.append(cost_row(f"{surrogates} surrogates of PGD, {recording}", permuted))
    note = f"{full[0]}. Processor: seconds of the processor. MB (2^20 bytes): beyond interpreter and movie."
    tables = [TextTable(["stage", "s", "processor\ns", "MB"], rows, [note]), growth_table(stages, growth, costs)]
    print_tables(tables, markdown=markdown)


def cost_row(name: str, cost: Cost) -> list[str]:
    """Return a row of the table of costs."""
    return [name, format_seconds(cost.seconds), format_seconds(cost.cpu), f"{cost.memory:.0f}"]


def growth_table(
    stages: Sequence[str], growth: dict[str, list[Size]], costs: dict[tuple[str, Size], Cost]
) -> TextTable:
    """Return the exponents of processor time and of memory, with frames and with sites."""
    body = []
    for stage in stages:
        row = [stage]
        for what, sizes in growth.items():
            values = [getattr(size, what) for size in sizes]
            for quantity in ("cpu", "memory"):
                measured = [max(getattr(costs[stage, size], quantity), 1e-3) for size in sizes]
                row.append(f"{exponent(values, measured):.2f}")
        body.append(row)
    head = ["stage", *(f"{quantity}\n{what}" for what in growth for quantity in ("time", "memory"))]
    ranges = "; ".join(f"{what}: {sizes[0]} to {sizes[-1]}" for what, sizes in growth.items())
    return TextTable(head, body, [f"Exponents p of processor time ~ size^p and memory ~ size^p. {ranges}."])


def measure(stage: str, size: Size) -> Cost:
    """Return the cost of one stage; call it in a new process."""
    if stage in FROM_MOVIE:
        real, small = movie(size), movie(TINY)
        return cost_of(lambda: FROM_MOVIE[stage](real), lambda: FROM_MOVIE[stage](small))
    z, tiny = phase(size), phase(TINY)
    return cost_of(lambda: FROM_PHASE[stage](z), lambda: FROM_PHASE[stage](tiny))


def measure_surrogates(size: Size, count: int) -> Cost:
    """Return the cost of testing the PGD of every frame; the four corners are missing, as in a Utah array."""
    z = phase(size)
    z[:, [0, 0, -1, -1], [0, -1, 0, -1]] = np.nan

    def test(values: Complexes, surrogates: int) -> None:
        surrogate_test(
            values,
            lambda each: directionality(each, spacing=SPACING),
            kind="sites",
            generator=np.random.default_rng(0),
            count=surrogates,
            valid=np.isfinite(values[0]),
        )

    return cost_of(lambda: test(z, count), lambda: test(z[:10], 2))


def cost_of(compute: Callable[[], object], tiny: Callable[[], object]) -> Cost:
    """Return the cost of a computation, after a tiny one that imports what it needs."""
    times: list[float] = []

    def timed() -> None:
        start, cpu = time.perf_counter(), time.process_time()
        compute()
        times.extend((time.perf_counter() - start, time.process_time() - cpu))

    memory = measure_memory(timed, tiny=tiny)
    return Cost(times[0], times[1], memory.peak - memory.fixed)


if __name__ == "__main__":
    run_benchmark(main)
