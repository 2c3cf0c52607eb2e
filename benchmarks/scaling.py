"""How time and memory of a fast training step grow with steps in time, channels, pixels and images.

    python benchmarks/scaling.py                        # a few minutes; the plot is scaling.png
    python benchmarks/scaling.py --quick                # tiny sizes: a check that it runs
    python benchmarks/scaling.py --bf16 --threads 1 2 4 --markdown --figure docs/images/scaling.png

An NWM with the linear readout, by the fast engine; one size varies, the others stay. Every point is a process of its
own. Exponents are those of power laws, fitted by least squares to the logarithms of all points of a size.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from drumhead.files import atomic_replace
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from memory import in_own_process, measure_memory
from terminal import call, progress, refuse, seconds, show
from workloads import BF16, FLOAT32, Case, Data, Variant, Work


class Size(NamedTuple):
    """Sizes of a training step."""

    steps: int
    channels: int
    side: int
    batch: int

    @property
    def case(self) -> Case:
        """The NWM of this size on images like tetrominoes."""
        fields = {"steps": self.steps, "hidden_channels": self.channels, "readout": "linear"}
        return Case("NWM linear", "nwm", fields, Data(self.batch, in_channels=3, side=self.side, classes=6))

    def __str__(self) -> str:
        return f"T {self.steps}, C {self.channels}, {self.side} x {self.side}, batch {self.batch}"


class Sweep(NamedTuple):
    """One size that varies while the others stay."""

    symbol: str
    sizes: dict[int, Size]
    """By the number that varies."""


class Plan(NamedTuple):
    """All that is measured."""

    base: Size
    sweeps: list[Sweep]


def plan(base: Size, *, steps: list[int], channels: list[int], sides: list[int], batches: list[int]) -> Plan:
    """A sweep through ``base`` for each size."""
    sweeps = [
        Sweep("T", {value: base._replace(steps=value) for value in steps}),
        Sweep("C", {value: base._replace(channels=value) for value in channels}),
        Sweep("H W", {value**2: base._replace(side=value) for value in sides}),
        Sweep("batch", {value: base._replace(batch=value) for value in batches}),
    ]
    return Plan(base, sweeps)


FULL = plan(
    Size(steps=100, channels=2, side=64, batch=8),
    steps=[25, 50, 100, 200, 400],
    channels=[1, 2, 4, 8, 16],
    sides=[32, 48, 64, 96, 128],
    batches=[2, 4, 8, 16, 32],
)
QUICK = plan(
    Size(steps=6, channels=2, side=16, batch=2), steps=[6, 12], channels=[2, 4], sides=[16, 24], batches=[2, 4]
)


class Point(NamedTuple):
    """What a step of one size needs."""

    time: float
    """Seconds, the median."""
    memory: float
    """Megabytes at most, beyond what a step on two tiny images needs; at least 1."""


Points = dict[tuple[Size, int], Point]
"""By size and number of threads."""


def main(
    quick: bool = False,
    threads: tuple[int, ...] | None = None,
    repeats: int = 3,
    bf16: bool = False,
    figure: Path = Path("scaling.png"),
    markdown: bool = False,
) -> None:
    """Measure how a fast training step grows.

    Args:
        quick: tiny sizes, one repeat: a check that it runs, whose numbers mean nothing.
        threads: numbers of threads to measure with; by default one, and as many as torch takes by itself.
        repeats: steps that are timed, after two to warm up.
        bf16: products in bfloat16; by default float32.
        figure: where the plot is written, as PNG.
        markdown: print tables as Markdown.
    """
    counts = sorted({1, torch.get_num_threads()} if threads is None else set(threads))
    if not counts or counts[0] < 1 or repeats < 1:
        refuse(f"--threads and --repeats must be at least 1; got {counts} and {repeats}")
    if figure.suffix != ".png":
        refuse(f"--figure must end in .png; got {figure}")
    whole, repeats = (QUICK, 1) if quick else (FULL, repeats)
    variant = BF16 if bf16 else FLOAT32
    wanted = dict.fromkeys((size, n) for sweep in whole.sweeps for size in sweep.sizes.values() for n in counts)
    points: Points = {}
    with progress().status("measuring") as status:
        for number, (size, n) in enumerate(wanted, start=1):
            status.update(f"{number} of {len(wanted)}: {size}, {in_words(n)}")
            points[size, n] = in_own_process(measure, size, variant, threads=n, repeats=repeats)
    draw(whole, points, counts, title=f"A training step of an NWM, {variant.name}; elsewhere {whole.base}", path=figure)
    show([exponents_grid(whole, points, counts), points_grid(whole, points, counts, variant)], markdown=markdown)


def measure(size: Size, variant: Variant, *, threads: int, repeats: int) -> Point:
    """Time and memory of a step of that size in this process."""
    torch.set_num_threads(threads)
    work, tiny = Work(size.case, variant), Work(size.case.tiny(), variant)
    times: list[float] = []

    def steps() -> None:
        work()
        work()
        times.extend(work.seconds() for _ in range(repeats))

    memory = measure_memory(steps, tiny=tiny)
    return Point(statistics.median(times), max(memory.above - memory.start, 1.0))


def exponent(sizes: Sequence[float], needs: Sequence[float]) -> float:
    """The p of the power law ``need = c * size**p`` that fits best, by least squares of logarithms.

    >>> round(exponent([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(needs), 1)[0])


def exponents_grid(whole: Plan, points: Points, counts: list[int]) -> TextTable:
    """The exponents of each sweep, and the range they were fitted over."""
    head = ["size", "fitted over"]
    head += [f"{need}\n{in_words(n)}" for need in Point._fields for n in counts]
    body = []
    for symbol, sizes in whole.sweeps:
        row = [symbol, f"{min(sizes)} to {max(sizes)}"]
        for need in Point._fields:
            for n in counts:
                row.append(f"{exponent([*sizes], [getattr(points[size, n], need) for size in sizes.values()]):.2f}")
        body.append(row)
    return TextTable(head, body, ["Exponents p of time ~ size^p and memory ~ size^p."])


def points_grid(whole: Plan, points: Points, counts: list[int], variant: Variant) -> TextTable:
    """Seconds and megabytes of each point, and what threads gain."""
    head = ["", *(f"s\n{in_words(n)}" for n in counts), "times\nfaster", *(f"MB\n{in_words(n)}" for n in counts)]
    body = []
    for symbol, sizes in whole.sweeps:
        for value, size in sizes.items():
            measured = [points[size, n] for n in counts]
            gain = f"{measured[0].time / measured[-1].time:.2f}" if len(counts) > 1 else DASH
            row = [*(seconds(point.time) for point in measured), gain, *(f"{point.memory:.0f}" for point in measured)]
            body.append([f"{symbol} {value}", *row])
    notes = [
        f"A training step of an NWM with the linear readout, {variant.name}; where nothing else is said, {whole.base}. "
        "MB (2^20 bytes) at most in a process of its own, beyond what a step on two tiny images needs."
    ]
    return TextTable(head, body, notes)


def draw(whole: Plan, points: Points, counts: list[int], *, title: str, path: Path) -> None:
    """Write time and memory over each size, on logarithmic axes, with the fitted power laws as lines."""
    from matplotlib.figure import Figure

    sheet = Figure(figsize=(10, 5), layout="constrained")
    sheet.suptitle(title, fontsize=10)
    panels = sheet.subplots(2, len(whole.sweeps), sharey="row", squeeze=False)
    for column, (symbol, sizes) in enumerate(whole.sweeps):
        values = np.array([*sizes], float)
        for row, (need, unit) in enumerate(zip(Point._fields, ("s", "MB"), strict=True)):
            axes = panels[row, column]
            for n in counts:
                needs = np.array([getattr(points[size, n], need) for size in sizes.values()])
                power = exponent([*values], [*needs])
                law = np.exp(np.log(needs).mean() + power * (np.log(values) - np.log(values).mean()))
                (line,) = axes.loglog(values, law, linewidth=1)
                label = f"{in_words(n)}: {symbol}$^{{{power:.2f}}}$"
                axes.loglog(values, needs, "o", color=line.get_color(), markersize=4, label=label)
            axes.set_xticks(values, [f"{value:g}" for value in values], rotation=45)
            axes.minorticks_off()
            axes.set_xlabel(symbol)
            axes.legend(fontsize=7, frameon=False)
            if column == 0:
                axes.set_ylabel(f"{need}, {unit}")
    with atomic_replace(path) as temporary:
        sheet.savefig(temporary, format="png", dpi=150)


def in_words(threads: int) -> str:
    """A number of threads.

    >>> in_words(1), in_words(2)
    ('1 thread', '2 threads')
    """
    return f"{threads} thread{'s' * (threads != 1)}"


if __name__ == "__main__":
    call(main)
