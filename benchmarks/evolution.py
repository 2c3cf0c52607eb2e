"""Time of the wave evolution alone: the plain and the fused engine, forward only and with gradients.

    python benchmarks/evolution.py             # a minute
    python benchmarks/evolution.py --quick     # small fields, one round: only checks that it runs

Plain and fused alternate in one process, after one round to warm up; a ratio is the median over rounds, with its range.
"""

from __future__ import annotations

import statistics
import time
from typing import NamedTuple

import torch
from torch import Tensor

from command_line import format_ratios, format_seconds, print_tables, progress_console, run_benchmark, usage_error
from drumhead.fields import Engine, evolve, laplacian
from drumhead.report.tables.text_table import TextTable


class FieldSize(NamedTuple):
    """The sizes of a field, and whether its gradients are computed."""

    name: str
    batch: int
    channels: int
    side: int
    steps: int = 100
    backward: bool = False

    def tensors(self) -> tuple[list[Tensor], Tensor]:
        """Return the arguments of ``evolve``, which require gradients, and a gradient with respect to the states."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.channels, self.side, self.side)
        y0, omega, alpha = (torch.rand(shape, generator=generator) for _ in range(3))
        grad_states = torch.randn(self.batch, self.steps, *shape[1:], generator=generator)
        return [values.requires_grad_() for values in (2 * y0 - 1, omega, alpha, laplacian(self.channels))], grad_states


FORWARD = [FieldSize("tetrominoes", 64, 2, 64), FieldSize("Multi-MNIST", 4, 16, 128)]
SIZES = [size for forward in FORWARD for size in (forward, forward._replace(backward=True))]


def main(quick: bool = False, rounds: int = 5, markdown: bool = False) -> None:
    """Measure the time of the evolution with the plain and the fused engine.

    Args:
        quick: use small fields and one round, to check that the benchmark runs; the numbers mean nothing.
        rounds: the number of timed rounds, after one to warm up.
        markdown: print the table as Markdown.
    """
    if rounds < 1:
        usage_error(f"--rounds must be at least 1; got {rounds}")
    sizes = SIZES
    if quick:
        sizes, rounds = [size._replace(batch=2, side=16, steps=6) for size in SIZES], 1
    head = ["field", "batch", "C", "H x W", "T", "plain\ns", "fused\ns", "times faster\n(range)"]
    body = []
    with progress_console().status("evolution") as status:
        for size in sizes:
            status.update(str(size))
            body.append(table_row(size, rounds=rounds))
    notes = [
        f"float32, circular boundary, tanh. Medians, rounds: {rounds}. Times faster: plain time over fused time, round "
        "by round."
    ]
    print_tables([TextTable(head, body, notes)], markdown=markdown)


def table_row(size: FieldSize, *, rounds: int) -> list[str]:
    """Measure one size and return its row of the table."""
    arguments, grad_states = size.tensors()

    def evolve_seconds(engine: Engine) -> float:
        start = time.perf_counter()
        with torch.set_grad_enabled(size.backward):
            y0, omega, alpha, coupling = arguments
            states = evolve(y0, omega, alpha, coupling, dt=0.1, steps=size.steps, engine=engine)
            if size.backward:
                torch.autograd.grad(states, arguments, grad_states)
        return time.perf_counter() - start

    times = [(evolve_seconds("plain"), evolve_seconds("fused")) for _ in range(rounds + 1)][1:]
    plain, fused = (format_seconds(statistics.median(column)) for column in zip(*times, strict=True))
    sizes = [str(size.batch), str(size.channels), f"{size.side} x {size.side}", str(size.steps)]
    name = f"{size.name}, {'forward and backward' if size.backward else 'forward'}"
    return [name, *sizes, plain, fused, format_ratios([plain_time / fused_time for plain_time, fused_time in times])]


if __name__ == "__main__":
    run_benchmark(main)
