"""How much faster the fused evolution is than the plain definition on this machine, values and gradients.

Each row: alternating pairs in this process after one pair to warm up; the median time of each engine, and the median
ratio of the pairs with its range.

    python benchmarks/evolution.py [--quick] [--pairs 5]
"""

from __future__ import annotations

import platform
import statistics
import time
from typing import NamedTuple

import numba
import torch
import tyro
from rich.console import Console
from rich.table import Table
from torch import Tensor

from drumhead.fields import Engine, evolve, laplacian


class Case(NamedTuple):
    batch: int
    channels: int
    side: int
    steps: int


FULL = [Case(64, 2, 64, 100), Case(4, 16, 128, 100)]
QUICK = [Case(8, 2, 64, 20), Case(2, 16, 64, 10)]


def main(quick: bool = False, pairs: int = 5) -> None:
    """Time the fused evolution against the plain one.

    Args:
        quick: small cases, to see that it runs.
        pairs: alternating pairs per row.
    """
    cases = QUICK if quick else FULL
    table = Table("batch", "C", "H x W", "T", "what", "plain, s", "fused, s", "ratio (range)")
    for column in table.columns:
        column.no_wrap = True
    for case in cases:
        for backward in (False, True):
            plain, fused = compare(case, backward=backward, pairs=pairs)
            ratios = [p / f for p, f in zip(plain, fused, strict=True)]
            table.add_row(
                str(case.batch),
                str(case.channels),
                f"{case.side} x {case.side}",
                str(case.steps),
                "and backward" if backward else "forward",
                f"{statistics.median(plain):.3f}",
                f"{statistics.median(fused):.3f}",
                f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})",
            )
    console = Console(width=110)
    console.print(table)
    console.print(
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads; Python "
        f"{platform.python_version()}, torch {torch.__version__}, Numba {numba.__version__}; float32, circular, tanh"
    )


def compare(case: Case, *, backward: bool, pairs: int) -> tuple[list[float], list[float]]:
    """Seconds of each engine, pair by pair."""
    arguments = inputs(case)
    incoming = torch.randn(case.batch, case.steps, case.channels, case.side, case.side)

    def seconds(engine: Engine) -> float:
        start = time.perf_counter()
        with torch.set_grad_enabled(backward):
            y0, omega, alpha, coupling = arguments
            field = evolve(y0, omega, alpha, coupling, dt=0.1, steps=case.steps, engine=engine)
            if backward:
                torch.autograd.grad(field, arguments, incoming)
        return time.perf_counter() - start

    seconds("plain"), seconds("fused")
    times = [(seconds("plain"), seconds("fused")) for _ in range(pairs)]
    return [plain for plain, _ in times], [fused for _, fused in times]


def inputs(case: Case) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    shape = (case.batch, case.channels, case.side, case.side)
    y0, omega, alpha = (torch.rand(shape, generator=generator) for _ in range(3))
    return [values.requires_grad_() for values in (2 * y0 - 1, omega, alpha, laplacian(case.channels))]


if __name__ == "__main__":
    tyro.cli(main)
