"""Time and memory of the loss of a field and its gradients: the plain definition beside the engine fused for CPUs.

    python benchmarks/loss.py            # a few minutes
    python benchmarks/loss.py --quick    # small fields, one pair: a check that it runs

Plain and fused alternate in one process; the ratio is the median over pairs, with the range. Memory is the peak of a
process of its own, less what that process had before it made the loss: the field itself is not counted. The floor is
the operations of all matrix products over the rate of products whose operands stay in cache, measured at the start of
each case on as many threads as torch has.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from drumhead.engine import Engine
from drumhead.models import NWM, NWMConfig, ReadoutName

CLASSES = {2: 6, 16: 11}
"""Of tetrominoes and of Multi-MNIST, by the channels of their fields."""


class Case(NamedTuple):
    """A field and what reads it."""

    name: str
    readout: ReadoutName
    batch: int
    channels: int
    side: int
    widths: tuple[int, ...] = (256, 256, 256)
    steps: int = 100

    def model(self, engine: Engine) -> NWM:
        """The network, the same for each engine."""
        torch.manual_seed(0)
        config = NWMConfig(
            readout=self.readout,
            hidden_channels=self.channels,
            pixel_widths=self.widths,
            steps=self.steps,
            engine=engine,
        )
        return NWM(config, in_channels=1, classes=CLASSES[self.channels])

    def field(self) -> tuple[Tensor, Tensor]:
        """A field that wants a gradient, and masks."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.steps, self.channels, self.side, self.side)
        masks = torch.randint(CLASSES[self.channels], (self.batch, self.side, self.side), generator=generator)
        return torch.randn(shape, generator=generator).requires_grad_(), masks

    @property
    def operations(self) -> float:
        """Multiplications and additions of all products, forward and backward, in linear and Fourier readouts too."""
        bins = {"linear": self.steps // 2 + 1, "fft": self.steps // 2 + 1}.get(self.readout, 1)
        sizes = [bins * self.channels, *self.widths, CLASSES[self.channels]]
        layers = 3 * sum(2 * before * after for before, after in pairwise(sizes))
        # Fourier: cosines and sines, which have no gradient of their own.
        passes = {"linear": 3, "fft": 4}.get(self.readout, 0)
        return (layers + passes * 2 * bins * self.steps * self.channels) * self.batch * self.side**2


FULL = [
    Case("tetrominoes, linear", "linear", 64, 2, 64),
    Case("tetrominoes, last", "last", 64, 2, 64),
    Case("tetrominoes, fft", "fft", 64, 2, 64),
    Case("Multi-MNIST, linear", "linear", 4, 16, 128, (32,) * 5),
]
QUICK = [case._replace(batch=2, side=32, steps=20) for case in FULL]


def loss_and_gradients(model: NWM, field: Tensor, masks: Tensor) -> float:
    """Seconds for the loss and the gradients of all that made it."""
    inputs = [field, *model.readout.parameters(), *model.pixel_network.parameters()]
    begin = time.perf_counter()
    # Times 1, so that the field is no leaf: in training it never is.
    torch.autograd.grad(model.loss_of(field.view_as(field), masks), inputs)
    return time.perf_counter() - begin


def peak_megabytes(case: Case, engine: Engine) -> float:
    """What the process needs beyond its modules, the network and the field."""
    model, (field, masks) = case.model(engine), case.field()
    before = _peak()
    loss_and_gradients(model, field, masks)
    return _peak() - before


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def product_rate() -> float:
    """Operations a second of 256 x 256 by 256 x 1024 products in float32, all threads together, each its own."""
    threads, repeats, rows, columns = torch.get_num_threads(), 400, 256, 1024
    torch.set_num_threads(1)

    def multiply(_: int) -> None:
        weight, values, out = torch.randn(rows, rows), torch.randn(rows, columns), torch.empty(rows, columns)
        for _ in range(repeats):
            torch.mm(weight, values, out=out)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(multiply, range(threads)))
        begin = time.perf_counter()
        list(pool.map(multiply, range(threads)))
        seconds = time.perf_counter() - begin
    torch.set_num_threads(threads)
    return threads * repeats * 2 * rows * rows * columns / seconds


def memory(cases: list[Case]) -> list[list[float]]:
    """Megabytes of plain and fused for each case.

    To be called first: a process starts with the peak of the one that starts it.
    """
    engines: tuple[Engine, ...] = ("plain", "fused")
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return [[pool.apply(peak_megabytes, (case, engine)) for engine in engines] for case in cases]


def measure(case: Case, *, pairs: int) -> list[str]:
    """A row of the table, without the memory."""
    rate = product_rate()
    plain, fused = case.model("plain"), case.model("fused")
    field, masks = case.field()
    for model in (plain, fused):
        loss_and_gradients(model, field, masks)  # memory and threads warm up
    times = [(loss_and_gradients(plain, field, masks), loss_and_gradients(fused, field, masks)) for _ in range(pairs)]
    ratios = [slow / fast for slow, fast in times]
    seconds = [statistics.median(column) for column in zip(*times, strict=True)]
    floor = case.operations / rate
    return [
        case.name,
        *(f"{value:.2f}" for value in seconds),
        f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})",
        f"{floor:.2f} at {rate / 1e9:.0f}",
        f"{seconds[1] / floor:.2f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small fields, one pair")
    parser.add_argument("--pairs", type=int, default=5, help="pairs of plain and fused (default 5)")
    parser.add_argument("--case", help="only cases whose name holds this")
    arguments = parser.parse_args()
    cases = [case for case in (QUICK if arguments.quick else FULL) if (arguments.case or "") in case.name]
    table = Table("case", "plain s", "fused s", "ratio", "floor s, GFLOP/s", "over floor", "plain MB", "fused MB")
    for case, megabytes in zip(cases, memory(cases), strict=True):
        row = measure(case, pairs=1 if arguments.quick else arguments.pairs)
        table.add_row(*row, *(f"{value:.0f}" for value in megabytes))
    console = Console(width=120)
    console.print(
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__} on {torch.get_num_threads()} threads"
        f", Python {platform.python_version()}, float32, loss and gradients of a field"
    )
    console.print(table)


if __name__ == "__main__":
    main()
