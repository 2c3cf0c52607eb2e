"""What waves trained networks make: their order, directions, speeds, singularities and dispersion, beside the theory.

    python benchmarks/network_waves.py --data data/tetrominoes                    # trained networks of the package
    python benchmarks/network_waves.py RUN [RUN ...] --samples 16 --data FOLDER    # runs of recurrent models

Each row is one channel of one network, over all samples and frames. Only wave networks have the last two columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tyro

from command_line import print_tables, progress_console, run_benchmark
from drumhead.hidden_states import states
from drumhead.report.tables.text_table import TextTable
from drumhead.waves import States, dispersion_relation, local_speed, summarise_directions
from drumhead.waves.measure import measure_waves
from drumhead.waves.measurements import Measurements
from drumhead.waves.sites import Floats

NETWORKS = ("tetrominoes-nwm-linear", "tetrominoes-lstm-linear")
SURROGATES = 19
WAVE_NUMBERS = np.linspace(0.05, np.pi, 60)
"""The wave numbers at which the theory's speed is looked for, along rows and along columns, in radians per pixel."""

HEADINGS = (
    "network", "channel", "PGD (chance)", "best model, % of frames", "resultant of directions",
    "local speed (10-90 %)", "singularities a frame", "fitted stiffness", "fitted speed", "R²",
    "median stiffness", "fastest small waves",
)  # fmt: skip


def main(
    runs: tyro.conf.Positional[tuple[str, ...]] = NETWORKS,
    *,
    samples: int = 8,
    data: Path | None = None,
    seed: int = 0,
    markdown: bool = False,
) -> None:
    """Print the table.

    Args:
        runs: Folders of runs of recurrent models, or names of trained networks.
        samples: The number of test samples, from the first.
        data: The dataset folder. By default that of each run.
        seed: Seed of the surrogates.
        markdown: Print Markdown.
    """
    body = []
    with progress_console().status("waves") as status:
        for run in runs:
            hidden = states(run, range(samples), data=data)
            for channel in range(hidden.channels):
                status.update(f"{run}, channel {channel}")
                body.append(row(hidden, channel, np.random.default_rng(seed)))
    note = (
        f"The first {samples} test samples. PGD: median over frames, and that of frames with permuted sites. Speeds "
        "are in pixels per unit of time (LSTM: per step). Resultant: 1 if waves go one way in all frames of all "
        "samples. Fitted: stiffness and speed of short waves, of the ridge of the k-omega spectrum; medians over "
        "samples. Fastest small waves: the largest group velocity that the learned coupling gives at the median "
        "stiffness and damping, along rows or columns."
    )
    print_tables([TextTable(list(HEADINGS), body, [note])], markdown=markdown)


def row(hidden: States, channel: int, generator: np.random.Generator) -> list[str]:
    """Return the row of one channel of a network."""
    measured = [
        measure_waves(hidden.movie(sample, channel), phase="state", surrogates=SURROGATES, generator=generator)
        for sample in hidden.samples
    ]
    speeds = np.concatenate([speeds_of(each) for each in measured])
    low, middle, high = np.nanpercentile(speeds, [10, 50, 90])
    directions = summarise_directions(np.concatenate([each.waves.direction for each in measured]))
    points = sum(0 if each.singularities is None else len(each.singularities.frame) for each in measured)
    frames = sum(int(each.analytic.trusted.sum()) for each in measured)
    fits = [each.dispersion for each in measured if each.dispersion is not None]
    return [
        hidden.run,
        str(channel),
        f"{median([each.waves.pgd for each in measured]):.2g} ({median([each.null for each in measured]):.2g})",
        shares(measured),
        f"{directions.resultant:.2f}",
        f"{middle:.2g} ({low:.2g}-{high:.2g})",
        f"{points / frames:.1f}",
        f"{np.median([fit.stiffness for fit in fits]):.2g}",
        f"{np.sqrt(max(0.0, float(np.median([fit.speed_squared for fit in fits])))):.2g}",
        f"{np.median([fit.r_squared for fit in fits]):.2f}",
        "-" if hidden.omega is None else f"{np.median(hidden.omega[:, channel]):.2g}",
        "-" if hidden.omega is None else f"{fastest(hidden):.2g}",
    ]


def speeds_of(measured: Measurements) -> Floats:
    """Return the local speed at every site and frame where it is defined."""
    movie = measured.movie
    assert movie.spacing is not None  # hidden states are on a grid
    speeds = local_speed(
        measured.analytic.z[measured.analytic.trusted], dt=movie.dt, spacing=movie.spacing, boundary=movie.boundary
    )
    defined: Floats = speeds[np.isfinite(speeds)]
    return defined


def median(values: Sequence[Floats]) -> float:
    """Return the median of all values that are defined."""
    return float(np.nanmedian(np.concatenate([np.ravel(each) for each in values])))


def shares(measured: Sequence[Measurements]) -> str:
    """Return how often each model fits a frame best."""
    counts = Counter(str(name) for each in measured for name in each.models.model if name)
    total = sum(counts.values())
    return ", ".join(f"{name} {100 * count / total:.0f}" for name, count in counts.most_common())


def fastest(hidden: States) -> float:
    """Return the largest group velocity of small waves in a uniform field with the network's coupling."""
    assert hidden.omega is not None
    assert hidden.alpha is not None
    assert hidden.coupling is not None
    omega, alpha = (np.median(values, axis=(0, 2, 3)) for values in (hidden.omega, hidden.alpha))
    along_rows = np.stack([WAVE_NUMBERS, np.zeros_like(WAVE_NUMBERS)], axis=-1)
    vectors = np.concatenate([along_rows, along_rows[:, ::-1]])
    waves = dispersion_relation(omega, alpha, hidden.coupling, dt=hidden.dt, wave_vector=vectors)
    speed = np.hypot(waves.group_velocity_y, waves.group_velocity_x)
    return float(np.nanmax(np.where(waves.frequency > 0, speed, np.nan)))


if __name__ == "__main__":
    run_benchmark(main)
