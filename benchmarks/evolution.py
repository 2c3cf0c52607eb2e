"""Time of the waves alone: the plain definition beside the fused evolution, forward, and with gradients.

    python benchmarks/evolution.py             # a minute
    python benchmarks/evolution.py --quick     # small fields, one round: a check that it runs

Plain and fused alternate in one process, after a round to warm up; a ratio is the median over rounds, with its range.
"""

from __future__ import annotations

import statistics
import time
from typing import NamedTuple

import torch
from torch import Tensor

from drumhead.fields import evolve, laplacian
from drumhead.fields.engine import Engine
from drumhead.report.tables.text_table import TextTable
from terminal import call, progress, refuse, seconds, show, spread


class Field(NamedTuple):
    """Sizes of a field, and whether gradients are made of it."""

    name: str
    batch: int
    channels: int
    side: int
    steps: int = 100
    backward: bool = False

    def tensors(self) -> tuple[list[Tensor], Tensor]:
        """What ``evolve`` takes, each wanting a gradient, and the gradient of a loss with respect to the field."""
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.channels, self.side, self.side)
        y0, omega, alpha = (torch.rand(shape, generator=generator) for _ in range(3))
        incoming = torch.randn(self.batch, self.steps, *shape[1:], generator=generator)
        return [values.requires_grad_() for values in (2 * y0 - 1, omega, alpha, laplacian(self.channels))], incoming


FORWARD = [Field("tetrominoes", 64, 2, 64), Field("Multi-MNIST", 4, 16, 128)]
FIELDS = [field for size in FORWARD for field in (size, size._replace(backward=True))]


def main(quick: bool = False, rounds: int = 5, markdown: bool = False) -> None:
    """Time the fused evolution against the plain one.

    Args:
        quick: small fields, one round: a check that it runs, whose numbers mean nothing.
        rounds: rounds that count, after one to warm up.
        markdown: print the table as Markdown.
    """
    if rounds < 1:
        refuse(f"--rounds must be at least 1; got {rounds}")
    fields = FIELDS
    if quick:
        fields, rounds = [field._replace(batch=2, side=16, steps=6) for field in FIELDS], 1
    head = ["field", "batch", "C", "H x W", "T", "plain\ns", "fused\ns", "times faster\n(range)"]
    body = []
    with progress().status("evolution") as status:
        for field in fields:
            status.update(str(field))
            body.append(row(field, rounds=rounds))
    notes = [f"float32, circular boundary, tanh. Medians, rounds: {rounds}. Times faster: plain over fused, by round."]
    show([TextTable(head, body, notes)], markdown=markdown)


def row(field: Field, *, rounds: int) -> list[str]:
    """A row of the table."""
    arguments, incoming = field.tensors()

    def taken(engine: Engine) -> float:
        begin = time.perf_counter()
        with torch.set_grad_enabled(field.backward):
            y0, omega, alpha, coupling = arguments
            states = evolve(y0, omega, alpha, coupling, dt=0.1, steps=field.steps, engine=engine)
            if field.backward:
                torch.autograd.grad(states, arguments, incoming)
        return time.perf_counter() - begin

    times = [(taken("plain"), taken("fused")) for _ in range(rounds + 1)][1:]
    plain, fused = (seconds(statistics.median(column)) for column in zip(*times, strict=True))
    sizes = [str(field.batch), str(field.channels), f"{field.side} x {field.side}", str(field.steps)]
    name = f"{field.name}, {'and gradients' if field.backward else 'forward'}"
    return [name, *sizes, plain, fused, spread([slow / fast for slow, fast in times])]


if __name__ == "__main__":
    call(main)
