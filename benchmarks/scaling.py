"""How time and memory of a training step with the fused engine grow with time steps, channels, pixels and images.

    python benchmarks/scaling.py                        # a few minutes; writes scaling.png
    python benchmarks/scaling.py --quick                # tiny sizes: only checks that it runs
    python benchmarks/scaling.py --bf16 --threads 1 2 4 --markdown --figure docs/images/scaling.png

The model is an NWM with the linear readout. One size varies while the others stay. Every point is measured in a new
process. Exponents are those of power laws, fitted by least squares to the logarithms of all points of a size.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from command_line import format_seconds, print_tables, progress_console, run_benchmark, usage_error
from drumhead.files import atomic_replace
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from memory import in_new_process, measure_memory
from workloads import BF16, FLOAT32, BatchShape, Case, Variant, Workload


class Size(NamedTuple):
    """The sizes of a training step."""

    steps: int
    channels: int
    side: int
    batch: int

    @property
    def case(self) -> Case:
        """A training step of the NWM of this size, on images like tetrominoes."""
        fields = {"steps": self.steps, "hidden_channels": self.channels, "readout": "linear"}
        return Case("NWM linear", "nwm", fields, BatchShape(self.batch, in_channels=3, side=self.side, classes=6))

    def __str__(self) -> str:
        return f"T {self.steps}, C {self.channels}, {self.side} x {self.side}, batch {self.batch}"


class Sweep(NamedTuple):
    """One size that varies while the others stay."""

    symbol: str
    sizes: dict[int, Size]
    """The sizes, by the value that varies."""


class Plan(NamedTuple):
    """All sizes to measure."""

    base: Size
    sweeps: list[Sweep]


def make_plan(base: Size, *, steps: list[int], channels: list[int], sides: list[int], batches: list[int]) -> Plan:
    """Return a plan in which each size varies in turn, with the others as in ``base``."""
    sweeps = [
        Sweep("T", {value: base._replace(steps=value) for value in steps}),
        Sweep("C", {value: base._replace(channels=value) for value in channels}),
        Sweep("H W", {value**2: base._replace(side=value) for value in sides}),
        Sweep("batch", {value: base._replace(batch=value) for value in batches}),
    ]
    return Plan(base, sweeps)


FULL = make_plan(
    Size(steps=100, channels=2, side=64, batch=8),
    steps=[25, 50, 100, 200, 400],
    channels=[1, 2, 4, 8, 16],
    sides=[32, 48, 64, 96, 128],
    batches=[2, 4, 8, 16, 32],
)
QUICK = make_plan(
    Size(steps=6, channels=2, side=16, batch=2), steps=[6, 12], channels=[2, 4], sides=[16, 24], batches=[2, 4]
)


class Point(NamedTuple):
    """The time and memory of a step of one size."""

    time: float
    """The median time, in seconds."""
    memory: float
    """The peak in megabytes, beyond what a step on two tiny images needs; at least 1."""


Points = dict[tuple[Size, int], Point]
"""The measured points, by size and number of threads."""


def main(
    quick: bool = False,
    threads: tuple[int, ...] | None = None,
    repeats: int = 3,
    bf16: bool = False,
    figure: Path = Path("scaling.png"),
    markdown: bool = False,
) -> None:
    """Measure how time and memory of a training step grow with its sizes.

    Args:
        quick: use tiny sizes and one repeat, to check that the benchmark runs; the numbers mean nothing.
        threads: the numbers of threads to measure with; by default 1 and torch's own default.
        repeats: the number of timed steps, after two to warm up.
        bf16: compute products in bfloat16; by default in float32.
        figure: the PNG file to which the plot is written.
        markdown: print the tables as Markdown.
    """
    counts = sorted({1, torch.get_num_threads()} if threads is None else set(threads))
    if not counts or counts[0] < 1 or repeats < 1:
        usage_error(f"--threads and --repeats must be at least 1; got {counts} and {repeats}")
    if figure.suffix != ".png":
        usage_error(f"--figure must end in .png; got {figure}")
    plan, repeats = (QUICK, 1) if quick else (FULL, repeats)
    variant = BF16 if bf16 else FLOAT32
    to_measure = dict.fromkeys((size, n) for sweep in plan.sweeps for size in sweep.sizes.values() for n in counts)
    points: Points = {}
    with progress_console().status("measuring") as status:
        for number, (size, n) in enumerate(to_measure, start=1):
            status.update(f"{number} of {len(to_measure)}: {size}, {thread_count(n)}")
            points[size, n] = in_new_process(measure, size, variant, threads=n, repeats=repeats)
    title = f"A training step of an NWM, {variant.name}; other sizes: {plan.base}"
    draw(plan, points, counts, title=title, path=figure)
    print_tables(
        [exponents_table(plan, points, counts), points_table(plan, points, counts, variant)], markdown=markdown
    )


def measure(size: Size, variant: Variant, *, threads: int, repeats: int) -> Point:
    """Measure the time and memory of a step of one size in this process."""
    torch.set_num_threads(threads)
    workload, tiny = Workload(size.case, variant), Workload(size.case.tiny(), variant)
    times: list[float] = []

    def steps() -> None:
        workload()
        workload()
        times.extend(workload.seconds() for _ in range(repeats))

    memory = measure_memory(steps, tiny=tiny)
    return Point(statistics.median(times), max(memory.peak - memory.fixed, 1.0))


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fit the power law ``cost = c * size**p`` by least squares of the logarithms, and return p.

    >>> round(exponent([1, 2, 4], [3, 12, 48]), 6)
    2.0
    """
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def exponents_table(plan: Plan, points: Points, counts: list[int]) -> TextTable:
    """Return a table with the exponents of each sweep and the range they were fitted over."""
    head = ["size", "fitted over"]
    head += [f"{quantity}\n{thread_count(n)}" for quantity in Point._fields for n in counts]
    body = []
    for symbol, sizes in plan.sweeps:
        row = [symbol, f"{min(sizes)} to {max(sizes)}"]
        for quantity in Point._fields:
            for n in counts:
                costs = [getattr(points[size, n], quantity) for size in sizes.values()]
                row.append(f"{exponent([*sizes], costs):.2f}")
        body.append(row)
    return TextTable(head, body, ["Exponents p of time ~ size^p and memory ~ size^p."])


