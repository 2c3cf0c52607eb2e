"""Where the time of a fast step of an NWM goes, part by part, on one thread.

    python benchmarks/breakdown.py                                  # all steps and evaluations: some minutes
    python benchmarks/breakdown.py --case "NWM last" --markdown
    python benchmarks/breakdown.py --quick                          # tiny sizes: a check that it runs

The functions that make up a step are timed where they are called, in the step that users run. On one thread, so that
times add up; products are counted as torch makes them, those of the compiled waves by hand.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from torch.utils.flop_counter import FlopCounterMode

from drumhead.fields.cpu.wave import WaveKernel
from drumhead.models import NWM
from drumhead.models.cpu import products
from drumhead.models.cpu.image_pass import ImagePass
from drumhead.models.cpu.layers import LayersKernel
from drumhead.models.cpu.wave_states import WaveStates
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable
from machine import has_fast_bf16, product_rate
from terminal import call, progress, refuse, show
from train_step import CASES
from workloads import BF16, FLOAT32, Case, Variant, Work

REST = "all the rest"


class Part(NamedTuple):
    """A part of a step: calls of a method, without those of other parts that it makes."""

    name: str
    owner: type
    method: str


PARTS = [
    Part("encoders", NWM, "encode"),
    Part("waves", WaveKernel, "forward_image"),
    Part("readout", ImagePass, "consume"),
    Part("pixel network", LayersKernel, "activations"),
    Part("cross-entropy", ImagePass, "loss"),
    Part("class of each pixel", ImagePass, "write_classes"),
    Part("pixel network, back", LayersKernel, "backward"),
    Part("readout, back", ImagePass, "write_gradient"),
    Part("waves, back", WaveKernel, "backward_image"),
    Part("encoders, back", WaveStates, "gradients"),
    Part("optimiser", torch.optim.Adam, "step"),
    Part(REST, Work, "__call__"),
]
"""All a step does; what is in none of them is in the last."""

WAVES = ("waves", "waves, back")
"""Compiled: torch does not see their operations. Back, there is a convolution to compute the pull again, one with the
turned kernels, and the correlation of the coupling's gradient."""


class Breakdown(NamedTuple):
    """What was measured of a case, on one thread."""

    case: Case
    variant: Variant
    seconds: dict[str, float]
    """By the name of a part, for one image."""
    operations: dict[str, float]
    """Multiplications and additions in products, likewise."""


def main(
    quick: bool = False, case: str = "NWM", rounds: int = 5, bf16: bool = has_fast_bf16(), markdown: bool = False
) -> None:
    """GradProvider where the time of a fast step goes.

    Args:
        quick: tiny sizes, one round: a check that it runs, whose numbers mean nothing.
        case: only steps and evaluations of an NWM whose name holds this.
        rounds: rounds that count, after one to warm up; medians are printed.
        bf16: with products in bfloat16 too; by default if the processor has instructions for them.
        markdown: print tables as Markdown.
    """
    known = [each for each in CASES if each.model == "nwm"]
    chosen = [each for each in known if case in each.name]
    if not chosen:
        refuse(f"--case must be part of one of {', '.join(each.name for each in known)}; got {case!r}")
    if rounds < 1:
        refuse(f"--rounds must be at least 1; got {rounds}")
    if quick:
        chosen, rounds = [each.tiny() for each in chosen], 1
    torch.set_num_threads(1)
    variants = [FLOAT32, *([BF16] if bf16 else [])]
    found = []
    with progress().status("rate of products") as status:
        rate = {each.name: product_rate(each.dtype, seconds=0.01 if quick else 0.3) for each in variants}
        for each in chosen:
            for variant in variants:
                status.update(f"{each.name}, {variant.name}")
                found.append(break_down(each, variant, rounds))
    show([grid(each, rate[FLOAT32.name], rate[each.variant.name]) for each in found], markdown=markdown)


def break_down(case: Case, variant: Variant, rounds: int) -> Breakdown:
    """Time and count the parts of a case."""
    work, images = Work(case, variant), case.data.batch
    work()
    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.aten.addmm_: product_operations})
    by_torch = patch.object(products, "onednn_is_faster", return_value=False)  # what oneDNN makes is not counted
    with by_torch, counter, each_part(counter.get_total_flops) as operations:
        work()
    operations["waves"] += case.coupling_operations / (1 if case.evaluation else 3)
    operations["waves, back"] += 0 if case.evaluation else case.coupling_operations
    taken: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        with each_part(time.perf_counter) as seconds:
            work()
        for name, value in seconds.items():
            taken[name].append(value / images)
    medians = {name: statistics.median(values) for name, values in taken.items()}
    return Breakdown(case, variant, medians, {name: count / images for name, count in operations.items()})


def product_operations(total: list[int], left: list[int], right: list[int], **_: Any) -> int:
    """Of ``addmm_``, given shapes: torch counts it only where it is not in place."""
    return 2 * left[0] * left[1] * right[1]


@contextmanager
def each_part(read: Callable[[], float]) -> Iterator[dict[str, float]]:
    """By how much what is read, as a clock, goes on in each part while the block runs."""
    passed: dict[str, float] = defaultdict(float)
    inner = [0.0]  # of the parts that those running have called, the innermost last

    def watched(part: Part) -> Callable[..., Any]:
        original = getattr(part.owner, part.method)

        def run(*args: Any, **kwargs: Any) -> Any:
            inner.append(0.0)
            before = read()
            try:
                return original(*args, **kwargs)
            finally:
                whole = read() - before
                passed[part.name] += whole - inner.pop()
                inner[-1] += whole

        return run

    with ExitStack() as patches:
        for part in PARTS:
            patches.enter_context(patch.object(part.owner, part.method, watched(part)))
        yield passed


def grid(found: Breakdown, float32_rate: float, rate: float) -> TextTable:
    """A row for each part; at best: what its products take at the machine's rate."""
    head = ["part", "ms an image", "share", "GFLOP", "at best, ms", "over that"]
    total = sum(found.seconds.values())
    body = []
    for name in [part.name for part in PARTS if part.name in found.seconds]:
        seconds, operations = found.seconds[name], found.operations.get(name, 0)
        best = operations / (float32_rate if name in WAVES else rate)
        body.append(
            [
                name,
                f"{1e3 * seconds:.2f}",
                f"{100 * seconds / total:.0f} %",
                f"{operations / 1e9:.3f}",
                f"{1e3 * best:.2f}",
                f"{seconds / best:.1f}" if best else DASH,
            ]
        )
    body.append(["together", f"{1e3 * total:.2f}", "100 %", f"{sum(found.operations.values()) / 1e9:.3f}", "", ""])
    notes = [f"One thread; products at {rate / 1e9:,.0f} GFLOP/s, those of the waves at {float32_rate / 1e9:,.0f}."]
    return TextTable(head, body, notes, title=f"{found.case.name}, {found.variant.name}")


if __name__ == "__main__":
    call(main)