def points_table(plan: Plan, points: Points, counts: list[int], variant: Variant) -> TextTable:
    """Return a table with the seconds and megabytes of each point, and the speed-up from more threads."""
    head = [
        "",
        *(f"s\n{thread_count(n)}" for n in counts),
        "times\nfaster",
        *(f"MB\n{thread_count(n)}" for n in counts),
    ]
    body = []
    for symbol, sizes in plan.sweeps:
        for value, size in sizes.items():
            measured = [points[size, n] for n in counts]
            speedup = f"{measured[0].time / measured[-1].time:.2f}" if len(counts) > 1 else DASH
            row = [
                *(format_seconds(point.time) for point in measured),
                speedup,
                *(f"{point.memory:.0f}" for point in measured),
            ]
            body.append([f"{symbol} {value}", *row])
    notes = [
        f"A training step of an NWM with the linear readout, {variant.name}; the sizes not named are {plan.base}. "
        "MB (2^20 bytes) is the peak of a new process, beyond what a step on two tiny images needs."
    ]
    return TextTable(head, body, notes)


def draw(plan: Plan, points: Points, counts: list[int], *, title: str, path: Path) -> None:
    """Plot time and memory against each size, on logarithmic axes, with the fitted power laws as lines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    panels = figure.subplots(2, len(plan.sweeps), sharey="row", squeeze=False)
    for column, (symbol, sizes) in enumerate(plan.sweeps):
        values = np.array([*sizes], float)
        for row, (quantity, unit) in enumerate(zip(Point._fields, ("s", "MB"), strict=True)):
            axes = panels[row, column]
            for n in counts:
                costs = np.array([getattr(points[size, n], quantity) for size in sizes.values()])
                power = exponent([*values], [*costs])
                law = np.exp(np.log(costs).mean() + power * (np.log(values) - np.log(values).mean()))
                (line,) = axes.loglog(values, law, linewidth=1)
                label = f"{thread_count(n)}: {symbol}$^{{{power:.2f}}}$"
                axes.loglog(values, costs, "o", color=line.get_color(), markersize=4, label=label)
            axes.set_xticks(values, [f"{value:g}" for value in values], rotation=45)
            axes.minorticks_off()
            axes.set_xlabel(symbol)
            axes.legend(fontsize=7, frameon=False)
            if column == 0:
                axes.set_ylabel(f"{quantity}, {unit}")
    with atomic_replace(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def thread_count(threads: int) -> str:
    """Return a number of threads in words.

    >>> thread_count(1), thread_count(2)
    ('1 thread', '2 threads')
    """
    return f"{threads} thread{'s' * (threads != 1)}"


if __name__ == "__main__":
    run_benchmark(main)
